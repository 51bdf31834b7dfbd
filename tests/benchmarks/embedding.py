"""How many chunks the built-in model embeds in a CPU second, by our path and by fastembed's.

python -m tests.benchmarks.embedding [--keep FOLDER]

Of Django's Python files, each path from a fresh model, a warm second pass beside the first. Both
make the same vectors (tests/embedding/test_models.py).
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from lumen_hooks.chunking.chunker import chunk_file
from lumen_hooks.embedding.builtin import BuiltinEmbedder
from lumen_hooks.embedding.fastembed_engine import load_static
from lumen_hooks.embedding.quantise import quantise
from lumen_hooks.embedding.registry import BUILTIN_FOLDER, identify_builtin
from lumen_hooks.embedding.text import embedded_text
from tests.support.weighed_text import as_text

from .measure import django_sources

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def main(argv: Sequence[str]) -> None:
    """Print a line for each path."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.embedding", description=__doc__
    )
    parser.add_argument("--keep", type=Path, help="use and keep this folder")
    chosen = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        texts = _texts(chosen.keep or Path(folder))
    print(f"{len(texts):,} chunks of {sum(map(len, texts)) / len(texts):,.0f} characters")
    own = BuiltinEmbedder()
    engine = load_static(BUILTIN_FOLDER, identify_builtin())

    def by_fastembed() -> None:
        weighed = [as_text(own.weighing.counts(text).items()) for text in texts]
        quantise(engine.embed(weighed, batch_size=256))

    for name, embed in (("own", lambda: own.embed_documents(texts)), ("fastembed", by_fastembed)):
        rates = " ".join(f"{len(texts) / _seconds(embed):8,.0f}" for _ in range(3))
        print(f"{name:10} chunks per CPU second, three passes: {rates}")


def _texts(folder: Path) -> list[str]:
    chunks = [
        chunk
        for path in sorted(django_sources(folder).rglob("*.py"))
        for chunk in chunk_file(path.name, path.read_text(encoding="utf-8")).chunks
    ]
    return [embedded_text(chunk.symbol, chunk.header, chunk.text) for chunk in chunks]


def _seconds(work: Callable[[], object]) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started


if __name__ == "__main__":
    main(sys.argv[1:])
