"""An answer in which nothing seems to be what was asked for says so."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.support.commands import lumen
from tests.support.helpers import update

if TYPE_CHECKING:
    from tests.support.repository import Repository

MAIL = """def send_mail(recipient, subject):
    \"\"\"Deliver a letter to a recipient over the relay.\"\"\"
    return relay.deliver(recipient, subject)
"""
CACHE = """class PageCache:
    def evict_oldest(self):
        self.pages.pop(min(self.pages))
"""


@pytest.fixture
def indexed(repo: Repository) -> Repository:
    repo.commit({"mail.py": MAIL, "cache.py": CACHE})
    update(repo)
    return repo


@pytest.mark.parametrize(
    ("question", "weak"),
    [
        ("deliver a letter to a recipient", False),
        ("evict_oldest", False),
        ("gradient descent for neural networks", True),
        ("bluetooth device pairing", True),
    ],
)
def test_what_is_not_here_is_said(indexed: Repository, question: str, weak: bool) -> None:
    found = lumen(indexed.top, "search", question)
    assert found.returncode == 0
    assert ("note: weak match" in found.stderr) == weak
    assert json.loads(lumen(indexed.top, "search", "--json", question).stdout)["weak"] == weak
