"""Where the console script starts: the command line, and the one catcher of errors."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line and exit with its code."""
    from lumen_hooks.cli.main import run
    from lumen_hooks.cli.output import prepare_streams

    prepare_streams()
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
