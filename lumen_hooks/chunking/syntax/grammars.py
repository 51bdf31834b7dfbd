"""The languages that are parsed: for each a grammar wheel and the queries that find definitions.

The queries (`queries/*.scm`) are ours rather than the grammars' tags queries, which look for
references too (most of their cost) and leave out comments, decorators, constants, receivers and
functions held by variables. They capture:

=========  =====================================================================================
a kind     one of KINDS: the whole definition
@unit      a module that is looked for by its name, as a class is (Elixir's)
@impl      what adds methods to a type that is defined elsewhere; a module of their scope
@table     a constant within a type, which counts where it is larger than what shares a chunk
@name      its name (a definition that declares several is matched once for each)
@text      instead of a name, a text that stands as it is: a test's, a route's
@verb      of a route, in front of that text: `get` of `GET /users`
@label     another word in front of it: `resources` of `resources users`
@scope     what the name belongs to where that is not the enclosing definition (Go's receiver)
@end       the sibling with which the definition ends (Dart keeps a body beside its signature)
@open      beside a kind: the node only opens the definition, which goes on to the next such node
@also      a definition that is held by this name too: that of the route in its decorator
@lead      a comment or attribute; it belongs to the definition on the line below it
@wrap      a node that only adds to the definition @inner in it (decorators, `export`, `template`)
=========  =====================================================================================

A new language is a row here and a query. Grammars are imported when the first file in their
language turns up, and kept.
"""

from __future__ import annotations

import functools
import importlib
import importlib.util
import os.path
import warnings
from importlib.machinery import PathFinder
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from types import ModuleType

    import tree_sitter

_QUERIES = os.path.join(os.path.dirname(__file__), "queries")


class Grammar(NamedTuple):
    """Where a language's grammar is and how its names are written.

    Attributes:
        module: the grammar's Python package.
        queries: files in `queries/`, joined.
        factory: the function in the package that returns the language.
        separator: between the parts of a qualified name in this language; becomes a dot.
        drop: left out of names (`exports.`).
        sigil: in front of a macro's name wherever it is used (Julia's `@`).
        joint: between the parts of a function's name that stand apart (Objective-C's selectors).
        nesting_max: a text nested deeper, by its indentation, is not parsed; 0 for no limit.
        macros: written with a preprocessor's macros, which are made readable first.
        documents: a file may hold several, each with a name of its own (YAML).
        data: keys and values rather than code; a syntax error there says nothing about the rest.
        extra: it comes with `lumen-hooks[languages]` alone.
    """

    module: str
    queries: tuple[str, ...]
    factory: str = "language"
    separator: str = ""
    drop: tuple[str, ...] = ()
    sigil: str = ""
    joint: str = ""
    nesting_max: int = 0
    macros: bool = False
    documents: bool = False
    data: bool = False
    extra: bool = False


_ECMASCRIPT_DROP = ("module.exports.", "exports.", "this.", "window.", "prototype.")

GRAMMARS = {
    "ada": Grammar("tree_sitter_ada", ("ada",)),
    "bash": Grammar("tree_sitter_bash", ("bash",)),
    "batch": Grammar("tree_sitter_batch", ("batch",), drop=(":",)),
    "c": Grammar("tree_sitter_c", ("c",), macros=True),
    "common-lisp": Grammar("tree_sitter_commonlisp", ("common_lisp",)),
    "cpp": Grammar("tree_sitter_cpp", ("c", "cpp"), separator="::", macros=True),
    "csharp": Grammar("tree_sitter_c_sharp", ("csharp",)),
    "css": Grammar("tree_sitter_css", ("css",)),
    "cuda": Grammar("tree_sitter_cpp", ("c", "cpp"), separator="::", macros=True),
    "dart": Grammar("tree_sitter_dart", ("dart",)),
    "dockerfile": Grammar("tree_sitter_containerfile", ("dockerfile",)),
    "elixir": Grammar("tree_sitter_elixir", ("elixir",)),
    "fortran": Grammar("tree_sitter_fortran", ("fortran",), extra=True),
    "glsl": Grammar("tree_sitter_glsl", ("c", "glsl"), macros=True),
    "go": Grammar("tree_sitter_go", ("go",)),
    "haskell": Grammar("tree_sitter_haskell", ("haskell",)),
    "html": Grammar("tree_sitter_html", ("html",)),
    "java": Grammar("tree_sitter_java", ("java",)),
    "javascript": Grammar(
        "tree_sitter_javascript", ("ecmascript", "javascript"), drop=_ECMASCRIPT_DROP
    ),
    "json": Grammar("tree_sitter_json", ("json",), data=True),
    "julia": Grammar("tree_sitter_julia", ("julia",), sigil="@", extra=True),
    "kotlin": Grammar("tree_sitter_kotlin", ("kotlin",)),
    "less": Grammar("tree_sitter_less", ("css", "less")),
    "lua": Grammar("tree_sitter_lua", ("lua",), separator=":"),
    "make": Grammar("tree_sitter_make", ("make",)),
    "matlab": Grammar("tree_sitter_matlab", ("matlab",), extra=True),
    "nix": Grammar("tree_sitter_nix", ("nix",)),
    "objective-c": Grammar("tree_sitter_objc", ("c", "objc"), joint=":", macros=True),
    "ocaml": Grammar("tree_sitter_ocaml", ("ocaml",), factory="language_ocaml", extra=True),
    "perl": Grammar("tree_sitter_perl", ("perl",), separator="::", extra=True),
    "php": Grammar("tree_sitter_php", ("php",), factory="language_php"),
    "powershell": Grammar(
        "tree_sitter_powershell", ("powershell",), drop=("global:", "script:", "private:", "local:")
    ),
    "puppet": Grammar("tree_sitter_puppet", ("puppet",), separator="::"),
    "python": Grammar("tree_sitter_python", ("python",)),
    "ruby": Grammar("tree_sitter_ruby", ("ruby",), separator="::", drop=("self.",)),
    "rust": Grammar("tree_sitter_rust", ("rust",), separator="::"),
    "scala": Grammar("tree_sitter_scala", ("scala",)),
    "scss": Grammar("tree_sitter_scss", ("css", "scss")),
    "solidity": Grammar("tree_sitter_solidity", ("solidity",)),
    "sql": Grammar("tree_sitter_sql", ("sql",), extra=True),
    "starlark": Grammar("tree_sitter_python", ("python",)),
    "swift": Grammar("tree_sitter_swift", ("swift",)),
    "systemverilog": Grammar("tree_sitter_systemverilog", ("systemverilog",), extra=True),
    "terraform": Grammar("tree_sitter_hcl", ("hcl",)),
    "toml": Grammar("tree_sitter_toml", ("toml",), data=True),
    "tsx": Grammar(
        "tree_sitter_typescript",
        ("ecmascript", "typescript"),
        factory="language_tsx",
        drop=_ECMASCRIPT_DROP,
    ),
    "typescript": Grammar(
        "tree_sitter_typescript",
        ("ecmascript", "typescript"),
        factory="language_typescript",
        drop=_ECMASCRIPT_DROP,
    ),
    "verilog": Grammar("tree_sitter_systemverilog", ("systemverilog",), extra=True),
    "vhdl": Grammar("tree_sitter_vhdl", ("vhdl",), extra=True),
    "wgsl": Grammar("tree_sitter_wgsl_bevy", ("wgsl",)),
    # Deeper than 256 levels its scanner crashes (see nesting.py, which counts half of them).
    "yaml": Grammar("tree_sitter_yaml", ("yaml",), nesting_max=100, documents=True, data=True),
    "zig": Grammar("tree_sitter_zig", ("zig",)),
}


def parser_and_query(language: str) -> tuple[tree_sitter.Parser, tree_sitter.Query]:
    """A parser of a language, and its query for definitions.

    The parser is the caller's own: while it calls back, another thread may run, and must not
    find the same parser in the middle of a text.

    Raises:
        KeyError: the language has no grammar.
        ImportError: the grammar is not installed.
    """
    import tree_sitter  # here, so that the table above is to be had without a parser

    loaded, query = language_and_query(language)
    return tree_sitter.Parser(loaded), query


@functools.cache
def language_and_query(language: str) -> tuple[tree_sitter.Language, tree_sitter.Query]:
    """Load a grammar (once per process)."""
    import tree_sitter

    grammar = GRAMMARS[language]
    factory = getattr(_binding(grammar.module), grammar.factory)
    with warnings.catch_warnings():
        # Wheels made before 2025 return a number, which the binding still takes, and says so.
        warnings.simplefilter("ignore", DeprecationWarning)
        loaded = tree_sitter.Language(factory())
    return loaded, tree_sitter.Query(loaded, _query_text(grammar))


def _binding(package: str) -> ModuleType:
    """A grammar's compiled module, without its package.

    What the package's own code does is to offer query files, for which it imports
    importlib.resources: that takes longer than the grammar.
    """
    spec = PathFinder.find_spec(package)
    places = spec.submodule_search_locations if spec is not None else None
    inner = PathFinder.find_spec(f"{package}._binding", places) if places else None
    if inner is None or inner.loader is None:
        return importlib.import_module(package)
    module = importlib.util.module_from_spec(inner)
    inner.loader.exec_module(module)
    return module


def _query_text(grammar: Grammar) -> str:
    texts = []
    for name in grammar.queries:
        with open(os.path.join(_QUERIES, f"{name}.scm"), encoding="utf-8") as file:
            texts.append(file.read())
    return "\n".join(texts)
