"""What an index says of itself: its rows as they always were, and nothing else believed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from lumen_hooks.errors import CorruptIndexError, NewerIndexError
from lumen_hooks.storage import facts
from lumen_hooks.storage.facts import Facts, Refresh, _write_rows
from lumen_hooks.storage.fingerprint import INDEX_VERSION
from lumen_hooks.storage.new_index import create_index

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import apsw

REFRESH = Refresh("seed", 1, 2, 3, 4, 5, 0.25, "2026-11-25T20:00:00.000+00:00")
ALL = Facts(
    complete=True,
    refreshed=True,
    fingerprint="f",
    index_version=INDEX_VERSION,
    model="builtin",
    model_key="k",
    dimensions=256,
    top="/work",
    head="0" * 40,
    rules="r",
    seeded_from="/elsewhere",
    last_refresh=REFRESH,
    seal="s",
    reach="1" * 40,
)
ROWS = {
    "complete": "1",
    "refreshed": "1",
    "fingerprint": "f",
    "index_version": str(INDEX_VERSION),
    "model": "builtin",
    "model_key": "k",
    "dimensions": "256",
    "top": "/work",
    "head": "0" * 40,
    "rules": "r",
    "seeded_from": "/elsewhere",
    "last_refresh": '{"kind": "seed", "files_changed": 1, "files_removed": 2, "chunks_total": 3,'
    ' "chunks_embedded": 4, "chunks_reused": 5, "seconds": 0.25,'
    ' "finished_at": "2026-11-25T20:00:00.000+00:00"}',
    "seal": "s",
    "reach": "1" * 40,
}


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[apsw.Connection]:
    with create_index(str(tmp_path / "index.db"), 4) as index:
        yield index.connection


def rows_of(connection: apsw.Connection) -> dict[str, str]:
    rows = {str(name): str(value) for name, value in connection.execute("SELECT * FROM meta")}
    assert len(rows.pop("sum")) == 8
    return rows


def test_they_are_written_as_every_version_wrote_them(connection: apsw.Connection) -> None:
    facts.write(connection, ALL)
    assert rows_of(connection) == ROWS
    assert facts.read(connection) == ALL


def test_what_is_not_so_has_no_row(connection: apsw.Connection) -> None:
    """But for the commit: `head` was always written, empty where there was none."""
    assert facts.read(connection) == Facts()
    facts.write(connection, ALL)
    facts.write(connection, Facts())
    assert rows_of(connection) == {"head": ""}
    assert facts.read(connection) == Facts()


def test_a_path_that_is_not_utf_8_can_be_said(connection: apsw.Connection) -> None:
    facts.write(connection, ALL._replace(seeded_from="/w\udcff"))
    assert facts.read(connection).seeded_from == "/w\\udcff"


def test_what_another_version_noted_besides_stays(connection: apsw.Connection) -> None:
    refresh = ROWS["last_refresh"].replace('{"kind"', '{"more": [], "kind"')
    _write_rows(connection, {**ROWS, "more": "said", "last_refresh": refresh})
    assert facts.read(connection) == ALL
    facts.write(connection, ALL._replace(head=None))
    assert rows_of(connection) == {**ROWS, "more": "said", "head": ""}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("complete", "0"),
        ("refreshed", "yes"),
        ("index_version", "first"),
        ("dimensions", "many"),
        ("last_refresh", "{"),
        ("last_refresh", "[]"),
        ("last_refresh", '{"kind": "seed"}'),
        ("last_refresh", ROWS["last_refresh"].replace(": 3,", ': "3",')),
    ],
)
def test_one_that_cannot_be_is_damage(connection: apsw.Connection, name: str, value: str) -> None:
    _write_rows(connection, {**ROWS, name: value})
    with pytest.raises(CorruptIndexError, match="is damaged"):
        facts.read(connection)


def test_one_that_was_changed_is_damage(connection: apsw.Connection) -> None:
    facts.write(connection, ALL)
    connection.execute("UPDATE meta SET value='1' WHERE key='head'")
    with pytest.raises(CorruptIndexError, match="not as written"):
        facts.read(connection)


def test_a_newer_version_may_mean_something_else_by_each(connection: apsw.Connection) -> None:
    newer = {**ROWS, "index_version": str(INDEX_VERSION + 1), "complete": "half", "dimensions": "?"}
    _write_rows(connection, newer)
    with pytest.raises(NewerIndexError, match="newer lumen-hooks"):
        facts.read(connection)


def test_only_whole_ones_of_the_same_fingerprint_are_usable() -> None:
    assert ALL.usable_for("f")
    assert not ALL.usable_for("g")
    assert not ALL._replace(complete=False).usable_for("f")
