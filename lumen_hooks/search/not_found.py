"""What is said of a path or glob that names nothing in an index: why, or what may be meant.

Looked for only once a search has failed. Knows paths and reasons as text.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from lumen_hooks.errors import NotIndexedError
from lumen_hooks.meant import SHOWN, asked_back, near

from .globs import Glob, alternatives, any_of, has_special

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_HINTS = {
    "binary": "it is no text; of one whose name alone says so, lumen.include brings it back",
    "dependencies": "lumen.include brings it back if a pattern names the folder",
    "excluded": "lumen.exclude names it",
    "generated": ".gitattributes says so: linguist-generated",
    "ignored": ".lumenignore names it",
    "nested repository": "it has an index of its own: lumen-hooks -C FOLDER search ...",
    "submodule": "it has an index of its own: lumen-hooks -C FOLDER search ...",
    "symlink": "what a link leads to is indexed where it lies",
    "too large": "lumen.maxFileBytes is the limit",
    "vendored": ".gitattributes says so: linguist-vendored",
}
"""By the reason why a file is left out."""


def left_out_at(path: str, reasons: Iterable[str]) -> NotIndexedError:
    """The error for a path or glob of which every file is left out, each for a reason."""
    counts = Counter(reasons)
    (most, _), *others = counts.most_common()
    said = ", ".join(f"{one} ({n:,})" for one, n in counts.most_common()) if others else most
    hint = _HINTS.get(most, "lumen.include brings back what is left out by its name")
    return NotIndexedError(f"what is at {path} is not indexed: {said}", hint=hint)


def suggestion(pattern: str, paths: Sequence[str]) -> str:
    """A sentence for whoever asked for a path or glob that matches none of these paths."""
    if not paths:
        return "the index holds no files: lumen-hooks status"
    plain = pattern.strip("/").removeprefix("./")
    meant = (_meant_glob if has_special(plain) else _meant_path)(plain, paths)
    if meant:
        return f"{asked_back(meant)} Paths count from the worktree's top"
    tops = sorted({path.partition("/")[0] for path in paths})
    listed = ", ".join(tops[:8]) + (", ..." if len(tops) > 8 else "")
    return f"paths and globs count from the worktree's top: {listed}"


def _meant_glob(plain: str, paths: Sequence[str]) -> list[str]:
    """The same glob further down, or what it matches in other letters."""
    globs = [Glob(one, "/" not in one) for one in alternatives(plain)]
    deeper = [Glob(f"**/{glob.pattern}", anywhere=False) for glob in globs if not glob.anywhere]
    if deeper:
        matches = any_of(deeper).fullmatch
        if any(matches(path) for path in paths):
            return [f"**/{plain}"]
    either_case = re.compile(any_of(globs).pattern, re.IGNORECASE | re.DOTALL).fullmatch
    return [path for path in paths if either_case(path)][:SHOWN]


def _meant_path(plain: str, paths: Sequence[str]) -> list[str]:
    """The same name elsewhere, without its ending, or one that is spelt much like it."""
    known = {place for path in paths for place in _lineage(path)}
    places = sorted(known, key=lambda place: (len(place), place))
    low = plain.lower()
    name = low.rpartition("/")[2]
    by_name = [place for place in places if place.lower().rpartition("/")[2] == name]
    for alike in (
        [place for place in by_name if place.lower() == low],
        [place for place in by_name if place.endswith(f"/{plain}")],
        [place for place in by_name if place.lower().endswith(f"/{low}")],
        by_name,
        [place for place in places if place.lower().rpartition("/")[2].startswith(f"{name}.")],
    ):
        if alike:
            return alike[:SHOWN]
    return _spelt_alike(plain, places)


def _spelt_alike(plain: str, places: Sequence[str]) -> list[str]:
    folder, _, name = plain.rpartition("/")
    beside = [place for place in places if place.rpartition("/")[0] == folder]
    by_name: dict[str, str] = {}
    for place in places:
        by_name.setdefault(place.rpartition("/")[2], place)
    return near(plain, beside, cutoff=0.75) or near(name, by_name, cutoff=0.8)


def _lineage(path: str) -> Iterable[str]:
    """A file and the folders that it is in."""
    while path:
        yield path
        path = path.rpartition("/")[0]
