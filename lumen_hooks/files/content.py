"""The bytes of one working file, and whether they are text worth indexing.

Apart from the manifest because reading is where files block, vanish, grow and
turn out to be no text. It knows paths and bytes; it knows no git command, no
setting and no index. Nothing that a file does makes it raise.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import stat
from typing import TYPE_CHECKING, NamedTuple

from lumen_hooks.chunking.long_lines import is_minified

if TYPE_CHECKING:
    from collections.abc import Callable

SNIFFED_BYTES = 8000
"""A NUL within these makes a file binary: git's own rule (xdiff-interface.c, FIRST_FEW_BYTES)."""

MINIFIED_BYTES = 20_000
"""Only files larger than this are judged by the length of their lines."""

_KEY = re.compile(r"^-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----", re.MULTILINE)
_KEY_BEGINS = ("-----BEGIN ", "PuTTY-User-Key-File-", "Bag Attributes")
"""A file that begins so (RFC 7468, OpenSSL, PGP, PuTTY, `openssl pkcs12`) is no source that only
mentions a key."""

_ATTEMPTS = 3
_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY

_REASONS = {
    errno.ENOENT: "vanished",
    errno.ENOTDIR: "vanished",
    errno.ELOOP: "symlink",
    errno.ENXIO: "not a regular file",  # a socket
}

_PROSE = """
    adoc asciidoc ipynb json json5 jsonc markdown md mdx org rst tex text textile toml txt xml yaml
    yml
"""
"""Extensions of data and prose, where one line may be a whole paragraph, record or picture."""

_LONG_LINES_ALLOWED = frozenset(_PROSE.split())


class Content(NamedTuple):
    """A file that is text.

    Attributes:
        text: decoded (UTF-8, UTF-16/32, or what `encodings` finds; replacement characters where
            nothing fits), without a byte order mark, lines ended by a single line feed.
        blob: the id that git gives to the raw bytes; with line-ending conversion or another
            filter in force it is not the id in git's index.
        size: bytes on disk.
        changed_ns: `change_time` when reading began, in nanoseconds. A later write may leave
            the same one if it is younger than a tick of the file system's clock.
    """

    text: str
    blob: bytes
    size: int
    changed_ns: int


class Skipped(NamedTuple):
    """A file that is not indexed.

    Attributes:
        reason: `binary`, `minified`, `secret`, `too large`, `unreadable`, `vanished`, `symlink`
            or `not a regular file`.
        blob: as in Content where the bytes were read, else None.
        size: bytes on disk; 0 if the file could not be opened.
        changed_ns: `change_time` in nanoseconds; 0 if the file could not be opened.
    """

    reason: str
    blob: bytes | None
    size: int
    changed_ns: int


def change_time(status: os.stat_result) -> int:
    """When a file last changed, in nanoseconds: later than its modification time if that was set.

    Archives, `cp -p` and reproducible builds give every version of a file the same modification
    time. The inode's own time tells then, as it does to git (core.trustctime).
    """
    return max(status.st_mtime_ns, status.st_ctime_ns)


def stamp_of(top: str, path: str) -> tuple[int, int] | None:
    """Size and change time of a file as it is now; None if it cannot be looked at."""
    try:
        status = os.lstat(_place(top, path))
    except OSError:
        return None
    return status.st_size, change_time(status)


def blob_id(data: bytes, length: int) -> bytes:
    """The id of a git blob with this content (gitformat-pack(5): hash of `blob SIZE NUL DATA`).

    Args:
        data: the content.
        length: bytes in an id: 20 for SHA-1 repositories, 32 for SHA-256 ones.
    """
    kind = hashlib.sha256 if length == 32 else hashlib.sha1
    digest = kind(b"blob %d\0" % len(data), usedforsecurity=False)
    digest.update(data)
    return digest.digest()


def read_file(top: str, path: str, *, max_bytes: int, blob_length: int) -> Content | Skipped:
    """Read a working file once it holds still.

    A file that changes while it is read is read again, three times at most; the answer then
    carries the stamp from before the reading, so that the next look sees a difference.

    Args:
        top: the worktree's top folder.
        path: the file below it, with `/`. Only its last component is refused if it is a symlink;
            git lists nothing behind a symlinked folder.
        max_bytes: larger files are skipped unread.
        blob_length: bytes in a blob id, 20 or 32.
    """
    read = _read_still(top, path, max_bytes)
    if isinstance(read, Skipped):
        return read
    status, data = read
    return _judged(path, status, data, blob_id(data, blob_length))


def glance(top: str, path: str, max_bytes: int) -> bytes:
    """The first bytes of a file, for a guess at what it holds; none if it cannot be read.

    Args:
        top: the worktree's top folder.
        path: the file below it, with `/`, as the manifest lists it.
        max_bytes: how many to read at most.
    """
    try:
        descriptor = os.open(_place(top, path), _FLAGS)
    except OSError:
        return b""
    try:
        return os.read(descriptor, max_bytes)
    except OSError:
        return b""
    finally:
        os.close(descriptor)


def read_file_with(
    top: str,
    path: str,
    *,
    max_bytes: int,
    blob_length: int,
    may_be_in: Callable[[bytes], bool],
) -> Content | Skipped | None:
    """As `read_file`, but None for a file whose bytes tell that its text is not wanted.

    Args:
        top: as for `read_file`, and so are the others.
        path: the file.
        max_bytes: larger files are skipped unread.
        blob_length: bytes in a blob id.
        may_be_in: False if a text that has these bytes in UTF-8 is not wanted.
    """
    read = _read_still(top, path, max_bytes)
    if isinstance(read, Skipped):
        return read
    status, data = read
    if not may_be_in(data) and _is_plain(data):
        return None
    return _judged(path, status, data, blob_id(data, blob_length))


def _is_plain(data: bytes) -> bool:
    """Its bytes are its text's in UTF-8, but for line ends and a byte order mark."""
    if b"\0" in data[:SNIFFED_BYTES]:  # UTF-16 perhaps, with or without a mark
        return False
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _read_still(top: str, path: str, max_bytes: int) -> tuple[os.stat_result, bytes] | Skipped:
    """The status and the bytes of a file once it holds still, or why there are none."""
    place = _place(top, path)
    try:
        for _ in range(_ATTEMPTS):
            status, data, stable = _read_once(place, max_bytes)
            if stable:
                break
    except OSError as error:
        return Skipped(_REASONS.get(error.errno or 0, "unreadable"), None, 0, 0)
    if not stat.S_ISREG(status.st_mode):
        return Skipped("not a regular file", None, status.st_size, change_time(status))
    if data is None:
        return Skipped("too large", None, status.st_size, change_time(status))
    return status, data


def _judged(path: str, status: os.stat_result, data: bytes, blob: bytes) -> Content | Skipped:
    """A file that was read, if it is text worth indexing."""
    text = decode(data)
    reason = ""
    if text is None:
        reason = "binary"
    elif _is_key(text):
        reason = "secret"
    elif _is_minified(path, text):
        reason = "minified"
    if text is None or reason:
        return Skipped(reason, blob, status.st_size, change_time(status))
    return Content(text, blob, status.st_size, change_time(status))


def _place(top: str, path: str) -> bytes:
    """Where a file lies: git's paths are bytes whatever the locale says of file names."""
    return os.fsencode(top) + b"/" + path.encode("utf-8", "surrogateescape")


def _read_once(place: bytes, max_bytes: int) -> tuple[os.stat_result, bytes | None, bool]:
    """One reading: the status before it, the bytes (None: too many), and did it hold still."""
    descriptor = os.open(place, _FLAGS)
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            return status, None, True
        if status.st_size > max_bytes:
            return status, None, True
        parts: list[bytes] = []
        wanted = status.st_size + 1
        while wanted > 0 and (part := os.read(descriptor, wanted)):
            parts.append(part)
            wanted -= len(part)
        after = os.fstat(descriptor)
    finally:
        os.close(descriptor)
    data = b"".join(parts)
    unchanged = (after.st_size, change_time(after)) == (status.st_size, change_time(status))
    stable = unchanged and len(data) == status.st_size
    return status, data[: status.st_size], stable


def decode(data: bytes) -> str | None:
    """A file's text with single line feeds, or None if it is binary."""
    text = _decode_wide(data)
    if text is None and b"\0" in data[:SNIFFED_BYTES]:
        from .encodings import utf16_without_mark  # few files need what is in there

        text = utf16_without_mark(data)
        if text is None:
            return None
    if text is None:
        text = _decode_narrow(data).removeprefix("\ufeff")
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text


def _decode_narrow(data: bytes) -> str:
    """The text of UTF-8, or else of whatever encoding it reads well in."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        from .encodings import legacy_encoding

        return data.decode(legacy_encoding(data) or "utf-8", "replace")


def _decode_wide(data: bytes) -> str | None:
    """The text of UTF-16 or UTF-32 that says so by its byte order mark, if it is that."""
    if data.startswith((b"\xff\xfe\0\0", b"\0\0\xfe\xff")):
        encoding = "utf-32"
    elif data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding = "utf-16"
    else:
        return None
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        return None
    return None if "\0" in text else text


def _is_key(text: str) -> bool:
    """Whether a file is a private key, whatever it is called."""
    start = text[:200].lstrip()
    return start.startswith(_KEY_BEGINS) and (
        start.startswith("PuTTY") or _KEY.search(text) is not None
    )


def _is_minified(path: str, text: str) -> bool:
    if len(text) <= MINIFIED_BYTES or path.rpartition(".")[2].lower() in _LONG_LINES_ALLOWED:
        return False
    return is_minified(text)
