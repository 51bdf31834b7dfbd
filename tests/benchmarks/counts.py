"""How definitions of a language are counted without the parsers that cut it: a table.

Patterns are of single lines; what they name `name` is the definition's, or several with commas.
"""

from __future__ import annotations

from typing import NamedTuple


class Count(NamedTuple):
    """One language's count.

    Attributes:
        ctags: what universal-ctags calls the language; empty if it is counted by a pattern.
        kinds: letters of ctags, of those that define.
        last_part: separates the parts of a name in ctags's rows, of which the last is compared.
        pattern: of a line that opens a definition.
        without: endings of files that ctags reads wrongly.
    """

    ctags: str = ""
    kinds: str = ""
    last_part: str = ""
    pattern: str = ""
    without: tuple[str, ...] = ()


COUNTS = {
    "clojure": Count(
        pattern=r"^\((?:[\w.]+/)?(?:defn-?|defmacro|defprotocol|defrecord|deftype|defmulti)\s+"
        r"(?:\^\S+ +)*(?P<name>[^\s^()\[\]{}]+)"
    ),
    "cmake": Count("CMake", "fm"),
    "erlang": Count("Erlang", "fr", without=(".yrl", ".xrl")),
    "fortran": Count("Fortran", "mfst"),
    "groovy": Count(
        pattern=r"^\s*(?:(?:public|private|protected|static|final|abstract|sealed) +)*"
        r"(?:class|interface|enum|trait) +(?P<name>\w+)"
    ),
    "haskell": Count(
        pattern=r"^(?:(?:data|newtype|type)(?: +family)? +(?!instance)"
        r"|class +(?:[^\n=]{1,80}=> *)?"
        r"|(?=[a-z_][\w']*(?: *, *[a-z_][\w']*)* *::))(?P<name>[\w']+(?: *, *[\w']+)*)"
    ),
    "julia": Count("Julia", "fmst", last_part=r"\."),
    "make": Count(pattern=r"^(?P<name>[A-Za-z][\w./-]*) *::?(?![=:]|[ \t]*\w+[ \t]*[:+?]?=)"),
    "objective-c": Count("ObjectiveC", "iIPmc"),
    "ocaml": Count(
        pattern=r"^(?:let(?: rec)?|and|module(?: type)?(?: rec)?|type(?: nonrec)?(?: '\w+)?"
        r"|exception|class(?: type)?) +(?P<name>[A-Za-z][\w']*)"
    ),
    "perl": Count("Perl", "sp", last_part="::"),
    "powershell": Count(
        pattern=r"^\s*(?i:function|filter|class|enum) +(?:(?i:global|script|private):)?"
        r"(?P<name>[A-Za-z][\w-]*)"
    ),
    "proto": Count("Protobuf", "mgsr"),
    "r": Count("R", "f", without=(".Rd",)),
    "scss": Count(pattern=r"^\s*@(?:mixin|function) +(?P<name>[\w-]+)"),
    "solidity": Count(
        pattern=r"^\s*(?:(?:abstract +)?contract|library|interface|function|modifier|struct|enum"
        r"|event|error) +(?P<name>[A-Za-z_$][\w$]*)"
    ),
    "sql": Count(
        pattern=r"^(?i:create +(?:or +replace +)?(?:(?:unlogged|temp|temporary|materialized) +)?"
        r"(?:table|view|function|procedure|proc|trigger|type)(?: +if +not +exists)?) +"
        r"(?:[\w@\"`\[\]]+\.)*[\"`\[]?(?P<name>[A-Za-z_]\w*)"
    ),
    "terraform": Count(
        pattern=r'^(?:(?:resource|data) +"[^"\n]+"|variable|output|module|provider) +'
        r'"(?P<name>[^"\n]+)"'
    ),
    "zig": Count(
        pattern=r"^\s*(?:(?:pub|export|inline|noinline) +|extern +(?:\"\w+\" +)?)*"
        r"(?:fn(?= +\w+ *\()|const(?= +\w+ *= *(?:extern |packed )?(?:struct|enum|union)\b))"
        r" +(?P<name>\w+)"
    ),
}
