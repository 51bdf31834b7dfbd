"""Answering a query from one worktree's index.

Reads the index through `storage.reader` and numpy; of chunking it knows which kinds of chunks
there are. It must not know SQL, git, the working tree or how an index is made.
"""
