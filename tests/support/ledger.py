"""What was embedded, written down in a file that outlives each process that embeds."""

from __future__ import annotations

import hashlib
import json
import os
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from lumen_hooks.git.worktree import find_worktree
from lumen_hooks.indexing.job import Job
from lumen_hooks.settings import load_settings

from .fake_embedder import FakeEmbedder

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


class LedgerEmbedder(FakeEmbedder):
    """Writes down what it embeds, and when.

    Args:
        ledger: the file.
        seconds: how long each batch takes at least.
    """

    def __init__(self, ledger: str, seconds: float = 0.0) -> None:
        super().__init__()
        self._ledger = ledger
        self._seconds = seconds

    def embed_documents(self, texts: Sequence[str]) -> list[bytes | None]:
        with written_down(self._ledger, texts):
            time.sleep(self._seconds)
            return super().embed_documents(texts)


def ledger_job(top: str, ledger: str, seconds: float = 0.0) -> Job:
    """A job for a worktree whose embeddings are written down."""
    embedder = LedgerEmbedder(ledger, seconds)
    return Job(
        worktree=find_worktree(top),
        settings=load_settings(top, {}),
        load=lambda _settings: embedder,
        slots=os.path.join(os.environ["HOME"], "slots"),
        purpose="test",
    )


@contextmanager
def written_down(ledger: str, texts: Sequence[str]) -> Iterator[None]:
    """Write down the texts that the block embeds, as it begins, and that it has ended."""
    digests = [hashlib.sha256(text.encode()).hexdigest()[:16] for text in texts]
    note(ledger, {"in": os.getpid(), "texts": digests})
    yield
    note(ledger, {"out": os.getpid()})


def note(ledger: str, record: dict[str, object]) -> None:
    """Append a line, in one write."""
    fd = os.open(ledger, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        os.write(fd, json.dumps(record).encode() + b"\n")
    finally:
        os.close(fd)


def notes(ledger: str) -> list[dict[str, Any]]:
    """All lines; none if there is no file."""
    with suppress(FileNotFoundError), open(ledger, encoding="utf-8") as file:
        return [json.loads(line) for line in file]
    return []


def batches(ledger: str) -> list[list[str]]:
    """The digests of the texts of each batch, in the order in which they were begun."""
    return [record["texts"] for record in notes(ledger) if "in" in record]


def read_ledger(ledger: str) -> tuple[int, int]:
    """How many texts were embedded, and by how many processes at once at most."""
    inside, most = 0, 0
    for record in notes(ledger):
        inside += 1 if "in" in record else -1
        most = max(most, inside)
    return sum(map(len, batches(ledger))), most
