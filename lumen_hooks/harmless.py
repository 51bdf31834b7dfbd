"""Other people's text, shown so that it cannot steer who or what reads it.

Code and paths are other people's bytes. Whatever could steer a terminal or
make it show something else than is there is shown as an escape instead.
"""

from __future__ import annotations

import re

MAX_LINE_CHARACTERS = 500
"""Of a longer line, the beginning is shown."""

# Control characters (C0 but for tab and line feed, DEL, C1), line and paragraph separators,
# bidirectional controls (trojansource.codes), zero-width characters, lone surrogates.
_UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]"
)


def harmless(text: str) -> str:
    r"""Text without anything that steers a terminal: escapes such as `\x1b` stand for it."""
    return _UNSAFE.sub(_escape, text)


def one_line(text: str) -> str:
    """Harmless text on a single line."""
    return harmless(text).replace("\n", "\\n").replace("\t", "\\t")


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
