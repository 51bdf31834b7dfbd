"""The hits of several indexes as one answer: each text once, each definition in one version.

A score is comparable within one index. Across repositories it counts as much as the question seems
to belong to each of them (docs/quality.md#several-repositories). Knows hits and numbers of indexes;
neither worktrees nor files.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from .copies import identities

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator, Sequence

    from .results import Hit

AS_GOOD = 0.8
"""A version that scores so much of what the best one does may be shown in its place."""

_LEAST_DOUBT = 1e-3
"""So sure that a question belongs somewhere, or does not, nothing makes anybody."""


class Source(NamedTuple):
    """What one index holds in answer to a question.

    Attributes:
        repository: equal for indexes of one repository.
        sure: the probability that the question belongs to it, from 0 to 1.
        hits: best first.
    """

    repository: Hashable
    sure: float
    hits: Sequence[Hit]


class Text(NamedTuple):
    """One text that answers.

    Attributes:
        score: that of the best of its hits, from 0 to 1, comparable with those of other texts.
        places: the number of a source and the hit there, the first sources first.
    """

    score: float
    places: tuple[tuple[int, Hit], ...]


def merged(sources: Sequence[Source]) -> list[Text]:
    """The texts that answer, by falling score.

    Of the versions of one definition in several sources of a repository that of the first source
    is kept whose version scores `AS_GOOD` of the best one; it stands where the best one would.

    Args:
        sources: the one whose texts are shown first, if others have the same, first.
    """
    weights = _weights(sources)
    hits = [
        (weights[number] * hit.score, number, hit)
        for number, source in enumerate(sources)
        for hit in source.hits
    ]
    hits.sort(key=lambda one: (-one[0], one[1], one[2].path, one[2].start_line))
    kept: list[list[Text]] = []
    by_file: dict[Hashable, list[list[Text]]] = {}
    for text in _texts(hits):
        number, hit = text.places[0]
        versions = by_file.setdefault((sources[number].repository, hit.path), [])
        found = next((one for one in versions if _is_version(text, one)), None)
        if found is None:
            found = []
            versions.append(found)
            kept.append(found)
        found.append(text)
    return [_shown(versions) for versions in kept]


def _weights(sources: Sequence[Source]) -> list[float]:
    """What a score of each source counts, from 0 to 1: its repository's odds, by the best ones.

    If the question belongs to one of them, these are in proportion to the probabilities (Bayes).
    """
    odds: dict[Hashable, float] = {}
    for source in sources:
        sure = min(max(source.sure, _LEAST_DOUBT), 1 - _LEAST_DOUBT)
        odds[source.repository] = max(odds.get(source.repository, 0.0), sure / (1 - sure))
    best = max(odds.values(), default=1.0)
    return [odds[source.repository] / best for source in sources]


def _texts(hits: Sequence[tuple[float, int, Hit]]) -> Iterator[Text]:
    """Hits with the same text as one, best first."""
    groups: list[list[tuple[float, int, Hit]]] = []
    numbers: dict[tuple[object, ...], int] = {}
    for one in hits:
        known = list(identities(one[2]))
        number = next((numbers[each] for each in known if each in numbers), len(groups))
        if number == len(groups):
            groups.append([])
        groups[number].append(one)
        numbers.update(dict.fromkeys(known, number))
    for group in groups:
        places = sorted(((number, hit) for _, number, hit in group), key=lambda place: place[0])
        yield Text(group[0][0], tuple(places))


def _is_version(text: Text, versions: Sequence[Text]) -> bool:
    """They define the same for the most part, and no source has both.

    A source that does has two definitions of one name.
    """
    theirs = {number for other in versions for number, _ in other.places}
    if any(number in theirs for number, _ in text.places):
        return False
    hit, first = text.places[0][1], versions[0].places[0][1]
    if not (hit.symbol and first.symbol):
        overlap = hit.start_line <= first.end_line and first.start_line <= hit.end_line
        return hit.symbol == first.symbol and overlap
    ours, others = definitions(hit), definitions(first)
    return 2 * len(ours & others) > min(len(ours), len(others))


def definitions(hit: Hit) -> frozenset[tuple[str, str]]:
    """What a hit defines: names and kinds. Small neighbours share a chunk."""
    held = frozenset((one.name, one.kind) for one in hit.holds)
    return held or frozenset({(hit.symbol, hit.kind)} if hit.symbol else ())


def _shown(versions: Sequence[Text]) -> Text:
    best = versions[0].score
    as_good = [text for text in versions if text.score >= AS_GOOD * best]
    return min(as_good, key=lambda text: text.places[0][0])._replace(score=best)
