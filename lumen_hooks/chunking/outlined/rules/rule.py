"""What the tables by language are made of. Imports nothing of the project but its kinds.

A pattern is a regular expression for the start of a line, with three marks: a blank stands for
blanks or tabs, `~` for any number of them or none, `NAME` for the name of what is defined.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from lumen_hooks.chunking.chunk import Kind

Ends = Literal[
    "brackets",
    "statement",
    "routine",
    "form",
    "indent",
    "words",
    "blocks",
    "until",
    "next",
    "row",
    "tags",
]
"""How the last line of a definition is found.

=========  =====================================================================================
brackets   where its first `{` closes, or where its statement ends before there was one
statement  where its statement ends: at `;` outside of all brackets, or with the line
routine    at the `end` of its first block (opens, closes), or as a statement without one
form       where the bracket closes with which it begins
indent     before the next line that is indented as little
words      at an `end` of its own kind or name (`endmodule`, `end subroutine`), or a bare one
blocks     at the `end` that is its own when all openings and ends of blocks are counted
until      at the next line that has what `closing` says
next       before the next definition of the same level, or of a higher one
row        on its line, and those that continue it with a `\\`
tags       at the closing tag of its element
=========  =====================================================================================
"""


class Span(NamedTuple):
    """A comment or a string: text in which nothing is defined.

    Attributes:
        opening: a regular expression.
        closing: one that matches from behind the opening up to the end, for what stays on its
            line or has escapes; a plain text to look for; or nothing, if `opening` is all of it.
            In a plain text `{0}` stands for what the opening has as group `tag`.
        comment: whether it may stand above a definition as a part of it.
        plain: `closing` is a plain text.
        nests: openings within count, by the plain text of `opening`.
    """

    opening: str
    closing: str = ""
    comment: bool = False
    plain: bool = False
    nests: str = ""


class Rule(NamedTuple):
    """One kind of definition.

    Attributes:
        kind: what it defines.
        pattern: of its first line. Groups: `name`; `word` is what its `end` repeats. Without a
            name it defines nothing: it may be where others end, and keeps later rules from its
            line.
        ends: instead of the language's.
        closing: for `until`: a regular expression in its last line.
        level: for `next`: 1 stands highest.
        body: it is one only with a `{` before its statement ends, or with an `end` of its own.
        is_text: its name is a text (a test's) rather than an identifier.
        prefix: stands before the name wherever it is used.
        parts: a regular expression for what else of its head belongs to the name, after a colon.
    """

    kind: Kind
    pattern: str
    ends: Ends | None = None
    closing: str = ""
    level: int = 1
    body: bool = False
    is_text: bool = False
    prefix: str = ""
    parts: str = ""


class Outline(NamedTuple):
    """How a language is read without a parser.

    Attributes:
        rules: the first that matches a line counts.
        spans: its comments and strings.
        ends: how its definitions end, where a rule does not say otherwise.
        name: the regular expression for NAME.
        lines: a line's end ends a statement, if no bracket is open and the next is not deeper.
        closing: for `indent`: a line as little indented that still belongs to the definition; for
            `until`: what a rule does not say otherwise.
        opens: for `blocks`: the words that open a block.
        begins: for `words`: matches a statement up to where a body begins; others only declare.
        closes: for `blocks`: the words that close one; for `words`: an end with its word as a
            group.
        lead: a line above a definition that belongs to it, like a comment.
        separator: between the parts of a name; becomes a dot.
        ignore_case: keywords may be written in any case.
        joins: neighbours of one name are one definition (equations, clauses).
        strings: a line may define something though it begins with a string.
        drop: characters left out of names.
    """

    rules: tuple[Rule, ...]
    spans: tuple[Span, ...] = ()
    ends: Ends = "brackets"
    name: str = r"[^\W\d][\w$]*"
    lines: bool = False
    closing: str = ""
    opens: str = ""
    begins: str = ""
    closes: str = ""
    lead: str = ""
    separator: str = ""
    ignore_case: bool = False
    joins: bool = False
    strings: bool = False
    drop: str = "\"'`"


_ESCAPED = r"[^{0}\\\n]*(?:\\.[^{0}\\\n]*)*{0}?"
_ESCAPED_LONG = r"[^{0}\\]*(?:\\[\s\S][^{0}\\]*)*{0}?"


def comment(opening: str) -> Span:
    """From a regular expression to the end of the line."""
    return Span(opening, r"[^\n]*", comment=True)


def block(opening: str, closing: str, *, nests: bool = False) -> Span:
    """Between two plain texts."""
    import re

    return Span(
        re.escape(opening), closing, comment=True, plain=True, nests=opening if nests else ""
    )


def quoted(quote: str) -> Span:
    """A string on one line, with escapes by a backslash."""
    return Span(quote, _ESCAPED.format(quote))


def long_quoted(quote: str) -> Span:
    """A string over any number of lines, with escapes by a backslash."""
    return Span(quote, _ESCAPED_LONG.format(quote))


def doubled(quote: str) -> Span:
    """A string on one line whose quotes are doubled within it; each half may count as one."""
    return Span(quote, rf"[^{quote}\n]*{quote}?")


def between(opening: str, closing: str) -> Span:
    """A string between a regular expression and a plain text, over any number of lines."""
    return Span(opening, closing, plain=True)


SLASHES = comment("//")
HASH = comment("#")
DASHES = comment("--")
PERCENT = comment("%")
SEMICOLON = comment(";")
STARRED = block("/*", "*/")
DOUBLE = quoted('"')
SINGLE = quoted("'")
CHARACTER = Span(r"'(?:[^'\\\n]|\\[^\n][^'\n]{0,8})'")
TRIPLE = between('"""', '"""')
BACKTICK = between("`", "`")

C_LIKE = (SLASHES, STARRED, DOUBLE, SINGLE)
