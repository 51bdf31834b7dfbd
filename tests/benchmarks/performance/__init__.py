"""How quick, how large: each figure beside a limit that is measured in the same run.

`corpora` has what is measured on, `steps` measures one corpus, `beside` another tool on it,
`worktrees` many worktrees, `agents` agents at work; `family` counts what a command leaves behind.
`rows` compares with the goals, `page` writes docs/performance.md a part at a time, and `plots`
draws what it says. `tests.benchmarks.__main__` runs them.
"""
