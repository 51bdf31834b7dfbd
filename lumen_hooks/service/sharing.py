"""Indexes given to a store elsewhere and fetched from it by hand; what `push` and `pull` do.

How an index is cut, sent and put together is `remote`'s; what is committed, git's.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from lumen_hooks.errors import RepositoryError, SettingsError
from lumen_hooks.files.content import read_file
from lumen_hooks.git.backend import open_history
from lumen_hooks.git.committed import changed_since, committed_files, committer
from lumen_hooks.indexing.donors import insist_on_fit
from lumen_hooks.indexing.reach import reaches
from lumen_hooks.indexing.update import update_index
from lumen_hooks.storage.export import export
from lumen_hooks.storage.keyed_vectors import vectors_of
from lumen_hooks.storage.publish import discard, temporary_path
from lumen_hooks.storage.reader import open_index

from .refresh import not_busy

if TYPE_CHECKING:
    from lumen_hooks.git.worktree import Worktree
    from lumen_hooks.indexing.job import Job, Updated
    from lumen_hooks.remote.stores.store import Store
    from lumen_hooks.settings import Settings
    from lumen_hooks.storage.export import Exported
    from lumen_hooks.storage.facts import Facts


class Published(NamedTuple):
    """What became of a push.

    Attributes:
        store: its name.
        commit: whose index it is (hex).
        files: in the index that was sent.
        chunks: in it.
        left_out: files of the worktree's index that are not committed as they are there.
        vectors: vectors that the store lacked.
        text: the index itself was sent; else vectors alone.
        already: the commit's index was there before, and nothing was sent.
        sent_bytes: to the store, in all.
    """

    store: str
    commit: str
    files: int = 0
    chunks: int = 0
    left_out: int = 0
    vectors: int = 0
    text: bool = True
    already: bool = False
    sent_bytes: int = 0

    def in_words(self) -> str:
        """In one line."""
        if self.already:
            return f"{self.store} has the index of {self.commit[:12]} already"
        what = f"{self.files:,} files, {self.chunks:,} chunks"
        out = ""
        if self.left_out:
            are = "1 file is" if self.left_out == 1 else f"{self.left_out:,} files are"
            out = f"; {are} left out: not committed as here"
        if not self.text:
            what = "vectors alone, no words, names or paths"
        return (
            f"pushed {self.commit[:12]} to {self.store}: {what}; {self.vectors:,} new vectors,"
            f" {self.sent_bytes / 1e6:,.2f} MB sent{out}"
        )


def store_of(settings: Settings) -> Store:
    """The store that is set.

    Raises:
        RemoteError: it is none that can be opened.
        SettingsError: none is set.
    """
    if not settings.remote:
        raise SettingsError(
            "no store is set", hint="git config lumen.remote URL (docs/remote.md has examples)"
        )
    from lumen_hooks.remote.stores.store import open_store

    return open_store(settings.remote, patience=settings.remote_patience)


def push(job: Job, *, text: bool = True, force: bool = False) -> Published:
    """Publish a worktree's index, brought up to date first, for the commit that is checked out.

    Args:
        job: whose.
        text: send the index itself; else only its vectors, by which whoever builds one embeds
            nothing, and which hold no word, name or path.
        force: send all of it, also where the store says that it has it.

    Raises:
        BusyError: another process went on working on it.
        LumenError: as `update_index`, `export` and the store do.
        RemoteError: it would be signed, and nobody is named who is believed.
    """
    from lumen_hooks.remote.signing import insist_on_signers

    store = store_of(job.settings)
    insist_on_signers(job.settings)
    store.claim()
    not_busy(update_index(job, wait=job.settings.seed_wait))
    worktree = job.worktree
    history = open_history(worktree)
    commit = history.head()
    if commit is None:
        raise RepositoryError("nothing is committed here yet", hint="commit first, then push")
    with open_index(worktree.index_path) as index:
        facts = index.facts()
    from lumen_hooks.remote.push import is_pushed, push_index
    from lumen_hooks.remote.vectors.publish import push_vectors

    if text and not force and is_pushed(store, job.settings, facts.fingerprint, commit):
        return Published(store.name, commit, already=True)
    before, copy = store.sent, temporary_path(worktree.index_path)
    try:
        exported = _export(job, copy, commit, facts.fingerprint)
        told = exported.facts
        vectors = push_vectors(
            store, job.settings, told.model_key, told.dimensions, vectors_of(copy)
        )
        if text:
            by = committer(worktree.top) or "somebody"
            push_index(
                store, job.settings, history, copy, exported, pushed_by=by[:200], force=force
            )
    finally:
        discard(copy)
    return Published(
        store=store.name,
        commit=commit,
        files=exported.counts.files,
        chunks=exported.counts.chunks,
        left_out=exported.left_out,
        vectors=vectors,
        text=text,
        sent_bytes=store.sent - before,
    )


def _export(job: Job, copy: str, commit: str, fingerprint: str) -> Exported:
    worktree = job.worktree
    committed = committed_contents(worktree, commit)

    def is_committed(path: str, content: bytes | None) -> bool:
        found = committed.get(path)
        return found is not None and (content is None or content in found)

    def traces_may_stay(facts: Facts) -> bool:
        return reaches(worktree.top, facts.reach, commit)

    worktree.insist_on_presence()
    return export(
        worktree.index_path,
        copy,
        is_committed=is_committed,
        commit=commit,
        accept=insist_on_fit(fingerprint),
        traces_may_stay=traces_may_stay,
    )


def committed_contents(worktree: Worktree, commit: str) -> dict[str, tuple[bytes, ...]]:
    """What a commit holds at each path, as git's blob ids of bytes on disk.

    Filters and line ends make two contents of one: git's own, and what is on disk where git says
    that it is the same. Only those are looked at that the index holds in such a form.

    Raises:
        RepositoryError: git cannot read the commit or the worktree.
        StoreError: the index cannot be read.
    """
    blobs = committed_files(worktree.top, commit)
    with open_index(worktree.index_path) as index:
        rows = index.files()
    # Of what differs from git's blob, the index tells which blob git had listed then.
    filtered = [
        path
        for path, row in rows.items()
        if path in blobs and row.content not in {None, blobs[path]} and row.blob == blobs[path]
    ]
    changed = changed_since(worktree.top, commit) if filtered else set()
    contents: dict[str, tuple[bytes, ...]] = {path: (blob,) for path, blob in blobs.items()}
    for path in filtered:
        if path not in changed:
            on_disk = _on_disk(worktree.top, path, len(blobs[path]))
            contents[path] = (*contents[path], *on_disk)
    return contents


def _on_disk(top: str, path: str, blob_length: int) -> tuple[bytes, ...]:
    """The blob id of a file's bytes as they are now; none if it cannot be read."""
    found = read_file(top, path, max_bytes=1 << 40, blob_length=blob_length)
    return (found.blob,) if found.blob else ()


def pull(job: Job) -> Updated | None:
    """Seed a worktree without an index from the store, and refresh what differs.

    Returns:
        None where there is an index already.

    Raises:
        BusyError: another process is making the index.
        RemoteError: the store has none that can serve, or cannot be used.
        LumenError: as `update_index` does.
    """
    store_of(job.settings)
    if os.path.exists(job.worktree.index_path):
        return None
    done = not_busy(update_index(job._replace(elsewhere="must"), wait=job.settings.seed_wait))
    return done if done.seeded else None
