"""`status --all` for people: what fits a terminal, what is left out, and what a pipe gets."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from rich.cells import cell_len

from lumen_hooks.cli.columns import Column, laid_out, shortened
from lumen_hooks.cli.overview import age_in_words, size_in_words, table
from lumen_hooks.git.worktree import find_worktree
from lumen_hooks.indexing.progress import Report
from lumen_hooks.service.overview import LOOK_SHARE, Overlook, Overview, Row, Watched
from lumen_hooks.service.status import Status
from tests.support.helpers import update

if TYPE_CHECKING:
    from lumen_hooks.git.worktree import Worktree
    from tests.support.commands import Launcher
    from tests.support.repository import Repository

NOW = datetime.now(UTC)
BRANCHES = ("fix/the-long-name-of-a-branch-1234", "功能/购物车重新设计-支付流程", "topic")
REPORT = Report("builtin", 42, 1, 2, 3, 4, 5, None, None)


def row(number: int, branch: str, **fields: object) -> Row:
    known = {
        "state": "fresh",
        "files": 12_345,
        "pending_files": number,
        "index_bytes": 123_456_789,
        "seeded_from": f"/home/me/shop/.claude/worktrees/agent-{number}",
        "last_refresh": {"finished_at": (NOW - timedelta(days=number)).isoformat()},
    }
    top = f"/home/me/shop/.claude/worktrees/agent-{number}" if number else "/home/me/shop"
    status = Status(worktree=top, index="", log="", **(known | fields))  # type: ignore[arg-type]
    return Row(status, branch, number == 2, number == 0)


ROWS = tuple(row(number, BRANCHES[number % 3]) for number in (10, 9, 2, 1, 0))


def shown(*rows: Row, width: int | None = 80, height: int | None = None) -> list[str]:
    return table(Overview(rows, 5000), "/home/me/shop", width=width, height=height).plain.split(
        "\n"
    )


@pytest.mark.parametrize("width", [30, 40, 60, 80, 100, 200])
def test_it_fits_the_terminal_and_stays_unambiguous(width: int) -> None:
    head, *lines = shown(*ROWS, width=width)[: len(ROWS) + 1]
    assert max(map(cell_len, (head, *lines))) <= width
    assert len(set(lines)) == len(ROWS)
    titles = head.split()
    assert titles[:2] == ["BRANCH", "STATE"]
    assert ("DONOR" in titles, "FOLDER" in titles) == (width >= 80, width >= 60)


def test_a_pipe_gets_all_of_it() -> None:
    head, *lines = shown(*ROWS, width=None)
    assert head.split() == ["BRANCH", "STATE", "FILES", "BEHIND", "AGE", "SIZE", "DONOR", "FOLDER"]
    assert [line.split()[-1] for line in lines[:5]] == [
        ".", *(f".claude/worktrees/agent-{number}" for number in (1, 2, 9, 10))
    ]  # fmt: skip
    assert lines[2].startswith("* topic ")
    assert all(branch in "\n".join(lines) for branch in BRANCHES)
    at = cell_len(head[: head.index("STATE")])
    assert all(cell_len(line[: line.index("fresh")]) == at for line in lines[:5])
    assert lines[5] == "5 worktrees, 5 indexes of 617.3 MB, embedding store of 5 kB"


def test_what_is_missing_or_wrong_is_said_below() -> None:
    lines = shown(
        row(0, "main", state="absent", index_bytes=0, files=0, last_refresh=None),
        row(1, "one", state="building", progress=REPORT),
        row(2, "", problem="lumen.workers is 'many'\x1b"),
        width=200,
    )
    assert lines[1].split()[:7] == [
        "main",
        "absent",
        "-",
        "-",
        "-",
        "-",
        ".claude/worktrees/agent-0",
    ]
    assert "building 42%" in lines[2]
    assert lines[3].startswith("* -       fresh !")
    assert lines[4] == "! .claude/worktrees/agent-2: lumen.workers is 'many'\\x1b"
    assert lines[5] == "1 absent: a search there or lumen-hooks index . makes it"


def test_a_low_terminal_keeps_the_sums() -> None:
    lines = shown(*ROWS, height=5)
    assert len(lines) == 5
    assert lines[-2:] == [
        "… 3 more; a taller window shows them",
        "5 worktrees, 5 indexes of 617.3 MB, embedding store of 5 kB",
    ]


def test_text_is_cut_in_its_middle_by_cells() -> None:
    assert shortened("abcdefghij", 5) == "ab…ij"
    assert shortened("購物車支付流程", 7) == "購…流程"[:1] + "…流程"
    column = Column("T", ["same-start-a-same-end", "same-start-b-same-end"], 9)
    wide = laid_out([column], 9, ())[0].cells
    assert len(set(wide)) == 2  # rather too wide than two cells that look the same


def test_words_for_ages_and_sizes() -> None:
    ages = [(1, "1s"), (119, "119s"), (130, "2m"), (7300, "2h"), (200_000, "2d"), (2e6, "3w")]
    for seconds, words in ages:
        assert age_in_words((NOW - timedelta(seconds=seconds)).isoformat(), NOW) == words
    assert age_in_words("yesterday", NOW) == ""
    sizes = [(0, "0 kB"), (393_216, "393 kB"), (12_340_000, "12.3 MB"), (2_500_000_000, "2.5 GB")]
    assert [size_in_words(size) for size, _ in sizes] == [words for _, words in sizes]


def test_watching_looks_no_oftener_than_it_must(repo: Repository) -> None:
    repo.commit({"a.py": "a = 1\n"})
    update(repo)
    worktree = find_worktree(str(repo.top))
    seconds = [0.0]
    looks: list[float] = []

    def look(_: Worktree) -> Status:
        looks.append(seconds[0])
        seconds[0] += 0.5
        return Status(worktree=worktree.top, index=worktree.index_path, log="")

    watched = Watched(worktree, look, lambda: seconds[0])
    for _ in range(5):
        watched.status()
    assert len(looks) == 1
    repo.git("switch", "-q", "-c", "other")  # HEAD changes, and is looked at at once
    watched.status()
    assert len(looks) == 2
    seconds[0] += 0.5 * LOOK_SHARE
    watched.among = 10
    watched.status()
    assert len(looks) == 3
    seconds[0] += 9 * 0.5 * LOOK_SHARE
    watched.status()
    assert len(looks) == 3  # ten together take no more time than one


def test_the_command(launcher: Launcher, repo: Repository) -> None:
    repo.commit({"a.py": "a = 1\n"})
    update(repo)
    repo.add_worktree("w1", "--detach")
    sub = repo.top / "sub"
    sub.mkdir()
    lines = launcher.run(sub, "status", "--all").out.splitlines()
    commit = repo.git("rev-parse", "HEAD")[:7]
    assert [line.split()[-1] for line in lines[1:3]] == ["..", "../../w1"]
    assert lines[1].split()[:4] == ["*", "main", "fresh", "1"]
    assert lines[2].split()[:2] == [f"({commit})", "absent"]
    overview = Overlook(find_worktree(str(repo.top))).take()
    assert [row.is_main for row in overview.rows] == [True, False]
    for wrong in (("--watch",), ("--watch", "3", "--all"), ("--watch", "--json")):
        assert launcher.run(repo.top, "status", *wrong).code == 2
