"""What `lumen.remote` says: a folder or a URL, and how it may be shown.

A URL may hold a password or a signature. Its name, which is shown and logged,
has neither, and `unspoken` takes both out of what drivers and servers say.
This module opens nothing and knows no driver.
"""

from __future__ import annotations

import os
import re
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from lumen_hooks.errors import RemoteError
from lumen_hooks.system.terminal import one_line

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")

_BRACKETS = re.compile(r"\[[^/\]]*\]?")
"""An address of IPv6, in which two colons are no chain."""

_CHAINED = frozenset(
    [
        "async_wrapper",
        "asyncwrapper",
        "blockcache",
        "cached",
        "data",
        "dir",
        "filecache",
        "generic",
        "libarchive",
        "pyscript",
        "reference",
        "simplecache",
        "tar",
        "zip",
    ]
)
"""Protocols of fsspec that wrap another, keep copies, or hold no store at all."""

_OWN_CREDENTIALS = frozenset(["s3", "s3a", "gs", "gcs", "abfs", "abfss", "az", "adl"])
"""Drivers that find credentials by themselves, and take none from a URL."""

_ACCOUNTS = frozenset(("abfs", "abfss", "az", "adl"))
"""Where `NAME@` in a URL is a container, no user."""

_QUERIES = frozenset(("http", "https"))
"""Where a query is a part of each object's address, such as a signature."""

MOST_CHARACTERS = 300
"""Of what a driver says, the beginning is shown."""

_MOST_READ = 4_000

_ANY_USER = re.compile(r"(\w://)[^\s/@'\"]*@")
_ANY_QUERY = re.compile(r"(\w://[^\s?#'\"<>]*)[?#][^\s'\"<>)]*")


class Address(NamedTuple):
    """Where a store is.

    Attributes:
        scheme: in lower case; empty for a folder.
        place: a folder's full path; else the URL without query and fragment, with credentials.
        query: of a URL, with its question mark; may be empty.
        name: what may be shown.
        secrets: what may not.
    """

    scheme: str
    place: str
    query: str
    name: str
    secrets: tuple[str, ...]

    def unspoken(self, text: str) -> str:
        """What a driver says, on one harmless line of bounded length without secrets."""
        if len(text) > _MOST_READ:
            text = text[:_MOST_READ].rpartition(" ")[0]  # no half of a secret
        for secret in self.secrets:
            text = text.replace(secret, "...")
        text = _ANY_QUERY.sub(r"\1", _ANY_USER.sub(r"\1", text))
        text = one_line(" ".join(text.split()))
        return text if len(text) <= MOST_CHARACTERS else text[:MOST_CHARACTERS] + "..."


def parsed(url: str) -> Address:
    """What `lumen.remote` means.

    Raises:
        RemoteError: it is neither a full path nor a URL that can be a store.
    """
    match = _SCHEME.match(url)
    if match is None:
        return _folder(_plain_path(url))
    scheme = match[1].lower()
    bare = _ANY_QUERY.sub(r"\1", _ANY_USER.sub(r"\1", url))
    if "::" in _BRACKETS.sub("", url) or scheme in _CHAINED:
        raise RemoteError(
            f"a store cannot be reached through {one_line(scheme)}://",
            hint="name the folder, bucket or server itself, without caches, archives or '::'",
        )
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - a number that is none is found when it is asked for
    except ValueError:
        raise RemoteError(f"{one_line(bare)} is no URL") from None
    if scheme in ("file", "local"):
        if parts.netloc not in ("", "localhost"):
            raise RemoteError(
                f"{one_line(bare)} names a host, and a folder has none",
                hint="write three slashes: file:///FOLDER",
            )
        return _folder(_plain_path(unquote(parts.path)))
    return _elsewhere(url, scheme)


def _plain_path(path: str) -> str:
    full = os.path.expanduser(path)
    if "\0" in full or not os.path.isabs(full):
        raise RemoteError(
            f"lumen.remote is {one_line(path)!r}, which is neither a full path nor a URL",
            hint="git config lumen.remote /FOLDER, or s3://BUCKET/PATH, or another URL of fsspec",
        )
    return os.path.normpath(full)


def _folder(path: str) -> Address:
    return Address("", path, "", one_line(path), ())


def _elsewhere(url: str, scheme: str) -> Address:
    parts = urlsplit(url)
    user, _, host = parts.netloc.rpartition("@")
    if not host and (scheme in _OWN_CREDENTIALS | _QUERIES or not parts.path.strip("/")):
        raise RemoteError(f"{scheme}:// is followed by no name of a bucket or server")
    is_user = scheme not in _ACCOUNTS or ":" in user
    shown = host if is_user else parts.netloc
    path = parts.path.rstrip("/")
    name = one_line(f"{scheme}://{shown}{path}")
    if user and is_user and scheme in _OWN_CREDENTIALS:
        raise RemoteError(
            f"{name}: credentials do not belong into this URL",
            hint="its driver finds them itself, in the environment or in files of the user's",
        )
    if (parts.query or parts.fragment) and scheme not in _QUERIES:
        raise RemoteError(
            f"{name}: '?' and '#' have no meaning in this URL",
            hint="options of a driver are set by fsspec's own configuration",
        )
    secrets = _secrets(user if is_user else "", parts.query, parts.fragment)
    query = "?" + parts.query if parts.query else ""
    return Address(scheme, f"{scheme}://{parts.netloc}{path}", query, name, secrets)


def _secrets(user: str, query: str, fragment: str) -> tuple[str, ...]:
    values = [part.partition("=")[2] for part in query.split("&")]
    raw = [user, user.partition(":")[2], query, fragment]
    raw = [text for text in raw if len(text) > 2] + [text for text in values if len(text) > 6]
    found = {form for text in raw for form in (text, unquote(text))}
    return tuple(sorted(found, key=len, reverse=True))
