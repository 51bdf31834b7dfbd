"""Help is whole on a terminal of 80 columns: no sentence is cut, no option goes without one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
from click.testing import CliRunner

from lumen_hooks.cli.main import COMMANDS, SECTIONS, cli

if TYPE_CHECKING:
    from collections.abc import Iterator

COLUMNS = 80


def commands(
    group: click.Group = cli, *above: str
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every command with the words that call it."""
    yield above, group
    for name in group.list_commands(click.Context(group)):
        command = group.get_command(click.Context(group), name)
        if isinstance(command, click.Group):
            yield from commands(command, *above, name)
        elif command is not None:
            yield (*above, name), command


def shown(*words: str) -> str:
    result = CliRunner(env={"COLUMNS": str(COLUMNS)}).invoke(
        cli, [*words, "--help"], prog_name="lumen-hooks", terminal_width=COLUMNS
    )
    assert result.exit_code == 0
    return result.output


def test_help_is_whole() -> None:
    for words, _ in commands():
        lines = shown(*words).splitlines()
        assert max(map(len, lines)) <= COLUMNS, words
        assert "\\b" not in "".join(lines), words  # a raw docstring spoils click's mark
        cut = [line for line in lines[1:] if line.endswith("...") and "ARG" not in line]
        assert not cut, words


def test_every_command_and_option_says_what_it_does_in_a_sentence() -> None:
    for words, command in commands():
        assert (command.help or "").strip(), words
        for parameter in command.get_params(click.Context(command)):
            if isinstance(parameter, click.Option) and not parameter.hidden:
                assert (parameter.help or "").rstrip().endswith("."), (words, parameter.name)


def test_commands_are_listed_by_what_they_are_for() -> None:
    lines = shown().splitlines()
    for title, names in SECTIONS.items():
        at = lines.index(f"{title}:")
        listed = [line.split()[0] for line in lines[at + 1 :] if line.startswith("  ")]
        assert listed[0] == next(iter(names))
    assert [name for name in COMMANDS if not any(f"  {name} " in line for line in lines)] == []
