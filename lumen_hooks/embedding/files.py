"""The files of an embedding model in a folder: which there are, their shape, their digest.

Standard library only, so that a model can be told from another without
loading either.
"""

from __future__ import annotations

import hashlib
import json
import os
from typing import Any, NamedTuple

from lumen_hooks.errors import ModelError

HINT = "choose a model with: git config lumen.model NAME-OR-FOLDER (builtin needs no files)"

STATIC_WEIGHTS = "model.safetensors"
TOKENIZER = "tokenizer.json"
POOLING = "pooling.json"
"""Of a static model: how often each word counts (see `term_weighting`)."""
ONNX_WEIGHTS = ("model.onnx", "onnx/model.onnx", "model_optimized.onnx", "model_quantized.onnx")

_COMPANIONS = (
    TOKENIZER,
    "tokenizer_config.json",
    "special_tokens_map.json",
    "config.json",
    "1_Pooling/config.json",
)
"""What fastembed or we read beside an ONNX file; each changes the vectors."""

_WIDTH_KEYS = ("hidden_size", "dim", "d_model", "n_embd")
"""How config.json names the vector's length: BERT's way, DistilBERT's, T5's, GPT's."""

_MAX_HEADER_BYTES = 1 << 26
_BLOCK_BYTES = 1 << 20


class Tensor(NamedTuple):
    """Where a tensor lies in a safetensors file. `offset` is in bytes from the file's start."""

    dtype: str
    shape: tuple[int, ...]
    offset: int


class ModelFiles(NamedTuple):
    """A model in a folder.

    Attributes:
        folder: absolute path.
        weights: the weight file, relative to the folder, or absolute if it lies elsewhere.
        dimensions: length of its vectors.
        pooling: how an ONNX model's token vectors become one, `mean`, `cls` or `last`; empty
            where there is nothing to choose.
        digested: the files that decide what vectors it makes, relative to the folder.
    """

    folder: str
    weights: str
    dimensions: int
    pooling: str
    digested: tuple[str, ...]

    @property
    def static(self) -> bool:
        """One vector for each token, added up; otherwise a network."""
        return self.weights.endswith(".safetensors")

    @property
    def weighed(self) -> bool:
        """A static model that says how often words count."""
        return POOLING in self.digested


def safetensors_header(path: str) -> dict[str, Tensor]:
    """The tensors of a safetensors file, by name.

    The format: 8 bytes little-endian length, a JSON header, the tensors
    (github.com/huggingface/safetensors, "Format").

    Raises:
        ModelError: the file cannot be read or is of another format.
    """
    try:
        with open(path, "rb") as file:
            # Bounded, because the first bytes of another kind of file are any number.
            length = min(int.from_bytes(file.read(8), "little"), _MAX_HEADER_BYTES)
            header: dict[str, Any] = json.loads(file.read(length))
        header.pop("__metadata__", None)
        return {
            name: Tensor(
                str(entry["dtype"]), tuple(entry["shape"]), 8 + length + entry["data_offsets"][0]
            )
            for name, entry in header.items()
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(f"cannot read the model weights {path}: {error}", hint=HINT) from error


def describe_folder(folder: str) -> ModelFiles:
    """What kind of model a folder holds.

    A static model is `model.safetensors` with an `embeddings` tensor (and `pooling.json`, if its
    words are weighed); a transformer is an ONNX file with the tokenizer's configuration. Both need
    `tokenizer.json`.

    Raises:
        ModelError: there is no such folder, or no model of either kind in it.
    """
    if not os.path.isdir(folder):
        raise ModelError(f"lumen.model names {folder}, which is no folder", hint=HINT)
    _require(folder, TOKENIZER)
    weights = os.path.join(folder, STATIC_WEIGHTS)
    if os.path.isfile(weights):
        tensor = safetensors_header(weights).get("embeddings")
        if tensor is not None and len(tensor.shape) == 2:
            digested = (STATIC_WEIGHTS, TOKENIZER, *present(folder, (POOLING,)))
            return ModelFiles(folder, STATIC_WEIGHTS, tensor.shape[1], "", digested)
    for name in ONNX_WEIGHTS:
        if os.path.isfile(os.path.join(folder, name)):
            return _describe_onnx(folder, name)
    raise ModelError(
        f"lumen.model names {folder}, which holds neither {STATIC_WEIGHTS} with an 'embeddings'"
        f" tensor nor {ONNX_WEIGHTS[0]}",
        hint=HINT,
    )


def present(folder: str, names: tuple[str, ...]) -> tuple[str, ...]:
    """Those of the names that are files in the folder."""
    return tuple(name for name in names if os.path.isfile(os.path.join(folder, name)))


def with_companions(folder: str, weights: str, more: tuple[str, ...] = ()) -> tuple[str, ...]:
    """The weight file and every file beside it that changes the vectors, each once."""
    external = (weights + "_data", weights + ".data")
    return present(folder, tuple(dict.fromkeys((weights, *external, *more, *_COMPANIONS))))


def digest(folder: str, names: tuple[str, ...]) -> str:
    """SHA-256 over the files' names, sizes and contents, in the order given (64 hex digits).

    Of a file that lies elsewhere only the last part of the name counts: the same files make the
    same model wherever they are installed.

    Raises:
        ModelError: one of them cannot be read.
    """
    total = hashlib.sha256()
    for name in names:
        path = os.path.join(folder, name)
        try:
            with open(path, "rb") as file:
                called = os.path.basename(name) if os.path.isabs(name) else name
                total.update(f"{called}\0{os.fstat(file.fileno()).st_size}\0".encode())
                while block := file.read(_BLOCK_BYTES):
                    total.update(block)
        except OSError as error:
            raise ModelError(f"cannot read the model file {path}: {error}", hint=HINT) from error
    return total.hexdigest()


def _describe_onnx(folder: str, weights: str) -> ModelFiles:
    _require(folder, "tokenizer_config.json")
    pooling = _read_json(os.path.join(folder, "1_Pooling", "config.json"))
    config = _read_json(os.path.join(folder, "config.json"))
    widths = [pooling.get("word_embedding_dimension"), *(config.get(key) for key in _WIDTH_KEYS)]
    width = next((value for value in widths if isinstance(value, int) and value > 0), None)
    if width is None:
        raise ModelError(
            f"lumen.model names {folder}, whose config.json does not say how long its vectors are",
            hint=f'add {{"{_WIDTH_KEYS[0]}": N}} to config.json, or {HINT}',
        )
    mode = "mean"
    if pooling.get("pooling_mode_cls_token"):
        mode = "cls"
    elif pooling.get("pooling_mode_lasttoken"):
        mode = "last"
    return ModelFiles(folder, weights, width, mode, with_companions(folder, weights))


def _require(folder: str, name: str) -> None:
    if not os.path.isfile(os.path.join(folder, name)):
        raise ModelError(f"lumen.model names {folder}, where {name} is missing", hint=HINT)


def _read_json(path: str) -> dict[str, Any]:
    """An object from a file; empty if there is no such file."""
    try:
        with open(path, encoding="utf-8") as file:
            value = json.load(file)
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise ModelError(f"cannot read {path}: {error}", hint=HINT) from error
    return value if isinstance(value, dict) else {}
