"""A process that parses (`child` is what runs in it), and the two pipes to it.

Neither end ever waits for the other to read. Knows no language; what is put where, and what a
death means, is `process`'s affair.
"""

from __future__ import annotations

import fcntl
import json
import marshal
import os
import signal
import sys
from collections import deque
from contextlib import suppress
from select import POLLIN, POLLOUT
from typing import TYPE_CHECKING, Any

from lumen_hooks.notify.spawn import inherited_descriptors

from .chunk import CRASH, KINDS, TIME, UNTRIED, Chunk, ChunkedFile, Held
from .chunker import cut_by_lines, is_parsed, language_by

if TYPE_CHECKING:
    from select import poll

PIPE_BYTES = 1 << 20
"""What a pipe holds, if the system lets it: the child's work for as long as we are at ours."""

LENGTH_BYTES = 8

_ANSWER_BYTES_MAX = 1 << 28
_READ_BYTES = 1 << 18
_START = (
    "import sys; sys.path[:] = sys.argv[1:]; from lumen_hooks.chunking.child import serve; serve()"
)
_SIGNALS = {signal.SIGXCPU, signal.SIGABRT, signal.SIGSEGV, signal.SIGBUS, signal.SIGTERM}


class Order:
    """A text to be cut.

    Args:
        path: tells the language, if that is not told.
        text: the decoded text.
        language: as `chunk_file` takes it.
        beside: what else is to be made of the chunks, as `Chunker` takes it.

    Attributes:
        is_parsed: a parser must see it.
        answer: what became of it, when a child has said so, or died of it.
        made: what was made beside; None if nothing was.
        child: who has it.
    """

    __slots__ = ("answer", "beside", "child", "is_parsed", "language", "made", "path", "text")

    def __init__(self, path: str, text: str, language: str, beside: str) -> None:
        self.path = path
        self.text = text
        self.language = language or language_by(path, text)
        self.beside = beside
        self.is_parsed = is_parsed(self.language, text)
        self.answer: ChunkedFile | None = None
        self.made: Any = None
        self.child: ParserProcess | None = None

    def by_lines(self, why: str) -> ChunkedFile:
        """What it is cut into where its parser failed, or there is none."""
        return cut_by_lines(self.path, self.text, self.language, abandoned=why)


class ParserProcess:
    """A running child.

    Raises:
        OSError: it cannot be started.
        ValueError: it is not known what to start.

    Attributes:
        unanswered: what it was sent and has not answered, in order.
        answered: how many texts it has answered.
        characters: of what it has not answered.
        is_silent: it is given up, since it does not say anything.
    """

    def __init__(self) -> None:
        self.unanswered: deque[Order] = deque()
        self.answered = 0
        self.characters = 0
        self.is_silent = False
        self._incoming = bytearray()
        self._outgoing: deque[memoryview] = deque()
        theirs, self._to = os.pipe()
        self._from, answers = os.pipe()
        try:
            self.pid = _start(theirs, answers)
        except BaseException:
            os.close(self._to)
            os.close(self._from)
            raise
        finally:
            os.close(theirs)
            os.close(answers)
        os.set_blocking(self._to, False)
        _widen(self._to)
        _widen(self._from)

    def send(self, order: Order) -> None:
        """Send a text, or as much of it as fits; the rest follows when it is polled."""
        data = marshal.dumps((order.path, order.text, order.language, order.beside))
        order.child = self
        self.unanswered.append(order)
        self.characters += len(order.text)
        self._outgoing.append(memoryview(len(data).to_bytes(LENGTH_BYTES, "little") + data))
        self._write()

    def register(self, polled: poll) -> None:
        """Have it polled for what it says, and for room for what it was not sent yet."""
        polled.register(self._from, POLLIN)
        if self._outgoing:
            polled.register(self._to, POLLOUT)

    def move(self, ready: dict[int, int]) -> bool:
        """Write and read what is ready; False if it is dead, or says what it should not."""
        if self._to in ready:
            self._write()
        if self._from not in ready:
            return True
        block = os.read(self._from, _READ_BYTES)
        if not block:
            return False
        self._incoming += block
        try:
            while (data := self._received()) is not None:
                self._note(json.loads(data))
        except (ValueError, TypeError, RecursionError, IndexError):
            return False
        return True

    def end(self) -> str:
        """See to it that it is dead, and say of what it died if it was."""
        os.close(self._to)
        os.close(self._from)
        try:
            # It has nothing to put in order. One that is dead already keeps its own cause.
            os.kill(self.pid, signal.SIGKILL)
            _, status = os.waitpid(self.pid, 0)
        except (ChildProcessError, ProcessLookupError):  # children are buried at once here
            status = 0
        if self.is_silent:
            return UNTRIED
        timed_out = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGXCPU
        return TIME if timed_out else CRASH

    def _note(self, answer: Any) -> None:
        """Take an answer to the oldest text."""
        order = self.unanswered[0]
        *chunked, made = answer
        order.answer = _chunked(chunked, order.text)
        order.made = made
        self.unanswered.popleft()
        self.characters -= len(order.text)
        self.answered += 1

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
