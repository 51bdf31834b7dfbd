"""Languages of forms: a definition ends where the bracket closes with which it begins."""

from __future__ import annotations

from .rule import SEMICOLON, Outline, Rule, Span, block, long_quoted

_LISP = (SEMICOLON, block("#|", "|#", nests=True), Span(r"\\[^\n]"), long_quoted('"'))
_LISP_NAME = r"[^\s()\[\]{}\";,`]+"
_CLOJURE = r"(?:\^(?:\S+|\{[^}]*\}) )*"


def _lisp(*rules: Rule) -> Outline:
    return Outline(rules, spans=_LISP, ends="form", name=_LISP_NAME)


_ANY = _lisp(
    Rule(
        "macro",
        r"\((?:defmacro|define-(?:compiler-macro|modify-macro|setf-expander"
        r"|symbol-macro|macro)|define-syntax(?:-rule)?|defsubst|define-inline"
        r"|cl-defmacro) \(?NAME",
    ),
    Rule("class", r"\((?:defclass|define-condition|deftheme|define-derived-mode) NAME"),
    Rule(
        "struct",
        r"\((?:defstruct|cl-defstruct|define-record-type|struct|define-struct) \(?NAME",
    ),
    Rule("type", r"\((?:deftype|define-type) \(?NAME"),
    Rule("module", r"\((?:defpackage|in-package|define-module|define-library|module) NAME"),
    Rule(
        "constant",
        r"\((?:defvar|defvar-local|defparameter|defconstant|defconst|defcustom|defface"
        r"|defgroup) NAME",
    ),
    Rule("constant", r"\(define (?P<name>[^\s()]+)(?=[\s)])(?! ~\((?:lambda|λ|case-lambda)\b)"),
    Rule(
        "function",
        r"\((?:define|def[\w*-]+|cl-def[\w*-]+|ert-deftest|define\*|define-[\w-]+)"
        r" \(*(?:'|#')?NAME",
    ),
)

OUTLINES = {
    "clojure": _lisp(
        Rule("module", rf"\((?:ns|in-ns) {_CLOJURE}NAME"),
        Rule("macro", rf"\(defmacro {_CLOJURE}NAME"),
        Rule("interface", rf"\((?:defprotocol|definterface) {_CLOJURE}NAME"),
        Rule("class", rf"\((?:deftype|defrecord) {_CLOJURE}NAME"),
        Rule("constant", rf"\((?:def|defonce) {_CLOJURE}NAME"),
        Rule(
            "function",
            rf"\((?:\S+/)?(?:defn-?|defmulti|defmethod|deftest|defspec|def[\w-]+) {_CLOJURE}NAME",
        ),
    ),
    "common-lisp": _ANY,
    "emacs-lisp": _ANY,
    "fennel": _ANY,
    "hy": _ANY,
    "janet": _ANY,
    "lfe": _ANY,
    "racket": _ANY,
    "scheme": _ANY,
}
