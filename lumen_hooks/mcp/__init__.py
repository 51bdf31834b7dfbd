"""The server that coding agents ask, over the Model Context Protocol's stdio transport.

`server` speaks the protocol, `tools` does what a call asks for, `executor` runs
it in threads, `roots` finds the worktree that a call is about, `schemas` says
what goes in and out, and `text` writes it for readers. Only `server` and
`schemas` know the protocol's packages.
"""
