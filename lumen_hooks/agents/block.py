"""A marked block in a text for agents (AGENTS.md, CLAUDE.md), put at its end and taken out again.

Knows no file and no agent, nor what the block says.
"""

from __future__ import annotations

import re

START = "<!-- lumen-hooks >>> -->"
END = "<!-- <<< lumen-hooks -->"

_BEGINS = re.compile(rf"^{re.escape(START)}\r?\n", re.MULTILINE)
_ENDS = re.compile(rf"^{re.escape(END)}[ \t]*", re.MULTILINE)
_BOM = "\ufeff"


class BlockError(ValueError):
    """A mark stands alone."""


def find(text: str) -> str | None:
    """The block as it stands in a text, with line feeds alone; None if there is none.

    Raises:
        BlockError: one of its marks is there without the other.
    """
    rest = text.removeprefix(_BOM)
    found = _span(rest)
    if found is None and (START in text or END in text):
        raise BlockError(f"it has {START} or {END} without the other")
    return None if found is None else rest[found].replace("\r\n", "\n").rstrip()


def _span(text: str) -> slice | None:
    """Where the block is, in a text without byte order mark.

    Each mark is looked for once: text of a thousand first marks must not take a thousand searches.
    """
    first = _BEGINS.search(text)
    last = _ENDS.search(text, first.end()) if first is not None else None
    return slice(first.start(), last.end()) if first is not None and last is not None else None


def put(text: str | None, words: str) -> str:
    """Put the block behind everything else, or in the place of an older one.

    Args:
        text: None for a file that is not there.
        words: what it says, in lines.
    """
    block = f"{START}\n{words}\n{END}"
    if text is None:
        return block + "\n"
    crlf = "\r\n" in text
    found = _span(text.removeprefix(_BOM))
    if found is None and text.strip(_BOM):
        # See `take`: a text without a line break at its end is told by a block without one.
        block = f"\n{block}\n" if text.endswith("\n") else f"\n\n{block}"
    block = block.replace("\n", "\r\n") if crlf else block
    if found is None:
        return text + block
    shift = len(text) - len(text.removeprefix(_BOM))
    return text[: found.start + shift] + block + text[found.stop + shift :]


def take(text: str) -> str | None:
    """The text as it was before `put`, byte for byte; None if `put` made the file."""
    bom = _BOM if text.startswith(_BOM) else ""
    rest = text.removeprefix(_BOM)
    found = _span(rest)
    if found is None:
        return text
    before, after = rest[: found.start], rest[found.stop :]
    line_break = "\r\n" if "\r\n" in rest else "\n"
    if not before:
        if after in {"\n", "\r\n"} and not bom:
            return None
        return bom + (after.removeprefix(line_break) if after else "")
    if not before.endswith("\n" + line_break):  # somebody moved it
        return bom + before + after.removeprefix(line_break)
    if after.startswith(line_break):
        return bom + before.removesuffix(line_break) + after.removeprefix(line_break)
    return bom + before.removesuffix(line_break).removesuffix(line_break)
