"""Stores that fsspec reaches: S3, HTTP, and whatever else it has a driver for.

Three ways, since one would cost requests or trust: S3 and HTTP are asked for
an object in one request whose answer is read no further than was wanted;
every other driver reads a range by itself. Where a put is not whole or
nothing (a file server), an object is written beside and moved. Nothing is
imported before a store is opened. This module knows no patience: each of its
calls may last for ever, and may raise whatever a driver raises.
"""

from __future__ import annotations

import logging
import os
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, Any

from lumen_hooks.errors import RemoteError

from .driver import Entry, TooLargeError, UnlistedError
from .folder import TEMPORARY

if TYPE_CHECKING:
    from collections.abc import Callable

    from .address import Address
    from .driver import Driver

_EXTRAS = {
    **dict.fromkeys(("s3", "s3a"), "s3"),
    **dict.fromkeys(("gs", "gcs"), "gcs"),
    **dict.fromkeys(("abfs", "abfss", "az", "adl"), "azure"),
    **dict.fromkeys(("http", "https"), "http"),
}
"""Which extra of ours brings a driver."""

_PUTS_WHOLE = frozenset((*_EXTRAS, "memory", "oci", "ocilake", "oss", "tos", "tosfs"))
"""Object stores: what is put is there whole, or is not there."""

_PIECE = 1 << 18
_ENDS = 416
"""Status of a range that begins behind the end."""

_TIMES = ("LastModified", "last_modified", "mtime", "modified", "updated", "created")


def opener(address: Address, patience: float) -> Callable[[], Driver]:
    """How to make a driver for a URL; making one may already wait for the network.

    Raises:
        RemoteError: nothing that is installed reaches such a store.
    """
    from fsspec.registry import get_filesystem_class

    try:
        made_by = get_filesystem_class(address.scheme)
    except (ValueError, ImportError) as error:
        extra = _EXTRAS.get(address.scheme)
        if extra is None and isinstance(error, ValueError):
            raise RemoteError(
                f"{address.name}: no driver is known for {address.scheme}://",
                hint="a full path, s3://, gs://, abfs://, https:// and what else fsspec reaches",
            ) from None
        hint = f"pip install 'lumen-hooks[{extra}]'" if extra else address.unspoken(str(error))
        raise RemoteError(
            f"{address.name}: the driver for {address.scheme}:// is not installed", hint=hint
        ) from None
    _keep_quiet()
    return lambda: _made(made_by, address, max(patience, 1.0))


def _made(made_by: Any, address: Address, patience: float) -> Driver:
    if address.scheme in ("http", "https"):
        return Http(made_by, address, patience)
    if address.scheme in ("s3", "s3a"):
        return S3(made_by, address, patience)
    return Files(made_by, address)


def _keep_quiet() -> None:
    """Libraries say on stderr what they cannot raise, when a program has set up no logging."""
    for name in ("aiobotocore", "aiohttp", "asyncio", "botocore", "fsspec", "s3fs"):
        logging.getLogger(name).addHandler(logging.NullHandler())


class Files:
    """Any driver of fsspec, through what all of them can do."""

    def __init__(self, made_by: Any, address: Address, **options: Any) -> None:
        options = {**made_by._get_kwargs_from_urls(address.place), **options}  # noqa: SLF001 - fsspec's own way
        self._system = made_by(**options, skip_instance_cache=True)
        self._top = str(made_by._strip_protocol(address.place)).rstrip("/")  # noqa: SLF001 - as above
        self._puts_whole = address.scheme in _PUTS_WHOLE

    def _full(self, path: str) -> str:
        return f"{self._top}/{path}"

    def get(self, path: str, start: int, most: int, *, whole: bool) -> bytes:
        """As `Driver.get`; of a whole object, one byte more is asked for."""
        asked = most + 1 if whole else most
        data: bytes = self._system.cat_file(self._full(path), start=start, end=start + asked)
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
            return
        folder = full.rpartition("/")[0]
        self._system.makedirs(folder, exist_ok=True)
        temporary = f"{folder}/{TEMPORARY}{os.urandom(8).hex()}"
        try:
            self._system.pipe_file(temporary, data)
            self._move(temporary, full)
        except BaseException:
            with suppress(Exception):
                self._system.rm_file(temporary)
            raise

    def _move(self, temporary: str, full: str) -> None:
        try:
            self._system.mv(temporary, full)
        except Exception:
            # Some servers rename onto nothing that exists. For a moment, then, there is none.
            if not self._system.exists(full):
                raise
            self._system.rm_file(full)
            self._system.mv(temporary, full)

    def delete(self, path: str) -> None:
        """As `Driver.delete`."""
        self._system.rm_file(self._full(path))

    def walk(self, prefix: str) -> list[Entry]:
        """As `Driver.walk`."""
        self._system.invalidate_cache()
        listed = self._system.find(self._full(prefix.rstrip("/")), detail=True)
        found = []
        for name, about in listed.items():
            _, top, path = str(name).partition(self._top.lstrip("/") + "/")
            if top and about.get("type") != "directory":
                found.append(Entry(path, int(about.get("size") or 0), _modified(about)))
        return found


class S3(Files):
    """S3 and its compatibles: one request for each object that is read or looked at."""

    def __init__(self, made_by: Any, address: Address, patience: float) -> None:
        ours = {
            "connect_timeout": patience,
            "read_timeout": patience,
            "retries": {"total_max_attempts": 1},  # whoever calls tries again
            "max_pool_connections": 16,
        }
        theirs = _configured("config_kwargs", "s3", "s3a")
        super().__init__(made_by, address, config_kwargs=ours | theirs, use_listings_cache=False)
        self._system.retries = 1

    def _place(self, path: str) -> dict[str, str]:
        bucket, key, _ = self._system.split_path(self._full(path))
        return {"Bucket": bucket, "Key": key}

    def get(self, path: str, start: int, most: int, *, whole: bool) -> bytes:
        """As `Driver.get`: one request, whose answer is read no further than was wanted."""
        from fsspec.asyn import sync

        asked = {} if whole else {"Range": f"bytes={start}-{start + most - 1}"}
        try:
            return bytes(sync(self._system.loop, self._get, path, asked, start, most))
        except OSError as error:
            if "InvalidRange" in str(getattr(error.__cause__, "response", "")):
                return b""
            raise

    async def _get(self, path: str, asked: dict[str, str], start: int, most: int) -> bytes:
        answer = await self._system._call_s3("get_object", **self._place(path), **asked)  # noqa: SLF001 - so fsspec names coroutines
        body = answer["Body"]
        try:
            length = int(answer.get("ContentLength") or 0)
            return await _bounded(body.read, length, start if _ignored(asked, answer) else 0, most)
        finally:
            body.close()

    def size(self, path: str) -> int:
        """As `Driver.size`; fsspec would list the bucket for what is missing."""
        return int(self._system.call_s3("head_object", **self._place(path))["ContentLength"])


class Http:
    """Objects of a web server, which can only be read."""

    def __init__(self, made_by: Any, address: Address, patience: float) -> None:
        from aiohttp import ClientTimeout

        waits = ClientTimeout(total=None, sock_connect=patience, sock_read=patience)
        # What is sent is what is stored, and not decompressed; proxies and ~/.netrc are honoured.
        ours = {"timeout": waits, "auto_decompress": False, "trust_env": True}
        theirs = _configured("client_kwargs", "http", "https")
        self._system = made_by(client_kwargs=ours | theirs, skip_instance_cache=True)
        self._top, self._query = address.place, address.query

    def get(self, path: str, start: int, most: int, *, whole: bool) -> bytes:
        """As `Driver.get`; a server that does not know ranges is read up to the end of ours."""
        from fsspec.asyn import sync

        asked = {} if whole else {"Range": f"bytes={start}-{start + most - 1}"}
        return bytes(sync(self._system.loop, self._get, path, asked, start, most))

    async def _get(self, path: str, asked: dict[str, str], start: int, most: int) -> bytes:
        async with await self._answer("GET", path, asked) as answer:
            if asked and answer.status == _ENDS:
                return b""
            answer.raise_for_status()
            skip = start if asked and answer.status != 206 else 0
            return await _bounded(answer.content.read, answer.content_length or 0, skip, most)

    async def _answer(self, method: str, path: str, asked: dict[str, str]) -> Any:
        session = await self._system.set_session()
        url = self._system.encode_url(f"{self._top}/{path}{self._query}")
        headers = {"Accept-Encoding": "identity"} | asked
        options = self._system.kwargs | {
            "headers": self._system.kwargs.get("headers", {}) | headers
        }
        return await session.request(method, url, allow_redirects=True, **options)

    def size(self, path: str) -> int:
        """As `Driver.size`."""
        from fsspec.asyn import sync

        return int(sync(self._system.loop, self._size, path))

    async def _size(self, path: str) -> int:
        async with await self._answer("HEAD", path, {}) as answer:
            answer.raise_for_status()
            return int(answer.headers["Content-Length"])

    def put(self, path: str, data: bytes) -> None:
        """There is no agreed way to write by HTTP."""
        raise UnlistedError("a store behind HTTP can only be read")

    def delete(self, path: str) -> None:
        """As `put`."""
        raise UnlistedError("a store behind HTTP can only be read")

    def walk(self, prefix: str) -> list[Entry]:
        """There is no agreed way to list by HTTP."""
        raise UnlistedError("a store behind HTTP cannot be listed")


async def _bounded(read: Callable[[int], Any], length: int, skip: int, most: int) -> bytes:
    """The body of an answer from a place on, `most` bytes of it at most.

    Args:
        read: gives some bytes of the body, at most as many as it is asked for, and none at its end.
        length: of the body, as its head has it; 0 if it has none.
        skip: bytes before the first that is wanted: the whole object came, not our part of it.
        most: bytes; where nothing is skipped, a longer body is none that was asked for.
    """
    if length - skip > most and not skip:
        raise TooLargeError
    data = bytearray()
    wanted = skip + most
    while len(data) <= wanted and (piece := await read(min(_PIECE, wanted + 1 - len(data)))):
        data += piece
        if skip and len(data) >= wanted:
            return bytes(data[skip:wanted])
    if len(data) > wanted:
        raise TooLargeError
    return bytes(data[skip:])


def _ignored(asked: dict[str, str], answer: dict[str, Any]) -> bool:
    """Whether a server of S3's kind sent all of an object of which a part was wanted."""
    return bool(asked) and "ContentRange" not in answer


def _configured(option: str, *protocols: str) -> dict[str, Any]:
    """What the user's configuration of fsspec says of an option which holds several."""
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
        if isinstance(value, (int, float)):
            return float(value)
    return None
