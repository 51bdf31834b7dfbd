"""What files teach whose language has no grammar: the same pairs, found by lines and indentation.

Documentation stands above a definition, or where the language keeps it apart: in OCaml's and
Objective-C's interface files, in Perl's POD, in Terraform's `description`.
"""

from __future__ import annotations

import re
from pathlib import PurePath
from typing import TYPE_CHECKING, NamedTuple

from lumen_hooks.chunking.identifiers import split_identifiers
from lumen_hooks.chunking.settings import WHOLE_MAX
from lumen_hooks.files.roles import is_test

from .comments import first_sentence
from .history import pairs_of_history
from .line_languages import BY_ENDING, INTERFACES, language_by_ending
from .pairs import MIN_CODE, Pair
from .sources import files_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from .line_languages import LineLanguage

Docs = dict[str, str]
"""Documentation that stands elsewhere, by the name of what it documents."""

_COMMENT_LINES = 80
_BODY_LINES = 160
_MIN_BLOCK = 40
_CLOSER = re.compile(r"\s*(?:end\b|\}|\)|\]|\$\$|GO\s*$)")
_CLOSES_SIGNATURE = re.compile(r"\s*\)\s*(\{|->|=|::|!?\w)")
_OPENS_NEXT = frozenset({"objectivec", "perl", "zig", "terraform"})
"""Languages whose opening brace may have a line of its own."""

_ATTRIBUTE = re.compile(r"\s*(@\w+[^\"]*$|#\[|\{-#.*#-\}\s*$|\[@)")
_SQL_END = re.compile(r"\s*(GO|\{%-?\s*end\w+.*)\s*$", re.IGNORECASE)
_NO_NAMES = frozenset(
    "if for while let do where case return module import _ then else".split()  # noqa: SIM905
)
_DESCRIPTION = re.compile(
    r'^\s*description\s*=\s*"((?:[^"\\]|\\.)*)"\s*$'
    r"|^\s*description\s*=\s*<<-?(\w+)\n(.*?)\n\s*\2\s*$",
    re.MULTILINE | re.DOTALL,
)
_POD = re.compile(
    r"^=(?:head[1-4]|item)\s+(?:\$?\w+->)?(\w+)[^\n]*\n\n(.*?)(?=^=)", re.MULTILINE | re.DOTALL
)
_POD_BLOCK = re.compile(r"^=\w.*?^=cut\s*$", re.MULTILINE | re.DOTALL)
_OCAML_VALUE = re.compile(r"\s*(?:val|external)\s+([a-z_][\w']*)\s*:")
_OBJC_METHOD = re.compile(r"[-+]\s*\([^)]*\)\s*(\w+)")
_OBJC = re.compile(r"^\s*@(?:implementation|interface|protocol)\b", re.MULTILINE)


class _Found(NamedTuple):
    """A definition; `kind` is empty for a function."""

    name: str
    symbol: str
    kind: str
    doc: str
    code: str


def pairs_by_lines(repository: Path, commit: str) -> Iterator[Pair]:
    """All pairs of a commit's files without a grammar, and of their history."""
    files: list[tuple[str, LineLanguage, str]] = []
    apart: dict[tuple[str, str], Docs] = {}
    for path, text in files_of(repository, commit):
        ending = PurePath(path).suffix.lower().lstrip(".")
        language = language_by_ending(path)
        if is_test(path):
            continue
        if ending == "mli":
            apart.setdefault(("ocaml", _stem(path)), {}).update(_ocaml_docs(text))
        elif ending in INTERFACES and _OBJC.search(text):
            stem = PurePath(path).stem
            apart.setdefault(("objectivec", stem), {}).update(_objc_docs(text))
        elif language is not None and (language.name != "objectivec" or _OBJC.search(text)):
            files.append((path, language, text))
    for path, language, text in files:
        stem = PurePath(path).stem if language.name == "objectivec" else _stem(path)
        yield from pairs_of_text(language, text, apart.get((language.name, stem), {}))
    names = {language.name for _, language, _ in files}
    endings = {
        form for one in BY_ENDING if BY_ENDING[one].name in names for form in (one, one.upper())
    }
    if endings:
        yield from pairs_of_history(repository, commit, sorted(endings), _name_by_ending)


def pairs_of_text(language: LineLanguage, text: str, docs: Docs) -> Iterator[Pair]:
    """The pairs of one file."""
    if language.name == "perl":
        docs = {found[1]: found[2].split("\n\n")[0] for found in _POD.finditer(text)}
        text = _POD_BLOCK.sub("", text).split("\n__END__")[0]
    for found in _definitions(language, text):
        doc, code = found.doc or docs.get(found.name, ""), found.code
        least = MIN_CODE
        if language.name == "terraform":
            doc, code = _described(doc, code)
            least = _MIN_BLOCK
        if len(code) < least:
            continue
        sentence = first_sentence(doc, found.name) if doc else ""
        if sentence:
            yield Pair("doc", language.name, sentence, found.symbol, code[:WHOLE_MAX])
        elif not found.kind and language.name != "terraform":
            yield from _by_name(language, found)


def _stem(path: str) -> str:
    return path.rpartition(".")[0]


def _name_by_ending(path: str) -> str:
    language = language_by_ending(path)
    return language.name if language is not None else ""


def _by_name(language: LineLanguage, found: _Found) -> Iterator[Pair]:
    name = found.name.rsplit(".", 1)[-1] if language.name == "sql" else found.name
    spaced = split_identifiers(name).replace("_", " ").replace(".", " ")
    words = spaced.lower().split()
    if len(words) >= 2 and len(found.name) >= 8 and len(found.code) >= 3 * MIN_CODE:
        masked = re.sub(rf"\b{re.escape(found.name)}\b", " ", found.code)
        scope = found.symbol.rpartition(".")[0]
        yield Pair("name", language.name, " ".join(words), scope, masked[:WHOLE_MAX])


def _described(doc: str, code: str) -> tuple[str, str]:
    """A Terraform block's description and the block without it."""
    match = _DESCRIPTION.search(code)
    if match is None:
        return doc, code
    rest = code[: match.start()] + code[match.end() :]
    return match[1] or match[3] or "", _full_lines(rest.split("\n"))


def _definitions(language: LineLanguage, text: str) -> Iterator[_Found]:
    lines = text.split("\n")
    outer, seen = "", set()
    for number, line in enumerate(lines):
        bare = line.lstrip()
        if not bare or 0 <= language.indent_max < len(line) - len(bare):
            continue
        match = language.definition.match(bare)
        if match is None:
            continue
        groups = {key: value for key, value in match.groupdict().items() if value}
        name = next((v for k, v in groups.items() if k.startswith("name")), "").strip('[]"`')
        kind = groups.get("kind") or groups.get("kind2", "")
        if not name or name in _NO_NAMES:
            continue
        if kind and language.name in {"objectivec", "perl"}:
            outer = name
        if _only_declared(language, line, kind):
            continue
        if language.name == "haskell" and not kind:
            if name in seen:
                continue
            seen.add(name)
        symbol = _symbol(language, groups, name, outer)
        doc = _comment_above(lines, number, language)
        yield _Found(name, symbol, kind, doc, _body(lines, number, language, name))


def _only_declared(language: LineLanguage, line: str, kind: str) -> bool:
    """Whether a line names what stands elsewhere, or what only holds others."""
    if language.name == "perl":
        return bool(kind)
    if language.name != "objectivec":
        return False
    if kind:
        return "@interface" in line
    return line.lstrip().startswith(("-", "+")) and ";" in line and "{" not in line


def _symbol(language: LineLanguage, groups: dict[str, str], name: str, outer: str) -> str:
    if language.name == "terraform":
        kind = groups.get("kind2") or groups.get("kind", "").replace("resource", "")
        return ".".join(filter(None, (kind, groups.get("of"), name)))
    if language.name in {"objectivec", "perl"} and outer and name != outer:
        return f"{outer.replace('::', '.')}.{name}"
    return name


def _comment_above(lines: list[str], number: int, language: LineLanguage) -> str:
    """The text of the comment that ends on the line above."""
    last = number - 1
    while last >= 0 and _ATTRIBUTE.match(lines[last]) and not lines[last].strip().startswith('"""'):
        last -= 1
    if last < 0:
        return ""
    end = language.block[1]
    if end and re.search(rf"{end}\s*$", lines[last].strip()):
        return _block_above(lines, last, language)
    if not language.line:
        return ""
    mark = re.compile(rf"\s*(?:{language.line})\s?")
    found: list[str] = []
    while last >= 0 and mark.match(lines[last]) and not lines[last].lstrip().startswith("{-#"):
        found.insert(0, mark.sub("", lines[last], count=1))
        last -= 1
    text = "\n".join(found)
    if language.name == "r":
        text = re.split(r"^\s*@(?!description)", text, flags=re.MULTILINE)[0]
        text = text.replace("@description", "")
    return re.sub(r"^[-=*#]{3,}\s*$", "", text, flags=re.MULTILINE).strip()


def _block_above(lines: list[str], last: int, language: LineLanguage) -> str:
    """The text of a comment of several lines that ends on this one."""
    start, end = language.block
    first = last
    alike = start == end
    if alike and lines[last].count('"""') < 2:
        first -= 1
    while first >= 0 and last - first < _COMMENT_LINES and not re.search(start, lines[first]):
        first -= 1
    if first < 0:
        return ""
    text = re.sub(start, "", "\n".join(lines[first : last + 1]), count=1)
    text = re.sub(rf"{end}\s*$", "", text)
    rows = text.split("\n")
    if alike:  # Julia's docstring begins with the signature, indented
        rows = [row for row in rows if not re.match(r"( {4}|\t)\S", row)]
    return "\n".join(re.sub(r"^\s*\*+(?!\))\s?", "", row) for row in rows).strip()


def _body(lines: list[str], first: int, language: LineLanguage, name: str) -> str:
    """A definition's lines: those that are indented further, and what closes it."""
    if language.name == "sql":
        return _sql_body(lines, first, language)
    indent = _indent(lines[first])
    found = [lines[first]]
    for line in lines[first + 1 : first + _BODY_LINES]:
        if line.strip() and _indent(line) <= indent:
            goes_on = (
                line.strip() in {"{", ")"}
                or _CLOSES_SIGNATURE.match(line) is not None
                or (language.name == "haskell" and re.match(rf"{re.escape(name)}\b", line.lstrip()))
            )
            if line.strip() == "{" and language.name not in _OPENS_NEXT:
                goes_on = False
            if not goes_on:
                found += [line] if _CLOSER.match(line) else []
                break
        found.append(line)
    return _full_lines(found)


def _sql_body(lines: list[str], first: int, language: LineLanguage) -> str:
    found = [lines[first]]
    for number in range(first + 1, min(first + _BODY_LINES, len(lines))):
        found.append(lines[number])
        following = lines[number + 1].lstrip() if number + 1 < len(lines) else ""
        if _SQL_END.match(lines[number]) or language.definition.match(following):
            break
    return _full_lines(found)


def _ocaml_docs(text: str) -> Docs:
    """What an interface says of its values: the comment above, or the one that follows."""
    lines = text.split("\n")
    language = BY_ENDING["ml"]
    docs: Docs = {}
    for number, line in enumerate(lines):
        match = _OCAML_VALUE.match(line)
        if match is None:
            continue
        doc = _comment_above(lines, number, language) or _comment_after(lines, number)
        if doc:
            docs[match[1]] = re.sub(r"\[([^\]]*)\]", r"\1", doc)
    return docs


def _comment_after(lines: list[str], number: int) -> str:
    first = number + 1
    while first < min(len(lines), number + 8) and lines[first].strip():
        if "(**" in lines[first] or _OCAML_VALUE.match(lines[first]):
            break
        first += 1
    if first >= len(lines) or not lines[first].strip().startswith("(**"):
        return ""
    last = first
    while last < len(lines) - 1 and "*)" not in lines[last] and last - first < _COMMENT_LINES // 2:
        last += 1
    return re.sub(r"\(\*+|\*+\)", "", "\n".join(lines[first : last + 1])).strip()


def _objc_docs(text: str) -> Docs:
    lines = text.split("\n")
    language = BY_ENDING["m"]
    found = [(_OBJC_METHOD.match(line), number) for number, line in enumerate(lines)]
    docs = {match[1]: _comment_above(lines, number, language) for match, number in found if match}
    return {name: doc for name, doc in docs.items() if doc}


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _full_lines(lines: Iterable[str]) -> str:
    return "\n".join(line for line in lines if line.strip())
