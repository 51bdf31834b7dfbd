"""Other people's servers, where their drivers and emulators are installed; nothing here needs them.

::

    pip install gcsfs gcp-storage-emulator adlfs paramiko asyncssh
    npm install azurite                      # and its folder node_modules/.bin on PATH
    pytest -m slow tests/remote/test_other_servers.py
"""

from __future__ import annotations

import http.client
import json
import shutil
import socket
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from lumen_hooks.errors import AccessError, RemoteError
from lumen_hooks.remote.stores.store import open_store
from tests.support.waiting import until

from .promises import keeps_what_is_written

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("default")]

PATIENCE = 60.0

AZURES_KEY = (
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
)
"""The emulator's only one, which its documentation names."""

SFTP_SERVER = """
import asyncio, asyncssh
class Server(asyncssh.SSHServer):
    def begin_auth(self, user): return True
    def password_auth_supported(self): return True
    def validate_password(self, user, password): return password == "sesame"
async def main():
    server = await asyncssh.listen(
        "127.0.0.1", {port}, server_factory=Server,
        server_host_keys=[asyncssh.generate_private_key("ssh-ed25519")],
        sftp_factory=lambda channel: asyncssh.SFTPServer(channel))
    await asyncio.Event().wait()
asyncio.run(main())
"""


@pytest.fixture
def port() -> int:
    """One that is free now."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def serving(port: int, *command: str) -> Iterator[None]:
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until(lambda: answers(port) or server.poll() is not None)
        yield
    finally:
        server.kill()
        server.wait()


def answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port)).close()
    except OSError:
        return False
    return True


@pytest.fixture
def google(port: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    pytest.importorskip("gcsfs")
    pytest.importorskip("gcp_storage_emulator")
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", f"http://127.0.0.1:{port}")
    monkeypatch.setenv("GCSFS_EXPERIMENTAL_ZB_HNS_SUPPORT", "false")  # asks by gRPC, over TLS
    options = ("start", "--port", str(port), "--in-memory")
    server = serving(port, sys.executable, "-m", "gcp_storage_emulator", *options)
    next(server)
    asked = http.client.HTTPConnection("127.0.0.1", port)
    said = json.dumps({"name": "bucket"})
    asked.request("POST", "/storage/v1/b?project=test", said, {"Content-Type": "application/json"})
    asked.getresponse().read()
    asked.close()
    yield
    server.close()  # type: ignore[attr-defined]


@pytest.fixture
def azure(port: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Gives what says where it is and who asks."""
    pytest.importorskip("adlfs")
    blobs = pytest.importorskip("azure.storage.blob")
    program = shutil.which("azurite-blob") or pytest.skip("azurite is not installed")
    said = (
        "DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;"
        f"AccountKey={AZURES_KEY};BlobEndpoint=http://127.0.0.1:{port}/devstoreaccount1;"
    )
    options = ("--inMemoryPersistence", "--skipApiVersionCheck", "--disableTelemetry")
    server = serving(port, program, "--blobPort", str(port), *options)
    next(server)
    blobs.BlobServiceClient.from_connection_string(said).create_container("box")
    monkeypatch.setenv("AZURE_STORAGE_CONNECTION_STRING", said)
    yield said
    server.close()  # type: ignore[attr-defined]


@pytest.fixture
def sftp(port: int) -> Iterator[int]:
    """Gives the port; the password is sesame."""
    pytest.importorskip("paramiko")
    pytest.importorskip("asyncssh")
    server = serving(port, sys.executable, "-c", SFTP_SERVER.replace("{port}", str(port)))
    next(server)
    yield port
    server.close()  # type: ignore[attr-defined]


def test_google(google: None) -> None:
    keeps_what_is_written(open_store("gs://bucket/some/path", patience=PATIENCE))
    with pytest.raises(RemoteError, match="no such bucket"):
        open_store("gs://nobody-made-it", patience=PATIENCE).write("v1/a", b"")


def test_azure(azure: str, monkeypatch: pytest.MonkeyPatch) -> None:
    keeps_what_is_written(open_store("az://box/some/path", patience=PATIENCE))
    missing = open_store("az://nobody-made-it", patience=PATIENCE)
    with pytest.raises(RemoteError, match="no such bucket or container"):
        missing.read("v1/a", at_most=1)
    with pytest.raises(RemoteError, match="no such bucket or container"):
        missing.write("v1/a", b"")
    monkeypatch.setenv("AZURE_STORAGE_CONNECTION_STRING", azure.replace("Eby8", "AAAA"))
    with pytest.raises(AccessError) as refused:
        open_store("az://box/some/path", patience=PATIENCE).read("v1/a", at_most=1)
    assert "AZURE_STORAGE" in refused.value.hint


def test_sftp(sftp: int, tmp_path: Path) -> None:
    url = f"sftp://me:{{}}@127.0.0.1:{sftp}{tmp_path}/some/path"
    keeps_what_is_written(open_store(url.format("sesame"), patience=PATIENCE))
    assert not [path for path in tmp_path.rglob("tmp-*") if path.is_file()]
    with pytest.raises(AccessError, match="Authentication failed"):
        open_store(url.format("wrong"), patience=PATIENCE).read("v1/a", at_most=1)
