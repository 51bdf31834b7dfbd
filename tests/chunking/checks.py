"""What holds of the chunks of any text, and the names that texts of a language have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lumen_hooks.chunking.chunk import KINDS
from lumen_hooks.chunking.settings import HELD_MAX, WHOLE_MAX

if TYPE_CHECKING:
    from lumen_hooks.chunking.chunk import Chunk

EXTENSIONS = {
    "ada": "adb",
    "bash": "sh",
    "batch": "bat",
    "common-lisp": "lisp",
    "csharp": "cs",
    "cuda": "cu",
    "elixir": "ex",
    "fortran": "f90",
    "haskell": "hs",
    "javascript": "js",
    "julia": "jl",
    "kotlin": "kt",
    "make": "mk",
    "matlab": "matlab",
    "objective-c": "mm",
    "ocaml": "ml",
    "perl": "perl",
    "powershell": "ps1",
    "puppet": "epp",
    "python": "py",
    "ruby": "rb",
    "rust": "rs",
    "solidity": "sol",
    "starlark": "bzl",
    "systemverilog": "sv",
    "terraform": "tf",
    "typescript": "ts",
    "verilog": "vo",
    "vhdl": "vhd",
}


def assert_covers(text: str, chunks: tuple[Chunk, ...]) -> None:
    """Every line that is not blank is in one chunk, with its text; only a long line in several."""
    rows = text.split("\n")
    seen = [0] * (len(rows) + 1)
    previous = 0
    for chunk in chunks:
        assert chunk.start_line >= previous
        previous = chunk.start_line
        assert chunk.kind in KINDS
        assert 0 < len(chunk.text) <= WHOLE_MAX
        assert not chunk.text.isspace()
        assert bool(chunk.holds) == bool(chunk.symbol)
        assert len(chunk.holds) <= HELD_MAX
        for held in chunk.holds:
            assert held.kind in KINDS
            assert 1 <= held.start_line <= held.end_line <= len(rows)
            assert held.start_line <= chunk.end_line
            assert held.end_line >= chunk.start_line
        if len(rows[chunk.start_line - 1]) > WHOLE_MAX:
            assert chunk.start_line == chunk.end_line
            assert chunk.text in rows[chunk.start_line - 1]
            seen[chunk.start_line] = 1
            continue
        assert chunk.text == "\n".join(rows[chunk.start_line - 1 : chunk.end_line])
        for line in range(chunk.start_line, chunk.end_line + 1):
            seen[line] += 1
    for number, row in enumerate(rows, 1):
        assert seen[number] <= 1, f"line {number} is in several chunks"
        assert seen[number] == 1 or not row.strip(), f"line {number} is in no chunk"
