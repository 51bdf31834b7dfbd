"""The process that parses other people's text, and may die of it.

A grammar can be made to take gigabytes and hours by a few kilobytes of text, and what its C code
does then no exception can catch. So it is done here: under limits on time and memory, with
nothing open but two pipes, and with nobody harmed when it ends. `process` is the other end.
"""

from __future__ import annotations

import json
import marshal
import os
import resource

from .chunk import MEMORY
from .chunker import chunk_file, cut_by_lines

TYPE_CHECKING = False  # what this process imports, every small refresh pays for
if TYPE_CHECKING:
    from typing import Any

    from .chunk import ChunkedFile

CPU_SECONDS_MAX = 8
"""For one file in all, in whole seconds; PARSE_SECONDS_MAX is less, and ends without a death."""

MEMORY_BYTES_MAX = 1 << 29
"""Above what an idle child needs. The largest file that is indexed takes about a tenth of it."""

GROWN_BYTES = MEMORY_BYTES_MAX // 2
"""A child that has grown so far reads nothing more: what a grammar or its binding never gives back
(py-tree-sitter 0.26.1 keeps every block of text that it asked for) the next text would lack."""

READ_CHARACTERS = 1 << 25
"""After so much text another child takes over, before that shows: the blocks of text are kept."""

FULL_BYTES = MEMORY_BYTES_MAX - MEMORY_BYTES_MAX // 16
"""A text that took so much has hit the limit somewhere, whatever was made of that."""

LENGTH_BYTES = 8

_BLOCK_BYTES = 1 << 16
_NO_PROC_BYTES = 1 << 29
"""Taken for the address space of an idle child where the system does not tell it."""


def serve() -> None:
    """Answer requests until the pipe ends, as it does when the parent dies.

    Standard input brings length and `marshal`led (path, text, language, beside); standard output
    takes length and, as JSON, which no broken process can make dangerous to read, `plain` chunks
    and what was made beside.
    """
    requests, answers = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)
    os.chdir("/")
    _limit_memory()
    start = _most_memory()
    read, others = 0, False
    while (request := _read(requests)) is not None:
        path, text, language, beside = marshal.loads(request)  # noqa: S302 - of who started us
        _allow_time()
        chunked = chunk_file(path, text, language)
        grown = _most_memory() - start
        if others and (grown > GROWN_BYTES or chunked.abandoned == MEMORY):
            break  # what was left here may have been too little: another child reads it again
        if grown > FULL_BYTES:
            chunked = cut_by_lines(path, text, language, abandoned=MEMORY)
        answer = json.dumps((*plain(chunked), _made(beside, path, chunked))).encode()
        sent = _write(answers, len(answer).to_bytes(LENGTH_BYTES, "little") + answer)
        read += len(text)
        if not sent or grown > GROWN_BYTES or read > READ_CHARACTERS:
            break
        others = True
    os._exit(0)  # nothing is left to put in order, and the parent waits


def _made(beside: str, path: str, chunked: ChunkedFile) -> Any:
    """What is to be made beside, by a function of whoever started us: `module:name`."""
    if not beside:
        return None
    from importlib import import_module

    _allow_time()  # a text's own was for its parser
    module, _, name = beside.partition(":")
    try:
        return getattr(import_module(module), name)(path, chunked)
    except MemoryError:
        return None


def plain(chunked: ChunkedFile) -> tuple[object, ...]:
    """A chunked file as the pipe takes it; texts that are whole lines are left to the reader."""
    chunks = []
    for chunk in chunked.chunks:
        # A single line may have been cut into slices.
        is_told = chunked.quoted or chunk.start_line == chunk.end_line
        text = chunk.text if is_told else None
        place = (chunk.start_line, chunk.end_line)
        chunks.append((*place, chunk.symbol, chunk.kind, text, chunk.header, chunk.holds))
    return chunked.language, chunks, chunked.parse_failed, chunked.abandoned, chunked.quoted


def _most_memory() -> int:
    """The most bytes that this process ever had in memory."""
    try:
        with open("/proc/self/status", "rb", buffering=0) as file:
            status = file.read()
        return int(status.partition(b"VmHWM:")[2].partition(b"kB")[0]) * 1024
    except (OSError, ValueError):
        # macOS's. On Linux it begins with what the parent has in memory, which started this.
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def _limit_memory() -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        with open("/proc/self/statm", "rb") as file:
            base = int(file.read().split()[0]) * resource.getpagesize()
    except OSError:
        base = _NO_PROC_BYTES
    _, most = resource.getrlimit(resource.RLIMIT_AS)
    wanted = base + MEMORY_BYTES_MAX
    if most != resource.RLIM_INFINITY:
        wanted = min(wanted, most)
    try:
        resource.setrlimit(resource.RLIMIT_AS, (wanted, most))
    except (OSError, ValueError):
        return  # macOS takes no such limit


def _allow_time() -> None:
    """Let this process live for the seconds of one more file, beyond what it has used."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    _, most = resource.getrlimit(resource.RLIMIT_CPU)
    wanted = int(used.ru_utime + used.ru_stime) + 1 + CPU_SECONDS_MAX
    if most == resource.RLIM_INFINITY or wanted < most:
        resource.setrlimit(resource.RLIMIT_CPU, (wanted, most))


def _read(pipe: int) -> bytes | None:
    length = _exactly(pipe, LENGTH_BYTES)
    return None if length is None else _exactly(pipe, int.from_bytes(length, "little"))


def _exactly(pipe: int, count: int) -> bytes | None:
    parts = []
    while count:
        block = os.read(pipe, min(count, 1 << 20))
        if not block:
            return None
        parts.append(block)
        count -= len(block)
    return b"".join(parts)


def _write(pipe: int, data: bytes) -> bool:
    view = memoryview(data)
    while view:
        try:
            view = view[os.write(pipe, view) :]
        except BrokenPipeError:
            return False
    return True
