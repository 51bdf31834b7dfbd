"""How help reads: commands in groups, in the order of their use, each in a whole sentence.

Knows how click lays out help; not what any command does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, TypeAlias

import click

if TYPE_CHECKING:
    from collections.abc import Mapping

    Sections: TypeAlias = Mapping[str, Mapping[str, str]]
    """By what they are for: each command's name and what it is made from."""


class HelpfulGroup(click.Group):
    """A group whose commands are listed with the first sentence of their help, uncut.

    `sections` says under which headings; commands that it does not name come last, as "Commands".
    """

    sections: ClassVar[Sections] = {}

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find a command (overrides click, which says little of one that does not exist)."""
        name = args[0]
        if name[:1] != "-" and not ctx.resilient_parsing and self.get_command(ctx, name) is None:
            from .unknown import no_such_command

            raise no_such_command(name, self.list_commands(ctx), ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands (overrides click, which cuts each to a line)."""
        rows: dict[str, str] = {}
        for name in self.list_commands(ctx):
            command = self.get_command(ctx, name)
            if command is not None and not command.hidden:
                rows[name] = _sentence(command)
        width = max(map(len, rows), default=0)
        for title, names in {**self.sections, "Commands": dict.fromkeys(rows, "")}.items():
            here = [(name.ljust(width), rows.pop(name)) for name in names if name in rows]
            if here:
                with formatter.section(title):
                    formatter.write_dl(here)


def _sentence(command: click.Command) -> str:
    """What a command is for: the first sentence of its help."""
    paragraph = " ".join((command.help or "").split("\n\n")[0].split())
    return paragraph.partition(". ")[0].rstrip(".") + "."
