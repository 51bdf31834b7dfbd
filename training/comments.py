"""What a comment or docstring says, as a sentence that somebody might search for."""

from __future__ import annotations

import re

_QUOTES = re.compile(r"^\s*[rRuUbBfF]{0,2}(\"{3}|'{3}|\"|')|(\"{3}|'{3}|\"|')\s*$")
_MARKERS = re.compile(
    r"^[ \t]*(?:/\*+!?|\*+/|\*+(?!/)|//+[!<]?|\#+:?|--+|;+|%+)[ \t]?|[ \t]*\*+/[ \t]*$",
    re.MULTILINE,
)
_TAGGED = re.compile(r"^\s*[@\\](?:summary|description|brief)\s+(\S.*)", re.MULTILINE | re.DOTALL)
_SUMMARY = re.compile(r"<summary>(.*?)</summary>", re.DOTALL)
_FIRST_BLOCK = re.compile(r"\n\s*\n|(?:^|\n)\s*[@\\:][A-Za-z]|\n\s*<p>|\n\s*[-*+] |\n\s*\w+:\s*\n")
_END = re.compile(r"(?<=[a-z0-9)\]`'\"])[.!?:;](?:\s|$)")
_NOT_PROSE = re.compile(
    r"^(see|deprecated|internal|todo|fixme|xxx|hack|same as|alias|nolint|eslint|noqa|type:|pragma"
    r"|pylint|copyright|license|spdx|inheritdoc|\W)",
    re.IGNORECASE,
)
_CODE_LIKE = re.compile(r"[;{}]\s*$|^\w+\(.*\)$|=>|==|\w\.\w+\(|:=|^\w+ = ")

MIN_WORDS = 3
MAX_WORDS = 48


def text_of(comment: str) -> str:
    """A comment's words without its markers, indentation and mark-up; paragraphs stay apart."""
    text = _MARKERS.sub("", _QUOTES.sub("", comment.strip()))
    summary = _SUMMARY.search(text)
    tagged = _TAGGED.search(text)
    text = summary[1] if summary else tagged[1] if tagged else text
    text = re.sub(r"\{@\w+\s+#?([^}]*)\}", r"\1", text)
    text = re.sub(r":\w+:`~?([^`]*)`", r"\1", text)
    text = re.sub(r"<see\w*\s+\w+=\"(?:\w:)?([^\"]*)\"\s*/>", r"\1", text)
    text = re.sub(r"\[`?([^\]`]+)`?\](?:\([^)]*\))?", r"\1", text)
    text = re.sub(r"</?[A-Za-z][^<>\n]{0,80}>", " ", text)
    text = re.sub(r"&\w+;", " ", text)
    return re.sub(r"[`*]+", "", text)


def first_sentence(comment: str, name: str) -> str:
    """The first sentence of documentation, without the name that it describes; empty if unfit."""
    text = _FIRST_BLOCK.split(text_of(comment).strip(), maxsplit=1)[0]
    sentence = _END.split(" ".join(text.split()), maxsplit=1)[0].strip(" .:;-")
    head, _, rest = sentence.partition(" ")
    if head.strip("()").rsplit(".", 1)[-1] == name:
        sentence = re.sub(r"^(is|are|-+|—)\s+", "", rest)
    return sentence if is_prose(sentence) else ""


def is_prose(sentence: str) -> bool:
    """Whether a sentence is English enough to be a question."""
    words = sentence.split()
    if not MIN_WORDS <= len(words) <= MAX_WORDS or _NOT_PROSE.match(sentence):
        return False
    letters = sum(character.isascii() and character.isalpha() for character in sentence)
    return letters >= 0.6 * len(sentence) and not _CODE_LIKE.search(sentence)
