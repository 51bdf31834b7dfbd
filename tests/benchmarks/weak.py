"""Whether a search knows that nothing here answers: absurd and real questions.

    python -m tests.benchmarks.weak --mirrors FOLDER [--cache FOLDER]

prints each question's mark and first result. The questions were written before the mark was made.
FOLDER holds git repositories, `owner+name` or `owner+name/repo`; what is not there is left out.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from lumen_hooks.search.query import QueryModel, Searcher
from lumen_hooks.search.results import Query
from tests.benchmarks.measure import git_settings, run
from tests.benchmarks.mirrors import mirror_of, unpacked
from tests.benchmarks.quality.indexes import indexed, load_model, settings_for

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lumen_hooks.embedding.protocol import Embedder
    from lumen_hooks.settings import Settings


class Asked(NamedTuple):
    """A repository (`owner/name`), what it can be asked, and what it cannot."""

    repository: str
    real: tuple[str, ...]
    absurd: tuple[str, ...]


ASKED = (
    Asked(
        "Kludex/starlette",
        (
            "how are background tasks run after the response",
            "parse multipart form data",
            "websocket endpoint class",
            "signed session cookies",
            "serve static files with etag",
            "CORS preflight request handling",
            "test client",
        ),
        (
            "fourier transform of audio samples",
            "bank account interest calculation",
            "ray tracing of spheres",
            "kubernetes pod autoscaling policy",
            "tokenize chinese poetry",
            "bluetooth device pairing",
            "gradient descent optimizer for neural networks",
        ),
    ),
    Asked(
        "google/gson",
        (
            "how to exclude fields from serialization",
            "parse a string into a JSON tree",
            "custom type adapter for dates",
            "lenient parsing of malformed JSON",
            "pretty printing indentation",
            "handle generic types with a type token",
            "NumberFormatException when reading a long",
        ),
        (
            "tcp congestion window handling",
            "git merge conflict resolution",
            "render a 3d mesh with shadows",
            "send an email over smtp",
            "user login password reset",
            "kernel page table allocation",
            "shopping cart discount rules",
        ),
    ),
    Asked(
        "rack/rack",
        (
            "parse the query string into nested params",
            "conditional get etag middleware",
            "multipart upload tempfile",
            "cookie header parsing",
            "mock request for tests",
            "directory listing of static files",
        ),
        (
            "matrix eigenvalue decomposition",
            "chess move generator",
            "pdf page layout",
            "blockchain transaction signing",
            "gps coordinates to postal address",
            "video frame encoder bitrate",
        ),
    ),
)


def main(argv: Sequence[str]) -> None:
    """Ask everything and count the marks."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.weak", description=__doc__)
    parser.add_argument("--mirrors", type=Path, required=True, help="git repositories owner+name")
    default = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    parser.add_argument("--cache", type=Path, default=default / "lumen-hooks" / "quality")
    chosen = parser.parse_args(argv)
    chosen.cache.mkdir(parents=True, exist_ok=True)
    os.environ.update(git_settings(chosen.cache), LUMEN_HOOKS="0")
    settings = settings_for(None, str(chosen.cache / "models"))
    embedder = load_model(settings)
    marks: dict[bool, list[bool]] = {True: [], False: []}
    for asked in ASKED:
        mirror = mirror_of(chosen.mirrors, asked.repository)
        if mirror is None:
            print(f"left out, not in {chosen.mirrors}: {asked.repository}")
            continue
        _, named = run("git", "-C", str(mirror), "rev-parse", "HEAD", cwd=mirror)
        name = f"{asked.repository.replace('/', '+')}-{named[:12]}"
        top = unpacked(mirror, "HEAD", chosen.cache / "weak" / name)
        for real, weak in _ask(top, asked, settings, embedder):
            marks[real].append(weak)
    if not marks[True]:
        sys.exit("nothing to ask: give --mirrors a folder of git repositories owner+name")
    print(f"marked weak: {sum(marks[False])} of {len(marks[False])} absurd questions")
    print(f"marked weak: {sum(marks[True])} of {len(marks[True])} real questions")


def _ask(
    top: Path, asked: Asked, settings: Settings, embedder: Embedder
) -> Iterator[tuple[bool, bool]]:
    """For each question whether it is real, and whether its answer was marked."""
    with indexed(top, settings, embedder) as index:
        searcher = Searcher(index)
        model = QueryModel(embedder, embedder.identity.name)
        for real, questions in ((True, asked.real), (False, asked.absurd)):
            for question in questions:
                found = searcher.search(Query(question), lambda _: model)
                first = found.hits[0] if found.hits else None
                weak = found.weak or first is None
                place = f"{first.path}:{first.start_line} {first.score:.3f}" if first else "nothing"
                print(f"{'weak' if weak else '    '}  {question}  {place}")
                yield real, weak


if __name__ == "__main__":
    main(sys.argv[1:])
