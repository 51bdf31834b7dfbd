"""What would change for which hosts, file by file; and doing it.

A plan is made of the files as they are and can be made again in a moment: it
is, where another program writes a file while its change is on the screen.
Prints nothing.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Literal, NamedTuple

from lumen_hooks.errors import InstallError

from . import files
from .block import BlockError
from .hosts import HOSTS, files_of, places
from .jsonc import JsonError
from .toml_table import TomlError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from .command import Commands, State
    from .hosts import Host, Scope
    from .parts import Part

Action = Literal["install", "uninstall"]

_UNREADABLE = (JsonError, TomlError, BlockError)
_TRIES = 5


class Site(NamedTuple):
    """A part in its file, for a host.

    Attributes:
        host: the program.
        path: the file.
        part: what is in it.
        ground: where the file is.
    """

    host: Host
    path: str
    part: Part
    ground: files.Ground

    @property
    def real(self) -> str:
        """The file itself: CLAUDE.md may be a link to AGENTS.md."""
        return os.path.realpath(self.path)


class Found(NamedTuple):
    """What is in a part's place."""

    site: Site
    state: State
    words: list[str]


class Change(NamedTuple):
    """What is to become of a file.

    Attributes:
        path: the file.
        before: its text, None if it is not there.
        after: its text then, None if it is to go.
        remarks: what is left as it is, and why.
        problem: why nothing can be done, with what to do by hand; nothing is written then.
    """

    path: str
    before: str | None
    after: str | None
    remarks: tuple[str, ...] = ()
    problem: str = ""


def sites(
    hosts: Iterable[Host],
    scope: Scope,
    commands: Commands,
    environ: Mapping[str, str],
    top: str | None = None,
) -> list[Site]:
    """Every part of some hosts; one that several share is there for each."""
    known = places(environ, top)
    project = scope == "project"
    ground = files.Ground(known["top" if project else "home"], shared=project)
    found: list[Site] = []
    for host in hosts:
        for placed in host.project if project else host.user:
            part = placed.make(commands)
            choice = [Site(host, path, part, ground) for path in files_of(placed, known)]
            taken = [site for site in choice if _is_taken(site)] if len(choice) > 1 else []
            found.append((taken or choice)[0])
    return found


def _is_taken(site: Site) -> bool:
    """Whether something is in a part's place."""
    try:
        return look(site).state != "absent"
    except InstallError:
        return False


def look(site: Site) -> Found:
    """What is in a part's place.

    Raises:
        InstallError: the file cannot be read, or not be understood.
    """
    text = files.read(site.path, site.ground)
    try:
        state = site.part.look(text)
        return Found(site, state, site.part.words(text) if text is not None else [])
    except _UNREADABLE as error:
        raise InstallError(f"{site.path}: {error}") from error


def is_set_up(host: Host, all_sites: Sequence[Site]) -> bool:
    """Whether the first part of a host, its server where it has one, is ours and in place."""
    first = next(site for site in all_sites if site.host is host)
    try:
        return look(first).state not in {"absent", "foreign"}
    except InstallError:
        return False


def without_shared(gone: Sequence[Host], every: Sequence[Site]) -> list[Site]:
    """The sites of hosts that go, but for the parts that they share with hosts which stay."""
    stay = [host for host in HOSTS if host not in gone and is_set_up(host, every)]
    kept = [(site.real, site.part) for site in every if site.host in stay]
    return [site for site in every if site.host in gone and (site.real, site.part) not in kept]


def plan(action: Action, wanted: Sequence[Site]) -> list[Change]:
    """What would change, file by file, in the order of the files."""
    by_file: dict[str, list[Site]] = {}
    for site in wanted:
        placed = by_file.setdefault(site.real, [])
        if all(site.part != other.part for other in placed):
            placed.append(site)
    return [_plan_file(action, placed[0].path, placed) for placed in by_file.values()]


def _plan_file(action: Action, path: str, placed: list[Site]) -> Change:
    remarks: list[str] = []
    before = None
    try:
        files.insist_on_inside(path, placed[0].ground)
        before = text = files.read(path, placed[0].ground)
        for site in placed:
            text, remark = _step(action, site, text)
            remarks += [f"{path}: {remark}"] if remark else []
        if text != before:
            files.insist_on_writable(path)
    except _UNREADABLE as error:
        what = f"{path} was left alone: {error}"
        return Change(path, before, before, tuple(remarks), _by_hand(action, what, placed))
    except InstallError as error:
        problem = _by_hand(action, error.message, placed)
        return Change(path, before, before, tuple(remarks), problem)
    return Change(path, before, text, tuple(remarks))


def _step(action: Action, site: Site, text: str | None) -> tuple[str | None, str]:
    """The text after one part's turn, and what is to be said of it."""
    state, role = site.part.look(text), site.part.role
    if state == "foreign":
        return text, f"the {role} there is somebody else's; it was left alone"
    if action == "install":
        if state == "edited":
            return text, f"the {role} was edited by hand; it stays as it is"
        return (site.part.put(text) if state in {"absent", "older"} else text), ""
    return (text if text is None or state == "absent" else site.part.take(text)), ""


def _by_hand(action: Action, what: str, placed: list[Site]) -> str:
    if action == "uninstall":
        return f"{what}; take out what names lumen-hooks"
    lines = [f"{what}; to add by hand:"]
    for site in placed:
        lines += [f"    {line}" for line in site.part.paste().splitlines()]
    return "\n".join(lines)


def carry_out(action: Action, change: Change, wanted: Sequence[Site]) -> Change:
    """Do what was planned for a file; planned again if it was written meanwhile.

    Raises:
        InstallError: it cannot be written; it is as it was.
    """
    here = [site for site in wanted if site.real == os.path.realpath(change.path)]
    for _ in range(_TRIES):
        if change.problem:
            raise InstallError(change.problem)
        if change.after == change.before:
            return change
        try:
            files.write(change.path, change.before, change.after, here[0].ground)
        except files.ChangedError:
            (change,) = plan(action, here)
        else:
            return change
    raise InstallError(
        f"{change.path} was written by another program each time",
        hint="close that program, then run this again",
    )
