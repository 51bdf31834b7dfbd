"""A call goes where its client works, and nowhere that a link in a tree leads."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import anyio
import pytest

from tests.support.commands import lumen
from tests.support.mcp_agent import MODERN, Agent, agent
from tests.support.repository import Repository
from tests.support.sources import python_module

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.anyio


@pytest.fixture
def other(tmp_path: Path) -> Repository:
    """Somebody's repository, for which nobody asked."""
    top = tmp_path / "other"
    top.mkdir()
    subprocess.run(["git", "init", "-q"], cwd=top, check=True)
    made = Repository(top)
    made.commit({"secret.py": python_module("open_vault")})
    return made


def is_untouched(repo: Repository) -> bool:
    return not (repo.top / ".git" / "lumen").exists()


async def test_a_link_leads_nowhere(repo: Repository, other: Repository, shared: Agent) -> None:
    await check_a_link(repo, other, shared)


@pytest.mark.slow
async def test_a_link_leads_nowhere_in_the_newest_protocol(
    repo: Repository, other: Repository, tmp_path: Path
) -> None:
    async with agent(tmp_path, mode=MODERN) as client:
        await check_a_link(repo, other, client)


async def check_a_link(repo: Repository, other: Repository, client: Agent) -> None:
    repo.commit({"mail.py": python_module("send_mail")})
    os.symlink(other.top, repo.top / "docs")
    client.roots[:] = [str(repo.top)]
    for path in ("docs", "docs/secret.py", "docs/*.py", "../other", str(repo.top / "docs")):
        refusal = await client.refusal("semantic_search", query="vault", path=path)
        assert "outside of the folders of this session" in refusal
    assert "outside" in await client.refusal("index_status", path="docs")
    assert "outside" in await client.refusal("find_related", path="docs/secret.py", line=1)
    assert is_untouched(other)
    assert (await client.search("mail")).data["results"]


async def test_another_repository_is_asked_by_its_full_path_if_it_is_wanted(
    repo: Repository, other: Repository, shared: Agent
) -> None:
    repo.commit({"mail.py": python_module("send_mail")})
    shared.roots[:] = [str(repo.top)]
    assert "outside" in await shared.refusal("semantic_search", query="x", path=str(other.top))
    assert is_untouched(other)
    assert lumen(other.top, "index").returncode == 0
    assert (await shared.search("vault", path=str(other.top))).data["results"]
    assert "outside" in await shared.refusal("semantic_search", query="x", path="../other")


async def test_siblings_and_what_lies_below_a_root_are_the_clients(
    repo: Repository, shared: Agent
) -> None:
    repo.commit({"src/mail.py": python_module("send_mail")})
    sibling = repo.add_worktree("sibling", "-b", "topic")
    nested = repo.top / "nested"
    nested.mkdir()
    await anyio.run_process(["git", "init", "-q"], cwd=nested)
    Repository(nested).commit({"fax.py": python_module("send_fax")})
    shared.roots[:] = [str(repo.top / "src")]
    for path in ("../../sibling", str(sibling.top)):
        assert (await shared.search("mail", path=path)).data["worktree"] == str(sibling.top)
    shared.roots[:] = [str(repo.top)]
    for path in ("nested", str(nested)):
        assert (await shared.search("fax", path=path)).data["worktree"] == str(nested)


async def test_structured_content_is_as_harmless_as_the_text(
    repo: Repository, shared: Agent
) -> None:
    name = "a\x1b[2J\u202e\U000e0041\nb.py"
    repo.commit({name: python_module("send_mail") + "# \x1b]0;x\x07\u200b\n"})
    shared.roots[:] = [str(repo.top)]
    reply = await shared.search("send_mail", limit=3)
    result = reply.data["results"][0]
    assert result["path"] == "a\\x1b[2J\\u202e\\U000e0041\\nb.py"
    for text in (reply.text, result["snippet"] or "", *map(str, reply.data.values())):
        assert not {"\x1b", "\x07", "\u202e", "\u200b", "\U000e0041"} & set(text)
    refusal = await shared.refusal("semantic_search", query="x", path="no\x1b\u200b\nhint: x")
    assert not {"\x1b", "\u200b"} & set(refusal)
    assert "\nhint: x" not in refusal
