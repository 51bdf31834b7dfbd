"""S3 and its compatibles, by way of s3fs: one request for each object.

s3fs by itself asks for a size before it reads, and lists a bucket to find out
that an object is missing; here its client is asked directly. Whoever calls
tries again, so the client does not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .body import Wanted, allowed_seconds
from .objects import Files, configured

if TYPE_CHECKING:
    from collections.abc import Callable

    from .address import Address


class S3(Files):
    """As `Driver`, for s3:// with the credentials and the endpoint of the environment."""

    def __init__(self, made_by: Any, address: Address, patience: float) -> None:
        ours = {
            "connect_timeout": patience,
            "read_timeout": patience,
            "retries": {"total_max_attempts": 1},
            "max_pool_connections": 16,
        }
        theirs = configured("config_kwargs", "s3", "s3a")
        super().__init__(made_by, address, config_kwargs=ours | theirs, use_listings_cache=False)
        self._system.retries = 1
        self._patience = patience

    def get(self, path: str, start: int, most: int, *, whole: bool) -> bytes:
        """As `Driver.get`."""
        wanted = Wanted(start, most, whole, self._patience)
        return bytes(self._in_time(self._get, path, wanted, carried=most))

    def put(self, path: str, data: bytes) -> None:
        """As `Driver.put`."""
        pipe = self._system._pipe_file  # noqa: SLF001 - fsspec names its coroutines so
        self._in_time(pipe, self._full(path), data, carried=len(data))

    async def _get(self, path: str, wanted: Wanted) -> bytes:
        answer = await self._system._call_s3(  # noqa: SLF001 - as above
            "get_object", **self._place(path), **wanted.header
        )
        body = answer["Body"]
        try:
            length = int(answer.get("ContentLength") or 0)
            return await wanted.of(body.read, length, is_part="ContentRange" in answer)
        finally:
            body.close()

    def size(self, path: str) -> int:
        """As `Driver.size`."""
        return int(self._in_time(self._size, path))

    async def _size(self, path: str) -> int:
        place = self._place(path)
        answer = await self._system._call_s3("head_object", **place)  # noqa: SLF001 - as above
        return int(answer["ContentLength"])

    def _in_time(self, work: Callable[..., Any], *arguments: Any, carried: int = 0) -> Any:
        """What a coroutine returns; it is cancelled when its time is over, or it might go on."""
        from fsspec.asyn import sync

        seconds = allowed_seconds(self._patience, carried)
        return sync(self._system.loop, work, *arguments, timeout=seconds)

    def _place(self, path: str) -> dict[str, str]:
        bucket, key, _ = self._system.split_path(self._full(path))
        return {"Bucket": bucket, "Key": key}
