"""C and C++ as a parser can read them that does not know what their macros stand for.

`class API Foo` is a function to the grammar, `TEST(Suite, Name) {` one called TEST, and a line that
is only a macro takes the definition after it along. So the parser is given a text of the same
length, with its line breaks in their places, in which macros are blank that only add to a
declaration, and those that define something are a definition. Names and lines are read from the
text itself. What counts as a macro is written in capitals; a preprocessor knows more, but would
need every header. Knows no syntax tree and no chunks.
"""

from __future__ import annotations

import re
from itertools import islice
from typing import NamedTuple

from .c_branches import without_other_branches

_MACRO = rb"[A-Z][A-Z0-9_]{2,}\b"
_INNER = rb"\([^()]{0,200}(?:\([^()]{0,200}\)[^()]{0,200}){0,3}\)"

_TAG = re.compile(
    rb"\b(?:(?:class|struct|union|enum(?:\s+(?:class|struct))?)\s+"
    rb"(?:(?P<before>(?:(?:" + _MACRO + rb"|__(?!attribute|declspec|extension)[a-z]\w*)"
    rb"(?:[ \t]?" + _INNER + rb")?\s+)+)[A-Za-z_]\w*(?:::\w+|<[^<>;{}()]{0,200}>)*"
    rb"|[A-Za-z_]\w*[a-z]\w*\s+(?P<after>" + _MACRO + rb"(?:[ \t]?" + _INNER + rb")?))"
    rb"\s*(?:final\s*)?(?::(?!:)[^;{}()]{0,500})?"
    rb"|namespace\s+[\w:]+\s+(?P<space>" + _MACRO + rb"(?:[ \t]?" + _INNER + rb")?)\s*)\{"
)
"""`class API Foo : Base {`, `struct Foo PACKED {` and `namespace foo API {`."""

_BEHIND = re.compile(
    rb"\)(?P<kept>\s*(?:(?:const|noexcept|override|final|volatile|&&?)\s*)*)"
    rb"(?P<macros>(?:" + _MACRO + rb"(?:[ \t]?" + _INNER + rb")?\s*){1,5})"
    rb"(?=[{;]|:[^:]|->|=\s*(?:0|default|delete)\b|(?:const|override|noexcept|final|requires)\b)"
)
"""`int f(int x) const REQUIRES(lock) {`."""

_DECLARED = re.compile(
    rb"[ \t]*(?!(?:return|else|throw|case|goto|delete|new|if|for|while|switch|do|sizeof)\b)"
    rb"(?P<type>[\w:<>,*&~ \t]{0,300}[ \t*&>])?[\w:~]+[ \t]?"
)
"""What stands on a line before the parenthesis of a function's parameters."""

_AT_LINE_START = re.compile(
    rb"^[ \t]*(?:(?:static|inline|extern|constexpr|virtual|\[\[[^\]\n]{1,100}\]\])[ \t]+)*"
    rb"(?P<macro>DEFINE_[a-z]\w*|" + _MACRO + rb")(?P<open>[ \t]?\()?",
    re.MULTILINE,
)
_DECLARATION = re.compile(
    rb"[ \t]+(?:(?:static|inline|virtual|explicit|constexpr|extern|friend|template|typedef|typename"
    rb"|struct|class|union|enum|void|bool|char|short|int|long|float|double|signed|unsigned|auto)\b"
    rb"|(?!__[a-z]+call\b|__cdecl\b)[A-Za-z_][\w:]*(?:<[^;{}()\n]{0,200}>)?"
    rb"(?:[ \t]*[*&]+[ \t]*|[ \t]+)[A-Za-z_~][\w:~<>]{0,200}[ \t]?\()"
)
"""What follows a macro in front of a declaration: a type and a name, at least."""

_ANOTHER = re.compile(rb"[ \t]+" + _MACRO + rb"(?:[ \t]?" + _INNER + rb")?")
_BETWEEN = re.compile(rb"(?<=[ \t*&])" + _MACRO + rb"[ \t]+(?=[A-Za-z_~][\w:~]*[ \t]?\()")
_TYPE = re.compile(rb"[\w:<>,*& \t]{1,300}")
"""`static int WINAPI foo(`."""

_SPECIFIERS = frozenset(
    b"static inline extern const volatile virtual constexpr explicit friend typedef register struct"
    b" class union enum typename public private protected".split()
)
_STATEMENTS = frozenset(b"return else case goto new delete throw if while for do switch".split())
_NOTHING_MORE = re.compile(rb"[ \t]*(?://[^\n]*|/\*[^\n]*\*/[ \t]*)?(?:\n|\Z)")
_GOES_ON = re.compile(
    rb"\s*(?:[({=,;.?+*&|<>%:-]|\[(?!\[)|(?!(?:if|for|while|switch|return|static_assert)\b|"
    + _MACRO
    + rb"[ \t]?"
    + _INNER
    + rb"[ \t]*\n(?!\s*\{))[A-Za-z_]\w*[ \t]?\()"
)
"""What makes the line above it a part of the same: an operator, or a name with parameters."""

_CALL = re.compile(rb"[ \t]?" + _INNER + rb"[ \t]*;")
_BODY = re.compile(rb"\s*(?:\([^(){};]{0,500}\)\s*)?\{")
_PARAMETERS = re.compile(rb"\s*\(")
_TOKEN = re.compile(
    rb"\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'|//[^\n]*|/\*.*?\*/|[(),;{}]|\*/", re.DOTALL
)
_NAME = re.compile(rb"\s*(?:([A-Za-z_][\w:]*)|u?\"((?:[^\"\\\n]|\\.)+)\")\s*\Z")

_TESTS = re.compile(rb"(?:\w+_)?(?:TESTS?|BENCHMARK|SCENARIO)(?:_\w+)?\Z")
_IN_TESTS = re.compile(rb"(?:DYNAMIC_)?SECTION\Z|SUBCASE\Z|(?:AND_)?(?:GIVEN|WHEN|THEN)\Z")
_NAMED_BY_TWO = re.compile(
    rb"(?!BOOST_)(?:\w+_)?(?:TEST|METHOD)(?:_[FPU])?\Z|\w+_[FP]\Z|TEST_CASE_METHOD\Z"
)
_SYSTEM_CALL = re.compile(rb"(COMPAT_)?SYSCALL_DEFINE\d\Z")
_PER_CPU = re.compile(rb"DEFINE_PER_CPU(?:_\w+)?\Z")
_DEFINES = re.compile(rb"(?:\w+_)?DEFINE(?:_\w+)?\Z|TRACE_EVENT\w*\Z")

_ARGUMENTS_MAX = 4000
_BACK_MAX = 2000
_IN_A_ROW_MAX = 8
_LINES_MAX = 20_000
"""A text with more lines that begin with a macro is a table."""
_LOOKED_AT_MAX = 4
"""So many times the text's length is looked at for ends of parentheses, whatever it is."""


_ENUM = re.compile(
    rb"\b(?:NS|CF|UI)_(?:CLOSED_|ERROR_|STRING_)?(?:ENUM|OPTIONS)[ \t]{0,9}\([^(),;{}]{1,200},"
    rb"\s{0,99}(?P<name>\w{1,200})\s{0,99}\)"
)
"""`typedef NS_ENUM(NSInteger, Colour) {`."""


class Readable(NamedTuple):
    """A text for the parser.

    Attributes:
        source: as long as the original, with the same line breaks.
        names: what is defined by a macro, by the byte at which the parser sees a name for it.
        texts: of those bytes the ones at which the name is a text, or a part of a test.
    """

    source: bytes
    names: dict[int, str]
    texts: frozenset[int]


def readable(source: bytes) -> Readable:
    """The text of a C or C++ file with its macros blank or turned into what they define."""
    source = without_other_branches(source)
    if re.search(_MACRO + rb"|\b__[a-z]", source) is None:
        return Readable(source, {}, frozenset())
    rewriting = _Rewriting(source)
    for match in _ENUM.finditer(source):
        rewriting.enum(match)
    for match in _TAG.finditer(source):
        for group in ("before", "after", "space"):
            rewriting.blank(*match.span(group))
    for match in _BEHIND.finditer(source):
        if rewriting.declares(match):
            rewriting.blank(*match.span("macros"))
    for match in _BETWEEN.finditer(source):
        before = source[max(0, match.start() - 400) : match.start()].rpartition(b"\n")[2]
        if _TYPE.fullmatch(before) and _has_type(before):
            rewriting.blank(*match.span())
    for match in islice(_AT_LINE_START.finditer(source), _LINES_MAX):
        rewriting.line(match)
    return Readable(bytes(rewriting.text), rewriting.names, frozenset(rewriting.texts))


class _Rewriting:
    """The text on its way to be readable."""

    def __init__(self, source: bytes) -> None:
        self.source = source
        self.text = bytearray(source)
        self.names: dict[int, str] = {}
        self.texts: set[int] = set()
        self._left = _LOOKED_AT_MAX * len(source)

    def blank(self, start: int, end: int) -> None:
        if start >= 0:
            self.text[start:end] = _blank(self.text[start:end])

    def enum(self, match: re.Match[bytes]) -> None:
        """Let a macro that declares an enumeration be one."""
        self.blank(*match.span())
        self.text[match.start() : match.start() + 4] = b"enum"
        self.text[slice(*match.span("name"))] = match["name"]

    def declares(self, match: re.Match[bytes]) -> bool:
        """Whether a parenthesis closes the parameters of a function that is declared."""
        opening = self._opening(match.start())
        if opening < 0:
            return False
        line = self.source.rfind(b"\n", 0, opening) + 1
        found = _DECLARED.fullmatch(self.source, max(line, opening - _BACK_MAX), opening)
        body = self.source[match.end() : match.end() + 1] in b"{:"
        return found is not None and (body or found["type"] is not None)

    def line(self, match: re.Match[bytes]) -> None:
        """Rewrite a line that begins with a macro, if it is one that is in the way."""
        source, end = self.source, match.end("macro")
        arguments: list[bytes] = []
        if match["open"]:
            if self._is_call(match):
                return
            end, arguments = self._arguments(match.end())
            if end < 0:
                return
            if self._define(match, end, arguments):
                return
        start = match.start("macro")
        declared = self._end_in_front_of_declaration(end)
        if declared:
            self.blank(start, declared)
        elif rest := _NOTHING_MORE.match(source, end):
            line = match.start()
            if source[line:start].strip():
                return
            if _GOES_ON.match(source, rest.end()):
                if self._has_type_above(line):
                    self.blank(start, end)
            elif self._begins_anew(line):
                self.blank(start, end)

    def _is_call(self, match: re.Match[bytes]) -> bool:
        """Whether it is an indented statement, as most macros in functions are."""
        return self.source[match.start()] in b" \t" and (
            _CALL.match(self.source, match.end("macro")) is not None
        )

    def _end_in_front_of_declaration(self, end: int) -> int:
        """Where a row of macros ends that stand before a declaration; 0 if there is none."""
        found = 0
        for _ in range(_IN_A_ROW_MAX):
            if _DECLARATION.match(self.source, end):
                found = end
            another = _ANOTHER.match(self.source, end)
            if another is None:
                break
            end = another.end()
        return found

    def _define(self, match: re.Match[bytes], end: int, arguments: list[bytes]) -> bool:
        """Turn a macro and its arguments into the definition that they stand for, if they do."""
        source, macro = self.source, match["macro"]
        start = match.start("macro")
        indented = source[match.start() : match.start() + 1] in b" \t"
        if indented and not (_TESTS.match(macro) or _IN_TESTS.match(macro)):
            return False
        name = _name(macro, arguments)
        if not name or not self._begins_anew(match.start()):
            return False
        if _BODY.match(source, end):
            shape = (b"int x", b"") if _PARAMETERS.match(source, end) else (b"int x(", b")")
        elif _DEFINES.match(macro) and source[end : end + 1] == b";":
            shape = (b"int x=0", b"")
        else:
            return False
        first, last = shape
        inner = source[start + len(first) : end - len(last)]
        if b"\n" in source[start : start + len(first)] or end - start < len(first) + len(last):
            return False
        self.text[start:end] = first + _blank(inner) + last
        self.names[start + len(b"int ")] = name
        if _IN_TESTS.match(macro) or arguments[0].lstrip()[:1] == b'"':
            self.texts.add(start + len(b"int "))
        return True

    def _begins_anew(self, start: int) -> bool:
        """Whether what stands before a line is over, so that the line does not continue it."""
        before = self.source[max(0, start - 400) : start].rpartition(b"\n")[0]
        last = before.rpartition(b"\n")[2].strip()
        if not last or last[-1:] == b"\\":
            return not last
        return (
            last[:1] == b"#"
            or last[:2] == b"//"
            or last[-1:] in b";{}:)/>"
            or re.fullmatch(_MACRO, last) is not None
        )

    def _has_type_above(self, start: int) -> bool:
        """Whether the line above ends with the type of what the line below names."""
        above = self.source[max(0, start - 400) : start].rpartition(b"\n")[0].rpartition(b"\n")[2]
        return above[-1:] not in b"\\#;{}():,=" and _has_type(above)

    def _arguments(self, start: int) -> tuple[int, list[bytes]]:
        """Where the parenthesis ends that was opened before `start`, and what it holds."""
        depth, found, begin = 1, [], start
        limit = start + min(_ARGUMENTS_MAX, max(0, self._left))
        for token in _TOKEN.finditer(self.source, start, limit):
            text = token[0]
            if text == b"(":
                depth += 1
            elif text == b")":
                depth -= 1
            elif text == b"*/":
                break
            if depth == 0 or (depth == 1 and text == b","):
                found.append(self.source[begin : token.start()])
                begin = token.end()
            if depth == 0:
                self._left -= token.end() - start
                return token.end(), found
        self._left -= limit - start
        return -1, []

    def _opening(self, closing: int) -> int:
        """Where the parenthesis begins that ends at `closing`."""
        start = max(0, closing - min(_BACK_MAX, max(0, self._left)))
        depth = 0
        for at in range(closing, start - 1, -1):
            if self.source[at] == ord(b")"):
                depth += 1
            elif self.source[at] == ord(b"("):
                depth -= 1
                if depth == 0:
                    self._left -= closing - at
                    return at
        self._left -= closing - start
        return -1


def _blank(text: bytes | bytearray) -> bytes:
    """A text's line breaks in their places, and nothing else."""
    return re.sub(rb"[^\n]", b" ", text)


def _has_type(text: bytes) -> bool:
    """Whether one of the words is a type's name: neither a specifier nor a macro."""
    words = re.findall(rb"[A-Za-z_]\w*", text)
    if words and words[0] in _STATEMENTS:
        return False
    return any(word not in _SPECIFIERS and not re.fullmatch(_MACRO, word) for word in words)


def _name(macro: bytes, arguments: list[bytes]) -> str:
    """What people call the thing that a macro defines; empty if it does not look like that."""
    if _PER_CPU.match(macro):  # a type comes first
        arguments = arguments[1:]
    names = []
    for argument in arguments[:2]:
        found = _NAME.match(argument)
        if found is None:
            break
        names.append((found[1] or found[2]).decode("utf-8", "replace").replace(",", ""))
    if not names:
        return ""
    system_call = _SYSTEM_CALL.match(macro)
    if system_call:
        return ("compat_sys_" if system_call[1] else "sys_") + names[0]
    if _NAMED_BY_TWO.match(macro):
        return ".".join(names)
    return names[-1] if macro.startswith(b"DEFINE_EVENT") else names[0]
