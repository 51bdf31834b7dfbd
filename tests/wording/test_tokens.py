"""The bound of tokens, against what o200k_base itself makes of some texts.

`python -m tests.benchmarks.answer_tokens check` compares with the tokenizer over many more.
"""

from __future__ import annotations

import pytest

from lumen_hooks.wording.tokens import tokens_at_most

ROWS = [
    ("", 0),
    ("a", 1),
    ("def send_mail(request, retries=3):\n    return None\n", 13),
    ("worktree /src/shop at 4fae6964: fresh\n", 15),
    ("src/flask/app.py:261-303 Flask.get_signing_serializer method 0.39\n", 20),
    ("qxzjvkqxzjvkwqXZJVK", 13),
    ("aGVsbG8gd29ybGQhIDEyMzQ1Njc4OTA=", 21),
    ("deadbeef0123456789abcdef00112233", 11),
    ("!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!", 3),
    ("(){}[];:'\\\"<>?~`(){}[];:'\\\"<>?~`(){}[];:'\\\"<>?~`", 28),
    ("--------------------------------------------------------------------------------\n", 2),
    ("                                                                               x", 2),
    (" " * 200, 2),
    ("\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\tx", 3),
    ("\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n", 2),
    ("12345678901234567890123456789012345678901234567890", 17),
    ("提交时更新索引的后台进程", 9),
    ("コミットの後で索引を更新する", 10),
    ("커밋 후에 색인을 갱신한다", 11),
    ("После коммита индекс обновляется", 7),
    ("Größe naïve façade", 5),
    ("😀🎉👩", 5),
    ("… 120 lines (43-162)\n", 9),
    ("it's you'll WE'RE HTTPServer XMLHttpRequest2", 10),
    ("var a=function(b,c){return b&&c?d(e.f,g[h]):i};for(var j=0;j<k.l;j++)m(n,o)", 34),
]


@pytest.mark.parametrize(("text", "tokens"), ROWS)
def test_never_below(text: str, tokens: int) -> None:
    assert tokens <= tokens_at_most(text) <= len(text.encode()) + 10


def test_code_is_not_counted_far_too_high() -> None:
    code = ("def send_mail(request, retries=3):\n    return None\n", 13)
    assert code in ROWS
    assert tokens_at_most(code[0]) <= 1.6 * code[1]


def test_any_byte_is_at_most_a_token() -> None:
    for text in ("\x00\x7f", "é" * 50, "中文" * 9, "😀" * 7, "a\u00a0b", "\ud800"):
        assert tokens_at_most(text) <= len(text.encode("utf-8", "replace")) + 2 * len(text)
