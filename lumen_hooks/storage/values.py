"""The one door for what comes out of a database: a value is what it must be, or it is damage.

Whoever reads rows says what each column may hold. A text that is no text, a
number where a text belongs, a path that leaves the worktree or an error of a
statement that is always the same is CorruptIndexError, which leads to repair.
Knows kinds of values; no table.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING, Any

from lumen_hooks.errors import CorruptIndexError

from .sqlite import renew, translated

if TYPE_CHECKING:
    from collections.abc import Iterator

    import apsw

Kind = Callable[[Sequence[Any]], bool]
"""Whether all values of a column are what they must be."""

REBUILT = "it is rebuilt by: lumen-hooks index"

_ROWS_AT_ONCE = 4096


def natural(column: Sequence[Any]) -> bool:
    """Whole numbers from 0."""
    return set(map(type, column)) == {int} and min(column) >= 0


def line(column: Sequence[Any]) -> bool:
    """Whole numbers from 1."""
    return set(map(type, column)) == {int} and min(column) >= 1


def integer(column: Sequence[Any]) -> bool:
    """Whole numbers."""
    return set(map(type, column)) == {int}


def real(column: Sequence[Any]) -> bool:
    """Floating-point numbers."""
    return set(map(type, column)) == {float}


def text(column: Sequence[Any]) -> bool:
    """Texts."""
    return set(map(type, column)) == {str}


def blob(column: Sequence[Any]) -> bool:
    """Bytes."""
    return set(map(type, column)) == {bytes}


def path(column: Sequence[Any]) -> bool:
    """Paths of files, relative to the worktree's top and below it."""
    if not text(column):
        return False
    joined = "\0".join(column)
    # An absolute path, or one with an empty part, has two of these in a row.
    parts = f"\0{joined}\0".replace("/", "\0")
    stray = any(part in parts for part in ("\0\0", "\0.\0", "\0..\0"))
    return joined.count("\0") == len(column) - 1 and not stray


def optional(kind: Kind) -> Kind:
    """The same, or NULL."""

    def check(column: Sequence[Any]) -> bool:
        present = [value for value in column if value is not None]
        return not present or kind(present)

    return check


def stream(
    connection: apsw.Connection, query: str, kinds: Sequence[Kind], bindings: Any = ()
) -> Iterator[tuple[Any, ...]]:
    """The rows of a query, a portion at a time; see `read`."""
    renew(connection)
    with translated(connection.filename):
        cursor = connection.execute(query, bindings)
    return checked(cursor, connection.filename, kinds)


def checked(cursor: apsw.Cursor, path: str, kinds: Sequence[Kind]) -> Iterator[tuple[Any, ...]]:
    """The rows of a statement that was begun, a portion at a time; see `read`."""
    try:
        while True:
            with translated(path), decoding(path):
                rows = list(islice(cursor, _ROWS_AT_ONCE))
            columns = zip(*rows, strict=True)
            for number, (kind, column) in enumerate(zip(kinds, columns, strict=bool(rows))):
                if not kind(column):
                    raise CorruptIndexError(
                        f"{path} is damaged: a value of column {number + 1} cannot be there",
                        hint=REBUILT,
                    )
            yield from rows
            if len(rows) < _ROWS_AT_ONCE:
                return
    finally:
        cursor.close(True)


def read(
    connection: apsw.Connection, query: str, kinds: Sequence[Kind], bindings: Any = ()
) -> list[tuple[Any, ...]]:
    """All rows of a query.

    Args:
        connection: a database of ours.
        query: a statement whose text is ours alone.
        kinds: for each column what its values must be.
        bindings: its parameters.

    Raises:
        CorruptIndexError: the database is damaged.
        StoreError: it cannot be read for another reason.
    """
    return list(stream(connection, query, kinds, bindings))


def impossible(what: str) -> CorruptIndexError:
    """The error for what no index of ours can hold."""
    return CorruptIndexError(
        f"the index holds what it cannot hold: {what}", hint="lumen-hooks index --force"
    )


@contextmanager
def decoding(path: str) -> Iterator[None]:
    """Make sense of what was read: whatever is wrong with a value here is damage of this file.

    Raises:
        CorruptIndexError: in place of the errors that Python has for a value.
    """
    try:
        yield
    except (ValueError, TypeError, LookupError, OverflowError, RecursionError) as error:
        raise CorruptIndexError(f"{path} is damaged: {error}", hint=REBUILT) from error


def storable(text: str) -> str:
    """A text, or a path that is not UTF-8, as SQLite can hold it."""
    return text.encode("utf-8", "backslashreplace").decode()
