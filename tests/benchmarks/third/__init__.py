"""The third judge: repositories that nothing was trained or chosen on."""

from __future__ import annotations

from lumen_hooks.embedding.threads import limit_threads

limit_threads(1)  # before numpy is imported: more threads wait for each other, query by query
