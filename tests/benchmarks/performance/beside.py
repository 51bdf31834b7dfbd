"""Another tool at the same work: semble, with our vectors in place of those that it downloads."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tests.benchmarks.measure import run

from .family import run_family

if TYPE_CHECKING:
    from tests.benchmarks.measure import Cost

    from .corpora import Corpus
    from .family import Family

_MODEL = """
import json, pathlib, shutil, sys
from safetensors.numpy import load_file, save_file
ours, theirs = map(pathlib.Path, sys.argv[1:])
tensors = load_file(ours / "model.safetensors")
vectors = tensors["embeddings"].astype("float32") * tensors["weights"][:, None]
save_file({"embeddings": vectors}, theirs / "model.safetensors")
shutil.copy(ours / "tokenizer.json", theirs / "tokenizer.json")
(theirs / "config.json").write_text(json.dumps({"normalize": True, "hidden_dim": 256}))
"""


class Beside(NamedTuple):
    """What it costs there.

    Attributes:
        version: of the tool.
        chunks: of code alone, which is what it takes without further options.
        build: a first question, which builds its index.
        cold: a question in a process of its own.
        edit: a question after one function was added.
    """

    version: str
    chunks: int
    build: Family
    cold: Cost
    edit: Cost


def semble(python: str, corpus: Corpus, folder: Path) -> Beside:
    """Ask semble as its users do.

    Args:
        python: an interpreter that has it; its command is beside it.
        corpus: what about; one function is added and taken away again.
        folder: its home.
    """
    from lumen_hooks.embedding.registry import BUILTIN_FOLDER

    model, home = folder / "model", folder / "home"
    model.mkdir()
    home.mkdir()
    run(python, "-c", _MODEL, BUILTIN_FOLDER, str(model), cwd=folder)
    env = {
        "HOME": str(home),
        "XDG_CACHE_HOME": str(home),
        "SEMBLE_MODEL_NAME": str(model),
        "HF_HUB_OFFLINE": "1",
    }
    top = corpus.top
    command = str(Path(python).parent / "semble")
    ask = (command, "search", corpus.question, str(top))
    run(*ask, cwd=top, env=env)  # unpacks its grammars, once
    run(command, "clear", "index", cwd=top, env=env)
    build = run_family(*ask, cwd=top, env=env)
    cold = min((run(*ask, cwd=top, env=env)[0] for _ in range(3)), key=_cpu)
    chunks = sum(len(np.load(path, mmap_mode="r")) for path in home.rglob("vectors.npy"))
    path = top / corpus.edited
    before = path.read_bytes()
    path.write_bytes(before + b"\n\ndef added_for_semble(first):\n    return first\n")
    edit = run(*ask, cwd=top, env=env)[0]
    path.write_bytes(before)
    version = run(command, "--version", cwd=top, env=env)[1].split()[-1]
    shutil.rmtree(home)
    return Beside(version, chunks, build, cold, edit)


def _cpu(cost: Cost) -> float:
    return cost.cpu
