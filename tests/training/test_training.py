"""What the built-in model is trained on: pairs from sources and histories, and who is left out."""

from __future__ import annotations

import gzip
import json
from dataclasses import asdict
from typing import TYPE_CHECKING

import numpy as np
import pytest

from lumen_hooks.chunking.naming.languages import language_of_text
from tests.benchmarks.quality.documented import strip_documentation
from training.collect import benchmark_keys, code_key, collect_source, read_pairs
from training.comments import first_sentence, is_prose
from training.dataset import Encoder, encode_file, joined
from training.history import pairs_of_history
from training.line_languages import language_by_ending
from training.line_pairs import pairs_by_lines, pairs_of_text
from training.pairs import Pair, pairs_of_file
from training.sources import LicenceError, Source, files_of, licence_at, load_sources
from training.tokenizer import train_tokenizer

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.repository import Repository

MIT = "Permission is hereby granted, free of charge, to any person obtaining a copy"

DOCUMENTED = {
    "a.py": 'def send(path, tries):\n    """Retry a failed upload until it works.\n\n    More."""\n'
    "    for attempt in range(tries):\n        upload(path, attempt)\n",
    "a.js": "/**\n * Retry a failed upload until it works.\n * @param {string} path\n */\n"
    "function send(path, tries) {\n  for (let i = 0; i < tries; i++) upload(path, i);\n}\n",
    "a.ts": "/** Retry a failed upload until it works. */\nexport function send(path: string) {\n"
    "  for (let attempt = 0; attempt < 9; attempt++) upload(path, attempt);\n}\n",
    "a.go": "package a\n\n// send retry a failed upload until it works.\nfunc send(path string) {\n"
    "\tfor i := 0; i < 9; i++ {\n\t\tupload(path, i)\n\t}\n}\n",
    "A.java": "class A {\n  /**\n   * Retry a failed upload until it works.\n   */\n"
    "  void send(String path) {\n    for (int i = 0; i < 9; i++) upload(path, i);\n  }\n}\n",
    "a.rs": "/// Retry a failed upload until it works.\n///\n/// More.\n"
    "pub fn send(path: &str) {\n"
    "    for attempt in 0..9 { upload(path, attempt); }\n}\n",
    "a.c": "/* Retry a failed upload until it works. */\nvoid send(const char *path) {\n"
    "    for (int i = 0; i < 9; i++) upload(path, i);\n}\n",
    "a.cpp": "/// \\brief Retry a failed upload until it works.\n"
    "void send(const std::string& path) {\n"
    "    for (int i = 0; i < 9; i++) upload(path, i);\n}\n",
    "A.cs": "class A {\n    /// <summary>\n    /// Retry a failed upload until it works.\n"
    "    /// </summary>\n    void Send(string path) {\n"
    "        for (var i = 0; i < 9; i++) Upload(path, i);\n    }\n}\n",
    "a.rb": "# Retry a failed upload until it works.\ndef send(path)\n"
    "  9.times { |attempt| upload(path, attempt, options) }\nend\n",
    "a.php": "<?php\n/** Retry a failed upload until it works. */\nfunction send($path) {\n"
    "    for ($i = 0; $i < 9; $i++) upload($path, $i);\n}\n",
    "a.kt": "/** Retry a failed upload until it works. */\nfun send(path: String) {\n"
    "    for (attempt in 0..9) upload(path, attempt, options)\n}\n",
    "a.swift": "/// Retry a failed upload until it works.\nfunc send(path: String) {\n"
    "    for attempt in 0..<9 { upload(path, attempt, options) }\n}\n",
    "a.scala": "object A {\n  /** Retry a failed upload until it works. */\n"
    "  def send(path: String): Unit =\n    (0 to 9).foreach(upload(path, _, options))\n}\n",
    "a.ex": 'defmodule A do\n  @doc """\n  Retry a failed upload until it works.\n  """\n'
    "  def send(path) do\n    Enum.each(0..9, &upload(path, &1, options()))\n  end\nend\n",
}


@pytest.mark.parametrize("path", DOCUMENTED)
def test_a_definition_answers_what_its_documentation_says(path: str) -> None:
    (pair,) = [one for one in pairs_of_file(path, DOCUMENTED[path]) if one.kind == "doc"]
    assert pair.query.capitalize() == "Retry a failed upload until it works"
    assert pair.symbol.lower().endswith("send")
    assert "upload" in pair.code.lower()
    assert "failed" not in pair.code


LINE_DOCUMENTED = {
    "a.hs": "-- | Retry a failed upload until it works.\nsend :: FilePath -> IO ()\n"
    "send path = mapM_ (\\attempt -> upload path attempt defaultOptions) [0 .. 9]\n",
    "a.zig": "/// Retry a failed upload until it works.\npub fn send(path: []const u8) !void {\n"
    "    for (0..9) |attempt| try upload(path, attempt, options);\n}\n",
    "a.sql": "-- Retry a failed upload until it works.\n"
    "create or replace function send(path text) returns void as $$\n"
    "begin\n  perform upload(path, attempt) from generate_series(0, 9) attempt;\nend\n$$;\n",
    "a.tf": 'resource "aws_upload" "send" {\n'
    '  description = "Retry a failed upload until it works"\n'
    '  upload      = "path"\n  attempts    = 9\n}\n',
    "a.R": "#' Retry a failed upload until it works.\n#' @param path where\n"
    "send <- function(path) {\n  for (attempt in 0:9) upload(path, attempt, options())\n}\n",
    "a.jl": '"""\n    send(path)\n\nRetry a failed upload until it works.\n"""\n'
    "function send(path)\n"
    "    for attempt in 0:9 upload(path, attempt, options) end\nend\n",
    "a.ml": "(** Retry a failed upload until it works. *)\nlet send path =\n"
    "  List.iter (fun attempt -> upload path attempt options) (List.init 9 Fun.id)\n",
    "a.pm": "=head2 send\n\nRetry a failed upload until it works.\n\n=cut\n\nsub send {\n"
    "    my ($path) = @_;\n    upload($path, $_, options()) for 0 .. 9;\n    return;\n}\n",
    "a.m": "@implementation Client\n/// Retry a failed upload until it works.\n"
    "- (void)send:(NSString *)path {\n    [self upload:path attempts:9 options:self.options];\n}\n"
    "@end\n",
}


@pytest.mark.parametrize("path", LINE_DOCUMENTED)
def test_a_definition_without_a_grammar_answers_what_its_documentation_says(path: str) -> None:
    language = language_by_ending(path)
    assert language is not None
    found = pairs_of_text(language, LINE_DOCUMENTED[path], {})
    (pair,) = [one for one in found if one.kind == "doc"]
    assert pair.query == "Retry a failed upload until it works"
    assert pair.symbol.endswith("send")
    assert "upload" in pair.code
    assert "failed" not in pair.code


def test_an_interface_documents_what_another_file_defines(repo: Repository) -> None:
    commit = repo.commit(
        {
            "a.mli": "val send : string -> unit\n(** Retry a failed upload until it works. *)\n",
            "a.ml": LINE_DOCUMENTED["a.ml"].split("\n", 1)[1],
            "b.h": "#define NOT_OBJECTIVE_C 1\n",
            "b.m": "function y = send(x)\n  % this is another language that ends in m\n  y = x;\n",
        }
    )
    (pair,) = pairs_by_lines(repo.top, commit)
    assert (pair.language, pair.query) == ("ocaml", "Retry a failed upload until it works")


def test_a_comment_within_is_a_question_to_code_without_it() -> None:
    text = (
        "function send(path) {\n  const client = connect();\n"
        "  // the server closes idle connections after a minute\n  client.ping();\n}\n"
    )
    (pair,) = [one for one in pairs_of_file("a.js", text) if one.kind == "remark"]
    assert pair.query == "the server closes idle connections after a minute"
    assert "client.ping" in pair.code
    assert "idle" not in pair.code


def test_a_name_is_a_question_to_code_without_it() -> None:
    lines = "".join(f"    client.put(path, part{number}, {number})\n" for number in range(9))
    text = f"def upload_all_parts(path, client):\n{lines}    return upload_all_parts\n"
    (pair,) = [one for one in pairs_of_file("a.py", text) if one.kind == "name"]
    assert pair.query == "upload all parts"
    assert "upload_all_parts" not in pair.code
    assert pair.symbol == ""


def test_a_heading_is_a_question_to_its_section() -> None:
    body = "Uploads are retried five times, with a pause that doubles after each of them. " * 3
    (pair,) = pairs_of_file("a.md", f"# Guide\n\n## Retrying failed uploads\n\n{body}\n")
    assert (pair.kind, pair.query) == ("heading", "Retrying failed uploads")
    assert pair.code.startswith("Uploads are retried")


def test_tests_data_and_nonsense_teach_nothing() -> None:
    assert list(pairs_of_file("tests/test_a.py", DOCUMENTED["a.py"])) == []
    assert list(pairs_of_file("a.json", '{"a": 1}')) == []
    assert list(pairs_of_file("a.py", "((((" * 5000)) == []


@pytest.mark.parametrize(
    ("comment", "sentence"),
    [
        ("/** Sends all of it. And more. */", "Sends all of it"),
        ("# send sends all the files", "sends all the files"),
        ("/// <summary>Sends <c>all</c> the files.</summary>", "Sends all the files"),
        ('"""Send :func:`~a.files` to {@link b}."""', "Send files to b"),
        ("// TODO send all the files", ""),
        ("/* eslint-disable no-var, no-console, curly */", ""),
        ("# x = send(all, the, files)", ""),
        ("# all files", ""),
    ],
)
def test_first_sentences(comment: str, sentence: str) -> None:
    found = first_sentence(comment, "send")
    assert found.replace("a.files", "files") == sentence


def test_prose_is_told_from_code() -> None:
    assert is_prose("the server closes idle connections")
    assert not is_prose("return self.client.put(path)")
    assert not is_prose("日本語 のみ です から")


def test_a_subject_asks_for_the_functions_that_changed(repo: Repository) -> None:
    repo.commit({"a.py": DOCUMENTED["a.py"], "b.py": "x = 1\n"})
    changed = DOCUMENTED["a.py"].replace("attempt)", "attempt, timeout=9)")
    repo.commit({"a.py": changed}, "Give up on an upload after nine seconds (#12)")
    last = repo.commit({"b.py": "x = 2\n" * 30}, "Bump version of everything to two")
    (pair,) = pairs_of_history(repo.top, last)
    assert (pair.kind, pair.language) == ("commit", "python")
    assert pair.query == "Give up on an upload after nine seconds"
    assert "timeout=9" in pair.code
    assert "def send" in pair.code


def test_only_permissive_licences_are_taken(repo: Repository, tmp_path: Path) -> None:
    free = repo.commit({"LICENSE": MIT, "a.py": DOCUMENTED["a.py"]})
    assert licence_at(repo.top, free) == "MIT"
    bound = repo.commit({"LICENSE": "GNU GENERAL PUBLIC LICENSE\nVersion 3"})
    with pytest.raises(LicenceError):
        licence_at(repo.top, bound)
    (tmp_path / "owner+name").symlink_to(repo.top)
    with pytest.raises(ValueError, match="under MIT, the table says ISC"):
        collect_source(Source("owner/name", free, "ISC"), tmp_path, tmp_path)


def test_the_table_holds_nothing_of_the_benchmark() -> None:
    sources = load_sources()
    assert len(sources) > 100
    assert len({source.name.lower() for source in sources}) == len(sources)
    assert all(len(source.commit) == 40 for source in sources)


def test_a_source_of_the_benchmark_is_refused(tmp_path: Path) -> None:
    table = tmp_path / "sources.toml"
    table.write_text('[[source]]\nname = "fork/celery"\ncommit = "0"\nlicence = "BSD"\n')
    with pytest.raises(ValueError, match="celery"):
        load_sources(table)


def test_vendored_and_generated_files_are_left_out(repo: Repository) -> None:
    commit = repo.commit(
        {"a.py": "a\n", "vendor/b.py": "b\n", "c_pb2.py": "c\n", "d.min.js": "d\n"}
    )
    assert [path for path, _ in files_of(repo.top, commit)] == ["a.py"]


def test_pairs_are_collected_once_and_common_questions_dropped(
    repo: Repository, tmp_path: Path
) -> None:
    doc = '"""Return the value of it."""'
    same = "".join(
        f"def f{n}(a):\n    {doc}\n    return {'+'.join('abcdef'[n:])} + another_value\n"
        for n in range(5)
    )
    commit = repo.commit({"LICENSE": MIT, "a.py": DOCUMENTED["a.py"], "b.py": same})
    (tmp_path / "owner+name").symlink_to(repo.top)
    source = Source("owner/name", commit, "MIT")
    counts = collect_source(source, tmp_path, tmp_path)
    assert counts == {"doc": 1}
    lines, place = sorted(tmp_path.glob("*.jsonl.gz"), key=lambda file: file.stat().st_size)
    assert lines.name.endswith(".lines.jsonl.gz")
    assert list(read_pairs(lines)) == []
    written = place.stat().st_mtime_ns
    assert collect_source(source, tmp_path, tmp_path) == counts
    assert place.stat().st_mtime_ns == written
    assert [pair.query for pair in read_pairs(place)] == ["Retry a failed upload until it works"]


@pytest.mark.parametrize("path", ["a.py", "a.go", "A.java", "a.js"])
def test_a_copy_of_the_benchmarks_code_is_known_by_its_documented_pair(
    path: str, tmp_path: Path
) -> None:
    """The corpora have no documentation; whoever copied the code has it."""
    language = language_of_text(path, "")
    (tmp_path / path).write_text(strip_documentation(language, DOCUMENTED[path])[0])
    (pair,) = [one for one in pairs_of_file(path, DOCUMENTED[path]) if one.kind == "doc"]
    assert code_key(pair.code) in benchmark_keys(tmp_path)


def test_layout_and_numbers_do_not_make_other_code() -> None:
    assert code_key("def f(a):\n  return a[1]") == code_key("def f(a): return a[22]")
    assert code_key("def f(a): return a") != code_key("def f(a): yield a")


def test_encoded_pairs_keep_their_words_and_leave_the_benchmark_out(tmp_path: Path) -> None:
    pairs = [
        Pair("doc", "python", "retry uploads", "a.sendAll", "retry retry upload the file again"),
        Pair("name", "go", "close files", "", "close the file and the other file now"),
    ]
    place = tmp_path / "a.jsonl.gz"
    with gzip.open(place, "wt", encoding="utf-8") as file:
        file.writelines(json.dumps(asdict(pair)) + "\n" for pair in pairs)
    texts = [f"{pair.query} {pair.code} send all a" for pair in pairs] * 5
    tokenizer = train_tokenizer(iter(texts), 500)
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    data = encode_file(place, 0, tmp_path / "tokenizer.json")
    assert len(data.source) == 2
    first = slice(data.codes.starts[0], data.codes.starts[1])
    words = [tokenizer.id_to_token(one) for one in data.codes.ids[first]]
    assert words[words.index("retry")] == "retry"
    assert data.codes.counts[first][words.index("retry")] == 2
    ids, counts = Encoder(tokenizer).counted("retry again retry")
    assert [tokenizer.id_to_token(one) for one in ids] == ["retry", "again"]
    assert counts == [2, 1]
    excluded = np.array([code_key(pairs[0].code)])
    assert joined([data], excluded).kind.tolist() == [2]
    assert len(joined([data, data], np.zeros(0, np.int64)).source) == 2


def test_the_loss_has_the_gradient_that_autograd_finds() -> None:
    torch = pytest.importorskip("torch")
    from training.train import info_nce

    torch.manual_seed(3)
    left, right = (
        torch.nn.functional.normalize(torch.randn(12, 5), dim=1).requires_grad_() for _ in "lr"
    )
    apart = (np.array([0, 4]), np.array([4, 0]))
    scores = left @ right.T / 0.1
    scores = scores.masked_fill(_mask(torch, apart, 12), -1e9)
    truth = torch.arange(12)
    cross = torch.nn.functional.cross_entropy
    expected = (cross(scores, truth) + cross(scores.T, truth)) / 2
    expected.backward()
    loss, by_left, by_right = info_nce(left.detach(), right.detach(), 0.1, apart)
    assert loss == pytest.approx(float(expected.detach()), abs=1e-5)
    assert torch.allclose(by_left, left.grad, atol=1e-5)
    assert torch.allclose(by_right, right.grad, atol=1e-5)


def _mask(torch: object, apart: tuple[object, object], size: int) -> object:
    mask = torch.zeros(size, size, dtype=torch.bool)  # type: ignore[attr-defined]
    mask[apart] = True
    return mask
