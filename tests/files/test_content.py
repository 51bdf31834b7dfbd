from __future__ import annotations

import hashlib
import os
import socket
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from lumen_hooks.files.content import Content, Skipped, blob_id, change_time, read_file
from tests.support.waiting import until

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.repository import Repository

MIB = 1 << 20


def read(folder: Path, name: str, max_bytes: int = MIB) -> Content | Skipped:
    return read_file(str(folder), name, max_bytes=max_bytes, blob_length=20)


def text_of(folder: Path, data: bytes) -> str:
    (folder / "file").write_bytes(data)
    answer = read(folder, "file")
    assert isinstance(answer, Content), answer
    return answer.text


def reason_of(folder: Path, name: str, max_bytes: int = MIB) -> str:
    answer = read(folder, name, max_bytes)
    assert isinstance(answer, Skipped), answer
    return answer.reason


def test_blob_id_is_git_s(repo: Repository, tmp_path: Path) -> None:
    repo.write({"a": "hello\r\n", "empty": ""})
    for name in ("a", "empty"):
        expected = repo.git("hash-object", "--no-filters", name).strip()
        assert blob_id((repo.top / name).read_bytes(), 20).hex() == expected
    assert blob_id(b"hi", 32) == hashlib.sha256(b"blob 2\0hi").digest()


def test_content_carries_the_file_s_stamp(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"one\r\ntwo")
    answer = read(tmp_path, "file")
    status = (tmp_path / "file").stat()
    assert answer == Content("one\ntwo", blob_id(b"one\r\ntwo", 20), 8, change_time(status))


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"", ""),
        (b"a\r\nb\rc\n", "a\nb\nc\n"),
        (b"\xef\xbb\xbfmark", "mark"),
        (b"caf\xe9", "café"),
        (b"\x9d\xff\x9d", "\ufffd\ufffd\ufffd"),
        ("é\r\nü".encode("utf-16"), "é\nü"),
        (b"\xfe\xff" + "big".encode("utf-16-be"), "big"),
        ("wide".encode("utf-32"), "wide"),
        (b"\xff\xfeodd", "\ufffd\ufffdodd"),
        (b"x" * 8000 + b"\0", "x" * 8000 + "\0"),
    ],
)
def test_text_is_decoded(tmp_path: Path, data: bytes, text: str) -> None:
    assert text_of(tmp_path, data) == text


@pytest.mark.parametrize(
    "data", [b"a\0b", b"x" * 7999 + b"\0", b"\xff\xfe\0\xd8\0\0", b"\xff\xfea\0\0\0"]
)
def test_binary_is_skipped_with_its_id(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "file").write_bytes(data)
    answer = read(tmp_path, "file")
    assert isinstance(answer, Skipped)
    assert (answer.reason, answer.blob, answer.size) == ("binary", blob_id(data, 20), len(data))


def test_sizes_around_the_limit(tmp_path: Path) -> None:
    (tmp_path / "fits").write_bytes(b"x\n" * 50)
    (tmp_path / "over").write_bytes(b"x\n" * 50 + b"y")
    assert isinstance(read(tmp_path, "fits", 100), Content)
    answer = read(tmp_path, "over", 100)
    assert isinstance(answer, Skipped)
    assert (answer.reason, answer.blob, answer.size) == ("too large", None, 101)


def test_a_large_file_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with (tmp_path / "huge").open("wb") as file:
        file.truncate(50 * MIB)
    monkeypatch.setattr("os.read", lambda *_: pytest.fail("it was read"))
    assert reason_of(tmp_path, "huge") == "too large"


def test_long_lines_are_minified_unless_data_or_prose(tmp_path: Path) -> None:
    long = b"var a=1;" * 5000
    (tmp_path / "app.js").write_bytes(long)
    (tmp_path / "app.json").write_bytes(long)
    (tmp_path / "small.js").write_bytes(long[:20_000])
    (tmp_path / "wrapped.js").write_bytes(b"var a=1;\n" * 5000)
    assert reason_of(tmp_path, "app.js") == "minified"
    for name in ("app.json", "small.js", "wrapped.js"):
        assert isinstance(read(tmp_path, name), Content), name


def test_a_few_long_lines_do_not_hide_a_file(tmp_path: Path) -> None:
    ordinary = "function f() { return 1 }\n" * 30
    data = f"const DATA = '{'A' * 200_000}'\n"
    licence = "/*\n" + " words of a licence\n" * 60 + "*/\n"
    (tmp_path / "data.js").write_text(ordinary + data)
    (tmp_path / "app.js").write_text(licence + "var a=1;" * 5000 + "\n")
    (tmp_path / "bundle.js").write_text(("// module\n{\n" + "a();" * 800 + "\n}\n") * 50)
    assert isinstance(read(tmp_path, "data.js"), Content)
    assert reason_of(tmp_path, "app.js") == "minified"
    assert reason_of(tmp_path, "bundle.js") == "minified"


def test_what_is_no_readable_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("text")
    (tmp_path / "link").symlink_to("file")
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "fifo")
    assert reason_of(tmp_path, "missing") == "vanished"
    assert reason_of(tmp_path, "file/below") == "vanished"
    assert reason_of(tmp_path, "link") == "symlink"
    assert reason_of(tmp_path, "loop") == "symlink"
    assert reason_of(tmp_path, "folder") == "not a regular file"
    assert reason_of(tmp_path, "fifo") == "not a regular file"
    assert reason_of(tmp_path, "x" * 300) == "unreadable"


def test_a_socket_is_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket")
        assert reason_of(tmp_path, "socket") == "not a regular file"


def test_a_path_that_is_not_utf8_and_one_with_a_line_break(tmp_path: Path) -> None:
    for name in (b"caf\xe9", b"a\nb", "é".encode()):
        with open(os.fsencode(tmp_path) + b"/" + name, "wb") as file:
            file.write(b"text")
        assert isinstance(read(tmp_path, name.decode("utf-8", "surrogateescape")), Content)


_READ_AS_NOBODY = """
import os, sys
from lumen_hooks.files.content import read_file
os.chdir(sys.argv[1])
if os.geteuid() == 0:
    os.setgid(65534)
    os.setuid(65534)
print(read_file(".", "secret", max_bytes=100, blob_length=20).reason)
"""


def test_an_unreadable_file(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("text")
    (tmp_path / "secret").chmod(0)
    tmp_path.chmod(0o755)
    # Root may read anything, so a child gives root up once it is where it must be.
    command = [sys.executable, "-c", _READ_AS_NOBODY, str(tmp_path)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert done.stdout == "unreadable\n"


def test_a_file_that_changes_while_read_is_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("old")
    real, calls = os.read, []

    def read_then_change(descriptor: int, count: int) -> bytes:
        data = real(descriptor, count)
        calls.append(count)
        if len(calls) == 1:
            (tmp_path / "file").write_text("newer")
        return data

    monkeypatch.setattr("os.read", read_then_change)
    answer = read(tmp_path, "file")
    assert isinstance(answer, Content)
    assert answer.text == "newer"
    assert answer.changed_ns == change_time((tmp_path / "file").stat())


def test_a_file_that_never_rests_is_answered_with_an_old_stamp(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "log").write_text("")
    real = os.read

    def append_then_read(descriptor: int, count: int) -> bytes:
        with (tmp_path / "log").open("a") as file:
            file.write("line\n")
        return real(descriptor, count)

    monkeypatch.setattr("os.read", append_then_read)
    answer = read(tmp_path, "log")
    assert isinstance(answer, Content)
    status = (tmp_path / "log").stat()
    assert (answer.size, answer.changed_ns) != (status.st_size, change_time(status))


def test_a_file_replaced_by_others_all_the_time(tmp_path: Path) -> None:
    stop = threading.Event()
    place = tmp_path / "file"

    def churn() -> None:
        other = tmp_path / "other"
        while not stop.is_set():
            other.write_text("text\n")
            other.replace(place)
            os.mkfifo(other)
            other.replace(place)
            other.symlink_to("elsewhere")
            other.replace(place)
            place.unlink()

    possible = {"content", "vanished", "symlink", "not a regular file"}
    seen: set[str] = set()
    churner = threading.Thread(target=churn)
    churner.start()

    def all_were_seen() -> bool:
        for _ in range(1000):
            answer = read(tmp_path, "file")
            seen.add(answer.reason if isinstance(answer, Skipped) else "content")
            if seen >= possible:
                return True
        return False

    try:
        until(all_were_seen)
    finally:
        stop.set()
        churner.join()
    assert seen == possible
