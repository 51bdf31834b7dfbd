"""Servers that drop, cut, stall, lie or never end: an answer, or an error in bounded time."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from lumen_hooks.errors import RemoteError
from lumen_hooks.remote.stores import store as store_module
from lumen_hooks.remote.stores.store import Store, open_store
from tests.support.waiting import until
from tests.support.web_servers import (
    BROKEN,
    BUSY,
    FaultyProxy,
    FolderServer,
    Refusal,
    Schedule,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.object_store import ObjectStore
    from tests.support.web_servers import Fault

PATIENCE = 60.0
SOON = 1.0
"""Patience where it must end."""

DATA = os.urandom(300_000)


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """How often it is tried again counts, not how long is waited in between."""
    monkeypatch.setattr(store_module, "_PAUSES", (0.0, 0.0, 0.0))


@pytest.fixture(params=["bucket", "web"])
def proxy(
    request: pytest.FixtureRequest, object_store: ObjectStore, tmp_path: Path
) -> Iterator[FaultyProxy]:
    """In front of a store of each kind that has one object; `url` is how it is reached."""
    if request.param == "bucket":
        url = object_store.make_bucket("bucket")
        open_store(url, patience=PATIENCE).write("v1/a", DATA)
        with FaultyProxy(object_store.port, lambda _: None) as proxy:
            os.environ.update(object_store.environment(proxy.port))
            proxy.store_url = url  # type: ignore[attr-defined]
            yield proxy
        return
    open_store(str(tmp_path), patience=PATIENCE).write("v1/a", DATA)
    with (
        FolderServer(tmp_path) as server,
        FaultyProxy(server.port, lambda _: None) as proxy,
    ):
        proxy.store_url = proxy.url  # type: ignore[attr-defined]
        yield proxy


def opened(proxy: FaultyProxy, patience: float = PATIENCE) -> Store:
    return open_store(proxy.store_url, patience=patience)  # type: ignore[attr-defined]


def once(fault: Fault | Refusal) -> object:
    left = [fault]
    return lambda _: left.pop() if left else None


def test_what_fails_by_chance_is_tried_again(proxy: FaultyProxy) -> None:
    store = opened(proxy)
    faults: tuple[Fault | Refusal, ...] = ("refuse", "drop", "cut", BROKEN, BUSY)
    for number, fault in enumerate(faults, start=1):
        proxy.rule = once(fault)  # type: ignore[assignment]
        assert store.read("v1/a", at_most=len(DATA)) == DATA, fault
        assert proxy.spoilt == number


def test_what_goes_on_failing_is_said(proxy: FaultyProxy) -> None:
    store = opened(proxy)
    faults: tuple[Fault | Refusal, ...] = ("refuse", "cut", BROKEN)
    for fault in faults:
        proxy.rule = lambda _, fault=fault: fault  # type: ignore[misc]
        with pytest.raises(RemoteError) as failed:
            store.read("v1/a", at_most=len(DATA))
        assert "\n" not in failed.value.message
    proxy.rule = lambda _: None
    assert store.read("v1/a", at_most=len(DATA)) == DATA
    proxy.requests.clear()
    store.read("v1/a", at_most=len(DATA), start=2, length=3)
    assert [request.headers["range"] for request in proxy.requests] == ["bytes=2-4"]


def test_nothing_is_read_beyond_what_was_wanted(proxy: FaultyProxy) -> None:
    store = opened(proxy)
    for fault in ("endless", "long"):
        proxy.rule = lambda _, fault=fault: fault  # type: ignore[misc]
        with pytest.raises(RemoteError, match="larger than it may be"):
            store.read("v1/a", at_most=len(DATA))
    with pytest.raises(RemoteError, match="larger than it may be"):
        store.read("v1/a", at_most=len(DATA), start=10, length=10)
    for fault in ("short", "garble"):  # for who compares digests
        proxy.rule = lambda _, fault=fault: fault  # type: ignore[misc]
        with suppress(RemoteError):  # S3 has check sums of its own
            assert store.read("v1/a", at_most=len(DATA)) not in (DATA, None)


@pytest.mark.parametrize("fault", ["stall", pytest.param("trickle", marks=pytest.mark.slow)])
def test_a_store_that_does_not_answer_is_given_up(proxy: FaultyProxy, fault: Fault) -> None:
    store = opened(proxy, SOON)
    proxy.rule = lambda _: fault
    with pytest.raises(RemoteError, match="does not answer"):
        store.read("v1/a", at_most=len(DATA))
    until(lambda: proxy.going_on == 0)
    proxy.rule = lambda _: None
    proxy.requests.clear()
    for _ in range(3):
        with pytest.raises(RemoteError, match="given up"):
            store.read("v1/a", at_most=len(DATA))
    assert not proxy.requests


@pytest.mark.slow
def test_a_refusal_that_does_not_end_is_read_no_longer_than_patience(proxy: FaultyProxy) -> None:
    store = opened(proxy, SOON)
    proxy.rule = lambda _: "flood"
    with pytest.raises(RemoteError):
        store.read("v1/a", at_most=len(DATA))
    until(lambda: proxy.going_on == 0)


def test_a_server_that_is_down_is_said_to_be(proxy: FaultyProxy) -> None:
    store = opened(proxy)
    proxy.__exit__()
    with pytest.raises(RemoteError, match="onnect"):
        store.read("v1/a", at_most=1)


def test_chance_spoils_a_third_and_all_is_right_in_the_end(object_store: ObjectStore) -> None:
    url = object_store.make_bucket("bucket")
    faults: tuple[Fault | Refusal, ...] = ("refuse", "drop", "cut", BROKEN, BUSY)
    with FaultyProxy(object_store.port, Schedule(1, 0.3, faults)) as proxy:
        os.environ.update(object_store.environment(proxy.port))
        store = open_store(url, patience=PATIENCE)
        failed = 0
        for number in range(15):
            data = os.urandom(1000)
            try:
                store.write(f"v1/{number}", data)
                assert store.read(f"v1/{number}", at_most=1000) == data
            except RemoteError:
                failed += 1
        assert proxy.spoilt > 3
        assert failed < 5


SCRIPT = """
import socket, sys
from lumen_hooks.errors import RemoteError
from lumen_hooks.remote.stores.store import open_store
url, hang = sys.argv[1:]
if hang:
    import threading
    socket.getaddrinfo = lambda *a, **k: threading.Event().wait()
try:
    open_store(url, patience=1).read("v1/a", at_most=1)
except RemoteError as error:
    print(error)
"""


@pytest.mark.slow
@pytest.mark.parametrize("hang", ["", "name server"])
def test_what_hangs_keeps_no_process_from_exiting(proxy: FaultyProxy, hang: str) -> None:
    proxy.rule = lambda _: "stall"
    environment = dict(os.environ)
    if hang and "AWS_ENDPOINT_URL" in environment:
        environment["AWS_ENDPOINT_URL"] = "http://nowhere.invalid"
    url = proxy.store_url  # type: ignore[attr-defined]
    if hang:
        url = url.replace("127.0.0.1", "nowhere.invalid")
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, url, hang],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
        env=environment,
    )
    assert "does not answer" in done.stdout
    assert done.stderr == ""
