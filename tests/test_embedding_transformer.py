"""A transformer in a folder, run for real: the smallest network that onnxruntime accepts.

It looks up one vector for each token, so what mean pooling must give is known.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest

from lumen_hooks.config import Settings
from lumen_hooks.embedding.embedder import Embedder, load_embedder
from lumen_hooks.embedding.identity import MAX_TOKENS
from lumen_hooks.errors import ModelError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

WORDS = ["[PAD]", "[UNK]", "send", "retry", "parse", "file"]
WIDTH = 8
TABLE = np.random.default_rng(3).normal(size=(len(WORDS), WIDTH)).astype(np.float32)

INT64, FLOAT = 7, 1


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


def lookup_network() -> bytes:
    """`Gather(table, input_ids)` as an ONNX ModelProto (onnx/onnx.proto)."""
    node = field(1, "table") + field(1, "input_ids") + field(2, "hidden") + field(4, "Gather")
    table = (
        b"".join(field(1, length) for length in TABLE.shape)
        + field(2, FLOAT)
        + field(8, "table")
        + field(9, TABLE.tobytes())
    )
    graph = (
        field(1, node)
        + field(2, "lookup")
        + field(5, table)
        + field(11, value_info("input_ids", INT64, ["batch", "length"]))
        + field(12, value_info("hidden", FLOAT, ["batch", "length", WIDTH]))
    )
    return field(1, 8) + field(7, graph) + field(8, field(1, "") + field(2, 13))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "model"
    place.mkdir()
    (place / "model.onnx").write_bytes(lookup_network())
    special = [
        {
            "id": number,
            "content": WORDS[number],
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
            "vocab": {word: number for number, word in enumerate(WORDS)},
            "unk_token": "[UNK]",
        },
    }
    (place / "tokenizer.json").write_text(json.dumps(tokenizer))
    (place / "tokenizer_config.json").write_text('{"model_max_length": 8192, "pad_token": "[PAD]"}')
    (place / "config.json").write_text(json.dumps({"hidden_size": WIDTH, "pad_token_id": 0}))
    return place


def load(folder: Path, threads: int = 1) -> Embedder:
    settings = Settings(model=str(folder), threads=threads)
    return load_embedder(settings, models_folder=str(folder.parent / "models"))


def mean(text: str) -> NDArray[np.float32]:
    rows = TABLE[[WORDS.index(word) for word in text.split()]]
    vector: NDArray[np.float32] = rows.mean(axis=0)
    return vector


def cosine(left: NDArray[np.float32], right: NDArray[np.float32]) -> float:
    return float(left @ right) / float(np.linalg.norm(left) * np.linalg.norm(right))


def test_vectors_come_back_in_the_order_of_the_texts(folder: Path) -> None:
    texts = [" ".join((WORDS[2:] * 9)[start : start + 1 + start % 7]) for start in range(30)]
    embedder = load(folder)
    assert embedder.identity.dimensions == WIDTH
    rows = embedder.embed_documents(texts)
    for text, row in zip(texts, rows, strict=True):
        vector = np.frombuffer(row or b"", dtype=np.int8).astype(np.float32)
        assert cosine(vector, mean(text)) > 0.999
    assert embedder.embed_documents([]) == []


def test_query_has_length_one(folder: Path) -> None:
    query = load(folder).embed_query("retry file")
    assert query.dtype == np.float32
    assert np.linalg.norm(query) == pytest.approx(1, abs=1e-6)
    assert cosine(query, mean("retry file")) > 0.99999


def test_empty_and_odd_texts_do_not_stop_a_batch(folder: Path) -> None:
    rows = load(folder).embed_documents(["", "send", "\udc80", "日本", "file " * 20_000])
    assert rows[1] is not None
    assert rows[4] is not None
    assert len(rows) == 5


def test_a_large_context_is_cut(folder: Path) -> None:
    rows = load(folder).embed_documents(
        ["send " * MAX_TOKENS, "send " * MAX_TOKENS + "retry " * 5000, "send " * 9 + "retry " * 9]
    )
    assert rows[0] == rows[1]
    assert rows[0] != rows[2]


def test_pooling_is_part_of_the_model(folder: Path) -> None:
    (folder / "1_Pooling").mkdir()
    mode = {"word_embedding_dimension": WIDTH, "pooling_mode_cls_token": True}
    before = load(folder)
    (folder / "1_Pooling" / "config.json").write_text(json.dumps(mode))
    after = load(folder)
    assert after.identity.model_key != before.identity.model_key
    assert cosine(after.embed_query("retry file"), mean("retry")) > 0.99999


def test_wrong_length_in_the_configuration_is_an_expected_error(folder: Path) -> None:
    (folder / "config.json").write_text(json.dumps({"hidden_size": 99, "pad_token_id": 0}))
    with pytest.raises(ModelError, match="length 8, not 99"):
        load(folder).embed_query("send")
