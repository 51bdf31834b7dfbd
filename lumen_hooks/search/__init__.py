"""Answering a query from one worktree's index.

Reads the index through SQLite and numpy only; it must not know git, chunkers
or how an index is made.
"""
