"""Which language files are told to be in: by `lumen.language`, or by their attributes.

GitHub and editors go by the attribute `linguist-language`; the setting is its user's own, and
wins. Knows paths and names of languages. What nobody tells the chunker finds out by itself.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, NamedTuple

from lumen_hooks.errors import SettingsError

from .gitignore import PatternTree, parse_patterns

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from lumen_hooks.settings import LanguageRule


class Told(NamedTuple):
    """What is told of the languages of a worktree's files.

    Attributes:
        languages: by path, as `--lang` takes them.
        unknown: names in attributes that mean no language here, each with a file that has it.
    """

    languages: Mapping[str, str]
    unknown: Mapping[str, str]

    @property
    def digest(self) -> str:
        """Of all that is told; empty for nothing."""
        if not self.languages:
            return ""
        told = json.dumps(sorted(self.languages.items())).encode()
        return hashlib.sha256(told).hexdigest()[:32]


def told_languages(
    rules: Sequence[LanguageRule], attributes: Mapping[str, str], paths: Iterable[str]
) -> Told:
    """What settings and attributes tell of files.

    Args:
        rules: of the setting; of several that match a file the last one counts.
        attributes: the values of `linguist-language`, by path.
        paths: of all files.

    Raises:
        SettingsError: a rule's pattern is none.
    """
    languages: dict[str, str] = {}
    unknown: dict[str, str] = {}
    if attributes:
        from lumen_hooks.chunking.naming.languages import language_named

        names = {name: language_named(name) for name in set(attributes.values())}
        for path, name in attributes.items():
            language = names[name]
            if language is None:
                unknown.setdefault(name, path)
            else:
                languages[path] = language
    if rules:
        languages.update(_by_rules(rules, paths))
    return Told(languages, unknown)


def _by_rules(rules: Sequence[LanguageRule], paths: Iterable[str]) -> dict[str, str]:
    matchers = [(_tree(rule), rule.language) for rule in reversed(rules)]
    found = {}
    for path in paths:
        for tree, language in matchers:
            if tree.matches(path):
                found[path] = language
                break
    return found


def _tree(rule: LanguageRule) -> PatternTree:
    patterns = parse_patterns([rule.pattern])
    if not patterns:
        raise SettingsError(
            f"lumen.language has {rule.pattern!r}, which is no pattern of gitignore(5)",
            hint="correct it with: git config --edit",
        )
    return PatternTree({"": patterns})
