"""One table of a TOML file: added at its end, changed in place, taken out again.

A scan for header lines finds it, which a multi-line string could mislead; so
each edit is compared, by the standard library's parser, with what it should
say, and refused if that is not what it says. Knows no file and no agent.
"""

from __future__ import annotations

import json
import re
import tomllib
from itertools import islice
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_BOM = "\ufeff"
_MOST_HEADERS = 20
"""So many lines that look like a table's header are tried."""


class TomlError(ValueError):
    """The text is not TOML, or is laid out in a way that is not edited."""


def parse(text: str) -> dict[str, Any]:
    """What a text says.

    Raises:
        TomlError: it is not TOML.
    """
    try:
        return tomllib.loads(text.removeprefix(_BOM))
    except (ValueError, RecursionError) as error:  # not a number of 5,000 digits, either
        raise TomlError(str(error)) from None


def lookup(text: str, path: tuple[str, ...]) -> object:
    """What is under a path, None if nothing is."""
    found: object = parse(text)
    for name in path:
        found = found.get(name) if isinstance(found, dict) else None
    return found


def put(text: str | None, path: tuple[str, ...], table: dict[str, object]) -> str:
    """Add a table behind everything else.

    Args:
        text: None for a file that is not there.
        path: the table's name.
        table: texts and lists of texts.

    Raises:
        TomlError: it cannot be added.
    """
    before = text or ""
    lines = [f"[{'.'.join(path)}]"]
    lines += [f"{key} = {_value(value)}" for key, value in table.items()]
    block = "\n".join(lines)
    # See `take`: how much is between tells what was there. What we make, and what ended in a line
    # break, ends in one.
    if text is None or before.endswith("\n"):
        block += "\n"
    if before.strip(_BOM):
        block = ("\n" if before.endswith("\n") else "\n\n") + block
    changed = before + (block.replace("\n", "\r\n") if "\r\n" in before else block)
    wanted = parse(before)
    inner = wanted
    for name in path[:-1]:
        inner = inner.setdefault(name, {})
        if not isinstance(inner, dict):
            raise TomlError(f"{name} is no table")
    inner[path[-1]] = table
    return _checked(changed, wanted)


def change(text: str, path: tuple[str, ...], key: str, value: object) -> str:
    """Give a key of a table another value.

    Raises:
        TomlError: it is not on a line of its own.
    """
    line = re.compile(rf"^([ \t]*{re.escape(key)}[ \t]*=[ \t]*)[^\r\n]*", re.MULTILINE)
    wanted = parse(text)
    inner: Any = wanted
    for name in path:
        inner = inner[name]
    inner[key] = value
    changed = (
        text[:start]
        + line.sub(lambda found: found[1] + _value(value), text[start:end], count=1)
        + text[end:]
        for start, end in _spans(text, path)
    )
    return _first(changed, wanted)


def take(text: str, path: tuple[str, ...]) -> str | None:
    """Take a table out, with the tables in it.

    Returns:
        None if `put` made the file.

    Raises:
        TomlError: it is laid out in a way that is not edited.
    """
    wanted = parse(text)
    above = [wanted]
    for name in path[:-1]:
        above.append(above[-1][name])
    for inner, name in zip(reversed(above), reversed(path), strict=True):
        inner.pop(name)
        if inner:
            break
    made = False
    candidates = []
    for start, end in _spans(text, path):
        before, after = text[:start], text[end:]
        made = made or (not before + after and text.endswith("\n"))
        candidates.append(_joined(text, before, after))
    changed = _first(candidates, wanted)
    return None if made and not changed else changed


def _joined(text: str, before: str, after: str) -> str:
    """What was around a table, without the line breaks that `put` puts in front of one."""
    line_break = "\r\n" if "\r\n" in before else "\n"
    if before.strip(_BOM) and before.endswith("\n" + line_break):
        before = before.removesuffix(line_break)
        if not after and not text.endswith("\n"):
            before = before.removesuffix(line_break)
    return before + after


def _spans(text: str, path: tuple[str, ...]) -> Iterator[tuple[int, int]]:
    """From a table's header to the next that is not of a table in it, without what is above that.

    Several, if what looks like a header is a line of a text.
    """
    names = r"[ \t]*\.[ \t]*".join(rf"[\"']?{re.escape(name)}[\"']?" for name in path)
    own = re.compile(rf"^[ \t]*\[[ \t]*{names}[ \t]*\][^\r\n]*(?:\r?\n|\Z)", re.MULTILINE)
    inside = re.compile(rf"[ \t]*\[{{1,2}}[ \t]*{names}[ \t]*\.")
    shift = len(text) - len(text.removeprefix(_BOM))
    for found in islice(own.finditer(text.removeprefix(_BOM)), _MOST_HEADERS):
        end = at = found.end() + shift
        for line in text[at:].splitlines(keepends=True):
            at += len(line)
            if line.lstrip(" \t").startswith("[") and not inside.match(line):
                break
            # Blank lines and comments may belong to what follows.
            if line.strip() and not line.lstrip(" \t").startswith("#"):
                end = at
        yield found.start() + shift, end


def _value(value: object) -> str:
    """A text or a list of texts; JSON's escapes are TOML's, too, but for DEL and surrogates."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _first(candidates: Iterable[str], wanted: dict[str, Any]) -> str:
    """The first that says what it should."""
    for text in candidates:
        try:
            return _checked(text, wanted)
        except TomlError:
            continue
    raise TomlError("the table has no header line of its own")


def _checked(text: str, wanted: dict[str, Any]) -> str:
    try:
        if parse(text) == wanted:
            return text
    except RecursionError:  # a table's name of a thousand parts is read, but not compared
        pass
    raise TomlError("its layout is not one that can be edited")
