"""Several children that parse: what becomes of a text does not depend on how many there are."""

from __future__ import annotations

import os
import signal
import time

import pytest

from lumen_hooks.chunking import parser_process, process
from lumen_hooks.chunking.chunk import CRASH, TIME, UNTRIED, TooManyDeathsError
from lumen_hooks.chunking.chunker import chunk_file
from lumen_hooks.chunking.process import Chunker, Taken
from lumen_hooks.indexing.found_by import BESIDE, found_by, read_found_by
from tests.chunking.deaths import GUILTY, INNOCENT, children_started, dying, windows
from tests.support.sources import python_module
from tests.support.waiting import PATIENCE_SECONDS

TEXTS = [
    python_module(*(f"name_{number}_{one}" for one in range(number % 7))) for number in range(40)
]
CUT = [chunk_file("a.py", text) for text in TEXTS]


@pytest.fixture(autouse=True)
def spread(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another child is started as soon as the others have anything to do."""
    monkeypatch.setattr(process, "SPREAD_CHARACTERS", 0)


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The process ids of all children."""
    return children_started(monkeypatch)


@pytest.mark.parametrize("children", [1, 2, 4])
def test_answers_come_in_the_order_of_the_texts(children: int, started: list[int]) -> None:
    with Chunker(children=children, beside=BESIDE) as chunker:
        for text in TEXTS:
            chunker.put("a.py", text)
        taken = [chunker.take_made() for _ in TEXTS]
    assert [one.chunked for one in taken] == CUT
    for one in taken:
        expected = found_by("a.py", one.chunked)
        assert read_found_by(one.made, len(one.chunked.chunks)) == expected
    assert len(started) == children


def test_what_needs_no_parser_starts_none(started: list[int]) -> None:
    with Chunker(children=4) as chunker:
        chunker.put("a.txt", "no parser\n")
        chunker.put("empty.py", "")
        assert (chunker.take().language, chunker.take().chunks) == ("text", ())
    assert started == []


def test_little_work_starts_one_child(monkeypatch: pytest.MonkeyPatch, started: list[int]) -> None:
    monkeypatch.setattr(process, "SPREAD_CHARACTERS", sum(map(len, TEXTS)))
    with Chunker(children=4) as chunker:
        for text in TEXTS:
            chunker.put("a.py", text)
        assert [chunker.take() for _ in TEXTS] == CUT
    assert len(started) == 1


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("os.kill(os.getpid(), 9)", CRASH),
        ("os.kill(os.getpid(), 24)", TIME),
        ("os.write(4, b'nonsense' * 100); time.sleep(60)", CRASH),
    ],
)
def test_a_death_costs_its_text_alone(
    monkeypatch: pytest.MonkeyPatch, started: list[int], code: str, why: str
) -> None:
    dying(monkeypatch, code)
    order = [INNOCENT, *TEXTS[:4], GUILTY, *TEXTS[4:9], GUILTY + "\n", INNOCENT, *TEXTS[9:12]]
    with Chunker(children=3) as chunker:
        for text in order:
            chunker.put("a.py", text)
        for text in order:
            wanted = windows(text, why) if "die" in text else chunk_file("a.py", text)
            assert chunker.take() == wanted
        assert len(chunker._children) <= 3
    assert len(started) <= 3 + 2 * 2  # a death by anything but time is proven by a second one


@pytest.mark.parametrize("victim", [0, 1, 2])
def test_a_child_that_somebody_kills_costs_nothing(started: list[int], victim: int) -> None:
    with Chunker(children=3) as chunker:
        for text in TEXTS[:20]:
            chunker.put("a.py", text)
        first = [chunker.take() for _ in range(3)]
        for child in chunker._children:  # each has answered, so that none of its texts is blamed
            while child.answered == 0:
                chunker._move(time.monotonic() + PATIENCE_SECONDS)
        os.kill(started[victim], signal.SIGKILL)
        for text in TEXTS[20:]:
            chunker.put("a.py", text)
        assert first + [chunker.take() for _ in TEXTS[3:]] == CUT


def test_one_that_is_stopped_while_others_go_on(
    monkeypatch: pytest.MonkeyPatch, started: list[int]
) -> None:
    dying(monkeypatch, "os.kill(os.getpid(), 19)")
    with Chunker(children=3, patience=lambda: 2.0) as chunker:
        order = [*TEXTS[:6], GUILTY, *TEXTS[6:30]]
        for text in order:
            chunker.put("a.py", text)
        for text in order:
            wanted = windows(text, UNTRIED) if text == GUILTY else chunk_file("a.py", text)
            assert chunker.take() == wanted
    assert len(started) == 4


def test_deaths_are_counted_over_all_children(monkeypatch: pytest.MonkeyPatch) -> None:
    dying(monkeypatch, "os.kill(os.getpid(), 24)")
    with Chunker(children=3, deaths_max=2) as chunker:
        for number in range(4):
            chunker.put(f"{number}.py", GUILTY)
        with pytest.raises(TooManyDeathsError):
            list(iter(chunker.take, None))


def test_what_is_made_beside_may_fail_for_want_of_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        parser_process,
        "_START",
        "import sys; sys.path[:] = sys.argv[1:]\n"
        "from lumen_hooks.chunking import child\n"
        "from lumen_hooks.indexing import found_by\n"
        "def fail(path, chunked): raise MemoryError\n"
        "found_by.found_by = fail\n"
        "child.serve()",
    )
    with Chunker(children=2, beside=BESIDE) as chunker:
        chunker.put("a.py", INNOCENT)
        assert chunker.take_made() == Taken(chunk_file("a.py", INNOCENT), None)


@pytest.mark.parametrize(
    "made",
    [
        None,
        1,
        "ab",
        {},
        [],
        [["a", "b"]] * 3,
        [["a", "b"], ["a"]],
        [["a", "b"], ["a", 1]],
        [[], []],
    ],
)
def test_what_a_child_should_not_say_is_not_taken(made: object) -> None:
    assert read_found_by(made, 2) is None


def test_what_no_table_takes_is_replaced() -> None:
    assert read_found_by([["a\ud800", "b\udcff"]], 1) == [("a?", "b?")]
