"""S3 and its compatibles, by way of s3fs: one request for each object.

s3fs by itself asks for a size before it reads, and lists a bucket to find out
that an object is missing; here its client is asked directly. Whoever calls
tries again, so the client does not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .body import Wanted
from .objects import Files, configured

if TYPE_CHECKING:
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
        from fsspec.asyn import sync

        wanted = Wanted(start, most, whole, self._patience)
        return bytes(sync(self._system.loop, self._get, path, wanted))

    async def _get(self, path: str, wanted: Wanted) -> bytes:
        answer = await self._system._call_s3(  # noqa: SLF001 - fsspec names its coroutines so
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
        return int(self._system.call_s3("head_object", **self._place(path))["ContentLength"])

    def _place(self, path: str) -> dict[str, str]:
        bucket, key, _ = self._system.split_path(self._full(path))
        return {"Bucket": bucket, "Key": key}
