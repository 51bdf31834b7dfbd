"""The benchmark's file of questions, and how an answer to one of them is scored."""

from __future__ import annotations

import json
from math import log2
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

DEPTH = 10


class Stretch(NamedTuple):
    """Lines of a file, first and last included; no lines for all of it."""

    path: str
    first: int = 0
    last: int = 0

    def shown_by(self, result: Stretch) -> bool:
        """The result is of this file, and of some of these lines.

        One of the two paths may begin further up: they are one file if one ends with the other.
        """
        one, other = f"/{self.path}", f"/{result.path}"
        if not (one.endswith(other) or other.endswith(one)):
            return False
        return not self.first or (result.first <= self.last and result.last >= self.first)


class Question(NamedTuple):
    """What is asked, and what answers it."""

    text: str
    category: str
    targets: tuple[Stretch, ...]


class Row(NamedTuple):
    """A repository of the benchmark.

    Attributes:
        name: the benchmark's name for it.
        language: its main one.
        repository: `owner/name` on GitHub.
        revision: the commit that is asked about.
        root: the folder that is indexed; empty for all of it.
        questions: what is asked.
    """

    name: str
    language: str
    repository: str
    revision: str
    root: str
    questions: tuple[Question, ...]


def read_rows(path: Path) -> list[Row]:
    """The benchmark's repositories and questions.

    Raises:
        ValueError: the file is not of that form.
        OSError: it cannot be read.
    """
    try:
        rows: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return [_row(name, row) for name, row in rows.items()]
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{path} does not hold the benchmark's questions ({error!r})") from error


def ranks(targets: Sequence[Stretch], results: Sequence[Stretch]) -> list[int]:
    """For each target that one of the first ten results shows, the rank of the first that does."""
    found = []
    for target in targets:
        showing = (n for n, one in enumerate(results[:DEPTH], start=1) if target.shown_by(one))
        rank = next(showing, 0)
        if rank:
            found.append(rank)
    return found


def ndcg(found: Sequence[int], targets: int) -> float:
    """NDCG at 10 of the ranks at which some of so many targets are shown, each of gain 1.

    See Järvelin and Kekäläinen, Cumulated gain-based evaluation (2002).
    """
    possible = sum(1 / log2(rank + 1) for rank in range(1, min(DEPTH, targets) + 1))
    return sum(1 / log2(rank + 1) for rank in found) / possible if possible else 0.0


def _row(name: str, row: Mapping[str, Any]) -> Row:
    return Row(
        name=name,
        language=row["language"],
        repository=row["repository"],
        revision=row["revision"],
        root=row.get("root") or "",
        questions=tuple(_question(question) for question in row["queries"]),
    )


def _question(record: Mapping[str, Any]) -> Question:
    targets = [*record["relevant"], *(record.get("secondary") or ())]
    return Question(record["query"], record["category"], tuple(_target(one) for one in targets))


def _target(record: str | Mapping[str, Any]) -> Stretch:
    if isinstance(record, str):
        return Stretch(record)
    return Stretch(record["path"], record.get("start_line") or 0, record.get("end_line") or 0)
