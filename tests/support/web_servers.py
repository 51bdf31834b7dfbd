"""Web servers that a test steers: one of a folder, and one that spoils what another answers.

Both serve from threads of the test's own process, and count what they are asked for.
"""

from __future__ import annotations

import http.client
import os
import random
import re
import socket
import threading
from abc import ABC, abstractmethod
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path
    from typing import Self

Fault = Literal[
    "refuse", "drop", "cut", "short", "long", "endless", "garble", "stall", "trickle", "flood"
]
"""What can be wrong with an answer; in its place may stand a refusal.

refuse: the connection is closed before the request is passed on. drop: it is passed on, and the
answer is lost. cut: half of the body is sent, then the connection is closed. short: half of it, as
if that were all. long: some bytes more, as if they belonged to it. endless: bytes without end.
garble: one bit of it is wrong. stall: nothing is answered until the server ends. trickle: a byte
now and then, for ever. flood: a refusal whose text does not end.
"""

FAULTS: tuple[Fault, ...] = get_args(Fault)

_ERROR = "<?xml version='1.0'?><Error><Code>{}</Code><Message>by the test</Message></Error>"
"""The body of an answer that refuses (S3's API reference, "REST error responses")."""


class Refusal(NamedTuple):
    """An answer as S3 gives one that refuses."""

    status: int
    code: str


FORBIDDEN = Refusal(403, "AccessDenied")
MISSING = Refusal(404, "NoSuchKey")
BROKEN = Refusal(500, "InternalError")
BUSY = Refusal(503, "SlowDown")


class Request(NamedTuple):
    """What a server was asked for.

    Attributes:
        method: in capitals.
        path: with its query.
        headers: by name in lower case.
    """

    method: str
    path: str
    headers: Mapping[str, str]


class Schedule:
    """A rule that spoils a share of all answers, by chance that a seed fixes.

    Args:
        seed: of the chance.
        share: of the answers, from 0 to 1.
        faults: which; each is as likely.
    """

    def __init__(self, seed: int, share: float, faults: tuple[Fault | Refusal, ...]) -> None:
        self._chance = random.Random(seed)
        self._share, self._faults = share, faults
        self._turn = threading.Lock()

    def __call__(self, request: Request) -> Fault | Refusal | None:
        with self._turn:
            if self._chance.random() >= self._share:
                return None
            return self._chance.choice(self._faults)


class _Server(ABC):
    """A server on a free port of 127.0.0.1. Use it in a `with` block, which ends it.

    Attributes:
        port: of 127.0.0.1.
        requests: all that was asked for, in order.
    """

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.ended = threading.Event()
        owner = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_any(self) -> None:
                headers = {name.lower(): value for name, value in self.headers.items()}
                request = Request(self.command, self.path, headers)
                length = int(self.headers.get("Content-Length") or 0)
                body = self.rfile.read(length) if length else b""
                owner.requests.append(request)
                owner.answer(self, request, body)

            do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = handle_any  # noqa: N815 - the library's names

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
                """Nobody reads it."""

        class Quiet(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 128

            def handle_error(self, request: object, client_address: object) -> None:
                """A client that went away is no news."""

        self._server = Quiet(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @abstractmethod
    def answer(self, to: BaseHTTPRequestHandler, request: Request, body: bytes) -> None:
        """Answer a request; called in a thread of its own."""

    def __enter__(self) -> Self:
        serve = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        serve.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ended.set()
        self._server.shutdown()
        self._server.server_close()


class FolderServer(_Server):
    """The files of a folder, to be read.

    Args:
        folder: its top.
        ranges: whether it knows ranges; many servers do not.
        missing: the status of what is not there; buckets that may not be listed say 403.
        password: what a user must give (any name), if it is not empty.
    """

    def __init__(
        self, folder: Path, *, ranges: bool = True, missing: int = 404, password: str = ""
    ) -> None:
        super().__init__()
        self._folder, self._ranges, self._missing = folder, ranges, missing
        self._password = password

    def answer(self, to: BaseHTTPRequestHandler, request: Request, body: bytes) -> None:
        """Send the file, or the part of it that is asked for."""
        path = os.path.normpath(request.path.partition("?")[0].lstrip("/"))
        if self._password and not self._knows(request.headers.get("authorization", "")):
            _send(to, 401, b"who are you?")
            return
        try:
            data = (self._folder / path).read_bytes()
        except OSError:
            _send(to, self._missing, b"not here")
            return
        asked = re.fullmatch(r"bytes=(\d+)-(\d+)", request.headers.get("range", ""))
        if not asked or not self._ranges:
            _send(to, 200, data)
        elif int(asked[1]) >= len(data):
            _send(to, 416, b"")
        else:
            _send(to, 206, data[int(asked[1]) : int(asked[2]) + 1])

    def _knows(self, authorization: str) -> bool:
        import base64

        given = base64.b64decode(authorization.partition(" ")[2]).decode()
        return given.partition(":")[2] == self._password


class FaultyProxy(_Server):
    """In front of another server; passes on what it is asked for, and spoils some answers.

    Attributes:
        rule: which fault a request meets; None for none. May be replaced at any time.
        spoilt: how many answers were.
        going_on: answers without end that somebody still reads.
    """

    def __init__(self, port: int, rule: Callable[[Request], Fault | Refusal | None]) -> None:
        super().__init__()
        self._port = port
        self.rule = rule
        self.spoilt = self.going_on = 0

    def answer(self, to: BaseHTTPRequestHandler, request: Request, body: bytes) -> None:
        """Pass on the request, and the answer as the rule has it."""
        fault = self.rule(request)
        self.spoilt += fault is not None
        if isinstance(fault, Refusal):
            _send(to, fault.status, _ERROR.format(fault.code).encode())
        elif fault == "refuse":
            _hang_up(to)
        elif fault == "stall":
            self.ended.wait()
            _hang_up(to)
        elif fault == "flood":
            self._without_end(to, 403, b"x" * (1 << 16))
        else:
            upstream = http.client.HTTPConnection("127.0.0.1", self._port)
            headers = {name: value for name, value in request.headers.items() if name != "host"}
            upstream.request(request.method, request.path, body, headers)
            got = upstream.getresponse()
            data = got.read()
            upstream.close()
            self._spoil(to, request, fault, got, data)

    def _spoil(
        self,
        to: BaseHTTPRequestHandler,
        request: Request,
        fault: str | None,
        got: http.client.HTTPResponse,
        data: bytes,
    ) -> None:
        half = data[: len(data) // 2]
        if fault == "drop":
            _hang_up(to)
        elif fault == "cut":
            _send(to, got.status, half, like=got, length=len(data))
            _hang_up(to)
        elif fault == "short":
            _send(to, got.status, half, like=got)
        elif fault == "long":
            _send(to, got.status, data + b"more", like=got)
        elif fault == "garble" and data:
            wrong = bytes((data[0] ^ 1,)) + data[1:]
            _send(to, got.status, wrong, like=got)
        elif fault in ("endless", "trickle") and request.method == "GET":
            self._without_end(to, got.status, b"x" * (1 if fault == "trickle" else 1 << 16))
        else:
            _send(to, got.status, data, like=got)

    def _without_end(self, to: BaseHTTPRequestHandler, status: int, piece: bytes) -> None:
        to.send_response_only(status)
        to.send_header("Transfer-Encoding", "chunked")
        to.end_headers()
        self.going_on += 1
        with suppress(OSError):
            while not self.ended.wait(0.01):
                to.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece))
        self.going_on -= 1
        _hang_up(to)


def _send(
    to: BaseHTTPRequestHandler,
    status: int,
    data: bytes,
    *,
    like: http.client.HTTPResponse | None = None,
    length: int | None = None,
) -> None:
    """Answer; as another server did, if that is given, with the length that is given."""
    to.send_response_only(status)
    own = ("content-length", "transfer-encoding", "connection")
    for name, value in like.getheaders() if like else ():
        if name.lower() not in own:
            to.send_header(name, value)
    is_head = to.command == "HEAD"
    if is_head and like:
        to.send_header("Content-Length", like.getheader("Content-Length") or "0")
    elif status != 204:
        to.send_header("Content-Length", str(len(data) if length is None else length))
    to.end_headers()
    if not is_head and status != 204:
        with suppress(OSError):
            to.wfile.write(data)
            to.wfile.flush()


def _hang_up(to: BaseHTTPRequestHandler) -> None:
    to.close_connection = True
    with suppress(OSError):
        to.connection.shutdown(socket.SHUT_RDWR)
