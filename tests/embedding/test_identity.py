"""Which model it is, and what it costs to know."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from lumen_hooks.embedding.files import describe_folder, digest, safetensors_header
from lumen_hooks.embedding.identity import ModelIdentity
from lumen_hooks.embedding.registry import BUILTIN_FILES, BUILTIN_FOLDER, identify
from lumen_hooks.errors import ModelError
from lumen_hooks.settings import Settings, default_models_folder

if TYPE_CHECKING:
    from pathlib import Path


def write_safetensors(path: Path, tensors: dict[str, list[int]]) -> None:
    """Write zero-filled float32 tensors of the shapes given."""
    header, data = {}, 0
    for name, shape in tensors.items():
        size = 4
        for length in shape:
            size *= length
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [data, data + size]}
        data += size
    encoded = json.dumps(header).encode()
    path.write_bytes(len(encoded).to_bytes(8, "little") + encoded + bytes(data))


@pytest.fixture
def static_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "static"
    folder.mkdir()
    write_safetensors(folder / "model.safetensors", {"embeddings": [10, 32]})
    (folder / "tokenizer.json").write_text("{}")
    return folder


@pytest.fixture
def onnx_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "onnx"
    folder.mkdir()
    for name in ("model.onnx", "tokenizer.json"):
        (folder / name).write_text(name)
    (folder / "tokenizer_config.json").write_text('{"model_max_length": 256}')
    (folder / "config.json").write_text('{"hidden_size": 48}')
    return folder


def test_shipped_digest_is_that_of_the_shipped_files() -> None:
    # After new weights: write the value on the right into embedding/model/DIGEST.
    assert identify(Settings()).digest == digest(BUILTIN_FOLDER, BUILTIN_FILES)


def test_builtin_dimensions_are_those_of_the_weights() -> None:
    tensors = safetensors_header(os.path.join(BUILTIN_FOLDER, "model.safetensors"))
    assert set(tensors) == {"embeddings", "weights"}
    assert identify(Settings()).dimensions == tensors["embeddings"].shape[1]


def test_knowing_the_builtin_model_imports_nothing_heavy() -> None:
    code = (
        "import sys\n"
        "from lumen_hooks.settings import Settings\n"
        "from lumen_hooks.embedding.registry import identify\n"
        "from lumen_hooks.embedding import text, threads, loading\n"
        "from lumen_hooks.storage import embedding_cache\n"
        "identify(Settings())\n"
        "print([m for m in ('numpy', 'tokenizers', 'fastembed', 'loguru') if m in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_model_key_tells_models_apart() -> None:
    first = ModelIdentity("a", "1" * 64, 256)
    assert first.model_key == ModelIdentity("b", "1" * 64, 256).model_key
    assert first.model_key != ModelIdentity("a", "2" * 64, 256).model_key
    assert first.model_key != ModelIdentity("a", "1" * 64, 128).model_key
    assert "512t" in first.model_key
    assert "text1" in first.model_key


def test_static_folder(static_folder: Path, tmp_path: Path) -> None:
    settings = Settings(model=str(static_folder))
    identity = identify(settings._replace(models_folder=str(tmp_path / "models")))
    assert identity.dimensions == 32
    assert identity.name == str(static_folder)
    assert describe_folder(str(static_folder)).static


@pytest.mark.parametrize("name", ["model.safetensors", "tokenizer.json"])
def test_a_changed_file_is_another_model(static_folder: Path, tmp_path: Path, name: str) -> None:
    settings, models = Settings(model=str(static_folder)), str(tmp_path / "models")
    before = identify(settings._replace(models_folder=models))
    path = static_folder / name
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    stamp = path.stat().st_mtime_ns + 1
    os.utime(path, ns=(stamp, stamp))
    after = identify(settings._replace(models_folder=models))
    assert after.digest != before.digest
    assert after.model_key != before.model_key


def test_digest_is_remembered_until_a_file_changes(static_folder: Path, tmp_path: Path) -> None:
    settings, models = Settings(model=str(static_folder)), tmp_path / "models"
    before = identify(settings._replace(models_folder=str(models)))
    (record,) = models.iterdir()
    remembered = json.loads(record.read_text())
    remembered["digest"] = "f" * 64
    record.write_text(json.dumps(remembered))
    assert identify(settings._replace(models_folder=str(models))).digest == "f" * 64
    os.utime(static_folder / "tokenizer.json", ns=(1, 1))
    assert identify(settings._replace(models_folder=str(models))) == before
    record.write_text("{broken")
    assert identify(settings._replace(models_folder=str(models))) == before


def test_a_place_that_cannot_be_written_does_not_matter(
    static_folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    settings = Settings(model=str(static_folder))
    assert (
        identify(settings._replace(models_folder=str(tmp_path / "file" / "models"))).dimensions
        == 32
    )


def test_onnx_folder_takes_its_length_from_config(onnx_folder: Path) -> None:
    files = describe_folder(str(onnx_folder))
    assert (files.dimensions, files.pooling, files.static) == (48, "mean", False)
    assert set(files.digested) == {
        "model.onnx",
        "tokenizer.json",
        "tokenizer_config.json",
        "config.json",
    }


def test_pooling_follows_sentence_transformers_configuration(onnx_folder: Path) -> None:
    pooling = onnx_folder / "1_Pooling"
    pooling.mkdir()
    (pooling / "config.json").write_text(
        '{"word_embedding_dimension": 64, "pooling_mode_cls_token": true}'
    )
    files = describe_folder(str(onnx_folder))
    assert (files.dimensions, files.pooling) == (64, "cls")
    assert "1_Pooling/config.json" in files.digested


def test_external_weights_are_digested(onnx_folder: Path) -> None:
    before = describe_folder(str(onnx_folder))
    (onnx_folder / "model.onnx_data").write_bytes(b"weights")
    after = describe_folder(str(onnx_folder))
    assert digest(before.folder, before.digested) != digest(after.folder, after.digested)


def test_static_wins_where_a_folder_holds_both(onnx_folder: Path) -> None:
    write_safetensors(onnx_folder / "model.safetensors", {"embeddings": [4, 8]})
    assert describe_folder(str(onnx_folder)).static
    write_safetensors(onnx_folder / "model.safetensors", {"encoder.weight": [4, 8]})
    assert not describe_folder(str(onnx_folder)).static


@pytest.mark.parametrize(
    "missing", ["tokenizer.json", "model.onnx", "tokenizer_config.json", "config.json"]
)
def test_incomplete_folder_is_named(onnx_folder: Path, missing: str) -> None:
    (onnx_folder / missing).unlink()
    with pytest.raises(ModelError) as raised:
        describe_folder(str(onnx_folder))
    assert str(onnx_folder) in raised.value.message
    assert "git config lumen.model" in raised.value.hint


@pytest.mark.parametrize(
    "content", [b"", b"\xff" * 64, b"\x02\0\0\0\0\0\0\0[]", b'\x09\0\0\0\0\0\0\0{"a": {}}']
)
def test_damaged_weights_are_an_expected_error(static_folder: Path, content: bytes) -> None:
    (static_folder / "model.safetensors").write_bytes(content)
    with pytest.raises(ModelError):
        describe_folder(str(static_folder))


def test_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no folder"):
        identify(Settings(model=str(tmp_path / "nowhere"), models_folder=str(tmp_path)))


def test_relative_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="relative"):
        identify(Settings(model="./model", models_folder=str(tmp_path)))


def test_models_folder_follows_the_cache_setting(sealed: Path) -> None:
    assert default_models_folder({"XDG_CACHE_HOME": "/c"}) == "/c/lumen-hooks/models"
    assert default_models_folder({}) == str(sealed / ".cache/lumen-hooks/models")
    assert default_models_folder({"XDG_CACHE_HOME": "relative"}) == default_models_folder({})
