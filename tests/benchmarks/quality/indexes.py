"""A corpus's index, made by the product in a worktree of the corpus's repository for each model."""

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

    from .corpus import Corpus


def settings_for(model: str | None, models_folder: str) -> Settings:
    """Settings that name a model: `builtin`, a folder, or a name that fastembed lists."""
    name = BUILTIN_MODEL if model is None else model
    if name != BUILTIN_MODEL and Path(name).is_dir():
        name = str(Path(name).resolve())
    return Settings(model=name, models_folder=models_folder)


@contextmanager
def indexed(corpus: Corpus, settings: Settings, embedder: Embedder) -> Iterator[IndexReader]:
    """The corpus's index for a model, opened for reading; made or updated first if need be."""
    top = _worktree(corpus, identify(settings).model_key)
    worktree = find_worktree(str(top))
    job = Job(
        worktree=worktree,
        settings=settings,
        load=lambda _settings: embedder,
        slots=str(corpus.top.parent / "slots"),
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


def _worktree(corpus: Corpus, model_key: str) -> Path:
    if model_key == _builtin_key():
        return corpus.top
    top = corpus.top.with_name(f"{corpus.top.name}-{model_key[:12]}")
    if not top.exists():
        run("git", "worktree", "prune", cwd=corpus.top)
        run("git", "worktree", "add", "-q", "--detach", str(top), cwd=corpus.top)
    return top


def _builtin_key() -> str:
    return identify(Settings()).model_key


def _words_stamp() -> str:
    """Changes with what decides the lexical index, which the fingerprint need not show in work."""
    digest = hashlib.sha256()
    for module in (terms, store, fingerprint):
        digest.update(inspect.getsource(module).encode())
    return digest.hexdigest()
