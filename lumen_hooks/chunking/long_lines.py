"""Whether a text is minified: written by a program, on lines that nobody reads.

Decides both whether a file is worth indexing and whether its text is parsed. A few long lines
(a table, a picture in base64) among ordinary ones are no reason for either. Imports nothing but re:
whoever looks at a tree asks it.
"""

from __future__ import annotations

import re

LONG_LINE = 500
"""A longer line is not written for people."""

ORDINARY_LINES = 9
"""So many ordinary lines for each long one, and the long ones are the exception."""

_HEAD = re.compile(
    r"\s*(?:(?:/\*.*?\*/|<!--.*?-->|(?://|#(?!include|define|if|pragma|!)|--|;)[^\n]*\n)\s*)*",
    re.DOTALL,
)
"""The comments that a text begins with: a licence says nothing of how the rest is written."""

_HEAD_MAX = 20_000


def is_minified(text: str) -> bool:
    """Whether the lines of a text are long on average, and not because of a few of them."""
    if len(text) <= LONG_LINE * (text.count("\n") + 1):
        return False
    head = _HEAD.match(text, 0, _HEAD_MAX)
    long = ordinary = 0
    for line in text[head.end() if head else 0 :].split("\n"):
        if len(line) > LONG_LINE:
            long += 1
        elif line and not line.isspace():
            ordinary += 1
    return ordinary < ORDINARY_LINES * long
