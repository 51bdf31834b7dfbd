"""What happens where nothing can: on Windows, which is told by a name and lacks fcntl."""

from __future__ import annotations

import subprocess
import sys

from lumen_hooks.cli.main import COMMANDS

ON_WINDOWS = """
import sys

sys.platform = "win32"
sys.modules["fcntl"] = None  # so that an import of it fails
from lumen_hooks.__main__ import main

for line in {lines!r}:
    sys.argv = ["lumen-hooks", *line]
    try:
        main()
    except SystemExit as ended:
        print(ended.code)
import lumen_hooks.api as api

try:
    api.open_worktree(".")
except api.UnsupportedError as error:
    print(error.message)
"""


def test_on_windows_every_command_says_what_is_needed() -> None:
    lines = [[], ["--help"], ["-C", ".", "status"], *([command] for command in COMMANDS)]
    done = subprocess.run(
        [sys.executable, "-I", "-c", ON_WINDOWS.format(lines=lines)],
        check=True,
        capture_output=True,
        text=True,
    )
    *codes, refusal = done.stdout.splitlines()
    assert codes == ["0" if line == ["hook"] else "1" for line in lines]
    assert "WSL" in refusal
    assert done.stderr.splitlines() == [f"error: {refusal}"] * len(lines)
