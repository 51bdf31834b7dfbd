"""Whether a name that an index has for code can be that code's: its words stand in the file.

An index may come from a store, and whoever wrote it there has put any text in the place of names;
people read them, and agents. Knows texts; no index.
"""

from __future__ import annotations

import re

_WORD = re.compile(r"\w+")

_PREFIXES = ("compat_", "sys_")
"""What Linux's macros put before the name that stands in the text (SYSCALL_DEFINE)."""


def stands_in(name: str, text: str) -> bool:
    """Whether each word of a name is somewhere in a text.

    Args:
        name: a symbol, a path of headings or of keys; empty stands everywhere.
        text: of the file that it is a name in.
    """
    return all(word in text or _bare(word) in text for word in _WORD.findall(name))


def _bare(word: str) -> str:
    for prefix in _PREFIXES:
        word = word.removeprefix(prefix)
    return word or "\0"
