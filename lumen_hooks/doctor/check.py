"""What a check found, and how one that fails becomes a finding rather than a failure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lumen_hooks.errors import LumenError

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at.

    Attributes:
        name: what it is, in a word or two; the same on every machine.
        ok: nothing is to be done about it.
        detail: what was found.
        hint: if not `ok`, what to do, where there is something.
    """

    name: str
    ok: bool
    detail: str
    hint: str = ""


def guarded(name: str, look: Callable[[], Check]) -> Check:
    """A check's finding; an expected error in it is one too."""
    try:
        return look()
    except LumenError as error:
        return Check(name, False, error.message, error.hint)
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        return Check(name, False, f"{where}{error.strerror or error}")
