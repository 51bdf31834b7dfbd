"""What leads to the user's own files through the environment, so that no test is led there."""

from __future__ import annotations

import os

STEERING = (
    *("GIT_", "LUMEN_", "XDG_", "PRE_COMMIT", "FASTEMBED_", "HF_"),
    *("AWS_", "AZURE_", "FSSPEC_", "GOOGLE_"),
    *("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"),
    *("CLAUDE_CONFIG_DIR", "CODEX_HOME", "GEMINI_CLI_HOME", "COPILOT_HOME"),
)
"""How variables begin that say where a program's files are, or what it does with them."""


def steering_variables() -> list[str]:
    """Those that this process was started with."""
    return [name for name in os.environ if name.startswith(STEERING)]
