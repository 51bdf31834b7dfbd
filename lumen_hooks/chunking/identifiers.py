"""How identifiers become words, alike for what is embedded and what is searched for."""

from __future__ import annotations

import re

_CASE_BOUNDARY = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def split_identifiers(text: str) -> str:
    """Put a space at every case boundary: `sendHTTPRequest` becomes `send HTTP Request`.

    Underscores and punctuation stay: the tokenizer separates at them already.
    """
    return _CASE_BOUNDARY.sub(" ", text)
