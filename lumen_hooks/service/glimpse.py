"""What the files of a worktree say for themselves, where no index tells which of them to ask.

Reads as many as there is time for, those first whose paths promise most; a few of those that have
the words of a question are indexed in memory and asked as any index is. Knows the working tree;
not who makes the index, and no client.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

from lumen_hooks.errors import NotIndexedError
from lumen_hooks.excerpts.snippets import read_current
from lumen_hooks.files.content import glance
from lumen_hooks.indexing.partial import partial_index
from lumen_hooks.search.promise import Promise
from lumen_hooks.search.query import QueryModel, Searcher
from lumen_hooks.search.results import Found, Query, RelatedQuery
from lumen_hooks.settings import BUILTIN_MODEL

from .query_model import query_model

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from lumen_hooks.files.manifest import Manifest
    from lumen_hooks.indexing.job import Job
    from lumen_hooks.storage.facts import MadeWith

GLANCED_BYTES = 1 << 18
"""So much of a file is looked at for words."""

PROMISING_FILES = 80
"""So many files are ranked by what they promise."""

SEARCH_SECONDS = 0.5
"""Kept for the search itself, and for what it finds."""

LEAST_SECONDS = 1.0
"""So long the most promising files may take in any case: to start a parser alone takes a while."""

_AROUND_LINES = 20
"""What is like some code is looked for by the words of so many lines before and after it."""

_SEEN_EVERY = 64


class Glimpse(NamedTuple):
    """What was found, and in how much.

    Attributes:
        found: best first.
        indexed: how many files were indexed for it.
        looked_at: how many were looked at for the words of the question.
        files: how many there are.
    """

    found: Found
    indexed: int
    looked_at: int
    files: int

    def in_words(self) -> str:
        """How much that is."""
        if self.indexed >= self.files:
            return "this is from all files as they are"
        looked = (
            "" if self.looked_at >= self.files else f", of {self.looked_at:,} looked at in time"
        )
        return (
            f"this is from {self.indexed:,} of {self.files:,} files"
            f" (those with most of the question's words{looked})"
        )


def promise_of(job: Job, question: Query | RelatedQuery, manifest: Manifest) -> Promise:
    """What decides which files are looked at first, and which of them promise most.

    Args:
        job: the worktree, and its settings.
        question: whose words count; those around a line, if what is like it is wanted.
        manifest: the worktree's files.

    Raises:
        NotIndexedError: the question is about a file that is not among them.
    """
    if isinstance(question, Query):
        return Promise(question.text)
    content = read_current(job.worktree.top, question.path)
    if question.path not in manifest.files or content is None:
        message = f"{question.path} is not indexed"
        raise NotIndexedError(message, hint="lumen-hooks status", path=question.path)
    rows = content.text.split("\n")
    first = max(0, question.line - 1 - _AROUND_LINES)
    return Promise("\n".join(rows[first : question.line + _AROUND_LINES]))


def look_at_words(
    promise: Promise, top: str, paths: Sequence[str], until: float, enough: Callable[[], bool]
) -> None:
    """Look at files for words.

    Args:
        promise: notes them.
        top: the worktree's top folder.
        paths: of the files, in the order in which they are worth it.
        until: when there is no more time (`time.monotonic()`).
        enough: nothing more is to be found out this way.
    """
    for number, path in enumerate(paths):
        if number % _SEEN_EVERY == 0 and (time.monotonic() > until or enough()):
            return
        promise.note(path, glance(top, path, GLANCED_BYTES))


def glimpse(
    job: Job,
    manifest: Manifest,
    question: Query | RelatedQuery,
    promise: Promise,
    paths: Sequence[str],
    until: float,
) -> Glimpse:
    """Ask the files that promise most, as many as there is time for.

    Args:
        job: the worktree, and how models are loaded.
        manifest: its files.
        question: its filters for files are left to the caller.
        promise: what is known of the files' words.
        paths: of the files, in the order in which they are worth it.
        until: when there must be an answer (`time.monotonic()`).

    Raises:
        ModelError: the configured model cannot be had.
        QueryError: the question cannot be used.
    """
    best = promise.best(PROMISING_FILES)
    first = [question.path] if isinstance(question, RelatedQuery) else []
    # Words are not all: what is left of a small tree may be meant.
    wanted = list(dict.fromkeys([*first, *best, *paths[: PROMISING_FILES - len(best)]]))
    ready = max(until - SEARCH_SECONDS, time.monotonic() + LEAST_SECONDS)
    with partial_index(job, manifest, wanted, ready) as index:
        searcher = Searcher(index)
        if isinstance(question, RelatedQuery):
            if index.file_at(question.path) is None:  # not even this one was ready in time
                return Glimpse(Found(()), 0, promise.read, len(paths))
            found = searcher.related(question)
        else:
            asked = Query(question.text, question.limit, kinds=question.kinds)
            found = searcher.search(asked, lambda made_with: _model(job, made_with))
        return Glimpse(found, index.counts().files, promise.read, len(paths))


def _model(job: Job, made_with: MadeWith) -> QueryModel:
    """The built-in one; others take too long."""
    if made_with.model != BUILTIN_MODEL:
        return QueryModel(None, None)
    return query_model(made_with, job.settings, job.load)
