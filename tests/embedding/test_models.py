"""The built-in model against fastembed, other models, and what happens when one is missing."""

from __future__ import annotations

import json
import os
import random
import shutil
import string
import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest
from tokenizers import Tokenizer, models

from lumen_hooks.embedding.builtin import BuiltinEmbedder
from lumen_hooks.embedding.fastembed_engine import Engine, load_static
from lumen_hooks.embedding.loading import load_embedder
from lumen_hooks.embedding.quantise import quantise
from lumen_hooks.embedding.registry import BUILTIN_FILES, BUILTIN_FOLDER, identify_builtin
from lumen_hooks.embedding.term_weighting import Weighing
from lumen_hooks.embedding.text import query_text
from lumen_hooks.errors import ModelError
from lumen_hooks.settings import Settings
from tests.support.fake_embedder import FakeEmbedder
from tests.support.weighed_text import as_text

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from lumen_hooks.embedding.protocol import Embedder

ODD_TEXTS = [
    "",
    " \n\t",
    "日本語 только",
    "ﬁle ﬀ Ⅷ",
    "[UNK] [PAD] word",
    "a" * 100_000,
    "def send_all ( self ) : return 1\n" * 3_000,
    "x" * 41 + " y",
    "\udc80 text",
    "zero\0byte",
    "İstanbul STRASSE ß",
    "🙂 smile",
    "1234567890" * 80,
    "日" * 600 + " after the limit",
    "query",
]


def random_texts(count: int) -> list[str]:
    chance = random.Random(11)
    words = [
        "send",
        "get",
        "parse",
        "Upload",
        "retry",
        "http",
        "xml",
        "42",
        "_",
        "(",
        ")",
        "{",
        "}",
        "zzqj",
        "é",
        "日",
        "__init__",
        "return",
    ]
    return [" ".join(chance.choices(words, k=chance.randrange(1, 300))) for _ in range(count)]


def floats(rows: list[bytes | None]) -> NDArray[np.float32]:
    return np.array([np.frombuffer(row or b"", dtype=np.int8) for row in rows], dtype=np.float32)


@pytest.fixture(scope="module")
def direct() -> BuiltinEmbedder:
    return BuiltinEmbedder()


@pytest.fixture(scope="module")
def through_fastembed() -> Engine:
    return load_static(BUILTIN_FOLDER, identify_builtin())


def test_own_pooling_equals_fastembed(direct: BuiltinEmbedder, through_fastembed: Engine) -> None:
    for text in ODD_TEXTS + random_texts(600):
        clean = text.encode("utf-8", "replace").decode()
        for counts in (direct.weighing.counts(clean), Weighing("each", 0).counts(clean)):
            one = direct.pool([counts.items()])[0]
            two = through_fastembed.embed([as_text(counts.items())], batch_size=1)[0]
            if one.any():
                assert float(one @ two) > 0.99999
            else:
                assert not two.any()


def test_a_query_is_embedded_as_fastembed_would(
    direct: BuiltinEmbedder, through_fastembed: Engine
) -> None:
    for query in ("where do we retry failed uploads", "parseXMLDocument", "naïve retry, retry 42"):
        theirs = through_fastembed.embed_query(query_text(query))
        assert float(direct.embed_query(query) @ theirs) > 0.99999


def test_stored_vectors_are_those_of_fastembed_in_batches(
    direct: BuiltinEmbedder, through_fastembed: Engine
) -> None:
    texts = random_texts(600)
    weighed = [as_text(direct.weighing.counts(text).items()) for text in texts]
    own = direct.embed_documents(texts)
    theirs = quantise(through_fastembed.embed(weighed, batch_size=256))
    assert [row is None for row in own] == [row is None for row in theirs]
    known = [place for place, row in enumerate(own) if row is not None]
    assert len(known) > 550
    a, b = floats([own[place] for place in known]), floats([theirs[place] for place in known])
    assert np.abs(a - b).max() <= 1
    assert (a != b).mean() < 0.001


def test_texts_without_known_tokens_have_no_vector(direct: BuiltinEmbedder) -> None:
    assert direct.embed_documents(["", "日本語", "word"])[:2] == [None, None]
    assert not direct.embed_query("日本語").any()
    assert direct.embed_documents([]) == []


def test_the_unknown_token_is_dropped_whatever_its_vector() -> None:
    embedder = BuiltinEmbedder()
    assert embedder._unknown is not None
    rows = np.array(embedder._rows)
    rows[embedder._unknown] = 1
    embedder._rows = rows
    assert embedder.embed_documents(["y" * 41]) == [None]


def test_a_vector_does_not_depend_on_the_texts_around_it(direct: BuiltinEmbedder) -> None:
    texts = random_texts(300)
    together = direct.embed_documents(texts)
    assert [direct.embed_documents([text])[0] for text in texts] == together


def test_what_follows_the_limit_does_not_count(direct: BuiltinEmbedder) -> None:
    words = [f"{a}{b}" for a in string.ascii_lowercase for b in string.ascii_lowercase]
    long = "\n" + " ".join(words * 2)
    assert direct.embed_documents([long])[0] == direct.embed_documents([long + " retry"])[0]
    assert direct.embed_documents(["\nsend"])[0] != direct.embed_documents(["\nsend retry"])[0]


def test_query_is_a_unit_vector_under_the_documents_rules(direct: BuiltinEmbedder) -> None:
    query = direct.embed_query("parseXMLDocument")
    assert query.shape == (direct.identity.dimensions,)
    assert query.dtype == np.float32
    assert np.linalg.norm(query) == pytest.approx(1, abs=1e-5)
    (row,) = floats(direct.embed_documents(["parse XML Document"]))
    assert float(row @ query) / np.linalg.norm(row) > 0.999


def test_the_right_code_is_nearest(direct: BuiltinEmbedder) -> None:
    texts = [
        "def retry_upload(path):\n    for attempt in range(3):\n        upload(path)",
        "def parse_config(text):\n    return json.loads(text)",
        "class Button(Widget):\n    def draw(self): self.canvas.rectangle()",
    ]
    rows = floats(direct.embed_documents(texts))
    scores = rows @ direct.embed_query("where do we retry failed uploads")
    assert int(np.argmax(scores / np.linalg.norm(rows, axis=1))) == 0


def test_the_builtin_model_needs_no_fastembed() -> None:
    code = (
        "import sys\n"
        "from lumen_hooks.settings import Settings\n"
        "from lumen_hooks.embedding.loading import load_embedder\n"
        "e = load_embedder(Settings())\n"
        "e.embed_query('retry'); e.embed_documents(['retry'] * 512)\n"
        "print([m for m in ('fastembed', 'huggingface_hub', 'onnxruntime') if m in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("threads", [1, 2])
def test_threads_are_bounded(threads: int) -> None:
    code = (
        "import os, sys\n"
        "from lumen_hooks.embedding.threads import limit_threads\n"
        "limit_threads(int(sys.argv[1]))\n"
        "from lumen_hooks.embedding.builtin import BuiltinEmbedder\n"
        "BuiltinEmbedder().embed_documents(['send all the files'] * 600)\n"
        "print(len([t for t in os.listdir('/proc/self/task')]))\n"
    )
    environment = {**os.environ, "RAYON_NUM_THREADS": "7", "OPENBLAS_NUM_THREADS": "7"}
    done = subprocess.run(
        [sys.executable, "-c", code, str(threads)],
        capture_output=True,
        text=True,
        check=True,
        env=environment,
    )
    # The main thread, and with more than one also the pools of OpenBLAS and of the tokenizers.
    assert int(done.stdout) <= (1 if threads == 1 else 1 + 2 * threads)


def test_static_model_in_a_folder_equals_the_builtin_one(
    tmp_path: Path, direct: BuiltinEmbedder
) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    for name in BUILTIN_FILES:
        shutil.copyfile(os.path.join(BUILTIN_FOLDER, name), folder / name)
    embedder = load_embedder(Settings(model=str(folder), models_folder=str(tmp_path / "models")))
    assert embedder.identity.digest == direct.identity.digest
    texts = ODD_TEXTS + random_texts(40)
    own, theirs = direct.embed_documents(texts), embedder.embed_documents(texts)
    assert [row is None for row in own] == [row is None for row in theirs]
    known = [place for place, row in enumerate(own) if row is not None]
    difference = floats([own[p] for p in known]) - floats([theirs[p] for p in known])
    assert np.abs(difference).max() <= 1
    assert float(embedder.embed_query("sendAll") @ direct.embed_query("sendAll")) > 0.99999
    assert not embedder.embed_query("日本").any()
    again = load_embedder(Settings(model=str(folder), models_folder=str(tmp_path / "models")))
    assert again.identity == embedder.identity


def test_broken_static_model_is_an_expected_error(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    shutil.copyfile(os.path.join(BUILTIN_FOLDER, "model.safetensors"), folder / "model.safetensors")
    (folder / "tokenizer.json").write_text("{}")
    with pytest.raises(ModelError) as raised:
        load_embedder(Settings(model=str(folder), models_folder=str(tmp_path / "models")))
    assert "git config lumen.model" in raised.value.hint


@pytest.mark.parametrize(
    "pooling",
    [
        "",
        "{}",
        '{"repetition": "0", "first_line": 0}',
        '{"repetition": "often", "first_line": 0}',
        '{"repetition": "each", "first_line": -1}',
        '{"repetition": "each", "first_line": 1e999}',
        "[" * 5000,
    ],
)
def test_a_model_that_weighs_in_no_known_way_is_an_expected_error(
    tmp_path: Path, pooling: str
) -> None:
    folder = _copy(tmp_path)
    (folder / "pooling.json").write_text(pooling)
    with pytest.raises(ModelError, match="pooling"):
        load_embedder(Settings(model=str(folder), models_folder=str(tmp_path / "models")))


@pytest.mark.parametrize("scales", ["short", "not a number", "of two dimensions"])
def test_weights_that_do_not_fit_are_an_expected_error(tmp_path: Path, scales: str) -> None:
    folder = _copy(tmp_path)
    count = {"short": 9, "not a number": 10, "of two dimensions": 10}[scales]
    _write_static(folder, rows=10, scales=count, twice=scales == "of two dimensions")
    if scales == "not a number":
        path = folder / "model.safetensors"
        path.write_bytes(path.read_bytes()[:-4] + np.float32(np.nan).tobytes())
    with pytest.raises(ModelError, match=r"model\.safetensors"):
        load_embedder(Settings(model=str(folder), models_folder=str(tmp_path / "models")))


def test_more_pieces_than_vectors_are_an_expected_error(tmp_path: Path) -> None:
    folder = _copy(tmp_path)
    _write_static(folder, rows=10, scales=10)
    with pytest.raises(ModelError, match="more pieces"):
        load_embedder(Settings(model=str(folder), models_folder=str(tmp_path / "models")))


def test_a_tokenizer_without_an_unknown_token_is_an_expected_error(tmp_path: Path) -> None:
    folder = _copy(tmp_path)
    Tokenizer(models.BPE()).save(str(folder / "tokenizer.json"))
    with pytest.raises(ModelError, match="unknown words"):
        load_embedder(Settings(model=str(folder), models_folder=str(tmp_path / "models")))


def _copy(tmp_path: Path) -> Path:
    folder = tmp_path / "mine"
    shutil.copytree(BUILTIN_FOLDER, folder)
    return folder


def _write_static(folder: Path, *, rows: int, scales: int, twice: bool = False) -> None:
    shape = [scales, 1] if twice else [scales]
    size = rows * 256
    header = {
        "embeddings": {"dtype": "I8", "shape": [rows, 256], "data_offsets": [0, size]},
        "weights": {"dtype": "F32", "shape": shape, "data_offsets": [size, size + 4 * scales]},
    }
    encoded = json.dumps(header).encode()
    content = len(encoded).to_bytes(8, "little") + encoded + bytes(size + 4 * scales)
    (folder / "model.safetensors").write_bytes(content)


def test_broken_transformer_is_an_expected_error(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    shutil.copyfile(os.path.join(BUILTIN_FOLDER, "tokenizer.json"), folder / "tokenizer.json")
    (folder / "tokenizer_config.json").write_text('{"model_max_length": 64, "pad_token": "[PAD]"}')
    (folder / "config.json").write_text('{"hidden_size": 8}')
    (folder / "model.onnx").write_bytes(b"not a network")
    with pytest.raises(ModelError) as raised:
        load_embedder(Settings(model=str(folder), models_folder=str(tmp_path / "models")))
    assert "\n" not in raised.value.message
    assert "git config lumen.model" in raised.value.hint


def test_unknown_name_is_answered_with_the_nearest(tmp_path: Path) -> None:
    settings = Settings(model="BAAI/bge-small-en-v1.6")
    with pytest.raises(ModelError, match=r"did you mean BAAI/bge-small-en-v1\.5"):
        load_embedder(settings._replace(models_folder=str(tmp_path)))


def test_missing_model_names_the_setting_and_prints_nothing(tmp_path: Path) -> None:
    code = (
        "import sys\n"
        "from lumen_hooks.settings import Settings\n"
        "from lumen_hooks.embedding.loading import load_embedder\n"
        "from lumen_hooks.errors import ModelError\n"
        "try:\n"
        "    load_embedder(Settings(model='BAAI/bge-small-en-v1.5', models_folder=sys.argv[1]))\n"
        "except ModelError as error:\n"
        "    print(error.message)\n"
        "    print(error.hint)\n"
    )
    environment = {key: value for key, value in os.environ.items() if key != "HF_HUB_OFFLINE"}
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "models")],
        capture_output=True,
        text=True,
        check=True,
        env=environment,
    )
    message, hint = done.stdout.splitlines()
    assert message == "the model BAAI/bge-small-en-v1.5 (lumen.model) is not on this machine"
    assert "git config lumen.model builtin" in hint
    assert done.stderr == ""


def test_embedders_keep_the_contract(direct: BuiltinEmbedder) -> None:
    embedders: list[Embedder] = [direct, FakeEmbedder()]
    for embedder in embedders:
        rows = embedder.embed_documents(["send all", ""])
        assert len(rows[0] or b"") == embedder.identity.dimensions
        assert rows[1] is None
