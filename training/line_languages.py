"""Languages without a grammar that pairs are taken from by their lines.

What a definition looks like at the start of its line, and what a comment looks like. A function's
name is in a group `name`; what is no function has its `kind` and is `named`.
"""

from __future__ import annotations

import re
from pathlib import PurePath
from typing import NamedTuple


class LineLanguage(NamedTuple):
    """How a language's definitions and comments look.

    Attributes:
        name: as the pairs name it.
        endings: of its files.
        definition: matches the start of a line that defines something, without its indentation.
        line: what begins a line that is a comment; empty for none.
        block: what begins and ends a comment of several lines; empty for none.
        indent_max: a definition that is indented further is local; -1 for no limit.
    """

    name: str
    endings: tuple[str, ...]
    definition: re.Pattern[str]
    line: str
    block: tuple[str, str] = ("", "")
    indent_max: int = -1


def _pattern(*forms: str) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{form})" for form in forms))


LANGUAGES = (
    LineLanguage(
        "haskell",
        ("hs", "lhs"),
        _pattern(
            r"(?P<kind>data|newtype|class(?:\s+[^=]*=>)?|type(?:\s+family)?)\s+(?P<named>[A-Z][\w']*)",
            r"(?P<name>[a-z_][\w']*)\s*::",
            r"(?P<name2>[a-z_][\w']*)\b[^=|]*=(?!=)",
        ),
        r"--+ ?[|^]?",
        (r"\{-\|?", r"-\}"),
        0,
    ),
    LineLanguage(
        "zig",
        ("zig",),
        _pattern(
            r"(?:pub\s+)?(?:export\s+|inline\s+|extern\s+(?:\"\w+\"\s+)?|noinline\s+)*fn\s+(?P<name>\w+)\s*\(",
            r"(?:pub\s+)?const\s+(?P<named>[A-Z]\w*)\s*=\s*(?:packed\s+|extern\s+)?"
            r"(?P<kind>struct|enum|union|opaque|error)\b",
        ),
        r"//[/!]?",
    ),
    LineLanguage(
        "sql",
        ("sql",),
        _pattern(
            r"(?i:create\s+(?:or\s+(?:replace|alter)\s+)?(?:temp(?:orary)?\s+|unlogged\s+"
            r"|materialized\s+|unique\s+|recursive\s+)*(?P<kind>function|procedure|proc|view|table|type"
            r"|trigger|aggregate|event\s+trigger|domain|schema)\s+(?:if\s+not\s+exists\s+)?"
            r"(?P<named>[\w.\[\]\"@]+))",
            r"\{%-?\s*(?:macro|test|materialization)\s+(?P<name>\w+)",
            r"(?i:alter\s+(?:procedure|function|view)\s+(?P<name2>[\w.\[\]\"@]+))",
        ),
        r"--+",
        (r"/\*+", r"\*/"),
    ),
    LineLanguage(
        "terraform",
        ("tf", "hcl"),
        _pattern(
            r"(?P<kind>resource|data)\s+\"(?P<of>[\w-]+)\"\s+\"(?P<named>[\w-]+)\"\s*\{",
            r"(?P<kind2>variable|output|module|provider)\s+\"(?P<name>[\w-]+)\"\s*\{",
        ),
        r"#+|//",
        (r"/\*+", r"\*/"),
    ),
    LineLanguage(
        "r",
        ("r",),
        _pattern(
            r"`?(?P<name>[\w.<\-]*[\w.])`?\s*(?:<-|=)\s*function\s*\(",
            r"(?P<named>[A-Z]\w*)\s*(?:<-|=)\s*(?:R6::)?(?P<kind>R6Class|setRefClass|ggproto)\s*\(",
        ),
        r"#+'?",
        indent_max=0,
    ),
    LineLanguage(
        "julia",
        ("jl",),
        _pattern(
            r"(?:@\w+\s+)*function\s+(?P<name>[\w.!]+)",
            r"(?:@\w+\s+)*macro\s+(?P<name2>\w+)",
            r"(?:mutable\s+|abstract\s+|primitive\s+)?(?P<kind>struct|type)\s+(?P<named>\w+)",
            r"(?P<name3>[\w.!]+)\([^=]*\)(?:::[\w{}.,]+)?\s*=(?!=)",
        ),
        r"#+",
        (r'"""', r'"""'),
    ),
    LineLanguage(
        "ocaml",
        ("ml",),
        _pattern(
            r"(?:let(?:%\w+)?(?:\s+rec|\s+inline|\[@\w+\])*|and|method!?|external)\s+"
            r"(?P<name>[a-z_][\w']*)",
            r"(?P<kind>module(?:\s+type)?|type(?:\s+nonrec)?|class|exception)\s+"
            r"(?:\([^)]*\)\s*|'\w+\s+|\+'\w+\s+)?(?P<named>[A-Za-z_][\w']*)",
        ),
        "",
        (r"\(\*+", r"\*+\)"),
        4,
    ),
    LineLanguage(
        "perl",
        ("pm", "pl"),
        _pattern(r"sub\s+(?P<name>\w+)", r"(?P<kind>package|class)\s+(?P<named>[\w:]+)"),
        r"#+",
        indent_max=0,
    ),
    LineLanguage(
        "objectivec",
        ("m", "mm"),
        _pattern(
            r"[-+]\s*\([^)]*\)\s*(?P<name>\w+)",
            r"@(?P<kind>implementation|protocol|interface)\s+(?P<named>\w+)",
            r"(?:static\s+)?(?:inline\s+)?[A-Za-z_][\w\s*]*?\b(?P<name2>[A-Z]\w{3,})\s*\([^;]*$",
        ),
        r"///?",
        (r"/\*+!?", r"\*/"),
    ),
)

BY_ENDING = {ending: language for language in LANGUAGES for ending in language.endings}

INTERFACES = {"mli": "ocaml", "h": "objectivec"}
"""Endings of files that document what another file defines."""


def language_by_ending(path: str) -> LineLanguage | None:
    """The language of a file that has no grammar, by the file's name."""
    return BY_ENDING.get(PurePath(path).suffix.lower().lstrip("."))
