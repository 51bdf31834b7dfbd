"""`lumen-hooks completion`: what makes a shell complete our command line."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

SHELLS = ("bash", "zsh", "fish")


@click.command()
@click.argument("shell", metavar="bash|zsh|fish", type=click.Choice(SHELLS))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print a script that completes commands and options, for the shell's start-up file.

    \b
    In ~/.bashrc: eval "$(lumen-hooks completion bash)"
    In ~/.zshrc: eval "$(lumen-hooks completion zsh)"
    In ~/.config/fish/config.fish: lumen-hooks completion fish | source
    """  # noqa: D301 - click wants the character
    made = get_completion_class(shell)
    if made is None:
        raise click.UsageError(f"no completion for {shell}")
    root = context.find_root().command
    click.echo(made(root, {}, "lumen-hooks", "_LUMEN_HOOKS_COMPLETE").source())
