"""What a star becomes in a regular expression that never takes exponential time.

Shared by ignore files (gitignore.py) and by searches (search/filters.py), whose languages differ
in all but this. Knows neither.
"""

from __future__ import annotations

STAR = "[^/]*"
"""Anything within a path component."""

LAZY_STAR = "[^/]*?"


class Groups:
    """Numbers for the groups of the regular expressions that may be joined into one."""

    def __init__(self) -> None:
        self._used = 0

    def first(self, source: str) -> str:
        """Match `source` at its first chance and never look back.

        What follows a star may be found as early as possible without losing a match, so nothing
        is lost, and a line of many stars cannot take exponential time (fnmatch.translate does the
        same; atomic groups proper need Python 3.11).
        """
        self._used += 1
        return f"(?=(?P<g{self._used}>{source}))(?P=g{self._used})"

    def starred(self, pieces: list[str], *, last_is_free: bool = True) -> str:
        """Expressions of fixed length with a star between each two.

        Args:
            pieces: at least one; the first and the last may be empty.
            last_is_free: the last may have to stand elsewhere than at its first chance, for the
                sake of what follows; otherwise anything may follow.
        """
        if len(pieces) == 1:
            return pieces[0]
        first, *middle, last = pieces
        found = [self.first(LAZY_STAR + piece) for piece in middle if piece]
        end = STAR + last if last_is_free else self.first(LAZY_STAR + last)
        return first + "".join(found) + end
