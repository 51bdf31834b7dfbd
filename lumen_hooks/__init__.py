"""A semantic code index that follows your git worktrees.

The package root imports nothing: the hook tier starts from here and every
millisecond that it spends is spent in front of a git command.
"""

from __future__ import annotations

__version__ = "0.1.0"
