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
from lumen_hooks.chunking.settings import NAMES_MAX
from lumen_hooks.files.roles import Role, roles_of
from lumen_hooks.storage.lexical_terms import distinct_words

from .lexical import MARKS, worth_of_fields
from .question import MIN_PREFIX, QUESTION_KINDS, last_name, prefixes, words_of_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

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
    """

    rows: Sequence[ChunkRow]
    cosines: NDArray[np.float32]
    mean: float
    deviation: float
    words: Words


def features(question: Question, evidence: Evidence) -> Columns:
    """Columns of shape (n,) for n candidates, by name, always the same names in the same order."""
    rows = evidence.rows
    there = evidence.words.standing_in(np.array([row.id for row in rows], np.int64))
    columns = {
        **_meaning(evidence),
        **_words(evidence.words, there),
        **_names(question, rows),
        **_paths(question, rows),
        **_kinds(rows),
    }
    columns["role generated"] = np.maximum(
        columns["role generated"], np.array([row.generated for row in rows], np.float32)
    )
    columns["first"] = first_score(columns, question)
    columns.update(_company(columns, rows, evidence.words, there))
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


_NAME_COLUMNS = (
    "equal name",
    "equal name, any case",
    "equal qualified name",
    "named share",
    "named in a sentence",
    "name overlap",
    "question in name",
    "name in question",
    "names",
    "depth of name",
    "top level",
    "inline test",
)


def _names(question: Question, rows: Sequence[ChunkRow]) -> Columns:
    known: dict[str, tuple[float, ...]] = {}
    symbols = [_symbol_for(question, row) for row in rows]
    for symbol in symbols:
        if symbol not in known:
            known[symbol] = _of_symbol(question, symbol)
    return _columns(_NAME_COLUMNS, [known[symbol] for symbol in symbols])


def _symbol_for(question: Question, row: ChunkRow) -> str:
    """A chunk's symbol, with those it has no room for that the question names."""
    if len(row.holds) <= NAMES_MAX or not question.names:
        return row.symbol
    there = row.symbol.split(", ")
    names = [name for one in row.holds for name in one.name.split(", ") if name not in there]
    asked = question.names
    named = [one for one in names if not asked.isdisjoint({one.lower(), last_name(one).lower()})]
    return ", ".join((*named, *there)[:NAMES_MAX]) if named else row.symbol


class _Name(NamedTuple):
    """One name of a chunk, taken apart."""

    full: str
    last: str
    words: frozenset[str]
    last_words: frozenset[str]
    size: int


@lru_cache(maxsize=1 << 14)
def _name_of(name: str) -> _Name:
    last = last_name(name)
    return _Name(name, last, words_of_name(name), words_of_name(last), len(distinct_words(name)))


def _of_symbol(question: Question, symbol: str) -> tuple[float, ...]:
    equal = any_case = qualified = share = mentioned = overlap = covered = covering = 0.0
    asked, inner, tokens = question.names, question.inner, question.tokens
    names = symbol.split(", ") if symbol else []
    depths = [name.count(".") for name in names]
    # A name is taken apart only if it can have a word of the question: most have none.
    for name in map(_name_of, names if _holds_any(symbol, inner) else ()):
        if name.last in tokens:
            equal = 1.0
            mentioned = max(mentioned, float(name.last in question.identifiers))
            qualified = max(qualified, float(name.full in tokens))
        if name.last.lower() in asked or name.full.lower() in asked:
            any_case = 1.0
            # In a sentence, a name that is mentioned is one word among others.
            share = max(share, min(1.0, name.size / max(1, len(question.words))))
        for words in (name.words, name.last_words):
            common = len(inner & words)
            if common:
                overlap = max(overlap, 2 * common / (len(inner) + len(words)))
                covered = max(covered, common / len(inner))
                covering = max(covering, common / len(words))
    return (
        equal,
        any_case,
        qualified,
        share,
        mentioned,
        overlap,
        covered,
        covering,
        float(len(names)),
        float(max(depths, default=0)),
        float(0 in depths),
        float(symbol.startswith(("tests.", "test.")) or symbol in {"tests", "test"}),
    )


def _holds_any(text: str, words: frozenset[str]) -> bool:
    lower = text.lower()
    return any(word in lower for word in words)


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
    depth: float
    roles: tuple[float, ...]


@lru_cache(maxsize=1 << 14)
def _path_of(path: str) -> _Path:
    folder, _, name = path.rpartition("/")
    roles = roles_of(path)
    return _Path(
        (name.split(".")[0] or name).lower(),
        folder.rpartition("/")[2].lower(),
        float(path.count("/")),
        tuple(float(role in roles) for role in _ROLES),
    )


class _Words(NamedTuple):
    """The words of a path, by where they stand."""

    stem: frozenset[str]
    begins: frozenset[str]
    folder: frozenset[str]
    all: frozenset[str]


@lru_cache(maxsize=1 << 14)
def _words_of(path: str) -> _Words:
    folder, _, name = path.rpartition("/")
    stem = words_of_name(name.split(".")[0] or name)
    return _Words(
        stem,
        frozenset().union(*map(prefixes, stem)),
        words_of_name(folder.rpartition("/")[2]),
        stem | words_of_name(path.rpartition(".")[0] or path),
    )


def _paths(question: Question, rows: Sequence[ChunkRow]) -> Columns:
    begins = {word: prefixes(word) for word in question.inner}
    shortest = frozenset(word[:MIN_PREFIX] for word in question.inner)
    known: dict[str, tuple[float, ...]] = {}
    for row in rows:
        if row.path not in known:
            path = _path_of(row.path)
            own = (float(path.stem in question.words), float(path.folder in question.words))
            shared = _NOTHING_SHARED
            if _holds_any(row.path, shortest):
                shared = _of_path(question.inner, begins, _words_of(row.path))
            known[row.path] = (*shared, *own, path.depth, *path.roles)
    names = (*_PATH_COLUMNS, *(f"role {role}" for role in _ROLES))
    columns = _columns(names, [known[row.path] for row in rows])
    is_name = [_is_last_name(_path_of(row.path).stem, row.symbol) for row in rows]
    columns["stem is name"] = np.array(is_name, np.float32)
    return columns


_NOTHING_SHARED: tuple[float, ...] = (0.0,) * 8


def _of_path(
    inner: frozenset[str], begins: Mapping[str, frozenset[str]], words: _Words
) -> tuple[float, ...]:
    in_stem, in_folder = len(inner & words.stem), len(inner & words.folder)
    asked, stems = len(inner), len(words.stem)
    begun = sum(
        word in words.begins or not begin.isdisjoint(words.stem) for word, begin in begins.items()
    )
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


def _is_last_name(stem: str, symbol: str) -> bool:
    lower = symbol.lower()
    return stem in lower and any(last_name(name) == stem for name in lower.split(", "))


_KIND_COLUMNS = ("type", "function", "method", "mention", "section", "module")


def _kinds(rows: Sequence[ChunkRow]) -> Columns:
    columns = _columns(_KIND_COLUMNS, [_of_kind(row.kind) for row in rows])
    lines = np.array([(row.start_line, row.end_line) for row in rows], np.float32).reshape(-1, 2)
    columns["lines"] = np.log1p(lines[:, 1] - lines[:, 0] + 1)
    columns["language"] = _Groups([row.language for row in rows]).share
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
    columns: Columns, rows: Sequence[ChunkRow], words: Words, there: NDArray[np.bool_]
) -> Columns:
    """What the other candidates of a candidate's file, folder and name are worth.

    Args:
        columns: of each candidate by itself.
        rows: the candidates.
        words: where the query's words stand.
        there: which of them each candidate has where: shape (terms, fields, n).
    """
    files = _Groups([row.path for row in rows])
    folders = _Groups([row.path.rpartition("/")[0] for row in rows])
    names = _Groups([last_name(row.symbol.rpartition(", ")[2]) for row in rows])
    first, cosine, bm25 = columns["first"], columns["cosine"], columns["bm25"]
    best, three = files.best(first, 1), files.best(cosine, 3) / files.counted(3)
    anywhere = np.asarray(there.any(axis=1))
    found = words.rarities @ files.any(anywhere) / max(float(words.rarities.sum()), _LEAST)
    return {
        "first rank": _log_rank(first),
        "first gap": first.max(initial=0) - first,
        "best of file": best[files.of],
        "gap to best of file": best[files.of] - first,
        "rank in file": np.log1p(files.rank_within(first)),
        "rank of file": _log_rank(best)[files.of],
        "ten of file": _share_of_best(files.best(first, 10))[files.of],
        "cosine rank in file": np.log1p(files.rank_within(cosine)),
        "file cosine": three[files.of],
        "file cosine gap": (three.max(initial=0) - three)[files.of],
        "best cosine of file": files.best(cosine, 1)[files.of],
        "file bm25": _share_of_best(files.best(bm25, 3))[files.of],
        "words of file": found[files.of],
        "name of file": files.best(columns["named share"], 1)[files.of],
        "name overlap of file": files.best(columns["name overlap"], 1)[files.of],
        "candidates of file": np.log1p(files.counts)[files.of],
        "candidates of folder": np.log1p(folders.counts)[folders.of],
        "folder": _share_of_best(folders.best(first, len(rows)))[folders.of],
        "candidates of name": np.log1p(names.counts)[names.of],
    }


class _Groups:
    """Candidates by their file, folder or another text.

    Attributes:
        of: the group of each, int64 of shape (n,).
        counts: how many each group has.
    """

    def __init__(self, keys: list[str]) -> None:
        numbers: dict[str, int] = {}
        self.of = np.array([numbers.setdefault(key, len(numbers)) for key in keys], np.int64)
        self.counts = np.bincount(self.of, minlength=len(numbers)).astype(np.float32)
        self._starts = np.concatenate(([0], np.cumsum(self.counts)[:-1])).astype(np.int64)

    @property
    def share(self) -> Column:
        """What share of all the group of each is."""
        return self.counts[self.of] / np.float32(max(1, len(self.of)))

    def rank_within(self, values: Column) -> Column:
        """How many values of each one's group are larger."""
        order, places = self._sorted(values)
        known, at = values[order], self.of[order]
        begins = np.ones(len(values), bool)
        begins[1:] = (known[1:] != known[:-1]) | (at[1:] != at[:-1])
        out = np.empty(len(values), np.float32)
        out[order] = places[begins][np.cumsum(begins) - 1]
        return out

    def best(self, values: Column, count: int) -> Column:
        """The sum of each group's so many largest values."""
        order, places = self._sorted(values)
        kept = order[places < count]
        summed = np.bincount(self.of[kept], values[kept], minlength=len(self.counts))
        return summed.astype(np.float32)

    def _sorted(self, values: Column) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The order by group and falling value, and the place in its group of each in that."""
        order = np.lexsort((-values, self.of))
        return order, np.arange(len(values)) - self._starts[self.of[order]]

    def counted(self, count: int) -> Column:
        """How many values `best` adds for each group."""
        return np.minimum(self.counts, count)

    def any(self, told: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Whether any of a group: from shape (m, n) to (m, groups)."""
        if not len(self.of):
            return told
        order = np.argsort(self.of, kind="stable")
        return np.logical_or.reduceat(told[:, order], self._starts, axis=1)


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
    return {name: np.full(count, value, np.float32) for name, value in told.items()}


def _columns(names: Sequence[str], rows: Sequence[tuple[float, ...]]) -> Columns:
    table = np.array(rows, np.float32).reshape(len(rows), len(names))
    return {name: table[:, number] for number, name in enumerate(names)}


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
