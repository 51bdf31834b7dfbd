"""The codemap of docs/architecture.md: every room, every module in it, and nothing else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "lumen_hooks"
ROOMS = sorted(
    path.parent.relative_to(PACKAGE).as_posix()
    for path in PACKAGE.glob("**/__init__.py")
    if path.parent != PACKAGE and path.parent.name != "rules"  # tables
)


def codemap() -> dict[str, str]:
    """What the page says is in each room."""
    page = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    return dict(re.findall(r"^\| `([\w/]+)/` \| (.*?) \|", page, re.MULTILINE))


def test_the_codemap_has_every_room() -> None:
    assert sorted(codemap()) == ROOMS


@pytest.mark.parametrize("room", ROOMS)
def test_the_codemap_has_every_module(room: str) -> None:
    named = re.findall(r"`(\w+)`", codemap()[room])
    modules = [path.stem for path in (PACKAGE / room).glob("*.py") if path.stem != "__init__"]
    assert sorted(named) == sorted(modules)


def test_the_floors_are_those_that_are_held() -> None:
    page = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    drawn = page.partition("```\n")[2].partition("```")[0].splitlines()
    settings = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    held = re.findall(r'"([^"]+)"', settings.partition("\nlayers = [")[2].partition("]")[0])
    assert ["__main__", *(re.split(r" {2,}", line)[0].strip() for line in drawn)] == held
