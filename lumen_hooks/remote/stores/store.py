"""A store of objects elsewhere, as the rest of this room uses it.

Every call is bounded in time and in bytes and ends with an answer or with a
RemoteError: a driver that hangs is given up with its thread, which does not
keep the process from exiting; what fails by chance is tried again; what a
driver says is repeated without secrets. Nothing that comes from a store is
believed here or understood. This module knows paths, never what is in them.
"""

from __future__ import annotations

import os
import re
import threading
import time
from contextlib import nullcontext
from typing import TYPE_CHECKING, Generic, TypeVar

from lumen_hooks.errors import AccessError, RemoteError

from .address import parsed
from .body import allowed_seconds
from .driver import Way
from .folder import Folder
from .refusals import meaning, refusal

if TYPE_CHECKING:
    from collections.abc import Callable

    from .address import Address
    from .driver import Driver, Entry

R = TypeVar("R")

MARKER = "v1/store"
"""An object that every store has once something was pushed to it."""

_MARKER_TEXT = b"A store of lumen-hooks: indexes and vectors of code.\n"

_PATH = re.compile(r"(?:[a-z0-9_-][a-z0-9._-]*/)*[a-z0-9_-][a-z0-9._-]*")
_LONGEST_PATH = 512

_PAUSES = (0.1, 0.4, 1.0)
"""Seconds before each further try of what failed by chance."""

_LISTING_SECONDS = 600.0


def open_store(url: str, *, patience: float) -> Store:
    """A store by what `lumen.remote` says. Nothing is asked of it yet.

    Args:
        url: a folder's full path (`~` is the home folder), or a URL that fsspec takes.
        patience: seconds to wait for one answer.

    Raises:
        RemoteError: it is no such path or URL, or the driver is not installed.
    """
    address = parsed(url)
    if not address.scheme:
        return Store(address, patience, Way(lambda: Folder(address.place), is_shared=True))
    from .drivers import way_to

    return Store(address, patience, way_to(address, patience))


class Store:
    """Objects by path. Calls may come from several threads at once.

    A store that has not answered in time is given up: every later call fails at once. After a
    fork, the child has connections of its own.

    Attributes:
        name: of the store, as it may be shown and logged.
        sent: bytes of the objects that were written.
        received: bytes of the objects that were read.
        reads: calls that asked for an object, or for its size.
        writes: calls that wrote an object.
        until: when all of it must be over (`time.monotonic()`): a call that has not ended then is
            given up, however little it was waited for.
    """

    def __init__(self, address: Address, patience: float, way: Way) -> None:
        self.name = address.name
        self.sent = self.received = self.reads = self.writes = 0
        self.until = float("inf")
        self._address = address
        self._patience = patience
        self._way = way
        self._begin_anew()
        self._given_up = ""
        self._is_readable = False

    def read(
        self, path: str, *, at_most: int, start: int = 0, length: int | None = None
    ) -> bytes | None:
        """An object, or a part of it; less than `length` where it ends before. None: there is none.

        Args:
            path: of the object.
            at_most: bytes that the caller is ready to hold. No more than one byte beyond it is
                read, whatever the store says.
            start: offset of the part, in bytes.
            length: bytes of the part; None for the whole object.

        Raises:
            RemoteError: it is larger than that, or the store is down, slow or wrong.
            AccessError: it may not be read.
        """
        if start and length is None:
            raise ValueError("a part has a length")
        most = at_most if length is None else min(length, at_most)
        if most <= 0 and length is not None:
            return b""
        whole = length is None
        self._count(reads=1)
        data = self._asked(
            path, lambda driver: driver.get(path, start, most, whole=whole), b"", carried=most
        )
        if data is not None:
            self._count(received=len(data))
        return data

    def size(self, path: str) -> int | None:
        """Bytes of an object. None: there is none.

        Raises:
            RemoteError: the store is down, slow or wrong.
            AccessError: it may not be read.
        """
        self._count(reads=1)
        return self._asked(path, lambda driver: driver.size(path), None)

    def write(self, path: str, data: bytes) -> None:
        """Make or replace an object, whole or not at all.

        Raises:
            RemoteError: the store is down, slow, full, or can only be read.
            AccessError: it may not be written.
        """
        self._count(writes=1)
        self._done(path, lambda driver: driver.put(path, data), carried=len(data))
        self._count(sent=len(data))

    def claim(self) -> None:
        """Begin to push: find out whether the store may be written, before much is done for it.

        Raises:
            RemoteError: as `write`.
            AccessError: as `write`.
        """
        self.write(MARKER, _MARKER_TEXT)

    def remove(self, path: str) -> None:
        """Remove an object, or find it gone.

        Raises:
            RemoteError: the store is down, slow, or can only be read.
            AccessError: it may not be written.
        """
        self._count()
        self._done(path, lambda driver: driver.delete(path), absent_is_fine=True)

    def entries(self, prefix: str) -> list[Entry]:
        """All objects below a folder that are called as ours are, in no order.

        Raises:
            RemoteError: the store is down, slow, or cannot be listed.
            AccessError: it may not be listed.
        """
        _insist(prefix.rstrip("/"))
        self._count()
        found, error = self._tried(lambda driver: driver.walk(prefix), _LISTING_SECONDS)
        if error is not None:
            if meaning(error) == "absent":
                return []
            raise refusal(self._address, prefix, error, to="list")
        return [entry for entry in found or () if _is_path(entry.path)]

    def _asked(
        self, path: str, work: Callable[[Driver], R], nothing: R | None, *, carried: int = 0
    ) -> R | None:
        """What a call finds out about an object; None: there is none.

        Where it ends before what is asked for, that is `nothing`.
        """
        _insist(path)
        result, error = self._tried(work, allowed_seconds(self._patience, carried))
        if error is None:
            self._is_readable = True
            return result
        what = meaning(error)
        if what == "beyond":
            return nothing
        if what == "absent" or (what == "hidden" and path != MARKER and self._may_read()):
            return None
        raise refusal(self._address, path, error, to="read")

    def _may_read(self) -> bool:
        """Whether anything of the store can be read, so that what is refused is not there.

        Who may read objects of a bucket and not list it is told 403 for each that is missing, as
        one who may read nothing is.
        """
        if not self._is_readable:
            try:
                self._is_readable = self.read(MARKER, at_most=1 << 10) is not None
            except AccessError:
                return False
        return self._is_readable

    def _done(
        self,
        path: str,
        work: Callable[[Driver], None],
        *,
        carried: int = 0,
        absent_is_fine: bool = False,
    ) -> None:
        _insist(path)
        _, error = self._tried(work, allowed_seconds(self._patience, carried))
        if error is not None and not (absent_is_fine and meaning(error) == "absent"):
            raise refusal(self._address, path, error, to="write")

    def _tried(
        self, work: Callable[[Driver], R], seconds: float
    ) -> tuple[R | None, BaseException | None]:
        """The result or the error of a call, after as many tries as there is reason and time for.

        Raises:
            RemoteError: no answer came in time, now or before.
        """
        with self._turn:  # the clock of a call does not run while another has its turn
            if self._given_up:
                raise RemoteError(self._given_up)
            seconds = min(seconds, self.until - time.monotonic())
            if seconds <= 0:
                self._give_up()
            call = _Call(lambda: work(self._connected()), self._still_open)
            if not call.start():
                raise RemoteError(f"{self.name} cannot be asked: no thread can be started")
            if not call.ended.wait(seconds):
                self._give_up()
        if call.error is not None and meaning(call.error) == "silent":
            self._give_up()
        return call.result, call.error

    def _give_up(self) -> None:
        self._given_up = f"{self.name} does not answer; it was given up"
        raise RemoteError(f"{self.name} does not answer")

    def _still_open(self) -> bool:
        return not self._given_up

    def _begin_anew(self) -> None:
        self._process = os.getpid()
        self._driver: Driver | None = None
        self._connecting = threading.Lock()
        self._counting = threading.Lock()
        self._turn = nullcontext() if self._way.is_shared else threading.Lock()

    def _count(self, *, reads: int = 0, writes: int = 0, received: int = 0, sent: int = 0) -> None:
        if self._process != os.getpid():
            # A lock may be held for ever by a thread that did not come along in a fork.
            self._begin_anew()
        with self._counting:
            self.reads += reads
            self.writes += writes
            self.received += received
            self.sent += sent

    def _connected(self) -> Driver:
        """The driver of this process, made by its first call."""
        with self._connecting:
            if self._driver is None:
                self._driver = self._way.make()
            return self._driver


def _is_path(path: str) -> bool:
    return len(path) <= _LONGEST_PATH and _PATH.fullmatch(path) is not None


def _insist(path: str) -> None:
    """A path that is none of ours is a bug, or a way out of the store."""
    if not _is_path(path):
        raise ValueError(f"{path!r} is no path of an object")


class _Call(Generic[R]):
    """One call in a thread of its own, which may never end."""

    def __init__(self, work: Callable[[], R], is_wanted: Callable[[], bool]) -> None:
        self._work = work
        self._is_wanted = is_wanted
        self.ended = threading.Event()
        self.result: R | None = None
        self.error: BaseException | None = None

    def start(self) -> bool:
        """Whether there could be a thread for it."""
        try:
            threading.Thread(target=self._run, name="lumen-remote", daemon=True).start()
        except RuntimeError:
            return False
        return True

    def _run(self) -> None:
        try:
            for pause in (*_PAUSES, None):
                try:
                    self.result, self.error = self._work(), None
                except BaseException as error:  # whatever it is, somebody waits for it
                    self.error = error
                if self.error is None or pause is None:
                    return
                if meaning(self.error) != "failed" or not self._is_wanted():
                    return
                time.sleep(pause)
        finally:
            self.ended.set()
