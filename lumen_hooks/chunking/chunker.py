"""The chunker: from one file's text to its chunks.

It is given a path only to tell the language by; it opens no file and knows no repository.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .chunk import FUNCTIONS, MEMORY, TYPES, Chunk, ChunkedFile, Held, ParseAbandonedError
from .cutters import (
    MARKDOWN,
    NOTEBOOK,
    has_cutter,
    is_read,
    pieces_by_language,
    pieces_without_parser,
    windows,
)
from .lines import SourceLines, cut
from .long_lines import is_minified
from .settings import HELD_MAX, HELD_NAMES_MAX, LONG_LINE_SLICE, WHOLE_MAX

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from lumen_hooks.chunking.parts.overlay import Overlay

    from .pieces import Piece

_DATA = re.compile(
    rf"[\w+/=%.-]{{{LONG_LINE_SLICE}}}|[\x00-@\[-`{{-~a-fA-FuUlLxX]{{{LONG_LINE_SLICE}}}", re.ASCII
)
"""A slice of base64, or of numbers: there is nothing in it that anybody looks for."""


def chunk_file(path: str, text: str, language: str = "") -> ChunkedFile:
    """Cut a file's text into chunks.

    Every line that is not blank is in exactly one chunk (a line longer than WHOLE_MAX characters
    is in several, which share it); no chunk's text is longer than that; chunks come in the order
    of their lines. The same text gives the same chunks under any path of the same language. Of a
    notebook the lines of its cells are, and a line that holds a whole cell is in several chunks.

    Args:
        path: tells the language; nothing else of it is used.
        text: the decoded text, lines separated by a line feed.
        language: a language of LANGUAGES that the file is told to be in, whatever its path and
            its text say.

    Returns:
        The chunks. Whatever the text, this does not fail: where a parser gives up, the chunks are
        what the text's lines show, or line windows, and `parse_failed` is set.
    """
    language = language or language_by(path, text)
    if not text or text.isspace():
        return ChunkedFile(language, ())
    abandoned = ""
    try:
        if language == NOTEBOOK:
            return _notebook(text)
        lines = SourceLines(text)
        pieces, failed, abandoned = _pieces(language, text, lines)
        return ChunkedFile(language, tuple(_chunks(pieces, lines)), failed, abandoned)
    except MemoryError:
        abandoned = MEMORY
    except Exception:  # noqa: S110
        # Whatever a grammar or its binding raises, one file must not stop a refresh.
        pass
    return cut_by_lines(path, text, language, abandoned=abandoned)


def cut_by_lines(path: str, text: str, language: str = "", *, abandoned: str) -> ChunkedFile:
    """Cut a text by what its lines show, as `chunk_file` does where a parser gives up."""
    language = language or language_by(path, text)
    lines = SourceLines(text)
    found = tuple(_chunks(_without_parser(language, text, lines), lines))
    return ChunkedFile(language, found, True, abandoned)


def language_by(path: str, text: str) -> str:
    """What `languages.language_of_text` says, whose tables a search that cuts nothing is spared."""
    from lumen_hooks.chunking.naming.languages import language_of_text

    return language_of_text(path, text)


def is_parsed(language: str, text: str) -> bool:
    """Whether a parser may see this text: the one thing that may take time and memory."""
    # Without a look at its lines: a text whose lines are all long goes no further either way.
    is_code = is_read(language) or _may_have_parts(language, text)
    return is_code and bool(text) and not text.isspace()


def _may_have_parts(language: str, text: str) -> bool:
    from lumen_hooks.chunking.parts.embedded import (
        may_have_parts,  # with tables that a search that cuts nothing is spared
    )

    return may_have_parts(language, text)


def _pieces(language: str, text: str, lines: SourceLines) -> tuple[list[Piece], bool, str]:
    """Return the pieces of a text and its parts, whether its parser gave up, and why (TIME)."""
    from lumen_hooks.chunking.parts.embedded import PROSE
    from lumen_hooks.chunking.parts.overlay import overlaid

    if language not in PROSE and len(text) > WHOLE_MAX and is_minified(text):
        return windows(lines), False, ""
    is_cut, own, abandoned = has_cutter(language), None, ""
    try:
        own = pieces_by_language(language, text, lines, lines)
    except ImportError:
        is_cut = False  # a grammar that is not installed is as if there were none
    except ParseAbandonedError as error:
        abandoned = error.why
    failed = own is None and is_cut
    if own is None:
        own = _without_parser(language, text, lines)
    if abandoned:
        # A text may take a parser's time once.
        return own, failed, abandoned
    overlays = _overlays(language, text, lines)
    if overlays:
        own = overlaid(own, overlays, lines, prose=language in PROSE)
    return own, failed, abandoned


def _without_parser(language: str, text: str, lines: SourceLines) -> list[Piece]:
    try:
        return pieces_without_parser(language, text, lines, lines) or windows(lines)
    except Exception:
        # No rule of a language may stop a refresh either.
        return windows(lines)


def _overlays(language: str, text: str, lines: SourceLines) -> list[Overlay]:
    """Return the parts of a text, each cut by its own language."""
    from lumen_hooks.chunking.parts.embedded import parts_of
    from lumen_hooks.chunking.parts.overlay import Overlay, moved, unwrapped

    overlays: list[Overlay] = []
    if not _may_have_parts(language, text):
        return overlays
    for part in parts_of(language, text, lines):
        if not has_cutter(part.language):
            continue
        shown = SourceLines(lines.text(part.first, part.last))
        try:
            pieces = pieces_by_language(part.language, part.text, shown, SourceLines(part.text))
        except ImportError:
            continue
        except ParseAbandonedError:
            # One is enough: a text may take a parser's time once.
            break
        if pieces is not None and part.wrapper:
            pieces = unwrapped(pieces, part.wrapper)
        if pieces is not None and (_defines(pieces) or not part.must_define):
            overlays.append(Overlay(part.first, part.last, moved(pieces, part.first)))
    return overlays


def _defines(pieces: list[Piece]) -> bool:
    return any(one.kind in FUNCTIONS | TYPES for piece in pieces for one in piece.defined)


def _notebook(text: str) -> ChunkedFile:
    """Cut the Markdown that a notebook stands for; what is found is on the notebook's rows."""
    from lumen_hooks.chunking.parts.notebook import read_notebook
    from lumen_hooks.chunking.parts.overlay import broken, overlaid

    notebook = read_notebook(text)
    if notebook is None:
        return cut_by_lines("", text, NOTEBOOK, abandoned="")
    if not notebook.text.strip():
        return ChunkedFile(NOTEBOOK, ())
    lines = SourceLines(notebook.text)
    pieces = pieces_by_language(MARKDOWN, notebook.text, lines, lines) or []
    overlays = _overlays(NOTEBOOK, notebook.text, lines)
    pieces = overlaid(broken(pieces, notebook.breaks), overlays, lines, prose=False)
    chunks = (_on_rows(chunk, notebook.rows) for chunk in _chunks(pieces, lines))
    return ChunkedFile(NOTEBOOK, tuple(chunks), quoted=True)


def _on_rows(chunk: Chunk, rows: Sequence[int]) -> Chunk:
    def line(number: int) -> int:
        return rows[number - 1] + 1

    holds = tuple(
        one._replace(start_line=line(one.start_line), end_line=line(one.end_line))
        for one in chunk.holds
    )
    start, end = line(chunk.start_line), line(chunk.end_line)
    return chunk._replace(start_line=start, end_line=end, holds=holds)


def _chunks(pieces: Iterable[Piece], lines: SourceLines) -> Iterator[Chunk]:
    for piece in pieces:
        yield from _chunks_of_piece(piece, lines)


def _chunks_of_piece(piece: Piece, lines: SourceLines) -> Iterator[Chunk]:
    rows = lines.trimmed(piece.first, piece.last)
    if rows is None:
        return
    if lines.size(*rows) <= WHOLE_MAX:
        yield _chunk(piece, lines, rows, piece.header() if piece.continued else "")
        return
    header = piece.header()
    is_later = piece.continued
    for first, last in cut(lines, *rows, piece.ranks(*rows)):
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
