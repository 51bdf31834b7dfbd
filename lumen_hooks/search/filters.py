"""Which files and chunks a query may find at all: its filters by path, content, language and kind.

They become one sorted array of chunk ids before anything is ranked, so that a
rare folder's chunks cannot be crowded out by better ones elsewhere. A path that
names nothing, and filters that leave nothing, are errors: who reads "no
results" would believe that the code is not there.
"""

from __future__ import annotations

import posixpath
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from lumen_hooks.errors import NoFilesError, NotIndexedError, QueryError
from lumen_hooks.files.roles import forms_of
from lumen_hooks.storage import values
from lumen_hooks.storage.rows import KnownPath

from .globs import Glob, alternatives, any_of, escaped, is_glob
from .not_found import left_out_at, suggestion
from .results import Query
from .vocabulary import known_kinds

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from lumen_hooks.storage.reader import IndexReader

    from .results import Content, Snapshot


def allowed_chunks(index: IndexReader, query: Query) -> NDArray[np.int64] | None:
    """The ids of the chunks that a query's filters let through, ascending; None without filters.

    Raises:
        NotIndexedError: nothing in the index is at the path or matches the glob.
        QueryError: a language that the index has no file of, a kind that does not exist, a path
            outside of the worktree, or filters that leave no file at all.
    """
    languages = _known_languages(index, query.languages)
    kinds = known_kinds(query.kinds)
    files = allowed_files(index, query._replace(languages=()))
    if files is None and not (languages or kinds):
        return None
    if files == []:
        return np.empty(0, np.int64)
    joined = index.chunk_ids(languages=languages, kinds=kinds, files=files)
    with values.decoding(index.path):
        return np.sort(np.fromstring(joined, np.int64, sep=","))


def allowed_files(index: IndexReader, query: Query) -> list[int] | None:
    """The ids of the indexed files that a query's filters let through; None without such filters.

    Raises:
        NotIndexedError, QueryError: as `allowed_chunks`.
    """
    languages = frozenset(_known_languages(index, query.languages))
    files = None if query.path is None else _files_at(index, query.path)
    if files is None:
        if not (query.exclude or languages or query.since) and query.content == "all":
            return None
        files = _indexed(index.paths())
    if query.exclude:
        files = _without(files, query.exclude)
    if query.content != "all":
        files = _of_content(files, query.content)
    if query.since is not None:
        files = _changed(index, files, query.since)
    return [file.id for file in files if not languages or file.language in languages]


def _indexed(files: Sequence[KnownPath]) -> list[KnownPath]:
    return [file for file in files if file.skipped is None]


def _files_at(index: IndexReader, path: str) -> list[KnownPath] | None:
    """The files at a path or below it; if there are none, those that a glob means. None for all."""
    plain = _normalised(path)
    found = index.files_below(plain) or _expanded(index, path) if plain else None
    if found is None:
        return None
    indexed = _indexed(found)
    if not indexed:
        raise not_indexed(index, path, found)
    return indexed


def _expanded(index: IndexReader, path: str) -> list[KnownPath] | None:
    """The files of the alternatives in a path's braces; None if one of them is the top."""
    found: dict[int, KnownPath] = {}
    globs: list[Glob] = []
    for one in alternatives(path):
        plain = _normalised(one)
        if not plain:
            return None
        below = index.files_below(plain)
        found.update((file.id, file) for file in below)
        if not below and is_glob(plain):
            globs.append(Glob(plain, anywhere=_is_name(one)))
    if globs:
        matches = any_of(globs).fullmatch
        found.update((file.id, file) for file in index.paths() if matches(file.path))
    return list(found.values())


def matcher(path: str) -> Callable[[str], object]:
    """Whether a path is at another, or matches it as a glob, for paths that are in no index.

    Raises:
        QueryError: it is outside of the worktree, too long, or has too many alternatives.
    """
    plain = [(_normalised(one), _is_name(one)) for one in alternatives(path)]
    globs = [Glob(one, anywhere=by_name) for one, by_name in plain if is_glob(one)]
    return any_of([*(Glob(escaped(one), anywhere=False) for one, _ in plain), *globs]).fullmatch


def allowed_beside(files: list[KnownPath], query: Query) -> list[KnownPath]:
    """Those of some files that no index holds which a query's filters for files let through."""
    if query.path is not None and _normalised(query.path):
        is_there = matcher(query.path)
        files = [file for file in files if is_there(file.path)]
    globs = [glob for one in query.exclude if one for glob in _excluding(files, one)]
    if globs:
        is_left_out = any_of(globs).fullmatch
        files = [file for file in files if not is_left_out(file.path)]
    if query.content != "all":
        files = [file for file in files if query.content in forms_of(file.path)]
    if query.since is not None:
        files = [file for file in files if file.path not in query.since.as_then]
    if not query.languages:
        return files
    from lumen_hooks.chunking.naming.languages import language_named  # few ask for one

    languages = frozenset(map(language_named, query.languages))
    return [file for file in files if file.language in languages]


def let_through(paths: Sequence[str], query: Query, told: Mapping[str, str]) -> list[str]:
    """The paths that a query's filters for files let through, where no index knows their files.

    Args:
        paths: of all files.
        query: its text and kinds do not count.
        told: languages that files are told to be in, by path; the others go by their names.

    Raises:
        NotIndexedError: nothing is at the path or matches the glob.
        QueryError: a language that does not exist, a path outside of the worktree, or filters that
            leave no file at all.
    """
    known_kinds(query.kinds)
    if query == Query(query.text, query.limit, kinds=query.kinds):
        return list(paths)
    from lumen_hooks.chunking.naming.languages import language_of

    files = [KnownPath(0, path, told.get(path) or language_of(path), None) for path in paths]
    _spelled(query.languages, {file.language for file in files})
    left = allowed_beside(files, query)
    if left or not files:
        return [file.path for file in left]
    if query.path is not None and not allowed_beside(files, Query("", path=query.path)):
        hint = suggestion(query.path, paths)
        raise NotIndexedError(f"nothing here is at {query.path}", hint=hint, path=query.path)
    raise QueryError(
        f"nothing is left to search: the filters exclude all {len(files):,} files",
        hint="leave a filter out, or name less",
    )


def _without(files: list[KnownPath], exclude: Sequence[str]) -> list[KnownPath]:
    """What is left of files; a name without a slash is left out at any depth."""
    globs = [glob for one in exclude if one for glob in _excluding(files, one)]
    if not globs:
        return files
    matches = any_of(globs).fullmatch
    left = [file for file in files if not matches(file.path)]
    if files and not left:
        listed = " ".join(exclude)
        raise QueryError(
            f"nothing is left to search: {listed} excludes all {len(files):,} files",
            hint="leave the exclusion out, or name less",
        )
    return left


def _excluding(files: Sequence[KnownPath], pattern: str) -> Iterator[Glob]:
    patterns = [pattern] if _exists(files, pattern) else alternatives(pattern)
    for one in patterns:
        plain = _normalised(one)
        if not plain:
            yield Glob("**", anywhere=False)
            continue
        literal = not is_glob(plain) or _exists(files, one)
        yield Glob(escaped(plain) if literal else plain, anywhere=_is_name(one))


def _exists(files: Sequence[KnownPath], name: str) -> bool:
    """Whether a path, or a name at any depth, is there literally."""
    plain = _normalised(name)
    if _is_name(name):
        return any(plain in file.path and plain in file.path.split("/") for file in files)
    return any(file.path == plain or file.path.startswith(plain + "/") for file in files)


def _of_content(files: list[KnownPath], content: Content) -> list[KnownPath]:
    left = [file for file in files if content in forms_of(file.path)]
    if files and not left:
        counts = Counter(form for file in files for form in forms_of(file.path) - {"build"})
        raise QueryError(
            f"nothing is left to search: no file there is {content}",
            hint="there is " + ", ".join(f"{form} ({n:,})" for form, n in counts.most_common()),
        )
    return left


def _changed(index: IndexReader, files: list[KnownPath], since: Snapshot) -> list[KnownPath]:
    """The files whose indexed content is not that of a time."""
    held = {file.id: file.content for file in index.readable_files(None)}
    left = [
        file
        for file in files
        if file.path not in since.as_then and held.get(file.id) != since.blobs.get(file.path)
    ]
    if files and not left:
        raise QueryError(
            "nothing is left to search: no file there has changed since then",
            hint="name an older commit, or leave it out",
        )
    return left


def not_indexed(index: IndexReader, path: str, skipped: Sequence[KnownPath]) -> NotIndexedError:
    """The error for a path or glob that names nothing with text.

    Args:
        index: where it was looked for.
        path: from the worktree's top.
        skipped: the files that it names and that are passed over.
    """
    if not skipped:
        known = [file.path for file in _indexed(index.paths())]
        hint = suggestion(path, known)
        return NotIndexedError(f"nothing in the index is at {path}", hint=hint, path=path)
    return left_out_at(path, [file.skipped for file in skipped if file.skipped is not None])


def _is_name(path: str) -> bool:
    """It has no slash but at its end, so as a glob it is for names at any depth."""
    return "/" not in path.rstrip("/")


def _normalised(path: str) -> str:
    """A path as the index has it; empty for the worktree's top."""
    hint = "give a path relative to the worktree's top"
    if path.startswith("/"):
        raise QueryError(f"{path} is an absolute path", hint=hint)
    plain = posixpath.normpath(path) if path else "."
    if plain == ".." or plain.startswith("../"):
        raise QueryError(f"{path} is outside of the worktree", hint=hint)
    return "" if plain == "." else plain


def _known_languages(index: IndexReader, wanted: Sequence[str]) -> list[str]:
    """Languages as an index spells them, once each; refused where it has no file of one."""
    return _spelled(wanted, index.languages()) if wanted else []


def _spelled(wanted: Sequence[str], known: Collection[str]) -> list[str]:
    if not wanted:
        return []
    from lumen_hooks.chunking.naming.languages import (  # few ask for one
        language_meant,
        language_named,
    )

    found: dict[str, None] = {}
    for name in wanted:
        language = language_named(name)
        if language is None or language not in known:
            what = "no language is called" if language is None else "no file here is in"
            meant = language_meant(name) if language is None else ""
            hint = f"{meant} in this index: {', '.join(sorted(known)) or 'none'}".lstrip()
            kind = QueryError if language is None else NoFilesError
            raise kind(f"{what} {name.strip()!r}", hint=hint)
        found[language] = None
    return list(found)
