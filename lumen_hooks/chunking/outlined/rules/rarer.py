"""Languages that fewer people write, and dialects of those in the other tables."""

from __future__ import annotations

from .braced import OUTLINES as BRACED
from .rule import (
    C_LIKE,
    DASHES,
    DOUBLE,
    HASH,
    SINGLE,
    SLASHES,
    STARRED,
    TRIPLE,
    Outline,
    Rule,
    block,
    comment,
    doubled,
    long_quoted,
)

_VISUAL_BASIC = Outline(
    (
        Rule("module", r"(?:(?:public|private|friend) )*(?P<word>module|namespace) NAME"),
        Rule(
            "class",
            r"(?:(?:public|private|friend|partial|mustinherit|notinheritable|shadows) )*"
            r"(?P<word>class) NAME",
        ),
        Rule("interface", r"(?:(?:public|private|friend) )*(?P<word>interface) NAME"),
        Rule("struct", r"(?:(?:public|private|friend) )*(?P<word>structure|type) NAME~$"),
        Rule("enum", r"(?:(?:public|private|friend) )*(?P<word>enum) NAME"),
        Rule(
            "function",
            r"(?!declare\b|end\b|exit\b)(?:(?:public|private|friend|protected|shared|static|async"
            r"|overrides|overridable|mustoverride|overloads|default|iterator|readonly) )*"
            r"(?P<word>sub|function|property|operator)(?: (?:get|let|set))? NAME(?=~\(|~$| )",
            body=True,
        ),
    ),
    (comment("'"), comment(r"^[ \t]*rem\b"), doubled('"')),
    ends="words",
    closes=r"^~end (\w+)",
    name=r"[A-Za-z_]\w*",
    ignore_case=True,
)
_SHADERS = BRACED["hlsl"]

OUTLINES = {
    "basic": _VISUAL_BASIC,
    "coffeescript": Outline(
        (
            Rule("class", r"class NAME"),
            Rule("function", r"@?NAME~[:=]~(?:\([^)]*\)~)?[-=]>"),
        ),
        (block("###", "###"), TRIPLE, HASH, DOUBLE, SINGLE),
        ends="indent",
        closing=r"~[)\]}]",
        name=r"[A-Za-z_$][\w$.]*",
    ),
    "cuda": _SHADERS,
    "flatbuffers": Outline(
        (
            Rule("struct", r"(?:table|struct) NAME"),
            Rule("enum", r"(?:enum|union) NAME"),
            Rule("interface", r"rpc_service NAME"),
        ),
        C_LIKE,
    ),
    "gdshader": BRACED["glsl"],
    "gherkin": Outline(
        (
            Rule("module", r"Feature:~(?P<name>[^\n]*)", ends="next"),
            Rule("function", r"Background:~(?P<name>[^\n]*)", level=2, is_text=True),
            Rule(
                "function",
                r"(?:Scenario(?: Outline| Template)?|Example|Rule):~(?P<name>[^\n]*)",
                level=2,
                is_text=True,
            ),
        ),
        (comment(r"^[ \t]*#"), TRIPLE),
        ends="next",
        lead=r"~@",
    ),
    "gleam": Outline(
        (
            Rule("function", r"(?:pub )?fn NAME"),
            Rule("type", r"(?:pub )?(?:opaque )?type NAME"),
            Rule("constant", r"(?:pub )?const NAME"),
        ),
        (SLASHES, long_quoted('"')),
        lines=True,
        lead=r"~@",
    ),
    "haxe": Outline(
        (
            Rule("class", r"(?:(?:private|final|extern|abstract) )*(?:class|abstract) NAME"),
            Rule("interface", r"(?:private )?interface NAME"),
            Rule("enum", r"(?:private )?enum (?:abstract )?NAME"),
            Rule("type", r"(?:private )?typedef NAME"),
            Rule(
                "function",
                r"(?:(?:public|private|static|override|inline|dynamic|macro|extern|final) )*"
                r"function NAME",
            ),
        ),
        C_LIKE,
        lead=r"~@:",
    ),
    "kconfig": Outline(
        (
            Rule("key", r"(?:menu)?config NAME", level=2),
            Rule("section", r"(?:menu|choice) \"?NAME"),
        ),
        (HASH,),
        ends="next",
        name=r"[\w ]+",
    ),
    "lean": Outline(
        (
            Rule("module", r"(?P<word>namespace) NAME", ends="words"),
            Rule("struct", r"(?:@\[[^\]]*\] )?(?:structure|class|inductive) NAME"),
            Rule(
                "function",
                r"(?:@\[[^\]]*\] )?(?:(?:private|protected|noncomputable|partial|unsafe) )*"
                r"(?:def|theorem|lemma|abbrev|instance|axiom|opaque) NAME",
            ),
        ),
        (block("/-", "-/", nests=True), DASHES, long_quoted('"')),
        ends="indent",
        closes=r"^~end (\S+)",
        name=r"[^\W\d][\w.'!?]*",
    ),
    "metal": _SHADERS,
    "nushell": Outline(
        (
            Rule("function", r"(?:export )?def(?: --\w+)* (?P<name>\"[^\"]+\"|[\w-]+)"),
            Rule("module", r"(?:export )?module NAME"),
        ),
        (HASH, DOUBLE, SINGLE),
        lines=True,
    ),
    "opencl": _SHADERS,
    "qml": Outline(
        (
            Rule("function", r"function NAME"),
            Rule("class", r"(?:component NAME:~)\w+~\{"),
            Rule("class", r"(?P<name>[A-Z][\w.]*)~\{"),
        ),
        C_LIKE,
        lines=True,
    ),
    "robot": Outline(
        (
            Rule("section", r"^\*+~(?P<name>[^*\n]+)"),
            Rule("function", r"^(?P<name>[^\s#*.|\[](?:\S|[^\S\t](?=\S))*)\s*$", level=2),
        ),
        (comment(r"^[ \t]*#"),),
        ends="next",
    ),
    "shaderlab": _SHADERS,
    "slang": _SHADERS,
    "smithy": Outline(
        (
            Rule("struct", r"(?:structure|union|resource|list|map) NAME"),
            Rule("interface", r"service NAME"),
            Rule("function", r"operation NAME"),
            Rule("enum", r"(?:intE|e)num NAME"),
        ),
        (SLASHES, TRIPLE, DOUBLE),
        lines=True,
        lead=r"~@",
    ),
    "standard-ml": Outline(
        (
            Rule("interface", r"signature NAME"),
            Rule("module", r"(?:structure|functor) NAME"),
            Rule("type", r"(?:datatype|type|exception) (?:'\w+ |\([^)]*\) )?NAME"),
            Rule("function", r"(?:fun|val|and)(?: rec)? NAME"),
        ),
        (block("(*", "*)", nests=True), DOUBLE),
        ends="indent",
        closing=r"~(?:end\b|in\b|[|)\]}])",
        name=r"[A-Za-z][\w']*",
    ),
    "structured-text": Outline(
        (
            Rule("module", r"(?P<word>program) NAME"),
            Rule("class", r"(?P<word>function_block|interface) NAME"),
            Rule("function", r"(?P<word>function|method)(?: (?:public|private))? NAME"),
            Rule("struct", r"(?P<word>type) NAME"),
        ),
        (block("(*", "*)"), SLASHES, SINGLE),
        ends="words",
        closes=r"^~end_(\w+)",
        ignore_case=True,
    ),
    "typespec": Outline(
        (
            Rule("struct", r"(?:model|union|scalar) NAME"),
            Rule("interface", r"interface NAME"),
            Rule("enum", r"enum NAME"),
            Rule("function", r"op NAME"),
        ),
        (SLASHES, STARRED, TRIPLE, DOUBLE),
        lead=r"~@",
    ),
    "vba": _VISUAL_BASIC,
    "vbnet": _VISUAL_BASIC,
    "vbscript": _VISUAL_BASIC,
}
