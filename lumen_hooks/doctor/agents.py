"""Whether what `agent install` put into agents' configuration still works; asks no index."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lumen_hooks.agents.command import PROGRAM, Commands, program_beside
from lumen_hooks.agents.hosts import HOSTS, Scope
from lumen_hooks.agents.plan import sites
from lumen_hooks.agents.status import setup_of

from .check import Check

if TYPE_CHECKING:
    from collections.abc import Mapping


def check_agents(environ: Mapping[str, str], top: str, python: str) -> Check:
    """Whether every program that starts us can, and is told what this version says.

    What a user put in by hand, an MCP server alone, counts as set up.

    Args:
        environ: has HOME, PATH and the variables by which programs move their folders.
        top: the worktree's top folder.
        python: the interpreter of this process.
    """
    problems: list[str] = []
    hints: list[str] = []
    fine: list[str] = []
    scopes: tuple[tuple[Scope, str, str], ...] = (
        ("user", program_beside(python), ""),
        ("project", PROGRAM, " --project"),
    )
    for scope, program, option in scopes:
        every = sites(HOSTS, scope, Commands(program), environ, top)
        for host in HOSTS:
            setup = setup_of(host, every, environ)
            wrong = list(setup.problems)
            # What a repository has is its team's choice.
            if scope == "user" and setup.missing:
                wrong.append(f"{host.title} has no {', no '.join(setup.missing)} of ours")
            if wrong:
                problems += wrong
                hints.append(f"{PROGRAM} agent install{option} {host.name}")
            elif setup.extent != "none":
                fine.append(host.name)
    if problems:
        return Check("agents", False, "; ".join(problems), "; ".join(hints))
    if fine:
        return Check("agents", True, f"{', '.join(dict.fromkeys(fine))}: set up")
    return Check("agents", True, f"none is set up ({PROGRAM} agent install)")
