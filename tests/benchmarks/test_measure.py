"""What the benchmarks do where something fails, and the recording of the README."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest
from rich.ansi import AnsiDecoder

from tests.benchmarks.measure import run
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
