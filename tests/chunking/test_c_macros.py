"""What C and C++ define keeps its name and lines, whatever macros stand around it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from lumen_hooks.chunking.chunker import chunk_file
from lumen_hooks.chunking.lines import SourceLines
from lumen_hooks.chunking.syntax.c_macros import readable
from lumen_hooks.chunking.syntax.definitions import parse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lumen_hooks.chunking.definition import Definition

AFTER = "int after(void) { return 1; }\n"

# What stands in a file, and what of it is defined: kind, name, first line, last line.
CASES = {
    "a class with its export macro": (
        "cpp",
        "class LIB_API Foo {\n public:\n  void f() { x(); }\n};\n",
        ["class Foo 1 4", "method Foo.f 3 3"],
    ),
    "and a base": (
        "cpp",
        "struct EXPORT Bar final : public Base<int> {\n  int x;\n};\n",
        ["struct Bar 1 3"],
    ),
    "with arguments": ("cpp", 'class DEPRECATED("x") Foo {\n};\n', ["class Foo 1 2"]),
    "behind the name": ("cpp", "class Foo FINAL : public Base {\n};\n", ["class Foo 1 2"]),
    "enum and union": (
        "cpp",
        "enum class LIB_API Color { red };\nunion LIB_API U { int x; };\n",
        ["enum Color 1 1", "struct U 2 2"],
    ),
    "a packed struct": ("c", "struct __packed foo {\n  int x;\n};\n", ["struct foo 1 3"]),
    "a namespace": (
        "cpp",
        "namespace a API {\nint f() { return 1; }\n}\n",
        ["module a 1 3", "function a.f 2 2"],
    ),
    "a system call": (
        "c",
        "SYSCALL_DEFINE3(read, unsigned int, fd,\n\tchar __user *, buf)\n{\n\treturn 1;\n}\n",
        ["function sys_read 1 5"],
    ),
    "a 32-bit one": (
        "c",
        "COMPAT_SYSCALL_DEFINE1(time, int *, tloc)\n{\n}\n",
        ["function compat_sys_time 1 3"],
    ),
    "tests": (
        "cpp",
        "TEST(Suite, Name) {\n  f();\n}\nTEST_F(Fix, Does)\n{\n}\n",
        ["function Suite.Name 1 3", "function Fix.Does 4 6"],
    ),
    "tests in a namespace": (
        "cpp",
        "namespace a {\n  TEST(Suite, Name) {\n  }\n}\n",
        ["module a 1 4", "function a.Suite.Name 2 3"],
    ),
    "a test in C": ("c", "TEST(Suite, Name) {\n  f();\n}\n", ["function Suite.Name 1 3"]),
    "tests named by a sentence": (
        "cpp",
        'TEST_CASE("sizes, checked", "[vector]") {\n  SECTION("x") {\n  }\n}\nSCENARIO("b") {\n}\n',
        ["function sizes checked 1 4", "function sizes checked.x 2 3", "function b 5 6"],
    ),
    "one name": (
        "cpp",
        "BOOST_AUTO_TEST_CASE(one) {\n}\nBENCHMARK(fast, n) {\n}\nPHP_FUNCTION(len)\n{\n}\n",
        ["function one 1 2", "function fast 3 4", "function len 5 7"],
    ),
    "with parameters behind": (
        "cpp",
        "BENCHMARK_DEFINE_F(Fix, Name)(benchmark::State& state) {\n}\n",
        ["function Fix.Name 1 2"],
    ),
    "no body": (
        "c",
        "static DEFINE_MUTEX(lock);\nTRACE_EVENT(sched,\n\tPROTO(int x),\n\tASSIGN(a = 1;)\n);\n",
        ["constant lock 1 1", "constant sched 2 5"],
    ),
    "a type before its name": (
        "c",
        "DEFINE_PER_CPU(int, count);\nstatic DEFINE_PER_CPU_ALIGNED(struct a, one);\n",
        ["constant count 1 1", "constant one 2 2"],
    ),
    "lines that are a macro": (
        "cpp",
        "NS_BEGIN\n\nclass A : B {\nQ_OBJECT\n Q_PROPERTY(int x READ x)\n int f() {}\n};\nNS_END\n",
        ["class A 3 7", "method A.f 6 6"],
    ),
    "in front of functions": (
        "cpp",
        "LIB_API int a() {\n}\nAPI INLINE std::vector<int> b() {\n}\nstatic ALWAYS int* c() {\n}\n",
        ["function a 1 2", "function b 3 4", "function c 5 6"],
    ),
    "between type and name": (
        "cpp",
        "BOOL WINAPI a(int x) {\n}\nstatic int CDECL b(int x) {\n}\nstatic FOO c(int x) {\n}\n",
        ["function a 1 2", "function b 3 4", "function c 5 6"],
    ),
    "behind the parameters": (
        "cpp",
        "int a() NOEXCEPT {\n}\nbool Foo::b() const LOCKS_EXCLUDED(mu_) {\n}\nint c(int x) PURE;\n",
        ["function a 1 2", "function Foo.b 3 4", "function c 5 5"],
    ),
    "the return type as a macro": (
        "c",
        "GLOBAL(void)\na(int x)\n{\n}\nVALUE\nb(int x)\n{\n}\nSTATIC\nint c(void)\n{\n}\n",
        ["function a 1 4", "function b 5 8", "function c 10 12"],
    ),
    "of the kernel": (
        "c",
        "static noinline int __init foo(void)\n{\n\treturn 0;\n}\nEXPORT_SYMBOL(foo);\n",
        ["function foo 1 4"],
    ),
    "warnings switched off in a function": (
        "cpp",
        'void f() {\n  PUSH_WARNING\n  WARNING("x")\n  if (a) {\n  }\n  POP_WARNING\n}\n',
        ["function f 1 7"],
    ),
    "a macro's own definition": (
        "c",
        "#define MASK \\\n\tBITS(a, b)\n\n#define OTHER 1\n",
        ["constant MASK 1 2", "constant OTHER 4 4"],
    ),
    "loops are no definitions": (
        "c",
        "void f(void) {\n\tLIST_FOREACH(a, b) {\n\t}\n\tTEST(a, b) {\n\t}\n}\n",
        ["function f 1 6"],
    ),
    "a brace that is never closed": (
        "c",
        "int f(void)\n{\n\tif (x) {\n}\n\nint g(void)\n{\n}\n",
        ["function f 1 5", "function g 6 8"],
    ),
}


def defined(language: str, text: str) -> list[str]:
    def below(definition: Definition, within: str) -> Iterator[str]:
        for one in definition.members:
            name = within + one.names[0]
            yield f"{one.kind} {name} {one.first + 1} {one.last + 1}"
            yield from below(one, name + ".")

    return list(below(parse(language, text, SourceLines(text)).top, ""))


@pytest.mark.parametrize("case", CASES)
def test_what_is_defined(case: str) -> None:
    language, text, expected = CASES[case]
    lines = text.count("\n") + 1
    assert defined(language, text + AFTER) == [*expected, f"function after {lines} {lines}"]


def test_text_lengths_and_line_breaks_stay() -> None:
    source = "".join(text for _, text, _ in CASES.values()).encode()
    changed = readable(source).source
    assert [len(line) for line in changed.split(b"\n")] == [len(one) for one in source.split(b"\n")]


def test_a_chunk_shows_the_text_and_not_what_the_parser_saw() -> None:
    _, text, _ = CASES["a system call"]
    (chunk,) = chunk_file("a.c", text).chunks
    assert (chunk.symbol, chunk.text) == ("sys_read", text.rstrip("\n"))
    long = "TEST(Suite, Name) {\n" + "  check(one, two, three);\n" * 200 + "}\n"
    parts = chunk_file("a.cc", long).chunks
    assert {(part.symbol, part.header) for part in parts[1:]} == {
        ("Suite.Name", "TEST(Suite, Name)")
    }


@pytest.mark.parametrize(
    "unit",
    [
        "A(",
        "FOO(\n",
        "class API ",
        "class A_B(",
        ") FOO",
        ")FOO(",
        "FOO FOO FOO\n",
        "int FOO f(",
        'FOO("',
        "FOO\n",
        "FOO(x)\n",
        "DEFINE_A(x",
        "struct A : ",
        "namespace a FOO",
        "\\\nFOO",
        "template<",
        "[[",
        "FOO::",
        "static ",
        "(((((",
        ")",
        "__a ",
    ],
)
def test_time_grows_with_the_text(unit: str) -> None:
    def seconds(size: int) -> float:
        source = (unit * (size // len(unit))).encode()
        began = time.thread_time()
        readable(source)
        return time.thread_time() - began

    # Quadratic time would be a hundred times as much for ten times the text.
    assert seconds(40_000) < 30 * max(seconds(4_000), 0.01)
