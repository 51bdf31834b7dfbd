"""Languages whose definitions end where the indentation does."""

from __future__ import annotations

from .rule import (
    CHARACTER,
    DASHES,
    DOUBLE,
    HASH,
    SINGLE,
    SLASHES,
    STARRED,
    TRIPLE,
    Outline,
    Rule,
    Span,
    between,
    block,
    comment,
    long_quoted,
)

_ENDS = r"~(?:end|else|elsif|elseif|rescue|ensure|when|in|catch|finally)\b|~[)\]}]"
_CLOSERS = r"~[)\]}]"
_HASKELL = (
    r"^(?!(?:module|import|where|data|type|newtype|class|instance|deriving"
    r"|infix[lr]?|foreign|default|pattern|let|in|if|then|else|case|of)\b)"
)
_ML_COMMENT = block("(*", "*)", nests=True)
_HASKELL_SPANS = (
    block("{-", "-}", nests=True),
    comment(r"--+(?![!#$%&*+./<=>?@\\^|~:])"),
    long_quoted('"'),
    CHARACTER,
)
_VISIBLE = (
    r"(?:(?:private|protected|public|internal|inline|abstract|mutable|static|override|pub|final) )*"
)
_FSHARP_SPANS = (TRIPLE, between('@"', '"'), _ML_COMMENT, SLASHES, long_quoted('"'), CHARACTER)

OUTLINES = {
    "crystal": Outline(
        (
            Rule("class", _VISIBLE + r"class NAME"),
            Rule("module", _VISIBLE + r"module NAME"),
            Rule("struct", _VISIBLE + r"(?:record|struct|union) NAME"),
            Rule("enum", _VISIBLE + r"enum NAME"),
            Rule("module", r"lib NAME"),
            Rule("type", _VISIBLE + r"(?:alias|annotation|type) NAME"),
            Rule("macro", _VISIBLE + r"macro NAME"),
            Rule("function", _VISIBLE + r"(?:def|fun) (?:self\.)?(?P<name>[\w.]+[?!=]?|[^\s\w(]+)"),
            Rule("function", r"(?:describe|context|it|pending) (?P<name>\"[^\"]*\")", is_text=True),
            Rule("constant", r"(?P<name>[A-Z][\w]*)~=(?![=>])"),
        ),
        (HASH, long_quoted('"'), CHARACTER, Span(r"<<-'?(?P<tag>[A-Z]\w*)'?", "{0}", plain=True)),
        ends="indent",
        closing=_ENDS,
        lead=r"~@\[",
        separator="::",
        name=r"[A-Z][\w:]*|[\w]+[?!]?",
    ),
    "elm": Outline(
        (
            Rule("type", r"^type (?:alias )?NAME"),
            Rule("function", r"^port NAME~:"),
            Rule(
                "function",
                r"^(?!(?:module|import|type|port|exposing|in|let|if|then|else|case"
                r"|of)\b)NAME(?=~:|[^=:]*=)",
            ),
        ),
        (block("{-", "-}", nests=True), DASHES, TRIPLE, DOUBLE, CHARACTER),
        ends="indent",
        closing=_CLOSERS,
        joins=True,
    ),
    "fish": Outline(
        (Rule("function", r"function NAME"),),
        (HASH, long_quoted('"'), long_quoted("'")),
        ends="indent",
        closing=_ENDS,
        name=r"[^\s;]+",
    ),
    "fsharp": Outline(
        (
            Rule(
                "module",
                r"(?:namespace|module) (?:rec )?(?:(?:internal|private|public) )?NAME~$",
                ends="next",
            ),
            Rule("module", r"module (?:rec )?(?:(?:internal|private|public) )?NAME~="),
            Rule(
                "interface",
                r"(?:type|and) (?:(?:internal|private|public) )?(?P<name>I[A-Z]\w*)[^=]*=",
            ),
            Rule("type", r"(?:type|and) (?:(?:internal|private|public) )?(?:\[<[^>]*>\] )?NAME"),
            Rule("type", r"exception NAME"),
            Rule(
                "method",
                _VISIBLE
                + r"(?:member|default|abstract|new|val)(?: (?:inline|private|internal|mutable))*"
                r" (?:(?:\w+|_)\.)?NAME",
            ),
            Rule("function", r"let (?:(?:rec|inline|private|internal|mutable) )*NAME"),
            Rule("function", r"let (?:(?:rec|inline|private|internal) )*\(\|?(?P<name>[^)|]+)"),
        ),
        _FSHARP_SPANS,
        ends="indent",
        closing=_CLOSERS,
        lead=r"~\[<",
        name=r"[^\W\d][\w.']*|``[^`]+``",
        drop="`",
    ),
    "gdscript": Outline(
        (
            Rule("class", r"class_name NAME", ends="row"),
            Rule("class", r"class NAME"),
            Rule("enum", r"enum NAME"),
            Rule("function", r"(?:(?:static|remote|master|puppet|remotesync) )*func NAME"),
            Rule("type", r"signal NAME", ends="row"),
            Rule("constant", r"^(?:@\w+(?:\([^)]*\))? )*(?:const|(?:static )?var) NAME"),
        ),
        (TRIPLE, between("'''", "'''"), HASH, DOUBLE, SINGLE),
        ends="indent",
        closing=_CLOSERS,
        lead=r"~@\w",
    ),
    "haskell": Outline(
        (
            Rule("type", r"^(?:data|newtype|type)(?: (?:family|instance))? (?:[^=|]*=>~)?NAME"),
            Rule("interface", r"^class (?:[^=|]*=>~)?NAME"),
            Rule("class", r"^instance (?:[^=|]*=>~)?(?P<name>[^\n]*?)(?= where|~$)"),
            Rule("function", r"^foreign import .*?NAME~::"),
            Rule("function", r"^pattern NAME"),
            Rule("function", _HASKELL + r"NAME(?=~::|~,[\w' ,]*::)"),
            Rule("function", r"^(?P<name>\([^\w\s)]+\))~::"),
            Rule(
                "function",
                _HASKELL + r"(?P<name>[a-z_][\w']*)(?![\w'])(?!~[!#$%&*+/<>?^:-])(?=[^=]*=|~\|"
                r"|[\w\s()@,_'\[\]:]*$)",
            ),
        ),
        _HASKELL_SPANS,
        ends="indent",
        closing=_CLOSERS,
        lead=r"\{-#",
        name=r"[^\W\d][\w']*",
        joins=True,
    ),
    "julia": Outline(
        (
            Rule("module", r"(?:bare)?module NAME", ends="next"),
            Rule("struct", r"(?:Base\.)?(?:@\w+ )?(?:mutable )?struct NAME"),
            Rule("type", r"(?:abstract|primitive) type NAME"),
            Rule("macro", r"macro NAME", prefix="@"),
            Rule("function", r"(?:@[\w.]+ )*function NAME"),
            Rule("function", r"(?:@testset) (?P<name>\"[^\"]*\")", is_text=True),
            Rule("constant", r"const NAME"),
            Rule(
                "function",
                r"(?:@[\w.]+ )*NAME(?:\{[^}]*\})?\(.*\)(?:::[\w{}., ]+)?(?: where [^=]+)?~=(?!=)",
            ),
        ),
        (block("#=", "=#", nests=True), HASH, TRIPLE, long_quoted('"'), CHARACTER),
        ends="indent",
        closing=_ENDS,
        name=r"[^\W\d][\w.!]*",
    ),
    "just": Outline(
        (
            Rule("function", r"^@?NAME(?: [^:\n]*)?:(?!=)"),
            Rule("constant", r"^(?:export )?NAME~:="),
            Rule("key", r"^alias NAME"),
        ),
        (comment(r"#(?!!)"), between("'''", "'''"), TRIPLE, DOUBLE, SINGLE),
        ends="indent",
        lead=r"\[",
        name=r"[A-Za-z_][\w-]*",
    ),
    "nim": Outline(
        (
            Rule("macro", r"(?:template|macro) NAME"),
            Rule("function", r"(?:proc|func|method|iterator|converter) NAME"),
            Rule("function", r"test (?P<name>\"[^\"]*\")", is_text=True),
            Rule("class", r"NAME\*?(?:\[[^\]]*\])?(?:~\{\.[^}]*\})?~=~(?:ref |ptr )?object\b"),
            Rule("enum", r"NAME\*?(?:~\{\.[^}]*\})?~=~enum\b"),
            Rule("type", r"NAME\*?(?:\[[^\]]*\])?~=~(?:distinct|concept|tuple|proc|ref|ptr)\b"),
            Rule("type", r"type NAME"),
            Rule("constant", r"^(?:const|let|var) NAME"),
        ),
        (block("#[", "]#", nests=True), TRIPLE, HASH, DOUBLE, CHARACTER),
        ends="indent",
        closing=_CLOSERS,
        name=r"[^\W\d]\w*|`[^`]+`",
    ),
    "ocaml": Outline(
        (
            Rule("interface", r"module type (?:of )?NAME"),
            Rule("module", r"(?:module|and) (?:rec )?(?P<name>[A-Z]\w*)"),
            Rule("class", r"class (?:type )?(?:virtual )?(?:\[[^\]]*\] )?NAME"),
            Rule(
                "type",
                r"(?:type|and) (?:nonrec )?(?:[+-]?'\w+ |\([^)]*\) )?(?!(?:_"
                r"|rec)\b)(?P<name>[a-z_][\w']*)(?= ?=~(?:\{|\||[A-Z]|$|private|'))",
            ),
            Rule("type", r"(?:type|exception) (?:nonrec )?(?:[+-]?'\w+ |\([^)]*\) )?NAME"),
            Rule("method", r"method!? (?:(?:private|virtual) )*NAME"),
            Rule("function", r"(?:val|external) NAME"),
            Rule("function", r"(?:let|and)(?:%\w+)? (?:rec )?(?!rec\b)NAME(?![\w'])(?!~,)"),
            Rule("function", r"(?:let|and) (?:rec )?(?P<name>\(~[^\w\s)]+~\))"),
        ),
        (
            _ML_COMMENT,
            Span(r"\{(?P<tag>[a-z_]*)\|", "|{0}}", plain=True),
            long_quoted('"'),
            CHARACTER,
        ),
        ends="indent",
        closing=r"~(?:end\b|[)\]}]|;;|in\b|\|)",
        lead=r"~\[@@@?",
        name=r"[^\W\d][\w']*",
    ),
    "purescript": Outline(
        (
            Rule("type", r"^(?:data|newtype|type) NAME"),
            Rule("interface", r"^class (?:[^=|]*<=~)?NAME"),
            Rule("class", r"^(?:derive )?(?:newtype )?instance (?P<name>[^\n]*?)(?= where|~$)"),
            Rule("function", r"^foreign import (?:data )?NAME"),
            Rule("function", _HASKELL + r"NAME(?=~::|[^=]*=|~\|)"),
        ),
        (block("{-", "-}", nests=True), DASHES, TRIPLE, DOUBLE, CHARACTER),
        ends="indent",
        closing=_CLOSERS,
        name=r"[^\W\d][\w']*",
        joins=True,
    ),
    "sass": Outline(
        (
            Rule("macro", r"(?:@mixin |=)NAME"),
            Rule("function", r"@function NAME"),
            Rule("class", r"(?P<name>@(?:media|supports|keyframes|container|layer)[^\n]*)"),
            Rule(
                "class",
                r"(?P<name>(?:[.#&%>+]|[a-z][\w-]*(?=[\s.:#>]"
                r"|$))(?![^\s:]*:\s)(?!.*,~$)[^\n;{}=]*)$",
            ),
        ),
        (SLASHES, STARRED, DOUBLE, SINGLE),
        ends="indent",
        lead=r"~[^:]*,\s*$",
        name=r"[\w-]+",
        drop="",
    ),
    "pug": Outline(
        (
            Rule("macro", r"mixin NAME"),
            Rule("section", r"(?:block|append|prepend) (?:(?:append|prepend) )?NAME"),
            Rule("section", r"[\w.-]*#NAME"),
        ),
        (comment(r"^[ \t]*//"),),
        ends="indent",
        name=r"[A-Za-z_][\w-]*",
    ),
    "meson": Outline(
        (
            Rule(
                "function",
                r"NAME~=~(?:executable|library|shared_library|static_library|both_libraries"
                r"|custom_target|declare_dependency|configure_file|shared_module|jar|generator"
                r"|run_target|dependency)~\(",
            ),
            Rule(
                "function",
                r"(?:test|benchmark|executable|library|shared_library|static_library"
                r"|custom_target|run_target|install_\w+|alias_target|project"
                r"|subproject)~\(~(?P<name>'[^'\n]+')",
            ),
        ),
        (between("'''", "'''"), HASH, SINGLE),
        ends="statement",
        lines=True,
    ),
}
