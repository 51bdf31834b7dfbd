"""Texts that are not UTF-8: short comments among much ASCII, as they are in source files."""

# ruff: noqa: RUF001 - letters that look like others are what this is about

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from lumen_hooks.excerpts.snippets import read_current
from lumen_hooks.files.content import Content, decode
from tests.support.helpers import update

if TYPE_CHECKING:
    from tests.support.repository import Repository

CODE = "int main(void) {\n    return 0;\n}\n" * 5

COMMENTS = {
    "cp1252": (
        "Jürgen Müller",
        "café",
        "La fonction vérifie si l'utilisateur a déjà été créé",
        "It\u2019s the \u201cbest\u201d \u2013 really",
        "año de la contraseña",
        "© 2004",
    ),
    "cp932": ("失敗したアップロードを再試行する", "設定", "設定ファイルを読む", "表示能力"),
    "euc_jp": ("失敗したアップロードを再試行する", "設定を読む"),
    "gb18030": ("失败的上传会在三次之后重新尝试", "读取配置文件", "用户登录，检查密码。"),
    "big5": ("失敗的上傳會在三次之後重新嘗試", "讀取設定檔案"),
    "euc_kr": ("실패한 업로드를 다시 시도한다", "설정 파일"),
    "koi8_r": ("Проверка пароля пользователя", "ошибка"),
    "cp1251": ("Проверка пароля пользователя", "ошибка"),
    "utf-16-le": ("失败的上传", "café"),
    "utf-16-be": ("失败的上传", "café"),
    "utf-16": ("失败的上传", "café"),
    "utf-8-sig": ("失败的上传", "café"),
}


@pytest.mark.parametrize(
    ("encoding", "comment"), [(name, one) for name, all_of in COMMENTS.items() for one in all_of]
)
def test_a_comment_is_read_in_its_encoding(encoding: str, comment: str) -> None:
    for text in (f"// {comment}\n{CODE}", f"{CODE}/* {comment} */\n", f"// {comment}\n" * 400):
        assert decode(text.encode(encoding)) == text
        assert decode(text.replace("\n", "\r\n").encode(encoding)) == text


@pytest.mark.parametrize("encoding", ["cp932", "euc_jp", "gb18030", "big5", "euc_kr"])
def test_a_text_that_ends_within_a_letter(encoding: str) -> None:
    text = "".join(f"// {comment}\n" for comment in COMMENTS[encoding]) * 20
    found = decode(text.encode(encoding)[:-2])
    assert found is not None
    assert found[:-2] == text[: len(found) - 2]


@pytest.mark.parametrize("text", ["// 失败 café größe ошибка\n" * 5, "é" * 1000])
def test_utf8_with_a_broken_byte_stays_utf8(text: str) -> None:
    data = text.encode()
    for broken in (data[:-2], b"\x80" + data, data + b"\xff", data + "café".encode("latin-1")):
        assert decode(broken) == broken.decode("utf-8", "replace")


def test_bytes_that_read_as_nothing_are_decoded_as_before() -> None:
    rng = random.Random(5)
    for size in (2, 30, 3000):
        for _ in range(20):
            data = rng.randbytes(size)
            text = decode(data)
            assert text is None or len(text) <= size
            assert decode(data) == text
    noise = bytes(number for number in rng.randbytes(3000) if number >= 0x20)
    assert decode(noise) == noise.decode("utf-8", "replace")


@pytest.mark.parametrize(
    "data",
    [
        b"MZ\x90\0\x03\0\0\0\x04\0\0\0\xff\xff\0\0" * 20,
        bytes(range(256)) * 10,
        b"\x7fELF\x02\x01\x01\0" + bytes(56),
        b"".join(number.to_bytes(2, "little") for number in range(1, 2000)),
        b"".join(number.to_bytes(2, "big") for number in range(500)),
        b"\x01\0\x02\0\x03\0" * 100,
        b"a\0b",
    ],
)
def test_binary_is_no_text(data: bytes) -> None:
    assert decode(data) is None


def test_what_is_indexed_is_what_is_shown(repo: Repository) -> None:
    text = "// 失敗したアップロードを再試行する\nint f(void) { return 1; }\n"
    repo.commit({"a.c": text.encode("cp932")})
    update(repo)
    content = read_current(str(repo.top), "a.c")
    assert isinstance(content, Content)
    assert content.text == text
