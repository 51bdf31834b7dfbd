"""How often each word of a text counts in a static model, where vectors are only added up.

Repetition says little there: `self` forty times would drown the one `retry`. A model folder's
`pooling.json` says what its vectors were trained for, and without one every word counts each time.
"""

from __future__ import annotations

import json
import os
import re
import unicodedata
from collections import Counter
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from lumen_hooks.errors import ModelError

from .files import HINT, POOLING

if TYPE_CHECKING:
    from collections.abc import Callable

_DIGITS = [(b"%d" % digit, b" %d " % digit) for digit in range(10)]
"""Each between spaces: ten replacements take a fifth of the time of a regular expression."""

_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]+")
_SPACED = bytes(code if re.match("[a-z0-9]", chr(code)) else 32 for code in range(256))
"""For letters and digits; a regular expression that finds the words takes three times as long."""
_REPETITIONS = ("each", "doublings")


@dataclass(frozen=True, slots=True)
class Weighing:
    """How often a word counts.

    Attributes:
        repetition: `each` time; with its `doublings` (1, 2 for two and three times, 3 for four to
            seven, ...); or at most so many times (`1`, `2`, ...).
        first_line: how often the words of the first line count beyond that: in what the product
            embeds it is the qualified symbol.
    """

    repetition: str
    first_line: int

    def __post_init__(self) -> None:
        """Refuse what is none of these, with a ValueError."""
        if self.repetition not in _REPETITIONS and int(self.repetition) < 1:
            raise ValueError(f"repetition is {self.repetition}")
        if self.first_line < 0:
            raise ValueError(f"first_line is {self.first_line}")

    def counts(self, text: str) -> dict[str, int]:
        """The distinct words of a document, those of the first line first, and their counts."""
        head, _, rest = text.partition("\n")
        first = words_of(head)
        found = Counter(first + words_of(rest))
        counts = dict(zip(found, map(self.counted, found.values()), strict=True))
        for word in dict.fromkeys(first) if rest else ():
            counts[word] += self.first_line
        return counts

    @property
    def counted(self) -> Callable[[int], int]:
        """How often a word counts that stands in a document so many times."""
        if self.repetition == "each":
            return int
        if self.repetition == "doublings":
            return int.bit_length
        return partial(min, int(self.repetition))


def words_of(text: str) -> list[str]:
    """The words in a text whose identifiers are split: runs of a to z, and single digits.

    Upper case is lowered and accents are dropped; all other characters separate.
    """
    if not text.isascii():
        text = _BEYOND_ASCII.sub(_without_marks, unicodedata.normalize("NFKD", text))
    spaced = text.lower().encode("ascii", "replace").translate(_SPACED)
    for digit, apart in _DIGITS:
        spaced = spaced.replace(digit, apart)
    return spaced.decode().split()


def _without_marks(match: re.Match[str]) -> str:
    return "".join(one for one in match[0] if not unicodedata.combining(one))


def read_weighing(folder: str) -> Weighing:
    """What a model's folder says.

    Raises:
        ModelError: it says something else than the above.
    """
    path = os.path.join(folder, POOLING)
    try:
        with open(path, encoding="utf-8") as file:
            found = json.load(file)
        return Weighing(str(found["repetition"]), int(found["first_line"]))
    except (OSError, ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
        raise ModelError(f"cannot read the model file {path}: {error}", hint=HINT) from error
