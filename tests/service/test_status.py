"""A status as programs get it."""

from __future__ import annotations

import json

from lumen_hooks.indexing.progress import Report
from lumen_hooks.service.status import Status


def test_what_is_told_of_progress_has_names() -> None:
    progress = Report("builtin", 42, 1, 2, 3, 4, 5, None, None)
    status = Status(worktree="/w", index="", log="", progress=progress)
    told = json.loads(json.dumps(status.record()))
    assert told["progress"] == progress._asdict()
    assert told["worktree"] == "/w"
    assert Status(worktree="/w", index="", log="").record()["progress"] is None
