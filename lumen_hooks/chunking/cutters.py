"""Which way a text of one language is cut into pieces: the one place that chooses.

By its headings, by the definitions that a parser finds, or as one piece that is cut where its
lines look like it. Of a part of a file (`embedded`), what is read differs from what is shown.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from .grammars import GRAMMARS
from .lines import SourceLines, text_rank
from .pieces import Piece, pieces_of
from .settings import SIGNATURE_MAX

if TYPE_CHECKING:
    from .pieces import Ranks

MARKDOWN = "markdown"
NOTEBOOK = "jupyter"


def has_cutter(language: str) -> bool:
    """Whether texts of a language are cut in a way of their own."""
    return language in GRAMMARS or language == MARKDOWN


def pieces_by_language(
    language: str, text: str, shown: SourceLines, lines: SourceLines
) -> list[Piece] | None:
    """Cut a text by its language; None if its parser gives up.

    Args:
        language: one that has a cutter.
        text: what is read.
        shown: the lines of what is shown: as many, and with the same code.
        lines: those of the text.

    Raises:
        ImportError: the grammar is not installed.
        ParseAbandonedError: it takes more time to parse than it may, or is nested too deeply.
    """
    if language == MARKDOWN:
        return _sections(shown)
    # Files that no parser is made for must not pay for loading one.
    from .definitions import parse, signature, statement_ranks

    parsed = parse(language, text, lines)
    if parsed.failed:
        return None
    fallback = functools.partial(text_rank, shown)
    pieces = pieces_of(parsed.top, shown)
    for piece in pieces:
        if piece.definition is not None:
            piece.header = functools.partial(signature, piece.definition, parsed.source)
        piece.ranks = functools.partial(statement_ranks, parsed.tree, shown, fallback=fallback)
    return pieces


def _sections(lines: SourceLines) -> list[Piece]:
    from .markdown import sections

    pieces = sections(lines)
    for piece in pieces:
        if piece.owner:
            heading = lines.rows[piece.first].strip()[:SIGNATURE_MAX]
            piece.header = functools.partial(str, heading)
        piece.ranks = _by_looks(lines)
    return pieces


def windows(lines: SourceLines) -> list[Piece]:
    """The whole text as one piece."""
    whole = Piece(0, len(lines.rows) - 1, "text", [], "", -1)
    whole.ranks = _by_looks(lines)
    return [whole]


def _by_looks(lines: SourceLines) -> Ranks:
    return lambda _first, _last: functools.partial(text_rank, lines)
