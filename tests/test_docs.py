"""README and docs: their links lead somewhere, and the commands that others run stand there."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGES = [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")]


def test_links_lead_to_files_and_headings() -> None:
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for link in re.findall(r"\]\((?!https?:)([^)\s]+)\)", text):
            name, _, heading = link.partition("#")
            file = page.parent / name if name else page
            assert file.exists(), f"{page.name}: {link}"
            if heading:
                assert heading in headings(file), f"{page.name}: {link}"


def headings(page: Path) -> set[str]:
    """Anchors of a page's headings, as GitHub makes them."""
    found = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-") for text in found}


def test_the_readme_has_the_commands_that_are_run_as_they_stand() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for command in ("pip install . && lumen-hooks install", "pip install -e '.[dev]' && pytest"):
        assert f"```sh\n{command}\n```" in readme
    picture = (ROOT / "docs/first-minute.svg").read_text(encoding="utf-8")
    assert "(docs/first-minute.svg)" in readme
    assert picture.startswith("<svg ")
    assert len(picture.encode()) < 100_000
