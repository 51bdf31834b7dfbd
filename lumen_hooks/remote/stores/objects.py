"""A store through what all of fsspec's drivers can do.

Where a put is not whole or nothing, as on file servers, an object is written
beside and moved. This module knows no patience: each of its calls may last
for ever, and may raise whatever a driver raises.
"""

from __future__ import annotations

import os
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, Any

from .driver import Entry, TooLargeError
from .folder import TEMPORARY

if TYPE_CHECKING:
    from .address import Address

_TIMES = ("LastModified", "last_modified", "mtime", "modified", "updated", "created")


class Files:
    """As `Driver`, through what all drivers of fsspec can do."""

    def __init__(
        self, made_by: Any, address: Address, *, puts_whole: bool = True, **options: Any
    ) -> None:
        from_url = made_by._get_kwargs_from_urls(address.place)  # noqa: SLF001 - no other door
        self._system = made_by(**{**from_url, **options}, skip_instance_cache=True)
        top = made_by._strip_protocol(address.place)  # noqa: SLF001 - as above
        self._top = str(top).rstrip("/")
        self._puts_whole = puts_whole

    def _full(self, path: str) -> str:
        return f"{self._top}/{path}"

    def get(self, path: str, start: int, most: int, *, whole: bool) -> bytes:
        """As `Driver.get`; of a whole object, one byte more is asked for."""
        end = start + most + whole
        data: bytes = self._system.cat_file(self._full(path), start=start, end=end)
        if len(data) > most:
            raise TooLargeError
        return data

    def size(self, path: str) -> int:
        """As `Driver.size`."""
        self._system.invalidate_cache()
        about = self._system.info(self._full(path))
        if about.get("type") == "directory":
            raise FileNotFoundError
        return int(about["size"])

    def put(self, path: str, data: bytes) -> None:
        """As `Driver.put`: in one call to an object store, else beside it and moved."""
        full = self._full(path)
        if self._puts_whole:
            self._system.pipe_file(full, data)
        else:
            self._put_and_move(full, data)

    def _put_and_move(self, full: str, data: bytes) -> None:
        folder = full.rpartition("/")[0]
        self._system.makedirs(folder, exist_ok=True)
        temporary = f"{folder}/{TEMPORARY}{os.urandom(8).hex()}"
        try:
            self._system.pipe_file(temporary, data)
            try:
                self._system.mv(temporary, full)
            except Exception:
                # Some servers rename onto nothing that exists. For a moment, then, there is none.
                if not self._system.exists(full):
                    raise
                self._system.rm_file(full)
                self._system.mv(temporary, full)
        except BaseException:
            with suppress(Exception):
                self._system.rm_file(temporary)
            raise

    def delete(self, path: str) -> None:
        """As `Driver.delete`."""
        self._system.rm_file(self._full(path))

    def walk(self, prefix: str) -> list[Entry]:
        """As `Driver.walk`."""
        self._system.invalidate_cache()
        listed = self._system.find(self._full(prefix.rstrip("/")), detail=True)
        top = self._top.lstrip("/") + "/"
        found = []
        for full, about in listed.items():
            name = str(full).lstrip("/")
            if name.startswith(top) and about.get("type") != "directory":
                path = name.removeprefix(top)
                found.append(Entry(path, int(about.get("size") or 0), _modified(about)))
        return found


def configured(option: str, *protocols: str) -> dict[str, Any]:
    """What the user's configuration of fsspec says of an option which holds several.

    An argument of ours would take the place of all of them.
    """
    from fsspec.config import conf

    found: dict[str, Any] = {}
    for protocol in protocols:
        value = conf.get(protocol, {}).get(option)
        found |= value if isinstance(value, dict) else {}
    return found


def _modified(about: dict[str, Any]) -> float | None:
    for name in _TIMES:
        value = about.get(name)
        if isinstance(value, datetime):
            return value.timestamp()
        if isinstance(value, int | float):
            return float(value)
    return None
