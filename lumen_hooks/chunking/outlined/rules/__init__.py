"""How each language is read without a parser: the tables, by the family that ends alike.

A table is imported when the first file in one of its languages turns up.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .rule import Outline

_FAMILIES = {
    "braced": (
        "apex awk bicep capnp d glsl gradle groovy hlsl nix objective-c odin "
        "perl powershell prisma puppet r rescript solidity terraform thrift vala vlang wgsl "
        "zig"
    ),
    "data": ("erb graphql handlebars html ini jinja latex liquid properties proto twig"),
    "indented": (
        "crystal elm fish fsharp gdscript haskell julia just meson nim ocaml pug purescript sass"
    ),
    "lisps": "clojure common-lisp emacs-lisp fennel hy janet lfe racket scheme",
    "rarer": (
        "basic coffeescript cuda flatbuffers gdshader gherkin gleam haxe kconfig lean metal "
        "nushell opencl qml robot shaderlab slang smithy standard-ml structured-text typespec "
        "vba vbnet vbscript"
    ),
    "styles": "css less scss stylus",
    "worded": (
        "ada assembly cmake cobol dockerfile erlang fortran make matlab pascal prolog sql "
        "systemverilog tcl verilog vhdl vimscript"
    ),
}

OUTLINED = {
    language: family for family, languages in _FAMILIES.items() for language in languages.split()
}
"""Every language that is read so, and the table it stands in."""


def outline_of(language: str) -> Outline:
    """The rules of a language.

    Raises:
        KeyError: there are none.
    """
    family = importlib.import_module(f"{__name__}.{OUTLINED[language]}")
    rules: dict[str, Outline] = family.OUTLINES
    return rules[language]
