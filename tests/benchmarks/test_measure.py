"""What the benchmarks do where something fails, and the recording of the README."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest
from rich.ansi import AnsiDecoder

from tests.benchmarks.measure import run
from tests.benchmarks.performance import plots
from tests.benchmarks.performance.corpora import generated
from tests.benchmarks.recording import Line, drawn

if TYPE_CHECKING:
    from pathlib import Path


def test_a_benchmark_ends_with_what_a_command_said(tmp_path: Path) -> None:
    failing = ("sh", "-c", "echo out; echo no network >&2; exit 3")
    with pytest.raises(SystemExit, match=r"exit code 3\nno network"):
        run(*failing, cwd=tmp_path)
    assert run(*failing, cwd=tmp_path, check=False)[1] == "out\n"


def test_a_recording_shows_each_line_at_its_column_and_its_time() -> None:
    decode = AnsiDecoder().decode_line
    texts = ["\x1b[1;32mhere\x1b[0m $ a <b> & c", "", "  two  \x1b[2mdim\x1b[0m"]
    picture = drawn([Line(float(at), decode(text)) for at, text in enumerate(texts)], 'say "<hi>"')
    tree = ET.fromstring(picture)  # noqa: S314 - our own
    shown = [(text.get("x"), text.text) for text in tree.iter("{http://www.w3.org/2000/svg}text")]
    assert shown == [(None, "here"), ("42", "$ a <b> & c"), ("16.8", "two"), ("58.8", "dim")]
    assert "animation:s 8.0s" in picture
    assert picture.count("%{transform:") == len(texts)


def test_plots_have_a_place_for_each_point() -> None:
    lines = [
        plots.Line("ours", [(1_000, 0.5), (100_000, 20)]),
        plots.Line("a <limit>", [(1_000, 0.1)]),
    ]
    tree = ET.fromstring(plots.drawn([plots.Plot("CPU s & more", lines)] * 3))  # noqa: S314 - our own
    circles = list(tree.iter("{http://www.w3.org/2000/svg}circle"))
    assert len(circles) == 9
    for circle in circles:
        assert 0 < float(circle.get("cx", "")) <= 360
        assert 0 < float(circle.get("cy", "")) < 240


def test_what_is_generated_is_the_same_again(tmp_path: Path) -> None:
    one, two = (generated(30, tmp_path / name) for name in ("one", "two"))
    assert one.source_bytes == two.source_bytes > 0
    assert (one.top / one.edited).read_text() == (two.top / two.edited).read_text()
