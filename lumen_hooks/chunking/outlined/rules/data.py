"""Schemas, markup and templates, and files that consist of sections."""

from __future__ import annotations

from .rule import (
    C_LIKE,
    DOUBLE,
    HASH,
    PERCENT,
    Outline,
    Rule,
    Span,
    block,
    comment,
)

_HTML_COMMENT = block("<!--", "-->")
_SCRIPT = Span(r"<(?P<tag>script|style)\b[^>\n]*>", "</{0}", plain=True)
_HTML_RULES = (
    Rule("section", r"<(?P<word>[A-Za-z][\w:-]*)\b[^<>]*?\sid~=~[\"']?NAME", ends="tags"),
    Rule(
        "section",
        r"<(?P<word>header|footer|main|nav|aside|article|dialog|form)\b",
        ends="tags",
    ),
)
_HTML_NAME = r"[^\s\"'<>{}]+"
_JINJA_RULES = (
    Rule("macro", r"(?:[^{\n]|\{(?!%))*?\{%[-+~]?~(?P<word>macro|call|sub|snippet) NAME"),
    Rule("section", r"\{%[-+~]?~(?P<word>schema|javascript|stylesheet)~[-+~]?%\}"),
    Rule(
        "section",
        r"(?:[^{\n]|\{(?!%))*?\{%[-+~]?~(?P<word>block|section|slot|component|embed"
        r"|form|capture) [\"']?NAME(?![^%]*(?: with |=)[^%]*[-+~]?%\}$)",
    ),
)

_INI = Outline(
    (Rule("key", r"^\[(?P<name>[^\]\n]+)\]"),),
    (comment(r"^[ \t]*[#;]"),),
    ends="next",
    drop="",
)

_JINJA = Outline(
    (*_JINJA_RULES, *_HTML_RULES),
    (block("{#", "#}"), _HTML_COMMENT, _SCRIPT),
    ends="words",
    closes=r"\{%[-+~]?~end_?(\w+)",
    name=r"[^\s\"'<>{}(),%]+",
)

OUTLINES = {
    "erb": Outline(
        (
            Rule("section", r"<%[-=]?~content_for\(?~:?NAME", ends="indent"),
            *_HTML_RULES,
        ),
        (_HTML_COMMENT, block("<%#", "%>"), _SCRIPT),
        ends="indent",
        closing=r"~<%-?~(?:end|else|\})",
        name=_HTML_NAME,
    ),
    "graphql": Outline(
        (
            Rule("interface", r"(?:extend )?interface NAME"),
            Rule("struct", r"(?:extend )?(?:type|input) NAME"),
            Rule("enum", r"(?:extend )?enum NAME"),
            Rule("type", r"(?:extend )?(?:union|scalar) NAME", ends="indent"),
            Rule("type", r"directive (?P<name>@\w+)", ends="indent"),
            Rule("function", r"(?:query|mutation|subscription|fragment) NAME"),
            Rule("module", r"(?:extend )?(?P<name>schema)\b"),
        ),
        (block('"""', '"""'), HASH, DOUBLE),
        lines=True,
        closing=r"~\|",
    ),
    "handlebars": Outline(
        (
            Rule("macro", r"\{\{#~[*>]~(?:inline )?[\"']?NAME", ends="indent"),
            Rule("section", r"\{\{#~(?:block|content|layout\S*) [\"']?NAME", ends="indent"),
            *_HTML_RULES,
        ),
        (block("{{!--", "--}}"), _HTML_COMMENT, _SCRIPT),
        ends="indent",
        closing=r"~\{\{(?:/|else|\^)",
        name=_HTML_NAME,
    ),
    "html": Outline(
        (
            *_HTML_RULES,
            Rule("section", r"<h1\b[^>]*>(?:<[^>]*>)*(?P<name>[^<]+)", ends="next"),
            Rule("section", r"<h2\b[^>]*>(?:<[^>]*>)*(?P<name>[^<]+)", ends="next", level=2),
            Rule("section", r"<h3\b[^>]*>(?:<[^>]*>)*(?P<name>[^<]+)", ends="next", level=3),
        ),
        (_HTML_COMMENT, _SCRIPT),
        name=_HTML_NAME,
    ),
    "ini": _INI,
    "jinja": _JINJA,
    "latex": Outline(
        (
            Rule(
                "macro",
                r"\\(?:(?:re)?newcommand|providecommand|DeclareRobustCommand|DeclareMathOperator"
                r"|(?:New|Renew)DocumentCommand)\*?~\{?\\NAME",
            ),
            Rule("macro", r"\\(?:re)?newenvironment\*?~\{NAME"),
            Rule("macro", r"\\NewDocumentEnvironment~\{NAME"),
            Rule("macro", r"\\(?:long~)?[egx]?def~\\NAME"),
            Rule("macro", r"\\newtheorem\*?~\{NAME"),
        ),
        (Span(r"\\[\\%{}]"), PERCENT),
        lines=True,
        ends="statement",
        name=r"[A-Za-z@:_*]+",
    ),
    "liquid": _JINJA._replace(spans=(_HTML_COMMENT, _SCRIPT)),
    "proto": Outline(
        (
            Rule("struct", r"(?:export |local )?message NAME"),
            Rule("struct", r"(?:extend|(?:repeated |optional |required )?group) NAME"),
            Rule("enum", r"(?:export |local )?enum NAME"),
            Rule("interface", r"service NAME"),
            Rule("method", r"rpc NAME"),
        ),
        C_LIKE,
        name=r"\.?[A-Za-z_][\w.]*",
    ),
    "properties": _INI,
    "twig": _JINJA,
}
