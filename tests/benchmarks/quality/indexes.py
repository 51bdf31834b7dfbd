"""A repository's index, made by the product, in a worktree of its own for each other model."""

from __future__ import annotations

import hashlib
import inspect
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from fastembed import TextEmbedding

from lumen_hooks.embedding.loading import load_embedder
from lumen_hooks.embedding.registry import identify, local_files
from lumen_hooks.git.worktree import find_worktree
from lumen_hooks.indexing.job import Job
from lumen_hooks.indexing.update import update_index
from lumen_hooks.settings import BUILTIN_MODEL, Settings
from lumen_hooks.storage import fingerprint
from lumen_hooks.storage import index as store
from lumen_hooks.storage import lexical_terms as terms
from lumen_hooks.storage.reader import open_reader
from tests.benchmarks.measure import run

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lumen_hooks.embedding.protocol import Embedder
    from lumen_hooks.storage.reader import IndexReader


def settings_for(model: str | None, models_folder: str) -> Settings:
    """Settings that name a model: `builtin`, a folder, or a name that fastembed lists."""
    name = BUILTIN_MODEL if model is None else model
    if name != BUILTIN_MODEL and Path(name).is_dir():
        name = str(Path(name).resolve())
    return Settings(model=name, models_folder=models_folder)


@contextmanager
def indexed(top: Path, settings: Settings, embedder: Embedder) -> Iterator[IndexReader]:
    """A repository's index for a model, opened for reading; made or updated first if need be."""
    worktree = find_worktree(str(_worktree(top, identify(settings).model_key)))
    job = Job(
        worktree=worktree,
        settings=settings,
        load=lambda _settings: embedder,
        slots=str(top.parent / "slots"),
        purpose="quality benchmark",
    )
    stamp = Path(worktree.index_path).with_suffix(".words")
    words = _words_stamp()
    changed = not stamp.exists() or stamp.read_text() != words
    update_index(job, wait=60, force=changed)
    stamp.write_text(words)
    index = open_reader(worktree.index_path)
    assert index is not None
    with index:
        yield index


def load_model(settings: Settings) -> Embedder:
    """The model, downloaded if it is one that fastembed lists and is not here yet."""
    if settings.model != BUILTIN_MODEL and local_files(settings.model) is None:
        TextEmbedding(settings.model, cache_dir=settings.models_folder, lazy_load=True)
    return load_embedder(settings)


def _worktree(top: Path, model_key: str) -> Path:
    if model_key == _builtin_key():
        return top
    other = top.with_name(f"{top.name}-{model_key[:12]}")
    if not other.exists():
        run("git", "worktree", "prune", cwd=top)
        run("git", "worktree", "add", "-q", "--detach", str(other), cwd=top)
    return other


def _builtin_key() -> str:
    return identify(Settings()).model_key


def _words_stamp() -> str:
    """Changes with what decides the lexical index, which the fingerprint need not show in work."""
    digest = hashlib.sha256()
    for module in (terms, store, fingerprint):
        digest.update(inspect.getsource(module).encode())
    return digest.hexdigest()
