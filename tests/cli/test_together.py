"""One search of several worktrees and repositories: each text once, and where it stands."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import pytest

from lumen_hooks.git.worktree import find_worktree
from tests.support.commands import lumen
from tests.support.helpers import peer, update
from tests.support.repository import Repository

if TYPE_CHECKING:
    from pathlib import Path

STEPS = "".join(f"    trace('step {number} of the way', {number})\n" for number in range(12))
"""So long a definition is a chunk of its own."""

MAIL = f'''def send_mail(recipient, subject):
    """Deliver a letter to a recipient over the relay."""
{STEPS}    return relay.deliver(recipient, subject)


def evict_oldest(cache):
    """Drop the page of the cache that nobody asked for since long ago."""
{STEPS}    return cache.pages.pop(min(cache.pages, key=cache.asked_at))
'''
CARRIED = MAIL.replace(
    "    return relay.deliver(recipient, subject)\n",
    "    pigeon = loft.fetch_pigeon()\n    return pigeon.carry(recipient, subject)\n",
)
FAX = f'''def transmit_fax(number, pages):
    """Dial a facsimile machine and transmit the pages to it."""
{STEPS}    return modem.dial(number).transmit(pages)
'''
SEND, EVICT = "deliver a letter to a recipient", "evict the oldest page of the cache"


@pytest.fixture
def family(repo: Repository) -> dict[str, Repository]:
    """The main worktree and four more: equal, with another text, moved, and with more."""
    repo.commit({"src/mail.py": MAIL, "docs/cache.md": "# Eviction\n\nOld pages go first.\n"})
    update(repo)
    found = {"main": repo}
    for name in ("equal", "pigeon", "moved", "fax"):
        found[name] = repo.add_worktree(name, "-b", name)
    found["pigeon"].commit({"src/mail.py": CARRIED})
    found["moved"].git("mv", "src/mail.py", "post.py")
    found["moved"].commit()
    found["fax"].commit({"src/fax.py": FAX})
    for one in found.values():
        update(one)
    return found


def asked(directory: Path | str, *arguments: str) -> dict[str, Any]:
    done = lumen(directory, *arguments, "--json")
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def named(places: list[dict[str, Any]]) -> dict[str, tuple[str, int]]:
    return {place["worktree"]: (place["path"], place["line"]) for place in places}


def test_a_text_is_one_result_that_names_all_who_hold_it(family: dict[str, Repository]) -> None:
    main = family["main"].top
    found = asked(main, "search", "--all", SEND)
    symbols = [one["symbol"] for one in found["results"]]
    assert len(symbols) == len(set(symbols))
    first = found["results"][0]
    assert (first["worktree"], first["top"]) == ("main", str(main))
    assert first["path"] == "src/mail.py"
    assert named(first["same_in"]) == {
        "equal": ("../equal/src/mail.py", 1),
        "fax": ("../fax/src/mail.py", 1),
        "moved": ("../moved/post.py", 1),
    }
    assert [one["worktree"] for one in first["same_in"] if one["moved"]] == ["moved"]
    assert named(first["differs_in"]) == {"pigeon": ("../pigeon/src/mail.py", 1)}
    assert first["of"] == 5
    names = [one["name"] for one in found["worktrees"]]
    assert names == ["main", "equal", "fax", "moved", "pigeon"]
    assert all(one["state"] == "fresh" and one["searched"] for one in found["worktrees"])
    alone = asked(main, "search", SEND)
    assert set(found) == set(alone) | {"worktrees"}
    assert set(first) == set(alone["results"][0]) | {
        *("worktree", "top", "same_in", "differs_in", "of")
    }
    assert {key: first[key] for key in ("symbol", "snippet", "start_line", "end_line")} == {
        key: alone["results"][0][key] for key in ("symbol", "snippet", "start_line", "end_line")
    }


def test_readers_are_told_where_and_what_differs(family: dict[str, Repository]) -> None:
    done = lumen(family["main"].top, "search", "--all", SEND)
    assert "\n in main, equal, fax and 1 more, of 5 worktrees\n differs in pigeon\n" in done.stdout
    done = lumen(family["main"].top, "search", "--all", "Dial a facsimile machine", "-n", "1")
    assert done.stdout.startswith("../fax/src/fax.py:1-15 transmit_fax function ")
    assert "\n in fax alone, of 5 worktrees\n" in done.stdout
    # What only one version says is shown as it says it.
    done = lumen(family["main"].top, "search", "--all", "fetch_pigeon loft carry", "-n", "1")
    assert done.stdout.startswith("../pigeon/src/mail.py:1-")
    assert "\n in pigeon alone, of 5 worktrees\n differs in main, equal, fax\n" in (done.stdout)
    done = lumen(family["main"].top, "search", "--all", "old pages go first", "-n", "1")
    assert "\n in all 5 worktrees\n" in done.stdout
    assert done.stderr == ""


def test_filters_limits_and_forms_are_those_of_one(family: dict[str, Repository]) -> None:
    src = family["equal"].top / "src"
    found = asked(src, "search", "--all", "--path", ".", "page", "-n", "3")
    assert {one["worktree"] for one in found["results"]} == {"equal", "fax"}
    (evict,) = [one for one in found["results"] if one["symbol"] == "evict_oldest"]
    assert (evict["path"], set(named(evict["same_in"]))) == ("mail.py", {"main", "fax", "pigeon"})
    assert len(asked(src, "search", "--all", EVICT, "-n", "1")["results"]) == 1
    # A path that is in one of them alone is no fault of the others.
    found = asked(family["main"].top, "search", "--all", "--path", "src/fax.py", "fax")
    assert [one["path"] for one in found["results"]] == ["../fax/src/fax.py"]
    assert all(one["problem"] is None for one in found["worktrees"])
    done = lumen(src, "search", "--all", "--path", "nowhere.py", "fax")
    assert (done.returncode, done.stdout) == (1, "")
    assert "error: nothing" in done.stderr
    done = lumen(src, "search", "--all", "--lang", "go", "fax")
    assert done.returncode == 1
    done = lumen(src, "search", "--all", "-l", "transmit the pages")
    assert "../../fax/src/fax.py" in done.stdout.splitlines()
    done = lumen(src, "search", "--all", "--vimgrep", "transmit the pages", "-n", "1")
    assert done.stdout.startswith("../../fax/src/fax.py:")
    done = lumen(src, "search", "--all", "--threshold", "1", "transmit the pages")
    assert done.returncode == 1


def test_what_keeps_one_out_keeps_out_no_other(family: dict[str, Repository]) -> None:
    main = family["main"]
    indexes = {name: find_worktree(str(one.top)).index_path for name, one in family.items()}
    os.unlink(indexes["equal"])
    with open(indexes["moved"], "r+b") as file:
        file.truncate(5000)
    main.git("config", "extensions.worktreeConfig", "true")
    family["fax"].git("config", "--worktree", "lumen.enabled", "false")
    family["pigeon"].write({f"new{number}.py": "a = 1\n" for number in range(80)})
    done = lumen(main.top, "search", "--all", SEND, "--json")
    found = json.loads(done.stdout)
    assert (done.returncode, done.stderr) == (0, "")
    assert not os.path.exists(indexes["equal"])
    known = {one["name"]: one for one in found["worktrees"]}
    assert [name for name, one in known.items() if one["searched"]] == ["main", "pigeon"]
    assert (known["equal"]["state"], known["fax"]["state"]) == ("absent", None)
    assert "index makes it" in known["equal"]["problem"]
    assert "switched off" in known["fax"]["problem"]
    assert "damaged" in known["moved"]["problem"]
    assert (known["pigeon"]["state"], known["pigeon"]["pending_files"]) == ("stale", 80)
    assert (found["state"], found["pending_files"]) == ("stale", 80)
    assert found["results"][0]["of"] == 2
    done = lumen(main.top, "search", "--all", SEND)
    assert "note: equal was not searched: it has no index (lumen-hooks -C /" in done.stderr
    assert "note: not as indexed: pigeon (stale, 80 files)\n" in done.stderr
    # The one that is named is made; and where nobody has anything, it is said why.
    done = lumen(main.top, "-C", "../equal", "-C", "../fax", "search", SEND, "--json")
    found = json.loads(done.stdout)
    assert [one["searched"] for one in found["worktrees"]] == [True, False]
    os.unlink(indexes["equal"])
    done = lumen(main.top, "-C", "../fax", "-C", "../equal", "search", SEND, "--no-refresh")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("error: lumen is switched off")


def test_changes_since_the_index_are_told_as_they_are(family: dict[str, Repository]) -> None:
    with peer(family["equal"]):
        family["equal"].write({"src/mail.py": MAIL.replace("letter", "parcel")})
        found = asked(family["main"].top, "search", "--all", SEND)
    first = found["results"][0]
    assert "equal" not in named(first["same_in"])
    assert named(first["differs_in"])["equal"] == ("../equal/src/mail.py", 1)
    (equal,) = [one for one in found["worktrees"] if one["name"] == "equal"]
    assert (equal["state"], equal["pending_files"]) == ("refreshing", 1)
    assert found["state"] == "refreshing"
    found = asked(family["main"].top, "search", "--all", SEND)  # a small difference is closed
    assert found["state"] == "fresh"


def test_worktrees_without_a_name_of_their_own_are_called_by_their_folder(
    family: dict[str, Repository],
) -> None:
    for name in ("equal", "fax"):
        family[name].git("switch", "-q", "--detach", "main")
    found = asked(family["main"].top, "search", "--all", SEND)
    tops = [str(family[name].top) for name in ("equal", "fax")]
    assert [one["name"] for one in found["worktrees"]] == ["main", *tops, "moved", "pigeon"]
    assert found["worktrees"][1]["branch"].startswith("(")


def test_repositories_are_told_apart_by_their_folders(repo: Repository, tmp_path: Path) -> None:
    repo.commit({"mail.py": MAIL})
    other = Repository(tmp_path / "office")
    other.top.mkdir()
    other.git("init", "-q")
    other.commit({"fax.py": FAX, "copy.py": MAIL})
    done = lumen(tmp_path, "-C", str(repo.top), "-C", "office", "search", "--json", SEND)
    found = json.loads(done.stdout)
    assert [one["name"] for one in found["worktrees"]] == [repo.top.name, "office"]
    first = found["results"][0]
    assert os.path.isfile(tmp_path / first["path"])
    assert (first["worktree"], first["of"]) == (repo.top.name, 1)
    done = lumen(tmp_path, "-C", "office", "-C", str(repo.top), "search", "facsimile", "-n", "1")
    assert done.stdout.startswith("office/fax.py:1-15 ")
    assert "\n in office\n" in done.stdout
    # The same folder twice is one worktree.
    found = asked(tmp_path, "-C", "office", "-C", "office/.", "search", "facsimile")
    assert len(found["worktrees"]) == 1
    done = lumen(tmp_path, "-C", "office", "-C", "nowhere", "search", "facsimile")
    assert (done.returncode, done.stdout) == (1, "")


@pytest.mark.parametrize("command", [("status",), ("related", "mail.py:1"), ("index",)])
def test_what_works_in_one_place_takes_one(repo: Repository, command: tuple[str, ...]) -> None:
    done = lumen(repo.top, "-C", ".", "-C", ".", *command)
    assert (done.returncode, done.stdout) == (2, "")
    assert "only search looks in several places" in done.stderr


def test_every_place_is_told_once_with_all_who_have_it(family: dict[str, Repository]) -> None:
    main = family["main"].top
    family["equal"].write({"src/mail.py": f"# Ours.\n{MAIL}"})
    done = lumen(main, "search", "--all", "--exact", "def ")
    assert done.stdout == (
        "../fax/src/fax.py:1:1:def transmit_fax(number, pages):\n"
        " in fax alone, of 5 worktrees\n"
        "src/mail.py:1:1:def send_mail(recipient, subject):\n"
        "src/mail.py:18:1:def evict_oldest(cache):\n"
    )
    assert done.stderr.startswith("3 places in 2 files: 3 uses")
    found = asked(main, "search", "--all", "--exact", "def evict_oldest", "--path", "src")
    (place,) = found["results"]
    assert (place["worktree"], place["top"], place["of"]) == ("main", str(main), 5)
    assert {(one["path"], one["line"], *one["worktrees"]) for one in place["held"]} == {
        *(("src/mail.py", 18, "main", "fax"), ("src/mail.py", 19, "equal")),
        ("src/mail.py", 19, "pigeon"),
    }
    found = asked(main, "search", "--all", "--exact", "def evict_oldest")
    assert {"path": "post.py", "line": 18, "worktrees": ["moved"]} in found["results"][0]["held"]
    alone = asked(main, "search", "--exact", "def evict_oldest")
    assert set(found) == set(alone) | {"worktrees"}
    assert set(place) == set(alone["results"][0]) | {"worktree", "top", "held", "of"}
    done = lumen(main, "search", "--all", "--regex", "pigeon[.]carry|modem", "-l")
    assert done.stdout.splitlines() == ["../fax/src/fax.py", "../pigeon/src/mail.py"]
    done = lumen(main, "search", "--all", "--exact", "relay", "--vimgrep", "-n", "1")
    assert done.stdout.startswith("src/mail.py:2:49:")
    assert done.stderr.startswith("the first 1 of ")
    os.unlink(find_worktree(str(family["equal"].top)).index_path)
    family["main"].write({"src/mail.py": MAIL.replace("def evict", "def drop")})
    done = lumen(main, "search", "--all", "--exact", "def evict_oldest")
    assert done.stdout == (
        "../fax/src/mail.py:18:1:def evict_oldest(cache):\n"
        " in fax, pigeon, moved at ../moved/post.py:18, of 4 worktrees\n"
    )


def test_places_of_what_can_be_searched(family: dict[str, Repository]) -> None:
    main = family["main"].top
    os.unlink(find_worktree(str(family["fax"].top)).index_path)
    done = lumen(main, "search", "--all", "--exact", "modem")
    assert (done.returncode, done.stdout) == (1, "")
    assert "note: fax was not searched: it has no index" in done.stderr
    done = lumen(main, "search", "--all", "--regex", "(modem")
    assert done.returncode == 2
    # The one that is named is made, and places in a repository of one are not told of others.
    done = lumen(main.parent, "-C", "fax", "-C", "main", "search", "--exact", "modem")
    assert done.stdout.splitlines() == [
        "fax/src/fax.py:15:12:    return modem.dial(number).transmit(pages)",
        " in fax alone, of 2 worktrees",
    ]


def test_many_versions_of_a_file_and_many_places(family: dict[str, Repository]) -> None:
    main, fax = family["main"], family["fax"]
    many = "".join(f"wombat = {number % 7}\n" for number in range(200))
    main.commit({"many.txt": many})
    fax.commit({"many.txt": "first line\n" + many + "wombat = 0\n"})
    (counted,) = {
        (found["total"], found["files"])
        for found in [asked(main.top, "search", "--all", "--exact", "wombat")]
    }
    assert counted == (201, 1)
    found = asked(main.top, "search", "--all", "--exact", "wombat")
    assert [place["held"] for place in found["results"][-2:]] == [
        [
            {"path": "many.txt", "line": 200, "worktrees": ["main"]},
            {"path": "many.txt", "line": 201, "worktrees": ["fax"]},
        ],
        [{"path": "many.txt", "line": 202, "worktrees": ["fax"]}],
    ]
