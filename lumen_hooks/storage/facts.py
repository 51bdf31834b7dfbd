"""What an index says of itself, typed: the only reader and writer of its table `meta`.

Knows names and kinds of facts, and the sum that tells whether they are as they
were written; not what becomes of an index that has other facts than are wanted.
Hooks read them while git waits: a NamedTuple is made in a quarter of the time
that a dataclass takes.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Literal, NamedTuple

from lumen_hooks.errors import CorruptIndexError, NewerIndexError

from . import values
from .fingerprint import INDEX_VERSION
from .schema import SUMMED, version_of
from .sqlite import crc32

if TYPE_CHECKING:
    from collections.abc import Mapping

    import apsw

RefreshKind = Literal["full", "seed", "incremental"]
"""All anew, what differed after a seed, what differed since the refresh before."""

_SUM = "sum"
"""The row that tells whether the others are as they were written."""

ANY_REACH = "*"

_TRUE = "1"
"""A fact that is not true has no row."""


class Refresh(NamedTuple):
    """What one refresh did; `status --json` shows it as `last_refresh`, in this order.

    `chunks_embedded` counts texts that went through the model, nothing else; `chunks_reused`
    those of the changed files' chunks that did not.
    """

    kind: RefreshKind
    files_changed: int
    files_removed: int
    chunks_total: int
    chunks_embedded: int
    chunks_reused: int
    seconds: float
    finished_at: str


class MadeWith(NamedTuple):
    """What an index says of the model that made its vectors; empty where it does not.

    Attributes:
        model: its name, as `lumen.model` has it.
        model_key: equal for two models exactly if their vectors are interchangeable.
        fingerprint: the same of two indexes.
    """

    model: str
    model_key: str
    fingerprint: str


class Facts(NamedTuple):
    """What an index says of itself; the defaults are those of one that says nothing yet.

    Attributes:
        complete: it was finished. Written last, in the transaction that makes it true.
        refreshed: it was made equal to this worktree, and not only cloned from another's.
        fingerprint: equal for two indexes exactly if they are interchangeable.
        index_version: INDEX_VERSION of the lumen-hooks that made it.
        model: name of the model that it was made with, as `lumen.model` has it.
        model_key: equal for two models exactly if their vectors are interchangeable; empty where
            it was not noted.
        dimensions: of its vectors.
        top: the worktree's top folder at the last refresh, as `values.storable` has it; empty in
            a fresh clone.
        head: the commit that was checked out then (hex), None for none.
        rules: a digest of what decided then which files count.
        told: a digest of what was told then of languages; empty if nothing was.
        seeded_from: top folder of the worktree whose index it was cloned from, or None.
        last_refresh: what the last refresh that changed anything did.
        seal: what the extensions' tables held then; see `sums`.
        reach: a commit in whose history all is that this index has ever held, and traces of which
            it may hold; ANY_REACH if it came from a store; empty where that is not known.
    """

    complete: bool = False
    refreshed: bool = False
    fingerprint: str = ""
    index_version: int = 0
    model: str = ""
    model_key: str = ""
    dimensions: int = 0
    top: str = ""
    head: str | None = None
    rules: str = ""
    told: str = ""
    seeded_from: str | None = None
    last_refresh: Refresh | None = None
    seal: str = ""
    reach: str = ""

    def usable_for(self, fingerprint: str) -> bool:
        """It is whole, and as one of this fingerprint would be."""
        return self.complete and self.fingerprint == fingerprint

    @property
    def made_with(self) -> MadeWith:
        """What its vectors were made with."""
        return MadeWith(self.model, self.model_key, self.fingerprint)


def read(connection: apsw.Connection) -> Facts:
    """All that an index says of itself.

    Raises:
        CorruptIndexError: a fact is not as it was written, or not what it must be.
        NewerIndexError: a newer version wrote them. To make its index anew, as if it were damaged,
            would start a tug of war.
    """
    rows = _rows(connection)
    with values.decoding(connection.filename):
        version = int(rows.get("index_version", "0"))
        if version <= INDEX_VERSION:
            return _decoded(rows)
    raise NewerIndexError(
        f"{connection.filename} was made by a newer lumen-hooks"
        f" (version {version}, ours is {INDEX_VERSION})",
        hint="upgrade lumen-hooks here, or run the newer one",
    )


def write(connection: apsw.Connection, facts: Facts) -> None:
    """Have an index say this of itself, and nothing else. To be called inside a transaction."""
    _write_rows(connection, _encoded(facts))


def _write_rows(connection: apsw.Connection, wanted: Mapping[str, str | None]) -> None:
    """Write the rows of these names, None for none; those that a newer version put there stay."""
    found = _rows(connection)
    rows = {**found, **wanted}
    kept = {name: value for name, value in rows.items() if value is not None}
    new = {name: value for name, value in kept.items() if found.get(name) != value}
    gone = [(name,) for name in found.keys() - kept.keys()]
    new[_SUM] = _sum_of(kept)
    connection.executemany("INSERT OR REPLACE INTO meta VALUES(?, ?)", new.items())
    connection.executemany("DELETE FROM meta WHERE key=?", gone)


def _rows(connection: apsw.Connection) -> dict[str, str]:
    """The table without its sum, which is compared."""
    query = "SELECT key, value FROM meta"
    rows = dict(values.read(connection, query, (values.text, values.text)))
    noted = rows.pop(_SUM, None)
    if rows and noted != _sum_of(rows) and version_of(connection) >= SUMMED:
        raise CorruptIndexError(
            f"{connection.filename} is damaged: its facts are not as written", hint=values.REBUILT
        )
    return rows


def _sum_of(rows: Mapping[str, str]) -> str:
    return f"{crc32(*(text for item in sorted(rows.items()) for text in (*item, chr(0)))):08x}"


def _decoded(rows: Mapping[str, str]) -> Facts:
    return Facts(
        complete=_is_true(rows, "complete"),
        refreshed=_is_true(rows, "refreshed"),
        fingerprint=rows.get("fingerprint", ""),
        index_version=int(rows.get("index_version", "0")),
        model=rows.get("model", ""),
        model_key=rows.get("model_key", ""),
        dimensions=int(rows.get("dimensions", "0")),
        top=rows.get("top", ""),
        head=rows.get("head") or None,
        rules=rows.get("rules", ""),
        told=rows.get("told", ""),
        seeded_from=rows.get("seeded_from"),
        last_refresh=_refresh(rows.get("last_refresh")),
        seal=rows.get("seal", ""),
        reach=rows.get("reach", ""),
    )


def _encoded(facts: Facts) -> dict[str, str | None]:
    rows = {
        "complete": _TRUE if facts.complete else None,
        "refreshed": _TRUE if facts.refreshed else None,
        "fingerprint": facts.fingerprint or None,
        "index_version": str(facts.index_version) if facts.index_version else None,
        "model": facts.model or None,
        "model_key": facts.model_key or None,
        "dimensions": str(facts.dimensions) if facts.dimensions else None,
        "top": facts.top or None,
        "head": facts.head or "",
        "rules": facts.rules or None,
        "told": facts.told or None,
        "seeded_from": facts.seeded_from,
        "last_refresh": json.dumps(facts.last_refresh._asdict()) if facts.last_refresh else None,
        "seal": facts.seal or None,
        "reach": facts.reach or None,
    }
    return {name: None if text is None else values.storable(text) for name, text in rows.items()}


def _is_true(rows: Mapping[str, str], name: str) -> bool:
    value = rows.get(name)
    if value not in {None, _TRUE}:
        raise ValueError(f"{name} is {value!r}")
    return value is not None


def _refresh(text: str | None) -> Refresh | None:
    """What is known by our names: a version with the same INDEX_VERSION may note more."""
    if not text:
        return None
    noted = json.loads(text)
    found = Refresh(**{name: noted[name] for name in Refresh._fields})
    if tuple(map(type, found)) != (str, int, int, int, int, int, float, str):
        raise TypeError(f"{text!r} is not what a refresh did")
    return found
