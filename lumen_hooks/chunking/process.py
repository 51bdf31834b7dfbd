"""Texts cut into chunks by a process that may die (`child`), sent ahead and taken in order.

Whoever asks never parses: a text that kills the child, by time, memory or a fault in a grammar,
is cut by lines here, and the answer says so for it to be remembered. Knows no file and no index.
"""

from __future__ import annotations

import fcntl
import json
import marshal
import os
import select
import signal
import sys
import time
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from lumen_hooks.notify.spawn import inherited_descriptors

from .chunk import (
    CRASH,
    KINDS,
    TIME,
    UNTRIED,
    Chunk,
    ChunkedFile,
    Held,
    TooManyDeathsError,
)
from .chunker import chunk_file, cut_by_lines, is_parsed, language_by

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Self

SILENCE_SECONDS = 120.0
"""Of a child that neither answers nor dies of its time: it is stopped, or has no processor."""

SMALL_CHARACTERS = 2000
"""Where there is no child, a text of this size may be parsed here: it cannot take much."""

PIPE_BYTES = 1 << 20
"""What the pipe holds, if the system lets it: the child's work for as long as we are at ours."""

LENGTH_BYTES = 8

_ANSWER_BYTES_MAX = 1 << 28
_START = (
    "import sys; sys.path[:] = sys.argv[1:]; from lumen_hooks.chunking.child import serve; serve()"
)
_SIGNALS = {signal.SIGXCPU, signal.SIGABRT, signal.SIGSEGV, signal.SIGBUS, signal.SIGTERM}


class Chunker:
    """Cuts texts by way of a child, which is started for the first text that needs a parser.

    Args:
        deaths_max: so many texts may kill their child; None for any number.
        complain: is told, once, why no child can be started.
        patience: for how many seconds the next answer may be waited for. A text that takes longer
            counts as one that killed its child.
    """

    def __init__(
        self,
        *,
        deaths_max: int | None = None,
        complain: Callable[[str], None] = lambda _why: None,
        patience: Callable[[], float] = lambda: SILENCE_SECONDS,
    ) -> None:
        self._deaths_left = deaths_max
        self._patience = patience
        self._complain = complain
        self._orders: deque[_Order] = deque()
        self._child: _Child | None = None
        self._refused = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the child; what was not taken is lost."""
        self._orders.clear()
        if self._child is not None:
            self._child.end()
            self._child = None

    def put(self, path: str, text: str, language: str = "") -> None:
        """Give a text to be cut; `take` returns what becomes of it.

        Args:
            path: tells the language, if that is not told.
            text: the decoded text.
            language: of the text, as `chunk_file` takes it.
        """
        order = _Order(path, text, language or language_by(path, text))
        self._orders.append(order)
        if is_parsed(order.language, text):
            order.sent = True
            self._send(order)

    def take(self) -> ChunkedFile:
        """The chunks of the oldest text that was put and not taken.

        Raises:
            TooManyDeathsError: this text killed its child, and there were others before it.
        """
        order = self._orders.popleft()
        if not order.sent:
            return chunk_file(order.path, order.text, order.language)
        while True:
            child = self._child
            if child is None:
                return _without_child(order)
            answer = child.answer(self._patience())
            if answer is not None:
                return answer
            verdict = self._bury(child, order)
            if verdict is not None:
                return order.cut_by_lines(verdict)

    def cut(self, path: str, text: str, language: str = "") -> ChunkedFile:
        """Cut one text, where none is under way; see `put`."""
        self.put(path, text, language)
        return self.take()

    def _send(self, order: _Order) -> None:
        if self._child is None and not self._refused:
            try:
                self._child = _Child()
            except (OSError, ValueError) as error:  # ValueError: sys.executable is empty
                self._refused = True
                self._complain(f"no process can be started to parse in: {error}")
        if self._child is not None:
            self._child.send(order)

    def _bury(self, child: _Child, order: _Order) -> str | None:
        """After a death, put another child to work; why the text is to blame, if it is."""
        self._child = None
        why = child.end()
        waiting = child.unanswered
        # Its time is a text's own. Its memory a child may have lost to earlier texts, and a signal
        # may be anyone's: then only a child that read nothing else proves that it was this text.
        verdict = why if child.answered == 0 or why in {TIME, UNTRIED} else None
        if verdict is not None:
            waiting.popleft()
            if self._deaths_left is not None:
                self._deaths_left -= 1
                if self._deaths_left < 0:
                    raise TooManyDeathsError(order.path)
        for other in waiting:
            self._send(other)
        return verdict


class _Order:
    __slots__ = ("language", "path", "sent", "text")

    def __init__(self, path: str, text: str, language: str) -> None:
        self.path = path
        self.text = text
        self.language = language
        self.sent = False

    def cut_by_lines(self, why: str) -> ChunkedFile:
        return cut_by_lines(self.path, self.text, self.language, abandoned=why)


class _Child:
    """A running child and the two pipes to it. Neither end ever waits for the other to read.

    Raises:
        OSError: it cannot be started.
        ValueError: it is not known what to start.
    """

    def __init__(self) -> None:
        self.unanswered: deque[_Order] = deque()
        self.answered = 0
        self._silent = False
        self._incoming = bytearray()
        self._outgoing: deque[memoryview] = deque()
        theirs, self._to = os.pipe()
        self._from, answers = os.pipe()
        try:
            self._pid = _start(theirs, answers)
        except BaseException:
            os.close(self._to)
            os.close(self._from)
            raise
        finally:
            os.close(theirs)
            os.close(answers)
        os.set_blocking(self._to, False)
        _widen(self._to)

    def send(self, order: _Order) -> None:
        """Send a text, or as much of it as fits; the rest follows in `answer`."""
        data = marshal.dumps((order.path, order.text, order.language))
        self.unanswered.append(order)
        self._outgoing.append(memoryview(len(data).to_bytes(LENGTH_BYTES, "little") + data))
        self._write()

    def answer(self, patience: float) -> ChunkedFile | None:
        """What became of the oldest unanswered text; None if the child does not say.

        Args:
            patience: seconds to wait for it.
        """
        until = time.monotonic() + patience
        while (data := self._received()) is None:
            poll = select.poll()
            poll.register(self._from, select.POLLIN)
            if self._outgoing:
                poll.register(self._to, select.POLLOUT)
            ready = dict(poll.poll(max(0.0, until - time.monotonic()) * 1000))
            if self._to in ready:
                self._write()
            if self._from in ready:
                block = os.read(self._from, 1 << 16)
                if not block:
                    return None
                self._incoming += block
            if not ready:
                self._silent = True
                return None
        order = self.unanswered[0]
        try:
            chunked = _chunked(json.loads(data), order.text)
        except (ValueError, TypeError, RecursionError):
            return None
        self.unanswered.popleft()
        self.answered += 1
        return chunked

    def end(self) -> str:
        """See to it that it is dead, and say of what it died if it was."""
        os.close(self._to)
        os.close(self._from)
        try:
            # It has nothing to put in order. One that is dead already keeps its own cause.
            os.kill(self._pid, signal.SIGKILL)
            _, status = os.waitpid(self._pid, 0)
        except (ChildProcessError, ProcessLookupError):  # children are buried at once here
            status = 0
        if self._silent:
            return UNTRIED
        timed_out = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGXCPU
        return TIME if timed_out else CRASH

    def _received(self) -> bytes | None:
        """The next whole answer, if it has come."""
        have = len(self._incoming)
        if have < LENGTH_BYTES:
            return None
        end = LENGTH_BYTES + int.from_bytes(self._incoming[:LENGTH_BYTES], "little")
        if end > _ANSWER_BYTES_MAX:
            return b""
        if have < end:
            return None
        data = bytes(self._incoming[LENGTH_BYTES:end])
        del self._incoming[:end]
        return data

    def _write(self) -> None:
        while self._outgoing:
            view = self._outgoing[0]
            try:
                sent = os.write(self._to, view)
            except BlockingIOError:
                return
            except BrokenPipeError:
                self._outgoing.clear()  # it is dead, which reading will show
                return
            if sent == len(view):
                self._outgoing.popleft()
            else:
                self._outgoing[0] = view[sent:]


def _without_child(order: _Order) -> ChunkedFile:
    if len(order.text) <= SMALL_CHARACTERS:
        return chunk_file(order.path, order.text, order.language)
    return order.cut_by_lines(UNTRIED)


def _start(requests: int, answers: int) -> int:
    """Start a child on two pipe ends, with nothing else of ours open; its process id."""
    # Isolated and without site: what that imports costs more than the child does.
    command = [sys.executable, "-I", "-S", "-c", _START, *_import_path()]
    actions: list[tuple[int, int, str, int, int] | tuple[int, int, int] | tuple[int, int]] = [
        (os.POSIX_SPAWN_DUP2, requests, 0),
        (os.POSIX_SPAWN_DUP2, answers, 1),
        (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
        *((os.POSIX_SPAWN_CLOSE, number) for number in inherited_descriptors()),
    ]
    if not sys.executable:
        raise ValueError("the path of the interpreter is not known")
    return os.posix_spawn(
        sys.executable,
        command,
        os.environ,
        file_actions=actions,
        setsigmask=(),
        setsigdef=_SIGNALS,
    )


def _import_path() -> list[str]:
    """Where this process's modules come from, ours among them however they were found."""
    own = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    return [place for place in (*sys.path, own) if os.path.isabs(place)]


def _widen(pipe: int) -> None:
    with suppress(AttributeError, OSError):  # Linux's alone, and bounded for each user
        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, PIPE_BYTES)


def _chunked(answer: Any, text: str) -> ChunkedFile:
    """What a child says, with the texts that it left out.

    Raises:
        ValueError, TypeError: it is no answer to this text.
    """
    language, found, parse_failed, abandoned, quoted = answer
    rows = text.split("\n")
    chunks = []
    for start, end, symbol, kind, own, header, held in found:
        holds = tuple(Held(*one) for one in held)
        for first, last in ((start, end), *(one[2:] for one in holds)):
            if not 0 < first <= last <= len(rows):
                raise ValueError("lines that the text does not have")
        if any(one.kind not in KINDS or not isinstance(one.name, str) for one in holds):
            raise ValueError("a definition that is none")
        lines = "\n".join(rows[start - 1 : end]) if own is None else own
        chunks.append(Chunk(start, end, symbol, kind, lines, header, holds))
    return ChunkedFile(language, tuple(chunks), parse_failed, abandoned, quoted)
