"""A transformer in a folder for real onnxruntime: the smallest network that it accepts.

It looks up one vector for each word, so what mean pooling must give is known.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

WIDTH = 8
INT64, FLOAT = 7, 1
SPECIAL = ["[PAD]", "[UNK]"]


def word_table(words: list[str], seed: int) -> NDArray[np.float32]:
    """The vector of each word, special ones included; those of different seeds do not mix."""
    return np.random.default_rng(seed).normal(size=(len(words), WIDTH)).astype(np.float32)


def make_transformer(place: Path, words: list[str], seed: int = 3) -> Path:
    """Write a model's folder.

    Args:
        place: the folder to be made.
        words: its vocabulary, SPECIAL first.
        seed: of its vectors.
    """
    place.mkdir()
    (place / "model.onnx").write_bytes(lookup_network(word_table(words, seed)))
    special = [
        {
            "id": number,
            "content": words[number],
            "single_word": False,
            "lstrip": False,
            "rstrip": False,
            "normalized": False,
            "special": True,
        }
        for number in (0, 1)
    ]
    tokenizer = {
        "version": "1.0",
        "added_tokens": special,
        "pre_tokenizer": {"type": "Whitespace"},
        "model": {
            "type": "WordLevel",
            "vocab": {word: number for number, word in enumerate(words)},
            "unk_token": "[UNK]",
        },
    }
    (place / "tokenizer.json").write_text(json.dumps(tokenizer))
    (place / "tokenizer_config.json").write_text('{"model_max_length": 8192, "pad_token": "[PAD]"}')
    (place / "config.json").write_text(json.dumps({"hidden_size": WIDTH, "pad_token_id": 0}))
    return place


def varint(number: int) -> bytes:
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    out.append(number)
    return bytes(out)


def field(number: int, value: int | bytes | str) -> bytes:
    """One field of a protocol buffer message."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    content = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(content)) + content


def value_info(name: str, kind: int, axes: list[str | int]) -> bytes:
    shape = b"".join(
        field(1, field(2, axis) if isinstance(axis, str) else field(1, axis)) for axis in axes
    )
    return field(1, name) + field(2, field(1, field(1, kind) + field(2, shape)))


def lookup_network(table: NDArray[np.float32]) -> bytes:
    """`Gather(table, input_ids)` as an ONNX ModelProto (onnx/onnx.proto)."""
    node = field(1, "table") + field(1, "input_ids") + field(2, "hidden") + field(4, "Gather")
    weights = (
        b"".join(field(1, length) for length in table.shape)
        + field(2, FLOAT)
        + field(8, "table")
        + field(9, table.tobytes())
    )
    graph = (
        field(1, node)
        + field(2, "lookup")
        + field(5, weights)
        + field(11, value_info("input_ids", INT64, ["batch", "length"]))
        + field(12, value_info("hidden", FLOAT, ["batch", "length", WIDTH]))
    )
    return field(1, 8) + field(7, graph) + field(8, field(1, "") + field(2, 13))
