"""What an update is to do and with what, and what may come of it.

A `Job` names a worktree and brings what an update must be given (how a model
is loaded, where embedding slots lie); it is composed here for worker and
commands alike. How the worktree was found, and whether
it may be indexed at all, is settled by whoever makes one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from lumen_hooks.embedding.loading import load_embedder

from .progress import NoProgress
from .throttle import runtime_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from lumen_hooks.embedding.protocol import Embedder
    from lumen_hooks.git.worktree import Worktree
    from lumen_hooks.settings import Settings
    from lumen_hooks.storage.facts import Refresh
    from lumen_hooks.system.locks import Holder

    from .freshness import Freshness
    from .progress import Progress
    from .seed import Seeded


class Job(NamedTuple):
    """Everything that an update needs to know.

    Attributes:
        worktree: whose index.
        settings: the user's settings.
        load: makes the embedder (given as a function since it is expensive and seldom needed).
        slots: folder of the machine-wide embedding slots.
        purpose: what for; shown to whoever finds the index locked.
        progress: is told how far it is.
        still_wanted: asked now and then of an update that takes long; it is given up if not.
        begins: whether our folder may be made: by all who are waited for, and never by a worker.
        foreground: a person asked for nothing but this: it may use all of the machine.
        deaths_max: it is given up when more texts than this kill the process that parses them;
            None for any number.
        elsewhere: whether an index that is missing may come from the store elsewhere, must, or
            need not be asked for there.
    """

    worktree: Worktree
    settings: Settings
    load: Callable[[Settings], Embedder]
    slots: str
    purpose: str
    progress: Progress = NoProgress()  # it has no state
    still_wanted: Callable[[], bool] = lambda: True
    begins: bool = True
    foreground: bool = False
    deaths_max: int | None = None
    elsewhere: Literal["may", "must", "never"] = "may"


class Updated(NamedTuple):
    """The index equals the worktree as it was scanned.

    Attributes:
        refresh: what was done; None when there was nothing to do.
        seeded: the clone that it began with, if it did.
        freshness: what `look_at` would say, which saves a look; None if that is not known: the
            scan is some seconds old, many files were read, one of them has changed since,
            or a hint says that something has.
        remark: what people are told of a seed that did not come; empty if there is nothing to say.
    """

    refresh: Refresh | None
    seeded: Seeded | None
    freshness: Freshness | None = None
    remark: str = ""


class Busy(NamedTuple):
    """Another process is working on this index and went on for the whole wait."""

    holder: Holder | None


def job_for(
    worktree: Worktree,
    settings: Settings,
    environ: Mapping[str, str],
    *,
    purpose: str,
    progress: Progress | None = None,
) -> Job:
    """A job that somebody waits for, with the models and the slots of this machine.

    Args:
        worktree: with the folder where its index is kept (`aside.housed`, `aside.settled`).
        settings: in force there.
        environ: says where this user's embedding slots are.
        purpose: what for.
        progress: is told how far it is.
    """
    return Job(
        worktree=worktree,
        settings=settings,
        load=load_embedder,
        slots=runtime_folder(environ),
        purpose=purpose,
        progress=progress or NoProgress(),
    )
