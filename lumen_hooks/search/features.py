"""What is known of each candidate for an answer, as numbers: the ranking's features.

Evidence of meaning and of words, names, paths, what kind of file it is, what
else of its file matches, and what kind of question it is. Nothing depends on the
scale of a model's cosines: they are told by their distance from those of the
index at large. Knows numbers, words and the columns of a chunk; neither SQLite
nor files. What each group of features brings is in docs/quality.md.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple, get_args

import numpy as np

from lumen_hooks.chunking.chunk import FUNCTIONS, MENTIONS, TYPES
from lumen_hooks.files.roles import Role, roles_of

from .groups import Groups
from .lexical import MARKS, worth_of_fields
from .names import NAME_COLUMNS, of_symbol, symbol_for, symbol_of
from .question import MIN_PREFIX, QUESTION_KINDS, last_name, prefixes, words_of_all, words_of_name

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from lumen_hooks.chunking.chunk import Held
    from lumen_hooks.storage.rows import ChunkRow

    from .lexical import Words
    from .question import Question

    Column = NDArray[np.float32]
    Columns = dict[str, Column]

_ROLES: tuple[Role, ...] = get_args(Role)

_LEAST = 1e-6


class Evidence(NamedTuple):
    """The candidates for one answer, and what the searches know of them.

    Attributes:
        rows: the candidates.
        cosines: of each to the query, float32 of shape (n,); NaN where there is no vector.
        mean: of the cosines of the index at large; 0 if the query has no vector.
        deviation: their standard deviation, above 0.
        words: where the query's words stand.
        held: tells the definitions that a row holds; few are looked at.
    """

    rows: Sequence[ChunkRow]
    cosines: NDArray[np.float32]
    mean: float
    deviation: float
    words: Words
    held: Callable[[ChunkRow], Sequence[Held]]


def features(question: Question, evidence: Evidence) -> Columns:
    """Columns of shape (n,) for n candidates, by name, always the same names in the same order."""
    rows = evidence.rows
    there = evidence.words.standing_in(np.array([row.id for row in rows], np.int64))
    files, symbols = Groups([row.path for row in rows]), Groups([row.symbol for row in rows])
    columns = {
        **_meaning(evidence),
        **_words(evidence.words, there),
        **_names(question, evidence),
        **_paths(question, files),
        "stem is name": _stem_is_name(files, symbols),
        **_kinds(rows),
    }
    columns["role generated"] = np.maximum(
        columns["role generated"], np.array([row.generated for row in rows], np.float32)
    )
    columns["first"] = first_score(columns, question)
    columns.update(_company(columns, files, symbols, evidence.words, there))
    columns.update(_question(question, columns, len(rows)))
    return columns


def _meaning(evidence: Evidence) -> Columns:
    cosines = np.nan_to_num((evidence.cosines - evidence.mean) / evidence.deviation)
    return {
        "cosine": cosines,
        "cosine gap": cosines.max(initial=0) - cosines,
        "cosine rank": _log_rank(cosines),
        "cosine share": _share(cosines),
    }


def _words(words: Words, there: NDArray[np.bool_]) -> Columns:
    rarities = words.rarities
    total = max(float(rarities.sum()), _LEAST)
    worth = worth_of_fields()
    sets = (there << np.arange(len(MARKS), dtype=np.uint8)[None, :, None]).sum(axis=1)
    bm25 = rarities @ worth[sets]
    anywhere = there.any(axis=1)
    columns = {
        "bm25": bm25 / (total * worth[-1]),
        "bm25 share": _share(bm25),
        "bm25 rank": _log_rank(bm25),
    }
    for number, field in enumerate(("text", "name", "path")):
        columns[f"words in {field}"] = rarities @ there[:, number] / total
    columns["words"] = rarities @ anywhere / total
    columns["words in name or path"] = rarities @ there[:, 1:].any(axis=1) / total
    columns["distinct words"] = anywhere.sum(axis=0, dtype=np.float32) / max(1, len(rarities))
    return columns


def _names(question: Question, evidence: Evidence) -> Columns:
    symbols = Groups([symbol_for(question, row, evidence.held) for row in evidence.rows])
    told = [of_symbol(question, symbol_of(symbol)) for symbol in symbols.keys]
    return symbols.columns(NAME_COLUMNS, told)


def _holds_any(text: str, words: frozenset[str]) -> bool:
    for word in words:  # noqa: SIM110  # a generator costs as much again as all it looks at
        if word in text:
            return True
    return False


_PATH_COLUMNS = (
    "question in stem",
    "stem in question",
    "stem overlap",
    "stem prefixes",
    "question in folder",
    "folder in question",
    "question in path",
    "question in stem or folder",
    "equal stem",
    "equal folder",
    "depth of path",
)


class _Path(NamedTuple):
    """A path, taken apart: what does not depend on the question."""

    stem: str
    folder: str
    lower: str
    depth: float
    roles: tuple[float, ...]


@lru_cache(maxsize=1 << 13)
def _path_of(path: str) -> _Path:
    folder, _, name = path.rpartition("/")
    roles = roles_of(path)
    return _Path(
        (name.split(".")[0] or name).lower(),
        folder.rpartition("/")[2].lower(),
        path.lower(),
        float(path.count("/")),
        tuple([float(role in roles) for role in _ROLES]),
    )


class _Words(NamedTuple):
    """The words of a path, by where they stand."""

    stem: frozenset[str]
    begins: frozenset[str]
    folder: frozenset[str]
    all: frozenset[str]


@lru_cache(maxsize=1 << 13)
def _words_of(path: str) -> _Words:
    folder, _, name = path.rpartition("/")
    stem = words_of_name(name.split(".")[0] or name)
    return _Words(
        stem,
        frozenset().union(*map(prefixes, stem)),
        words_of_name(folder.rpartition("/")[2]),
        stem | words_of_all(path.rpartition(".")[0] or path, "/"),
    )


def _paths(question: Question, files: Groups) -> Columns:
    begins = {word: prefixes(word) for word in question.inner}
    shortest = frozenset(word[:MIN_PREFIX] for word in question.inner)
    known: list[tuple[float, ...]] = []
    for key in files.keys:
        path = _path_of(key)
        own = (float(path.stem in question.words), float(path.folder in question.words))
        shared = _NOTHING_SHARED
        if _holds_any(path.lower, shortest):
            shared = _of_path(question.inner, begins, _words_of(key))
        known.append((*shared, *own, path.depth, *path.roles))
    return files.columns((*_PATH_COLUMNS, *(f"role {role}" for role in _ROLES)), known)


_NOTHING_SHARED: tuple[float, ...] = (0.0,) * 8


def _of_path(
    inner: frozenset[str], begins: Mapping[str, frozenset[str]], words: _Words
) -> tuple[float, ...]:
    in_stem, in_folder = len(inner & words.stem), len(inner & words.folder)
    asked, stems = len(inner), len(words.stem)
    begun = len(inner & words.begins)
    for word, begin in begins.items():
        if word not in words.begins and not begin.isdisjoint(words.stem):
            begun += 1
    return (
        in_stem / asked,
        in_stem / (stems or 1),
        2 * in_stem / (asked + stems),
        2 * begun / (asked + stems),
        in_folder / asked,
        in_folder / (len(words.folder) or 1),
        len(inner & words.all) / asked,
        len(inner & (words.stem | words.folder)) / asked,
    )


def _stem_is_name(files: Groups, symbols: Groups) -> Column:
    """Whether a file is named as what is defined in it."""
    stems = [_path_of(path).stem for path in files.keys]
    ends = [symbol_of(symbol).ends for symbol in symbols.keys]
    pairs = zip(files.of.tolist(), symbols.of.tolist(), strict=True)
    return np.array([stems[file] in ends[symbol] for file, symbol in pairs], np.float32)


_KIND_COLUMNS = ("type", "function", "method", "mention", "section", "module")


def _kinds(rows: Sequence[ChunkRow]) -> Columns:
    kinds = Groups([row.kind for row in rows])
    columns = kinds.columns(_KIND_COLUMNS, list(map(_of_kind, kinds.keys)))
    lines = np.array([(row.start_line, row.end_line) for row in rows], np.float32).reshape(-1, 2)
    columns["lines"] = np.log1p(lines[:, 1] - lines[:, 0] + 1)
    columns["language"] = Groups([row.language for row in rows]).share
    return columns


@lru_cache(maxsize=64)
def _of_kind(kind: str) -> tuple[float, ...]:
    return (
        float(kind in TYPES),
        float(kind in FUNCTIONS),
        float(kind == "method"),
        float(kind in MENTIONS),
        float(kind == "section"),
        float(kind == "module"),
    )


_DENSE, _LEXICAL, _EXACT, _PARTIAL, _PATH, _DEFINITION = 0.4, 0.6, 0.2, 0.4, 0.2, 0.1
_TESTS, _GENERATED = 0.6, 0.75


def first_score(columns: Columns, question: Question) -> Column:
    """A first order of the candidates, each by itself, from 0 to 1.

    A weighted sum whose weights were chosen on the tune set of the quality benchmark. What else of
    a file is among the candidates is told by it.
    """
    dense, lexical = columns["cosine share"], columns["bm25 share"]
    # A search that has no opinion at all leaves its share to the other.
    if not columns["cosine"].any():
        dense = lexical
    elif not columns["bm25"].any():
        lexical = dense
    points = (
        _DENSE * dense
        + _LEXICAL * lexical
        + _EXACT * columns["named share"]
        + _PARTIAL * columns["name overlap"]
        + _PATH * columns["question in path"]
        + _DEFINITION * (1 - columns["mention"])
    )
    if not question.wants_tests:
        points *= np.where(columns["role test"] > 0, _TESTS, 1)
    points *= np.where(columns["role generated"] > 0, _GENERATED, 1)
    total = _DENSE + _LEXICAL + _EXACT + _PARTIAL + _PATH + _DEFINITION
    return np.asarray(points / total, np.float32)


def _company(
    columns: Columns, files: Groups, symbols: Groups, words: Words, there: NDArray[np.bool_]
) -> Columns:
    """What the other candidates of a candidate's file, folder and name are worth.

    Args:
        columns: of each candidate by itself.
        files: the candidates by path.
        symbols: the same by symbol.
        words: where the query's words stand.
        there: which of them each candidate has where: shape (terms, fields, n).
    """
    folders = files.within([path.rpartition("/")[0] for path in files.keys])
    names = symbols.within([last_name(one.rpartition(", ")[2]) for one in symbols.keys])
    first, cosine, bm25 = columns["first"], columns["cosine"], columns["bm25"]
    by_first, by_cosine = files.sorted(first), files.sorted(cosine)
    best, three = by_first.best(1), by_cosine.best(3) / files.counted(3)
    anywhere = np.asarray(there.any(axis=1))
    found = words.rarities @ files.any(anywhere) / max(float(words.rarities.sum()), _LEAST)
    best_of_each, of = best[files.of], files.of
    return {
        "first rank": _log_rank(first),
        "first gap": first.max(initial=0) - first,
        "best of file": best_of_each,
        "gap to best of file": best_of_each - first,
        "rank in file": np.log1p(by_first.rank_within()),
        "rank of file": _log_rank(best)[of],
        "ten of file": _share_of_best(by_first.best(10))[of],
        "cosine rank in file": np.log1p(by_cosine.rank_within()),
        "file cosine": three[of],
        "file cosine gap": (three.max(initial=0) - three)[of],
        "best cosine of file": by_cosine.best(1)[of],
        "file bm25": _share_of_best(files.sorted(bm25).best(3))[of],
        "words of file": found[of],
        "name of file": files.most(columns["named share"])[of],
        "name overlap of file": files.most(columns["name overlap"])[of],
        "candidates of file": np.log1p(files.counts)[of],
        "candidates of folder": np.log1p(folders.counts)[folders.of],
        "folder": _share_of_best(folders.sorted(first).best(len(first)))[folders.of],
        "candidates of name": np.log1p(names.counts)[names.of],
    }


def _question(question: Question, columns: Columns, count: int) -> Columns:
    """The same for every candidate: what is asked, and how much there is."""
    stop = 1 - len(question.words) / max(1, question.length)
    told = {
        **{f"asks by {kind}": float(question.kind == kind) for kind in QUESTION_KINDS},
        "question words": float(len(question.words)),
        "question length": float(min(question.length, 100)),
        "question identifiers": len(question.identifiers) / max(1, len(question.tokens)),
        "question stop words": stop,
        "asks for tests": float(question.wants_tests),
        "asks for documents": float(question.wants_documents),
        "best cosine": float(columns["cosine"].max(initial=0)),
        "spread of cosines": float(columns["cosine"].std()) if count else 0.0,
        "best bm25": float(columns["bm25"].max(initial=0)),
        "best words": float(columns["words"].max(initial=0)),
        "best name": float(columns["named share"].max(initial=0)),
        "candidates": float(count),
    }
    values = np.array(list(told.values()), np.float32)
    return dict(zip(told, np.repeat(values[:, None], count, axis=1), strict=True))


def _log_rank(values: Column) -> Column:
    """The logarithm of one more than how many values are larger."""
    larger = len(values) - np.searchsorted(np.sort(values), values, side="right")
    return np.log1p(larger.astype(np.float32))


def _share(values: Column) -> Column:
    """Values between 0 and 1: their distance from the lowest, by the distance of the highest."""
    if not len(values):
        return values
    low, high = values.min(), values.max()
    return (values - low) / (high - low) if high > low else np.ones_like(values)


def _share_of_best(values: Column) -> Column:
    top = values.max(initial=0)
    return values / top if top > 0 else np.zeros_like(values)
