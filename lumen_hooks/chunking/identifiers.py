"""How identifiers become words, alike for what is embedded and what is searched for."""

from __future__ import annotations

import re

_PART_START = re.compile(r"[A-Z](?:(?<=[a-z0-9].)|(?<=[A-Z].)(?=[a-z]))")
"""A letter before which a part ends. It is looked for by the letter, which few characters are."""


def split_identifiers(text: str) -> str:
    """Put a space at every case boundary: `sendHTTPRequest` becomes `send HTTP Request`.

    Underscores and punctuation stay: the tokenizer separates at them already.
    """
    return _PART_START.sub(lambda match: " " + match[0], text)
