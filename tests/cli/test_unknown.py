"""Commands, options and settings that do not exist: what is said of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from lumen_hooks.cli.main import COMMANDS, cli, run
from lumen_hooks.cli.unknown import _COMMANDS, _OPTIONS
from lumen_hooks.doctor.strays import check_strays
from lumen_hooks.errors import SettingsError
from lumen_hooks.git.worktree import find_worktree
from lumen_hooks.settings import load_settings, stray_settings

if TYPE_CHECKING:
    from tests.support.repository import Repository


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """The hint of a command line that is refused; empty without one."""
    assert run(arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "Error: No such" in captured.err
    return captured.err.partition("hint: ")[2].rstrip("\n")


@pytest.mark.parametrize(
    ("command", "hint"),
    [
        ("serach", "did you mean search?"),
        ("stauts", "did you mean status?"),
        ("Status", "did you mean status?"),
        ("instal", "did you mean install, uninstall?"),
        ("init", "lumen-hooks install"),
        ("reindex", "lumen-hooks index --force"),
        ("re-index", "lumen-hooks index --force"),
        ("find", "lumen-hooks search"),
        ("query", "lumen-hooks search"),
        ("serve", "lumen-hooks mcp"),
        ("update", "lumen-hooks index"),
        ("remove", "lumen-hooks uninstall, or lumen-hooks purge for the index alone"),
        ("grep", "lumen-hooks search --exact"),
        ("ls", "lumen-hooks status --all"),
        ("where is it", "lumen-hooks search QUERY asks a question, lumen-hooks -h lists the"),
        ("x" * 100_000, "lumen-hooks search QUERY asks a question, lumen-hooks -h lists the"),
    ],
)
def test_a_command_that_is_none(
    capsys: pytest.CaptureFixture[str], command: str, hint: str
) -> None:
    assert told(capsys, command).startswith(hint)


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (("search", "x", "--limt", "3"), "did you mean --limit?"),
        (("search", "x", "--type", "py"), "did you mean --lang?"),
        (("search", "x", "-g", "*.py"), "did you mean --path?"),
        (("search", "x", "-A", "3"), "did you mean --context?"),
        (("search", "x", "-C", "dir"), "did you mean -C DIR before the command?"),
        (("status", "--al"), "did you mean --all?"),
        (("index", "--reindex"), "did you mean --force?"),
        (("index", "--top-k", "3"), ""),
        (("agent", "sesion-start"), "did you mean session-start?"),
        (("--vresion",), "did you mean --version?"),
    ],
)
def test_an_option_that_is_none(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], hint: str
) -> None:
    assert told(capsys, *arguments).startswith(hint)


def test_what_hints_lead_to_is_there() -> None:
    context = cli.make_context("lumen-hooks", ["status"])
    every = [cli, *filter(None, (cli.get_command(context, name) for name in COMMANDS))]
    options = {option for one in every for known in one.params for option in known.opts}
    for ours in _OPTIONS:
        assert ours.partition(" ")[0] in options, ours
    for ours, words in _COMMANDS.items():
        assert ours.split()[0].rstrip(",") in {*COMMANDS, "--help", "--version"}, ours
        assert not set(words.split()) & set(COMMANDS), words


@pytest.mark.parametrize(
    ("key", "meant"),
    [
        ("lumen.modle", "did you mean lumen.model?"),
        ("lumen.seed-wait", "did you mean lumen.seedWait?"),
        ("lumen.maxfilebyte", "did you mean lumen.maxFileBytes?"),
        ("lumen.zzz", ""),
        ("lumen.some.model", ""),
    ],
)
def test_a_setting_that_is_none(
    repo: Repository, capsys: pytest.CaptureFixture[str], key: str, meant: str
) -> None:
    worktree = find_worktree(str(repo.top))
    repo.git("config", "lumen.REFRESH", "inline")
    assert check_strays(worktree, {}).ok
    repo.git("config", key, "value")
    assert [(stray.name, stray.hint) for stray in stray_settings(worktree.top, {})] == [
        (key, meant)
    ]
    check = check_strays(worktree, {})
    assert not check.ok
    assert key in check.detail
    assert check.hint == f"{key}: {meant} git config --unset {key}".replace(":  ", ": ")
    assert run(["-C", worktree.top, "status"]) == 0
    assert f"note: nothing goes by {key}: it is no setting" in capsys.readouterr().err


def test_a_variable_that_is_none(repo: Repository) -> None:
    environ = {"LUMEN_MODLE": "x", "LUMEN_HOOK": "0", "LUMEN_HOOKS": "0", "LUMEN_OTHER": "x"}
    found = stray_settings(str(repo.top), {**environ, "LUMEN_MODEL": "builtin", "MODEL": ""})
    assert [stray.name for stray in found] == ["LUMEN_MODLE", "LUMEN_HOOK"]
    assert [stray.hint for stray in found] == [
        "did you mean LUMEN_MODEL?",
        "did you mean LUMEN_HOOKS?",
    ]


@pytest.mark.parametrize(
    ("key", "value", "hint"),
    [
        ("lumen.refresh", "inlne", "did you mean inline? git config lumen.refresh inline"),
        ("lumen.enabled", "ture", "did you mean true? git config lumen.enabled true"),
        ("lumen.refresh", "sometimes", "git config lumen.refresh VALUE"),
        ("lumen.language", "*.x=pyhton", "did you mean python?"),
    ],
)
def test_a_value_that_is_none(repo: Repository, key: str, value: str, hint: str) -> None:
    repo.git("config", key, value)
    with pytest.raises(SettingsError) as raised:
        load_settings(str(repo.top), {})
    assert raised.value.hint == hint
