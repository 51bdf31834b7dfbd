"""How deeply a YAML text is nested, told before its parser sees it.

The YAML grammar's scanner (tree-sitter-yaml 0.7.2) keeps four bytes per level in a buffer of 1,024
and does not look where that ends: 256 levels kill the process. No exception can be caught there,
so such a text must not reach the parser. Knows nothing of YAML beyond its indentation.
"""

from __future__ import annotations

import re

_BREAKS = re.compile(r"[\r\n]")  # A lone carriage return ends a line in YAML.
_INDICATORS = re.compile(r"([ \t]*)((?:[-?:][ \t]+)*)")


def nesting(text: str) -> int:
    """Return an upper bound of half the levels to which the blocks of a text are nested.

    Every deeper indentation counts as one, and so does every `- ` in front of a line's content.
    Half, because a sequence may stand in the column of the mapping that it is in.
    """
    deepest = 0
    stack: list[tuple[int, int]] = []
    for row in _BREAKS.split(text):
        match = _INDICATORS.match(row)
        if match is None or match.end(1) == len(row):
            continue
        indent = match.end(1)
        while stack and stack[-1][0] >= indent:
            stack.pop()
        depth = (stack[-1][1] if stack else 0) + 1 + len(match[2].split())
        stack.append((indent, depth))
        deepest = max(deepest, depth)
    return deepest
