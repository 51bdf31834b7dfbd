"""The server that coding agents ask, over the Model Context Protocol's stdio transport.

`server` speaks the protocol, `desk` does what a tool call asks for, `calls`
runs it in threads, `searchers` keeps indexes open, `places` finds the worktree
that a call is about, `models` says what goes in and out, and `text` writes it
for readers. Only `server` and `models` know the protocol's package.
"""
