"""Endings of files that several languages share: by what each of them is known.

A line that only one of them has decides, in the order given here; where none is found, the table's
language for the ending stays. Knows texts, bounded by its caller; every pattern is tried at the
starts of lines, so that a text takes time in proportion to its length.
"""

from __future__ import annotations

import functools
import re

_C = r"^[ \t]*#[ \t]*(?:include|define|undef|if|ifdef|ifndef|pragma|endif)\b"
_SURELY_CPP = (
    r"^[ \t]*(?:template[ \t]*<|(?:public|private|protected)[ \t]*:"
    r"|#[ \t]*include[ \t]*<[a-z_/]+>)|^[^\n/\"*]*\bstd::\w"
)
_CPP = (
    r"^[ \t]*(?:class[ \t]+\w|namespace\b|using[ \t]+\w|constexpr\b|explicit\b|virtual\b"
    r"|friend[ \t]|enum[ \t]+class\b|struct[ \t]+\w+[ \t]*(?:final[ \t]*)?:)|" + _SURELY_CPP
)
_OBJECTIVE_C = (
    r"^[ \t]*(?:@(?:interface|implementation|protocol|property|class|end|import|optional|selector)"
    r"\b|#[ \t]*import[ \t]*[<\"][^\n]*\.h[>\"])"
)
_GLSL = (
    r"^[ \t]*(?:#[ \t]*version[ \t]+\d|precision[ \t]+\w+p|uniform[ \t]|varying[ \t]"
    r"|layout[ \t]*\(|void[ \t]+main[ \t]*\()|^[^\n/]*\bgl_\w"
)
_FORTH = r"^:[ \t]+\S|^\\[ \t]"
_RAKU = (
    r"^[ \t]*(?:use[ \t]+v6|(?:my[ \t]+)?class[ \t]+[\w:]+[ \t]+is[ \t]"
    r"|module[ \t]+[\w:]+;|unit[ \t]+(?:module|class|role|grammar)|multi[ \t]+(?:sub|method)"
    r"|grammar[ \t]+\w|role[ \t]+\w|token[ \t]+\w)"
)
_PERL = (
    r"^[ \t]*(?:use[ \t]+(?:strict|warnings|utf8|lib|parent|base|constant|feature|v?5|[A-Z])"
    r"|package[ \t]+\w|sub[ \t]+\w|my[ \t]*[$@%(]|our[ \t]*[$@%(]|__END__|=(?:pod|head\d)\b)"
)
_PROLOG = r"^[ \t]*:-[ \t]*\w|^[a-z]\w*(?:\([^\n]*\))?[ \t]*:-|^[a-z]\w*\([^\n]*\)\.[ \t]*$"
_PASCAL = (
    r"(?i)^[ \t]*(?:(?:unit|program|library|uses)[ \t]+\w[\w., \t]*;|uses[ \t]*$|\{\$\w"
    r"|(?:procedure|function|constructor|destructor)[ \t]+\w[^\n{]*;|(?:interface|implementation)"
    r"[ \t]*$)"
)
_LISP = r"^[ \t]*\((?:def\w*|in-package|setf?q?|let|eval-when|require|ns)\b|^;;"
_ROFF = r"^[.'](?:[A-Za-z]{1,3}\b|\\\")"
_XML = r"\A\s*<[?!\w]"
_SQL = (
    r"(?i)^[ \t]*(?:select|insert[ \t]+into|update|alter[ \t]+(?:table|keyspace)|drop[ \t]+table"
    r"|create[ \t]+(?:or[ \t]+replace[ \t]+)?(?:\w+[ \t]+)?(?:table|view|keyspace|type|index"
    r"|function|procedure|trigger))\b"
)
_VBA = r"(?i)^[ \t]*(?:version[ \t]+\d\.\d+[ \t]+class|attribute[ \t]+vb_|option[ \t]+explicit)"
_BUILT = r"^[A-Z_][\w:-]{0,99}[ \t]{0,9}[?+:.]{0,2}=[ \t]*\""

_NO_JSON = r"\A\s*[^{\[/\s]"
_EUPHORIA = r"^[ \t]*end[ \t]+(?:procedure|function|if)\b"
_MANUALS = "1 2 3 4 5 6 7 8 9 n 1m 1p 1x 1ssl 3in 3m 3p 3pm 3qt 3ssl 3x 5ssl 7ssl 8x"

_SHARED: dict[str, tuple[tuple[str, str], ...]] = {
    ".eslintrc": (("yaml", _NO_JSON),),
    ".prettierrc": (("yaml", _NO_JSON),),
    ".stylelintrc": (("yaml", _NO_JSON),),
    ".releaserc": (("yaml", _NO_JSON),),
    ".lintstagedrc": (("yaml", _NO_JSON),),
    ".commitlintrc": (("yaml", _NO_JSON),),
    "e": (("euphoria", _EUPHORIA),),
    "hh": (("hack", r"^<\?hh\b"),),
    "me": (("roff", _ROFF),),
    "ms": (
        ("roff", _ROFF),
        ("maxscript", r"^[ \t]*(?:--|fn[ \t]|rollout[ \t]|/\*)"),
        ("assembly", r"^[ \t]*[.;#]"),
    ),
    "mysql": (("sql", _SQL), ("yaml", r"^\w+:[ \t]*$")),
    "nr": (("roff", _ROFF),),
    "re": (("cpp", r"/\*!re2c|^[ \t]*#[ \t]*include\b"),),
    "reds": (("rebol", r"(?i)^[ \t]*red(?:/system)?[ \t]*\["),),
    "shader": (("shaderlab", r"^[ \t]*Shader[ \t]+\""), ("glsl", _GLSL)),
    "trigger": (),
    "vcf": (("csv", r"\A##fileformat"),),
    "vhost": (("apacheconf", r"^[ \t]*<VirtualHost\b"),),
    **dict.fromkeys(_MANUALS.split(), (("roff", _ROFF),)),
    "asc": (("text", r"\A-----BEGIN"),),
    "bas": (("vba", _VBA),),
    "bb": (("clojure", r"^[ \t]*\((?:ns|require|def\w*|println)\b"),),
    "build": (),
    "cfg": (("haproxy", r"^(?:frontend|backend|listen)[ \t]+\S"),),
    "cgi": (),
    "cl": (
        ("opencl", r"^[ \t]*(?:__)?kernel\b|^[^\n]*\b__(?:global|local|constant)\b|^[ \t]*//"),
        ("opencl", _C),
    ),
    "cls": (
        ("vba", _VBA),
        ("latex", r"^[ \t]*(?:\\[A-Za-z]+|%)"),
        ("objectscript", r"^Class[ \t]+%?[\w.]+[ \t]*(?:Extends\b|\[|\{|$)"),
        ("openedge-abl", r"(?i)^[ \t]*class[ \t]+\w[^\n{]*:[ \t]*$|^[ \t]*&scoped-define"),
        (
            "apex",
            (
                r"(?i)^[ \t]*(?:@istest\b|(?:(?:global|public|private|abstract|virtual|with|without"
                r"|inherited|sharing)[ \t]+)*(?:class|interface|enum)[ \t]+\w)"
            ),
        ),
    ),
    "command": (),
    "conf": (
        (
            "nginx",
            r"^[ \t]*(?:server|events|http|stream)[ \t]*\{|^[ \t]*(?:location|upstream)[ \t]",
        ),
        ("apacheconf", r"^[ \t]*<(?:VirtualHost|Directory|Location|IfModule|Files)\b"),
        ("ini", r"^\["),
        ("hocon", r"^[ \t]*[\w.-]+[ \t]*(?:[:=][ \t]*)?\{[ \t]*$|^include[ \t]+(?:required\()?\""),
    ),
    "cql": (("cypher", r"(?i)^[ \t]*(?:optional[ \t]+)?(?:match|merge|return|unwind)\b"),),
    "cs": (("smalltalk", r"^![\w ]+methodsFor:"),),
    "d": (
        ("dtrace", r"^[ \t]*provider[ \t]+\w+[ \t]*\{"),
        ("dtrace", r"^#pragma[ \t]+D[ \t]|^\w*:[\w.-]*:\w*:[\w-]*|^(?:BEGIN|END)[ \t]*$"),
        ("make", r"^[^\s:=]+\.l?o[ \t]*:(?![:=])"),
    ),
    "def": (
        ("c", _C),
        ("modula-2", r"^[ \t]*DEFINITION[ \t]+MODULE\b"),
        ("ini", r"^[ \t]*(?:LIBRARY|EXPORTS)\b"),
        ("c", r"^[A-Z_]\w*\("),
    ),
    "es": (),
    "ex": (("euphoria", _EUPHORIA),),
    "f": (("forth", _FORTH),),
    "fcgi": (),
    "for": (("forth", _FORTH),),
    "fr": (("forth", _FORTH),),
    "fs": (
        ("glsl", _GLSL),
        ("fsharp", r"^[ \t]*(?:namespace|module|open|let|type)[ \t]|^[ \t]*//|^\[<"),
        ("forth", _FORTH),
    ),
    "g": (
        ("gap", r"^[ \t]*(?:Install\w+|Declare\w+|BindGlobal)\(|^\w+[ \t]*:=[ \t]*function"),
        ("gcode", r"^(?:[GMT]\d+[ \t]*|N\d+[ \t]|;)"),
    ),
    "gd": (("gap", r"^[ \t]*(?:Declare\w+|InstallTrueMethod)\("),),
    "gml": (("xml", _XML),),
    "gs": (("glsl", _GLSL), ("vala", r"^[ \t]*(?:uses[ \t]*$|\[indent=|init[ \t]*$)")),
    "h": (("objective-c", _OBJECTIVE_C), ("cpp", _CPP)),
    "i": (
        ("swig", r"^[ \t]*%(?:module|include|inline|apply|typemap|extend)\b"),
        ("c", r"^#(?: \d+|line)\b"),
        ("assembly", r"^[ \t]*(?:;|\.\w+|\w+:[ \t]*(?:;|$))"),
    ),
    "inc": (
        ("php", r"^[ \t]*<\?(?:php\b|=|[ \t\n])"),
        ("html", r"(?i)\A\s*<[!/a-z]"),
        ("sourcepawn", r"^[ \t]*(?:stock|native|forward|methodmap)[ \t]+\w|^#include[ \t]+<source"),
        ("bitbake", _BUILT),
        ("cpp", _SURELY_CPP),
        ("c", _C),
        ("pascal", _PASCAL),
        ("assembly", r"(?i)^[ \t]*(?:;|%(?:define|macro|ifdef)\b|\.(?:macro|equ|set|if\w*)\b)"),
        ("assembly", r"(?i)^\w+:?[ \t]+(?:equ|db|dw|dd|macro)\b"),
        ("sql", _SQL),
        ("make", r"^[\w.-]+[ \t]*(?:[?:+]?=|:(?!=))"),
        ("text", r"\A"),
    ),
    "l": (
        ("lex", r"^%[%{]|^%option\b"),
        ("roff", _ROFF),
        ("common-lisp", _LISP),
        ("picolisp", r"^\((?:de|class|load)[ \t]"),
    ),
    "m": (
        ("objective-c", _OBJECTIVE_C),
        ("mercury", r"^:-[ \t]*(?:module|interface|implementation|import_module)\b"),
        ("mathematica", r"\A\s*\(\*|^[ \t]*(?:BeginPackage|Begin|Needs)\[|^\w+\[[^\n]*\][ \t]*:="),
        ("mumps", r"\A%?\w*(?:\([\w,]*\))?[ \t]*;"),
        ("objective-c", _C),
        (
            "matlab",
            (
                r"^[ \t]*(?:%|function\b|classdef\b|end;?[ \t]*$|clc\b|clear\b|close[ \t]+all\b"
                r"|for[ \t]+\w+[ \t]*=|if[ \t][^\n{]*$|disp\(|figure\b|plot\(|fprintf\()"
                r"|^[ \t]*(?:\[[^\n\]]*\]|\w+)[ \t]*=[^\n]*;[ \t]*(?:%[^\n]*)?$|^##? "
            ),
        ),
    ),
    "ml": (("standard-ml", r"^[ \t]*(?:structure|signature)[ \t]+\w"),),
    "mm": (("xml", r"\A\s*<map\b"),),
    "mod": (
        ("go-module", r"^module[ \t]+\S+[ \t]*$"),
        ("modula-2", r"^[ \t]*(?:IMPLEMENTATION[ \t]+|DEFINITION[ \t]+)?MODULE\b"),
        ("xml", _XML),
        ("ampl", r"^[ \t]*(?:set|param|var|minimize|maximize|subject[ \t]+to)[ \t]"),
    ),
    "mo": (),
    "p": (("pascal", _PASCAL), ("gnuplot", r"^[ \t]*(?:s?plot|set[ \t]+(?:term|output|xlabel))\b")),
    "php": (("hack", r"^<\?hh\b"),),
    "pl": (("raku", r"^[ \t]*use[ \t]+v6"), ("perl", _PERL), ("prolog", _PROLOG), ("raku", _RAKU)),
    "plt": (("prolog", _PROLOG),),
    "pm": (("c", r"\A/\* XPM \*/"), ("raku", _RAKU)),
    "pp": (("pascal", _PASCAL),),
    "pro": (
        ("proguard", r"^-[a-z]+(?:[ \t,]|$)"),
        ("interactive-data-language", r"(?i)^;|^[ \t]*(?:pro[ \t]+\w|compile_opt\b)"),
        (
            "qmake",
            (
                r"^[ \t]*(?:[A-Z_]+(?:\.\w+)?[ \t]*[+*-]?=|(?:win32|unix|macx|linux)[^\n]*[{:]"
                r"|include\(|!?(?:contains|isEmpty|exists|greaterThan)\()"
            ),
        ),
        ("prolog", _PROLOG),
        ("interactive-data-language", r"(?i)^[ \t]*function[ \t]+\w"),
    ),
    "q": (("sql", _SQL),),
    "qs": (
        ("qsharp", r"^[ \t]*(?:namespace|operation|open|import[ \t]+Std)[ \t.]"),
        ("javascript", r"^[ \t]*(?:function[ \t]+\w|var[ \t]|const[ \t])"),
    ),
    "r": (("rebol", r"(?i)^[ \t]*(?:rebol|red)(?:/system)?[ \t]*\["),),
    "rest": (("rst", r"^(?:\.\. |[=\-~^*#]{4,}[ \t]*$)"),),
    "sc": (
        (
            "supercollider",
            (
                r"^[^\n/\"]*(?:\bSynthDef\(|\bSynth\(|\.(?:ar|kr)\()|^[ \t]*~\w+[ \t]*="
                r"|^\+?[ \t]*[A-Z]\w*[ \t]*(?::[ \t]*[A-Z]\w*[ \t]*)?\{"
            ),
        ),
    ),
    "scm": (
        ("scheme", r"^[ \t]*\((?:define|let|lambda|import|use-modules|library|module|load)\b"),
        ("tree-sitter-query", r"^[^\n;]*[)\]\"_][?*+]?[ \t]{1,9}@[a-z]"),
    ),
    "sig": (("text", r"\A-----BEGIN"),),
    "sls": (("scheme", r"^[ \t]*\((?:library|import|define)\b|\A#!r6rs"),),
    "spec": (
        ("rpm-spec", r"^(?:Name|Version|Summary|Release):|^%(?:prep|build|install|global)\b"),
        ("python", r"^(?:a|exe|pyz|coll|block_cipher)[ \t]*=|^(?:from|import)[ \t]+\w"),
        ("ruby", r"^(?:Gem::|require[ \t]|describe[ \t])"),
    ),
    "st": (
        (
            "structured-text",
            r"^[ \t]*(?:(?:PROGRAM|FUNCTION_BLOCK|FUNCTION|TYPE|INTERFACE)[ \t]+\w|VAR(?:_\w+)?\b)",
        ),
    ),
    "t": (("raku", _RAKU), ("perl", _PERL)),
    "tool": (),
    "tpl": (
        ("php", r"^[ \t]*<\?(?:php\b|=)"),
        ("go-template", r"\{\{-?[ \t]*(?:define|include|template|range|with|if|end|/\*|\.\w|\$)"),
    ),
    "ts": (("xml", r"\A\s*<(?:\?xml|!DOCTYPE TS|TS\b)"),),
    "tsx": (("xml", r"\A\s*<\?xml"),),
    "v": (
        (
            "verilog",
            (
                r"^[ \t]*(?:endmodule\b|module[ \t]+\w+[ \t]*[#(;]|`\w|always[ \t]*@|assign[ \t]"
                r"|(?:input|output|wire|reg)[ \t])"
            ),
        ),
        (
            "coq",
            (
                r"^[ \t]*(?:\(\*|(?:From[ \t]+[\w.]+[ \t]+)?Require\b|(?:Import|Export|Lemma"
                r"|Theorem|Definition|Fixpoint|Inductive|CoInductive|Section|Module|Record|Ltac|Notation|Axiom"
                r"|Corollary|Variable|Hypothesis|Class|Instance|Proof|Qed|Example)\b)"
            ),
        ),
        ("vlang", r"^(?:pub[ \t]+)?(?:fn|struct|enum|interface)[ \t]|^import[ \t]+[\w.]+[ \t]*$"),
    ),
    "vba": (("vimscript", r"^UseVimball"),),
    "workspace": (),
    "x": (
        ("linker-script", r"^[ \t]*(?:SECTIONS|MEMORY|ENTRY|OUTPUT_FORMAT)\b"),
        ("c", r"^[ \t]*(?:program|struct|typedef|enum|union|const)[ \t]"),
    ),
    "yy": (("json", r"\A\s*\{"),),
}

SHARED = frozenset(_SHARED)
"""Endings, and whole names of files, by which alone nothing is certain."""


def languages_of(ending: str) -> tuple[str, ...]:
    """Whose lines are looked for in a file with this ending."""
    return tuple(name for name, _ in _SHARED.get(ending, ()))


def language_by_lines(ending: str, text: str) -> str | None:
    """The language of SHARED's ending whose lines a text has; None if it has nobody's.

    Args:
        ending: in lower case.
        text: the beginning of the text, or all of it.
    """
    return next((name for name, lines in _compiled(ending) if lines.search(text)), None)


@functools.cache
def _compiled(ending: str) -> tuple[tuple[str, re.Pattern[str]], ...]:
    rules = _SHARED.get(ending, ())
    return tuple((name, re.compile(lines, re.MULTILINE)) for name, lines in rules)
