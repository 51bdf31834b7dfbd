"""Which driver of fsspec's reaches a URL, and how that is kept from disturbing the process.

Nothing is imported before a store is opened, and of our own ways (S3, HTTP)
only the one that is taken.
"""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Any

from lumen_hooks.errors import RemoteError

from .driver import Way

if TYPE_CHECKING:
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

_LOUD = (
    *("adlfs", "aiobotocore", "aiohttp", "asyncio", "azure", "botocore", "fsspec", "gcsfs"),
    *("google", "paramiko", "smbprotocol", "urllib3"),
)


def way_to(address: Address, patience: float) -> Way:
    """How what a URL names is reached.

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
    # fsspec gives each thread its own instance of what has no event loop.
    is_shared = bool(getattr(made_by, "async_impl", False))
    return Way(lambda: _made(made_by, address, max(patience, 1.0)), is_shared)


def _made(made_by: Any, address: Address, patience: float) -> Driver:
    if getattr(made_by, "async_impl", False):
        _let_the_process_end()
    if address.scheme in ("http", "https"):
        from .web import Web

        return Web(made_by, address, patience)
    if address.scheme in ("s3", "s3a"):
        from .s3 import S3

        return S3(made_by, address, patience)
    from .objects import Files

    return Files(made_by, address, puts_whole=address.scheme in _PUTS_WHOLE)


def _keep_quiet() -> None:
    """Libraries say on stderr what they cannot raise, where a program has set up no logging."""
    for name in _LOUD:
        logging.getLogger(name).addHandler(logging.NullHandler())


def _let_the_process_end() -> None:
    """A name server that does not answer keeps a thread of the event loop's for a long time.

    Threads of `concurrent.futures` are waited for when a process exits; these are not.
    """
    from concurrent.futures import Future, ThreadPoolExecutor

    from fsspec.asyn import get_loop

    class Daemons(ThreadPoolExecutor):
        def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Any:
            future: Future[Any] = Future()

            def work() -> None:
                if not future.set_running_or_notify_cancel():
                    return  # given up before it began; from here on it can only end
                try:
                    result = fn(*args, **kwargs)
                except BaseException as error:
                    future.set_exception(error)
                else:
                    future.set_result(result)

            threading.Thread(target=work, name="lumen-remote", daemon=True).start()
            return future

    get_loop().set_default_executor(Daemons())
