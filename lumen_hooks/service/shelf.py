"""Rows kept in order, the first of them in memory, the others in a temporary file.

For what may be more than memory should hold, or nothing much. Knows rows of
plain values, not what they mean.
"""

from __future__ import annotations

import json
import os
import tempfile
import weakref
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from lumen_hooks.errors import StorageFullError
from lumen_hooks.system.temporary import temporary_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import IO

KEPT_ROWS = 20_000
"""So many are kept in memory."""

T = TypeVar("T", bound=tuple[Any, ...])


class Shelf(Generic[T]):
    """Rows in the order in which they were added.

    Args:
        make: a row from its values.
    """

    def __init__(self, make: Callable[[Iterable[Any]], T]) -> None:
        self._make = make
        self._rows: list[T] = []
        self._file: IO[str] | None = None
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def add(self, row: T) -> None:
        """Put a row behind the others.

        Raises:
            StorageFullError: there is no room for it.
        """
        self._count += 1
        if len(self._rows) < KEPT_ROWS:
            self._rows.append(row)
            return
        try:
            if self._file is None:
                folder = temporary_folder(os.environ)
                # It has no name, and ends with whoever holds this shelf.
                self._file = tempfile.TemporaryFile("w+", encoding="utf-8", dir=folder)  # noqa: SIM115
                weakref.finalize(self, self._file.close)
            self._file.write(json.dumps(row) + "\n")
        except OSError as error:
            raise self._full(error) from error

    def __iter__(self) -> Iterator[T]:
        yield from self._rows
        if self._file is None:
            return
        try:
            self._file.seek(0)
        except OSError as error:  # what is left of it is written now
            raise self._full(error) from error
        for line in self._file:
            yield self._make(json.loads(line))

    def _full(self, error: OSError) -> StorageFullError:
        return StorageFullError(
            f"no room to keep more than {self._count - 1:,} places: {error.strerror}",
            hint="ask for fewer (-n), or free some space in the folder for temporary files",
        )
