"""Each error that can be caused from outside is caused, and docs/errors.md says what it says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .error_cases import SECTIONS
from .error_table import (
    OTHERS,
    PAGE,
    all_sites,
    cause,
    elsewhere,
    other_rows,
    page,
    rows,
    template_home,
)
from .errors_elsewhere import ELSEWHERE

if TYPE_CHECKING:
    from pathlib import Path

AGAIN = "python -m tests.cli.error_table writes docs/errors.md"

CASES = [case for cases in SECTIONS.values() for case in cases]


def test_every_error_is_caused_and_the_page_has_what_it_says(tmp_path: Path) -> None:
    """One set-up for all: each takes a copy of the repository, and a command in this process."""
    with template_home(tmp_path) as home:
        said = {case: cause(case, home) for case in CASES if not case.slow}
    for case, one in said.items():
        assert one.code in {1, 2}, case
        assert one.hint or one.code == 2, f"no way out is said: {case}"
        assert "Traceback" not in one.message, case
    lines, others = (part.splitlines(True) for part in PAGE.read_text().split(OTHERS))
    made = "".join(rows(said)).splitlines(True)
    assert [line for line in made if line not in lines] == [], AGAIN
    made = other_rows(said)
    assert [line for line in others if line not in made] == [], AGAIN
    slow = ELSEWHERE["embedding/fastembed_engine.py"]
    assert [row for row in made if row not in others and slow not in row] == [], AGAIN
    caused = {site for one in said.values() for site in one.sites}
    known = elsewhere()
    missing = [
        f"{site.module}: {site.text}"
        for site in all_sites()
        if site not in known and not any(site.holds(*place) for place in caused)
    ]
    assert missing == [], "a row in error_cases, or why not in errors_elsewhere"


@pytest.mark.slow
def test_the_whole_page(tmp_path: Path) -> None:
    with template_home(tmp_path) as home:
        said = {case: cause(case, home) for case in CASES}
    assert page(said) == PAGE.read_text(encoding="utf-8"), AGAIN
