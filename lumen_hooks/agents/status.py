"""How far each host is set up, for lists and for doctor; changes nothing."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Literal, NamedTuple

from lumen_hooks.errors import InstallError

from .command import is_dead
from .plan import look

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .hosts import Host
    from .plan import Found, Site

Extent = Literal["none", "set up", "partly", "wrong"]


class Setup(NamedTuple):
    """What there is of ours for a host.

    Attributes:
        host: the program.
        extent: nothing; all; some of it; or something that does not work.
        missing: the parts that are not there, if more than a server is.
        problems: what does not work, or is of another version.
    """

    host: Host
    extent: Extent
    missing: list[str]
    problems: list[str]


def setup_of(host: Host, every: Sequence[Site], environ: Mapping[str, str]) -> Setup:
    """What there is for a host among all sites."""
    found: list[Found] = []
    problems: list[str] = []
    for site in every:
        if site.host is host:
            try:
                found.append(look(site))
            except InstallError as error:
                problems.append(error.message)
    ours = [item for item in found if item.state not in {"absent", "foreign"}]
    shared = {site.real for site in every if site.host is not host}
    if all(item.site.real in shared for item in ours):  # other hosts' as much
        return Setup(host, "none", [], [])
    problems += [problem for item in ours if (problem := _problem(item, environ))]
    # A server alone may be all that somebody wanted, and put in by hand.
    alone = [item.site.part.role for item in ours] == ["MCP server"]
    missing: list[str] = [item.site.part.role for item in found if item not in ours and not alone]
    extent: Extent = "wrong" if problems else "partly" if missing else "set up"
    return Setup(host, extent, missing, problems)


def _problem(found: Found, environ: Mapping[str, str]) -> str:
    site, words = found.site, found.words
    if words and is_dead(words, environ.get("PATH", os.defpath)):
        return f"{site.path} starts {words[0]}, which is not there"
    if found.state != "older":
        return ""
    if not words:
        return f"{site.path}: the {site.part.role} are of another version"
    # Another installation that works is as good as this one.
    wanted = site.part.words(site.part.paste())
    if words[1:] != wanted[1:]:
        return f"{site.path}: the {site.part.role} is of another version"
    return ""
