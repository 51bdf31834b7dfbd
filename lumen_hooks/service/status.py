"""What people are told of the state of a worktree's index; changes nothing."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

from lumen_hooks.chunking.means import means_of
from lumen_hooks.embedding.registry import identify
from lumen_hooks.errors import CorruptIndexError, LumenError
from lumen_hooks.files.manifest import scan
from lumen_hooks.git.ownership import foreign_files
from lumen_hooks.indexing.freshness import (
    ABSENT,
    BUILDING,
    State,
    differ_in_words,
    differing_files,
    state_of,
    wanted_fingerprint,
)
from lumen_hooks.indexing.progress import Report, read_report
from lumen_hooks.indexing.survey import survey
from lumen_hooks.storage.reader import open_reader
from lumen_hooks.storage.sqlite import size_on_disk
from lumen_hooks.system.locks import Holder, read_holder

from .workspace import workspace_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lumen_hooks.git.worktree import Worktree
    from lumen_hooks.settings import Settings
    from lumen_hooks.storage.reader import IndexReader

LISTED_LANGUAGES = 12
"""So many are told to people; all are in the JSON."""

OTHER_FINGERPRINT = "made with another model or version; the next refresh makes it anew"


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """What is told of an index: by `status`, by `status --json` in this order, and to agents.

    A field that is added here, with the value that it has where nothing is known, is in all of
    them but the lines for people (`rows`).

    Attributes:
        worktree: top folder.
        index: path of the index file.
        state: absent, building, refreshing, stale or fresh.
        files: indexed files.
        chunks: chunks in the index.
        model: name of the model that it was made with.
        dimensions: of its vectors.
        head: commit that was checked out at the last refresh (hex), None for none.
        seeded_from: top folder of the worktree that it was cloned from, or None.
        pending_files: files that the index does not hold as they are now.
        index_bytes: size on disk, the WAL included.
        log: path of the log.
        last_refresh: what the last refresh that changed anything did.
        skipped: files passed over, by reason.
        problem: why the index cannot be used, or None.
        lock: who holds the index lock, or None.
        wanted_model: name of the model that the settings want; the index is made anew with it.
        progress: how far the process that changes the index is, or None if none says so.
        languages: indexed files by language, those of most files first.
        by_lines: the languages of these that are cut by lines, since no parser is here for them.
    """

    worktree: str
    index: str
    state: State = ABSENT
    files: int = 0
    chunks: int = 0
    model: str = ""
    dimensions: int = 0
    head: str | None = None
    seeded_from: str | None = None
    pending_files: int = 0
    index_bytes: int = 0
    log: str
    last_refresh: dict[str, object] | None = None
    skipped: dict[str, int] = field(default_factory=dict)
    problem: str | None = None
    lock: str | None = None
    wanted_model: str = ""
    progress: Report | None = None
    languages: dict[str, int] = field(default_factory=dict)
    by_lines: list[str] = field(default_factory=list)

    def record(self) -> dict[str, Any]:
        """The same for programs, as JSON has it."""
        told = asdict(self)
        return {**told, "progress": self.progress._asdict() if self.progress else None}

    def rows(self) -> Iterator[tuple[str, str]]:
        """The same for people: what a line is about, and the line."""
        wanted = f"; {self.wanted_model} is wanted" if self.wanted_model != self.model else ""
        yield "worktree", self.worktree
        yield "state", self._state_in_words()
        if self.index_bytes:
            holds = f"{self.files:,} files, {self.chunks:,} chunks"
            yield "holds", f"{holds}, {self.index_bytes / 1e6:.1f} MB"
        yield "model", f"{self.model}, {self.dimensions} dimensions{wanted}"
        if self.languages:
            yield "languages", counted(self.languages)
        if self.by_lines:
            lines = {name: self.languages[name] for name in self.by_lines}
            yield "by lines", f"{counted(lines)}: no parser here"
        if self.skipped:
            yield "skipped", ", ".join(f"{count:,} {why}" for why, count in self.skipped.items())
        if self.seeded_from:
            yield "seeded", f"from {self.seeded_from}"
        if self.last_refresh:
            yield "refreshed", _REFRESHED.format(**self.last_refresh)
        if self.lock:
            yield "locked by", self.lock
        if self.progress:
            yield "progress", _PROGRESS.format(self.progress, self.progress.in_words())
        if self.problem:
            yield "problem", self.problem

    def _state_in_words(self) -> str:
        if self.state == ABSENT:
            return "absent: no index yet; lumen-hooks index makes it, or the first search does"
        differ = differ_in_words(self.pending_files)
        return f"{self.state}, {differ}" if self.pending_files else self.state


def counted(languages: Mapping[str, int]) -> str:
    """Files by language in words: the first of them by name."""
    words = [f"{name} {count:,}" for name, count in languages.items()]
    more = [f"{len(words) - LISTED_LANGUAGES} more"] if len(words) > LISTED_LANGUAGES else []
    return ", ".join(words[:LISTED_LANGUAGES] + more)


_REFRESHED = (
    "{finished_at}: {kind}, {files_changed:,} files changed, {chunks_embedded:,} texts embedded,"
    " {seconds} s"
)
_PROGRESS = "{0.model}: {1}; {0.chunks:,} of {0.chunks_expected:,} chunks, {0.embedded:,} embedded"


def read_status(worktree: Worktree, settings: Settings) -> Status:
    """Look at the index, the lock and the tree.

    Raises:
        ModelError: there is no index, and the configured model cannot be had (where there is an
            index, that is reported in `problem` instead, as is damage).
        RepositoryError: git cannot read the worktree.
        StoreError: the index cannot be opened.
    """
    holder = read_holder(worktree.lock_path)
    damage = ""
    try:
        index = open_reader(worktree.index_path)
        if index is not None:
            with index:
                return _of_index(index, worktree, settings, holder)
    except CorruptIndexError as error:
        damage = error.message
    identity = identify(settings)
    return replace(
        _bare(worktree),
        state=BUILDING if holder else ABSENT,
        model=identity.name,
        dimensions=identity.dimensions,
        pending_files=len(scan(worktree, settings).files),
        problem=_problem(damage, worktree),
        lock=str(holder) if holder else None,
        wanted_model=identity.name,
        progress=read_report(holder),
    )


def status_of(worktree: Worktree) -> Status:
    """As `read_status`, with the settings in force there.

    Raises:
        LumenError: as `read_status` and `workspace_of` do.
    """
    workspace = workspace_of(worktree)
    return read_status(workspace.worktree, workspace.settings)


def look_beside(worktree: Worktree) -> Status | None:
    """One of many: none if it was removed meanwhile, and no end to the others if it cannot be."""
    try:
        return status_of(worktree)
    except (LumenError, OSError) as error:
        return replace(_bare(worktree), problem=str(error)) if worktree.is_present() else None


def _bare(worktree: Worktree) -> Status:
    """What is known of any worktree."""
    return Status(
        worktree=worktree.top,
        index=worktree.index_path,
        index_bytes=size_on_disk(worktree.index_path),
        log=worktree.log_path,
    )


def _problem(known: str, worktree: Worktree) -> str | None:
    foreign, remedy = foreign_files(worktree)
    parts = (known, worktree.remark, f"{foreign} ({remedy})" if foreign else "")
    return "; ".join(filter(None, parts)) or None


def _of_index(
    index: IndexReader, worktree: Worktree, settings: Settings, holder: Holder | None
) -> Status:
    facts = index.facts()
    found = survey(index, facts, worktree, settings)
    counts = index.counts()
    wanted, refusal = wanted_fingerprint(settings)
    pending = len(differing_files(found, worktree, settings))
    state = state_of(facts, wanted, pending, holder)
    misfit = refusal or ("" if facts.usable_for(wanted) else OTHER_FINGERPRINT)
    skipped = index.skipped()
    languages = index.languages()
    for reason, count in found.manifest.unindexable.items():
        skipped[reason] = skipped.get(reason, 0) + count
    return replace(
        _bare(worktree),
        state=state,
        files=counts.files,
        chunks=counts.chunks,
        model=facts.model,
        dimensions=facts.dimensions,
        head=facts.head,
        seeded_from=facts.seeded_from,
        pending_files=pending,
        last_refresh=facts.last_refresh._asdict() if facts.last_refresh else None,
        skipped=skipped,
        problem=_problem(misfit, worktree),
        lock=str(holder) if holder else None,
        wanted_model=settings.model,
        progress=read_report(holder),
        languages=languages,
        by_lines=[name for name in languages if means_of(name) != "parsed"],
    )
