"""Every kind of store keeps the same promises; what each costs and refuses is its own."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any

import pytest

from lumen_hooks.errors import AccessError, RemoteError
from lumen_hooks.remote.stores.store import MARKER, Store, open_store
from tests.support.web_servers import FORBIDDEN, FaultyProxy, FolderServer, Refusal

from .promises import keeps_what_is_written

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.object_store import ObjectStore

PATIENCE = 60.0

PASSWORD = "pa@ss"  # noqa: S105 - a test's own

KINDS = ("folder", "bucket", "memory", "file server")


@pytest.fixture
def store(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """An empty store of a kind."""
    if request.param == "folder":
        return open_store(str(tmp_path), patience=PATIENCE)
    if request.param == "bucket":
        server: ObjectStore = request.getfixturevalue("object_store")
        return open_store(server.make_bucket("bucket") + "/some/path", patience=PATIENCE)
    if request.param == "memory":
        return open_store(f"memory://{tmp_path.name}", patience=PATIENCE)
    from fsspec import register_implementation

    register_implementation("oldserver", _file_server(), clobber=True)
    return open_store(f"oldserver://{tmp_path}", patience=PATIENCE)


def _file_server() -> type:
    """A driver as for servers that rename onto nothing which exists, and make no folders."""
    from fsspec.implementations.local import LocalFileSystem

    class OldServer(LocalFileSystem):  # type: ignore[misc]
        protocol = "oldserver"

        def mv(self, path1: str, path2: str, **options: Any) -> None:
            os.link(path1, path2)  # fails where that exists
            os.unlink(path1)

        @classmethod
        def _strip_protocol(cls, path: str) -> str:
            return path.removeprefix("oldserver://")

    return OldServer


@pytest.mark.parametrize("store", KINDS, indirect=True)
def test_every_kind_keeps_what_is_written(store: Store) -> None:
    keeps_what_is_written(store)


def test_a_bucket_is_asked_once_for_each_call(object_store: ObjectStore) -> None:
    url = object_store.make_bucket("bucket") + "/x"
    with FaultyProxy(object_store.port, lambda _: None) as proxy:
        os.environ.update(object_store.environment(proxy.port))
        store = open_store(url, patience=PATIENCE)
        calls: list[tuple[str, Callable[[], object]]] = [
            ("GET", lambda: store.read("v1/a", at_most=9)),
            ("HEAD", lambda: store.size("v1/a")),
            ("PUT", lambda: store.write("v1/a", bytes(8 << 20))),
            ("GET", lambda: store.read("v1/a", at_most=8 << 20)),
            ("GET", lambda: store.read("v1/a", at_most=9, start=5, length=9)),
            ("HEAD", lambda: store.size("v1/a")),
            ("GET", lambda: store.entries("v1")),
            ("DELETE", lambda: store.remove("v1/a")),
        ]
        for method, call in calls:
            proxy.requests.clear()
            call()
            assert [request.method for request in proxy.requests] == [method]
    assert (store.reads, store.writes) == (5, 1)
    assert (store.sent, store.received) == (8 << 20, (8 << 20) + 9)


def reading_and_writing(store: Store) -> list[Callable[[], object]]:
    return [lambda: store.read("v1/a", at_most=1), lambda: store.write("v1/a", b"")]


def test_what_the_user_has_configured_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    from fsspec.config import conf

    theirs = {"read_timeout": 7, "s3": {"addressing_style": "path"}}
    monkeypatch.setitem(conf, "s3", {"config_kwargs": theirs, "endpoint_url": "http://here"})
    system = open_store("s3://bucket", patience=PATIENCE)._connected()._system  # type: ignore[attr-defined]
    assert system.endpoint_url == "http://here"
    assert system.config_kwargs.items() >= theirs.items()
    assert system.config_kwargs["connect_timeout"] == PATIENCE


def test_a_missing_bucket_is_no_empty_one(object_store: ObjectStore) -> None:
    store = open_store("s3://nobody-made-it/x", patience=PATIENCE)
    for call in reading_and_writing(store):
        with pytest.raises(RemoteError, match="no such bucket") as refused:
            call()
        assert "make it" in refused.value.hint


def test_missing_credentials_are_said_to_be(
    object_store: ObjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    store = open_store("s3://bucket", patience=PATIENCE)
    with pytest.raises(AccessError, match="Unable to locate credentials") as refused:
        store.read("v1/a", at_most=1)
    assert "AWS_PROFILE" in refused.value.hint


def test_credentials_that_are_no_good_are_no_empty_store(object_store: ObjectStore) -> None:
    url = object_store.make_bucket("bucket")
    with FaultyProxy(object_store.port, lambda _: None) as proxy:
        os.environ.update(object_store.environment(proxy.port))
        store = open_store(url, patience=PATIENCE)
        for refusal in (
            Refusal(403, "InvalidAccessKeyId"),
            Refusal(403, "SignatureDoesNotMatch"),
            Refusal(403, "RequestTimeTooSkewed"),
            Refusal(400, "ExpiredToken"),
            Refusal(401, "Unauthorized"),
            FORBIDDEN,
        ):
            proxy.rule = lambda _, refusal=refusal: refusal  # type: ignore[misc]
            proxy.requests.clear()
            with pytest.raises(AccessError):
                store.size("v1/a")
            for call in reading_and_writing(store):
                with pytest.raises(AccessError) as refused:
                    call()
                assert "by the test" in refused.value.message
                assert "never-shown" not in refused.value.message + refused.value.hint
                assert ("clock" in refused.value.hint) == ("Skewed" in refusal.code)
            assert len(proxy.requests) <= 5


def test_what_may_not_be_listed_may_be_missing(object_store: ObjectStore) -> None:
    """Who may not list a bucket is told 403 for what is not there; one object tells them apart."""
    url = object_store.make_bucket("bucket")
    with FaultyProxy(
        object_store.port, lambda request: FORBIDDEN if "missing" in request.path else None
    ) as proxy:
        os.environ.update(object_store.environment(proxy.port))
        with pytest.raises(AccessError) as refused:
            open_store(url, patience=PATIENCE).read("v1/missing", at_most=1)
        assert "push to it once" in refused.value.hint

        writer = open_store(url, patience=PATIENCE)
        writer.claim()
        assert writer.size("v1/missing") is None

        reader = open_store(url, patience=PATIENCE)
        proxy.requests.clear()
        assert reader.read("v1/missing", at_most=1) is None
        assert reader.read("v1/missing", at_most=1) is None
        assert len(proxy.requests) == 3
        with pytest.raises(AccessError, match="refuses to write") as refused:
            reader.write("v1/missing", b"")
        assert "may not write" in refused.value.hint


def _web_store(folder: Path) -> Store:
    made = open_store(str(folder), patience=PATIENCE)
    made.claim()
    made.write("v1/a", b"something")
    return made


@pytest.mark.parametrize("ranges", [True, False])
def test_a_web_server_is_read_and_never_written(tmp_path: Path, ranges: bool) -> None:
    _web_store(tmp_path)
    with FolderServer(tmp_path, ranges=ranges) as server:
        store = open_store(server.url, patience=PATIENCE)
        assert store.read("v1/a", at_most=9) == b"something"
        assert store.read("v1/a", at_most=9, start=4, length=3) == b"thi"
        assert store.read("v1/a", at_most=9, start=4, length=30) == b"thing"
        assert store.read("v1/a", at_most=9, start=40, length=3) == b""
        assert store.read("v1/b", at_most=9) is None
        assert store.size("v1/a") == 9
        assert store.size("v1/b") is None
        assert len(server.requests) == 7
        with pytest.raises(RemoteError, match="larger than it may be"):
            store.read("v1/a", at_most=8)
        calls: list[Callable[[], object]] = [
            lambda: store.write("v1/b", b"x"),
            lambda: store.remove("v1/a"),
            lambda: store.entries("v1"),
        ]
        for call in calls:
            with pytest.raises(RemoteError, match="behind HTTP"):
                call()


def test_a_web_server_may_want_a_password_or_hide_what_is_missing(tmp_path: Path) -> None:
    _web_store(tmp_path)
    with FolderServer(tmp_path, password=PASSWORD, missing=403) as server:
        store = open_store(server.url, patience=PATIENCE)
        with pytest.raises(AccessError) as refused:
            store.read("v1/a", at_most=9)
        assert "netrc" in refused.value.hint

        url = server.url.replace("://", "://me:pa%40ss@") + "?sig=signature"
        store = open_store(url, patience=PATIENCE)
        assert store.name == server.url
        assert store.read("v1/b", at_most=9) is None
        assert store.read("v1/a", at_most=9) == b"something"
        assert server.requests[-1].path == "/v1/a?sig=signature"
        (tmp_path / MARKER).unlink()
        with pytest.raises(AccessError) as refused:
            open_store(url, patience=PATIENCE).read("v1/b", at_most=9)
        for secret in ("pa%40ss", "pa@ss", "signature"):
            assert secret not in refused.value.message + refused.value.hint


def test_writers_of_one_object_leave_it_whole(tmp_path: Path) -> None:
    store = open_store(str(tmp_path), patience=PATIENCE)
    texts = [bytes((number,)) * 100_000 for number in range(8)]
    store.write("v1/a", texts[0])
    writers = [
        threading.Thread(target=lambda text=text: list(map(store.write, ["v1/a"] * 9, [text] * 9)))
        for text in texts
    ]
    for writer in writers:
        writer.start()
    while any(writer.is_alive() for writer in writers):
        assert store.read("v1/a", at_most=100_000) in texts
    assert [entry.path for entry in store.entries("v1")] == ["v1/a"]


def test_a_killed_writer_leaves_nothing_under_the_objects_name(tmp_path: Path) -> None:
    code = (
        "import os, signal\n"
        "from lumen_hooks.remote.stores.store import open_store\n"
        "os.fsync = lambda file: os.kill(os.getpid(), signal.SIGKILL)\n"
        f"open_store({str(tmp_path)!r}, patience=60).write('v1/a', b'x')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], check=False)
    assert done.returncode == -9
    store = open_store(str(tmp_path), patience=PATIENCE)
    assert store.read("v1/a", at_most=9) is None
    assert [entry.path[:7] for entry in store.entries("v1")] == ["v1/tmp-"]


@pytest.mark.slow
def test_a_child_of_a_fork_has_connections_of_its_own(object_store: ObjectStore) -> None:
    url = object_store.make_bucket("bucket")
    open_store(url, patience=PATIENCE).write("v1/a", b"x")
    code = (
        "import os\n"
        "from lumen_hooks.remote.stores.store import open_store\n"
        f"store = open_store({url!r}, patience=60)\n"
        "assert store.read('v1/a', at_most=1) == b'x'\n"
        "child = os.fork()\n"
        "assert store.read('v1/a', at_most=1) == b'x'\n"
        "assert child == 0 or os.waitpid(child, 0)[1] == 0\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], check=False, capture_output=True, text=True, timeout=120
    )
    assert (done.returncode, done.stderr) == (0, "")
