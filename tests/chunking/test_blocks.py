"""Calls that define something (tests, routes, tasks), and functions within functions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from lumen_hooks.chunking.chunker import chunk_file
from lumen_hooks.chunking.lines import SourceLines
from lumen_hooks.chunking.syntax.definitions import parse

from .block_samples import BLOCKS
from .checks import assert_covers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lumen_hooks.chunking.definition import Definition

LINE = 'log("a line of some length that fills a body up")'


def _walk(members: list[Definition], within: str = "") -> Iterator[str]:
    for one in members:
        names = [within + name for name in one.names]
        yield f"{one.kind} {', '.join(names)}" + "".join(f" = {name}" for name in one.also)
        yield from _walk(one.members, f"{names[0]}.")


@pytest.mark.parametrize("what", BLOCKS)
def test_blocks_are_defined_by_their_text(what: str) -> None:
    language, text, expected = BLOCKS[what]
    found = list(_walk(parse(language, text, SourceLines(text)).top.members))
    assert [one for one in found if language != "yaml" or one.count(".") < 3] == expected


def function(name: str, lines: int, indent: str = "") -> str:
    body = "".join(f"{indent}    {LINE}\n" for _ in range(lines))
    return f"{indent}def {name}():\n{body}"


def held(path: str, text: str) -> list[tuple[str, list[tuple[str, int, int]]]]:
    chunks = chunk_file(path, text).chunks
    assert_covers(text, chunks)
    return [
        (chunk.symbol, [(one.name, one.start_line, one.end_line) for one in chunk.holds])
        for chunk in chunks
    ]


def test_a_function_that_fits_a_chunk_holds_those_in_it() -> None:
    text = f"{function('outer', 8)}{function('inner', 9, '    ')}"
    assert held("a.py", text) == [("outer", [("outer", 1, 19), ("outer.inner", 10, 19)])]


def test_large_functions_in_a_large_one_are_found_on_their_own() -> None:
    statements = f"    {LINE}\n" * 9
    text = (
        f"{function('outer', 12)}{function('first', 12, '    ')}{statements}"
        f"{function('tiny', 2, '    ')}{function('last', 12, '    ')}{statements}"
    )
    whole = ("outer", 1, 60)
    assert held("a.py", text) == [
        ("outer", [whole]),
        ("outer.first", [("outer.first", 14, 26)]),
        # Nothing is called by a small function among a large one's statements.
        ("outer", [whole, ("outer.tiny", 36, 38)]),
        ("outer.last", [("outer.last", 39, 51)]),
        ("outer", [whole]),
    ]


def test_a_signature_belongs_to_its_implementation() -> None:
    body = "".join(f"  {LINE};\n" for _ in range(9))
    text = (
        f"function before() {{\n{body}}}\n\nexport function add(a: string): void;\n"
        f"export function add(a: number): void;\nexport function add(a: any) {{\n{body}}}\n"
    )
    found = held("a.ts", text)
    assert [name for name, _ in found] == ["before", "add"]
    assert [one[0] for one in found[1][1]] == ["add"] * 3


def test_a_route_in_a_decorator_is_held_beside_its_function() -> None:
    text = f'@app.get("/users")\n{function("users", 3)}'
    assert held("a.py", text) == [("users", [("users", 1, 5), ("GET /users", 1, 5)])]


def test_only_large_constants_of_a_type_are_found_on_their_own() -> None:
    rows = "".join(
        f'        "a key of some length {n}": "a value of some length",\n' for n in range(9)
    )
    run = function("run", 9, "    ")
    text = f"class A:\n    small = {{1: 2}}\n    TABLE = {{\n{rows}    }}\n\n{run}"
    names = ", ".join(name for name, _ in held("a.py", text))
    assert "A.TABLE" in names
    assert "A.small" not in names


def test_kubernetes_documents_are_chunks_and_large_ones_are_cut_within() -> None:
    data = "".join(f"  key-{number}: a value of some length\n" for number in range(90))
    small = "kind: Service\nmetadata:\n  name: web\n" + data[:500].rpartition("\n")[0]
    text = f"{small}\n---\nkind: ConfigMap\nmetadata:\n  name: web\ndata:\n{data}"
    first, *rest = [name for name, _ in held("a.yaml", text)]
    assert first == "Service web"
    assert all(name.startswith("ConfigMap web.") for name in rest)
