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

MANIFEST_BYTES_MAX = 16 << 20
"""Of a manifest in a store; Linux's has some kilobytes."""

_JSON_BYTES_MAX = 64 << 20
_INDEX_BYTES_MAX = 1 << 36
_PACKS_MAX = 64
_BLOCK_BYTES = (1024, 4096)

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


def name_of(fingerprint: str, commit: str) -> str:
    """The object that holds the manifest of a commit's index."""
    return f"v1/indexes/{fingerprint}/commits/{commit}"


def encode(manifest: Manifest) -> bytes:
    """A manifest as it is kept."""
    said = {**manifest._asdict(), "format": FORMAT}
    said["runs"] = [number for run in manifest.runs for number in run]
    return zstandard.compress(json.dumps(said, separators=(",", ":")).encode())


def decode(data: bytes) -> Manifest:
    """The manifest that was kept.

    Raises:
        UntrustedError: it is none, or says what cannot be.
    """
    try:
        said = json.loads(unpacked(data, _JSON_BYTES_MAX))
        if said.pop("format") != FORMAT:
            raise UntrustedError("it is of another format", hint="upgrade lumen-hooks")
        numbers = said.pop("runs")
        runs = tuple(Run(*numbers[at : at + 3]) for at in range(0, len(numbers), 3))
        manifest = Manifest(**{**said, "packs": tuple(said["packs"]), "runs": runs})
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise UntrustedError(f"it is no manifest ({type(error).__name__})") from error
    problem = _problem(manifest)
    if problem:
        raise UntrustedError(f"it says what cannot be: {problem}")
    return manifest


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
    counts = (manifest.files, manifest.chunks, manifest.index_bytes)
    if not all(_is_line(text) for text in texts):
        return "a name"
    if not all(type(count) is int and 0 <= count <= _INDEX_BYTES_MAX for count in counts):
        return "a number"
    if manifest.block_bytes not in _BLOCK_BYTES or manifest.index_bytes % manifest.block_bytes:
        return "the size"
    ids: tuple[tuple[re.Pattern[str], tuple[str, ...]], ...] = (
        (_FINGERPRINT, (manifest.fingerprint,)),
        (_COMMIT, (manifest.commit, manifest.tree)),
        (_DIGEST, (*manifest.packs, manifest.digest)),
    )
    for pattern, names in ids:
        if not all(isinstance(name, str) and pattern.fullmatch(name) for name in names):
            return "a digest"
    if len(manifest.packs) > _PACKS_MAX:
        return "the packs"
    for run in manifest.runs:
        if not all(type(number) is int and number >= 0 for number in run):
            return "a run"
        if run.pack >= len(manifest.packs) or not run.blocks:
            return "a run"
    blocks = sum(run.blocks for run in manifest.runs)
    return "" if blocks * manifest.block_bytes == manifest.index_bytes else "the runs"


def _is_line(text: Any) -> bool:
    return isinstance(text, str) and len(text) <= _WORDS_MAX and text.isprintable()
