"""Ctrl-C and SIGTERM in commands that take long: what was kept, and what goes on from there.

Nothing here saves anything: an index is absent or whole, and what was embedded is stored as it
goes. Knows no command.
"""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

INTERRUPTED = 128 + signal.SIGINT
"""Exit code, as a shell has it of a process that a signal ended ..."""

TERMINATED = 128 + signal.SIGTERM
"""... with either signal."""


class InterruptedByUserError(Exception):
    """A command was interrupted; the message says what follows, if anything.

    Attributes:
        code: the exit code.
    """

    def __init__(self, words: str, code: int) -> None:
        super().__init__(words)
        self.code = code


class _Terminated(KeyboardInterrupt):
    """SIGTERM, which unwinds as Ctrl-C does: a terminal gets its cursor back, files go."""


@contextmanager
def interruptible(kept: Callable[[], str]) -> Iterator[None]:
    """While it takes long, an interruption ends with words.

    Args:
        kept: what was kept and how to go on; empty for nothing to say.

    Raises:
        InterruptedByUserError: it was interrupted.
    """
    alone = threading.current_thread() is threading.main_thread()
    before = signal.signal(signal.SIGTERM, _terminate) if alone else None
    try:
        yield
    except KeyboardInterrupt as error:
        code = TERMINATED if isinstance(error, _Terminated) else INTERRUPTED
        raise InterruptedByUserError(kept(), code) from None
    finally:
        if alone:
            signal.signal(signal.SIGTERM, before)


def _terminate(_number: int, _frame: object) -> NoReturn:
    raise _Terminated
