from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from lumen_hooks.chunking import settings
from lumen_hooks.chunking.chunker import chunk_file
from lumen_hooks.chunking.settings import MERGE_MAX, TINY
from lumen_hooks.chunking.syntax import definitions
from lumen_hooks.chunking.syntax.grammars import GRAMMARS, Grammar, language_and_query
from lumen_hooks.chunking.syntax.nesting import nesting
from tests.chunking.checks import EXTENSIONS, assert_covers
from tests.support.helpers import first_rows

if TYPE_CHECKING:
    from lumen_hooks.chunking.chunk import Chunk, Held


def _python_function(name: str, size: int, indent: str = "") -> str:
    """Return a function of about `size` characters."""
    lines = [f"{indent}def {name}(first, second=None):"]
    number = 0
    while sum(map(len, lines)) < size - 40:
        number += 1
        lines.append(f"{indent}    {name}_{number} = first + {number} * second")
    return "\n".join([*lines, f"{indent}    return first", "", ""])


def _by_symbol(path: str, text: str) -> dict[str, list[Chunk]]:
    found: dict[str, list[Chunk]] = {}
    for chunk in chunk_file(path, text).chunks:
        found.setdefault(chunk.symbol, []).append(chunk)
    return found


def test_a_large_class_is_its_header_and_its_methods() -> None:
    text = (
        'import os\n\n\nclass Outer(Base):\n    """Doc."""\n\n    field = 1\n\n'
        + _python_function("first", 800, "    ")
        + "    @wrapped\n"
        + _python_function("second", 800, "    ")
    )
    chunks = chunk_file("a.py", text).chunks
    assert [(chunk.symbol, chunk.kind) for chunk in chunks] == [
        ("", "module"),
        ("Outer, Outer.first", "class"),
        ("Outer.second", "method"),
    ]
    assert chunks[2].text.startswith("    @wrapped\n    def second(")
    assert_covers(text, chunks)


def test_a_class_header_too_large_to_share_stands_alone() -> None:
    fields = "".join(f"    field_{number}: int = {number}\n" for number in range(25))
    text = f"class Outer:\n{fields}\n{_python_function('run', 900, '    ')}"
    found = _by_symbol("a.py", text)
    assert list(found) == ["Outer", "Outer.run"]
    assert found["Outer"][0].kind == "class"
    assert found["Outer"][0].text == f"class Outer:\n{fields}".rstrip()
    assert found["Outer.run"][0].kind == "method"


def test_a_small_class_is_one_chunk_and_names_its_methods() -> None:
    text = "class Small:\n    def a(self):\n        pass\n\n    def b(self):\n        pass\n"
    (chunk,) = chunk_file("a.py", text).chunks
    assert (chunk.symbol, chunk.kind) == ("Small, Small.a, Small.b", "class")
    assert (chunk.start_line, chunk.end_line) == (1, 6)


def holds(path: str, text: str) -> list[list[Held]]:
    return [list(chunk.holds) for chunk in chunk_file(path, text).chunks]


def test_a_chunk_holds_the_definitions_that_share_it() -> None:
    text = (
        "import os\n\nLIMIT = 3\n\n# About it.\nclass Small:\n    def a(self):\n        pass\n\n"
        "    def b(self):\n        pass\n\n\ndef last():\n    pass\n"
    )
    assert holds("a.py", text) == [
        [
            ("constant", "LIMIT", 3, 3),
            ("class", "Small", 5, 11),
            ("method", "Small.a", 7, 8),
            ("method", "Small.b", 10, 11),
            ("function", "last", 14, 15),
        ]
    ]


def test_a_large_class_holds_its_first_rows_and_the_rest_is_part_of_it() -> None:
    fields = "".join(f"    later_{number} = {number}\n" for number in range(60))
    method = _python_function("run", 1800, "    ")
    end = 2 + method.rstrip().count("\n")
    (header, run, rest) = holds("a.py", f"class Outer(Base):\n{method}{fields}")
    assert (header, run) == ([("class", "Outer", 1, 1)], [("method", "Outer.run", 2, end)])
    assert [held[:2] for held in rest] == [("class", "Outer")]


def test_a_part_holds_the_whole_that_it_is_a_part_of() -> None:
    text = f"X = 1\n\n\n{_python_function('large', 6000)}"
    last = text.rstrip().count("\n") + 1
    first, *parts = holds("a.py", text)
    assert first[0][:2] == ("constant", "X")
    assert len(parts) > 2
    assert parts == [[("function", "large", 4, last)]] * len(parts)


def test_sections_and_keys_that_share_a_chunk_are_held() -> None:
    assert holds("a.md", "# T\n\n## A\none\n\n## B\ntwo\n") == [
        [("section", "T > A", 1, 4), ("section", "T > B", 6, 7)]
    ]
    assert holds("a.toml", "[a]\nx = 1\n\n[b]\ny = 2\n") == [
        [("key", "a", 1, 2), ("key", "b", 4, 5)]
    ]
    assert holds("a.txt", "some words\n") == [[]]


def test_what_has_no_name_is_not_held() -> None:
    text = "# \n\nsome words\n\n#\n\nmore words\n\n## B\ntwo\n"
    assert all(held.name for holds_of_one in holds("a.md", text) for held in holds_of_one)


def test_what_is_held_is_bounded() -> None:
    many = "".join(f"f{number}(){{}} " for number in range(180))
    (held,) = holds("a.js", f"class A {{ {many} }}\n")
    assert len(held) == settings.HELD_MAX
    long = "".join(f"function {'n' * 99}{number}() {{}} " for number in range(15))
    names = [len(one.name) for one in holds("a.js", f"class {'N' * 90} {{ {long} }}\n")[0]]
    assert 1 < len(names) < 15
    assert sum(names) <= settings.HELD_NAMES_MAX


def test_fields_after_methods_belong_to_the_class_and_repeat_its_signature() -> None:
    fields = "".join(f"    later_{number} = {number}\n" for number in range(40))
    text = f"class Outer(Base):\n{_python_function('run', 900, '    ')}{fields}"
    chunks = chunk_file("a.py", text).chunks
    assert [(chunk.symbol, chunk.kind, chunk.header) for chunk in chunks] == [
        ("Outer, Outer.run", "class", ""),
        ("Outer", "class", "class Outer(Base):"),
    ]


def test_nested_functions_belong_to_the_function_around_them() -> None:
    text = _python_function("outer", 500) + "\n    def inner():\n        return 1\n"
    (chunk,) = chunk_file("a.py", text).chunks
    assert chunk.symbol == "outer"
    assert "def inner" in chunk.text


def test_a_closing_brace_stays_with_the_method_above_it() -> None:
    body = "".join(f"        total = total + {number};\n" for number in range(40))
    text = f"class A {{\n    int run(int total) {{\n{body}    }}\n}}\n"
    chunks = chunk_file("A.java", text).chunks
    assert chunks[-1].text.endswith("    }\n}")
    assert_covers(text, chunks)


def test_module_level_code_is_grouped_around_definitions() -> None:
    imports = "".join(f"from package_{number} import name_{number}\n" for number in range(20))
    text = imports + "\n" + _python_function("run", 500) + "\nLIMIT = 3\n"
    found = _by_symbol("a.py", text)
    assert found[""][0].kind == "module"
    assert found[""][0].text == imports.rstrip()
    assert [chunk.kind for chunk in found["run, LIMIT"]] == ["function"]


def test_a_constant_is_found_by_its_name() -> None:
    values = "".join(f"    'key_{number}': {number},\n" for number in range(40))
    text = f"TABLE = {{\n{values}}}\n\n\n" + _python_function("run", 700)
    chunks = chunk_file("a.py", text).chunks
    assert [(chunk.symbol, chunk.kind) for chunk in chunks] == [
        ("TABLE", "constant"),
        ("run", "function"),
    ]


def test_tiny_neighbours_share_chunks_and_names_are_few() -> None:
    text = "\n".join(_python_function(f"tiny_{number}", 110) for number in range(30))
    chunks = chunk_file("a.py", text).chunks
    assert 3 <= len(chunks) <= 8
    assert all(len(chunk.text) <= MERGE_MAX for chunk in chunks)
    assert all(2 <= len(chunk.symbol.split(", ")) <= settings.NAMES_MAX for chunk in chunks)
    assert_covers(text, chunks)


def test_one_more_tiny_function_leaves_the_groups_further_down_alone() -> None:
    text = "\n".join(_python_function(f"tiny_{number}", 150) for number in range(80))
    before = {chunk.text for chunk in chunk_file("a.py", text).chunks}
    longer = _python_function("new", 150) + "\n" + text
    after = {chunk.text for chunk in chunk_file("a.py", longer).chunks}
    assert len(before) >= 10
    assert len(after - before) <= 4


def test_large_neighbours_do_not_share() -> None:
    text = "\n".join(_python_function(f"large_{number}", TINY + 100) for number in range(5))
    assert [chunk.symbol for chunk in chunk_file("a.py", text).chunks] == [
        f"large_{number}" for number in range(5)
    ]


def test_an_oversize_function_is_split_between_statements_with_its_signature_repeated() -> None:
    statements = "".join(
        f"    total_{number} = compute(\n        first,\n        {number},\n    )\n"
        for number in range(100)
    )
    text = f"@decorated\ndef run(\n    first,\n    second=None,\n):\n    '''Doc.'''\n{statements}"
    chunks = chunk_file("a.py", text).chunks
    assert len(chunks) >= 3
    assert chunks[0].header == ""
    for chunk in chunks[1:]:
        assert chunk.header == "def run( first, second=None, ):"
        assert chunk.text.startswith("    total_")
        assert chunk.text.endswith("    )")
    assert {(chunk.symbol, chunk.kind) for chunk in chunks} == {("run", "function")}
    assert_covers(text, chunks)


@pytest.mark.parametrize(
    ("path", "opening", "statement", "closing"),
    [
        ("a.go", "func (s *S) Run(a int) error {", "\tcall({n})", "}"),
        ("a.js", "export const run = async (a) => {", "  call({n});", "};"),
        ("a.c", "static int run(int a,\n               int b)\n{", "    call({n});", "}"),
        ("a.rs", "pub fn run(a: u8) -> u8 {", "    call({n});", "}"),
        ("a.rb", "def run(a)", "  call({n})", "end"),
        ("a.sh", "run() {", "  call {n}", "}"),
        ("a.lua", "function M.run(a)", "  call({n})", "end"),
    ],
)
def test_signatures_are_repeated_in_every_language(
    path: str, opening: str, statement: str, closing: str
) -> None:
    body = "\n".join(statement.format(n=number * 1111111) for number in range(160))
    chunks = chunk_file(path, f"{opening}\n{body}\n{closing}\n").chunks
    assert len(chunks) >= 2
    assert chunks[0].header == ""
    signature = " ".join(opening.removesuffix("{").split())
    assert {chunk.header for chunk in chunks[1:]} == {signature}


def test_a_comment_stays_with_its_statement_when_a_function_is_split() -> None:
    statements = "".join(
        f"    # Explains number {number}.\n    total_{number} = compute(first, {number})\n"
        for number in range(120)
    )
    chunks = chunk_file("a.py", f"def run(first):\n{statements}").chunks
    assert len(chunks) >= 4
    assert all(chunk.text.startswith("    # Explains") for chunk in chunks[1:])


def test_constants_do_not_crowd_a_definition_out_of_the_symbol() -> None:
    imports = "".join(f"var part{number} = require('./part{number}');\n" for number in range(9))
    text = f"{imports}\nfunction isWhole(value) {{\n  return part0(value);\n}}\n"
    (chunk,) = chunk_file("a.js", text).chunks
    names = chunk.symbol.split(", ")
    assert names == ["part0", "part1", "part2", "part3", "part4", "isWhole"]


def test_object_literals_are_opened() -> None:
    body = "".join(f"    log('a line of some length', {number});\n" for number in range(20))
    text = f"export const api = {{\n  get(a) {{\n{body}  }},\n  post: (b) => {{\n{body}  }},\n}};\n"
    found = _by_symbol("a.ts", text)
    assert list(found) == ["api, api.get", "api.post"]
    assert found["api.post"][0].kind == "method"


def test_definitions_that_share_a_line_share_a_chunk() -> None:
    text = "function a() { return 1 } function b() { return 2 }\nfunction c() {}\n"
    chunks = chunk_file("a.js", text).chunks
    assert [chunk.symbol for chunk in chunks] == ["a, b, c"]
    assert_covers(text, chunks)


def test_markdown_sections_have_their_path_of_headings() -> None:
    filler = "Some words that fill the section up. " * 20
    text = (
        f"Before.\n\n# Guide #\n\n## Install\n{filler}\n\nSetext two\n---\n{filler}\n"
        f"### Deep\n{filler}\n\nOther\n=====\n{filler}\n"
    )
    chunks = chunk_file("README.md", text).chunks
    assert [(chunk.symbol, chunk.start_line) for chunk in chunks] == [
        ("", 1),
        ("Guide > Install", 3),
        ("Guide > Setext two", 8),
        ("Guide > Setext two > Deep", 11),
        ("Other", 14),
    ]
    assert {chunk.kind for chunk in chunks} == {"section"}
    assert_covers(text, chunks)


def test_markdown_headings_in_fences_and_front_matter_are_none() -> None:
    filler = "Some words that fill the section up. " * 20
    text = (
        f"---\ntitle: x\n# comment\n---\n# Real\n{filler}\n"
        f"````sh\n# no\n```\n# no\n````\n\n~~~\n# no\n~~~\n{filler}\n"
        f"- item\n---\n    # code\n#nospace\n# Last\n{filler}\n"
    )
    symbols = [chunk.symbol for chunk in chunk_file("a.md", text).chunks]
    assert list(dict.fromkeys(symbols)) == ["", "Real", "Last"]


def test_a_large_markdown_section_repeats_its_heading() -> None:
    text = "# Top\n\n" + "\n\n".join(f"Paragraph {number}. " * 12 for number in range(40))
    chunks = chunk_file("a.md", text).chunks
    assert len(chunks) > 4
    assert {chunk.header for chunk in chunks[1:]} == {"# Top"}
    assert all(chunk.text.startswith("Paragraph") for chunk in chunks[1:])


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (
            "a.json",
            '{\n  "small": 1,\n  "big": {\n'
            + ",\n".join(
                f'    "part{part}": {{\n'
                + ",\n".join(f'      "key{n}": "some value here"' for n in range(20))
                + "\n    }"
                for part in range(4)
            )
            + "\n  }\n}\n",
        ),
        (
            "a.yaml",
            "small: 1\nbig:\n"
            + "".join(
                f"  part{part}:\n" + "".join(f"    key{n}: some value here\n" for n in range(25))
                for part in range(4)
            ),
        ),
        (
            "a.toml",
            "small = 1\n"
            + "".join(
                f"[big.part{part}]\n" + "".join(f'key{n} = "some value"\n' for n in range(25))
                for part in range(4)
            ),
        ),
    ],
)
def test_data_is_cut_at_its_keys_and_big_keys_further(path: str, text: str) -> None:
    result = chunk_file(path, text)
    symbols = [chunk.symbol for chunk in result.chunks]
    assert "small" in symbols[0]
    for part in range(4):
        assert f"big.part{part}" in ", ".join(symbols).split(", ")
    assert {chunk.kind for chunk in result.chunks} == {"key"}
    assert_covers(text, result.chunks)


def test_a_key_that_fits_a_chunk_is_named_alone() -> None:
    values = "".join(f"  key{number}: some value here\n" for number in range(28))
    text = f"first:\n{values}second:\n{values}"
    assert [chunk.symbol for chunk in chunk_file("a.yaml", text).chunks] == ["first", "second"]


def test_other_text_is_cut_after_blank_lines() -> None:
    text = "\n\n".join(f"paragraph {number}\n" + "words and words\n" * 12 for number in range(30))
    result = chunk_file("notes.txt", text)
    assert not result.parse_failed
    assert len(result.chunks) > 3
    assert all(chunk.text.startswith("paragraph") for chunk in result.chunks)
    assert {(chunk.kind, chunk.symbol) for chunk in result.chunks} == {("text", "")}
    assert_covers(text, result.chunks)


@pytest.mark.parametrize("text", ["", "\n", " \t\n\f\n", "\ufeff".strip("\ufeff") + "\r\n"])
def test_blank_files_have_no_chunks(text: str) -> None:
    for path in ("a.py", "a.md", "a.txt", "a.json"):
        assert chunk_file(path, text).chunks == ()


def test_definitions_are_found_in_spite_of_a_syntax_error() -> None:
    text = "def broken(:\n    pass\n\n" + _python_function("fine", 600) + "\nx = = 1\n"
    result = chunk_file("a.py", text)
    assert not result.parse_failed
    assert any("fine" in chunk.symbol for chunk in result.chunks)
    assert_covers(text, result.chunks)


def test_what_does_not_parse_at_all_is_cut_into_windows() -> None:
    text = "((( ]] this is { no python <<< at all\n" * 200
    result = chunk_file("a.py", text)
    assert result.parse_failed
    assert result.language == "python"
    assert {chunk.kind for chunk in result.chunks} == {"text"}
    assert_covers(text, result.chunks)


def test_a_parse_that_takes_too_long_is_abandoned(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "\n".join(_python_function(f"name_{number}", 500) for number in range(10))
    with monkeypatch.context() as patch:
        patch.setattr(definitions, "PARSE_SECONDS_MAX", 0.0)
        patch.setattr(definitions, "PARSE_SECONDS_PER_CHARACTER", 0.0)
        result = chunk_file("a.py", text)
        assert result.parse_failed
        assert_covers(text, result.chunks)
    # The same parser is good for the next file.
    assert not chunk_file("a.py", text).parse_failed


def test_minified_code_is_not_parsed() -> None:
    text = "function a(){return 1}" * 2000 + "\n"
    result = chunk_file("a.js", text)
    assert not result.parse_failed
    assert {(chunk.kind, chunk.symbol) for chunk in result.chunks} == {("text", "")}


@pytest.mark.parametrize("size", [20_000, 400_000])
def test_one_long_line_does_not_keep_a_file_from_being_parsed(size: int) -> None:
    functions = [f"def name_{number}():\n    return {number}\n\n" for number in range(10)]
    text = "".join([*functions[:5], f"DATA = '{'x9' * (size // 2)}'\n\n", *functions[5:]])
    result = chunk_file("a.py", text)
    assert not result.parse_failed
    symbols = {name for chunk in result.chunks for name in chunk.symbol.split(", ")}
    assert symbols >= {f"name_{number}" for number in (0, 4, 5, 9)} | {"DATA"}
    assert len(result.chunks) < 8  # nobody looks for what is encoded


def test_prose_and_code_on_one_line_are_kept_whole() -> None:
    text = "a word of a long paragraph. " * 1000 + "\n"
    assert "".join(chunk.text for chunk in chunk_file("a.txt", text).chunks) == text.rstrip("\n")


def test_a_lone_surrogate_does_not_keep_a_file_from_being_parsed() -> None:
    (chunk,) = chunk_file("a.py", "def f():\n    return '\ud800'\n").chunks
    assert (chunk.symbol, chunk.text[-3:]) == ("f", "'\ud800'")


def test_a_missing_grammar_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(GRAMMARS, "python", Grammar("tree_sitter_absent", ("python",)))
    language_and_query.cache_clear()
    try:
        found = chunk_file("a.py", "def f(): pass\n")
        assert (found.chunks[0].text, found.parse_failed) == ("def f(): pass", False)
    finally:
        language_and_query.cache_clear()


ODD_TEXTS = {
    "nul": "def f():\n    return '\0'\n\0\0\n" * 40,
    "form feed": "import a\n\f\ndef f():\n    pass\n\f\n" * 40,
    "carriage return": "class A:\r\n    def f(self):\r\n        pass\r\n\rx = 1\r" * 40,
    "other line separators": "a = 1\u2028b = 2\x85c = 3\x0bd = 4\n" * 40,
    "lone surrogate": "def \udc80name():\n    return '\ud800'\n" * 40,
    "byte order mark": "\ufeffclass A:\n    x = 1\n",
    "astral": "def f():\n    return '\U0001f600' * 3\n" * 40,
    "long line": "x = [" + "1, " * 350_000 + "]\n",
    "long lines among others": ("def f():\n    return '" + "a" * 5000 + "'\n\n") * 5,
    "blanks within a long line": "x" + " " * 6000 + "y\n",
    "only a long blank line": "x\n" + " " * 10_000 + "\ny\n",
    "blank desert": "a\n" + "\n" * 5000 + "b" * 1990 + "\n" + "\n" * 5000 + "c\n",
    "no line break at the end": "def f():\n    pass",
    "nested brackets": "[" * 10_000 + "]" * 10_000,
    "nested brackets on lines": "x = " + "[\n" * 3000 + "]\n" * 3000,
    "nested blocks": "".join(" " * level + "if x:\n" for level in range(300)),
    "nested sequences": "- " * 700 + "a\n",
    "nested keys": "".join(" " * level + "a:\n" for level in range(400)),
    "nested keys on lines of another kind": (
        "".join(" " * level + "a:\r" for level in range(400)) + "\n" * 3000
    ),
    "nested classes": "".join("  " * level + f"class C{level}:\n" for level in range(60)),
    "open string": '"""\n' + "text\n" * 1000,
    "heredocs": "cat <<A <<B <<C\n" * 50,
}


@pytest.mark.parametrize("name", sorted(ODD_TEXTS))
def test_odd_texts(name: str) -> None:
    text = ODD_TEXTS[name]
    for language in ("python", "typescript", "ruby", "bash", "yaml", "markdown", "json", "text"):
        path = f"a.{EXTENSIONS.get(language, language)}"
        assert_covers(text, chunk_file(path, text).chunks)


def test_yaml_is_parsed_to_a_good_depth() -> None:
    text = "".join("  " * level + "- a:\n" for level in range(50))
    assert nesting(text) == 100
    assert not chunk_file("a.yaml", text).parse_failed
    assert chunk_file("a.yaml", text + "  " * 50 + "- a: 1\n").parse_failed


@pytest.mark.parametrize("language", first_rows(sorted(GRAMMARS), 8))
def test_deep_nesting_is_survived_in_every_language(language: str) -> None:
    path = f"a.{EXTENSIONS.get(language, language)}"
    for text in ("{\n" * 2500 + "}\n" * 2500, "(" * 10_000, "- " * 400, "if a:\n" * 400):
        assert_covers(text, chunk_file(path, text).chunks)


def test_an_unusual_name_does_not_grow_without_bounds() -> None:
    text = f"exports['{'k' * 3000}'] = function () {{}};\nfunction f() {{}}\n"
    assert all(len(chunk.symbol) < 500 for chunk in chunk_file("a.js", text).chunks)


def test_languages_without_a_grammar_load_no_parser() -> None:
    program = (
        "import sys\n"
        "from lumen_hooks.chunking.chunker import chunk_file\n"
        "from lumen_hooks.chunking.settings import CHUNKER_SETTINGS\n"
        "assert chunk_file('a.md', '# A\\ntext\\n').chunks\n"
        "assert 'tree_sitter' not in sys.modules\n"
        "assert chunk_file('a.py', 'def f(): pass\\n').chunks\n"
        "assert 'tree_sitter' in sys.modules\n"
        "from lumen_hooks.chunking.syntax.grammars import language_and_query\n"
        "assert language_and_query.cache_info().currsize == 1\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_settings_name_every_number_that_moves_a_chunk() -> None:
    numbers = [
        value for name, value in vars(settings).items() if name.isupper() and isinstance(value, int)
    ]
    assert len(numbers) >= 11
    assert all(str(value) in settings.CHUNKER_SETTINGS for value in numbers)
