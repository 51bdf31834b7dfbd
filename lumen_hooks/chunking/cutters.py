"""Which way a text of one language is cut into pieces: the one place that chooses.

By its headings, by the definitions that a parser finds, by those that its lines show (`outlines`),
or as one piece that is cut where its lines look like it. Of a part of a file (`embedded`), what is
read differs from what is shown.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from lumen_hooks.chunking.outlined.rules import OUTLINED
from lumen_hooks.chunking.syntax.grammars import GRAMMARS

from .lines import SourceLines, text_rank
from .pieces import Piece, pieces_of
from .settings import SIGNATURE_MAX

if TYPE_CHECKING:
    from .pieces import Ranks

MARKDOWN = "markdown"
HEADED = frozenset({MARKDOWN, "asciidoc", "latex", "org", "rst"})
"""Which are cut by their headings."""

NOTEBOOK = "jupyter"


def has_cutter(language: str) -> bool:
    """Whether texts of a language are cut in a way of their own."""
    return is_read(language) or language in HEADED


def is_read(language: str) -> bool:
    """Whether definitions are looked for in texts of a language."""
    return language in GRAMMARS or language in OUTLINED


def pieces_by_language(
    language: str, text: str, shown: SourceLines, lines: SourceLines
) -> list[Piece] | None:
    """Cut a text by its language; None if its parser gives up, or nothing is known of it.

    Args:
        language: what it is in.
        text: what is read.
        shown: the lines of what is shown: as many, and with the same code.
        lines: those of the text.

    Raises:
        ImportError: the grammar is not installed, and there are no rules for its lines.
        ParseAbandonedError: it takes more time to parse than it may, or is nested too deeply.
    """
    if language in GRAMMARS:
        try:
            return _parsed(language, text, shown, lines)
        except ImportError:
            if language not in OUTLINED:
                raise
    return pieces_without_parser(language, text, shown, lines)


def _parsed(language: str, text: str, shown: SourceLines, lines: SourceLines) -> list[Piece] | None:
    # Files that no parser is made for must not pay for loading one.
    from lumen_hooks.chunking.syntax.definitions import parse, signature, statement_ranks

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


def pieces_without_parser(
    language: str, text: str, shown: SourceLines, lines: SourceLines
) -> list[Piece] | None:
    """Cut a text as `pieces_by_language` does where there is no grammar, or none that can."""
    if language in HEADED:
        pieces = _sections(language, shown)
        if len(pieces) > 1 or language not in OUTLINED:
            return pieces
    return _outlined(language, text, shown, lines) if language in OUTLINED else None


def _outlined(language: str, text: str, shown: SourceLines, lines: SourceLines) -> list[Piece]:
    from lumen_hooks.chunking.outlined.outlines import outline, signature

    pieces = pieces_of(outline(language, text, lines), shown)
    for piece in pieces:
        if piece.definition is not None:
            piece.header = functools.partial(signature, piece.definition, lines)
        piece.ranks = _by_looks(shown)
    return pieces


def _sections(language: str, lines: SourceLines) -> list[Piece]:
    from . import heading_styles, markdown
    from .headings import sections

    if language == MARKDOWN:
        pieces = sections(lines, markdown.headings(lines))
    else:
        pieces = sections(lines, heading_styles.headings(language, lines))
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
