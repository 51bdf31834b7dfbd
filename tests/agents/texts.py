"""Files as people have them, and a second way to read them."""

from __future__ import annotations

import json
import tomllib
from typing import Any

JSON = {
    "no file": None,
    "empty": "",
    "a line break": "\n",
    "a mark alone": "\ufeff",
    "a comment alone": "// mine\n",
    "no members": "{}",
    "no members, blanks": "{ }\n",
    "no members, lines": "{\n}\n",
    "no members, a comment": "{\n  // mine\n}\n",
    "one line": '{"a": {"b": [1, 2]}, "c": "\\"//"}',
    "one line, blanks": '{ "a": 1 }\r\n',
    "lines": '{\n  "a": 1,\n  "b": [\n    true\n  ]\n}\n',
    "no line break at the end": '{\n    "a": "x",\n    "b": null\n}',
    "carriage returns": '{\r\n  "a": 1,\r\n  "b": {\r\n  }\r\n}\r\n',
    "a mark": '\ufeff{\n\t"a": 1\n}\n',
    "tabs": '{\n\t"a": {\n\t\t"b": 2\n\t}\n}\n',
    "comments": '// top\n{\n  /* one */ "a": 1, // 2\n  // above\n  "b": 2 // 3\n  // end\n}\n',
    "trailing commas": '{\n  "a": [1, 2,],\n  "b": {"c": 1,}, // last\n}\n',
    "a block comment behind": '{\n  "a": 1 /* two\n lines */\n}\n',
    "a comma behind a comment": '{\n  "a": 1 // x\n  ,\n  "b": 2 /* y */ , // z\n}\n',
    "deep": '{"a": ' + "[" * 90 + "]" * 90 + "}\n",
    "escapes": '{"\\u0061//": "é\\\\", "x": -1.5e3}\n',
}
"""JSON without anything of ours; `{}` in a path's place is made from these by the tests."""

COMMENTED = {"a comment alone", "no members, a comment", "comments", "a block comment behind"}

TOML = {
    "no file": None,
    "empty": "",
    "a line break": "\n",
    "a mark alone": "\ufeff",
    "a comment alone": "# mine\n",
    "keys": 'model = "x" # why\n\n[profiles.a]\nb = [1,\n  2]\n',
    "no line break at the end": '[mcp_servers.other]\ncommand = "x"',
    "carriage returns": 'model = "x"\r\n[mcp_servers.other]\r\ncommand = "y"\r\n\r\n',
    "a mark": '\ufeffmodel = "x"\n',
    "a header in a text": 'a = """\n[mcp_servers.lumen]\n"""\n',
    "dotted": 'mcp_servers.other.command = "x"\n',
}

TEXTS = {
    "no file": None,
    "empty": "",
    "a line break": "\n",
    "a mark alone": "\ufeff",
    "lines": "# Mine\n\n- a\n",
    "blank lines": "# Mine\n\n\n",
    "no line break at the end": "# Mine",
    "carriage returns": "# Mine\r\n\r\n- a\r\n",
    "carriage returns, none at the end": "# Mine\r\n- a",
    "both line breaks": "# Mine\r\n- a\n",
    "a mark": "\ufeff# Mine\n",
    "tabs": "\t# Mine\n",
}


def read_jsonc(text: str) -> Any:
    """What JSON with comments and trailing commas says: without those, the strict parser reads."""
    out, at, quoted = "", 0, False
    text = text.removeprefix("\ufeff")
    while at < len(text):
        if quoted:
            step = 2 if text[at] == "\\" else 1
            quoted = text[at] != '"'
            out, at = out + text[at : at + step], at + step
        elif text.startswith("//", at):
            at = min(i for i in (text.find("\n", at), len(text)) if i >= 0)
        elif text.startswith("/*", at):
            at = text.index("*/", at) + 2
        else:
            if text[at] in "]}":
                stripped = out.rstrip()
                out = stripped[:-1] if stripped.endswith(",") else out
            quoted = text[at] == '"'
            out, at = out + text[at], at + 1
    return json.loads(out) if out.strip() else None


def read_toml(text: str) -> Any:
    return tomllib.loads(text.removeprefix("\ufeff"))
