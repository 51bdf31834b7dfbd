"""What may have been meant by a name that is none: the one rule, whatever is named.

Commands, settings, languages, kinds and paths are compared in the same way. Knows names as text.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

SHOWN = 3
"""So many are named at most."""

CUTOFF = 0.7
"""How much alike two names are at least, as `difflib.SequenceMatcher.ratio` has it, from 0 to 1."""

_BEGUN_CHARACTERS = 2
_CHARACTERS_MAX = 200
_COMPARED = 5_000
"""So many names are compared letter by letter, which costs some 10 µs each."""

_NO_LETTERS = str.maketrans("", "", "-_ ")


def near(
    name: str, known: Iterable[str] | Mapping[str, str], *, cutoff: float = CUTOFF
) -> list[str]:
    """Names that are much like one that is none, or that it begins; the likeliest first.

    Letters of either case are the same, and `-`, `_` and blanks are of no account.

    Args:
        name: what was given.
        known: what there is, or what each word stands for: two may stand for the same.
        cutoff: see CUTOFF.
    """
    if len(name) > _CHARACTERS_MAX:
        return []
    from difflib import get_close_matches  # only something that failed needs it

    meanings = known.items() if isinstance(known, Mapping) else ((one, one) for one in known)
    words: dict[str, str] = {}
    for word, meaning in meanings:
        words.setdefault(plain(word), meaning)
        if len(words) >= _COMPARED:
            break
    given = plain(name)
    close = get_close_matches(given, words, n=2 * SHOWN, cutoff=cutoff)
    begun = [word for word in words if word.startswith(given)]
    if len(given) >= _BEGUN_CHARACTERS:
        close += begun
    return list(dict.fromkeys(words[word] for word in close))[:SHOWN]


def did_you_mean(
    name: str, known: Iterable[str] | Mapping[str, str], *, cutoff: float = CUTOFF
) -> str:
    """What to ask back for a name that is none; empty where nothing is called nearly so."""
    return asked_back(near(name, known, cutoff=cutoff))


def asked_back(names: Iterable[str]) -> str:
    """The question whether one of these names was meant; empty without any."""
    listed = ", ".join(names)
    return f"did you mean {listed}?" if listed else ""


def plain(name: str) -> str:
    """A name as it is compared."""
    return name.strip().lower().translate(_NO_LETTERS)
