"""A transformer in a folder, run for real by onnxruntime."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest

from lumen_hooks.embedding.loading import load_embedder
from lumen_hooks.embedding.text import MAX_TOKENS
from lumen_hooks.errors import ModelError
from lumen_hooks.settings import Settings
from tests.support.tiny_transformer import SPECIAL, WIDTH, make_transformer, word_table

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from lumen_hooks.embedding.protocol import Embedder

WORDS = [*SPECIAL, "send", "retry", "parse", "file"]
TABLE = word_table(WORDS, 3)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return make_transformer(tmp_path / "model", WORDS)


def load(folder: Path, threads: int = 1) -> Embedder:
    settings = Settings(model=str(folder), threads=threads)
    return load_embedder(settings._replace(models_folder=str(folder.parent / "models")))


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
