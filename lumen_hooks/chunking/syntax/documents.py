"""YAML's documents as definitions: Kubernetes' by kind and name.

A file of several documents repeats its keys, and `kind, metadata, spec` says of none which it is.
Knows keys and values; no sizes.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lumen_hooks.chunking.definition import Definition
from lumen_hooks.chunking.settings import WHOLE_MAX

if TYPE_CHECKING:
    from tree_sitter import Node

_NAME_MAX = 100
_NO_TEXT = frozenset("|>&*[!#")
_TEMPLATE_LINE = re.compile(rb"^[ \t]*\{\{[^\n]*\}\}[ \t]*$", re.MULTILINE)


def without_template_lines(source: bytes) -> bytes:
    """A text of the same length without the lines that are for a template engine alone (Helm's)."""
    if b"{{" not in source:
        return source
    return _TEMPLATE_LINE.sub(lambda match: b" " * len(match[0]), source)


def name_documents(root: Node, top: Definition, source: bytes) -> None:
    """Put the keys of each document that says what it is into one definition with that name."""
    members = iter(top.members)
    one = next(members, None)
    named: list[Definition] = []
    for document in root.children:
        keys = []
        while one is not None and one.start_byte < document.end_byte:
            keys.append(one)
            one = next(members, None)
        name = _name(keys, source) if document.type == "document" else ""
        named += [_document(name, keys)] if name else keys
    top.members[:] = named


def _document(name: str, keys: list[Definition]) -> Definition:
    first, last = keys[0], keys[-1]
    found = Definition(
        kind="key",
        names=[name],
        first=first.first,
        last=last.last,
        name_row=first.name_row,
        start_byte=first.start_byte,
        end_byte=last.end_byte,
        name_node=first.name_node,
    )
    found.is_text = True
    found.whole_max = WHOLE_MAX
    found.members = keys
    return found


def _name(keys: list[Definition], source: bytes) -> str:
    """`Deployment web`, or empty if the document does not say its kind and its name."""
    kind = _value(keys, "kind", source)
    metadata = [key for key in keys if key.names == ["metadata"]]
    name = _value(metadata[0].members, "name", source) if kind and metadata else ""
    if metadata and not name:
        name = _value(metadata[0].members, "generateName", source)
    return f"{kind} {name}"[:_NAME_MAX] if kind and name else ""


def _value(keys: list[Definition], name: str, source: bytes) -> str:
    """The value of a key, if it is a text on the key's own row."""
    for key in keys:
        if key.names == [name] and key.name_node is not None:
            start = key.name_node.end_byte
            # By its row and not by the tree: the way up from a node takes time for all documents.
            row = source[start : start + 4 * _NAME_MAX].partition(b"\n")[0]
            value = row.decode("utf-8", "replace").strip().removeprefix(":").partition(" #")[0]
            text = value.strip().strip("\"'").replace(", ", " ")
            return "" if text[:1] in _NO_TEXT else text
    return ""
