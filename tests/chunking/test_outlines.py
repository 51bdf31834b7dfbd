"""What is found in languages without a parser: a text in each, with what is there to mislead."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lumen_hooks.chunking.chunk import KINDS, TIME
from lumen_hooks.chunking.chunker import chunk_file, cut_by_lines
from lumen_hooks.chunking.cutters import HEADED, MARKDOWN
from lumen_hooks.chunking.heading_styles import headings
from lumen_hooks.chunking.lines import SourceLines
from lumen_hooks.chunking.naming.languages import LANGUAGES
from lumen_hooks.chunking.outlined.outlines import outline
from lumen_hooks.chunking.outlined.rules import OUTLINED, outline_of
from tests.chunking.checks import assert_covers

if TYPE_CHECKING:
    from lumen_hooks.chunking.definition import Definition

FOLDER = Path(__file__).parent / "outline_samples"
"""`LANGUAGE.txt` or `LANGUAGE_VARIANT.txt`: a text, and below the mark what it defines."""

MARK = "\n%%%%\n"
SAMPLES = sorted(path.stem for path in FOLDER.glob("*.txt"))
SAME = {"emacs-lisp", "fennel", "hy", "janet", "lfe", "racket", "scheme"} | {
    "basic",
    "cuda",
    "gdshader",
    "metal",
    "opencl",
    "properties",
    "shaderlab",
    "slang",
    "stylus",
    "twig",
    "vba",
    "vbscript",
    "verilog",
}
"""They are read by the rules of another language."""


def sample(name: str) -> tuple[str, str, list[str]]:
    text, _, expected = (FOLDER / f"{name}.txt").read_text(encoding="utf-8").partition(MARK)
    return name.partition("_")[0], text, expected.splitlines()


def found(language: str, text: str) -> list[str]:
    return list(_lines(outline(language, text, SourceLines(text)), ""))


def _lines(container: Definition, scope: str) -> list[str]:
    lines = []
    for one in container.members:
        name = f"{scope}.{one.names[0]}" if scope else one.names[0]
        lines.append(f"{one.kind} {name} {one.first + 1}-{one.last + 1}")
        lines.extend(_lines(one, name))
    return lines


@pytest.mark.parametrize("name", SAMPLES)
def test_what_is_defined(name: str) -> None:
    language, text, expected = sample(name)
    assert found(language, text) == expected


@pytest.mark.parametrize("name", SAMPLES)
def test_line_breaks_of_windows_change_nothing(name: str) -> None:
    language, text, expected = sample(name)
    assert found(language, text.replace("\n", "\r\n")) == expected


@pytest.mark.parametrize("name", SAMPLES)
def test_a_byte_order_mark_and_a_last_line_break_change_nothing(name: str) -> None:
    language, text, expected = sample(name)
    assert found(language, f"\ufeff{text}\n") == expected


def test_every_language_has_a_name() -> None:
    assert set(OUTLINED) | HEADED <= set(LANGUAGES)


def test_every_language_has_a_sample() -> None:
    assert {sample(name)[0] for name in SAMPLES} == set(OUTLINED) - SAME


@pytest.mark.parametrize("language", sorted(OUTLINED))
def test_the_tables_say_what_can_be(language: str) -> None:
    rules = outline_of(language).rules
    assert {rule.kind for rule in rules} <= set(KINDS)
    assert all(rule.level >= 1 for rule in rules)
    assert found(language, "") == []


HEADINGS = {
    "rst": (
        """
=====
Shop
=====

Text that is long
enough.

Install
-------

::

    Fake
    ----

==== ====
a    b
==== ====

Linux
~~~~~
Short
-

Use
---
""",
        ["1 Shop 2", "2 Install 9", "3 Linux 21", "2 Use 26"],
    ),
    "asciidoc": (
        """= Shop
:toc:

== Install ==
----
== Fake
----
=== Linux
####### no
== Use
""",
        ["1 Shop 1", "2 Install 4", "3 Linux 8", "2 Use 10"],
    ),
    "org": (
        """#+TITLE: x
* TODO [#A] Shop :tag:work:
** Install
#+BEGIN_SRC sh
* Fake
#+end_src
*bold* text
* Use
""",
        ["1 Shop 2", "2 Install 3", "1 Use 8"],
    ),
    "latex": (
        r"""\documentclass{article}
% \section{Fake}
\section[short]{The \emph{Shop}}
\begin{verbatim}
\section{Fake}
\end{verbatim}
  \subsection*{Install} text
\section{Use}
""",
        [r"3 The \emph{Shop} 3", "4 Install 7", "3 Use 8"],
    ),
}


@pytest.mark.parametrize("language", sorted(HEADED - {MARKDOWN}))
@pytest.mark.parametrize("line_break", ["\n", "\r\n"])
def test_headings(language: str, line_break: str) -> None:
    text, expected = HEADINGS[language]
    lines = SourceLines(text.replace("\n", line_break))
    told = [f"{one.level} {one.title} {one.row + 1}" for one in headings(language, lines)]
    assert told == expected


@settings(
    max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
@given(
    name=st.sampled_from(SAMPLES),
    start=st.floats(0, 1),
    length=st.floats(0, 1),
    patch=st.sampled_from(["{", "}", "(", "\n", '"', "'", "`", "/*", "end\n", "\0", "é", "\ud800"]),
    place=st.floats(0, 1),
)
def test_every_line_is_in_one_chunk_whatever_the_text(
    name: str, start: float, length: float, patch: str, place: float
) -> None:
    language, text, _ = sample(name)
    text *= 3
    first = int(start * len(text))
    text = text[first : first + int(length * len(text)) + 1]
    at = int(place * len(text))
    text = text[:at] + patch + text[at:]
    found = cut_by_lines("a", text, language, abandoned=TIME)
    assert_covers(text, found.chunks)
    assert found == cut_by_lines("a", text, language, abandoned=TIME)


def crystal(name: str, rows: int) -> str:
    body = "".join(f"    total_{row} = price * {row}\n" for row in range(rows))
    return f"  def {name}(price)\n{body}  end\n"


def test_a_class_is_cut_at_its_methods_and_a_long_one_repeats_its_first_line() -> None:
    text = f"class Cart < Base\n{crystal('add', 55)}{crystal('drop', 100)}end\n"
    chunks = chunk_file("a.cr", text).chunks
    assert_covers(text, chunks)
    told = [(one.symbol, one.kind, one.header) for one in chunks]
    assert told[:3] == [
        ("Cart", "class", ""),
        ("Cart.add", "method", ""),
        ("Cart.drop", "method", ""),
    ]
    assert set(told[3:]) == {("Cart.drop", "method", "def drop(price)")}


def test_a_section_is_named_by_the_headings_above_it() -> None:
    words = "Words that say how it is done, and what to look out for.\n" * 12
    text = f"Shop\n====\n\n{words}\nInstall\n-------\n\n{words}"
    assert [one.symbol for one in chunk_file("a.rst", text).chunks] == ["Shop", "Shop > Install"]


@pytest.mark.parametrize("abandoned", ["", TIME])
def test_where_a_parser_gives_up_lines_still_tell(abandoned: str) -> None:
    """A text whose parser died is cut as one whose parser was not let go on."""
    text = "create table orders (\n" + "  note text,\n" * 60 + "  id int\n);\n"
    found = cut_by_lines("a.sql", text, abandoned=abandoned)
    assert [(one.symbol, one.kind) for one in found.chunks] == [("orders", "struct")]
    assert (found.parse_failed, found.abandoned) == (True, abandoned)


def test_a_text_that_only_defines_is_data() -> None:
    text = "a:\n" * 40_000
    assert found("assembly", text) == []
    assert found("assembly", text[:3000])[0] == "function a 1-1"
