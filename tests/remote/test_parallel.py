"""Several calls at a time."""

from __future__ import annotations

import subprocess
import sys
import threading

import pytest

from lumen_hooks.remote.parallel import each


def test_results_come_in_the_order_of_the_items() -> None:
    turn = threading.Barrier(4, timeout=60)

    def square(number: int) -> int:
        turn.wait()  # four at a time, or none would go on
        return number * number

    assert list(each(square, range(32), workers=4)) == [n * n for n in range(32)]
    assert list(each(square, [])) == []


def test_few_are_begun_ahead_of_who_takes_them() -> None:
    taken = []

    def items() -> object:
        for number in range(100):
            taken.append(number)
            yield number

    results = each(str, items(), workers=3)  # type: ignore[arg-type]
    assert next(results) == "0"
    assert len(taken) == 5
    results.close()
    assert len(taken) == 5


def test_the_first_error_is_raised_while_others_hang() -> None:
    hang = threading.Event()
    begun = []

    def work(number: int) -> int:
        begun.append(number)
        if number == 1:
            raise KeyError(number)
        hang.wait(60)
        return number

    with pytest.raises(KeyError):
        list(each(work, range(1000), workers=2))
    hang.set()
    assert len(begun) <= 4


def test_a_call_that_hangs_keeps_no_process_from_exiting() -> None:
    code = (
        "import time\n"
        "from lumen_hooks.remote.parallel import each\n"
        "def work(number):\n"
        "    time.sleep(1e6 if number else 0)\n"
        "print(next(each(work, range(9))))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert (done.stdout, done.stderr) == ("None\n", "")
