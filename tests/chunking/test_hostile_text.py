"""Text that kills its parser: a whole index all the same, a live asker, bounded time and memory."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from lumen_hooks.chunking import parser_process, process
from lumen_hooks.chunking.child import CPU_SECONDS_MAX
from lumen_hooks.chunking.chunk import CRASH, MEMORY, TIME, UNTRIED, TooManyDeathsError
from lumen_hooks.chunking.chunker import chunk_file
from lumen_hooks.chunking.lines import SourceLines
from lumen_hooks.chunking.outlined.outlines import outline
from lumen_hooks.chunking.process import Chunker
from lumen_hooks.chunking.syntax.grammars import GRAMMARS
from lumen_hooks.search.results import Query
from lumen_hooks.service.answer import Answerer
from lumen_hooks.storage.reader import open_reader
from tests.chunking.checks import EXTENSIONS
from tests.chunking.deaths import GUILTY, INNOCENT, children_started, dying, windows
from tests.support.helpers import check_whole, contents, job_for, update
from tests.support.sources import python_module

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.repository import Repository

SCRIPT = "<script>\nfunction a() {}\n</script>\n"
FENCE = "```js\n" + "function a() {}\n" * 30 + "```\n"
UNITS = {
    "angles": "a<\n",
    "brackets": "({[\n",
    "round": "(\n",
    "curly": "{\n",
    "square": "[\n",
    "ternary": "a?b:\n",
    "minus": "-\n",
    "not": "!a&&\n",
    "if": "if a:\n",
    "else": "if (a) b; else\n",
    "directive": "#if a\n",
    "quote": "'a\n",
    "double": '"a ${\n',
    "template": "`${\n",
    "comment": "/* a\n",
    "triple": '"""\n',
    "here": "<<A\n",
    "arrow": "a=>\n",
    "lambda": "lambda a: a.b(\n",
    "generic": "a<b<c>,\n",
    "tag": "<a>\n",
    "item": "- - - a\n",
    "key": "a: {b: [\n",
    "table": "[a.b.c.d]\n",
    "heading": "# a" + " " * 300 + "b\n",
    "script": "<script>\na(\n</script>\n",
    "fence": FENCE,
    "test": 'it("a", () => {\n',
    "suite": 'describe "a" do\n',
    "route": 'app.get("/a", b).',
    "wrapped": "const a = memo(b,\n",
    "decorator": '@a.get("/b")\n',
    "block": 'a("b") {\n',
    "infix": '"a" should "b" in {\n',
    "document": "kind: a\nmetadata:\n  name: b\n---\n",
    "named item": "- name: a\n",
    "branch": "#if a\n{\n#else\n{\n",
    "grouped": "type (\na struct {}\n",
    "clause": "def a, do: 1\n",
}


def _nested(depth: int) -> str:
    return "\n".join(" " * row + "if a:" for row in range(depth))


def texts(size: int) -> Iterator[tuple[str, str]]:
    """A file's name and a text of each kind, for each language."""
    for language in (*GRAMMARS, "markdown", "vue", "html", "astro", "ipynb"):
        name = f"a.{EXTENSIONS.get(language, language)}"
        for unit in UNITS.values():
            yield name, unit * (size // len(unit))
        yield name, _nested(min(1400, size // 10))


def used() -> float:
    """CPU seconds of children that are dead."""
    times = resource.getrusage(resource.RUSAGE_CHILDREN)
    return times.ru_utime + times.ru_stime


@pytest.fixture
def chunker() -> Iterator[Chunker]:
    with Chunker() as made:
        yield made


def test_a_child_says_what_would_be_said_here(chunker: Chunker) -> None:
    files = [
        ("a.py", python_module("one", "two")),
        ("long.py", "x = '" + "y" * 5000 + "'\n" + INNOCENT * 40),
        ("empty.py", ""),
        ("a.md", "# A\n\ntext\n"),
        ("odd.py", "def f():\n    return '\ud800\x00é🙂'\n"),
        ("a.json", '{"a": [1, 2], "b": {"c": 1}}'),
        ("a.go", "package a\nfunc F() {}\n"),
    ] * 40
    for path, text in files:
        chunker.put(path, text)
    for path, text in files:
        assert chunker.take() == chunk_file(path, text)


def test_nobody_waits_for_the_other_to_read(
    monkeypatch: pytest.MonkeyPatch, chunker: Chunker
) -> None:
    """Much more is under way in both directions than two pipes hold."""
    monkeypatch.setattr(parser_process, "PIPE_BYTES", 1 << 16)
    text = "".join(f"def f{number}(): pass\n\n\n" for number in range(1_000))
    for _ in range(8):
        chunker.put("a.py", text)
    assert len({chunker.take() for _ in range(8)}) == 1


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("os.kill(os.getpid(), 11)", CRASH),
        ("os.kill(os.getpid(), 9)", CRASH),
        ("os.kill(os.getpid(), 24)", TIME),
        ("os._exit(0)", CRASH),
        ("os.write(4, b'nonsense' * 100); time.sleep(60)", CRASH),
        ("raise MemoryError", CRASH),
        ("bytearray(1 << 40)", CRASH),
    ],
)
def test_whoever_kills_the_child_is_cut_by_lines_and_nobody_else(
    monkeypatch: pytest.MonkeyPatch, chunker: Chunker, code: str, why: str
) -> None:
    dying(monkeypatch, code)
    order = [INNOCENT, GUILTY, INNOCENT, INNOCENT + "\n", GUILTY, INNOCENT]
    for text in order:
        chunker.put("a.py", text)
    for text in order:
        wanted = windows(text, why) if text == GUILTY else chunk_file("a.py", text)
        assert chunker.take() == wanted


def test_what_earlier_texts_took_is_lacking_to_none(
    monkeypatch: pytest.MonkeyPatch, chunker: Chunker
) -> None:
    """More than a child may have: each text's chunks are those that it has alone."""
    limits = "child.MEMORY_BYTES_MAX, child.GROWN_BYTES = 60 << 20, 20 << 20; kept = []"
    dying(monkeypatch, "kept.append(b'x' * (5 << 20))", first=limits)
    started = children_started(monkeypatch)
    order = [GUILTY, INNOCENT] * 20
    for text in order:
        chunker.put("a.py", text)
    alone = {text: chunk_file("a.py", text) for text in (GUILTY, INNOCENT)}
    assert all(chunker.take() == alone[text] for text in order)
    assert 3 < len(started) < 12


def test_a_child_that_has_read_much_gives_way_to_another(
    monkeypatch: pytest.MonkeyPatch, chunker: Chunker
) -> None:
    dying(monkeypatch, "pass", first=f"child.READ_CHARACTERS = {3 * len(INNOCENT)}")
    started = children_started(monkeypatch)
    for _ in range(12):
        chunker.put("a.py", INNOCENT)
    alone = chunk_file("a.py", INNOCENT)
    assert all(chunker.take() == alone for _ in range(12))
    assert len(started) == 3  # each has read four of them


def test_a_text_that_took_nearly_all_is_cut_by_lines_and_read_by_a_child_of_its_own(
    monkeypatch: pytest.MonkeyPatch, chunker: Chunker
) -> None:
    limits = "child.GROWN_BYTES, child.FULL_BYTES = 20 << 20, 40 << 20"
    dying(monkeypatch, "child.kept = b'x' * (50 << 20)", first=limits)
    for text in (INNOCENT, GUILTY, INNOCENT):
        chunker.put("a.py", text)
    for text in (INNOCENT, GUILTY, INNOCENT):
        wanted = windows(text, MEMORY) if text == GUILTY else chunk_file("a.py", text)
        assert chunker.take() == wanted


def test_a_parser_keeps_little_of_what_it_read() -> None:
    """A lexer that goes back and forth asks for the same blocks again and again."""
    unit = 'my $a{n} = <<"E";\nsome $b{n} text\nE\nsub f{n} {{ s/a/b/; }}\n'
    text = "".join(unit.format(n=number) for number in range(600))
    chunk_file("a.pl", text)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    chunk_file("a.pl", text)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < (16 << 20 if sys.platform == "darwin" else 16 << 10)


def test_time_is_measured_by_the_processor(
    monkeypatch: pytest.MonkeyPatch, chunker: Chunker
) -> None:
    dying(monkeypatch, "child.CPU_SECONDS_MAX = 0; child._allow_time()\n        while True: pass")
    before = used()
    assert chunker.cut("a.py", GUILTY) == windows(GUILTY, TIME)
    assert used() - before < CPU_SECONDS_MAX


def test_silence_blames_nobody(monkeypatch: pytest.MonkeyPatch, chunker: Chunker) -> None:
    dying(monkeypatch, "os.kill(os.getpid(), 19)")
    monkeypatch.setattr(process, "SILENCE_SECONDS", 0.3)
    chunker.cut("a.py", INNOCENT)
    assert chunker.cut("a.py", GUILTY) == windows(GUILTY, UNTRIED)


def test_whoever_waits_sees_no_more_deaths_than_it_has_time_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    dying(monkeypatch, "os.kill(os.getpid(), 24)")
    with Chunker(deaths_max=1) as chunker:
        assert chunker.cut("a.py", GUILTY).abandoned == TIME
        with pytest.raises(TooManyDeathsError):
            chunker.cut("a.py", GUILTY)


def test_where_no_process_can_be_started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/no/such/interpreter")
    complaints: list[str] = []
    with Chunker(complain=complaints.append) as chunker:
        for text in (INNOCENT, INNOCENT * 30, INNOCENT * 30):
            chunker.put("a.py", text)
        assert chunker.take() == chunk_file("a.py", INNOCENT)
        assert chunker.take() == windows(INNOCENT * 30, UNTRIED)
        assert chunker.take().abandoned == UNTRIED
    assert len(complaints) == 1


def test_a_child_ends_with_its_parent(tmp_path: object) -> None:
    code = (
        "import os, signal\n"
        "from lumen_hooks.chunking.process import Chunker\n"
        "chunker = Chunker()\n"
        "chunker.cut('a.py', 'def f(): pass')\n"
        "print(chunker._children[0].pid, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert done.returncode == -signal.SIGKILL
    pid = int(done.stdout)
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and _runs(pid):
        time.sleep(0.01)
    assert not _runs(pid)


def _runs(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
            return file.read().rpartition(")")[2].split()[0] not in {"Z", "X"}
    except OSError:
        return False


def test_a_child_holds_nothing_of_its_parent(chunker: Chunker) -> None:
    kept = os.open("/", os.O_RDONLY)
    os.set_inheritable(kept, True)
    chunker.cut("a.py", INNOCENT)
    (child,) = chunker._children
    folder = f"/proc/{child.pid}"
    held = {os.readlink(f"{folder}/fd/{name}") for name in os.listdir(f"{folder}/fd")}
    os.close(kept)
    assert all(name.startswith("pipe:") or name == os.devnull for name in held)
    assert os.readlink(f"{folder}/cwd") == "/"


def cuts(repo: Repository) -> dict[str, str | None]:
    index = open_reader(str(repo.top / ".git" / "lumen" / "index.db"))
    assert index is not None
    with index:
        return {path: row.cut for path, row in index.files().items()}


def test_what_killed_its_parser_is_remembered_until_it_changes(
    repo: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo.commit({"bad.py": GUILTY, "good.py": INNOCENT})
    dying(monkeypatch, "os.kill(os.getpid(), 24)")
    update(repo)
    check_whole(repo)
    assert cuts(repo) == {"bad.py": TIME, "good.py": None}
    clean = contents(repo)

    dying(monkeypatch, "open(path + '/tried again', 'w')")
    update(repo, force=True)
    assert contents(repo) == clean
    assert cuts(repo) == {"bad.py": TIME, "good.py": None}
    repo.git("mv", "bad.py", "worse.py")
    update(repo)
    assert cuts(repo) == {"worse.py": TIME, "good.py": None}

    sibling = repo.add_worktree("sibling")
    update(sibling)
    repo.write({"worse.py": GUILTY.replace("die", "live")})
    update(repo)
    assert cuts(repo) == {"worse.py": None, "good.py": None}


def test_what_was_not_tried_is_tried_again(
    repo: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = INNOCENT * 30
    repo.commit({"a.py": text})
    with monkeypatch.context() as broken:
        broken.setattr(sys, "executable", "/no/such/interpreter")
        update(repo)
    assert cuts(repo) == {"a.py": UNTRIED}
    assert "no process to parse in" in (repo.top / ".git" / "lumen" / "log.jsonl").read_text()
    update(repo)
    assert cuts(repo) == {"a.py": None}


def test_a_search_waits_for_one_death_and_leaves_the_others_to_the_worker(
    repo: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo.commit({"good.py": INNOCENT})
    update(repo)
    dying(monkeypatch, "os.kill(os.getpid(), 24)")
    started: list[str] = []

    def ask() -> str:
        found = Answerer(job_for(repo), lambda: started.append("")).answer(Query("innocent"))
        assert found.results
        return found.state

    repo.write({"one.py": GUILTY})
    assert (ask(), started) == ("fresh", [])
    repo.write({"two.py": GUILTY + "\n", "three.py": GUILTY + "\n\n"})
    assert (ask(), len(started)) == ("stale", 1)
    update(repo)
    assert ask() == "fresh"


def test_no_parser_is_loaded_by_whoever_asks(repo: Repository) -> None:
    repo.commit({"a.py": INNOCENT})
    code = (
        "import sys\n"
        "from lumen_hooks.chunking.process import Chunker\n"
        "with Chunker() as chunker:\n"
        "    assert not chunker.cut('a.py', 'def f(): pass').parse_failed\n"
        "assert 'tree_sitter' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


KINDS = [
    ("a.py", "({[\n" * 40_000),
    ("a.md", "# a" + " " * 60_000 + "b\n"),
    ("a.c", "(" * 1900),
    ("a.html", SCRIPT * 6_250),
    ("a.html", "<script>" * 25_000 + "\n"),
    ("a.html", "<script a='<script a=\"\n" * 10_000),
    ("a.html", "<!-- <script\n" * 17_500 + "</script>"),
    ("a.html", "<p>" + SCRIPT.replace("\n", " ") * 6_250 + "</p>"),
    ("a.html", "<% <? {{ {%\n" * 20_000 + SCRIPT),
    ("a.vue", "<template>\n" * 20_000 + SCRIPT),
    ("a.vue", "<template><template " + " " * 125_000 + SCRIPT),
    ("a.astro", "---\n" + "({[\n" * 10_000 + "---\n" + SCRIPT),
    ("a.php", "<?php ?>\n" * 12_500 + SCRIPT * 2_500),
    ("a.md", FENCE * 500),
    ("a.md", "# a\n```js\n" * 22_500),
    ("a.md", "`" * 125_000 + "\n" + "`" * 100_000 + "x`\n"),
    ("a.md", "     - ```js\n" * 17_500),
    ("a.md", FENCE.replace("function a() {}", "a => ({[(<") * 375),
    ("a.mdx", "export function a() {\n\n" * 10_000),
    ("a.ipynb", '{"cells": [' + '{"source": "```js\\n' * 10_000),
    ("a.ipynb", '{"cells": [' + '"a' * 75_000),
    ("a.ipynb", '{"cells": [' + "[" * 225_000),
    ("a.ipynb", '{"cells": [' + '{"source": "a"},' * 15_000 + '{"source": "b"}]}'),
    ("a.c", "#if A\n{\n#else\n{\n" * 3000),
    ("a.js", 'it("a", () => {\n' * 2000),
    ("a.rb", 'describe "a" do\n' * 2000),
    ("a.yaml", "kind: a\nmetadata:\n  name: b\n---\n" * 2000),
]


@pytest.mark.parametrize(("name", "text"), KINDS, ids=range(len(KINDS)))
def test_the_usual_kinds_take_no_death(chunker: Chunker, name: str, text: str) -> None:
    before = used()
    found = chunker.cut(name, text)
    chunker.close()
    assert found.abandoned in {"", TIME}
    assert found.chunks
    assert used() - before < CPU_SECONDS_MAX


LINED = {
    "one line": "def a (x) { (( [ ' " * 60_000,
    "openings": "({[" * 330_000,
    "openings on lines": "a {\n" * 250_000,
    "closings": "}\n" * 500_000,
    "functions without an end": "function a\n" * 90_000,
    "nothing but names": "a:\n" * 330_000,
    "continued": "#define a \\\n" * 80_000,
    "comments in comments": "(* (* *)\n" * 110_000,
    "texts that stay open": "".join(f"<<A{row} $a{row}$\n" for row in range(60_000)),
    "blanks": " " * 500_000 + "a" + "\t" * 500_000,
    "words": "public static final abstract " * 35_000,
    "deep": _nested(1400),
}


WAYS = [
    *("ada", "apex", "assembly", "clojure", "crystal", "erlang", "gradle", "haskell", "html"),
    *("jinja", "make", "matlab", "nix", "pascal", "r", "scss", "sql", "terraform", "verilog"),
    "vhdl",
]
"""A language or more for each way in which definitions end."""


@pytest.mark.parametrize("language", ["pascal", "groovy", "sql", "haskell", "html"])
@pytest.mark.parametrize("kind", ["openings on lines", "functions without an end", "deep"])
def test_lines_are_read_in_linear_time(language: str, kind: str) -> None:
    """Ten times the text takes at most about ten times as long."""
    text = LINED[kind]

    def seconds(part: str) -> float:
        started = time.thread_time()
        outline(language, part, SourceLines(part))
        return time.thread_time() - started

    seconds("")
    assert seconds(text[:200_000]) < 30 * max(seconds(text[:20_000]), 0.01)


@pytest.mark.stress
@pytest.mark.parametrize("kind", sorted(LINED))
def test_no_text_keeps_whoever_reads_its_lines(kind: str) -> None:
    worst = (0.0, "")
    for language in WAYS:
        started = time.thread_time()
        outline(language, LINED[kind], SourceLines(LINED[kind]))
        worst = max(worst, (time.thread_time() - started, language))
    print(f"{kind}: at most {worst[0]:.1f} CPU s ({worst[1]})")
    assert worst[0] < CPU_SECONDS_MAX
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < 1_500_000


@pytest.mark.stress
@pytest.mark.parametrize("size", [2_000, 60_000, 1_000_000])
def test_every_kind_in_every_language(repo: Repository, size: int) -> None:
    """Each text alone: its chunks cover it, at bounded cost, and the next text is parsed."""
    worst = (0.0, "")
    for name, text in texts(size):
        before = used()
        with Chunker() as chunker:
            found = chunker.cut(name, text)
            assert found.chunks or not text
            assert chunker.cut("b.py", INNOCENT) == chunk_file("b.py", INNOCENT)
        worst = max(worst, (used() - before, f"{name} {text[:20]!r} {found.abandoned}"))
        # A death by memory is proven by a second one.
        assert worst[0] < 2 * (CPU_SECONDS_MAX + 2), worst
    print(f"size {size}: at most {worst[0]:.1f} CPU s ({worst[1]})")
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss < 900_000
