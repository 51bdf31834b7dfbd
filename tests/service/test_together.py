"""Several indexes asked together: by their own models, and as well as each of them alone."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from lumen_hooks.errors import LumenError
from lumen_hooks.indexing.progress import NoProgress
from lumen_hooks.search.query import Searcher
from lumen_hooks.search.results import Query
from lumen_hooks.service.several import asked_in_each, spots_of
from lumen_hooks.service.together import Together
from tests.support.commands import lumen
from tests.support.repository import Repository
from tests.support.sources import python_module
from tests.support.tiny_transformer import SPECIAL, make_transformer

if TYPE_CHECKING:
    from pathlib import Path

    from lumen_hooks.service.answer import JointAnswer

BODY = "".join(f"    note('{{0}}', {number})\n" for number in range(20))
SHOPS = {
    "bakery": {
        "bake_bread": "Heat the oven and bake loaves of bread until they are brown",
        "knead_dough": "Knead flour, water and yeast into a dough",
        "price_of_cake": "What a cake costs, by its weight and the number of candles",
    },
    "garage": {
        "change_tyre": "Lift the car and change a flat tyre",
        "measure_brakes": "Measure how thick the brake pads are and say if they must be replaced",
        "price_of_repair": "What a repair of the engine costs, by hours and spare parts",
    },
}


def ask(directories: list[str], text: str, *, every: bool = False, limit: int = 3) -> JointAnswer:
    spots = spots_of(directories, every=every)
    asked = asked_in_each(spots, Query(text, limit))
    return Together(asked, progress=NoProgress()).answer(spots)


@pytest.fixture
def shops(tmp_path: Path) -> dict[str, str]:
    tops = {}
    for shop, functions in SHOPS.items():
        repo = Repository(tmp_path / shop)
        repo.top.mkdir()
        repo.git("init", "-q")
        repo.commit(
            {
                f"{name}.py": f'def {name}(order):\n    """{text}."""\n{BODY.format(name)}'
                for name, text in functions.items()
            }
        )
        tops[shop] = str(repo.top)
    return tops


def test_the_first_answer_of_one_stays_the_first_of_both(shops: dict[str, str]) -> None:
    """Whichever repository is named first, and whatever the other one has of the words."""
    for shop, functions in SHOPS.items():
        for name, text in functions.items():
            for question in (text, name):
                alone = ask([shops[shop]], question).results[0]
                assert alone.symbol == name
                for directories in (list(shops.values()), list(shops.values())[::-1]):
                    first = ask(directories, question).results[0]
                    assert (first.worktree, first.symbol) == (shop, name), question
                    assert first.score == pytest.approx(alone.score)


def test_each_is_asked_by_its_own_model_and_equal_ones_once(
    repo: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = [*SPECIAL, "send", "request", "wait", "answer", "alpha", "beta", "gamma"]
    models = [make_transformer(tmp_path / name, words, seed) for seed, name in enumerate("AB", 1)]
    repo.commit({f"{name}.py": python_module(name) for name in ("alpha", "beta", "gamma")})
    repo.git("config", "extensions.worktreeConfig", "true")
    repo.git("config", "lumen.model", str(models[0]))
    others = [repo.add_worktree(name, "-b", name) for name in ("equal", "other")]
    others[1].git("config", "--worktree", "lumen.model", str(models[1]))
    tops = [str(one.top) for one in (repo, *others)]
    ask(tops, "send the beta request")
    embedded: list[str] = []
    searched: list[str] = []
    search = Searcher.search

    def counted(searcher: Searcher, query: Query, model_of: Any) -> Any:
        def noted(made_with: Any) -> Any:
            model = model_of(made_with)
            embedded.append(made_with.model)
            return model

        searched.append(searcher.index.path)
        return search(searcher, query, noted)

    monkeypatch.setattr(Searcher, "search", counted)
    found = ask([tops[0]], "send the beta request", every=True)
    assert len(searched) == 2  # what two hold alike is ranked once
    assert embedded == list(map(str, models))
    assert [one.model for one in found.worktrees] == [str(models[number]) for number in (0, 0, 1)]
    assert found.model == ", ".join(map(str, models))
    assert found.problem is None
    first = found.results[0]
    assert (first.worktree, [place.worktree for place in first.same_in]) == (
        *("main", ["equal", "other"]),
    )
    assert first.differs_in == ()


def test_none_of_many_that_can_be_searched_is_an_error_of_the_first(shops: dict[str, str]) -> None:
    for top in shops.values():
        Repository(top).git("config", "lumen.enabled", "false")  # type: ignore[arg-type]
    with pytest.raises(LumenError, match="bakery"):
        ask(list(shops.values()), "bread")


def test_json_lines_name_their_worktrees(shops: dict[str, str]) -> None:
    arguments = [part for top in shops.values() for part in ("-C", top)]
    done = lumen(shops["bakery"], *arguments, "search", "what it costs", "--jsonl", "-n", "9")
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert {row["worktree"] for row in rows} == set(SHOPS)
