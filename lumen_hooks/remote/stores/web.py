"""A store behind a web server, by way of fsspec's session of aiohttp: it can only be read.

So that a store that was pushed to a bucket or folder can be read by whoever
may load its pages. A server need not know ranges or HEAD.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .body import Wanted, allowed_seconds
from .driver import UnlistedError
from .objects import configured

if TYPE_CHECKING:
    from .address import Address
    from .driver import Entry

_PARTIAL = 206
_NO_SUCH_METHOD = (405, 501)


class Web:
    """As `Driver`, for http:// and https://."""

    def __init__(self, made_by: Any, address: Address, patience: float) -> None:
        from aiohttp import ClientTimeout

        waits = ClientTimeout(total=None, sock_connect=patience, sock_read=patience)
        # What is sent is what is stored, not to be decompressed; proxies and ~/.netrc are honoured.
        ours = {"timeout": waits, "auto_decompress": False, "trust_env": True}
        theirs = configured("client_kwargs", "http", "https")
        self._system = made_by(client_kwargs=ours | theirs, skip_instance_cache=True)
        self._top, self._query, self._patience = address.place, address.query, patience

    def get(self, path: str, start: int, most: int, *, whole: bool) -> bytes:
        """As `Driver.get`."""
        from fsspec.asyn import sync

        wanted = Wanted(start, most, whole, self._patience)
        seconds = allowed_seconds(self._patience, most)
        return bytes(sync(self._system.loop, self._get, path, wanted, timeout=seconds))

    async def _get(self, path: str, wanted: Wanted) -> bytes:
        async with await self._answer("GET", path, wanted.header) as answer:
            answer.raise_for_status()
            length = answer.content_length or 0
            is_part = answer.status == _PARTIAL
            return await wanted.of(answer.content.read, length, is_part=is_part)

    def size(self, path: str) -> int:
        """As `Driver.size`."""
        from fsspec.asyn import sync

        return int(sync(self._system.loop, self._size, path, timeout=self._patience))

    async def _size(self, path: str) -> int:
        for method in ("HEAD", "GET"):
            async with await self._answer(method, path, {}) as answer:
                if answer.status in _NO_SUCH_METHOD and method == "HEAD":
                    continue
                answer.raise_for_status()
                if "Content-Length" in answer.headers:
                    return int(answer.headers["Content-Length"])
        raise UnlistedError("the server tells no sizes")

    async def _answer(self, method: str, path: str, asked: dict[str, str]) -> Any:
        session = await self._system.set_session()
        url = self._system.encode_url(f"{self._top}/{path}{self._query}")
        options = dict(self._system.kwargs)
        options["headers"] = {
            **options.get("headers", {}),
            "Accept-Encoding": "identity",
            **asked,
        }
        return await session.request(method, url, allow_redirects=True, **options)

    def put(self, path: str, data: bytes) -> None:
        """There is no agreed way to write by HTTP."""
        raise UnlistedError("what is behind HTTP can only be read")

    def delete(self, path: str) -> None:
        """As `put`."""
        raise UnlistedError("what is behind HTTP can only be read")

    def walk(self, prefix: str) -> list[Entry]:
        """There is no agreed way to list by HTTP."""
        raise UnlistedError("what is behind HTTP cannot be listed")
