"""Where the console script starts: the command line, and the one catcher of errors."""

from __future__ import annotations

import sys

from lumen_hooks.system.supported import insist_on_supported_system

from .errors import UnsupportedError


def main() -> None:
    """Run the command line and exit with its code."""
    try:
        insist_on_supported_system()
    except UnsupportedError as error:
        print(f"error: {error.message}", file=sys.stderr)
        # A hook that a shared .pre-commit-config.yaml names is no reason for git to say "failed".
        sys.exit(0 if sys.argv[1:2] == ["hook"] else 1)
    from lumen_hooks.cli.main import run
    from lumen_hooks.cli.output import prepare_streams

    prepare_streams()
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
