"""From a text to the tree of its definitions, by its lines: for languages without a parser.

What a line defines is told by the rules of its language (`rules`), where it ends by the
ways of `ends`. Knows nothing of chunks or their sizes, and no language by name. Whatever
the text: linear in it, and of a long line the beginning alone counts.
"""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING

from lumen_hooks.chunking.definition import Definition, nest
from lumen_hooks.chunking.lines import SourceLines
from lumen_hooks.chunking.settings import CONTAINER_WHOLE_MAX, SIGNATURE_MAX

from .ends import Ender, within
from .rules import outline_of
from .scan import PREFIX, Candidate, Scan
from .spans import STRING, Masker

if TYPE_CHECKING:
    from lumen_hooks.chunking.outlined.rules.rule import Outline, Rule

_NAME_MAX = 100
_DEPTH_MAX = 8
_HEAD_MAX = 1000
_HEAD_END = re.compile("[;{]")
_CANDIDATES_MAX = 30_000
"""A text with more of them than this is data, and none counts."""
_NOTHING = r"(?!)"
_GROUP = re.compile(r"\(\?P<([a-z]+)>")
_LEAVES = frozenset({"brackets", "form"})


def outline(language: str, text: str, lines: SourceLines) -> Definition:
    """Find what a text defines: the file as a definition without a name, with members.

    Raises:
        KeyError: there are no rules for the language.
    """
    if text.startswith("\ufeff"):
        return outline(language, text[1:], SourceLines(text[1:]))
    reader = _reader(language)
    masked = reader.masker.mask(text)
    scan = Scan(lines, masked.code.replace("\r", " "), with_breaks=reader.outline.lines)
    candidates = reader.candidates(scan)
    reader.ender(scan).end(candidates, reader.outline.ends)
    candidates = [one for one in candidates if one.name and (one.has_body or not one.rule.body)]
    if reader.outline.joins:
        candidates = _joined(candidates, scan)
    within(candidates)
    top = Definition("module", [""], 0, len(lines.rows) - 1, end_byte=len(text) + 1)
    leads = _Leads(scan, masked.comments, reader.lead)
    found = _definitions(candidates, scan, leads)
    nest(top, found, flat=reader.outline.ends in _LEAVES)
    return top


def signature(definition: Definition, lines: SourceLines) -> str:
    """Return a definition's signature on one line: the line that it was found by."""
    row = lines.rows[definition.name_row][: 4 * SIGNATURE_MAX]
    return " ".join(row.split()).rstrip(" {")[:SIGNATURE_MAX]


class _Reader:
    """An outline with its patterns compiled."""

    def __init__(self, outline: Outline) -> None:
        self.outline = outline
        self._flags = re.IGNORECASE if outline.ignore_case else re.RegexFlag(0)
        self.masker = Masker(outline.spans, self._flags)
        self.lead = self._pattern(outline.lead)
        self._dropped = dict.fromkeys(map(ord, outline.drop))
        self._closing = self._pattern(outline.closing)
        self._opens = self._pattern(outline.opens)
        self._begins = self._pattern(outline.begins) if outline.begins else None
        self._closes = self._pattern(outline.closes)
        self._rules = re.compile(
            "|".join(self._numbered(n, rule) for n, rule in enumerate(outline.rules)), self._flags
        )

        self._groups = [
            [
                (key.removesuffix(str(number)), index)
                for key, index in self._rules.groupindex.items()
                if key.lstrip("abcdefghijklmnopqrstuvwxyz") == str(number) and key[0] != "r"
            ]
            for number in range(len(outline.rules))
        ]

    def ender(self, scan: Scan) -> Ender:
        return Ender(
            scan,
            lines=self.outline.lines,
            closing=self._closing,
            opens=self._opens,
            begins=self._begins,
            closes=self._closes,
        )

    def candidates(self, scan: Scan) -> list[Candidate]:
        """The lines that define something, if they do."""
        found = []
        match_rules = self._rules.match
        strings = self.outline.strings
        for row, code in enumerate(scan.rows):
            if scan.is_blank[row]:
                continue
            column = len(code) - len(code.lstrip())
            if code[column] == STRING and not strings:
                continue
            text = scan.lines.rows[row][:PREFIX].rstrip("\r")
            if text[:column].strip():
                # A comment stands before it.
                text = code[:PREFIX]
            match = match_rules(text, column)
            if match is not None:
                found.append(self._candidate(match, scan, row, column))
                if len(found) > _CANDIDATES_MAX:
                    return []
        return found

    def _candidate(self, match: re.Match[str], scan: Scan, row: int, column: int) -> Candidate:
        number = int((match.lastgroup or "r0")[1:])
        groups = {key: match[index] or "" for key, index in self._groups[number]}
        name = " ".join(groups.get("name", "").translate(self._dropped).split())
        if self.outline.separator:
            name = name.replace(self.outline.separator, ".").strip(".")
        rule = self.outline.rules[number]
        head_end = scan.lines.start(row) + match.end()
        if rule.is_text:
            # Commas stand between names.
            name = name.replace(",", "")
        if rule.parts:
            head = _HEAD_END.split(scan.code[head_end : head_end + _HEAD_MAX], 1)[0]
            name = ":".join([name, *re.findall(rule.parts, head)])
        return Candidate(
            rule=rule,
            name=rule.prefix + name[:_NAME_MAX] or groups.get("word", ""),
            row=row,
            column=column,
            level=rule.level,
            word=groups.get("word", ""),
            head_end=head_end,
        )

    def _numbered(self, number: int, rule: Rule) -> str:
        pattern = _GROUP.sub(rf"(?P<\g<1>{number}>", self._expanded(rule.pattern))
        return f"(?P<r{number}>{pattern})"

    def _expanded(self, pattern: str) -> str:
        expanded = pattern.replace(" ", r"[ \t]+").replace("~", r"[ \t]*")
        return expanded.replace("NAME", f"(?P<name>{self.outline.name})")

    def _pattern(self, pattern: str) -> re.Pattern[str]:
        return re.compile(self._expanded(pattern) or _NOTHING, self._flags)


@functools.cache
def _reader(language: str) -> _Reader:
    return _Reader(outline_of(language))


def _joined(candidates: list[Candidate], scan: Scan) -> list[Candidate]:
    """Make neighbours of the same name one: the equations of a function with its signature."""
    joined: list[Candidate] = []
    for one in candidates:
        above = joined[-1] if joined else None
        if (
            above is not None
            and (above.name, above.column) == (one.name, one.column)
            and all(scan.is_blank[row] for row in range(above.last + 1, one.row))
        ):
            above.last = max(above.last, one.last)
        else:
            joined.append(one)
    return joined


def _definitions(candidates: list[Candidate], scan: Scan, leads: _Leads) -> list[Definition]:
    firsts: list[int] = []
    for index, one in enumerate(candidates):
        highest = candidates[index - 1].row + 1 if index else 0
        firsts.append(leads.above(one.row, highest))
        # What stands above a definition is not the end of the one before.
        for above in candidates[max(0, index - _DEPTH_MAX) : index]:
            if firsts[-1] <= above.last < one.row:
                above.last = firsts[-1] - 1
    return [_definition(one, first, scan) for one, first in zip(candidates, firsts, strict=True)]


def _definition(one: Candidate, first: int, scan: Scan) -> Definition:
    found = Definition(
        kind=one.rule.kind,
        names=[one.name],
        first=first,
        last=one.last,
        name_row=one.row,
        start_byte=scan.lines.start(one.row) + one.column,
        end_byte=scan.lines.start(one.last) + len(scan.lines.rows[one.last]),
        column=one.column,
    )
    found.is_text = one.rule.is_text
    if one.rule.kind == "module":
        # Looked for by its name, as a class is.
        found.whole_max = CONTAINER_WHOLE_MAX
    return found


class _Leads:
    """The rows that belong to what stands right below them: comments, attributes."""

    def __init__(self, scan: Scan, comments: dict[int, int], lead: re.Pattern[str]) -> None:
        self._scan = scan
        self._lead = lead
        row_at = scan.lines.row_at
        self._first_of = {row_at(end): row_at(start) for end, start in comments.items()}

    def above(self, row: int, highest: int) -> int:
        """The first of those above a row, but none above `highest`."""
        scan = self._scan
        while row > highest:
            above = row - 1
            if scan.is_blank[above]:
                first = self._first_of.get(above)
                if first is None or not scan.is_blank[first]:
                    break
                row = first
            elif self._lead.match(scan.lines.rows[above][:PREFIX]):
                row = above
            else:
                break
        return max(row, highest)
