"""Which models there are, by name, folder or package, and which of them is in force.

Nothing is loaded here. Every entry point compares identities, so for the
built-in model this imports nothing and reads a few hundred bytes. For another
model the digest of its files is remembered beside the downloaded models until
one of them changes.
"""

from __future__ import annotations

import hashlib
import json
import os
from contextlib import suppress
from typing import TYPE_CHECKING

from lumen_hooks.errors import ModelError
from lumen_hooks.settings import BUILTIN_MODEL

from .files import (
    POOLING,
    STATIC_WEIGHTS,
    TOKENIZER,
    ModelFiles,
    describe_folder,
    digest,
    safetensors_header,
)
from .identity import ModelIdentity
from .packaged import packaged_files

if TYPE_CHECKING:
    from lumen_hooks.settings import Settings

BUILTIN_FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "weights")
BUILTIN_FILES = (STATIC_WEIGHTS, TOKENIZER, POOLING)
DIGEST_FILE = "DIGEST"


def identify(settings: Settings) -> ModelIdentity:
    """The identity of the model in force.

    Args:
        settings: names the model, and where downloaded models are kept.

    Raises:
        ModelError: the model is unknown, or its files are not on this machine.
    """
    name = settings.model
    if name == BUILTIN_MODEL:
        return identify_builtin()
    place = settings.models_folder
    files = local_files(name)
    if files is not None:
        return _recall(name, place, files) or _remember(name, files, place)
    known = _recall(name, place)
    if known is not None:
        return known
    from .fastembed_engine import locate

    return _remember(name, locate(name, place), place)


def local_files(model: str) -> ModelFiles | None:
    """The files of a model that is a folder's or a package's; None for one that fastembed lists.

    Raises:
        ModelError: there is no model in the folder, the package is not installed, or it is a
            relative path, which would mean another model in every directory.
    """
    if model.startswith(("./", "../")):
        raise ModelError(f"lumen.model is the relative path {model}", hint="give its full path")
    folder = os.path.expanduser(model)
    return describe_folder(folder) if os.path.isabs(folder) else packaged_files(model)


def _remember(name: str, files: ModelFiles, place: str) -> ModelIdentity:
    """Digest a model's files and remember the result until one of them changes.

    Raises:
        ModelError: a file cannot be read.
    """
    before = _stamps(files)
    identity = ModelIdentity(name, digest(files.folder, files.digested), files.dimensions)
    if before is None or _stamps(files) != before:
        return identity
    record = {"digest": identity.digest, "dimensions": identity.dimensions, "files": before}
    import tempfile

    # Only saves time, so a folder that cannot be written is no error.
    with suppress(OSError):
        os.makedirs(place, exist_ok=True)
        handle, path = tempfile.mkstemp(prefix=".identity-", dir=place)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(record, file)
            os.replace(path, _record_path(name, place))
        except OSError:
            os.unlink(path)
            raise
    return identity


def identify_builtin() -> ModelIdentity:
    """The identity of the model that is part of this package.

    Raises:
        ModelError: its files are missing or damaged.
    """
    path = os.path.join(BUILTIN_FOLDER, DIGEST_FILE)
    try:
        with open(path, encoding="ascii") as file:
            value = file.read().strip()
    except OSError as error:
        raise ModelError(
            f"the built-in model is incomplete: {error}", hint="install lumen-hooks again"
        ) from error
    tensor = safetensors_header(os.path.join(BUILTIN_FOLDER, STATIC_WEIGHTS)).get("embeddings")
    if tensor is None or len(tensor.shape) != 2:
        raise ModelError("the built-in model is damaged", hint="install lumen-hooks again")
    return ModelIdentity(BUILTIN_MODEL, value, tensor.shape[1])


def _record_path(name: str, place: str) -> str:
    key = hashlib.sha256(name.encode("utf-8", "surrogateescape")).hexdigest()[:16]
    return os.path.join(place, f"identity-{key}.json")


def _recall(name: str, place: str, files: ModelFiles | None = None) -> ModelIdentity | None:
    """What was remembered for a name, if every file is as it was.

    A folder's files are given, because one may have been added; those of a
    downloaded model never change under their revision.
    """
    try:
        with open(_record_path(name, place), encoding="utf-8") as file:
            record = json.load(file)
        known = record["files"]
        current = [_stamp(path) for path, *_ in known] if files is None else _stamps(files)
        if current != known:
            return None
        return ModelIdentity(name, str(record["digest"]), int(record["dimensions"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _stamps(files: ModelFiles) -> list[list[object]] | None:
    """Path, size and time of every file, and of what names the downloaded revision, if anything."""
    paths = [os.path.join(files.folder, name) for name in files.digested]
    # huggingface_hub keeps snapshots/<revision> and, in refs/main, which of them is current.
    main = os.path.join(files.folder, "..", "..", "refs", "main")
    if os.path.isfile(main):
        paths.append(os.path.normpath(main))
    try:
        return [_stamp(path) for path in paths]
    except OSError:
        return None


def _stamp(path: str) -> list[object]:
    status = os.stat(path)
    return [path, status.st_size, status.st_mtime_ns]
