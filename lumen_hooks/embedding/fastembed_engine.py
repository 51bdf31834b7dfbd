"""The one door to fastembed.

Its import costs half a second, so this module is imported only by those who
embed. Here it is kept quiet (a hook's standard error is the user's terminal)
and offline, and its many exceptions become ModelError.
"""

from __future__ import annotations

import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
from fastembed import TextEmbedding
from fastembed.common.model_description import DenseModelDescription, ModelSource, PoolingType
from fastembed.text.static_embedding import supported_static_models
from loguru import logger

from lumen_hooks.errors import ModelError
from lumen_hooks.meant import did_you_mean
from lumen_hooks.settings import BUILTIN_MODEL

from .files import HINT, STATIC_WEIGHTS, ModelFiles, with_companions
from .packaged import PACKAGED_MODELS
from .text import MAX_TOKENS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from .identity import ModelIdentity

# fastembed logs to standard error through loguru what it then raises as well.
logger.disable("fastembed")

_POOLING = {"mean": PoolingType.MEAN, "cls": PoolingType.CLS, "last": PoolingType.LAST_TOKEN}

# Local models are given as folders; fastembed wants a source all the same, and never looks at it.
_NO_SOURCE = ModelSource(hf="local/unused")


class Engine:
    """A model loaded in fastembed. Vectors are float32 and checked for their length."""

    def __init__(self, model: TextEmbedding, identity: ModelIdentity) -> None:
        self._model = model
        self._identity = identity

    def embed(self, texts: Sequence[str], *, batch_size: int) -> NDArray[np.float32]:
        """The vectors of documents, shape (n, d), in the order of the texts.

        Raises:
            ModelError: the model cannot be run, or its vectors have another length.
        """
        with _failures(self._identity.name):
            rows = list(self._model.passage_embed(list(texts), batch_size=batch_size))
        return self._checked(rows)

    def embed_query(self, text: str) -> NDArray[np.float32]:
        """The vector of a query, shape (d,), as the model makes it.

        Raises:
            ModelError: as for `embed`.
        """
        with _failures(self._identity.name):
            rows = list(self._model.query_embed(text))
        vector: NDArray[np.float32] = self._checked(rows)[0]
        return vector

    def _checked(self, rows: list[Any]) -> NDArray[np.float32]:
        dimensions = self._identity.dimensions
        if not rows:
            return np.zeros((0, dimensions), dtype=np.float32)
        vectors = np.stack(rows).astype(np.float32, copy=False)
        if vectors.shape[1:] != (dimensions,):
            found = "x".join(str(length) for length in vectors.shape[1:])
            raise ModelError(
                f"the model {self._identity.name} makes vectors of length {found},"
                f" not {dimensions} as its configuration says",
                hint=HINT,
            )
        return vectors


def locate(name: str, models_folder: str) -> ModelFiles:
    """Find the files of a model that fastembed lists, on this machine.

    Args:
        name: as fastembed lists it.
        models_folder: fastembed's cache folder.

    Raises:
        ModelError: fastembed does not list it, or it is not there.
    """
    models = {str(entry["model"]).lower(): entry for entry in TextEmbedding.list_supported_models()}
    entry = models.get(name.lower())
    if entry is None:
        guess = did_you_mean(name, _called(str(entry["model"]) for entry in models.values()))
        unknown = f"lumen.model is {name}, which fastembed does not know"
        raise ModelError("; ".join(filter(None, (unknown, guess))), hint=HINT)
    try:
        model = _construct(name, models_folder, None, local_files_only=True, lazy_load=True)
    except Exception as error:  # fastembed lets many libraries' exceptions through
        raise ModelError(
            f"the model {name} (lumen.model) is not on this machine",
            hint=f"fetch it into {models_folder}, or use the built-in model:"
            " git config lumen.model builtin",
        ) from error
    # The folder that fastembed chose among its cache layouts has no public name.
    folder = str(model.model._model_dir)  # type: ignore[attr-defined]  # noqa: SLF001
    weights = str(entry["model_file"])
    digested = with_companions(folder, weights, tuple(entry["additional_files"]))
    return ModelFiles(folder, weights, int(entry["dim"]), "", digested)


def _called(models: Iterable[str]) -> dict[str, str]:
    """What people may write for each model there is: its name, also without whose it is."""
    names = [BUILTIN_MODEL, *PACKAGED_MODELS, *models]
    return {**{name.rpartition("/")[2]: name for name in names}, **{name: name for name in names}}


def load_named(identity: ModelIdentity, models_folder: str, threads: int) -> Engine:
    """Load a model that fastembed lists, from this machine only.

    Raises:
        ModelError: it is missing or unusable.
    """
    with _failures(identity.name):
        model = _construct(identity.name, models_folder, threads, local_files_only=True)
    return _truncated(Engine(model, identity), model)


def load_static(folder: str, identity: ModelIdentity) -> Engine:
    """Load `model.safetensors` and `tokenizer.json` of a folder with fastembed's static class.

    Raises:
        ModelError: it is unusable.
    """
    name = _local_name(identity)
    if all(known.model != name for known in supported_static_models):
        supported_static_models.append(
            DenseModelDescription(
                model=name,
                sources=_NO_SOURCE,
                model_file=STATIC_WEIGHTS,
                description="",
                license="",
                size_in_GB=0,
                dim=identity.dimensions,
            )
        )
    with _failures(identity.name):
        # The cache folder is made if it does not exist, and not used: name one that does.
        return Engine(_construct(name, folder, None, specific_model_path=folder), identity)


def load_onnx(files: ModelFiles, identity: ModelIdentity, threads: int) -> Engine:
    """Load a transformer from a folder.

    Raises:
        ModelError: it is unusable.
    """
    name = _local_name(identity)
    with _failures(identity.name):
        if all(known["model"] != name for known in TextEmbedding.list_supported_models()):
            TextEmbedding.add_custom_model(
                model=name,
                pooling=_POOLING[files.pooling],
                normalization=True,
                sources=_NO_SOURCE,
                dim=files.dimensions,
                model_file=files.weights,
            )
        model = _construct(name, files.folder, threads, specific_model_path=files.folder)
    return _truncated(Engine(model, identity), model)


def _local_name(identity: ModelIdentity) -> str:
    """Under which a folder's model is registered; fastembed registers a name once and for all."""
    return f"lumen-hooks/{identity.digest[:32]}"


def _construct(name: str, cache_dir: str, threads: int | None, **options: Any) -> TextEmbedding:
    with warnings.catch_warnings():
        # Deprecated cache layouts, and options that a static model has no use for.
        warnings.simplefilter("ignore")
        return TextEmbedding(name, cache_dir=cache_dir, threads=threads, **options)


def _truncated(engine: Engine, model: TextEmbedding) -> Engine:
    """Bound the tokens of a text: some models take 8,192, and memory grows with the square."""
    tokenizer = getattr(model.model, "tokenizer", None)
    if tokenizer is not None:
        current = tokenizer.truncation or {"max_length": MAX_TOKENS}
        length = min(MAX_TOKENS, current["max_length"])
        direction = current.get("direction", "right")
        tokenizer.enable_truncation(max_length=length, direction=direction)
    return engine


@contextmanager
def _failures(name: str) -> Iterator[None]:
    try:
        yield
    except Exception as error:  # fastembed lets many libraries' exceptions through
        reason = str(error).strip().split("\n", 1)[0] or type(error).__name__
        raise ModelError(f"the model {name} cannot be used: {reason}", hint=HINT) from error
