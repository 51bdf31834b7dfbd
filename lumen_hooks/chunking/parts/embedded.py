"""Which rows of a text are in another language than the text: scripts, styles, listings, cells.

From a text and its language to its parts. Each is cut by its own language, on the rows of the
file; what is left belongs to the host. One level deep: a part has no parts. Knows no grammar, and
needs none: a host's tags and fences are found by `markup` and `fences`.
"""

from __future__ import annotations

import re
import textwrap
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from lumen_hooks.chunking.cutters import MARKDOWN, NOTEBOOK
from lumen_hooks.chunking.naming.languages import language_named
from lumen_hooks.chunking.settings import PARTS_MAX, TINY

from .fences import STYLES, blocks, exports, fences
from .markup import elements, without_programs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lumen_hooks.chunking.lines import SourceLines

    from .fences import Listing
    from .markup import Element

PROSE = frozenset({MARKDOWN, *STYLES})
"""Documents: what their listings define is shown there, and defined elsewhere."""

COMPONENTS = frozenset({"astro", "svelte", "vue"})
_ENGINES = (
    "aspx blade ejs erb freemarker go-template handlebars heex html java-server-pages jinja liquid"
    " php razor smarty twig velocity"
)
_TEMPLATES = frozenset(_ENGINES.split())
_PAGES = COMPONENTS | _TEMPLATES

_RAW = ("script", "style", "textarea", "title")
_RAW_OF = {"vue": ("script", "style", "i18n", "docs", "route")}
_NESTED_OF = {"vue": ("template",)}
_SIGNS = {
    "markdown": ("```", "~~~", "export"),
    "asciidoc": ("[",),
    "astro": ("---",),
    "latex": ("\\begin{minted", "\\begin{lst"),
    "org": ("#+",),
    "razor": ("@code", "@functions"),
    "rst": (".. code", ".. sourcecode"),
}
"""What stands in a text that has parts without tags."""


_LANGUAGE_OF = {"docs": "markdown", "i18n": "json", "route": "json", "style": "css"} | {
    "script": "javascript",
    "template": "html",
}
"""What an element's content is in, if it does not say."""

_TAGS = re.compile(rf"<(?:{'|'.join(_LANGUAGE_OF)})[\s/>]", re.IGNORECASE)

_TYPES = {
    **dict.fromkeys(("module", "babel", "ecmascript"), "javascript"),
    **dict.fromkeys(("importmap", "speculationrules"), "json"),
    **dict.fromkeys(("vertex", "fragment"), "glsl"),
    **dict.fromkeys(
        ("template", "ng-template", "handlebars", "handlebars-template", "jquery-tmpl", "tmpl"),
        "html",
    ),
}
"""The ends of media types that are no names of languages."""

_START_MAX = 100
_MAGIC = re.compile(r"(\s*)(?:%{1,2}[A-Za-z]|!(?!=)|\?|[\w.]+\?)")
_MEMBERS = re.compile(r"([ \t]*)@(?:code|functions)[ \t]*(\{?)[ \t]*$")
_WRAPPER = "Component__"

_MAY_DEFINE = re.compile(
    r"\b(?:def|class|func|fn|fun|function|sub|proc|interface|struct|enum|trait|impl|protocol|type"
    r"|record|object|module|defmodule|contract|message|service|create|resource|extension|data"
    r"|procedure|subroutine|let|val)\b|=>|::|\)[\w \t:*&>-]{0,60}\{|\)\s{0,8}\{",
    re.IGNORECASE,
)


class Part(NamedTuple):
    """Rows of a text that are in a language of their own.

    Attributes:
        first: the first row, that of its tag or fence if nothing else stands there.
        last: the last one, included.
        language: what it is in.
        text: as many rows, of which those that are no code are blank.
        must_define: it is a part only if it defines a function or a type.
        wrapper: a class of this name stands around it for the parser, and for nobody else.
    """

    first: int
    last: int
    language: str
    text: str
    must_define: bool = False
    wrapper: str = ""


def may_have_parts(language: str, text: str) -> bool:
    """Whether a text may have parts: cheap, and never no where `parts_of` finds one."""
    if language == NOTEBOOK:
        return True
    if language in _PAGES:
        return _TAGS.search(text) is not None or any(
            one in text for one in _SIGNS.get(language, ())
        )
    return any(sign in text for sign in _SIGNS.get(language, ()))


def parts_of(language: str, text: str, lines: SourceLines) -> list[Part]:
    """The parts of a text, in order and apart from each other; the first PARTS_MAX of them.

    Args:
        language: of the text; NOTEBOOK for the Markdown that stands for one.
        text: the host's.
        lines: those of the text.
    """
    if language == "razor":
        found = iter(sorted([*_of_page(language, text, lines), *_members(lines)]))
    elif language in _PAGES:
        found = _of_page(language, text, lines)
    elif language in PROSE or language == NOTEBOOK:
        found = _of_document(language, lines)
    else:
        return []
    apart: list[Part] = []
    for part in islice(found, PARTS_MAX):
        if part.language and (not apart or part.first > apart[-1].last):
            apart.append(part)
    return apart


def _of_page(language: str, text: str, lines: SourceLines) -> Iterator[Part]:
    seen = without_programs(text) if language in _TEMPLATES else text
    start = 0
    if language == "astro":
        matter = _front_matter(lines)
        if matter is not None:
            yield matter
            start = lines.start(matter.last + 1) if matter.last + 1 < len(lines.rows) else len(text)
            seen = re.sub(r"[^\n]", " ", text[:start]) + text[start:]
    raw = _RAW_OF.get(language, _RAW)
    for element in elements(seen, raw, _NESTED_OF.get(language, ())):
        part = _of_element(language, element, seen, lines)
        if part is not None:
            yield part


def _members(lines: SourceLines) -> Iterator[Part]:
    """Yield what Razor puts into a page's class; it ends with the brace below its beginning."""
    row = 0
    while row < len(lines.rows):
        match = _MEMBERS.match(lines.rows[row][:_START_MAX])
        if match is not None:
            closing = match[1] + "}"
            below = range(row + 1, len(lines.rows))
            end = next((one for one in below if lines.rows[one].rstrip() == closing), None)
            if end is None:
                return
            text = f"class {_WRAPPER} {match[2]}\n{lines.text(row + 1, end)}"
            yield Part(row, end, "csharp", text, wrapper=_WRAPPER)
            row = end
        row += 1


def _front_matter(lines: SourceLines) -> Part | None:
    """What an Astro component runs on the server: TypeScript between two rows of dashes."""
    first = next((row for row in range(len(lines.rows)) if not lines.is_blank(row)), 0)
    if lines.rows[first].strip() != "---":
        return None
    for row in range(first + 1, len(lines.rows)):
        if lines.rows[row].rstrip() == "---":
            code = lines.text(first + 1, row - 1) if row > first + 1 else ""
            return Part(first, row, "typescript", f"\n{code}\n")
    return None


def _of_element(language: str, element: Element, seen: str, lines: SourceLines) -> Part | None:
    """An element as a part, if it has rows of its own."""
    of = _language_of(language, element)
    content = seen[element.inner : element.inner_end]
    if not of or "\n" not in content or content.isspace():
        return None
    first, opened = lines.row_at(element.start), lines.row_at(element.inner)
    last, closed = lines.row_at(max(element.end - 1, 0)), lines.row_at(element.inner_end)
    if lines.rows[first][: element.start - lines.start(first)].strip():
        first = opened + 1
        content = content.partition("\n")[2]
        opened = first
    if lines.rows[last][element.end - lines.start(last) :].strip():
        last = closed - 1
        content = content.rpartition("\n")[0]
        closed = last
    if last <= first:
        return None
    return Part(first, last, of, "\n" * (opened - first) + content + "\n" * (last - closed))


def _language_of(host: str, element: Element) -> str:
    """What an element is in; empty where it is not known, or markup like the rest."""
    if element.name not in _LANGUAGE_OF:
        return ""
    told = element.attributes.get("lang") or element.attributes.get("language")
    if not told:
        media = element.attributes.get("type", "").partition(";")[0].strip()
        told = media.rpartition("/")[2].removeprefix("x-")
        if told.endswith("+json"):
            told = "json"
    if told:
        return _TYPES.get(told) or language_named(told) or ""
    if host == "astro" and element.name == "script" and "is:inline" not in element.attributes:
        return "typescript"
    return _LANGUAGE_OF[element.name]


def _of_document(language: str, lines: SourceLines) -> Iterator[Part]:
    rows = lines.rows
    if language in STYLES:
        found = blocks(STYLES[language], rows)
    elif language == NOTEBOOK:
        found = iter(fences(lines))
    else:
        known = fences(lines)
        found = iter(sorted([*known, *exports(lines, known)]))
    smallest = 0 if language == NOTEBOOK else TINY
    for listing in found:
        first, last = listing.code_first, listing.code_last
        if last < first or lines.size(first, last) < smallest or not listing.info:
            continue
        if _MAY_DEFINE.search(lines.text(first, last)):
            yield _of_listing(listing, lines)


def _of_listing(listing: Listing, lines: SourceLines) -> Part:
    language = language_named(listing.info) or ""
    code = textwrap.dedent(lines.text(listing.code_first, listing.code_last))
    if language == "python":
        code = "\n".join(_without_magic(row) for row in code.split("\n"))
    before, after = listing.code_first - listing.first, listing.last - listing.code_last
    text = "\n" * before + code + "\n" * after
    return Part(listing.first, listing.last, language, text, must_define=True)


def _without_magic(row: str) -> str:
    """A row of IPython as Python: what its shell reads (`!pip`, `%matplotlib`) does nothing."""
    magic = _MAGIC.match(row[:_START_MAX])
    return f"{magic[1]}pass" if magic is not None else row
