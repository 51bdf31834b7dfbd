"""Giving a new worktree a ready index: find a donor among its siblings, clone, publish."""
