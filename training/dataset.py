"""Pairs as numbers: token ids of questions and code, and who may be whose negative.

Code is kept as its distinct words with how often each occurs, so that a training run can weigh
repetition as it likes.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from tokenizers import Tokenizer

from lumen_hooks.embedding.term_weighting import words_of
from lumen_hooks.embedding.text import embedded_text, query_text

from .collect import benchmark_keys, code_key, read_pairs
from .tokenizer import train_tokenizer

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

KINDS = ("doc", "remark", "name", "commit", "heading")
COUNT_MAX = 255
CODE_TOKENS_MIN = 4
TOKENIZER_TEXTS_ONE_IN = 3
_TEXTS = ("queries", "symbols", "codes")
_COLUMNS = ("source", "kind", "query_key", "code_key", "words_key")


@dataclass(frozen=True, slots=True)
class Ragged:
    """Lists of token ids, one after another; `counts` says how often each occurs in its text."""

    ids: NDArray[np.int32]
    counts: NDArray[np.uint8]
    starts: NDArray[np.int64]

    def rows(self, rows: NDArray[np.int64]) -> Ragged:
        """Some of the lists."""
        places, bounds = self.places(rows)
        return Ragged(self.ids[places], self.counts[places], bounds)

    def places(self, rows: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Where the tokens of some lists are, and where each of these lists starts among them."""
        first = self.starts[rows]
        lengths = self.starts[rows + 1] - first
        bounds = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)])
        return np.repeat(first - bounds[:-1], lengths) + np.arange(bounds[-1]), bounds


@dataclass(frozen=True, slots=True)
class Dataset:
    """Encoded pairs, row by row.

    Attributes:
        queries: tokens of the questions.
        symbols: tokens of the qualified symbols.
        codes: tokens of the distinct words of symbol and code together.
        source: number of the repository.
        kind: number of the kind in KINDS.
        query_key: equal for equal questions.
        code_key: equal for pairs of one definition.
        words_key: equal for code of equal words.
    """

    queries: Ragged
    symbols: Ragged
    codes: Ragged
    source: NDArray[np.int32]
    kind: NDArray[np.uint8]
    query_key: NDArray[np.int64]
    code_key: NDArray[np.int64]
    words_key: NDArray[np.int64]

    def rows(self, rows: NDArray[np.int64]) -> Dataset:
        """Some of the pairs."""
        ragged = [one.rows(rows) for one in (self.queries, self.symbols, self.codes)]
        return _dataset(ragged, [getattr(self, name)[rows] for name in _COLUMNS])

    def save(self, place: Path) -> None:
        """Write everything to one file."""
        parts = {
            f"{name}_{part}": getattr(getattr(self, name), part)
            for name in _TEXTS
            for part in ("ids", "counts", "starts")
        }
        rest = {name: getattr(self, name) for name in _COLUMNS}
        np.savez(place, **parts, **rest)

    @staticmethod
    def load(place: Path) -> Dataset:
        """What `save` wrote."""
        with np.load(place) as file:
            ragged = [
                Ragged(file[f"{n}_ids"], file[f"{n}_counts"], file[f"{n}_starts"]) for n in _TEXTS
            ]
            rest = [file[name] for name in _COLUMNS]
        return _dataset(ragged, rest)


class Encoder:
    """Texts to token ids, a word at a time.

    Args:
        tokenizer: decides the pieces of each word.
    """

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        self._unknown = tokenizer.token_to_id(tokenizer.model.unk_token)
        self._known: dict[str, list[int]] = {}

    def counted(self, text: str) -> tuple[list[int], list[int]]:
        """Ids of the distinct words in order of appearance, and each word's occurrences."""
        counts = Counter(words_of(text))
        ids: list[int] = []
        times: list[int] = []
        for word, count in counts.items():
            pieces = self._pieces(word)
            ids += pieces
            times += [min(count, COUNT_MAX)] * len(pieces)
        return ids, times

    def _pieces(self, word: str) -> list[int]:
        found = self._known.get(word)
        if found is None:
            ids = self._tokenizer.encode(word, add_special_tokens=False).ids
            found = self._known[word] = [one for one in ids if one != self._unknown]
        return found


def encode_file(place: Path, source: int, tokenizer: Path) -> Dataset:
    """Encode what `training.collect` wrote for one repository."""
    encoder = Encoder(Tokenizer.from_file(str(tokenizer)))
    builders = (_Builder(), _Builder(), _Builder())
    facts: list[tuple[int, int, int, int]] = []
    for pair in read_pairs(place):
        texts = (
            query_text(pair.query),
            query_text(pair.symbol),
            embedded_text(pair.symbol, "", pair.code),
        )
        encoded = [encoder.counted(text) for text in texts]
        if not encoded[0][0] or len(encoded[2][0]) < CODE_TOKENS_MIN:
            continue
        for builder, (ids, times) in zip(builders, encoded, strict=True):
            builder.add(ids, times)
        # Two questions to one definition have code that differs by what was cut out of it.
        same = f"{source} {pair.symbol}" if pair.symbol else pair.code
        facts.append(
            (KINDS.index(pair.kind), _key(pair.query.lower()), _key(same), code_key(pair.code))
        )
    columns = np.array(facts, np.int64).reshape(-1, 4).T
    return _dataset(
        [builder.done() for builder in builders],
        [np.full(len(facts), source, np.int32), columns[0].astype(np.uint8), *columns[1:]],
    )


def joined(parts: Sequence[Dataset], excluded: NDArray[np.int64]) -> Dataset:
    """All parts as one, without code that is excluded or that an earlier part has."""
    keys = np.concatenate([part.words_key for part in parts])
    owner = np.repeat(np.arange(len(parts)), [len(part.words_key) for part in parts])
    known, first, place = np.unique(keys, return_index=True, return_inverse=True)
    own = (owner[first][place] == owner) & ~np.isin(known, excluded)[place]
    kept = [part.rows(np.flatnonzero(own[owner == n])) for n, part in enumerate(parts)]
    return _dataset(
        [_chain([getattr(part, name) for part in kept]) for name in _TEXTS],
        [np.concatenate([getattr(part, name) for part in kept]) for name in _COLUMNS],
    )


def _dataset(texts: Sequence[Ragged], columns: Sequence[NDArray[Any]]) -> Dataset:
    queries, symbols, codes = texts
    source, kind, query_key, code_key, words_key = columns
    return Dataset(queries, symbols, codes, source, kind, query_key, code_key, words_key)


def _chain(parts: Sequence[Ragged]) -> Ragged:
    lengths = np.concatenate([np.diff(part.starts) for part in parts])
    starts = np.zeros(len(lengths) + 1, np.int64)
    np.cumsum(lengths, out=starts[1:])
    ids = np.concatenate([part.ids for part in parts])
    return Ragged(ids, np.concatenate([part.counts for part in parts]), starts)


class _Builder:
    def __init__(self) -> None:
        self._ids: list[NDArray[np.int32]] = []
        self._counts: list[NDArray[np.uint8]] = []

    def add(self, ids: list[int], counts: list[int]) -> None:
        self._ids.append(np.array(ids, np.int32))
        self._counts.append(np.array(counts, np.uint8))

    def done(self) -> Ragged:
        starts = np.zeros(len(self._ids) + 1, np.int64)
        np.cumsum([len(ids) for ids in self._ids], out=starts[1:])
        ids = np.concatenate([np.zeros(0, np.int32), *self._ids])
        return Ragged(ids, np.concatenate([np.zeros(0, np.uint8), *self._counts]), starts)


def _key(text: str) -> int:
    digest = hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)


def _texts(places: Sequence[Path]) -> Iterator[str]:
    for place in places:
        for number, pair in enumerate(read_pairs(place)):
            if number % TOKENIZER_TEXTS_ONE_IN == 0:
                yield query_text(pair.query)
                yield " ".join(dict.fromkeys(words_of(embedded_text(pair.symbol, "", pair.code))))


def main(arguments: list[str]) -> int:
    """Train the tokenizer and encode all pairs."""
    parser = argparse.ArgumentParser(prog="python -m training.dataset", description=__doc__)
    parser.add_argument("--pairs", type=Path, required=True, help="what training.collect wrote")
    parser.add_argument("--corpora", type=Path, required=True, help="the benchmark's corpora")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--pieces", type=int, default=54_000)
    parser.add_argument("--out", type=Path, required=True, help="a folder")
    chosen = parser.parse_args(arguments)
    chosen.out.mkdir(parents=True, exist_ok=True)
    excluded = benchmark_keys(chosen.corpora)
    print(f"{len(excluded)} definitions of the benchmark are left out", flush=True)

    places = sorted(chosen.pairs.glob("*.jsonl.gz"))
    tokenizer = train_tokenizer(_texts(places), chosen.pieces)
    tokenizer.save(str(chosen.out / "tokenizer.json"), pretty=False)
    print(f"{tokenizer.get_vocab_size()} pieces", flush=True)
    with ProcessPoolExecutor(chosen.processes) as pool:
        file = chosen.out / "tokenizer.json"
        jobs = [pool.submit(encode_file, place, n, file) for n, place in enumerate(places)]
        parts = [job.result() for job in jobs]
    dataset = joined(parts, np.array(sorted(excluded), np.int64))
    dataset.save(chosen.out / "dataset.npz")
    for number, kind in enumerate(KINDS):
        print(kind, int((dataset.kind == number).sum()))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
