"""What a file defines, as it is now: to be read before the file is, or in its stead.

Cut anew by the chunker, so that it needs no index and is never behind. Within a budget of tokens
the outer definitions come before what is in them. Knows one file and its text; no search.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from lumen_hooks.chunking.chunk import TooManyDeathsError
from lumen_hooks.chunking.process import Chunker
from lumen_hooks.errors import QueryError, StoreError
from lumen_hooks.excerpts.excerpt import LEFT_OUT
from lumen_hooks.excerpts.snippets import is_inside
from lumen_hooks.files.content import Content, read_file
from lumen_hooks.storage.reader import open_index
from lumen_hooks.system.terminal import one_line

from .plain import short_name
from .sizing import Shape, insist_on_shape, most_that_fit
from .tokens import tokens_at_most

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from lumen_hooks.chunking.chunk import Held
    from lumen_hooks.indexing.job import Job

    from .plain import Asking

_SHA1_BYTES = 20
_SEPARATORS = (".", " > ", "::", "#", "/")


class Defined(NamedTuple):
    """A definition of a file; the fields' order is JSON's.

    Attributes:
        start_line: from 1.
        end_line: last line of it and of what it holds, included.
        kind: one of `chunking.chunk.KINDS`.
        symbol: qualified name, heading path or key path.
        depth: how many definitions it stands in, of those right above it.
        name: the symbol without what these have said.
    """

    start_line: int
    end_line: int
    kind: str
    symbol: str
    depth: int
    name: str


class Outline(NamedTuple):
    """A file's definitions.

    Attributes:
        path: relative to the worktree's top.
        language: of the file.
        lines: how many it has.
        defined: by line.
    """

    path: str
    language: str
    lines: int
    defined: tuple[Defined, ...]

    def outermost(self, count: int) -> list[Defined]:
        """So many definitions, by line: all others are in as many or more than each of these."""
        by_depth = sorted(range(len(self.defined)), key=lambda at: (self.defined[at].depth, at))
        return [self.defined[at] for at in sorted(by_depth[:count])]


def outline_of(job: Job, path: str) -> Outline:
    """The definitions in a file of a worktree.

    Args:
        job: of the worktree; its index, if there is one, may know the file's language.
        path: relative to the worktree's top.

    Raises:
        QueryError: it is no file that can be read as text.
    """
    top = job.worktree.top
    if not is_inside(os.path.realpath(os.fsencode(top)), path.rpartition("/")[0]):
        raise QueryError(f"{path} leads out of the worktree", hint="give a file that is in it")
    if os.path.isdir(os.path.join(top, path)):
        raise QueryError(f"{path} is a folder", hint="give a file")
    if not os.path.lexists(os.path.join(top, path)):
        raise QueryError(f"{path} does not exist", hint="give a file, by its path from here")
    content = read_file(top, path, max_bytes=job.settings.max_file_bytes, blob_length=_SHA1_BYTES)
    if not isinstance(content, Content):
        raise QueryError(f"{path} cannot be outlined: {content.reason}", hint="give a text file")
    with Chunker(deaths_max=0) as chunker:
        try:
            chunked = chunker.cut(path, content.text, _language(job, path))
        except TooManyDeathsError:
            raise QueryError(f"{path} is too much for its parser", hint="read the file") from None
    held = dict.fromkeys(one for chunk in chunked.chunks for one in chunk.holds)
    lines = content.text.count("\n") + (not content.text.endswith("\n"))
    return Outline(path, chunked.language, lines, tuple(_nested(held)))


def _language(job: Job, path: str) -> str:
    """As the index has it: attributes and settings may say what neither name nor text does."""
    if not os.path.exists(job.worktree.index_path):
        return ""
    try:
        with open_index(job.worktree.index_path) as index:
            return next((one.language for one in index.files_below(path) if one.path == path), "")
    except StoreError:
        return ""


def _nested(held: Iterable[Held]) -> list[Defined]:
    """By line, each within those right above it whose names its own goes on from."""
    found: list[Defined] = []
    around: list[int] = []
    for one in sorted(held, key=lambda one: (one.start_line, -one.end_line)):
        while around and not _rest(one.name, found[around[-1]].symbol):
            around.pop()
        name = _rest(one.name, found[around[-1]].symbol) if around else one.name
        for at in around:  # one that is cut into parts ends before what it holds
            outer = found[at]
            found[at] = outer._replace(end_line=max(outer.end_line, one.end_line))
        found.append(Defined(one.start_line, one.end_line, one.kind, one.name, len(around), name))
        around.append(len(found) - 1)
    return found


def _rest(name: str, outer: str) -> str:
    """What a name says beyond one that it goes on from; empty if it does not."""
    for separator in _SEPARATORS:
        if outer and name.startswith(outer + separator):
            return name[len(outer) + len(separator) :]
    return ""


def outline_in_words(
    outline: Outline, max_tokens: int | None, asking: Asking, *, remark: str = ""
) -> str:
    """`path: language, N lines`, then `start-end kind name` of each, nested, within a budget.

    Args:
        outline: with its path as the reader can open it.
        max_tokens: of the whole text, or None.
        asking: how the reader asks for more.
        remark: what else the reader must know.

    Raises:
        QueryError: nothing fits.
    """
    insist_on_shape(Shape(max_tokens=max_tokens))
    count = len(outline.defined)

    def text(shown: int, *, brief: bool = False) -> str:
        note = "" if brief else remark
        return "\n".join(_lines(outline, outline.outermost(shown), max_tokens or 0, asking, note))

    if max_tokens is None:
        return text(count)
    shown = most_that_fit(count, lambda some: tokens_at_most(text(some)) <= max_tokens)
    for brief in (False, True):
        if tokens_at_most(text(shown, brief=brief)) <= max_tokens:
            return text(shown, brief=brief)
    raise QueryError(
        f"the file's path alone takes more than {max_tokens} tokens",
        hint=f"ask for more: {asking.max_tokens.format(2 * max_tokens)}",
    )


def _lines(
    outline: Outline, chosen: Sequence[Defined], budget: int, asking: Asking, remark: str
) -> list[str]:
    size = f"{outline.lines:,} line{'' if outline.lines == 1 else 's'}"
    lines = [f"{one_line(outline.path)}: {one_line(outline.language)}, {size}"]
    lines += [f"note: {one_line(remark)}"] if remark else []
    for one in chosen:
        where = f"{one.start_line}-{one.end_line}"
        lines.append(f"{' ' * one.depth}{where} {one.kind} {short_name(one.name)}")
    dropped = len(outline.defined) - len(chosen)
    if dropped:
        wanted = asking.max_tokens.format(2 * budget)
        lines.append(f"{LEFT_OUT} {dropped:,} more left out to fit ({wanted} shows more)")
    if not outline.defined:
        lines.append("no definitions")
    return lines
