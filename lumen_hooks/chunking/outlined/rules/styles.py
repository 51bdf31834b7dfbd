"""Style sheets with braces: every rule by its selector."""

from __future__ import annotations

from .rule import DOUBLE, SINGLE, SLASHES, STARRED, Outline, Rule

_AT_RULES = (
    r"(?P<name>@(?!media|supports|layer|container|scope|include|if|else|for|each"
    r"|while|at-root)[\w-]+[^{};]*?)~\{"
)
_SELECTOR = r"(?P<name>(?![\d.]+%|(?:from|to)~\{)[^\s{}@;,][^{};]*?)~\{"
_LEAD = r"~[^\s{}@;:][^{};]*,\s*$"

_CSS = Outline(
    (Rule("class", _AT_RULES), Rule("class", _SELECTOR)),
    (STARRED, DOUBLE, SINGLE),
    lead=_LEAD,
    drop="",
)
_SCSS = Outline(
    (
        Rule("macro", r"@mixin NAME"),
        Rule("function", r"@function NAME"),
        Rule("macro", r"(?P<name>[.#][\w-]+)~\([^{}]*\)[^;{}]*\{"),
        *_CSS.rules,
    ),
    (SLASHES, *_CSS.spans),
    name=r"[\w-]+",
    lead=_LEAD,
    drop="",
)

OUTLINES = {"css": _CSS, "less": _SCSS, "scss": _SCSS, "stylus": _SCSS}
