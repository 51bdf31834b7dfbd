"""How long a question may take: the options that say it, and how it is asked then."""

from __future__ import annotations

from functools import partial, wraps
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from lumen_hooks.notify.spawn import spawn_worker

if TYPE_CHECKING:
    from collections.abc import Callable

    from lumen_hooks.indexing.job import Job
    from lumen_hooks.search.results import ExactQuery, Query, RelatedQuery
    from lumen_hooks.service.answer import Answer
    from lumen_hooks.service.everywhere import Everywhere


class Patience(NamedTuple):
    """What a question waits for.

    Attributes:
        refresh: the index is brought up to date first, as far as that is quick.
        creates: one that is missing is made first; else what there is answers within seconds.
    """

    refresh: bool
    creates: bool


def patience_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options, and their meaning as `patience`."""

    @click.option("--no-refresh", is_flag=True, help="Answer from the index as it is.")
    @click.option(
        "--no-wait",
        is_flag=True,
        help="Where there is no index yet, answer in seconds from what there is.",
    )
    @wraps(command)
    def run(*arguments: Any, no_refresh: bool, no_wait: bool, **others: Any) -> None:
        # Without a refresh nothing is begun, and so there is nothing to wait for.
        patience = Patience(refresh=not no_refresh, creates=no_refresh or not no_wait)
        command(*arguments, patience=patience, **others)

    return run


def answered(job: Job, event: str, question: Query | RelatedQuery, patience: Patience) -> Answer:
    """What a worktree answers to a question.

    Raises:
        LumenError: as `Answerer.answer` does.
    """
    from lumen_hooks.service.answer import Answerer

    start = partial(spawn_worker, job.worktree.top, event)
    answerer = Answerer(job, start, refresh=patience.refresh, creates=patience.creates)
    if patience.creates:
        return answerer.answer(question)
    from lumen_hooks.service.unindexed import PromptAnswerer

    return PromptAnswerer(answerer).answer(question)


def found_everywhere(job: Job, query: ExactQuery, patience: Patience) -> Everywhere:
    """Every place in a worktree.

    Raises:
        LumenError: as `Everyplace.find` does.
    """
    from lumen_hooks.service.everywhere import Everyplace

    start = partial(spawn_worker, job.worktree.top, "search")
    everyplace = Everyplace(job, start, refresh=patience.refresh, creates=patience.creates)
    if patience.creates:
        return everyplace.find(query)
    from lumen_hooks.service.unindexed import PromptEveryplace

    return PromptEveryplace(everyplace).find(query)
