"""How quick, how large: each figure beside a limit that is measured in the same run.

`corpora` has what is measured on, `steps` measures one corpus, `rows` compares with the goals,
`plots` draws, and `tests.benchmarks.__main__` writes docs/performance.md.
"""
