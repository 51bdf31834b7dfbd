"""Other people's text, shown so that it cannot steer who or what reads it.

Code and paths are other people's bytes. Whatever could steer a terminal or
make it show something else than is there is shown as an escape instead.
"""

from __future__ import annotations

import re

MAX_LINE_CHARACTERS = 500
"""Of a longer line, the beginning is shown."""

# Unicode's categories Cc, Cf, Cs, Zl and Zp but for tab and line feed, and what is invisible or
# ignorable without being of these: fillers, variation selectors, tags, what is reserved for such.
# Joiners are among them: words of Persian or Indic scripts show a joiner as its escape, and an
# emoji its parts, since a rule with exceptions is one that something hides behind.
_UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2"
    "\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164"
    "\ud800-\udfff\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U000110bd\U000110cd"
    "\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)


def escape_controls(text: str) -> str:
    r"""Text without anything that steers or hides: escapes such as `\x1b` stand for it."""
    # Most text is ASCII that is printed as it is, which takes less to find out.
    if text.isascii() and text.isprintable():
        return text
    return _UNSAFE.sub(_escape, text)


def one_line(text: str) -> str:
    """Harmless text on a single line."""
    return escape_controls(text).replace("\n", "\\n").replace("\t", "\\t")


def escape_controls_json(text: str) -> str:
    r"""JSON without such characters: its own escapes stand for them, so that it says the same."""
    return _UNSAFE.sub(_escape_json, text)


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _escape_json(match: re.Match[str]) -> str:
    units = match[0].encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))
