"""The numbers that decide where chunks end, and their place in the index fingerprint.

Imports nothing, so that whoever compares fingerprints need not load a parser. All sizes are
characters of source text, line breaks included.
"""

from __future__ import annotations

CHUNKER_VERSION = 7
"""Raised when the rules change in a way that the sizes below do not show (queries included)."""

WHOLE_MAX = 2000
"""A definition up to this size is one chunk; no chunk's text is ever longer."""

PART_MIN = 500
PART_MAX = 1900
"""A larger one is cut where a part lies between these two: about 1,200 on average."""

LONG_LINE_SLICE = 1200
"""A single line above WHOLE_MAX (minified code) is cut into pieces of this size."""

CONTAINER_WHOLE_MAX = 600
"""A class up to this size stays in one piece, members and all."""

TINY = 400
"""A piece below this size shares a chunk with a neighbour, if one fits."""

MERGE_MAX = 1400
"""Neighbours share a chunk up to this size together."""

MERGE_STOP_MIN = 700
MERGE_STOP_ONE_IN = 4
"""A group of at least MERGE_STOP_MIN ends before one name in so many, by the name's checksum."""

NAMES_MAX = 6
"""So many names stand in the symbol of a merged chunk."""

HELD_MAX = 64
HELD_NAMES_MAX = 2000
"""So many definitions of a chunk are told one by one, with so many characters of names in all; the
first one always."""

SIGNATURE_MAX = 240
"""A repeated signature is cut here."""

PARSE_SECONDS_MAX = 1.0
PARSE_SECONDS_PER_CHARACTER = 3e-6
"""A file that takes more CPU time to parse is cut by what its lines show: ten times the usual."""

UNNAMED_SIBLINGS_MAX = 10_000
"""So is one with more tokens than this in one error: a query looks at each from each."""

READ_ON_MAX = 6
"""So often a text is read on behind an error that its parser does not get over."""

PARTS_MAX = 1000
"""So many parts of a text are cut by their own language."""

CHUNKER_SETTINGS = (
    f"chunker={CHUNKER_VERSION};whole={WHOLE_MAX};part={PART_MIN}-{PART_MAX}/{LONG_LINE_SLICE};"
    f"container={CONTAINER_WHOLE_MAX};tiny={TINY};merge={MERGE_STOP_MIN}-{MERGE_MAX}/{MERGE_STOP_ONE_IN};"
    f"names={NAMES_MAX};held={HELD_MAX}/{HELD_NAMES_MAX};signature={SIGNATURE_MAX};"
    f"unnamed={UNNAMED_SIBLINGS_MAX};parts={PARTS_MAX};on={READ_ON_MAX}"
)
"""Part of the index fingerprint: two indexes that differ here are not interchangeable."""
