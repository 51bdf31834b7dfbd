"""What real clients send, and what is made of it."""

from __future__ import annotations

from typing import Any

import pytest

from lumen_hooks.errors import QueryError
from lumen_hooks.mcp.forms import arguments_meant, listed
from lumen_hooks.mcp.schemas import (
    Arguments,
    ExactArguments,
    RelatedArguments,
    SearchArguments,
    lists_of,
)

Q = {"query": "x"}


def meant(takes: type[Arguments], given: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    said, unknown = arguments_meant(given, lists_of(takes), takes.model_fields)
    return takes.model_validate(said).model_dump(exclude_unset=True), unknown


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        (dict.fromkeys(SearchArguments.model_fields) | Q, {}),
        (dict.fromkeys(SearchArguments.model_fields, "null") | Q, {}),
        ({"limit": "7", "summary": "true"}, {"limit": 7, "summary": True}),
        ({"max_lines": 3.0, "max_tokens": "900.0"}, {"max_lines": 3, "max_tokens": 900}),
        ({"languages": "python"}, {"languages": ["python"]}),
        ({"languages": '["python", "go"]'}, {"languages": ["python", "go"]}),
        ({"lang": "python, c++ ,,"}, {"languages": ["python", "c++"]}),
        ({"language": ["python", None, ""]}, {"languages": ["python"]}),
        ({"languages": []}, {}),
        ({"exclude": "*.{md,rst},docs"}, {"exclude": ["*.{md,rst}", "docs"]}),
        ({"content": "docs"}, {"content": "docs"}),
        ({"content": ["doc"]}, {"content": "docs"}),
        ({"maxResults": 3, "max-tokens": "900"}, {"limit": 3, "max_tokens": 900}),
        ({"top_k": 3, "limit": 4}, {"limit": 4}),
        ({"directory": "/a"}, {"path": "/a"}),
        ({"cwd": "/a", "path": "b"}, {"path": "/a/b"}),
        ({"cwd": "/a", "path": "/c/d"}, {"path": "/c/d"}),
        ({"root": "/a", "path": ""}, {"path": "/a"}),
        ({"path": ["src", "lib"]}, {"path": "{src,lib}"}),
        ({"path": ["/w/src", "/w/lib/a"]}, {"path": "/w/{src,lib/a}"}),
        ({"path": ["/w/src", "/w"]}, {"path": "/w"}),
        ({"path": '["src"]'}, {"path": "src"}),
        ({"path": "app/[slug]"}, {"path": "app/[slug]"}),
        ({"path": "[slug]/a"}, {"path": "[slug]/a"}),
        ({"paths": []}, {}),
    ],
)  # fmt: skip
def test_forms_of_a_search(given: dict[str, Any], wanted: dict[str, Any]) -> None:
    assert meant(SearchArguments, Q | given) == (Q | wanted, [])


@pytest.mark.parametrize(
    ("given", "query"),
    [
        ({"q": "send"}, "send"),
        ({"search_query": "send"}, "send"),
        ({"query": 404}, "404"),
        ({"query": ["send", "mail"]}, "send mail"),
        ({"query": "null"}, "null"),
        ({"text": "none"}, "none"),
    ],
)
def test_what_is_asked(given: dict[str, Any], query: str) -> None:
    assert meant(SearchArguments, given) == ({"query": query}, [])


def test_other_tools() -> None:
    given = {"pattern": "a b", "is_regex": "false", "case_sensitive": False, "head_limit": 9}
    wanted = {"text": "a b", "regex": False, "ignore_case": True, "limit": 9}
    assert meant(ExactArguments, given) == (wanted, [])
    for pattern in ({"regexp": "a.b"}, {"regex": "a.b"}, {"pattern": "a.b", "regexp": True}):
        assert meant(ExactArguments, pattern) == ({"text": "a.b", "regex": True}, [])
    place = {"file_path": "a.py", "lineNumber": "12", "workspace": "/w"}
    assert meant(RelatedArguments, place) == ({"path": "/w/a.py", "line": 12}, [])


def test_what_nobody_knows_is_named_unless_it_is_for_others() -> None:
    given = {"toolCallId": 1, "explanation": "I want", "_meta": {}, "filetype": "py", "Colour": 2}
    assert meant(SearchArguments, Q | given)[1] == ["filetype", "Colour"]


def test_what_is_wrong_stays_wrong() -> None:
    wrong: list[dict[str, Any]] = [{"limit": "many"}, {"limit": [1]}, {"summary": "perhaps"}]
    for given in (
        {},
        *(Q | one for one in wrong),
        Q | {"languages": {}},
        Q | {"content": [{}]},
        Q | {"path": 1, "cwd": "/a"},
    ):
        with pytest.raises(ValueError, match="validation error"):
            meant(SearchArguments, given)
    with pytest.raises(QueryError, match="no content"):
        meant(SearchArguments, Q | {"content": "poems"})


@pytest.mark.parametrize("hostile", ["[" * 10_000, '"' * 999, "{" * 999 + ",", "}," * 99])
def test_hostile_lists(hostile: str) -> None:
    assert all(isinstance(one, str) for one in listed(hostile))


def test_a_long_list_is_read_in_one_go() -> None:
    """Each character copied all before it: two megabytes kept the server from everybody."""
    assert listed("a" * 4_000_000 + ", {b,c}},d") == ["a" * 4_000_000, "{b,c}}", "d"]
