"""The table of languages: what each is called, and by what its files are known.

Data only: what runs stands here, what does not in `format_names`. `languages` decides what a file
is in. A language may stand here without a grammar: it can be named and asked for all the same.
"""

from __future__ import annotations

from typing import NamedTuple


class Names(NamedTuple):
    """What a language is known by; each a list of words, lower case, separated by blanks.

    Attributes:
        endings: of its files' names, without the first dot; one with a dot in it (`blade.php`) goes
            before its last part. Each ending stands once in the table.
        files: whole names of files.
        programs: what a script's first line runs, without version.
        aliases: what else people and tools (GitHub Linguist, editors) call it. Its endings are
            understood too, and `-`, `_` and blanks are of no account.
    """

    endings: str = ""
    files: str = ""
    programs: str = ""
    aliases: str = ""


TEXT = "text"
"""What a file is in of which nothing is known."""

LANGUAGE_NAMES = {
    "abap": Names("abap"),
    "actionscript": Names("as", aliases="as3"),
    "ada": Names("adb ads ada gpr", aliases="ada95 ada2005"),
    "agda": Names("agda lagda"),
    "aiken": Names("ak"),
    "alloy": Names("als"),
    "amber": Names("ab"),
    "ampl": Names("ampl"),
    "angelscript": Names("angelscript"),
    "antlr": Names("g4 g g3"),
    "apex": Names("apex trigger"),
    "apl": Names("apl dyalog", programs="apl aplx dyalog"),
    "applescript": Names("applescript scpt", programs="osascript"),
    "assembly": Names("s asm nasm a51 nas x68", aliases="assembler gas masm unix-assembly"),
    "autohotkey": Names("ahk ahkl ah1 ah2", aliases="ahk2"),
    "autoit": Names("au3"),
    "awk": Names("awk gawk mawk nawk auk", programs="awk gawk mawk nawk"),
    "ballerina": Names("bal"),
    "bash": Names(
        "sh bash zsh ksh bats ebuild eclass zsh-theme command envrc slurm sbatch tmux tool",
        files=(
            ".bash_aliases .bash_login .bash_logout .bash_profile .bashrc .envrc .kshrc .profile"
            " .zlogin .zprofile .zshenv .zshrc apkbuild bash_profile bashrc pkgbuild zshrc"
            " .bash_functions .xinitrc .xsession .xprofile .zlogout bash_aliases bash_logout"
            " gradlew mvnw kshrc xinitrc xsession .tmux.conf tmux.conf"
        ),
        programs="ash bash bats dash ksh mksh pdksh rc sh zsh openrc-run busybox",
        aliases="shell shellscript shell-script posix-shell",
    ),
    "basic": Names("bas bi", aliases="qbasic freebasic quickbasic"),
    "batch": Names("bat cmd", aliases="batchfile dosbatch winbatch"),
    "bluespec": Names("bsv"),
    "boo": Names("boo"),
    "bqn": Names("bqn"),
    "brightscript": Names("brs"),
    "bsl": Names("bsl os", aliases="1c onescript"),
    "c": Names("c h idc"),
    "c3": Names("c3"),
    "cadence": Names("cdc"),
    "cairo": Names("cairo"),
    "carbon": Names("carbon"),
    "chapel": Names("chpl", aliases="chpl"),
    "chuck": Names("ck"),
    "circom": Names("circom"),
    "clarity": Names("clar"),
    "clojure": Names(
        "clj cljs cljc cljx cljd edn boot",
        programs="bb clojure joker",
        aliases="clojurescript babashka",
    ),
    "cobol": Names("cbl cob cobol cpy ccp pco"),
    "codeql": Names("ql qll"),
    "coffeescript": Names("coffee litcoffee iced cjsx", "cakefile", "coffee"),
    "coldfusion": Names("cfm cfc cfml", aliases="cfml"),
    "common-lisp": Names("lisp lsp cl asd", programs="sbcl clisp ccl ecl ros", aliases="lisp"),
    "coq": Names("coq", aliases="rocq rocq-prover gallina"),
    "cpp": Names(
        "cc cpp cxx c++ hh hpp hxx h++ ipp tpp txx inl ino ixx cppm cp mpp",
        aliases="cplusplus arduino c++",
    ),
    "crystal": Names("cr", programs="crystal"),
    "csh": Names(
        "csh tcsh", files=".cshrc .tcshrc .login cshrc", programs="csh tcsh", aliases="tcsh"
    ),
    "csharp": Names("cs csx cake", programs="dotnet-script", aliases="c# cake-script"),
    "csound": Names("orc udo csd"),
    "cuda": Names("cu cuh", aliases="cuda-c++"),
    "cypher": Names("cyp cypher"),
    "d": Names("d di", programs="rdmd dub", aliases="dlang"),
    "dafny": Names("dfy"),
    "dart": Names("dart", programs="dart"),
    "dm": Names("dm"),
    "dtrace": Names("dtrace", programs="dtrace"),
    "dylan": Names("dylan"),
    "edgeql": Names("edgeql esdl"),
    "eiffel": Names("e"),
    "elixir": Names("ex exs", "mix.lock", "elixir iex", aliases="phoenix"),
    "elm": Names("elm"),
    "elvish": Names("elv", programs="elvish"),
    "emacs-lisp": Names(
        "el emacs", ".emacs cask .spacemacs eask .gnus .viper", "emacs", aliases="elisp emacs"
    ),
    "erlang": Names(
        "erl hrl escript xrl yrl app.src app",
        files="rebar.config rebar.lock emakefile",
        programs="escript erl",
    ),
    "euphoria": Names("exw exu euphoria", aliases="openeuphoria"),
    "factor": Names("factor", ".factor-rc"),
    "faust": Names("dsp"),
    "fennel": Names("fnl", programs="fennel"),
    "fish": Names("fish", programs="fish"),
    "flix": Names("flix"),
    "forth": Names("fth 4th forth frt f83", programs="gforth"),
    "fortran": Names(
        "f90 f95 f03 f08 f18 f f77 for fpp ftn pf", aliases="fortran-free-form fortran90"
    ),
    "fsharp": Names("fs fsi fsx fsscript", programs="fsharpi", aliases="f#"),
    "fstar": Names("fst fsti", aliases="f*"),
    "futhark": Names("fut"),
    "gams": Names("gms"),
    "gap": Names("gap gi"),
    "gdscript": Names("gd", aliases="godot"),
    "gdshader": Names("gdshader gdshaderinc"),
    "gleam": Names("gleam"),
    "glsl": Names(
        "glsl vert frag geom tesc tese comp fsh vsh gsh vshader fshader rgen rchit rmiss rahit"
        " mesh glslv glslf fp fragmentshader vs geo gshader frg",
        aliases="opengl",
    ),
    "gml": Names("gml", aliases="game-maker-language"),
    "gnuplot": Names("gp gnu gnuplot plt", programs="gnuplot"),
    "go": Names("go", aliases="golang"),
    "gradle": Names("gradle"),
    "groovy": Names("groovy grt gtpl gvy", "jenkinsfile", "groovy", aliases="jenkins"),
    "hack": Names("hack hackpartial hhi", programs="hhvm"),
    "hare": Names("ha"),
    "haskell": Names(
        "hs lhs hs-boot hsc chs", programs="runghc runhaskell stack runhugs", aliases="ghc"
    ),
    "haxe": Names("hx hxsl"),
    "hlsl": Names("hlsl hlsli fx fxh usf ush cginc compute"),
    "hy": Names("hy", programs="hy", aliases="hylang"),
    "idris": Names("idr lidr"),
    "imba": Names("imba"),
    "interactive-data-language": Names(aliases="gdl idl-language"),
    "io": Names("io", programs="io"),
    "isabelle": Names("thy"),
    "ispc": Names("ispc"),
    "j": Names("ijs", programs="jconsole"),
    "jai": Names("jai"),
    "janet": Names("janet jdn", programs="janet"),
    "java": Names("java jav jsh", programs="java jshell"),
    "javascript": Names(
        "js mjs cjs jsx es6 es jsm jsb jscad gs wxs jslib gjs njs jake pac ssjs xsjs snap",
        "jakefile",
        "d8 gjs js node nodejs qjs rhino v8 zx chakra",
        aliases="node nodejs ecmascript javascriptreact jsx",
    ),
    "jq": Names("jq", programs="jq"),
    "julia": Names("jl", programs="julia"),
    "k": Names("k"),
    "koka": Names("kk"),
    "kotlin": Names("kt kts ktm", programs="kotlin kotlinc"),
    "kusto": Names("kql", aliases="kql"),
    "lean": Names("lean hlean", aliases="lean4"),
    "lex": Names("l lex flex jflex", aliases="flex jflex"),
    "lfe": Names("lfe"),
    "liquidsoap": Names("liq", programs="liquidsoap"),
    "livescript": Names("ls", "slakefile"),
    "llvm": Names("ll", aliases="llvm-ir"),
    "logtalk": Names("lgt logtalk"),
    "lua": Names(
        "lua rockspec nse p8 wlua rbxs pd_lua",
        files=".luacheckrc",
        programs="lua luajit texlua",
        aliases="pico-8",
    ),
    "luau": Names("luau", programs="lune luau", aliases="roblox"),
    "macaulay2": Names("m2"),
    "maple": Names("mpl"),
    "mathematica": Names(
        "wl wls nb mathematica mt", programs="wolframscript", aliases="wolfram wolfram-language"
    ),
    "matlab": Names("matlab", programs="octave matlab", aliases="octave"),
    "maxscript": Names("mcr"),
    "mercury": Names("moo"),
    "metal": Names("metal", aliases="metal-shading-language"),
    "minizinc": Names("mzn dzn"),
    "mlir": Names("mlir"),
    "modelica": Names("mo"),
    "modula-2": Names("mod2"),
    "mojo": Names("mojo 🔥", programs="mojo"),
    "moonbit": Names("mbt mbti"),
    "moonscript": Names("moon", programs="moon"),
    "motoko": Names("motoko"),
    "move": Names("move"),
    "mql": Names("mq4 mq5 mqh"),
    "mumps": Names("mumps"),
    "nasl": Names("nasl"),
    "netlogo": Names("nlogo"),
    "nextflow": Names("nf", "nextflow.config", "nextflow"),
    "nim": Names("nim nims nimble nimrod", programs="nim", aliases="nimrod"),
    "nix": Names("nix"),
    "noir": Names("nr"),
    "nushell": Names("nu", programs="nu nush", aliases="nu-script"),
    "objective-c": Names("m mm", aliases="objc obj-c objective-c++ objc++ obj-c++ objective-cpp"),
    "objectscript": Names("mac int", aliases="cache-objectscript"),
    "ocaml": Names("ml mli mll mly eliom eliomi ml4 mlp", programs="ocaml ocamlrun ocamlscript"),
    "odin": Names("odin", aliases="odinlang"),
    "opencl": Names("opencl clh"),
    "openedge-abl": Names("p abl", aliases="abl progress"),
    "openqasm": Names("qasm"),
    "openscad": Names("scad"),
    "p4": Names("p4"),
    "pact": Names("pact"),
    "papyrus": Names("psc"),
    "pascal": Names(
        "pas dpr dfm lpr lfm dpk fmx pascal", programs="instantfpc", aliases="delphi object-pascal"
    ),
    "pddl": Names("pddl"),
    "pegjs": Names("pegjs peggy"),
    "perl": Names(
        "pl pm t psgi plx ph al cgi perl cpanfile",
        "ack cpanfile makefile.pl rexfile .ackrc .latexmkrc latexmkrc",
        "cperl perl plackup",
        aliases="cperl perl5",
    ),
    "php": Names(
        "php php3 php4 php5 php7 php8 phtml phps ctp inc phpt",
        ".php_cs .php_cs.dist phakefile",
        "php",
    ),
    "picolisp": Names("picolisp", programs="picolisp pil"),
    "pike": Names("pike pmod", programs="pike"),
    "pony": Names("pony"),
    "power-query": Names("pq"),
    "powershell": Names("ps1 psm1 psd1", programs="pwsh powershell", aliases="posh pwsh"),
    "processing": Names("pde"),
    "prolog": Names("pro prolog yap", programs="swipl yap", aliases="swi-prolog"),
    "puppet": Names("pp epp", programs="puppet"),
    "purebasic": Names("pb pbi"),
    "purescript": Names("purs"),
    "python": Names(
        "py pyi pyw pyx pxd pxi py3 pyp pyt rpy xonsh xsh gyp gypi wsgi ipy sage smk pyde tac xpy"
        " snakefile sagews",
        files=".pythonrc sconscript sconstruct snakefile wscript .gclient deps",
        programs="ipython pypy python pythonw sage uv xonsh",
        aliases="cython python2 python3 snakemake sage",
    ),
    "q": Names("q", programs="q", aliases="kdb"),
    "qml": Names("qml qbs"),
    "qsharp": Names("qs", aliases="q#"),
    "r": Names(
        "r rd rsx rhistory",
        files=".rprofile .rapp.history .rhistory",
        programs="rscript r littler",
        aliases="rlang rscript splus",
    ),
    "racket": Names("rkt rktd rktl scrbl", programs="racket"),
    "ragel": Names("rl"),
    "raku": Names(
        "raku rakumod rakutest p6 pm6 pl6 t6 pod6 nqp 6pl 6pm",
        programs="raku perl6 rakudo",
        aliases="perl6 perl-6",
    ),
    "reason": Names("re rei", aliases="reasonml"),
    "rebol": Names("reb rebol red r2 r3", aliases="red"),
    "redscript": Names("redscript reds"),
    "rego": Names("rego", aliases="open-policy-agent opa"),
    "rescript": Names("res resi"),
    "rexx": Names("rexx rex pprx", programs="regina rexx", aliases="arexx"),
    "roc": Names("roc"),
    "rpgle": Names("rpgle sqlrpgle", aliases="rpg"),
    "ruby": Names(
        "rb rake gemspec ru podspec rbi rbw rbs builder jbuilder rabl mspec prawn rbx thor",
        ".irbrc .pryrc .simplecov appfile appraisals berksfile brewfile buildfile capfile"
        " dangerfile deliverfile fastfile gemfile guardfile matchfile podfile rakefile scanfile"
        " snapfile steepfile thorfile vagrantfile puppetfile mavenfile jarfile",
        "jruby macruby rake rbx ruby truffleruby",
        aliases="jruby rbx rails",
    ),
    "rust": Names("rs", programs="rust-script cargo rustx"),
    "sas": Names("sas"),
    "scala": Names("scala sbt sc kojo mill", programs="amm scala scala-cli"),
    "scheme": Names(
        "scm ss sld sps", programs="chicken csi guile gosh scheme chez", aliases="guile chicken"
    ),
    "scilab": Names("sci sce"),
    "sed": Names("sed", programs="sed gsed"),
    "self": Names("self"),
    "shaderlab": Names("shader"),
    "slang": Names("slang"),
    "smali": Names("smali"),
    "smalltalk": Names("st", aliases="squeak pharo"),
    "smt": Names("smt2 smt z3", programs="z3 cvc5 yices", aliases="smtlib smt-lib"),
    "solidity": Names("sol", aliases="ethereum"),
    "sourcepawn": Names("sp sma pwn", aliases="pawn"),
    "sparql": Names("rq sparql"),
    "sqf": Names("sqf hqf"),
    "sql": Names(
        "sql psql ddl dml pgsql plsql pls pks pkb plb pck tsql viw udf prc tab hql trg bdy fnc spc"
        " tpb tps vw db2 cql",
        files=".psqlrc",
        aliases=(
            "plsql plpgsql tsql pl/sql t-sql mysql postgresql postgres sqlite hiveql transact-sql"
        ),
    ),
    "squirrel": Names("nut"),
    "stan": Names("stan"),
    "standard-ml": Names("sml sig fun mlb", programs="sml poly", aliases="sml"),
    "starlark": Names(
        "bzl star bazel tiltfile",
        "build build.bazel workspace workspace.bazel module.bazel buck tiltfile workspace.bzlmod",
        aliases="bazel skylark buck tiltfile",
    ),
    "stata": Names("do ado doh sthlp mata ihlp matah"),
    "structured-text": Names("iecst scl tcpou tcgvl", aliases="iec-61131-3"),
    "supercollider": Names("scd", programs="sclang"),
    "surrealql": Names("surql"),
    "sway": Names("sw"),
    "swift": Names("swift swiftinterface", programs="swift"),
    "systemverilog": Names("sv svh vh svi", aliases="sverilog"),
    "tcl": Names(
        "tcl tk itcl itk adp tm exp sdc xdc", programs="tclsh wish expect", aliases="expect"
    ),
    "teal": Names("tl", programs="tl"),
    "tla": Names("tla", aliases="tla+ pluscal"),
    "toit": Names("toit"),
    "tree-sitter-query": Names(aliases="tsq"),
    "tsx": Names("tsx", aliases="typescriptreact"),
    "typescript": Names("ts mts cts gts", programs="bun deno ts-node tsx", aliases="deno"),
    "uiua": Names("ua"),
    "unrealscript": Names("uc"),
    "urweb": Names("ur urs"),
    "vala": Names("vala vapi"),
    "vba": Names("frm ctl vba", aliases="visual-basic-6 visual-basic-for-applications vb6"),
    "vbnet": Names("vb vbhtml", aliases="visual-basic visual-basic-.net vb.net"),
    "vbscript": Names("vbs wsf asp", aliases="asp classic-asp"),
    "vcl": Names("vcl"),
    "verilog": Names("v vo", aliases="verilog-hdl"),
    "vhdl": Names("vhd vhdl vho vht vhf vhi vhs vhw"),
    "vimscript": Names(
        "vim vimrc vmb",
        ".exrc .gvimrc .nvimrc .vimrc _vimrc gvimrc nvimrc vimrc",
        "vim nvim",
        aliases="viml vim nvim",
    ),
    "vlang": Names("vv", programs="v", aliases="v"),
    "vyper": Names("vy"),
    "wdl": Names("wdl"),
    "webassembly": Names("wat wast", aliases="wasm"),
    "wgsl": Names("wgsl", aliases="webgpu"),
    "wren": Names("wren"),
    "xbase": Names("prg prw", aliases="foxpro clipper harbour"),
    "xquery": Names("xq xql xqm xquery xqy"),
    "xtend": Names("xtend"),
    "yacc": Names("y yy ypp bison", aliases="bison"),
    "yara": Names("yar yara"),
    "yul": Names("yul"),
    "zeek": Names("zeek bro"),
    "zenscript": Names("zs"),
    "zephir": Names("zep"),
    "zig": Names("zig zon"),
}
