"""Languages whose definitions end at a word, at the next definition, or where a block ends."""

from __future__ import annotations

from .rule import (
    DASHES,
    DOUBLE,
    HASH,
    PERCENT,
    SLASHES,
    STARRED,
    TRIPLE,
    Outline,
    Rule,
    Span,
    block,
    comment,
    doubled,
    long_quoted,
    quoted,
)

_PREFIX = (
    r"(?:(?:recursive|pure|elemental|impure|module|integer|real|complex|logical"
    r"|character|double precision|type|class)(?:~\*~\d+|~\([^)]*\))? )*"
)
_UNIT = r"(?!(?:procedure|function|subroutine)\b)"
_END_WORD = r"^~end~(\w*)(?: (\w+))?"
_VERILOG = Outline(
    (
        Rule(
            "module",
            r"(?P<word>module|macromodule|program|package|checker|config|primitive)"
            r" (?:(?:automatic|static) )?NAME",
        ),
        Rule("interface", r"(?P<word>interface) (?!class\b)(?:(?:automatic|static) )?NAME"),
        Rule("class", r"(?:virtual |interface )?(?P<word>class) NAME"),
        Rule(
            "function",
            r"(?:extern|import|export|pure virtual)\b[^;]*?\b(?:function|task)"
            r" (?:[^;(=]*[\s\]])?(?P<name>\w+)~(?:\(|;|$)",
            ends="statement",
        ),
        Rule(
            "function",
            r"(?:(?:virtual|static|protected|local|pure|automatic) )*(?P<word>function"
            r"|task) (?:[^;(=]*[\s\]])?(?P<name>(?:\w+::)?\w+)~(?:\(|;|$)",
        ),
        Rule("struct", r"(?P<word>covergroup|property|sequence|clocking) NAME"),
        Rule("type", r"typedef (?:enum|struct|union)\b[^;]*\}~NAME", ends="row"),
        Rule("macro", r"`define NAME", ends="row"),
    ),
    (SLASHES, STARRED, DOUBLE),
    ends="words",
    closes=r"\bend(\w+)\b",
    separator="::",
    lead=r"~\(\*",
)

OUTLINES = {
    "ada": Outline(
        (
            Rule(
                "module",
                r"(?:private )?(?P<word>package) (?:body )?NAME(?= is\b| with\b|~$)(?!.* is new\b)",
            ),
            Rule("module", r"package NAME (?:is new|renames)\b", ends="statement"),
            Rule(
                "function",
                r"(?:overriding |not overriding )?(?P<word>procedure|function|entry)"
                r" (?P<name>\w[\w.]*|\"[^\"]+\")",
            ),
            Rule("class", r"(?P<word>task|protected) (?:(?:type|body) )?NAME"),
            Rule("struct", r"type NAME.*\bis\b.*(?P<word>record)(?!.*null record)\b"),
            Rule(
                "struct",
                r"type NAME(?:~\([^)]*\))? is~$",
                ends="until",
                closing=r"end record|;\s*$",
            ),
            Rule("type", r"(?:sub)?type NAME", ends="until", closing=r";\s*$"),
        ),
        (DASHES, doubled('"'), Span(r"'.'")),
        ends="words",
        begins=r"(?:(?!\bis\b)[\s\S])*\bis\b(?!\s*(?:(?:abstract|new|separate|null)\b|\())",
        closes=r"^~end \"?([^\s;\"]+)|^~end~;",
        name=r"\w[\w.]*",
        ignore_case=True,
    ),
    "assembly": Outline(
        (
            Rule(
                "macro",
                r"(?:\.macro|%i?macro|macro) NAME",
                ends="until",
                closing=r"\.endm|%endmacro|\bendm\b",
            ),
            Rule("macro", r"NAME macro\b", ends="until", closing=r"\bendm\b"),
            Rule("function", r"NAME proc\b", ends="next"),
            Rule("struct", r"struc NAME", ends="until", closing=r"\bendstruc"),
            Rule("struct", r"NAME struct?\b", ends="until", closing=r"\bends\b"),
            Rule("macro", r"(?:#~define|%i?x?define|\.equ|\.set) NAME", ends="row"),
            Rule("constant", r"NAME:?~(?:\bequ|=)(?![\w=])", ends="row"),
            Rule(
                "constant",
                r"NAME:?~(?:\.(?:asci[iz]|string|[248]?byte|word|long|quad|hword|space|skip"
                r"|zero|int|short|float|double|fill)|d[bwdqt]|res[bwdq]|times|dc\.\w|ds\.\w)\b",
                ends="next",
            ),
            Rule(
                "function",
                r"(?:ENTRY|GLOBAL|SYM_\w*START\w*|FUNC\w*|PROC|LEAF|NESTED|\w+_ENTRY)~\(~NAME",
            ),
            Rule("function", r"(?:function|func|asm_function|cglobal) NAME"),
            Rule("function", r"(?P<name>\"[^\"]+\"):"),
            Rule("function", r"(?!(?:default|public|private)\b)NAME::?(?![:=])"),
        ),
        (
            STARRED,
            SLASHES,
            comment(
                r"^[ \t]*[#@*](?![ \t]*(?:define|include|if|else|endif|undef))|;|(?<=\s)@"
                r"|(?<=\s)#(?=\s)"
            ),
            DOUBLE,
        ),
        ends="next",
        name=r"(?!L\d+\b|\d)[A-Za-z_][\w$.@?]*",
        lead=r"~\.?(?:globl|global|type|align|p2align|balign|hidden|weak|func|thumb_func"
        r"|ent|set|option|export|public|code|thumb|arm|extern|proc)\b",
        ignore_case=True,
        strings=True,
    ),
    "cmake": Outline(
        (
            Rule("function", r"(?P<word>function)~\(~NAME"),
            Rule("macro", r"(?P<word>macro)~\(~NAME"),
            Rule(
                "key",
                r"(?:add_(?:library|executable|custom_target|test)|project"
                r"|option)~\(~(?:\x4eAME )?NAME",
                ends="form",
            ),
        ),
        (
            Span(r"#\[(?P<tag>=*)\[", "]{0}]", comment=True, plain=True),
            Span(r"\[(?P<tag>=*)\[", "]{0}]", plain=True),
            HASH,
            long_quoted('"'),
        ),
        ends="words",
        closes=r"^~end(\w+)~\(",
        name=r"[\w:.$\{\}-]+",
        ignore_case=True,
    ),
    "cobol": Outline(
        (
            Rule("module", r"(?:\d{6}~)?(?:program-id|class-id|function-id)~\.~NAME", level=1),
            Rule("section", r"(?:\d{6}~)?\w+ division\b", level=2),
            Rule("section", r"(?:\d{6}~)?NAME section~(?:\d+)?\.", level=3),
            Rule("function", r"(?<!\s{11})NAME~\.~$", level=4),
        ),
        (comment(r"^.{6}[*/]|\*>"), doubled('"'), doubled("'")),
        ends="next",
        name=r"(?!(?:end|exit|goback|stop|continue|else|end-\w+|declaratives)\b)\w[\w-]*",
        ignore_case=True,
    ),
    "dockerfile": Outline(
        (
            Rule("module", r"from (?:--\S+ )*\S+ as NAME"),
            Rule("module", r"from (?:--\S+ )*NAME"),
        ),
        (comment(r"^[ \t]*#"),),
        ends="next",
        name=r"[^\s]+",
        ignore_case=True,
    ),
    "erlang": Outline(
        (
            Rule("function", r"^-(?:spec|callback) NAME~\("),
            Rule("struct", r"^-record~\(~NAME"),
            Rule("macro", r"^-define~\(~NAME"),
            Rule("type", r"^-(?:type|opaque|nominal) NAME~\("),
            Rule("function", r"^NAME~\("),
        ),
        (PERCENT, TRIPLE, long_quoted('"'), Span(r"\$\\?[^\n]"), quoted("'")),
        ends="until",
        closing=r"\.\s*$",
        name=r"[a-z][\w@]*|'[^'\n]+'|[A-Z_]\w*",
        joins=True,
        strings=True,
    ),
    "fortran": Outline(
        (
            Rule(
                "module", r"(?P<word>program|module|submodule)(?:~\([^)]*\))? " + _UNIT + r"NAME~$"
            ),
            Rule("module", r"(?P<word>block~data) NAME"),
            Rule("interface", r"(?:abstract )?(?P<word>interface)(?: NAME)?~$"),
            Rule("function", _PREFIX + r"(?P<word>subroutine|function) NAME"),
            Rule("function", r"module (?P<word>procedure) NAME~$", body=True),
            Rule("struct", r"(?P<word>type)(?:~,~[\w()]+)*(?:~::~| )(?!is\b)NAME~$"),
        ),
        (comment(r"^[Cc*](?=[ \t*!-]|$)(?![ \t]*=)"), comment("!"), doubled('"'), doubled("'")),
        ends="words",
        closes=r"^~end~(\w*)~(?:\w+~)?(?:!|$)",
        ignore_case=True,
    ),
    "make": Outline(
        (
            Rule("macro", r"^(?:override )?define NAME", ends="until", closing=r"^endef"),
            Rule(
                "constant", r"^(?:(?:export|override|private) )*NAME~(?:[:?+!]{0,3}=)", ends="row"
            ),
            Rule(
                "function",
                r"^(?P<name>[^\s#:=.$][^#:=\t]*?|\.[\w-]*[a-z][\w-]*"
                r"|\$\([^)]*\)[^#:=\t]*?)~&?::?(?![:=])(?![^#]*[^!+?:]=~\S*$)",
            ),
        ),
        (comment(r"^#"),),
        ends="indent",
        closing=r"(?:ifeq|ifneq|ifdef|ifndef|else|endif)\b|[)}]",
        lead=r"\.PHONY",
        name=r"[\w.%/$()-]+",
    ),
    "matlab": Outline(
        (
            Rule("class", r"classdef (?:\([^)]*\)~)?NAME"),
            Rule("function", r"function (?:[^=\n(]*=~)?NAME"),
        ),
        (
            block("%{", "%}"),
            comment(r"%|\.\.\."),
            Span(r"(?<![\w)\]}'.])'", r"[^'\n]*'?"),
            doubled('"'),
        ),
        ends="blocks",
        opens=r"^~(?:function|classdef|if|for|while|switch|try|parfor|spmd|do|unwind_protect"
        r"|methods|properties|events|enumeration|arguments)\b|(?<=[;,])\s?(?:if|for"
        r"|while|switch|try)\b",
        closes=r"(?:^~|[;,]~)(?:end|endfunction|endif|endfor|endwhile|endswitch|end_try_catch"
        r"|endclassdef|endmethods|endproperties|until|end_unwind_protect)\b(?=~(?:$|[;,]))",
        name=r"[A-Za-z][\w.]*",
    ),
    "pascal": Outline(
        (
            Rule("module", r"(?:unit|program|library|package) NAME", ends="row"),
            Rule(
                "class",
                r"NAME(?:<[^>]*>)?~=~(?:packed )?(?:class|object)\b(?!~;|~of\b| helper)",
                ends="blocks",
            ),
            Rule("interface", r"NAME(?:<[^>]*>)?~=~(?:disp)?interface\b(?!~;)", ends="blocks"),
            Rule("enum", r"(?P<name>T[A-Z]\w*)~=~\(", ends="statement"),
            Rule("struct", r"NAME(?:<[^>]*>)?~=~(?:packed )?record\b", ends="blocks"),
            Rule(
                "function",
                r"(?:class )?(?:procedure|function|constructor|destructor|operator)"
                r" (?P<name>\w[\w.]*)",
                ends="routine",
            ),
        ),
        (SLASHES, block("(*", "*)"), block("{", "}"), doubled("'")),
        ends="blocks",
        opens=r"\b(?:begin|case|try|asm|record)\b|=~(?:packed )?(?:class|object"
        r"|(?:disp)?interface)\b(?!~;|~of\b)",
        closes=r"\bend\b",
        ignore_case=True,
    ),
    "prolog": Outline(
        (Rule("function", r"^NAME(?=~\(|~:-|~-->|~\.~$)"),),
        (PERCENT, STARRED, long_quoted('"'), quoted("'"), quoted("`")),
        ends="until",
        closing=r"\.\s*$",
        name=r"[a-z]\w*|'[^'\n]+'",
        joins=True,
        strings=True,
    ),
    "sql": Outline(
        (
            Rule(
                "function",
                r"(?:create|alter)(?: or (?:replace|alter))?(?: \w+~=~\S+)*(?: (?:editionable"
                r"|noneditionable|aggregate))* (?:function|procedure|proc|package(?: body)?"
                r"|trigger|event|constraint trigger|macro)(?: if not exists)? NAME",
                ends="routine",
            ),
            Rule(
                "struct",
                r"create(?: or replace)?(?: (?:global|local|temp|temporary|unlogged|external"
                r"|foreign|virtual|transient|hybrid|dynamic))* table(?: if not exists)? NAME",
            ),
            Rule(
                "type",
                r"create(?: or (?:replace|alter))?(?: (?:algorithm~=~\w+|definer~=~\S+|sql"
                r" security \w+|temp|temporary|recursive|materialized|force|editionable))*"
                r" view(?: if not exists)? NAME",
            ),
            Rule(
                "type", r"create(?: or replace)? (?:type|domain)(?: body)?(?: if not exists)? NAME"
            ),
            Rule(
                "key",
                r"create (?:(?:unique|clustered|nonclustered|bitmap|fulltext|spatial)"
                r" )*(?:index|sequence|policy|rule|role|user|extension|publication)(?:"
                r" concurrently)?(?: if not exists)? NAME",
            ),
            Rule("key", r"create (?:schema|database)(?: if not exists)? NAME"),
            Rule("struct", r"alter table(?: only)?(?: if exists)? NAME"),
        ),
        (
            DASHES,
            comment(r"#(?=\s)"),
            STARRED,
            Span(r"\$(?P<tag>\w*)\$", "${0}$", plain=True),
            Span("'", r"[^']*'?"),
        ),
        ends="statement",
        opens=r"\bbegin\b(?! (?:tran|transaction|work)\b|~;)|(?<!end\s)\bcase\b",
        closes=r"\bend\b(?! (?:if|loop|while|repeat|for)\b)",
        name=r"(?!(?:on|if)\b)[\w$.\"`\[\]#@]+",
        ignore_case=True,
        drop="\"'`[]",
    ),
    "systemverilog": _VERILOG,
    "tcl": Outline(
        (
            Rule("module", r"namespace eval NAME"),
            Rule(
                "function",
                r"(?:proc|method|(?:private |public |protected )?method|oo::define \S+"
                r" method|test) NAME",
                ends="statement",
            ),
            Rule("class", r"(?:oo::class create|itcl::class|class|snit::type) NAME"),
        ),
        (comment(r"^[ \t]*#"), Span(r"\\[^\n]")),
        lines=True,
        separator="::",
        name=r"[^\s{}\"]+",
    ),
    "verilog": _VERILOG,
    "vhdl": Outline(
        (
            Rule("module", r"(?P<word>entity|context|configuration) NAME(?= is\b| of\b)"),
            Rule("module", r"(?P<word>architecture) NAME of \w+"),
            Rule("module", r"(?P<word>package) (?:body )?NAME is\b(?! new\b)"),
            Rule("interface", r"(?P<word>component) NAME"),
            Rule(
                "function",
                r"(?:(?:pure|impure) )?(?P<word>function|procedure) (?P<name>\w+|\"[^\"]+\")",
            ),
            Rule("function", r"NAME~:~(?:postponed )?(?P<word>process)\b"),
            Rule("struct", r"type NAME is (?P<word>record|protected)\b"),
            Rule("type", r"(?:sub)?type NAME is\b", ends="until", closing=r";\s*$"),
        ),
        (DASHES, STARRED, doubled('"'), Span(r"'.'")),
        ends="words",
        begins=r"[\s\S]*?(?:\bis\b(?!\s+new\b)|\bprocess\b|\bcomponent\b)",
        closes=_END_WORD,
        ignore_case=True,
    ),
    "vimscript": Outline(
        (
            Rule(
                "function",
                r"fu(?:nction|nctio|ncti|nct|nc|n)?!?"
                r" (?P<name>(?:[sgbwtl]:)?[\w#.:<>]+)~\(",
                ends="until",
                closing=r"^\s*endf",
            ),
            Rule(
                "function",
                r"(?:export )?def!? (?P<name>[\w.:#]+)~\(",
                ends="until",
                closing=r"^\s*enddef",
            ),
            Rule(
                "class",
                r"(?:export )?(?:abstract )?class NAME",
                ends="until",
                closing=r"^\s*endclass",
            ),
            Rule("function", r"com(?:mand)?!? (?:-\S+ )*(?P<name>[A-Z]\w*)", ends="row"),
            Rule(
                "section",
                r"aug(?:roup)? (?!END\b)NAME",
                ends="until",
                closing=r"(?i)^\s*aug(?:roup)? END",
            ),
        ),
        (comment(r"^[ \t]*\""), comment(r"^[ \t]*#(?= )"), doubled("'")),
        ends="until",
    ),
}
