"""Texts cut into chunks by processes that may die (`child`), sent ahead and taken in order.

Whoever asks never parses: a text that kills its child, by time, memory or a fault in a grammar,
is cut by lines here, and the answer says so for it to be remembered. What becomes of a text does
not depend on how many children there are. Knows no file and no index.
"""

from __future__ import annotations

import select
import time
from collections import deque
from typing import TYPE_CHECKING, Any, NamedTuple

from .chunk import TIME, UNTRIED, TooManyDeathsError
from .chunker import chunk_file
from .parser_process import Order, ParserProcess

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Self

    from .chunk import ChunkedFile

SILENCE_SECONDS = 120.0
"""Of a child that neither answers nor dies of its time: it is stopped, or has no processor."""

SMALL_CHARACTERS = 2000
"""Where there is no child, a text of this size may be parsed here: it cannot take much."""

SPREAD_CHARACTERS = 1 << 16
"""Another child is started when each has more than this to do: less is done sooner than it is."""


class Taken(NamedTuple):
    """What became of a text.

    Attributes:
        chunked: its chunks.
        made: what a child made beside, as it says so: plain JSON that a hostile text may have had
            its way with. None if nothing was made: no child had the text, or it had no memory.
    """

    chunked: ChunkedFile
    made: Any = None


class Chunker:
    """Cuts texts by way of children, the first of which is started for the first text to parse.

    Args:
        children: so many may be at work at once.
        beside: a function, as `module:name`, that a child calls with the path of each text and
            what it was cut into; its answer comes along. Empty for none.
        deaths_max: so many texts may kill their child; None for any number.
        complain: is told, once, why no child can be started.
        patience: for how many seconds the next answer may be waited for. A text that takes longer
            counts as one that killed its child.
    """

    def __init__(
        self,
        *,
        children: int = 1,
        beside: str = "",
        deaths_max: int | None = None,
        complain: Callable[[str], None] = lambda _why: None,
        patience: Callable[[], float] = lambda: SILENCE_SECONDS,
    ) -> None:
        self._most = children
        self._beside = beside
        self._deaths_left = deaths_max
        self._patience = patience
        self._complain = complain
        self._orders: deque[Order] = deque()
        self._children: list[ParserProcess] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End all children; what was not taken is lost."""
        self._orders.clear()
        while self._children:
            self._children.pop().end()

    def put(self, path: str, text: str, language: str = "") -> None:
        """Give a text to be cut; `take` returns what becomes of it.

        Args:
            path: tells the language, if that is not told.
            text: the decoded text.
            language: of the text, as `chunk_file` takes it.
        """
        order = Order(path, text, language, self._beside)
        self._orders.append(order)
        if order.is_parsed:
            _send(order, self._least_busy())

    def take(self) -> ChunkedFile:
        """The chunks of the oldest text that was put and not taken.

        Raises:
            TooManyDeathsError: a text killed its child, and there were others before it.
        """
        return self.take_made().chunked

    def take_made(self) -> Taken:
        """The same, with what was made beside."""
        order = self._orders.popleft()
        self._await(order)
        if order.answer is not None:
            return Taken(order.answer, order.made)
        if order.is_parsed and len(order.text) > SMALL_CHARACTERS:
            return Taken(order.by_lines(UNTRIED))
        return Taken(chunk_file(order.path, order.text, order.language))

    def cut(self, path: str, text: str, language: str = "") -> ChunkedFile:
        """Cut one text, where none is under way; see `put`."""
        self.put(path, text, language)
        return self.take()

    def _await(self, order: Order) -> None:
        """Return when an order is answered, or nobody has it."""
        waited_for: tuple[ParserProcess, int] | None = None
        until = 0.0
        while order.answer is None and (child := order.child) is not None:
            if waited_for != (child, child.answered):  # it may have others to answer before
                waited_for = child, child.answered
                until = time.monotonic() + self._patience()
            self._move(until)
            if time.monotonic() >= until and waited_for == (order.child, child.answered):
                child.is_silent = True
                self._bury(child)

    def _move(self, until: float) -> None:
        """Move what can be moved between the children and here, as soon as there is anything."""
        polled = select.poll()
        for child in self._children:
            child.register(polled)
        ready = dict(polled.poll(max(0.0, until - time.monotonic()) * 1000))
        for child in [child for child in self._children if not child.move(ready)]:
            self._bury(child)

    def _least_busy(self) -> ParserProcess | None:
        """The child that has least to do; a new one where all have enough and there may be more."""
        child = min(self._children, key=lambda one: one.characters, default=None)
        if child is None or child.characters > SPREAD_CHARACTERS:
            return self._started() or child
        return child

    def _started(self) -> ParserProcess | None:
        """A new child, if there may be one more and it can be started."""
        if len(self._children) >= self._most:
            return None
        try:
            child = ParserProcess()
        except (OSError, ValueError) as error:  # ValueError: sys.executable is empty
            self._most = len(self._children)  # it is not tried again
            if not self._most:
                self._complain(f"no process can be started to parse in: {error}")
            return None
        self._children.append(child)
        return child

    def _bury(self, child: ParserProcess) -> None:
        """After a death, find who is to blame, and put another child to the rest of its work."""
        self._children.remove(child)
        why = child.end()
        waiting = child.unanswered
        if not waiting:
            return
        # Its time is a text's own. Its memory a child may have lost to earlier texts, and a signal
        # may be anyone's: then only a child that read nothing else proves that it was this text.
        if child.answered == 0 or why in {TIME, UNTRIED}:
            guilty = waiting.popleft()
            guilty.answer = guilty.by_lines(why)
            if self._deaths_left is not None:
                self._deaths_left -= 1
                if self._deaths_left < 0:
                    raise TooManyDeathsError(guilty.path)
        if waiting:
            other = self._started() or self._least_busy()
            for order in waiting:
                _send(order, other)


def _send(order: Order, child: ParserProcess | None) -> None:
    """Send a text to a child, or leave it with nobody."""
    if child is not None:
        child.send(order)
    else:
        order.child = None
