"""Languages whose definitions end with a closing brace or bracket."""

from __future__ import annotations

from .rule import (
    BACKTICK,
    C_LIKE,
    CHARACTER,
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
    long_quoted,
)

_NO_TYPE = (
    r"(?!(?:return|else|new|throw|goto|case|delete|typedef|using|import|if|while|for|foreach|switch"
    r"|do|yield|await|assert|package|in|is)\b)"
)
_TYPED = rf"{_NO_TYPE}(?:[\w:.<>,\[\]*&?!@]+ )+[*&]*NAME~(?:<[^<>(]*>)?~\("
_DEFINE = Rule("macro", r"#~define NAME", ends="row")
_JAVA_LIKE = (
    r"(?:(?:public|private|protected|internal|static|final|abstract|sealed|partial|virtual|override"
    r"|global|with sharing|without sharing|inherited sharing|async|extern|weak|transient|inline"
    r"|synchronized|native|default|strictfp) )*"
)
_D = (
    r"(?:(?:public|private|protected|package|static|final|abstract|export"
    r"|extern~\([^)]*\)|immutable|const|shared|pure|nothrow|override|@\w+) )*"
)
_ZIG = r"(?:(?:pub|export|extern|inline|noinline)(?: \"[^\"]*\")? )*"
_PERL_POD = Span(
    r"^=(?:pod|head\d|over|item|begin|for|encoding)\b", "\n=cut", comment=True, plain=True
)
_PERL_HERE = Span(r"<<~?[\"']?(?P<tag>[A-Za-z_]\w*)[\"']?", "\n{0}", plain=True)


OUTLINES = {
    "apex": Outline(
        (
            Rule("class", _JAVA_LIKE + r"class NAME"),
            Rule("interface", _JAVA_LIKE + r"interface NAME"),
            Rule("enum", _JAVA_LIKE + r"enum NAME"),
            Rule("function", r"trigger NAME on "),
            Rule("function", _TYPED, body=True),
            Rule("method", _JAVA_LIKE + r"NAME~\([^;]*$", body=True),
        ),
        C_LIKE,
        lead=r"~@\w",
        ignore_case=True,
    ),
    "awk": Outline(
        (
            Rule("function", r"func(?:tion)? NAME~\("),
            Rule("function", r"^NAME~(?:\{|$)", body=True),
        ),
        (HASH, DOUBLE),
        lines=True,
    ),
    "bicep": Outline(
        (Rule("key", r"(?:resource|module|output|param|var|func|type) NAME\b"),),
        (SLASHES, STARRED, between("'''", "'''"), SINGLE),
        lines=True,
        ends="statement",
        lead=r"~@\w",
    ),
    "capnp": Outline(
        (
            Rule("struct", r"struct NAME"),
            Rule("enum", r"enum NAME"),
            Rule("interface", r"interface NAME"),
            Rule("type", r"annotation NAME"),
            Rule("constant", r"const NAME"),
        ),
        (HASH, DOUBLE),
    ),
    "d": Outline(
        (
            Rule("class", _D + r"class NAME"),
            Rule("struct", _D + r"(?:struct|union) NAME"),
            Rule("interface", _D + r"interface NAME"),
            Rule("enum", _D + r"enum NAME"),
            Rule("macro", _D + r"(?:mixin )?template NAME"),
            Rule("type", _D + r"alias NAME"),
            Rule("method", _D + r"(?P<name>\x7e?this)~\(", body=True),
            Rule("function", r"(?:extern~\([^)]*\) )?" + _TYPED, body=True),
        ),
        (SLASHES, STARRED, block("/+", "+/", nests=True), BACKTICK, long_quoted('"'), CHARACTER),
        lead=r"~@\w",
    ),
    "glsl": Outline(
        (
            Rule("struct", r"struct NAME"),
            Rule(
                "struct",
                r"(?:layout~\([^)]*\)~)?(?:(?:readonly|writeonly|coherent) )*(?:uniform|buffer"
                r"|in|out) NAME~(?:\{|$)",
                body=True,
            ),
            Rule("function", _TYPED, body=True),
            _DEFINE,
        ),
        (SLASHES, STARRED),
    ),
    "gradle": Outline(
        (
            Rule(
                "function",
                r"tasks?\.(?:register|create|named)(?:<[\w.]+>)?~\(~[\"']?(?P<name>[\w:-]+)",
            ),
            Rule("function", r"(?:val|var) NAME by tasks\.\w+"),
            Rule("function", r"task[\s(][\"']?(?P<name>[\w:-]+)"),
            Rule(
                "function",
                r"(?:(?:private|static|public|inline|suspend) )*(?:def|void|fun|[A-Z]\w*)"
                r" (?:[\w.]+\.)?NAME~\(",
                body=True,
            ),
            Rule("class", _JAVA_LIKE + r"class NAME"),
            Rule("interface", _JAVA_LIKE + r"(?:interface|trait) NAME"),
            Rule("module", r"^NAME~(?:\([^)]*\)~)?\{"),
        ),
        (SLASHES, STARRED, between("'''", "'''"), TRIPLE, DOUBLE, SINGLE),
        lines=True,
        lead=r"~@\w",
    ),
    "groovy": Outline(
        (
            Rule("class", _JAVA_LIKE + r"class NAME"),
            Rule("interface", _JAVA_LIKE + r"(?:interface|@interface) NAME"),
            Rule("trait", _JAVA_LIKE + r"trait NAME"),
            Rule("enum", _JAVA_LIKE + r"enum NAME"),
            Rule("function", r"stage~\(~[\"'](?P<name>[^\"']+)", is_text=True),
            Rule(
                "function",
                _JAVA_LIKE + r"def [\"'](?P<name>[^\"']+)[\"']~\(",
                body=True,
                is_text=True,
            ),
            Rule("function", _TYPED, body=True),
            Rule("method", r"NAME~\([^;]*\)~\{~$", body=True),
            Rule("module", r"^NAME~\{"),
        ),
        (SLASHES, STARRED, between("'''", "'''"), TRIPLE, DOUBLE, SINGLE),
        lines=True,
        lead=r"~@\w",
        name=r"(?!(?:if|for|while|switch|catch|synchronized|return)\b)[^\W\d][\w$]*",
    ),
    "hlsl": Outline(
        (
            Rule("struct", r"(?:struct|cbuffer|tbuffer) NAME"),
            Rule("class", r"class NAME"),
            Rule("interface", r"interface NAME"),
            Rule("section", r"(?:technique\w*|pass|Shader|SubShader)~[\"]?NAME", body=True),
            Rule("function", _TYPED, body=True),
            _DEFINE,
        ),
        C_LIKE,
        lead=r"~\[",
    ),
    "nix": Outline(
        (Rule("key", r"NAME(?:[.][\w'.\"-]+)?~=(?!=)"),),
        (HASH, STARRED, between("''", "''"), long_quoted('"')),
        ends="statement",
        name=r"[A-Za-z_\"][\w'.\"-]*",
    ),
    "objective-c": Outline(
        (
            Rule("interface", r"@protocol NAME\b(?!~[;,])", ends="until", closing=r"^\s*@end\b"),
            Rule(
                "class", r"@(?:interface|implementation) NAME", ends="until", closing=r"^\s*@end\b"
            ),
            Rule("method", r"[-+]~\([^;{]*?\)~NAME", parts=r"(\w+)\s*:\s*\("),
            Rule("enum", r"typedef (?:NS_(?:CLOSED_)?(?:ENUM|OPTIONS)|enum)~\(?[^,]*,~NAME"),
            Rule("struct", r"(?:typedef )?struct NAME", body=True),
            Rule("function", _TYPED, body=True),
            _DEFINE,
        ),
        C_LIKE,
    ),
    "odin": Outline(
        (
            Rule(
                "function",
                r"NAME~::~(?:#force_inline |#force_no_inline |inline )?proc\b",
                body=True,
            ),
            Rule("struct", r"NAME~::~(?:distinct )?(?:struct|union|bit_field)\b"),
            Rule("enum", r"NAME~::~(?:enum|bit_set)\b"),
            Rule("constant", r"^NAME~::", ends="statement"),
        ),
        (*C_LIKE[:3], BACKTICK, CHARACTER),
        lines=True,
        lead=r"~@\(|~@\w",
    ),
    "perl": Outline(
        (
            Rule("module", r"package NAME~\{"),
            Rule("module", r"package NAME~;", ends="next"),
            Rule("class", r"(?:class|role) NAME"),
            Rule("function", r"(?:my )?(?:async )?(?:sub|method|fun) NAME", body=True),
            Rule("constant", r"use constant NAME", ends="statement"),
        ),
        (Span(r"\$#|\\[\"'#]|[\$@%&][\"'#]"), _PERL_POD, _PERL_HERE, HASH, DOUBLE, SINGLE),
        separator="::",
        name=r"[^\W\d][\w:']*",
    ),
    "powershell": Outline(
        (
            Rule("function", r"(?:function|filter|workflow) (?:(?:global|script|local):)?NAME"),
            Rule("class", r"class NAME"),
            Rule("enum", r"enum NAME"),
            Rule("module", r"configuration NAME"),
            Rule("method", r"(?:(?:static|hidden) )*\[[\w\[\].]+\]~NAME~\(", body=True),
            Rule(
                "function",
                r"(?:Describe|Context|It) (?P<name>'[^']+'|\"[^\"]+\")",
                body=True,
                is_text=True,
            ),
        ),
        (
            block("<#", "#>"),
            Span(r"`[^\n]"),
            between('@"', '\n"@'),
            between("@'", "\n'@"),
            HASH,
            DOUBLE,
            SINGLE,
        ),
        lines=True,
        name=r"[A-Za-z_][\w-]*",
        ignore_case=True,
    ),
    "prisma": Outline(
        (
            Rule("struct", r"(?:model|type|view) NAME"),
            Rule("enum", r"enum NAME"),
            Rule("key", r"(?:datasource|generator) NAME"),
        ),
        (SLASHES, DOUBLE),
    ),
    "puppet": Outline(
        (
            Rule("class", r"class NAME"),
            Rule("function", r"(?:define|function|plan) NAME"),
            Rule("section", r"node (?P<name>[^{]+)"),
            Rule("type", r"type NAME", ends="statement"),
        ),
        (HASH, long_quoted('"'), long_quoted("'")),
        separator="::",
        lines=True,
        name=r"[A-Za-z_][\w:]*",
    ),
    "r": Outline(
        (
            Rule("function", r"NAME~(?:<<?-|=)~(?:function~\(|\\\()"),
            Rule(
                "class",
                r"NAME~(?:<<?-|=)~(?:R6::)?(?:R6Class|setRefClass|new_class|S7::new_class)~\(",
            ),
            Rule("class", r"setClass~\(~(?P<name>[\"'][^\"']+)"),
            Rule(
                "function",
                r"(?:setMethod|setGeneric|setValidity|setReplaceMethod)~\(~(?P<name>[\"'][^\"']+)",
            ),
            Rule("function", r"(?:test_that|describe|it)~\(~(?P<name>[\"'][^\"']+)", is_text=True),
            Rule("constant", r"^(?P<name>[A-Z][A-Z\d_.]{2,})~(?:<-|=)(?!=)", ends="statement"),
            # With `function(` on the next line, as styler has it.
            Rule("function", r"^NAME~<<?-~$", body=True),
        ),
        (HASH, long_quoted('"'), long_quoted("'")),
        lines=True,
        ends="statement",
        name=r"[A-Za-z.`][\w.`<>\[\]-]*?",
    ),
    "rescript": Outline(
        (
            Rule("module", r"module (?:type )?NAME"),
            Rule("type", r"(?:@\S+ )?type (?:rec )?NAME"),
            Rule("function", r"(?:@\S+ )*(?:let|external) (?:rec )?NAME"),
        ),
        (SLASHES, STARRED, BACKTICK, long_quoted('"')),
        ends="statement",
        lines=True,
        lead=r"~@",
    ),
    "solidity": Outline(
        (
            Rule("class", r"(?:abstract )?contract NAME"),
            Rule("interface", r"interface NAME"),
            Rule("class", r"library NAME"),
            Rule("struct", r"struct NAME"),
            Rule("enum", r"enum NAME"),
            Rule("macro", r"modifier NAME"),
            Rule("function", r"function NAME"),
            Rule("method", r"(?P<name>constructor|receive|fallback)~\("),
            Rule("type", r"(?:event|error|type) NAME"),
        ),
        C_LIKE,
    ),
    "terraform": Outline(
        (
            Rule("key", r"(?:resource|data|ephemeral) (?P<name>\"[\w-]+\" \"[\w-]+\")"),
            Rule("constant", r"(?:variable|output) NAME"),
            Rule("module", r"module NAME"),
            Rule("key", r"(?:provider|check|action) NAME"),
            Rule("key", r"^(?P<name>[\w-]+(?: \"[^\"\n]+\")*)~\{"),
            Rule("key", r"^(?P<name>[\w-]+)~=(?!=)", ends="statement"),
        ),
        (HASH, SLASHES, STARRED, Span(r"<<-?(?P<tag>[A-Za-z_]\w*)", "{0}", plain=True), DOUBLE),
        lines=True,
        separator=" ",
        name=r"\"?[\w.-]+\"?",
    ),
    "thrift": Outline(
        (
            Rule("struct", r"(?:struct|union|exception) NAME"),
            Rule("enum", r"(?:enum|senum) NAME"),
            Rule("interface", r"service NAME"),
            Rule("type", r"typedef \S+ NAME", ends="row"),
            Rule("constant", r"const \S+ NAME", ends="row"),
        ),
        (HASH, *C_LIKE),
    ),
    "vlang": Outline(
        (
            Rule("function", r"(?:pub )?fn (?:\([^)]*\) )?NAME"),
            Rule("struct", r"(?:pub )?(?:struct|union) NAME"),
            Rule("interface", r"(?:pub )?interface NAME"),
            Rule("enum", r"(?:pub )?enum NAME"),
            Rule("type", r"(?:pub )?type NAME", ends="row"),
            Rule("constant", r"(?:pub )?const NAME~="),
        ),
        (SLASHES, STARRED, BACKTICK, long_quoted('"'), long_quoted("'")),
        lines=True,
        lead=r"~@\[|~\[\w+",
        name=r"(?:C\.)?[^\W\d][\w.]*",
    ),
    "vala": Outline(
        (
            Rule("module", r"namespace (?P<name>[\w.]+)"),
            Rule("class", _JAVA_LIKE + r"(?:class|errordomain) (?P<name>[\w.]+)"),
            Rule("interface", _JAVA_LIKE + r"interface (?P<name>[\w.]+)"),
            Rule("struct", _JAVA_LIKE + r"struct NAME"),
            Rule("enum", _JAVA_LIKE + r"enum NAME"),
            Rule("method", r"(?:public|private|protected|internal) (?P<name>[\w.]+)~\(", body=True),
            Rule("function", _TYPED, body=True),
        ),
        (SLASHES, STARRED, TRIPLE, DOUBLE, CHARACTER),
        lead=r"~\[",
    ),
    "wgsl": Outline(
        (
            Rule("function", r"(?:@\w+(?:\([^)]*\))?~)*fn NAME"),
            Rule("struct", r"struct NAME"),
            Rule("type", r"(?:alias|type) NAME"),
            Rule(
                "constant", r"(?:@\w+(?:\([^)]*\))?~)*(?:const|override|let|var(?:<[^>]*>)?) NAME"
            ),
        ),
        (SLASHES, block("/*", "*/", nests=True)),
        lead=r"~@\w",
    ),
    "zig": Outline(
        (
            Rule("function", _ZIG + r"fn NAME"),
            Rule("struct", _ZIG + r"const NAME~=~(?:(?:packed|extern) )?(?:struct|union|opaque)\b"),
            Rule("enum", _ZIG + r"const NAME~=~enum\b"),
            Rule("type", _ZIG + r"const NAME~=~error~\{"),
            Rule("function", r"test (?P<name>\"[^\"]*\"|\w+)", is_text=True),
            Rule("constant", r"^" + _ZIG + r"(?:const|var) NAME"),
        ),
        (SLASHES, Span(r"\\\\", r"[^\n]*"), DOUBLE, CHARACTER),
        name=r"@?\"?[^\W\d]\w*\"?",
    ),
}
