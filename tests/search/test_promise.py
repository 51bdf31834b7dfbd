"""Which files are read first, and which of them promise most."""

from __future__ import annotations

import pytest

from lumen_hooks.search.promise import Promise

FILES = {
    "lib/mail.py": b"def send_mail(letter):\n    retries = 3\n    send(letter)\n",
    "lib/long.py": b"send letter " + b"other words " * 2000,
    "lib/pots.py": b"def boil(pot):\n    return pot\n",
    "tests/test_mail.py": b"def test_send_mail(letter):\n    retries = 3\n    send(letter)\n",
}


@pytest.mark.parametrize(
    ("question", "best"),
    [
        ("send a letter", ["lib/mail.py", "tests/test_mail.py", "lib/long.py"]),
        ("how is sending retried", ["lib/mail.py", "tests/test_mail.py", "lib/long.py"]),
        ("test that a letter is sent", ["tests/test_mail.py"]),
        ("boil", ["lib/pots.py"]),
        ("nothing of all this", []),
    ],
)
def test_files_with_the_words_come_first(question: str, best: list[str]) -> None:
    promise = Promise(question)
    for path in promise.in_order(FILES):
        promise.note(path, FILES[path])
    assert promise.read == len(FILES)
    assert promise.best(3)[: len(best) or None] == best


def test_paths_with_the_words_are_read_first_and_tests_last() -> None:
    order = Promise("send mail").in_order(FILES)
    assert set(order) == set(FILES)
    assert order[0] == "lib/mail.py"
    assert Promise("boil a pot").in_order(FILES)[-1] == "tests/test_mail.py"
