"""Waiting for what must happen, however slow the machine: for a state, never for a time."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

PATIENCE_SECONDS = 180
"""No step takes longer, unless something hangs: a starved machine needs a tenth of it."""

_STEPS_SECONDS = (0.005, 0.05)
"""Between looks at first, and in the end: to look often costs those who are waited for."""


def until(condition: Callable[[], object]) -> None:
    """Wait for something that is bound to happen."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    step, longest = _STEPS_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(step)
        step = min(1.5 * step, longest)
