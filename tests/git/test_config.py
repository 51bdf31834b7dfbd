from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from lumen_hooks.errors import RepositoryError
from lumen_hooks.git.config import Entry, config_entries, config_values

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.repository import Repository


def test_entries_say_who_sets_what(repo: Repository, tmp_path: Path) -> None:
    repo.git("config", "--global", "lumen.Refresh", "off")
    repo.git("config", "lumen.exclude", "one\ntwo")
    with (repo.top / ".git/config").open("a") as config:
        config.write(f"[lumen]\n\tenabled\n\tempty =\n[include]\n\tpath = {tmp_path}/more\n")
    (tmp_path / "more").write_text("[lumen]\n\tworkers = 3\n")
    found = {entry.key: entry for entry in config_entries(str(repo.top), "lumen[.].*")}
    assert found["lumen.refresh"][1:3] == ("off", "global")
    assert found["lumen.exclude"] == Entry("lumen.exclude", "one\ntwo", "local", "file:.git/config")
    assert found["lumen.enabled"].value is None
    assert found["lumen.empty"].value == ""
    assert found["lumen.workers"][1:] == ("3", "local", f"file:{tmp_path}/more")
    local = config_entries(str(repo.top), "lumen[.].*", only="local")
    assert [entry.key for entry in local] == ["lumen.exclude", "lumen.enabled", "lumen.empty"]


def test_values_of_one_key(repo: Repository) -> None:
    top = str(repo.top)
    assert config_values(top, "core.hooksPath") == []
    repo.git("config", "core.hooksPath", "a")
    repo.git("config", "--add", "core.hooksPath", "b")
    repo.git("config", "core.hooksPathOther", "c")
    repo.git("config", "hook.A.b.Event", "d")
    assert config_values(top, "core.hooksPath") == ["a", "b"]
    assert config_values(top, "hook.A.b.event") == ["d"]
    assert config_values(top, "hook.a.b.event") == []
    repo.git("config", "lumen.enabled", "No")
    assert config_values(top, "lumen.enabled", as_bool=True) == ["false"]
    repo.git("config", "lumen.enabled", "perhaps")
    with pytest.raises(RepositoryError, match="bad boolean"):
        config_values(top, "lumen.enabled", as_bool=True)
