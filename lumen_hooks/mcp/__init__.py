"""The server that coding agents ask, over the Model Context Protocol's stdio transport.

`server` speaks the protocol, `unread` reads what its package gives up on, `forms`
what clients write in other ways than ours. `tools` does what a call asks for,
`executor` runs it in threads, `roots` finds the worktree that a call is about,
`schemas` says what goes in and out, and `text` and `data` write it. Only `server`
and `unread` know the protocol's package.
"""
