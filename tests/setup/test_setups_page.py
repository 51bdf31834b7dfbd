from __future__ import annotations

from pathlib import Path

from lumen_hooks.setup.hooks_dir import lefthook_lines, line_to_add
from lumen_hooks.setup.pre_commit import INSTALL_COMMAND

PAGE = (Path(__file__).parents[2] / "docs/setups.md").read_text(encoding="utf-8")


def test_lines_are_those_that_install_prints() -> None:
    assert f"\n{line_to_add('EVENT')}\n" in PAGE
    assert f"\n{lefthook_lines('EVENT')}\n" in PAGE
    assert f"\n{INSTALL_COMMAND}\n" in PAGE


def test_ids_are_those_of_the_manifest() -> None:
    manifest = Path(__file__).parents[2] / ".pre-commit-hooks.yaml"
    lines = [line.strip() for line in manifest.read_text().splitlines()]
    ids = [line for line in lines if line.startswith("- id: ")]
    assert len(ids) == 4
    assert all(f"      {line}\n" in PAGE for line in ids)
