"""Search results for people: highlighted on a terminal, grep-like in a pipe.

Nothing that they hold can steer the terminal (system/terminal). Knows results, and
neither indexes nor files.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from lumen_hooks.system.terminal import MAX_LINE_CHARACTERS, escape_controls, one_line

from .output import styled

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import Console
    from rich.syntax import Syntax

    from lumen_hooks.search.results import SearchResult

TERMINAL_SNIPPET_LINES = 12
"""Lines of each result that are shown on a terminal; a pipe gets all."""

_THEME = "ansi_dark"
_TAB_COLUMNS = 4
_INDENT = "    "

_LEXERS = {"svelte": "html"}
"""Languages that Pygments knows by another name."""


def show(results: Iterable[SearchResult]) -> None:
    """Print results on standard output, which is a terminal."""
    from rich.console import Console

    render_terminal(results, Console(file=styled(sys.stdout)))


def render_terminal(results: Iterable[SearchResult], console: Console) -> None:
    """Print each result's location, symbol, kind and score, and the first lines of its code."""
    from rich.text import Text

    for number, result in enumerate(results):
        if number:
            console.print()
        title = Text()
        title.append(f"{one_line(result.path)}:{result.start_line}", style="bold")
        if result.symbol:
            title.append(f"  {one_line(result.symbol)}", style="cyan")
        title.append(f"  {one_line(result.kind)}", style="dim")
        title.append(f"  {result.score:.2f}", style="green")
        console.print(title, soft_wrap=True)
        if result.snippet:
            console.print(_code(result))
            hidden = _line_count(result) - TERMINAL_SNIPPET_LINES
            if hidden > 0:
                more = f"{_INDENT}… {hidden:,} more line{'s' if hidden > 1 else ''}"
                console.print(Text(more, style="dim"))


def render_plain(results: Iterable[SearchResult]) -> str:
    """Results as text without colour, each ending with a line break; empty without results.

    One line `path:start-end  symbol  score` for each (`-` for no symbol), then its code, each
    line indented by four spaces, then an empty line between results.
    """
    blocks = []
    for result in results:
        location = f"{one_line(result.path)}:{result.start_line}-{result.end_line}"
        lines = [f"{location}  {one_line(result.symbol) or '-'}  {result.score:.3f}"]
        if result.snippet:
            code = escape_controls(result.snippet).split("\n")
            lines += [f"{_INDENT}{_cut(line)}".rstrip() for line in code]
        blocks.append("\n".join(lines) + "\n")
    return "\n".join(blocks)


def _cut(line: str) -> str:
    return line if len(line) <= MAX_LINE_CHARACTERS else line[:MAX_LINE_CHARACTERS] + "…"


def _line_count(result: SearchResult) -> int:
    return result.snippet.count("\n") + 1


def _code(result: SearchResult) -> Syntax:
    from rich.syntax import Syntax

    lines = escape_controls(result.snippet).split("\n")[:TERMINAL_SNIPPET_LINES]
    return Syntax(
        "\n".join(_cut(line) for line in lines),
        _LEXERS.get(result.language, result.language),
        theme=_THEME,
        line_numbers=True,
        start_line=result.start_line,
        tab_size=_TAB_COLUMNS,
        background_color="default",
    )
