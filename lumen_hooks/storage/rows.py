"""What goes into an index and comes out of it, row by row. Plain values, no behaviour."""

from __future__ import annotations

from typing import NamedTuple


class FileRow(NamedTuple):
    """What the index holds about a file.

    `content` is git's blob id of the raw bytes that were indexed (None if they were not
    read); `blob` is what git called the file where that differs (a filter or line ends are in
    between); `changed_ns` is -1 when the file was too young for its time stamp to be trusted;
    `skipped` says why the file has no chunks; `cut` why it is cut by lines, not parsed.
    """

    id: int
    content: bytes | None
    blob: bytes | None
    size: int
    changed_ns: int
    skipped: str | None
    cut: str | None = None


class ReadableFile(NamedTuple):
    """A file that has text in the index.

    Attributes:
        path: relative to the worktree's top.
        id: its number.
        language: as `--lang` takes it.
        content: git's blob id of the bytes that were indexed; empty if not known.
        generated: 1 if its head says that a program wrote it.
    """

    path: str
    id: int
    language: str
    content: bytes
    generated: int


class KnownFile(NamedTuple):
    """A file by its id, and why it has no chunks, if it has none."""

    id: int
    skipped: str | None


class KnownPath(NamedTuple):
    """A file among all, and why it has no chunks, if it has none."""

    id: int
    path: str
    language: str
    skipped: str | None


class ChunkRow(NamedTuple):
    """A chunk with what the index holds of its file; see `search.results.Hit`.

    `generated` is 1 if a program wrote the file; 0 where an older version's index does not tell.
    `holds` is the text of its row: most rows are never shown, so `IndexReader.held` reads it.
    """

    id: int
    path: str
    start_line: int
    end_line: int
    symbol: str
    kind: str
    language: str
    content: bytes
    key: bytes
    generated: int
    holds: str


class ChunkOfFile(NamedTuple):
    """A chunk among those of its file."""

    file_id: int
    id: int
    start_line: int
    end_line: int
    symbol: str
    kind: str


class Counts(NamedTuple):
    """Indexed files, passed-over files, chunks, and chunks with a vector."""

    files: int
    skipped: int
    chunks: int
    vectors: int


class Block(NamedTuple):
    """So many rows, in use or not, as vec0 keeps them.

    Attributes:
        size: how many rows there is room for.
        validity: a bit for each, the least significant of a byte first; 0 for one not in use, which
            keeps its place until the whole block is empty.
        ids: int64 for each, little end first.
        vectors: int8 for each of its dimensions.
    """

    size: int
    validity: bytes
    ids: bytes
    vectors: bytes


class BlockIds(NamedTuple):
    """The ids alone of a block; see `Block`.

    Attributes:
        number: the block's.
        validity: as there.
        ids: as there.
        sum: over all of the block, its vectors included.
    """

    number: int
    validity: bytes
    ids: bytes
    sum: int


class Signs(NamedTuple):
    """Some rows, coarsely; see `signs`.

    Attributes:
        parts: their numbers, among all rows of all blocks in `signs.PART_ROWS`.
        codes: for each part a bit for each dimension of each row (1 above zero), the highest of a
            byte first; then for each row the CRC-32 of its vector, four bytes, the lowest first.
    """

    parts: list[int]
    codes: bytes


class Neighbour(NamedTuple):
    """A vector near another; the cosine distance is None where it cannot be told."""

    id: int
    distance: float | None


class StagedFile(NamedTuple):
    """A file to be written."""

    path: str
    content: bytes | None
    blob: bytes | None
    size: int
    changed_ns: int
    language: str
    skipped: str | None
    cut: str | None = None
    generated: bool = False


class Stamp(NamedTuple):
    """What git and the file system say now about a file whose content is as indexed."""

    file_id: int
    blob: bytes | None
    size: int
    changed_ns: int


class StagedChunk(NamedTuple):
    """A chunk to be written: its rows in `chunks`, `vectors` and `lexical`."""

    start_line: int
    end_line: int
    symbol: str
    kind: str
    key: bytes
    vector: bytes | None
    words: str
    holds: str
