"""What each group of features brings: the ranking taught without it, on held-out repositories.

    python -m training.ranking.ablation --rows ROWS [--trees N] [--most FILES]

Every fifth repository is held out. NDCG@10 by repository and by kind, and the difference that
leaving a group out makes.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from .candidates import ABSENT
from .forest import Taught, first_scores, gains, gather, held_apart, part, teach_ranking

if TYPE_CHECKING:
    from numpy.typing import NDArray

GROUPS = {
    "meaning": ("cosine", "cosine gap", "cosine rank", "cosine share", "cosine rank in file",
                "file cosine", "file cosine gap", "best cosine of file", "best cosine",
                "spread of cosines"),
    "words": ("bm25", "bm25 share", "bm25 rank", "words in text", "words in name", "words in path",
              "words", "words in name or path", "distinct words", "best bm25", "best words"),
    "names": ("equal name", "equal name, any case", "equal qualified name", "named share",
              "named in a sentence", "name overlap", "question in name", "name in question",
              "names", "depth of name", "top level", "candidates of name", "name of file",
              "name overlap of file", "best name", "stem is name"),
    "path": ("question in stem", "stem in question", "stem overlap", "stem prefixes",
             "question in folder", "folder in question", "question in path",
             "question in stem or folder", "equal stem", "equal folder", "depth of path"),
    "roles": ("role ", "inline test"),
    "kind of chunk": ("type", "function", "method", "mention", "section", "module", "lines",
                      "language"),
    "the rest of the file": ("best of file", "gap to best of file", "rank in file", "rank of file",
                             "ten of file", "file cosine", "file cosine gap", "best cosine of file",
                             "cosine rank in file", "file bm25", "words of file", "name of file",
                             "name overlap of file", "candidates of file", "candidates of folder",
                             "folder"),
    "kind of question": ("asks ", "question words", "question length", "question identifiers",
                         "question stop words"),
}  # fmt: skip
"""Names of features; one that ends with a space stands for all that begin so."""


def without(taught: Taught, group: tuple[str, ...]) -> Taught:
    """The rows without some features. The first score stays, which knows a little of most."""
    names = taught.rows.names.tolist()
    begins = tuple(name for name in group if name.endswith(" "))
    gone = [name in group or bool(begins and name.startswith(begins)) for name in names]
    kept = ~np.array(gone)
    rows = taught.rows._replace(
        names=taught.rows.names[kept], features=taught.rows.features[:, kept]
    )
    return taught._replace(rows=rows)


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description="Tell what each group of features brings.")
    parser.add_argument("--rows", type=Path, required=True)
    parser.add_argument("--trees", type=int, default=150)
    parser.add_argument("--most", type=int, help="so many repositories")
    arguments = parser.parse_args()
    files = sorted(arguments.rows.glob("*.npz"))[: arguments.most]
    others, apart = held_apart(files)
    learned = _answered(gather(others, thin=True))
    judged = _answered(gather(apart, thin=False))
    kinds = np.unique(judged.rows.kinds).tolist()
    print("| without | by repository |", *(f"{kind} |" for kind in kinds))
    print("|---" * (len(kinds) + 2) + "|")
    whole = _told(judged, first_scores(judged), kinds)
    print("| (first score) |", *(f"{value:.3f} |" for value in whole), flush=True)
    booster = teach_ranking(learned, arguments.trees)
    whole = _told(judged, np.asarray(booster.predict(judged.rows.features)), kinds)
    print("| (nothing) |", *(f"{value:.3f} |" for value in whole), flush=True)
    for group, names in GROUPS.items():
        less = without(judged, names)
        booster = teach_ranking(without(learned, names), arguments.trees)
        told = _told(less, np.asarray(booster.predict(less.rows.features)), kinds)
        cells = (f"{value - before:+.3f} |" for value, before in zip(told, whole, strict=True))
        print(f"| {group} |", *cells, flush=True)


def _answered(taught: Taught) -> Taught:
    return part(taught, taught.rows.kinds != ABSENT)


def _told(judged: Taught, scores: NDArray[np.float64], kinds: list[str]) -> list[float]:
    gained, _ = gains(judged, scores)
    numbers = judged.repositories
    by_repository = [gained[numbers == one].mean() for one in np.unique(numbers)]
    by_kind = [float(gained[judged.rows.kinds == kind].mean()) for kind in kinds]
    return [float(np.mean(by_repository)), *by_kind]


if __name__ == "__main__":
    main()
