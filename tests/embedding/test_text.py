"""The embedded text, its key, and the int8 vectors."""

from __future__ import annotations

import numpy as np
import pytest

from lumen_hooks.embedding.identity import QUANTISATION
from lumen_hooks.embedding.quantise import quantise
from lumen_hooks.embedding.text import embedded_text, embedding_key, query_text
from tests.support.fake_embedder import DIMENSIONS, FakeEmbedder


def test_text_is_symbol_header_and_code_with_identifiers_split() -> None:
    text = embedded_text("HTTPClient.sendAll", "def sendAll(self):", "    return getURL()")
    assert text == "HTTP Client.send All\ndef send All(self):\n    return get URL()"


def test_empty_parts_leave_no_blank_lines() -> None:
    assert embedded_text("", "", "x = 1") == "x = 1"
    assert embedded_text("", "", "") == ""


def test_lone_surrogates_become_question_marks() -> None:
    assert embedded_text("f", "", "a = '\udc80'") == "f\na = '?'"
    assert query_text("find \ud800") == "find ?"


def test_splitting_a_query_twice_changes_nothing() -> None:
    once = query_text("parseXMLDocument")
    assert once == "parse XML Document"
    assert query_text(once) == once


def test_keys_are_16_bytes_and_differ_with_the_text() -> None:
    texts = ["", "a", "b", "a\n", "\udc80", "?", "é", "e\u0301"]
    keys = {embedding_key(text) for text in texts}
    assert len(keys) == len(texts)
    assert {len(key) for key in keys} == {16}
    assert embedding_key("a") == embedding_key("a")
    # Stores on disk hold these keys: another hash would embed every text again.
    assert embedding_key("a").hex() == "27c35e6e9373877f29e562464e46497e"


def test_each_vector_is_scaled_by_its_own_peak() -> None:
    vectors = np.array([[1.0, -0.5, 0.0], [0.001, 0.0, -0.002]], dtype=np.float32)
    rows = [np.frombuffer(row or b"", dtype=np.int8).tolist() for row in quantise(vectors)]
    assert rows == [[127, -64, 0], [64, 0, -127]]


@pytest.mark.parametrize("bad", [0.0, float("nan"), float("inf"), -float("inf")])
def test_vectors_that_have_no_direction_are_none(bad: float) -> None:
    vectors = np.array([[bad, bad], [bad, 0.0], [3.0, 4.0]], dtype=np.float32)
    first, second, third = quantise(vectors)
    assert first is None
    assert second is None
    assert third == np.array([95, 127], dtype=np.int8).tobytes()


def test_the_smallest_and_largest_numbers_keep_their_direction() -> None:
    vectors = np.array([[1e-40, -1e-40], [3e38, 1.5e38]], dtype=np.float32)
    assert quantise(vectors) == [
        np.array([127, -127], dtype=np.int8).tobytes(),
        np.array([127, 64], dtype=np.int8).tobytes(),
    ]


def test_no_vectors_make_no_rows() -> None:
    assert quantise(np.zeros((0, 4), dtype=np.float32)) == []


def test_int8_keeps_the_direction_of_random_vectors() -> None:
    vectors = np.random.default_rng(7).normal(size=(200, 256)).astype(np.float32)
    rows = np.array([np.frombuffer(row or b"", dtype=np.int8) for row in quantise(vectors)])
    rows = rows.astype(np.float32)
    cosines = (
        (rows * vectors).sum(1) / np.linalg.norm(rows, axis=1) / np.linalg.norm(vectors, axis=1)
    )
    assert cosines.min() > 0.9999


def test_quantisation_is_part_of_the_model_key() -> None:
    assert QUANTISATION in FakeEmbedder().identity.model_key


def test_fake_embedder_brings_shared_words_together_and_counts() -> None:
    fake = FakeEmbedder()
    rows = fake.embed_documents(["retry failed upload", "parse the config file", "..."])
    query = fake.embed_query("retryUpload")
    near, far = (float(np.frombuffer(row or b"", dtype=np.int8) @ query) for row in rows[:2])
    assert near > far
    assert rows[2] is None
    assert query.shape == (DIMENSIONS,)
    assert len(fake.embedded) == 3
    assert FakeEmbedder("other").identity.model_key != fake.identity.model_key
