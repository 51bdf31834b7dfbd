"""What a store says of one pushed index: which commit it is of, and of which blocks it is made.

Plain values, checked before anybody goes by them; a store is another's. Knows no store and no
database.
"""

from __future__ import annotations

import json
import re
from typing import Any, NamedTuple

import zstandard

from lumen_hooks.errors import UntrustedError

FORMAT = 1

MANIFEST_BYTES_MAX = 4 << 20
"""Of a manifest in a store; Linux's has some kilobytes."""

RUNS_MAX = 200_000
"""An index in more pieces is packed anew: what is parsed takes some 60 bytes for each."""

_JSON_BYTES_MAX = 6 << 20
_INDEX_BYTES_MAX = 1 << 36
_PACKS_MAX = 64

BLOCKS = (1024, 4096)
LARGE_BYTES = 128 << 20
"""Up to this size a file is cut into small blocks: one edited file touches few bytes of each page.
Above it there are so many that their ids would be dear, and an edit is little of it all."""

_BRACKETS_MAX = 20_000
"""A pack's directory has one for each part, of four megabytes; names may have some."""

_DIGEST = re.compile(r"[0-9a-f]{64}")
_COMMIT = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")
_FINGERPRINT = re.compile(r"[0-9a-f]{32}")
_WORDS_MAX = 200


class Run(NamedTuple):
    """Blocks that stand in a row in the index and in a pack.

    Attributes:
        pack: number of the pack in the manifest's list.
        start: the first block's place in that pack.
        blocks: how many.
    """

    pack: int
    start: int
    blocks: int


class Manifest(NamedTuple):
    """One pushed index.

    Attributes:
        fingerprint: equal for two indexes exactly if they are interchangeable.
        commit: whose files it holds (hex).
        tree: that commit's tree (hex).
        model: name of the model that made its vectors.
        files: indexed files.
        chunks: chunks in it.
        index_bytes: size of the whole index.
        digest: SHA-256 of the whole index (hex).
        block_bytes: size of a block.
        packs: digests of the packs' directories.
        runs: the index's blocks, in order.
        pushed_at: when (ISO 8601), by the pusher's clock.
        pushed_by: by whom, as git names them.
    """

    fingerprint: str
    commit: str
    tree: str
    model: str
    files: int
    chunks: int
    index_bytes: int
    digest: str
    block_bytes: int
    packs: tuple[str, ...]
    runs: tuple[Run, ...]
    pushed_at: str
    pushed_by: str


def block_bytes_of(index_bytes: int) -> int:
    """The size of the blocks into which an index of this size is cut."""
    return BLOCKS[index_bytes > LARGE_BYTES]


def name_of(fingerprint: str, commit: str) -> str:
    """The object that holds the manifest of a commit's index."""
    return f"v1/indexes/{fingerprint}/commits/{commit}"


def encode(manifest: Manifest) -> bytes:
    """A manifest as it is kept."""
    return packed(_written(manifest))


def _written(manifest: Manifest) -> bytes:
    said = {**manifest._asdict(), "format": FORMAT}
    said["runs"] = [number for run in manifest.runs for number in run]
    return canonical(said)


def decode(data: bytes) -> Manifest:
    """The manifest that was kept.

    Raises:
        UntrustedError: it is none, or says what cannot be.
    """
    text = unpacked(data, _JSON_BYTES_MAX)
    try:
        said = parsed(text)
        if said.pop("format") != FORMAT:
            raise UntrustedError("it is of another format", hint="upgrade lumen-hooks")
        numbers = said.pop("runs")
        runs = tuple(Run(*numbers[at : at + 3]) for at in range(0, len(numbers), 3))
        manifest = Manifest(**{**said, "packs": tuple(said["packs"]), "runs": runs})
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise UntrustedError(f"it is no manifest ({type(error).__name__})") from error
    problem = _problem(manifest)
    if problem:
        raise UntrustedError(f"it says what cannot be: {problem}")
    if _written(manifest) != text:
        raise UntrustedError("it is not written as a manifest is")
    return manifest


def canonical(said: object) -> bytes:
    """The one way in which something is written as JSON: no name twice, no number as a float."""
    return json.dumps(said, separators=(",", ":")).encode()


def parsed(text: bytes) -> Any:
    """What a JSON text says, which nests no deeper and has no more parts than ours do.

    What is small may be dear to parse: each bracket makes an object, and a level of the stack.

    Raises:
        ValueError: it does, or is no JSON.
    """
    brackets = text.count(b"[") + text.count(b"{")
    if brackets > _BRACKETS_MAX or text.count(b",") > 3 * RUNS_MAX + _BRACKETS_MAX:
        raise ValueError("it has too many parts")
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def packed(data: bytes) -> bytes:
    """One zstd frame, with a sum by which damage shows."""
    return zstandard.ZstdCompressor(write_checksum=True).compress(data)


def unpacked(data: bytes, bytes_max: int) -> bytes:
    """What was compressed as one zstd frame, if it is no larger than that.

    Raises:
        UntrustedError: it is larger, or no such frame.
    """
    try:
        size = zstandard.frame_content_size(data)
        if not 0 <= size <= bytes_max:
            raise UntrustedError(f"it says that it has {size:,} bytes, at most {bytes_max:,} are")
        found = zstandard.ZstdDecompressor().decompress(data, allow_extra_data=False)
    except zstandard.ZstdError as error:
        raise UntrustedError(f"it cannot be decompressed: {error}") from error
    if len(found) != size:
        raise UntrustedError("it is not as long as it says")
    return found


def _problem(manifest: Manifest) -> str:
    """What is wrong with the values of a manifest; empty if nothing is."""
    texts = (manifest.model, manifest.pushed_at, manifest.pushed_by)
    counts = (manifest.files, manifest.chunks, manifest.index_bytes, manifest.block_bytes)
    if not all(_is_line(text) for text in texts):
        return "a name"
    if not all(type(count) is int and 0 <= count <= _INDEX_BYTES_MAX for count in counts):
        return "a number"
    if manifest.block_bytes != block_bytes_of(manifest.index_bytes):
        return "the size"
    ids: tuple[tuple[re.Pattern[str], tuple[str, ...]], ...] = (
        (_FINGERPRINT, (manifest.fingerprint,)),
        (_COMMIT, (manifest.commit, manifest.tree)),
        (_DIGEST, (*manifest.packs, manifest.digest)),
    )
    for pattern, names in ids:
        if not all(isinstance(name, str) and pattern.fullmatch(name) for name in names):
            return "a digest"
    if len(set(manifest.packs)) != len(manifest.packs) or len(manifest.packs) > _PACKS_MAX:
        return "the packs"
    if len(manifest.runs) > RUNS_MAX or not all(map(_is_run, manifest.runs)):
        return "a run"
    if {run.pack for run in manifest.runs} != set(range(len(manifest.packs))):
        return "the packs"
    blocks = sum(run.blocks for run in manifest.runs)
    return "" if blocks * manifest.block_bytes == manifest.index_bytes else "the runs"


def _is_run(run: Run) -> bool:
    return all(type(number) is int and 0 <= number <= _INDEX_BYTES_MAX for number in run) and (
        run.blocks > 0
    )


def _is_line(text: Any) -> bool:
    return isinstance(text, str) and len(text) <= _WORDS_MAX and text.isprintable()
