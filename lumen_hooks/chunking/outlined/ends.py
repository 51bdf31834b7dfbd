"""Where a definition ends that was found by its first line: a way for each family of languages.

Each way looks at a text once or is bounded per definition, so that all of them together stay
linear in the text. Knows nothing of single languages.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from functools import cached_property
from typing import TYPE_CHECKING

from .scan import CLOSED_BY, PREFIX
from .spans import STRING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from lumen_hooks.chunking.outlined.rules.rule import Ends

    from .scan import Candidate, Scan

_STEPS_MAX = 200
_STEPS_PER_TOKEN = 3
"""So many brackets and line ends are passed over in search of a definition's body, and so many for
each of them in the text by all definitions together."""

_HEAD_MAX = 2000
_TAG = re.compile(r"<(/?)([A-Za-z][\w:-]*)")


class Ender:
    """Gives each candidate its last row."""

    def __init__(
        self,
        scan: Scan,
        *,
        lines: bool,
        closing: re.Pattern[str],
        opens: re.Pattern[str],
        begins: re.Pattern[str] | None,
        closes: re.Pattern[str],
    ) -> None:
        self._scan = scan
        self._lines = lines
        self._closing = closing
        self._opens = opens
        self._begins = begins
        self._closes = closes

    def end(self, candidates: list[Candidate], default: Ends) -> None:
        """Set `last` of all of them. They come in the order of their rows."""
        ways: dict[Ends, Callable[[list[Candidate]], None]] = {
            "brackets": self._brackets,
            "statement": self._statements,
            "routine": self._routines,
            "form": self._forms,
            "indent": self._indents,
            "words": self._words,
            "blocks": self._blocks,
            "until": self._until,
            "next": self._next,
            "row": self._row,
            "tags": self._tags,
        }
        self._before = _before_equals(candidates, len(self._scan.rows))
        by_way: dict[Ends, list[Candidate]] = {}
        for one in candidates:
            by_way.setdefault(one.rule.ends or default, []).append(one)
        self._borders = [
            one for one in candidates if (one.rule.ends or default) in {"next", "until"}
        ]
        for way in sorted(by_way, key=lambda way: way == "next"):
            ways[way](by_way[way])
        for one in candidates:
            if one.last < 0:
                one.last = self._trimmed(one.row, self._before[one.row])

    def _brackets(self, candidates: list[Candidate]) -> None:
        self._steps_left = _STEPS_PER_TOKEN * len(self._scan.brackets.at)
        following = [one.row for one in candidates[1:]] + [len(self._scan.rows)]
        for one, row_of_next in zip(candidates, following, strict=True):
            self._one_by_brackets(one, row_of_next, through_body=False)

    def _statements(self, candidates: list[Candidate]) -> None:
        self._steps_left = _STEPS_PER_TOKEN * len(self._scan.brackets.at)
        for one in candidates:
            self._one_by_brackets(one, len(self._scan.rows), through_body=True)
            one.last = min(one.last, self._before[one.row])

    def _one_by_brackets(self, one: Candidate, row_of_next: int, *, through_body: bool) -> None:
        brackets, lines = self._scan.brackets, self._scan.lines
        index = brackets.first_from(lines.start(one.row) + one.column)
        jumped = through_body
        for _ in range(min(_STEPS_MAX, self._steps_left)):
            self._steps_left -= 1
            if index >= len(brackets.at):
                return
            row = lines.row_at(brackets.at[index])
            if row >= row_of_next and not jumped:
                one.last = row_of_next - 1
                return
            kind = brackets.kinds[index]
            partner = brackets.partner[index]
            if kind == ";" or (kind == "\n" and self._lines and not self._goes_on(one, row)):
                one.last = row
                return
            if kind in CLOSED_BY:
                one.has_body = one.has_body or kind == "{"
                if partner < 0:
                    return
                index = partner
                row = lines.row_at(brackets.at[index])
                jumped = jumped or row >= row_of_next
                if kind == "{" and not through_body:
                    one.last = row
                    return
            elif _closes_more(kind, same_row=row == one.row):
                # What the definition is in.
                one.last = max(one.row, row - 1)
                return
            index += 1

    def _goes_on(self, one: Candidate, row: int) -> bool:
        following = self._scan.next_code(row)
        if following >= len(self._scan.rows):
            return False
        if self._scan.rows[following].lstrip().startswith("{"):
            return not one.has_body
        return self._scan.indent(following) > one.column

    def _routines(self, candidates: list[Candidate]) -> None:
        self._statements(candidates)
        events = self._block_events
        rows = [row for row, _ in events]
        for index in range(len(candidates) - 1, -1, -1):
            one = candidates[index]
            after, limit = self._own_rows(candidates, index)
            place = bisect_left(rows, one.row) if after < 0 else bisect_right(rows, after)
            depth = 0
            for row, step in events[place : place + _STEPS_MAX]:
                if not depth and (row >= limit or step < 0):
                    break
                depth += step
                if not depth:
                    one.last = row
                    break

    def _own_rows(self, candidates: list[Candidate], index: int) -> tuple[int, int]:
        """The last row of the routines nested in one, or -1, and the row of the next beside it."""
        one, after = candidates[index], -1
        for _ in range(_STEPS_MAX):
            index += 1
            if index >= len(candidates):
                return after, len(self._scan.rows)
            other = candidates[index]
            if other.row <= after:
                continue
            if other.column <= one.column:
                return after, other.row
            after = other.last
        return after, candidates[index].row

    @cached_property
    def _block_events(self) -> list[tuple[int, int]]:
        """The rows at which blocks open (1) and close (-1), in order."""
        events: list[tuple[int, int]] = []
        for row, text in enumerate(self._scan.rows):
            if not self._scan.is_blank[row]:
                head = text[:PREFIX]
                found = [(at.start(), 1) for at in self._opens.finditer(head)]
                found += [(at.start(), -1) for at in self._closes.finditer(head)]
                events.extend((row, step) for _, step in sorted(found))
        return events

    def _forms(self, candidates: list[Candidate]) -> None:
        brackets, lines = self._scan.brackets, self._scan.lines
        for one in candidates:
            index = brackets.first_from(lines.start(one.row) + one.column)
            if index < len(brackets.at) and brackets.partner[index] > index:
                one.last = lines.row_at(brackets.at[brackets.partner[index]])

    def _indents(self, candidates: list[Candidate]) -> None:
        scan = self._scan
        last_code = len(scan.rows) - 1
        open_ones: list[Candidate] = []
        at = 0
        previous = -1
        for row in range(len(scan.rows)):
            if scan.is_blank[row] or scan.rows[row].lstrip()[:1] == STRING:
                continue
            indent = scan.indent(row)
            while open_ones and indent <= open_ones[-1].column:
                one = open_ones[-1]
                if indent == one.column and self._belongs(row):
                    if one.last < row and scan.rows[row].lstrip()[:1] not in {"(", "{", "["}:
                        one.last = row
                    break
                open_ones.pop()
                one.last = max(one.last, previous, one.row)
            while at < len(candidates) and candidates[at].row <= row:
                open_ones.append(candidates[at])
                at += 1
            previous = row
        for one in open_ones:
            one.last = max(one.last, self._trimmed(one.row, last_code))

    def _belongs(self, row: int) -> bool:
        return self._closing.match(self._scan.rows[row]) is not None

    def _trimmed(self, first: int, last: int) -> int:
        while last > first and self._scan.is_blank[last]:
            last -= 1
        return last

    def _words(self, candidates: list[Candidate]) -> None:
        if self._begins is not None:
            self._statements(candidates)
        stack: list[Candidate] = []
        at = 0
        for row, text in enumerate(self._scan.rows):
            start = 0
            if at < len(candidates) and candidates[at].row == row:
                stack.extend([] if self._declares(candidates[at]) else [candidates[at]])
                start = candidates[at].head_end - self._scan.lines.start(row)
                at += 1
            if not stack or self._scan.is_blank[row]:
                continue
            for found in self._closes.finditer(text[:PREFIX], start):
                words = {one.lower() for one in found.groups() if one}
                self._close(stack, words, row, self._scan.indent(row))

    def _declares(self, one: Candidate) -> bool:
        """Whether a definition is one statement, and nothing of it begins."""
        if self._begins is None:
            return False
        start = self._scan.lines.start(one.row)
        end = self._scan.lines.start(one.last) + len(self._scan.rows[one.last])
        head = self._scan.code[start : min(end, start + _HEAD_MAX)]
        return end - start < _HEAD_MAX and self._begins.match(head) is None

    def _close(self, stack: list[Candidate], words: set[str], row: int, column: int) -> None:
        for depth in range(len(stack) - 1, max(-1, len(stack) - 9), -1):
            one = stack[depth]
            if words & {one.word, one.name.lower()} or (not words and column <= one.column):
                one.last, one.has_body = row, True
                for other in stack[depth + 1 :]:
                    other.last = max(other.row, row - 1)
                del stack[depth:]
                return

    def _blocks(self, candidates: list[Candidate]) -> None:
        by_row = {one.row: one for one in candidates}
        stack: list[Candidate | None] = []
        for row, step in self._block_events:
            one = by_row.pop(row, None)
            if one is not None:
                while stack and (above := stack[-1]) is not None and above.column >= one.column:
                    # It had no end of its own.
                    above.last = self._trimmed(above.row, row - 1)
                    stack.pop()
            if step > 0:
                stack.append(one)
            elif stack and (closed := stack.pop()) is not None:
                closed.last = row

    def _until(self, candidates: list[Candidate]) -> None:
        by_closing: dict[str, list[Candidate]] = {}
        for one in candidates:
            by_closing.setdefault(one.rule.closing, []).append(one)
        for closing, some in by_closing.items():
            pattern = re.compile(closing, re.IGNORECASE) if closing else self._closing
            rows = [row for row, text in enumerate(self._scan.rows) if _ends_with(pattern, text)]
            for one in some:
                place = bisect_left(rows, one.row)
                if place < len(rows):
                    one.last = rows[place]

    def _next(self, _candidates: list[Candidate]) -> None:
        open_ones: list[Candidate] = []
        for one in self._borders:
            while open_ones and open_ones[-1].level >= one.level:
                above = open_ones.pop()
                above.last = self._trimmed(above.row, one.row - 1)
            if one.last < 0:
                open_ones.append(one)
        for one in open_ones:
            one.last = self._trimmed(one.row, len(self._scan.rows) - 1)

    def _row(self, candidates: list[Candidate]) -> None:
        rows = self._scan.rows
        known: dict[int, int] = {}
        for one in reversed(candidates):
            row = one.row
            while row + 1 < len(rows) and rows[row].rstrip().endswith("\\"):
                row += 1
                if row in known:
                    row = known[row]
                    break
            one.last = known[one.row] = row

    def _tags(self, candidates: list[Candidate]) -> None:
        by_row = {one.row: one for one in candidates}
        stacks: dict[str, list[Candidate | None]] = {}
        for row, text in enumerate(self._scan.rows):
            one = by_row.get(row)
            for tag in _TAG.finditer(text[: 8 * PREFIX]):
                stack = stacks.setdefault(tag[2].lower(), [])
                if not tag[1]:
                    opened = one if one is not None and one.word == tag[2].lower() else None
                    one = None if opened is not None else one
                    stack.append(opened)
                elif stack and (closed := stack.pop()) is not None:
                    closed.last = row


def _closes_more(kind: str, *, same_row: bool) -> bool:
    """Whether a bracket that was met outside of all others closes what opened before."""
    return kind == "}" or (kind in ")]" and not same_row)


def _ends_with(pattern: re.Pattern[str], text: str) -> bool:
    return bool(text) and pattern.search(text[-PREFIX:]) is not None


def _before_equals(candidates: Sequence[Candidate], count: int) -> dict[int, int]:
    """For each candidate, the row before the next one that stands as far left, or further."""
    before: dict[int, int] = {}
    open_ones: list[Candidate] = []
    for one in candidates:
        while open_ones and open_ones[-1].column >= one.column:
            before[open_ones.pop().row] = one.row - 1
        open_ones.append(one)
    for one in open_ones:
        before[one.row] = count - 1
    return before


def within(candidates: list[Candidate]) -> None:
    """Let nothing end after what it stands in."""
    stack: list[Candidate] = []
    for one in candidates:
        while stack and stack[-1].last < one.row:
            stack.pop()
        if stack:
            one.last = min(one.last, stack[-1].last)
        stack.append(one)
