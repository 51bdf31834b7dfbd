"""Which language a file is in: by its name, by what it says of itself, by its lines."""

from __future__ import annotations

from collections import Counter

import pytest

from lumen_hooks.chunking.naming.format_names import FORMAT_NAMES
from lumen_hooks.chunking.naming.language_names import LANGUAGE_NAMES
from lumen_hooks.chunking.naming.languages import (
    HEAD_MAX,
    LANGUAGES,
    language_meant,
    language_named,
    language_of,
    language_of_text,
    tells_all,
)
from lumen_hooks.chunking.naming.shared_endings import _SHARED

NAMES = {**LANGUAGE_NAMES, **FORMAT_NAMES}


# The tables


@pytest.mark.parametrize("column", ["endings", "files", "programs"])
def test_a_word_stands_for_one_language(column: str) -> None:
    words = Counter(word for names in NAMES.values() for word in getattr(names, column).split())
    assert [word for word, count in words.items() if count > 1] == []
    assert all(word == word.lower() for word in words)


def test_a_name_stands_in_one_table_and_in_order() -> None:
    assert LANGUAGE_NAMES.keys().isdisjoint(FORMAT_NAMES)
    assert list(LANGUAGE_NAMES) == sorted(LANGUAGE_NAMES)
    assert list(FORMAT_NAMES) == sorted(FORMAT_NAMES)


def test_an_alias_is_nobody_elses_name() -> None:
    for language, names in NAMES.items():
        assert language_named(language) == language
        assert {language_named(alias) for alias in names.aliases.split()} <= {language}


def test_what_is_decided_by_lines_is_a_language() -> None:
    assert {name for rules in _SHARED.values() for name, _ in rules} <= set(LANGUAGES)


@pytest.mark.parametrize(
    ("name", "language"),
    [
        ("py", "python"),
        ("JS", "javascript"),
        ("TypeScript", "typescript"),
        ("C++", "cpp"),
        ("c#", "csharp"),
        ("F#", "fsharp"),
        ("shell", "bash"),
        ("Shell", "bash"),
        ("golang", "go"),
        ("rb", "ruby"),
        ("rs", "rust"),
        ("ObjC", "objective-c"),
        ("Objective-C++", "objective-c"),
        ("tf", "terraform"),
        ("HCL", "terraform"),
        ("docker", "dockerfile"),
        ("Makefile", "make"),
        ("yml", "yaml"),
        ("md", "markdown"),
        ("VimL", "vimscript"),
        ("Vim-script", "vimscript"),
        ("Emacs Lisp", "emacs-lisp"),
        ("elisp", "emacs-lisp"),
        ("Common-Lisp", "common-lisp"),
        ("Jupyter Notebook", "jupyter"),
        ("Protocol_Buffer", "proto"),
        ("protobuf", "proto"),
        ("reStructuredText", "rst"),
        (".kt", "kotlin"),
        ("Visual-Basic-.NET", "vbnet"),
        ("PLpgSQL", "sql"),
        ("v", "vlang"),
        (" R ", "r"),
        ("text", "text"),
    ],
)
def test_people_and_tools_may_call_it_so(name: str, language: str) -> None:
    assert language_named(name) == language


def test_what_nobody_calls_a_language_is_none() -> None:
    assert [language_named(name) for name in ("", " ", "-", "klingon", "py thon2000")] == [None] * 5


def test_a_language_that_is_mistyped() -> None:
    assert language_meant("pyhton") == "did you mean python?"
    assert "typescript" in language_meant("typscript")
    assert language_meant("qqqqqq") == ""
    assert language_meant("") == ""


# Names of files


@pytest.mark.parametrize(
    ("path", "language"),
    [
        ("Main.hs", "haskell"),
        ("a.zig", "zig"),
        ("src/a.ml", "ocaml"),
        ("a.R", "r"),
        ("a.jl", "julia"),
        ("a.sol", "solidity"),
        ("build.gradle", "gradle"),
        ("a.ps1", "powershell"),
        ("flake.nix", "nix"),
        ("a.erl", "erlang"),
        ("a.clj", "clojure"),
        ("a.F90", "fortran"),
        ("a.sv", "systemverilog"),
        ("a.vhdl", "vhdl"),
        ("a.gd", "gdscript"),
        ("a.wgsl", "wgsl"),
        ("a.cu", "cuda"),
        ("a.scss", "scss"),
        ("views/a.html.erb", "erb"),
        ("views/a.blade.php", "blade"),
        ("a.html.j2", "jinja"),
        ("a.ipynb", "jupyter"),
        ("BUILD.bazel", "starlark"),
        ("Jenkinsfile", "groovy"),
        ("Jenkinsfile.release", "groovy"),
        ("Justfile", "just"),
        ("Dockerfile.go", "dockerfile"),
        ("Dockerfile.md", "markdown"),
        ("makefile.py", "python"),
        ("requirements-dev.txt", "requirements"),
        (".env.local", "dotenv"),
        (".helmignore", "ignore"),
        ("a.py.orig", "python"),
        ("NOTES.rst.txt", "rst"),
        ("meson.build", "meson"),
        (".vimrc", "vimscript"),
        ("main.bicep", "bicep"),
        ("schema.prisma", "prisma"),
        ("config.h.in", "c"),
        ("settings.py.example", "python"),
        ("Makefile.in", "make"),
        ("Gemfile.lock", "text"),
        (".gitattributes", "ignore"),
        ("go.mod", "go-module"),
        (".in", "text"),
        ("m", "text"),
        (".", "text"),
    ],
)
def test_by_the_name_of_the_file(path: str, language: str) -> None:
    assert language_of(path) == language


# What a text says of itself


@pytest.mark.parametrize(
    ("first", "language"),
    [
        ("#!/usr/bin/env -S uv run --script", "python"),
        ("#!/usr/bin/env -Snode --harmony", "javascript"),
        ("#!/usr/bin/env -i PATH=/bin perl5.36.0 -w", "perl"),
        ("#!/usr/bin/env perl6", "raku"),
        ("#!/usr/bin/env npx tsx", "typescript"),
        ("#!/opt/python-3.12/bin/python3.12", "python"),
        ("#!/usr/bin/pypy3", "python"),
        ("#!/usr/bin/Rscript --vanilla", "r"),
        ("#! /usr/bin/env runhaskell", "haskell"),
        ("#!/usr/bin/make -f", "make"),
        ("#!/usr/bin/env -S just --justfile", "just"),
        ("#!/usr/bin/gawk -f", "awk"),
        ("#!/usr/bin/env escript", "erlang"),
        ("#!/usr/bin/env nix-shell\n#! nix-shell -i python3 -p jq", "python"),
        ('#!/bin/sh\n# the next line restarts it\nexec tclsh "$0" "$@"', "tcl"),
        ('#!/bin/sh\n\':\' //; exec "$(command -v node)" "$0"', "bash"),
        ('#!/bin/sh\nexec node "${0%/*}/x.js"', "javascript"),
        ("#!/usr/bin/env", "text"),
        ("#!" + "/" * 5000, "text"),
        ("# -*- mode: ruby; coding: utf-8 -*-", "ruby"),
        ("#!/bin/sh\n# -*- tcl -*-", "tcl"),
        ("// -*- C++ -*-", "cpp"),
        (";; -*- lexical-binding: t; mode: emacs-lisp -*-", "emacs-lisp"),
        ("# -*- coding: utf-8 -*-", "text"),
        ("# vim: set ft=python ts=4:", "python"),
        ("/* vim: ts=8:sw=4:ft=c: */", "c"),
        ('" vim: filetype=vim', "vimscript"),
        ("# vi: syntax=sh", "bash"),
        ("# evim: ft=python", "text"),
        ("# vim: ft=help", "text"),
    ],
)
def test_a_text_says_it_in_its_first_lines(first: str, language: str) -> None:
    assert language_of_text("bin/tool", first + "\nx\n") == language
    assert language_of_text("tool.go", first + "\nx\n") == "go"


@pytest.mark.parametrize(
    "last",
    ["# vim: ft=ruby", "# Local Variables:\n# mode: ruby\n# End:"],
)
def test_a_text_says_it_in_its_last_lines(last: str) -> None:
    text = "x = 1\n" * 5000
    assert language_of_text("tool", text + last + "\n") == "ruby"
    assert language_of_text("tool", text + last + "\n" * 4000) == "text"
    assert language_of_text("notes.txt", text + last) == "ruby"


# Endings that several have

SAMPLES = {
    "h": {
        "c": '#ifdef __cplusplus\nextern "C" {\n#endif\nstruct a { int b; };\n',
        "cpp": "#include <vector>\nstruct A : B {};\n",
        "objective-c": "#import <Foundation/Foundation.h>\n@interface A : NSObject\n@end\n",
    },
    "m": {
        "objective-c": '#import "A.h"\n\n@implementation A\n- (void)run {}\n@end\n',
        "matlab": "function y = f(x)\n% F doubles.\ny = 2 * x;\nend\n",
        "mathematica": '(* ::Package:: *)\nBeginPackage["A`"]\n',
        "mercury": ":- module hello.\n:- interface.\n",
    },
    "v": {
        "verilog": "`timescale 1ns/1ps\nmodule counter (input clk);\nendmodule\n",
        "coq": "Require Import List.\nTheorem t : forall n, n = n.\nProof. auto. Qed.\n",
        "vlang": "module main\n\nimport os\n\nfn main() {\n  println('x')\n}\n",
    },
    "pl": {
        "perl": "use strict;\nuse warnings;\nsub total { my ($x) = @_; }\n",
        "prolog": ":- module(family, [parent/2]).\nparent(tom, bob).\n",
        "raku": "use v6;\nsub total(Int $x) { $x }\n",
    },
    "t": {
        "perl": "use Test::More;\nok(1);\n",
        "raku": "use v6;\nuse Test;\nplan 1;\n",
    },
    "pm": {"perl": "package A;\n1;\n", "raku": "unit module A;\n"},
    "inc": {
        "php": "<?php\nfunction total() {}\n",
        "c": "#define TOTAL 1\nint total(void);\n",
        "cpp": "template <typename T>\nT total();\n",
        "pascal": "{$IFDEF FPC}\nprocedure Total;\nbegin\nend;\n",
        "assembly": "; constants\nTOTAL equ 1\n",
        "bitbake": 'require a.inc\nSRC_URI += "file://a"\n',
        "html": "<div>\n  <p>Total</p>\n</div>\n",
        "make": "SRCS += a.c\n",
        "text": "Total of all that was sold.\n",
    },
    "fs": {
        "fsharp": "module Sales\n\nlet total x = x * 2\n",
        "glsl": "#version 330\nvoid main() { gl_FragColor = vec4(1.0); }\n",
        "forth": "\\ sums\n: total ( a b -- c ) + ;\n",
    },
    "r": {"r": "total <- function(x) sum(x)\n", "rebol": 'REBOL [Title: "a"]\n'},
    "pp": {
        "pascal": "unit Sales;\ninterface\nuses SysUtils;\nimplementation\nend.\n",
        "puppet": "class sales::total(String $x) {\n  package { 'a': ensure => present }\n}\n",
    },
    "sc": {
        "scala": "object Sales {\n  def total(x: Int): Int = x\n}\n",
        "supercollider": "SynthDef(\\a, { Out.ar(0, SinOsc.ar(440)) }).add;\n",
    },
    "cls": {
        "latex": "\\NeedsTeXFormat{LaTeX2e}\n\\ProvidesClass{a}\n",
        "apex": "public with sharing class Sales {\n  public Integer total() { return 1; }\n}\n",
        "vba": 'VERSION 1.0 CLASS\nAttribute VB_Name = "Sales"\n',
        "openedge-abl": "CLASS sales.Total:\n  METHOD PUBLIC VOID run():\nEND CLASS.\n",
        "objectscript": "Class Sales.Total Extends %RegisteredObject\n{\n}\n",
    },
    "ts": {
        "typescript": "export const total = <T>(x: T): T => x;\n",
        "xml": '<?xml version="1.0"?>\n<!DOCTYPE TS>\n<TS version="2.1"></TS>\n',
    },
    "pro": {
        "prolog": "total(X, Y) :- Y is X * 2.\n",
        "qmake": "QT += core\nTARGET = sales\nSOURCES += main.cpp\n",
        "proguard": "-keep class com.sales.** { *; }\n",
        "interactive-data-language": "pro total, x\n  compile_opt idl2\nend\n",
    },
    "d": {
        "d": "module sales;\nint total() { return 1; }\n",
        "make": "main.o: main.c \\\n  a.h\n",
        "dtrace": "#pragma D option quiet\nsyscall::read:entry { trace(1); }\n",
    },
    "ex": {
        "elixir": "defmodule Sales do\n  def total, do: 1\nend\n",
        "euphoria": "function total(integer x)\n  return x\nend function\n",
    },
    "l": {
        "lex": "%{\n#include <stdio.h>\n%}\n%%\n",
        "common-lisp": "(defun total (x) x)\n",
        "roff": ".TH TOTAL 1\n",
    },
    "cl": {
        "common-lisp": "(defun total (x) x)\n",
        "opencl": "__kernel void total(__global float *x) {}\n",
    },
    "ml": {
        "ocaml": "let total x = x + 1\nmodule A = struct end\n",
        "standard-ml": "structure Sales = struct\n  fun total x = x\nend\n",
    },
    "conf": {
        "ini": "[sales]\ntotal = 1\n",
        "nginx": "server {\n  listen 80;\n}\n",
        "apacheconf": "<VirtualHost *:80>\n</VirtualHost>\n",
        "hocon": "sales {\n  total = 1\n}\n",
    },
    "mod": {
        "go-module": "module example.com/sales\n\ngo 1.22\n",
        "modula-2": "IMPLEMENTATION MODULE Sales;\nEND Sales.\n",
        "text": "sales.o\n",
    },
    "scm": {
        "scheme": "(define (total x) x)\n",
        "tree-sitter-query": "(function_definition\n  name: (identifier) @name) @function\n",
    },
    "tpl": {
        "smarty": "{foreach $sales as $s}{$s}{/foreach}\n",
        "go-template": '{{- define "sales.total" -}}\n1\n{{- end }}\n',
    },
    "st": {
        "smalltalk": "Object subclass: #Sales\n",
        "structured-text": "FUNCTION_BLOCK Total\nVAR_INPUT\n x : INT;\nEND_VAR\n",
    },
    "hh": {"cpp": "class Box;\n", "hack": "<?hh\nclass Box {}\n"},
    "ms": {"text": "plain\n", "roff": ".TH A 1\n"},
    "3": {"roff": ".Dd today\n", "text": "1 rotated log\n"},
    "spec": {"python": "a = Analysis(['main.py'])\n", "rpm-spec": "Name: sales\n%prep\n"},
    "nr": {"noir": "fn main() {}\n", "roff": ".TH A\n"},
    "cql": {"sql": "CREATE TABLE a (b int);\n", "cypher": "MATCH (n) RETURN n\n"},
    "cgi": {"perl": "print 1;\n", "python": "#!/usr/bin/python3\nprint(1)\n"},
    "build": {"starlark": 'cc_library(name = "a")\n', "bash": "#!/bin/bash\nmake\n"},
}


@pytest.mark.parametrize(
    ("ending", "language"),
    [(ending, language) for ending, samples in SAMPLES.items() for language in samples],
)
def test_lines_tell_where_an_ending_does_not(ending: str, language: str) -> None:
    text = SAMPLES[ending][language]
    below = text if text.startswith("#!") else "\n" + "  \n" * 100 + text
    for path in [ending] if ending == "build" else [f"a/x.{ending}", f"Y.Z.{ending.upper()}"]:
        assert not tells_all(path)
        assert language_of_text(path, text) == language
        assert language_of_text(path, below) == language
        assert language_of_text(path, "# vim: ft=ruby\n" + text) == "ruby"


def test_a_program_that_runs_several_languages_does_not_say_which() -> None:
    assert language_of_text("a.ts", "#!/usr/bin/env node\nlet a: number = 1;\n") == "typescript"
    assert language_of_text("a.pl", "#!/usr/bin/swipl\n") == "prolog"
    assert language_of_text("a.tool", "#!/usr/bin/env node\n") == "javascript"


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ('<?xml version="1.0"?>\n<a/>\n', "xml"),
        ("\n<!doctype  HTML>\n", "html"),
        ("<?php\n", "php"),
        ("<a>\n", "text"),
    ],
)
def test_a_declaration_tells_where_nothing_else_does(text: str, language: str) -> None:
    assert language_of_text("a.unheard-of", text) == language
    assert language_of_text("a.txt", text) == "text"


@pytest.mark.parametrize("ending", sorted(_SHARED))
def test_no_text_at_all_is_as_the_name_says(ending: str) -> None:
    by_name = language_of(f"a.{ending}")
    assert language_of_text(f"a.{ending}", "") in {by_name, "text"}


def test_only_the_beginning_of_a_text_decides() -> None:
    assert language_of_text("a.h", "\n" * (HEAD_MAX - 20) + "namespace a {\n") == "cpp"
    assert language_of_text("a.h", "\n" * HEAD_MAX + "namespace a {\n") == "c"


@pytest.mark.parametrize("ending", sorted(_SHARED))
def test_a_long_line_takes_no_longer_than_it_is_long(ending: str) -> None:
    """One that took its square would not end here in minutes."""
    for part in (" ", "\n ", "a ", "A_", ");  ", "{{", "]= ", '") ', "class a", "*:", "a(", "::"):
        language_of_text(f"a.{ending}", part * (HEAD_MAX // len(part)) + "\x01")
