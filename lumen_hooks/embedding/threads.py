"""How many threads the numerical libraries may start.

They read these variables when they are imported (OpenBLAS, OpenMP) or first
used (the tokenizers' thread pool), and offer no other way. Imports nothing
of theirs, so that it can run before them.
"""

from __future__ import annotations

import os

_POOL_SIZES = (
    "OPENBLAS_NUM_THREADS",
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "RAYON_NUM_THREADS",
)


def limit_threads(threads: int) -> None:
    """Bound the threads of numpy and tokenizers in this process and its children.

    Call it before either is imported: OpenBLAS fixes its number then (and
    importing numpy with one thread costs a third of the CPU time). Later calls
    still bound the tokenizers until they first ran in parallel. onnxruntime
    takes its number with each session instead.

    Args:
        threads: how many, at least 1.
    """
    for name in _POOL_SIZES:
        os.environ[name] = str(threads)
    # Read at every call: with one thread the texts are tokenized in this thread.
    os.environ["TOKENIZERS_PARALLELISM"] = "true" if threads > 1 else "false"
