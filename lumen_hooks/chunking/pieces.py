"""From definitions to pieces: which rows belong to which definition, and which share a chunk.

Every row of the file is in exactly one piece. Decisions look at a piece and its neighbour only,
so that an edit changes the chunks next to it and no others.
"""

from __future__ import annotations

import re
import zlib
from bisect import bisect_right
from typing import TYPE_CHECKING, NamedTuple

from .chunk import FUNCTIONS
from .settings import (
    MERGE_MAX,
    MERGE_STOP_MIN,
    MERGE_STOP_ONE_IN,
    NAMES_MAX,
    TINY,
    WHOLE_MAX,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .chunk import Kind
    from .definition import Definition
    from .lines import SourceLines

    Ranks = Callable[[int, int], Callable[[int], int]]

CLOSED = 0
_CLOSING_LINES = re.compile(r"(?:</[\w-]+>|\W|\b(?:end|endif|done|fi|esac)\b)*", re.DOTALL)


class Defined(NamedTuple):
    """A definition in a piece, on its rows `first` to `last`."""

    kind: Kind
    name: str
    first: int
    last: int


class Piece:
    """Rows of one definition, or rows between definitions.

    Attributes:
        first: first row.
        last: last row, included.
        kind: what it is.
        names: qualified names of what is defined here.
        owner: the name of what it is a part of, for rows between definitions.
        parent: tells the pieces of one definition from those of another; CLOSED joins no other.
        definition: whose signature later parts repeat; None at the top of the file.
        continued: it stands after other pieces of `definition`, so it repeats the signature too.
        constants: those of the names that are of constants, once pieces were joined.
        defined: the definitions that stand here, those in them too; of a container its first rows.
        header: what later parts of it repeat.
        ranks: how good the rows `first` to `last` are to cut at, each: the lower, the better.
    """

    __slots__ = (
        "constants",
        "continued",
        "defined",
        "definition",
        "first",
        "header",
        "kind",
        "last",
        "names",
        "owner",
        "parent",
        "ranks",
    )

    def __init__(
        self,
        first: int,
        last: int,
        kind: Kind,
        names: list[str],
        owner: str,
        parent: int,
        definition: Definition | None = None,
        *,
        continued: bool = False,
    ) -> None:
        self.first = first
        self.last = last
        self.kind = kind
        self.names = names
        self.owner = owner
        self.parent = parent
        self.definition = definition
        self.continued = continued
        self.constants: list[str] = []
        self.defined: list[Defined] = []
        self.header: Callable[[], str] = str
        self.ranks: Ranks = _as_they_come

    @property
    def symbol(self) -> str:
        """The names, or else the owner's."""
        found = list(dict.fromkeys(self.names))
        if len(found) > NAMES_MAX:
            # Constants give way: among them are imports that variables hold.
            room = max(0, NAMES_MAX - sum(name not in self.constants for name in found))
            kept = [name for name in found if name in self.constants][:room]
            found = [name for name in found if name not in self.constants or name in kept]
        return ", ".join(found[:NAMES_MAX]) or self.owner

    def within(self, first: int, last: int) -> Piece:
        """Some rows of it, from `first` to `last`, as a piece of their own."""
        rest = Piece(
            first,
            last,
            self.kind,
            list(self.names),
            self.owner,
            self.parent,
            self.definition,
            continued=self.continued or first > self.first,
        )
        rest.constants, rest.defined = self.constants, self.defined
        rest.header, rest.ranks = self.header, self.ranks
        return rest

    def close(self, last: int) -> None:
        """Take the rows that close it, and with them the definitions that end where it ended."""
        self.defined = [
            one._replace(last=last) if one.last == self.last else one for one in self.defined
        ]
        self.last = last


def _as_they_come(_first: int, _last: int) -> Callable[[int], int]:
    return lambda _row: 0


def pieces_of(top: Definition, lines: SourceLines) -> list[Piece]:
    """Cut the file at its definitions, then let tiny neighbours of the same parent share."""
    return _expand(top, "", top.first, top.last, lines)


def _expand(
    container: Definition, name: str, first: int, last: int, lines: SourceLines
) -> list[Piece]:
    """Return the pieces of a container's rows: what lies between its members, and its members.

    The depth of the recursion is that of the definitions, which is bounded.
    """
    out: list[Piece] = []
    gaps = _Gaps(container, name, lines)
    position = first
    for together in _together(gaps.members, lines):
        start, end = max(together[0].first, position), max(one.last for one in together)
        if end < position:
            # All of it stands on rows that are taken already (a function in a decorator).
            continue
        gaps.add(position, start - 1, out)
        out.extend(_of_members(container, name, together, start, end, lines))
        position = end + 1
    gaps.add(position, last, out)
    return merged(out, lines)


def _of_members(
    container: Definition,
    name: str,
    together: list[Definition],
    first: int,
    last: int,
    lines: SourceLines,
) -> list[Piece]:
    """Return the pieces of members that share rows: one, or those of what stands in a large one."""
    member = together[0]
    if len(together) > 1 or not _opens(member, first, last, lines):
        whole = Piece(
            first=first,
            last=last,
            kind=member.kind,
            names=_qualified(name, together, with_members=member.kind != "key"),
            owner="",
            parent=id(container),
            definition=member,
        )
        whole.defined = _defined(name, together, first)
        return [whole]
    own = _qualified(name, together)
    inner = _expand(member, own[0], first, last, lines)
    for piece in inner:
        # A class that came down to one piece may share a chunk with its neighbours.
        piece.parent = id(container) if len(inner) == 1 else CLOSED
    if len(inner) == 1:
        (piece,) = inner
        itself = Defined(member.kind, _told(own), first, last)
        if member.kind == "key":
            piece.names, piece.defined = own, [itself]
        elif member.whole_max:
            within = [one for one in piece.defined if one.name != own[0]]
            piece.defined = [itself, *within]
    return inner


def _together(members: list[Definition], lines: SourceLines) -> Iterator[list[Definition]]:
    """Yield members one by one, but together where one starts on a row of the one before.

    A tiny function also goes with neighbours of its name: a signature with what implements it, one
    clause with the next.
    """
    together: list[Definition] = []
    end = -1
    for member in members:
        if together and not _shares_row(member, end) and not _goes_on(together, end, member, lines):
            yield together
            together, end = [], -1
        together.append(member)
        end = max(end, member.last)
    if together:
        yield together


def _shares_row(member: Definition, end: int) -> bool:
    """Tell whether a member starts on a row where the one before it has not ended.

    Comments above it may lie in the rows of the one before: those do not count.
    """
    return member.name_row <= end


def _goes_on(together: list[Definition], end: int, member: Definition, lines: SourceLines) -> bool:
    """Tell whether a function has the name of those before it, and shares a piece with them."""
    if member.kind not in FUNCTIONS or any(
        (one.kind, one.names) != (member.kind, member.names) for one in (together[0], together[-1])
    ):
        return False
    start = together[0].first
    if max(start, end, member.last) != member.last or lines.size(start, member.last) > WHOLE_MAX:
        return False
    return lines.size(start, end) < TINY or lines.size(member.first, member.last) < TINY


def _opens(member: Definition, first: int, last: int, lines: SourceLines) -> bool:
    """Tell whether a member's own members are found on their own."""
    size = lines.size(first, last)
    return size > member.whole_max and any(
        _stands_alone(member, one, lines) for one in member.members
    )


def _stands_alone(container: Definition, member: Definition, lines: SourceLines) -> bool:
    """Tell whether a member of a large container is found on its own; in a function, tiny ones not.

    A chunk of a function's statements must not be called by a small function among them.
    """
    return container.kind not in FUNCTIONS or lines.size(member.first, member.last) >= TINY


def _qualified(
    name: str, definitions: list[Definition], *, with_members: bool = False
) -> list[str]:
    """Return the qualified names of definitions within `name`, of those in them too if asked.

    A function goes by its own name alone, whatever functions are in it.
    """
    names = []
    for definition in definitions:
        own = [f"{name}.{one}" if name else one for one in definition.names]
        names.extend(own)
        if with_members and definition.kind not in FUNCTIONS:
            names.extend(_qualified(own[0], definition.members, with_members=True))
    return names


def _defined(name: str, definitions: list[Definition], first: int) -> list[Defined]:
    """Tell what is defined from the row `first` on, definitions in others after those."""
    found = []
    for definition in definitions:
        own = _qualified(name, [definition])
        start = max(first, definition.first)
        end = max(start, definition.last)
        found.append(Defined(definition.kind, _told(own), start, end))
        found.extend(Defined(definition.kind, name, start, end) for name in definition.also)
        if definition.kind != "key":
            found.extend(_defined(own[0], definition.members, first))
    return found


def _told(names: list[str]) -> str:
    return ", ".join(names[:NAMES_MAX])


class _Gaps:
    """The rows of a container between those of its members that are found on their own."""

    def __init__(self, container: Definition, name: str, lines: SourceLines) -> None:
        self._container = container
        self._name = name
        self._lines = lines
        self.members: list[Definition] = []
        self._held: list[Definition] = []
        for one in container.members:
            alone = _stands_alone(container, one, lines)
            (self.members if alone else self._held).append(one)
        self._starts = [one.first for one in self._held]

    def add(self, first: int, last: int, out: list[Piece]) -> None:
        """Add the rows between two members: a header if they are a container's first rows."""
        container, lines = self._container, self._lines
        if first > last or lines.trimmed(first, last) is None:
            return
        is_header = first == container.first
        if not is_header and out and _CLOSING_LINES.fullmatch(lines.text(first, last)):
            # Nobody looks for a lone brace: it stays with what it closes.
            out[-1].close(last)
            return
        is_top = container.name_row < 0
        strong = is_header and not is_top and container.whole_max > 0
        gap = Piece(
            first=first,
            last=last,
            kind=container.kind,
            names=[self._name] if strong else [],
            owner=self._name,
            parent=id(container),
            definition=None if is_top else container,
            continued=not is_header,
        )
        gap.defined = self._defined(first, last, strong=strong)
        out.append(gap)

    def _defined(self, first: int, last: int, *, strong: bool) -> list[Defined]:
        """What the rows hold: they are a part of all of a function, but of a class its head."""
        container = self._container
        if container.kind in FUNCTIONS:
            own = Defined(container.kind, self._name, container.first, container.last)
            start = bisect_right(self._starts, first - 1)
            within = self._held[start : bisect_right(self._starts, last)]
            return [own, *_defined(self._name, within, first)]
        return [Defined(container.kind, self._name, first, last)] if strong else []


def merged(pieces: list[Piece], lines: SourceLines) -> list[Piece]:
    """Let tiny neighbours of the same parent share a chunk.

    A group ends where two pieces meet that are both large enough, where it would grow too large,
    and, once large enough, before a name chosen by its checksum: a place that stays the same
    whatever happens further up.
    """
    groups: list[Piece] = []
    previous_size = 0
    for piece in pieces:
        size = lines.size(piece.first, piece.last)
        if (previous_size < TINY or size < TINY) and groups and _fits(groups[-1], piece, lines):
            _join(groups[-1], piece)
        else:
            groups.append(piece)
        previous_size = size
    return groups


def _fits(group: Piece, piece: Piece, lines: SourceLines) -> bool:
    if group.parent == CLOSED or group.parent != piece.parent:
        return False
    if lines.size(group.first, piece.last) > MERGE_MAX:
        return False
    return lines.size(group.first, group.last) < MERGE_STOP_MIN or not _ends_group(piece)


def _ends_group(piece: Piece) -> bool:
    checksum = zlib.crc32(piece.symbol.encode("utf-8", "surrogatepass"))
    return checksum % MERGE_STOP_ONE_IN == 0


def _join(group: Piece, piece: Piece) -> None:
    group.last = piece.last
    for one in (group, piece):
        if one.kind == "constant":
            group.constants = [*group.constants, *one.names]
    group.kind = _kind_of_both(group, piece)
    group.names = [*group.names, *piece.names]
    known = group.defined
    group.defined = [*known, *(one for one in piece.defined if one not in known)]


def _kind_of_both(group: Piece, piece: Piece) -> Kind:
    """A definition's kind wins over a constant's and a section's; else both are a module's."""
    if _defines(group) and not (group.kind == "section" and _defines(piece)):
        return group.kind
    if _defines(piece):
        return piece.kind
    return group.kind if group.kind == piece.kind else "module"


def _defines(piece: Piece) -> bool:
    return bool(piece.names) and piece.kind not in {"module", "constant"}
