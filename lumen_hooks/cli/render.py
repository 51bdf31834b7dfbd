"""Search results for people on a terminal, highlighted.

Nothing that they hold can steer the terminal (system/terminal). Knows results, and
neither indexes nor files.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from lumen_hooks.excerpts.excerpt import ends, left_out
from lumen_hooks.search.results import SharedResult
from lumen_hooks.system.terminal import MAX_LINE_CHARACTERS, escape_controls, one_line
from lumen_hooks.wording.plain import COPIES_NAMED
from lumen_hooks.wording.together import whereabouts

from .output import styled

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rich.console import Console
    from rich.syntax import Syntax

    from lumen_hooks.search.results import SearchResult

_THEME = "ansi_dark"
_TAB_COLUMNS = 4
_INDENT = "    "

_LEXERS = {
    "apex": "java",
    "aspx": "aspx-cs",
    "assembly": "gas",
    "astro": "html",
    "blade": "html+php",
    "cairo": "rust",
    "dotenv": "ini",
    "ejs": "html",
    "gdshader": "glsl",
    "gettext": "po",
    "go-template": "html",
    "gradle": "groovy",
    "hack": "php",
    "heex": "html",
    "java-server-pages": "jsp",
    "jupyter": "json",
    "just": "make",
    "lex": "c",
    "linker-script": "c",
    "metal": "cpp",
    "nextflow": "groovy",
    "opencl": "c",
    "openedge-abl": "abl",
    "processing": "java",
    "razor": "html",
    "robot": "robotframework",
    "roff": "groff",
    "rpm-spec": "spec",
    "shaderlab": "hlsl",
    "slang": "hlsl",
    "standard-ml": "sml",
    "svelte": "html",
    "vba": "vbnet",
    "vimscript": "vim",
    "vlang": "go",
    "webassembly": "wat",
    "yacc": "c",
}
"""Languages that Pygments knows by another name, or by one that looks much like them."""


def show(results: Iterable[SearchResult]) -> None:
    """Print results on standard output, which is a terminal."""
    from rich.console import Console

    render_terminal(results, Console(file=styled(sys.stdout)))


def render_terminal(results: Iterable[SearchResult], console: Console) -> None:
    """Print each result's location, symbol, kind and score, and what is shown of its code."""
    from rich.text import Text

    had_code = False
    for number, result in enumerate(results):
        if number and (result.snippet or had_code):
            console.print()
        had_code = bool(result.snippet)
        title = Text()
        title.append(f"{one_line(result.path)}:{result.start_line}", style="bold")
        if result.symbol:
            title.append(f"  {one_line(result.symbol)}", style="cyan")
        title.append(f"  {one_line(result.kind)}", style="dim")
        title.append(f"  {result.score:.2f}", style="green")
        console.print(title, soft_wrap=True)
        for note in _copies(result):
            console.print(Text(note, style="dim"), soft_wrap=True)
        for block in _blocks(result):
            shown = Text(f"{_INDENT}{block}", style="dim") if isinstance(block, str) else block
            console.print(shown)


def _copies(result: SearchResult) -> list[str]:
    """Lines that name other places of the same text, if there are any, and its worktrees."""
    lines = list(whereabouts(result)) if isinstance(result, SharedResult) else []
    if result.copies:
        named = ", ".join(one_line(place) for place in result.copies[:COPIES_NAMED])
        more = len(result.copies) - COPIES_NAMED
        lines.insert(0, f"same in {named}" + (f" and {more:,} more" if more > 0 else ""))
    return [f"{_INDENT}{line}" for line in lines]


def _blocks(result: SearchResult) -> Iterator[Syntax | str]:
    """The stretches that are shown, each with its own line numbers, and what is said between."""
    rows = escape_controls(result.snippet).split("\n")
    lines = result.lines or ((result.start_line, result.start_line + len(rows) - 1),)
    above, below = ends(result.start_line, result.end_line, result.lines)
    if above:
        yield above
    before = 0
    for first, last in lines:
        if before:
            yield left_out(before + 1, first - 1)
            rows = rows[1:]
        size = last - first + 1
        if any(rows[:size]):
            yield _code(result.language, rows[:size], first)
        rows = rows[size:]
        before = last
    if below:
        yield below


def _cut(line: str) -> str:
    return line if len(line) <= MAX_LINE_CHARACTERS else line[:MAX_LINE_CHARACTERS] + "…"


def _code(language: str, rows: list[str], first: int) -> Syntax:
    from rich.syntax import Syntax

    return Syntax(
        "\n".join(_cut(row) for row in rows),
        _LEXERS.get(language, language),
        theme=_THEME,
        line_numbers=True,
        start_line=first,
        tab_size=_TAB_COLUMNS,
        background_color="default",
        word_wrap=True,
    )
