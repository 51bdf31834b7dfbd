"""The chunker: from one file's text to its chunks.

It is given a path only to tell the language by; it opens no file and knows no repository.
"""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING

from .chunk import MEMORY, Chunk, ChunkedFile, Held, ParseAbandonedError
from .grammars import GRAMMARS
from .languages import language_of_text
from .lines import SourceLines, cut, text_rank
from .long_lines import is_minified
from .pieces import CLOSED, Piece, pieces_of
from .settings import HELD_MAX, HELD_NAMES_MAX, LONG_LINE_SLICE, SIGNATURE_MAX, WHOLE_MAX

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .definitions import ParsedFile

_DATA = re.compile(
    rf"[\w+/=%.-]{{{LONG_LINE_SLICE}}}|[\x00-@\[-`{{-~a-fA-FuUlLxX]{{{LONG_LINE_SLICE}}}", re.ASCII
)
"""A slice of base64, or of numbers: there is nothing in it that anybody looks for."""


def chunk_file(path: str, text: str) -> ChunkedFile:
    """Cut a file's text into chunks.

    Every line that is not blank is in exactly one chunk (a line longer than WHOLE_MAX characters
    is in several, which share it); no chunk's text is longer than that; chunks come in the order
    of their lines. The same text gives the same chunks under any path of the same language.

    Args:
        path: tells the language; nothing else of it is used.
        text: the decoded text, lines separated by a line feed.

    Returns:
        The chunks. Whatever the text, this does not fail: where a parser gives up, the chunks are
        line windows and `parse_failed` is set.
    """
    language = language_of_text(path, text)
    if not text or text.isspace():
        return ChunkedFile(language, ())
    lines = SourceLines(text)
    abandoned = ""
    try:
        chunks = _chunks_of_language(language, text, lines)
    except ParseAbandonedError as error:
        chunks, abandoned = None, error.why
    except MemoryError:
        chunks, abandoned = None, MEMORY
    except Exception:
        # Whatever a grammar or its binding raises, one file must not stop a refresh.
        chunks = None
    if chunks is None:
        return ChunkedFile(language, tuple(_windows(lines)), True, abandoned)
    return ChunkedFile(language, tuple(chunks))


def cut_by_lines(path: str, text: str, *, abandoned: str) -> ChunkedFile:
    """Cut a text into line windows, as `chunk_file` does where a parser gives up."""
    windows = tuple(_windows(SourceLines(text)))
    return ChunkedFile(language_of_text(path, text), windows, True, abandoned)


def is_parsed(path: str, text: str) -> bool:
    """Whether a parser will see this text: the one thing that may take time and memory."""
    language = language_of_text(path, text)
    # Without a look at its lines: a text whose lines are all long goes no further either way.
    return language in GRAMMARS and bool(text) and not text.isspace()


def _chunks_of_language(language: str, text: str, lines: SourceLines) -> list[Chunk] | None:
    """Return the chunks, or None if the text does not parse."""
    if language == "markdown":
        return _markdown(lines)
    if language not in GRAMMARS or (len(text) > WHOLE_MAX and is_minified(text)):
        return _windows(lines)
    # Files that no parser is made for must not pay for loading one.
    from .definitions import parse

    parsed = parse(language, text, lines)
    return None if parsed.failed else _definitions(parsed, lines)


def _definitions(parsed: ParsedFile, lines: SourceLines) -> list[Chunk]:
    from .definitions import signature, statement_ranks

    fallback = functools.partial(text_rank, lines)

    def ranks(first: int, last: int) -> Callable[[int], int]:
        return statement_ranks(parsed.tree, lines, first, last, fallback)

    chunks: list[Chunk] = []
    for piece in pieces_of(parsed.top, lines):
        header = ""
        is_large = lines.size(piece.first, piece.last) > WHOLE_MAX
        if piece.definition is not None and (is_large or piece.continued):
            header = signature(piece.definition, parsed.source)
        chunks.extend(_chunks_of_piece(piece, lines, header, ranks))
    return chunks


def _markdown(lines: SourceLines) -> list[Chunk]:
    chunks: list[Chunk] = []
    from .markdown import sections

    for piece in sections(lines):
        header = lines.rows[piece.first].strip()[:SIGNATURE_MAX] if piece.owner else ""
        chunks.extend(_chunks_of_piece(piece, lines, header, _text_ranks(lines)))
    return chunks


def _windows(lines: SourceLines) -> list[Chunk]:
    whole = Piece(0, len(lines.rows) - 1, "text", [], "", CLOSED)
    return list(_chunks_of_piece(whole, lines, "", _text_ranks(lines)))


def _text_ranks(lines: SourceLines) -> Callable[[int, int], Callable[[int], int]]:
    return lambda _first, _last: functools.partial(text_rank, lines)


def _chunks_of_piece(
    piece: Piece,
    lines: SourceLines,
    header: str,
    ranks: Callable[[int, int], Callable[[int], int]],
) -> Iterator[Chunk]:
    rows = lines.trimmed(piece.first, piece.last)
    if rows is None:
        return
    if lines.size(*rows) <= WHOLE_MAX:
        yield _chunk(piece, lines, rows, header if piece.continued else "")
        return
    is_later = piece.continued
    for first, last in cut(lines, *rows, ranks(*rows)):
        part = lines.trimmed(first, last)
        if part is None:
            continue
        later_header = header if is_later else ""
        is_later = True
        if lines.size(*part) <= WHOLE_MAX:
            yield _chunk(piece, lines, part, later_header)
            continue
        whole = _chunk(piece, lines, part, later_header)
        if len(whole.holds) > 1:
            # Which of them stands in which slice, no line tells.
            whole = whole._replace(holds=_itself(piece, whole.start_line, whole.end_line))
        for text in _slices(whole.text):
            yield whole._replace(text=text)
            whole = whole._replace(header=header)


def _chunk(piece: Piece, lines: SourceLines, rows: tuple[int, int], header: str) -> Chunk:
    place = (rows[0] + 1, rows[1] + 1)
    text = lines.text(*rows)
    return Chunk(*place, piece.symbol, piece.kind, text, header, _holds(piece, lines, *place))


def _holds(piece: Piece, lines: SourceLines, start: int, end: int) -> tuple[Held, ...]:
    """The definitions that stand on the lines `start` to `end`, as far as a chunk tells them."""
    found: list[Held] = []
    room = HELD_NAMES_MAX
    for one in piece.defined:
        if one.first >= end or one.last + 1 < start or not one.name:
            continue
        room -= len(one.name)
        if found and (room < 0 or len(found) == HELD_MAX):
            break
        first, last = lines.trimmed(one.first, one.last) or (one.first, one.last)
        found.append(Held(one.kind, one.name, first + 1, last + 1))
    # Without any: rows of something large, between its members.
    return tuple(found) or _itself(piece, start, end)


def _itself(piece: Piece, start: int, end: int) -> tuple[Held, ...]:
    return (Held(piece.kind, piece.symbol, start, end),) if piece.symbol else ()


def _slices(text: str) -> Iterator[str]:
    """Cut one long line; what is left out is blank, or data after its first slice."""
    for start in range(0, len(text), LONG_LINE_SLICE):
        piece = text[start : start + LONG_LINE_SLICE]
        if not piece.isspace() and (start == 0 or not _DATA.fullmatch(piece)):
            yield piece
