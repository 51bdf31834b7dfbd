"""A snippet shows what its file says now, or is not shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from lumen_hooks.chunking.chunker import chunk_file
from lumen_hooks.embedding.text import embedded_text, embedding_key
from lumen_hooks.excerpts import relocate as anchor
from lumen_hooks.excerpts.excerpt import excerpt
from lumen_hooks.excerpts.relocate import results_now
from lumen_hooks.files.content import blob_id
from lumen_hooks.search.results import Hit, Part
from tests.support.sources import python_function, python_module

if TYPE_CHECKING:
    from pathlib import Path

    from lumen_hooks.search.results import SearchResult

BEFORE = python_module("alpha", "beta", "gamma")


def hits_of(text: str, path: str = "a.py", length: int = 20) -> list[Hit]:
    """A hit for each chunk of a file that was indexed with this text."""
    content = blob_id(text.encode(), length)
    found = chunk_file(path, text)
    return [
        Hit(
            chunk_id=number,
            path=path,
            start_line=chunk.start_line,
            end_line=chunk.end_line,
            symbol=chunk.symbol,
            kind=chunk.kind,
            language=found.language,
            score=1 / (number + 1),
            content=content,
            key=embedding_key(embedded_text(chunk.symbol, chunk.header, chunk.text)),
        )
        for number, chunk in enumerate(found.chunks)
    ]


def shown(top: Path, text: str, hits: list[Hit]) -> list[SearchResult]:
    """What is shown of these hits when their file holds this text; snippets are checked."""
    (top / "a.py").write_text(text)
    results = results_now(str(top), hits)
    for result in results:
        lines = text.split("\n")[result.start_line - 1 : result.end_line]
        assert result.snippet == "\n".join(lines)
    return list(results)


def test_a_definition_asked_for_by_its_name_is_shown_from_its_beginning(tmp_path: Path) -> None:
    text = "def pay(total):\n" + "".join(f"    total = add(total, {n})\n" for n in range(300))
    (tmp_path / "a.py").write_text(text)
    parts = (Part(200, 230, b"", 0.9), Part(100, 130, b"", 0.8))
    content = blob_id(text.encode(), 20)
    hit = Hit(1, "a.py", 1, 301, "Shop.pay", "method", "python", 0.9, content, parts=parts)

    def lines(question: str) -> tuple[tuple[int, int], ...]:
        (result,) = results_now(str(tmp_path), [hit], question)
        return excerpt(result, 10).lines

    assert lines("pay") == lines("Shop.pay") == lines("Shop::pay") == ((1, 10),)
    assert lines("pays")[0] == (1, 1)
    assert lines("pays")[1][0] > 190


def test_an_unchanged_file_keeps_its_lines(tmp_path: Path) -> None:
    hits = hits_of(BEFORE)
    results = shown(tmp_path, BEFORE, hits)
    assert [(r.start_line, r.end_line, r.score) for r in results] == [
        (hit.start_line, hit.end_line, hit.score) for hit in hits
    ]


@pytest.mark.parametrize("length", [20, 32])
def test_an_unchanged_file_is_not_cut_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, length: int
) -> None:
    monkeypatch.setattr(anchor, "MAX_RECHUNKED_CHARACTERS", 0)
    assert len(shown(tmp_path, BEFORE, hits_of(BEFORE, length=length))) == 3


def test_what_moved_is_found_by_its_text(tmp_path: Path) -> None:
    hits = hits_of(BEFORE)[1:]
    after = "import time\n\n\n" + python_function("inserted") + "\n\n" + BEFORE[13:]
    results = shown(tmp_path, after, hits)
    assert [r.symbol for r in results] == ["beta", "gamma"]
    assert all(r.snippet.startswith(f"def {r.symbol}(") for r in results)
    assert results[0].start_line != hits[0].start_line


def test_what_was_edited_is_found_by_its_name(tmp_path: Path) -> None:
    after = "import os\n\n\n" + BEFORE.replace("gamma gives up", "gamma goes on")
    results = shown(tmp_path, after, hits_of(BEFORE))
    assert [r.symbol for r in results] == ["alpha", "beta", "gamma"]
    assert "gamma goes on" in results[2].snippet


def test_what_is_gone_is_not_shown(tmp_path: Path) -> None:
    results = shown(tmp_path, python_module("alpha", "delta"), hits_of(BEFORE))
    assert [r.symbol for r in results] == ["alpha"]


def test_the_nearest_of_several_of_one_name(tmp_path: Path) -> None:
    twice = python_module("twin", "other", "twin")
    first, _, second = hits_of(twice)
    after = twice.replace("twin gives up", "twin goes on")
    assert [r.start_line for r in shown(tmp_path, after, [second, first])] == [
        second.start_line,
        first.start_line,
    ]


def test_two_hits_that_come_to_overlap_are_shown_once(tmp_path: Path) -> None:
    twice = python_module("twin", "other", "twin")
    first, _, second = hits_of(twice)
    after = python_module("other", "twin").replace("twin gives up", "twin goes on")
    (result,) = shown(tmp_path, after, [first, second])
    assert result.score == first.score


def test_a_definition_in_parts_is_one_place(tmp_path: Path) -> None:
    body = "".join(f"    total_{n} = compute_{n}(request, {n})\n" for n in range(120))
    before = f"def large(request):\n{body}    return total_0\n"
    parts = hits_of(before)
    assert len(parts) > 2
    after = "import os\n\n\n" + python_function("first") + "\n\n" + before
    (result,) = shown(tmp_path, after, [parts[1]])
    assert result.snippet == before.rstrip("\n")


def test_text_without_a_name_is_found_by_its_words_or_not_at_all(tmp_path: Path) -> None:
    words = "\n".join(f"line {n} of some notes about herons" for n in range(5)) + "\n"
    (tmp_path / "notes.txt").write_text(words)
    hits = hits_of(words, "notes.txt")
    assert len(results_now(str(tmp_path), hits)) == 1
    (tmp_path / "notes.txt").write_text(words.replace("herons", "cranes"))
    assert results_now(str(tmp_path), hits) == ()


@pytest.mark.parametrize("data", [None, b"", b"\0\1\2", b"\n\n"])
def test_a_file_that_holds_no_text_any_more(tmp_path: Path, data: bytes | None) -> None:
    if data is not None:
        (tmp_path / "a.py").write_bytes(data)
    assert results_now(str(tmp_path), hits_of(BEFORE)) == ()


def test_the_order_is_kept_across_files(tmp_path: Path) -> None:
    other = BEFORE.replace("gives up", "goes on")
    (tmp_path / "b.py").write_text(other)
    (tmp_path / "a.py").write_text(BEFORE)
    one, two = hits_of(BEFORE, "a.py"), hits_of(other, "b.py")
    mixed = [two[0], one[0], two[1], one[2]]
    results = results_now(str(tmp_path), mixed)
    assert [(r.path, r.symbol) for r in results] == [(hit.path, hit.symbol) for hit in mixed]


def test_only_so_much_is_cut_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    after = "\n" + BEFORE
    monkeypatch.setattr(anchor, "MAX_RECHUNKED_CHARACTERS", len(after))
    for name in ("a.py", "b.py"):
        (tmp_path / name).write_text(after)
    hits = [hits_of(BEFORE, "a.py")[0], hits_of(BEFORE, "b.py")[0], hits_of(BEFORE, "a.py")[1]]
    assert {result.path for result in results_now(str(tmp_path), hits)} == {"a.py"}


def test_the_lines_in_focus_move_along(tmp_path: Path) -> None:
    """With the best part where its text is unchanged, else by the question's words."""
    rows = [f"    total_{n} = compute_{n}(request, {n})" for n in range(150)]
    rows[120] = "    # herons sleep at noon"
    before = "\n".join(["def large(request):", *rows]) + "\n"
    parts = [
        hit._replace(parts=(Part(hit.start_line, hit.end_line, hit.key, hit.score),))
        for hit in hits_of(before)
    ]
    (best,) = [hit for hit in parts if hit.start_line <= 122 <= hit.end_line]
    for after, line in ((before, 122), ("import os\n\n\n" + before, 125)):
        (tmp_path / "a.py").write_text(after)
        (result,) = results_now(str(tmp_path), [best], "when do herons sleep")
        assert result.focus[0] == line
        assert after.split("\n")[line - 1] == rows[120]
    (tmp_path / "a.py").write_text("\n" + before.replace("at noon", "at ten"))
    (result,) = results_now(str(tmp_path), [best], "when do herons sleep")
    assert (result.start_line, result.focus[0]) == (2, 123)


def test_a_copy_takes_the_place_of_what_is_gone(tmp_path: Path) -> None:
    for name in ("b.py", "c.py"):
        (tmp_path / name).write_text(BEFORE)
    first, *copies = (hits_of(BEFORE, name)[0] for name in ("a.py", "b.py", "c.py"))
    (result,) = results_now(str(tmp_path), [first._replace(copies=tuple(copies))])
    assert (result.path, result.copies) == ("b.py", (f"c.py:{first.start_line}",))
    (tmp_path / "c.py").write_text(f"# Changed.\n{BEFORE}")
    (result,) = results_now(str(tmp_path), [first._replace(copies=tuple(copies))])
    assert (result.path, result.copies) == ("b.py", ())


def test_a_notebook_is_shown_as_its_lines_stand(tmp_path: Path) -> None:
    cells = [
        f'{{"cell_type": "code", "source": [\n"def {name}():\\n",\n"    return \\"{name}\\""]}}'
        for name in ("alpha", "beta")
    ]
    before = '{"cells": [\n' + ",\n".join(cells) + "\n]}\n"
    after = before.replace("[\n", '[\n{"cell_type": "markdown", "source": ["words"]},\n', 1)
    for text in (before, after):
        (tmp_path / "a.ipynb").write_text(text)
        (result,) = results_now(str(tmp_path), hits_of(before, "a.ipynb"))
        lines = text.split("\n")[result.start_line - 1 : result.end_line]
        assert result.snippet == "\n".join(lines)
        assert '"def alpha():\\n",' in lines
        assert 'return \\"beta\\"' in lines[-1]
