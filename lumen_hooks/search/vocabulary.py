"""What people call the kinds of definitions and of files that a search may be limited to.

What a language's own word says without doubt is understood (`fn`, `namespace`), and so are
plurals. Languages have a vocabulary of their own (`chunking.naming`). Knows no index.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lumen_hooks.chunking.chunk import KINDS
from lumen_hooks.errors import QueryError
from lumen_hooks.meant import did_you_mean, plain

from .results import CONTENTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from lumen_hooks.chunking.chunk import Kind

    from .results import Content

_KIND_ALIASES: dict[Kind, str] = {
    "function": "fn fun func def defn defun sub subroutine proc procedure",
    "class": "cls",
    "interface": "iface protocol",
    "struct": "structure",
    "enum": "enumeration",
    "type": "typedef typealias alias",
    "constant": "const constexpr",
    "macro": "defmacro define",
    "module": "mod namespace ns package pkg",
    "section": "heading",
}

_CONTENT_ALIASES: dict[Content, str] = {
    "all": "any everything",
    "code": "source src",
    "docs": "doc documentation text prose",
    "config": "conf configuration cfg data settings",
}


def _words(names: Iterable[str], aliases: Mapping[str, str]) -> dict[str, str]:
    """What each word stands for; a plural stands for the same, unless it is a word itself."""
    words = {name: name for name in names}
    for name, listed in aliases.items():
        words.update(dict.fromkeys(listed.split(), name))
    for word, name in list(words.items()):
        words.setdefault(f"{word}{'es' if word.endswith('s') else 's'}", name)
    return words


_KINDS: dict[str, str] = _words(KINDS, _KIND_ALIASES)  # type: ignore[arg-type]
_CONTENTS: dict[str, str] = _words(CONTENTS, _CONTENT_ALIASES)  # type: ignore[arg-type]


def known_kinds(wanted: Sequence[str]) -> list[str]:
    """Kinds as they are spelt in an index, once each.

    Raises:
        QueryError: one does not exist.
    """
    found: dict[str, None] = {}
    for name in wanted:
        kind = _KINDS.get(plain(name))
        if kind is None:
            hint = f"{did_you_mean(name, _KINDS)} there are: {', '.join(KINDS)}".lstrip()
            raise QueryError(f"no kind is called {name.strip().lower()!r} here", hint=hint)
        found[kind] = None
    return list(found)


def known_content(wanted: str) -> Content:
    """What files hold, as `results.CONTENTS` has it.

    Raises:
        QueryError: there is no such content.
    """
    content = _CONTENTS.get(plain(wanted))
    if content is None:
        hint = f"{did_you_mean(wanted, _CONTENTS)} there are: {', '.join(CONTENTS)}".lstrip()
        raise QueryError(f"no content is called {wanted.strip()!r}", hint=hint)
    return content  # type: ignore[return-value]
