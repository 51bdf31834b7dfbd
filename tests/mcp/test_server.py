"""The server as a coding agent meets it: the SDK's client, real processes, real git."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp import MCPError, types

from lumen_hooks.git.worktree import find_worktree
from lumen_hooks.service.status import read_status
from lumen_hooks.storage.reader import open_reader
from lumen_hooks.wording.tokens import tokens_at_most
from tests.support.commands import lumen
from tests.support.helpers import check_whole, job_for, update
from tests.support.mcp_agent import MODERN, Agent, agent, server_command
from tests.support.repository import Repository
from tests.support.sources import python_function, python_module
from tests.support.waiting import PATIENCE_SECONDS

pytestmark = pytest.mark.anyio

ARGUMENTS = {"query", "path", "exclude", "content", "limit", "languages", "kinds", "summary"}
ARGUMENTS |= {"max_lines", "max_tokens"}


@pytest.fixture
def project(repo: Repository, shared: Agent) -> Repository:
    """A small repository, which the shared agent has open."""
    repo.commit(
        {
            "lib/mail.py": python_module("send_mail", "retry_mail"),
            "lib/upload.py": python_module("upload_file"),
            "docs/guide.md": "# Guide\n\nHow letters are sent.\n",
        }
    )
    shared.roots[:] = [str(repo.top)]
    return repo


def index_file(repo: Repository) -> Path:
    return Path(find_worktree(str(repo.top)).index_path)


def head_of(repo: Repository) -> str:
    return repo.git("rev-parse", "HEAD").strip()


LISTED_BYTES_MAX = 4000
"""Of `tools/list` as it is sent: 1,000 tokens are more, at four bytes for each (docs/mcp.md)."""


async def test_five_tools_with_schemas(shared: Agent) -> None:
    tools = {tool.name: tool for tool in (await shared.client.list_tools()).tools}
    assert list(tools) == [
        "semantic_search",
        "exact_search",
        "find_related",
        "file_outline",
        "index_status",
    ]
    search = tools["semantic_search"].input_schema
    assert (set(search["properties"]), search["required"]) == (ARGUMENTS, ["query"])
    assert "title" not in search["properties"]["query"]
    assert search["properties"]["languages"] == {"items": {"type": "string"}, "type": "array"}
    assert tools["find_related"].input_schema["required"] == ["path", "line"]
    assert set(tools["index_status"].input_schema["properties"]) == {"path"}
    for tool in tools.values():
        assert tool.output_schema is None
        assert tool.annotations is not None
        assert tool.annotations.read_only_hint
    listed = [tool.model_dump_json(by_alias=True, exclude_none=True) for tool in tools.values()]
    assert sum(len(one.encode()) for one in listed) < LISTED_BYTES_MAX


async def test_forms_that_clients_send(project: Repository, shared: Agent) -> None:
    """Null, text for numbers and lists, other tools' names, keys for nobody: see test_forms."""
    sent = {"q": "send_mail", "top_k": "1", "path": None, "lang": '["py"]', "toolCallId": "7"}
    reply = await shared.call("semantic_search", **sent, structured="true")
    assert (reply.symbols, "note:" in reply.text) == (["send_mail"], False)
    there = await shared.call("semantic_search", query="mail", path="lib", cwd=str(project.top))
    assert {one["path"].split("/")[0] for one in there.data["results"]} == {"lib"}
    none = await shared.call("semantic_search", query="mail", languages="cobol")
    assert (none.is_error, none.text) == (
        False,
        "no results: no file here is in 'cobol'; in this index: markdown, python",
    )
    related = await shared.call("find_related", file="lib/mail.py", lineNumber="8", content="docs")
    assert related.symbols == ["Guide"]


async def test_no_answer_is_above_its_budget(project: Repository, shared: Agent) -> None:
    name = "提交时更新索引" * 9
    project.write({f"lib/{name}{n}.py": python_module(f"send_{n}") * 9 for n in range(9)})
    for tool, asked in (
        ("semantic_search", {"query": "send letters", "limit": 50, "max_lines": 40}),
        ("exact_search", {"text": "send_", "limit": 500}),
        ("find_related", {"path": "lib/mail.py", "line": 8, "limit": 50}),
        ("file_outline", {"path": f"lib/{name}1.py"}),
    ):
        for budget in (400, 1500):
            reply = await shared.call(tool, **asked, max_tokens=budget)
            assert not reply.is_error, reply.text
            told = json.dumps(reply.data, ensure_ascii=False, separators=(",", ":"))
            assert tokens_at_most(reply.text) <= budget
            assert tokens_at_most(told) <= budget
    assert (
        "left out"
        in (await shared.search("send letters", limit=50, max_tokens=300, structured=False)).text
    )


async def test_an_outline(project: Repository, shared: Agent) -> None:
    reply = await shared.call("file_outline", path="lib/mail.py")
    assert reply.text.split("\n") == [
        "lib/mail.py: python, 25 lines",
        "4-13 function send_mail",
        "16-25 function retry_mail",
    ]
    assert [one["symbol"] for one in reply.data["definitions"]] == ["send_mail", "retry_mail"]
    assert "is a folder" in await shared.refusal("file_outline", path="lib")
    assert "does not exist" in await shared.refusal("file_outline", path="lib/none.py")


async def test_paths_start_at_the_first_root(project: Repository, shared: Agent) -> None:
    other = project.add_worktree("other", "-b", "other")
    for root, wanted in (
        (project.top, "lib/mail.py"),
        (project.top / "docs", "../lib/mail.py"),
        (other.top, str(project.top / "lib/mail.py")),
    ):
        shared.roots[:] = [str(root)]
        reply = await shared.search("send_mail", path=str(project.top), limit=1)
        assert (reply.data["results"][0]["path"], reply.text.split("\n")[1].split(":")[0]) == (
            wanted,
            wanted,
        )


@pytest.mark.parametrize("way", ["option", "environment", "git"])
async def test_structured_content_where_it_is_asked_for(
    project: Repository, tmp_path: Path, way: str
) -> None:
    if way == "git":
        project.git("config", "lumen.mcpStructured", "true")
    environment = {"LUMEN_MCP_STRUCTURED": "yes"} if way == "environment" else {}
    flags = ["--structured"] if way == "option" else []
    async with agent(tmp_path, cwd=project.top, flags=flags, **environment) as ours:
        tools = (await ours.client.list_tools()).tools
        assert all(tool.output_schema for tool in tools)
        reply = await ours.call("index_status", structured=None)
        assert reply.data["sentence"] == reply.text


async def test_an_answer_as_text_and_as_data(project: Repository, shared: Agent) -> None:
    reply = await shared.search("send_mail", limit=2)
    assert reply.data["worktree"] == str(project.top)
    assert (reply.data["state"], reply.data["head"]) == ("fresh", head_of(project))
    first = reply.data["results"][0]
    assert (first["path"], first["symbol"], first["kind"]) == (
        "lib/mail.py",
        "send_mail",
        "function",
    )
    # It shares a chunk with the import above it.
    assert first["snippet"] == python_function("send_mail").rstrip("\n")
    assert (first["lines"], first["copies"]) == ([[4, 13]], [])
    lines = reply.text.split("\n")
    assert lines[0] == f"worktree {project.top} at {head_of(project)[:8]}: fresh"
    assert re.fullmatch(r"lib/mail\.py:4-13 send_mail function 0\.\d\d", lines[1])
    assert lines[2] == " def send_mail(request, retries=3):"
    alone = await shared.search("send_mail", limit=2, structured=False)
    assert (alone.text, alone.data) == (reply.text, {})


async def test_short_answers(project: Repository, shared: Agent) -> None:
    cut = await shared.search("send_mail", limit=1, max_lines=2)
    assert cut.data["results"][0]["snippet"].count("\n") == 1
    assert re.search(r"\n … \d lines \(\d+-13\)$", cut.text)
    places = await shared.search("send_mail", summary=True)
    assert {result["snippet"] for result in places.data["results"]} == {None}
    assert len(places.text.split("\n")) == 1 + len(places.data["results"])


async def test_every_place(project: Repository, shared: Agent) -> None:
    project.write({"lib/use.py": "\tsend_mail()\n", "tests/test_mail.py": "send_mail()  # \x1b\n"})
    reply = await shared.call("exact_search", text="send_mail", word=True, limit=2)
    assert not reply.is_error, reply.text
    first, use = reply.data["results"]
    assert (first["path"], first["role"], first["symbol"]) == (
        "lib/mail.py",
        "definition",
        "send_mail",
    )
    assert (use["role"], reply.data["counts"]["test"]) == ("use", 1)
    assert reply.data["total"] > 2
    assert f"the first 2 of {reply.data['total']} places in 3 files: 1 definition" in reply.text
    assert reply.text.split("\n")[2:5] == [
        "definitions:",
        " lib/mail.py",
        "  4: def send_mail(request, retries=3):",
    ]
    every = await shared.call("exact_search", text="send_m[a-z]+[(]", regex=True, path="tests")
    assert [place["path"] for place in every.data["results"]] == ["tests/test_mail.py"]
    assert "\\x1b" in every.text
    assert "no regular expression" in await shared.refusal("exact_search", text="(", regex=True)


async def test_no_line_of_a_file_passes_for_ours(project: Repository, shared: Agent) -> None:
    project.write({"docs/forged.md": "# Quoting zebras\n\nlib/x.py:1-2 evil class 0.99\n\x1b[2J\n"})
    reply = await shared.search("quoting zebras", limit=1)
    assert "\n lib/x.py:1-2 evil" in reply.text
    assert "\nlib/x.py" not in reply.text
    assert "\x1b" not in reply.text


async def test_a_path_below_the_top_limits_the_results(project: Repository, shared: Agent) -> None:
    async def paths(path: str) -> set[str]:
        reply = await shared.search("send letters mail upload", path=path, limit=9)
        assert reply.data["worktree"] == str(project.top)
        return {result["path"] for result in reply.data["results"]}

    everything = {"lib/mail.py", "lib/upload.py", "docs/guide.md"}
    assert await paths(".") == await paths(str(project.top)) == everything
    assert (
        await paths("lib") == await paths(f"{project.top}/lib/") == everything - {"docs/guide.md"}
    )
    assert await paths("lib/mail.py") == await paths(f"file://{project.top}/lib/mail.py")
    assert await paths("lib/mail.py") == {"lib/mail.py"}
    assert await paths("**/*.md") == await paths(f"{project.top}/docs/*.md") == {"docs/guide.md"}


async def test_filters(project: Repository, shared: Agent) -> None:
    assert (await shared.search("mail", languages=["markdown"])).symbols == ["Guide"]
    assert set((await shared.search("mail", kinds=["section"])).symbols) == {"Guide"}

    async def paths(**filters: object) -> set[str]:
        reply = await shared.search("send letters mail upload", limit=9, **filters)
        return {result["path"] for result in reply.data["results"]}

    code = {"lib/mail.py", "lib/upload.py"}
    assert await paths(content="code") == await paths(exclude=["*.md"]) == code
    assert await paths(content="docs") == await paths(exclude=["lib"]) == {"docs/guide.md"}
    assert await paths(path="**/*.{py,rst}") == await paths(path="{lib,x}/*") == code
    assert await paths(path=f"{project.top}/l*/{{mail,x}}.py") == {"lib/mail.py"}
    assert await paths(exclude=[f"{project.top}/lib/m*", "./docs/gu*"]) == {"lib/upload.py"}


async def test_a_filter_that_names_nothing_is_an_error(project: Repository, shared: Agent) -> None:
    project.write({".gitignore": "build/\n", "build/a.py": "x = 1\n", "logo.png": "\0"})
    for filters, words in (
        ({"path": "lib/*.go"}, "nothing in the index is at lib/*.go"),
        ({"path": "build/a.py"}, "git ignores it"),
        ({"path": "*.png"}, "not indexed: binary"),
        ({"exclude": ["*"]}, "excludes all 4 files"),
        ({"exclude": ["/etc"]}, "absolute path"),
        ({"exclude": ["a/\0", "*"]}, "excludes all 4 files"),
        ({"content": "config", "path": "lib"}, "there is code (2)"),
        ({"path": "{a,b}" * 9}, "more than 100 patterns"),
    ):
        assert words in await shared.refusal("semantic_search", query="mail", **filters)


async def test_two_worktrees_while_branches_change_underneath(
    project: Repository, shared: Agent
) -> None:
    """Commit, switch, merge, edit between calls: no answer is of another branch or worktree."""
    feature = project.add_worktree("feature", "-b", "feature")

    async def found(repo: Repository, text: str) -> bool:
        reply = await shared.search(
            text, path=str(repo.top), limit=20, max_lines=40, max_tokens=4000
        )
        assert (reply.data["worktree"], reply.data["head"]) == (str(repo.top), head_of(repo))
        assert reply.data["state"] == "fresh"
        assert reply.text.startswith(f"worktree {repo.top} at {head_of(repo)[:8]}: fresh")
        for result in reply.data["results"]:
            file = (project.top / result["path"]).read_text()  # as the client opens it
            lines = file.split("\n")[result["start_line"] - 1 : result["end_line"]]
            assert result["snippet"] == "\n".join(lines)
        return text in reply.symbols

    assert await found(feature, "send_mail")
    feature.commit({"lib/mail.py": python_module("send_pigeon")})
    assert [await found(repo, "send_pigeon") for repo in (feature, project)] == [True, False]
    assert [await found(repo, "send_mail") for repo in (feature, project)] == [False, True]

    project.git("switch", "-q", "-c", "other")
    project.commit({"lib/fax.py": python_module("send_fax")})
    assert [await found(repo, "send_fax") for repo in (feature, project)] == [False, True]
    project.git("switch", "-q", "main")
    assert [await found(repo, "send_fax") for repo in (feature, project)] == [False, False]

    project.git("merge", "-q", "feature")
    assert await found(project, "send_pigeon")
    assert not await found(project, "send_mail")
    feature.git("merge", "-q", "other")
    assert await found(feature, "send_fax")
    feature.write({"lib/fax.py": python_module("send_telex")})  # not committed
    assert [await found(feature, name) for name in ("send_telex", "send_fax")] == [True, False]
    project.git("reset", "-q", "--hard", "HEAD~1")  # fires no hook
    assert [await found(project, name) for name in ("send_mail", "send_pigeon")] == [True, False]
    check_whole(project)
    check_whole(feature)


async def test_the_roots_decide_without_a_path(project: Repository, shared: Agent) -> None:
    second = project.add_worktree("second", "-b", "second")
    shared.roots[:] = [str(second.top), str(project.top)]
    assert (await shared.search("mail")).data["worktree"] == str(second.top)
    assert (await shared.search("mail", path="lib")).data["worktree"] == str(second.top)
    shared.roots[:] = [str(project.top)]
    assert (await shared.search("mail")).data["worktree"] == str(project.top)
    shared.roots[:] = [str(project.top.parent), str(second.top)]  # the first is in no repository
    assert (await shared.search("mail")).data["worktree"] == str(second.top)


async def test_a_new_worktree_is_seeded(project: Repository, shared: Agent) -> None:
    await shared.search("mail")
    new = project.add_worktree("new", "-b", "new")
    before = await shared.call("index_status", path=str(new.top))
    assert (before.data["state"], before.data["pending_files"]) == ("absent", 3)
    assert "does not exist yet" in before.text
    assert not index_file(new).exists()
    assert (await shared.search("send_mail", path=str(new.top))).symbols[0] == "send_mail"
    assert shared.progress[0][2] == f"no index yet: seeding or building that of {new.top}"
    after = await shared.call("index_status", path=str(new.top))
    assert (after.data["state"], after.data["seeded_from"]) == ("fresh", str(project.top))
    assert (after.data["last_refresh"]["kind"], after.data["last_refresh"]["chunks_embedded"]) == (
        "seed",
        0,
    )
    assert after.text == after.data["sentence"]
    assert "fresh" in after.text


async def test_nothing_indexed_is_answered_with_progress(
    project: Repository, shared: Agent
) -> None:
    project.write({f"many/m{n}.py": python_module(f"a_{n}", f"b_{n}") for n in range(150)})
    assert (await shared.search("a_77")).symbols[0] == "a_77"
    assert shared.progress == sorted(shared.progress, key=lambda report: report[0])
    (first, _, said), *others = shared.progress
    assert (first, said) == (0, f"no index yet: seeding or building that of {project.top}")
    for done, total, message in others:
        assert total == 153
        assert (message or "").startswith(f"indexing: {done:.0f} of 153 files, ")


async def test_find_related(project: Repository, shared: Agent) -> None:
    reply = await shared.call("find_related", path="lib/mail.py", line=8)  # within send_mail
    assert not reply.is_error, reply.text
    assert "send_mail" not in reply.symbols
    assert set(reply.symbols[:2]) == {"retry_mail", "upload_file"}
    absolute = await shared.call("find_related", path=f"{project.top}/lib/mail.py", line=8)
    assert absolute.data == reply.data
    refusal = shared.refusal
    assert "line 99" in await refusal("find_related", path="lib/mail.py", line=99)
    assert "line 0" in await refusal("find_related", path="lib/mail.py", line=0)
    assert "line -1" in await refusal("find_related", path="lib/mail.py", line=-1)
    assert "is not indexed" in await refusal("find_related", path="lib", line=1)
    assert "is a folder" in await refusal("find_related", path=".", line=1)
    assert "does not exist" in await refusal("find_related", path="lib/none.py", line=1)
    project.write({"lib/data.py": b"\0\1\2", "lib/empty.py": ""})
    assert "binary" in await refusal("find_related", path="lib/data.py", line=1)
    assert "holds nothing" in await refusal("find_related", path="lib/empty.py", line=1)


async def test_bad_input_brings_clear_errors_and_the_server_lives_on(
    project: Repository, shared: Agent, tmp_path: Path
) -> None:
    async def refused(**arguments: object) -> str:
        return await shared.refusal("semantic_search", **{"query": "mail", **arguments})

    assert "the query is empty" in await refused(query="")
    assert "the query is empty" in await refused(query=" \n\0 ")
    assert "0 results" in await refused(limit=0)
    assert "hint: give a limit of at least 1" in await refused(limit=-1)
    assert "'klingon'" in await refused(languages=["klingon"])
    assert "there are: function" in await refused(kinds=["functor"])
    assert len(await refused(languages=["x" * 100_000])) < 3_000
    assert "0 lines" in await refused(max_lines=0)
    assert "not in a git worktree" in await refused(path=str(tmp_path))
    assert "does not exist" in await refused(path="/no/such/place")
    assert "does not exist" in await refused(path="x" * 100_000)
    assert "does not exist" in await refused(path="nowhere/*.py")
    assert "NUL" in await refused(path="a\0b")
    assert "git directory" in await refused(path=f"{project.top}/.git/objects")
    assert "limit: Input should be a valid integer" in await refused(limit="many")
    for tool, asked in (
        ("semantic_search", {"query": "m"}),
        ("semantic_search", {"query": "m", "languages": "cobol"}),
        ("index_status", {}),
    ):
        told = await shared.call(tool, **asked, colour=1)
        assert "note: no argument is called colour: ignored" in told.text
    assert "at least 100" in await refused(max_tokens=99)
    assert "it needs query; may have" in await shared.refusal("semantic_search", limit="x")
    assert "query: Field required" in await shared.refusal("semantic_search")
    for text in (
        "x" * (1 << 20),
        "send mail " * 100_000,
        "\x01\x02\x1b[2J",
        "a\tb\r\nc\x7f",
        '"*:',
    ):
        await shared.search(text)
    assert len((await shared.search("mail", limit=10**9)).data["results"]) == 4
    with pytest.raises(MCPError, match="no tool is called"):
        await shared.client.call_tool("format_disk", {})
    assert (await shared.search("send_mail")).symbols[0] == "send_mail"


async def test_a_removed_worktree_is_not_answered_from_memory(
    project: Repository, shared: Agent
) -> None:
    top = str(project.add_worktree("gone", "-b", "gone").top)
    assert (await shared.search("mail", path=top)).data["worktree"] == top
    project.git("worktree", "remove", top)
    assert f"{top} does not exist" in await shared.refusal("semantic_search", query="m", path=top)
    nested = Repository(project.top / "trees" / "nested")
    project.git("worktree", "add", "-q", "-b", "nested", str(nested.top))
    assert (await shared.search("mail", path="trees/nested")).data["worktree"] == str(nested.top)
    project.git("worktree", "remove", str(nested.top))
    refusal = await shared.refusal("semantic_search", query="mail", path="trees/nested")
    assert "does not exist" in refusal  # and the main worktree is not searched in its stead
    # git gives the new one the removed one's name, and so its index the same path
    again = project.add_worktree("gone", "-b", "again")
    again.commit({"lib/mail.py": python_module("send_owl")})
    symbols = (await shared.search("send_owl", path=top)).symbols
    assert ("send_owl" in symbols, "send_mail" in symbols) == (True, False)


async def test_an_index_that_was_replaced_is_noticed(project: Repository, shared: Agent) -> None:
    assert "send_mail" in (await shared.search("send_mail")).symbols
    shutil.rmtree(index_file(project).parent)
    assert "send_mail" in (await shared.search("send_mail")).symbols
    index_file(project).write_bytes(b"no database at all" * 1000)
    assert "send_mail" in (await shared.search("send_mail")).symbols
    check_whole(project)


async def test_a_large_difference_is_answered_at_once_with_what_files_hold_now(
    project: Repository, shared: Agent
) -> None:
    await shared.search("mail")
    project.git("config", "lumen.refresh", "off")  # the worker that is started does nothing
    moved = python_module("before_it", "send_mail").replace("gives up", "despairs")
    project.write({"lib/mail.py": moved, **{f"x/f{n}.txt": f"{n}\n" for n in range(70)}})
    reply = await shared.search("send_mail", limit=20)
    assert (reply.data["state"], reply.data["pending_files"]) == ("stale", 71)
    assert "stale, 71 files not as indexed (lib/mail.py, x/f0.txt" in reply.text
    first = reply.data["results"][0]
    assert (first["symbol"], first["start_line"]) == ("send_mail", 16)
    assert first["snippet"].startswith("def send_mail(")
    assert "despairs" in first["snippet"]
    assert "retry_mail" not in reply.symbols


async def test_twenty_calls_at_once(project: Repository, shared: Agent) -> None:
    other = project.add_worktree("other", "-b", "other")
    other.commit({"lib/mail.py": python_module("send_raven")})
    replies: dict[int, Any] = {}

    async def one(number: int) -> None:
        tops = (project.top, other.top)
        replies[number] = await shared.search("send_mail send_raven", path=str(tops[number % 2]))

    async with anyio.create_task_group() as tasks:
        for number in range(20):
            tasks.start_soon(one, number)
    assert len(replies) == 20
    for number, reply in replies.items():
        wanted, unwanted = ("send_raven", "send_mail")[:: 1 if number % 2 else -1]
        assert (wanted in reply.symbols, unwanted in reply.symbols) == (True, False)
    for repo in (project, other):
        check_whole(repo)


async def test_cancelled_calls_return_at_once_and_leave_a_sound_index(
    project: Repository, shared: Agent
) -> None:
    project.write({f"many/m{n}.py": python_module(f"a_{n}", f"b_{n}") for n in range(250)})
    reports: list[float] = []
    with anyio.CancelScope() as scope:

        async def hear(progress: float, total: float | None, message: str | None) -> None:
            reports.append(progress)
            scope.cancel()

        await shared.client.call_tool("semantic_search", {"query": "a_1"}, progress_callback=hear)
    assert scope.cancelled_caught
    assert reports == [0]  # what came before there was an index
    status = await shared.call("index_status")  # answers beside the build that goes on
    assert status.data["state"] in {"absent", "building", "fresh"}
    update(project)  # a worker may still be at it
    assert (await shared.search("a_77")).symbols[0] == "a_77"
    check_whole(project)


@pytest.mark.stress
async def test_a_client_of_the_newest_protocol(project: Repository, tmp_path: Path) -> None:
    async with agent(tmp_path, mode=MODERN, cwd=project.top) as modern:
        second = project.add_worktree("second", "-b", "second")
        modern.roots[:] = [str(second.top)]
        assert (await modern.search("mail")).data["worktree"] == str(second.top)
        modern.roots.clear()
        assert (await modern.search("mail")).data["worktree"] == str(project.top)  # its directory


async def test_a_warm_call_starts_no_git_and_sees_every_change(
    project: Repository, tmp_path: Path
) -> None:
    project.git("pack-refs", "--all")
    update(project)
    calls, git = tmp_path / "calls", tmp_path / "bin" / "git"
    git.parent.mkdir()
    git.write_text(f'#!/bin/sh\necho "$*" >> "{calls}"\nexec {shutil.which("git")} "$@"\n')
    git.chmod(0o755)

    async def names() -> set[str]:
        calls.write_text("")
        return {one["symbol"] for one in (await client.search("mail")).data["results"]}

    path = f"{git.parent}{os.pathsep}{os.environ['PATH']}"
    async with agent(tmp_path, cwd=project.top, PATH=path) as client:
        deadline = time.monotonic() + PATIENCE_SECONDS
        await names()
        while calls.read_text() and time.monotonic() < deadline:
            await anyio.sleep(0.1)  # what was young at the last look is none any more
            await names()
        assert "send_mail" in await names()
        assert calls.read_text() == ""
        project.write({"lib/mail.py": python_module("send_letter_mail")})
        assert "send_letter_mail" in await names()
        assert calls.read_text() == ""
        project.write({"lib/new.py": python_module("new_mail")})
        assert "new_mail" in await names()
        project.git("config", "lumen.exclude", "lib/new.py")
        assert "new_mail" not in await names()
        project.write({".gitignore": "mail.py\n"})
        project.git("rm", "-q", "--cached", "lib/mail.py")
        assert "send_letter_mail" not in await names()


@pytest.mark.parametrize("rounds", [2, pytest.param(20, marks=pytest.mark.stress)])
async def test_two_servers_and_hooks_on_one_worktree(
    project: Repository, shared: Agent, tmp_path: Path, rounds: int
) -> None:
    assert lumen(project.top, "install", "--no-index").returncode == 0
    async with agent(tmp_path, cwd=project.top) as second:
        for number in range(rounds):
            name = f"courier_{number}"
            project.commit({"lib/courier.py": python_module(name)})  # hooks start workers
            replies: list[Any] = []

            async def ask(server: Agent, text: str, into: list[Any]) -> None:
                into.append(await server.search(text, limit=20))

            async with anyio.create_task_group() as tasks:
                for server in (shared, second, shared, second):
                    tasks.start_soon(ask, server, name, replies)
            for reply in replies:
                assert reply.data["head"] == head_of(project)
                assert f"courier_{number - 1}" not in reply.symbols
                assert reply.data["state"] == "refreshing" or name in reply.symbols
    assert lumen(project.top, "wait").returncode == 0
    check_whole(project)


def _raw(repo: Repository, home: Path) -> subprocess.Popen[str]:
    command = server_command(repo.top, HOME=str(home))
    return subprocess.Popen(
        [command.command, *command.args],
        cwd=repo.top,
        env=command.env,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _say(server: subprocess.Popen[str], **message: object) -> None:
    assert server.stdin is not None
    server.stdin.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
    server.stdin.flush()


def _greet(server: subprocess.Popen[str]) -> None:
    start = {
        "protocolVersion": "2025-06-18",
        "capabilities": {},
        "clientInfo": {"name": "test", "version": "1"},
    }
    _say(server, id=1, method="initialize", params=start)
    assert server.stdout is not None
    assert json.loads(server.stdout.readline())["id"] == 1
    _say(server, method="notifications/initialized")


STRESS = pytest.mark.stress


@pytest.mark.parametrize(
    "how", ["stdin", pytest.param("both", marks=STRESS), pytest.param("terminated", marks=STRESS)]
)
def test_a_client_that_goes_away_in_the_middle_of_a_call(
    repo: Repository, tmp_path: Path, how: str
) -> None:
    """The server ends by itself, soon, without a trace but a sound (or no) index."""
    names = "abcd"
    repo.commit({f"m{n}.py": python_module(*(f"{a}_{n}" for a in names)) for n in range(200)})
    with _raw(repo, tmp_path) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        assert server.stderr is not None
        _greet(server)
        meta = {"progressToken": "p"}
        call = {"name": "semantic_search", "arguments": {"query": "a_1"}, "_meta": meta}
        _say(server, id=2, method="tools/call", params=call)
        assert json.loads(server.stdout.readline())["method"] == "notifications/progress"
        if how == "terminated":
            server.terminate()
        else:
            server.stdin.close()
        if how == "both":
            server.stdout.close()
        code = server.wait(PATIENCE_SECONDS)
        assert code == (-15 if how == "terminated" else 0)
        assert server.stderr.read() == ""
    worktree = find_worktree(str(repo.top))
    index = open_reader(worktree.index_path)
    if index is not None:
        index.close()
        check_whole(repo)
    update(repo)
    check_whole(repo)
    assert [name for name in os.listdir(worktree.folder) if ".tmp-" in name] == []
    assert read_status(worktree, job_for(repo).settings).lock is None


@pytest.mark.stress
def test_nothing_but_protocol_on_standard_output(repo: Repository, tmp_path: Path) -> None:
    repo.commit({"a.py": python_module("alpha")})
    with _raw(repo, tmp_path) as server:
        _greet(server)
        assert server.stdin is not None
        server.stdin.write("this is no JSON\n\n[1]\n")
        calls = [{"query": "alpha"}, {"query": ""}, {"query": "a", "path": "/"}, {"nonsense": 1}]
        for number, arguments in enumerate(calls):
            call = {"name": "semantic_search", "arguments": arguments}
            _say(server, id=10 + number, method="tools/call", params=call)
        assert server.stdout is not None
        answered = set()
        for line in server.stdout:
            answered.add(json.loads(line)["id"])
            if len(answered) == len(calls):
                server.stdin.close()
        assert answered == {10, 11, 12, 13}
        assert server.wait(PATIENCE_SECONDS) == 0


def test_what_the_protocols_package_cannot_read_is_answered(
    repo: Repository, tmp_path: Path
) -> None:
    """Else a client waits for its answer until it gives up."""
    repo.commit({"a.py": python_module("alpha")})
    deep: list[object] = []
    for _ in range(250):
        deep = [deep]
    arguments = [{"path": "a.py", "x": "cut \ud83d"}, {"path": "\udcff"}, {"x": deep}]
    with _raw(repo, tmp_path) as server:
        _greet(server)
        assert server.stdin is not None
        assert server.stdout is not None
        answers = []
        for number, given in enumerate(arguments):
            call = {"name": "file_outline", "arguments": given}
            _say(server, id=10 + number, method="tools/call", params=call)
            answers.append(json.loads(server.stdout.readline()))
            assert answers[-1]["id"] == 10 + number
        server.stdin.close()
        assert server.wait(PATIENCE_SECONDS) == 0
    assert "alpha" in answers[0]["result"]["content"][0]["text"]
    assert "does not exist" in answers[1]["result"]["content"][0]["text"]
    assert answers[2]["error"]["message"] == "this request cannot be read"


def test_without_the_protocols_package_the_error_names_it(tmp_path: Path) -> None:
    code = (
        "import sys\nsys.modules['mcp'] = None\n"
        "from lumen_hooks.cli.main import run\nsys.exit(run(['mcp']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert "hint: pip install 'mcp" in done.stderr


def test_types_are_those_of_the_sdk_that_is_asked_for() -> None:
    assert types.LATEST_PROTOCOL_VERSION >= MODERN
