"""What is said of a command or an option that does not exist: which of ours may be meant.

Spelt much like one, or a word that other tools have for the same. Knows names alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from lumen_hooks.meant import asked_back, did_you_mean, plain

if TYPE_CHECKING:
    from collections.abc import Sequence

_COMMANDS = {
    "install": "init setup enable activate bootstrap",
    "uninstall": "deinit disable deactivate teardown",
    "index": "update refresh build sync add scan embed ingest analyze crawl",
    "index --force": "reindex rebuild reset regenerate",
    "search": "find query ask lookup semantic semsearch s q",
    "search --exact": "grep rg ag exact",
    "search --regex": "regex regexp",
    "related": "similar like neighbours neighbors",
    "outline": "symbols toc structure definitions members",
    "status": "info stats state show health",
    "status --all": "list ls worktrees",
    "doctor": "check diagnose verify validate fsck debug",
    "purge": "clean clear drop prune gc",
    "uninstall, or lumen-hooks purge for the index alone": "remove delete rm",
    "mcp": "serve server start run daemon",
    "wait": "await block ready",
    "agent install": "agents claude codex cursor skill",
    "completion": "completions autocomplete",
    "--help": "help man usage",
    "--version": "version",
}
"""Other tools' words for ours."""

_BEFORE = "-C DIR before the command"

_OPTIONS = {
    "--lang": "--language --languages --type --filetype -t",
    "--path": "--glob --include --dir --directory --folder --files -g",
    "--exclude": "--ignore --not",
    "--limit": "--top-k --topk --top --max-results --max-count --count --num --results --k -k -m",
    "--exact": "--fixed-strings --literal -F",
    "--regex": "--regexp --pattern --perl-regexp -e -E -P",
    "--files-with-matches": "--name-only --paths --files-only",
    "--context": "--after-context --before-context -A -B",
    "--threshold": "--min-score --score --cutoff",
    "--changed-since": "--since --diff --changed",
    "--json": "--format --output -o",
    _BEFORE: "-C --cwd --repo",
    "--force": "--reindex --rebuild --full --reset",
    "--all": "-a --every --worktrees",
}
"""Other tools' options for ours, one of which a command may have."""


def no_such_command(name: str, commands: Sequence[str], context: click.Context) -> click.UsageError:
    """The error for a command that a group does not have."""
    is_root = context.parent is None
    ours = _by_word(_COMMANDS) if is_root else {}
    hint = did_you_mean(name, commands) or did_you_mean(name, ours)
    if plain(name) in ours:
        hint = f"lumen-hooks {ours[plain(name)]}"
    if not hint and is_root:
        hint = "lumen-hooks search QUERY asks a question, lumen-hooks -h lists the commands"
    return _with_hint(f"No such command {name!r}.", hint, context)


def no_such_option(error: click.NoSuchOption) -> click.UsageError:
    """The error for an option that a command does not have, with what may be meant."""
    context, name = error.ctx, error.option_name
    parameters = context.command.get_params(context) if context else []
    there = {option for one in parameters for option in one.opts}
    ours = _by_word(_OPTIONS).get(name, "")
    if ours not in there | {_BEFORE}:
        ours = ""
    hint = asked_back([ours]) or did_you_mean(name, [one for one in there if one[:2] == "--"])
    if any(isinstance(one, click.Argument) and one.nargs < 0 for one in parameters):
        hint = f"{hint} a text that begins with a dash follows --".lstrip()
    return _with_hint(f"No such option {name!r}.", hint, context)


def _with_hint(message: str, hint: str, context: click.Context | None) -> click.UsageError:
    return click.UsageError(f"{message}\nhint: {hint}" if hint else message, context)


def _by_word(table: dict[str, str]) -> dict[str, str]:
    return {word: ours for ours, words in table.items() for word in words.split()}
