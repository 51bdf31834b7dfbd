"""What `lumen.remote` may say, and what is repeated of it."""

from __future__ import annotations

import os

import pytest

from lumen_hooks.errors import RemoteError
from lumen_hooks.remote.stores.address import MOST_CHARACTERS, parsed
from lumen_hooks.remote.stores.store import open_store


@pytest.mark.parametrize(
    ("url", "message", "hint"),
    [
        ("", "neither a full path nor a URL", "git config lumen.remote /FOLDER"),
        ("store", "neither a full path nor a URL", "git config lumen.remote /FOLDER"),
        ("./store", "neither a full path nor a URL", "s3://BUCKET/PATH"),
        ("host:/store", "neither a full path nor a URL", ""),
        ("file://store", "names a host", "file:///"),
        ("file:///a\0b", "neither a full path nor a URL", ""),
        ("s3://", "no name of a bucket", ""),
        ("s3://key:word@bucket/x", "credentials do not belong", "its driver finds them"),
        ("s3://bucket/x?versionId=1", "have no meaning", "fsspec's own configuration"),
        ("http://host:port/x", "is no URL", ""),
        ("http://[::1/x", "is no URL", ""),
        ("nothing://host", "no driver is known for nothing://", "s3://"),
        ("simplecache::s3://bucket", "neither a full path nor a URL", ""),
        ("simplecache://x", "through simplecache://", "the folder, bucket or server itself"),
        ("zip://x::s3://bucket", "through zip://", "the folder, bucket or server itself"),
        ("https://a/x::s3://b", "through https://", "the folder, bucket or server itself"),
        ("github://owner:name@/", "no name of a bucket or server", ""),
    ],
)
def test_what_can_be_no_store_is_said_to_be_none(url: str, message: str, hint: str) -> None:
    with pytest.raises(RemoteError) as refused:
        open_store(url, patience=1)
    assert message in refused.value.message
    assert hint in refused.value.hint
    assert "word" not in refused.value.message


@pytest.mark.parametrize(
    ("scheme", "extra", "package"),
    [("gs", "gcs", "gcsfs"), ("abfss", "azure", "adlfs"), ("az", "azure", "adlfs")],
)
def test_a_driver_that_is_missing_is_named(scheme: str, extra: str, package: str) -> None:
    pytest.importorskip("fsspec")
    try:
        __import__(package)
    except ImportError:
        with pytest.raises(RemoteError, match="is not installed") as refused:
            open_store(f"{scheme}://bucket", patience=1)
        assert refused.value.hint == f"pip install 'lumen-hooks[{extra}]'"
    else:
        pytest.skip(f"{package} is installed")


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("/srv/store/", "/srv/store"),
        ("file:///srv/a%20store", "/srv/a store"),
        ("~/store", "~/store"),
        ("http://[::1]:80/x", "http://[::1]:80/x"),
        ("s3://bucket/path/", "s3://bucket/path"),
        ("S3://Bucket/Path", "s3://Bucket/Path"),
        ("https://me:pass@host:8/x?sig=abc#frag", "https://host:8/x"),
        ("sftp://me@host/x", "sftp://host/x"),
        ("abfs://box@account.dfs.core.windows.net/x", "abfs://box@account.dfs.core.windows.net/x"),
        ("memory://x", "memory://x"),
    ],
)
def test_a_name_has_no_secret(url: str, name: str) -> None:
    assert parsed(url).name == os.path.expanduser(name)


def test_nothing_that_a_driver_says_has_one() -> None:
    address = parsed("https://me:pa%40ss@host/x?sig=si%2Fgned&se=2030#frag")
    said = (
        "GET https://me:pa%40ss@host/x/v1/a?sig=si%2Fgned&se=2030: 500, key pa@ss, signed si/gned "
        "by https://other:word@proxy:80/?token=abc\x1b[31m\nand frag " + "x" * 1000
    )
    shown = address.unspoken(said)
    for secret in (
        "pa%40ss",
        "pa@ss",
        "si%2Fgned",
        "si/gned",
        "se=",
        "word",
        "abc",
        "frag",
        "\x1b",
    ):
        assert secret not in shown
    assert "\n" not in shown
    assert len(shown) <= MOST_CHARACTERS + 3
    assert shown.startswith("GET https://host/x/v1/a")


def test_what_a_server_says_at_length_is_not_read_at_length() -> None:
    address = parsed("https://me:secret-word@host/x")
    for said in ("a://" * 1_000_000, "?" * 1_000_000, "x" * 3_995 + " secret-word"):
        assert "secret" not in address.unspoken(said)
