"""Settings: `git config lumen.*`, overridden by `LUMEN_*` in the environment.

Only git's configuration is read, never a file of the checked-out tree, so
that nothing a repository's own files say can steer this tool.
"""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING, Literal, NamedTuple, cast, get_args

from lumen_hooks.git.command import git
from lumen_hooks.git.config import config_entries, config_values
from lumen_hooks.git.worktree import find_worktree

from .errors import RepositoryError, SettingsError
from .meant import asked_back, did_you_mean, near

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from lumen_hooks.git.config import Entry

BUILTIN_MODEL = "builtin"

RefreshMode = Literal["background", "inline", "off"]
REFRESH_MODES: tuple[RefreshMode, ...] = get_args(RefreshMode)

_TRUE = frozenset({"true", "yes", "on", "1", ""})
_FALSE = frozenset({"false", "no", "off", "0"})
_UNITS = {"k": 1 << 10, "m": 1 << 20, "g": 1 << 30}


def default_models_folder(environ: Mapping[str, str]) -> str:
    """Where downloaded models and remembered digests are kept for the user (XDG base directories).

    Args:
        environ: where XDG_CACHE_HOME is looked up; the home folder is used without it.
    """
    cache = environ.get("XDG_CACHE_HOME", "")
    if not os.path.isabs(cache):
        cache = os.path.join(os.path.expanduser("~"), ".cache")
    return os.path.join(cache, "lumen-hooks", "models")


class LanguageRule(NamedTuple):
    """A language that files are told to be in.

    Attributes:
        pattern: which files, as in a .gitignore at the worktree's top.
        language: as `--lang` takes it.
    """

    pattern: str
    language: str


class Settings(NamedTuple):
    """What a user may set, with the defaults.

    Attributes:
        enabled: hooks do something in this repository.
        model: `builtin`, `minilm`, a name that fastembed lists, or a folder with a model.
        refresh: when a hook refreshes: in the background, before it returns, or never.
        seed_wait: seconds to wait for another process that is making this index.
        max_file_bytes: larger files are not indexed.
        include: gitignore patterns indexed although a built-in rule would skip them.
        exclude: gitignore patterns never indexed.
        language: which files are in which language, whatever else says what; the last one counts.
        workers: processes of this user on this machine that may embed at once.
        threads: of a model, and processes that parse for one update; None for as many as suit who
            waits for it (`throttle.parsers`), and one of a model.
        max_cache_bytes: size above which the embedding store evicts what no index uses.
        models_folder: where downloaded models, and digests of models, are kept.
        mcp_structured: `lumen-hooks mcp` gives answers as structured content, too.
        remote: URL of a store of indexes, as fsspec takes it; empty for none.
        remote_signers: path of an allowed-signers file (ssh-keygen(1)): of the store, only what one
            of them signed is used; empty to take what is there.
        remote_signing_key: path of the SSH key that signs what is pushed; empty to sign nothing.
        remote_patience: seconds to wait for one answer of the store.
        listing: what git's own configuration says of which files there are, not to be set here:
            keys and values, those that win last; empty if it was not asked.
    """

    enabled: bool = True
    model: str = BUILTIN_MODEL
    refresh: RefreshMode = "background"
    seed_wait: float = 10.0
    max_file_bytes: int = 1 << 20
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    language: tuple[LanguageRule, ...] = ()
    workers: int = 2
    threads: int | None = None
    max_cache_bytes: int = 512 << 20
    models_folder: str = default_models_folder({})
    mcp_structured: bool = False
    remote: str = ""
    remote_signers: str = ""
    remote_signing_key: str = ""
    remote_patience: float = 20.0
    listing: tuple[tuple[str, str], ...] = ()

    @property
    def model_threads(self) -> int:
        """Threads of one model, as numerical libraries and onnxruntime take them."""
        return self.threads or 1


_NAMES = tuple(name for name in Settings._fields if name != "listing")

_LISTING = ("core.", "extensions.", "index.", "attr.")
"""The sections of git's configuration that say which files there are."""


def _key(name: str) -> str:
    """`max_file_bytes` is `lumen.maxFileBytes` in git, whose names ignore case."""
    return "lumen." + name.replace("_", "")


def load_settings(
    directory: str,
    environ: Mapping[str, str],
    *,
    asked: bool = False,
    entries: Callable[[str], Sequence[Entry]] | None = None,
) -> Settings:
    """The settings in force in a worktree.

    Args:
        directory: a folder of the worktree.
        environ: where `LUMEN_*` variables are looked up.
        asked: the user named this worktree. One that holds a home folder is switched off else,
            unless its own configuration switches it on or it has an index.
        entries: as `config_entries` there, for a pattern; None to ask git.

    Raises:
        SettingsError: a value is not of its kind; the hint names the command that corrects it.
        RepositoryError: git cannot read its configuration, or refuses this repository.
    """
    configured: dict[str, list[str]] = {}
    listing = []
    read = entries or partial(config_entries, directory)
    for entry in read("(lumen|core|extensions|index|attr)[.].*"):
        configured.setdefault(entry.key.lower(), []).append(entry.value or "")
        if entry.key.startswith(_LISTING):
            listing.append((entry.key, entry.value or ""))
    if "core.repositoryformatversion" not in configured:
        # From a repository that it refuses, git config silently reads nothing.
        insist_on_trust(directory)
    values: dict[str, object] = {"listing": tuple(listing)}
    for name in _NAMES:
        variable = "LUMEN_" + name.upper()
        if variable in environ:
            raw, source = [environ[variable]], variable
        elif _key(name) in configured:
            raw, source = configured[_key(name)], _camel(name)
        else:
            continue
        values[name] = _convert(name, raw, source)
    if "LUMEN_ENABLED" not in environ and holds_home(directory):
        values["enabled"] = _is_on_at_home(directory, asked=asked)
    if not values.get("models_folder"):
        values["models_folder"] = default_models_folder(environ)
    return Settings(**values)  # type: ignore[arg-type]


def is_structured(directory: str | None, environ: Mapping[str, str]) -> bool:
    """Whether a server that is started in a folder, of any kind, gives structured content.

    Raises:
        SettingsError: the value is no boolean.
    """
    variable = "LUMEN_MCP_STRUCTURED"
    if variable in environ:
        return bool(_convert("mcp_structured", [environ[variable]], variable))
    name = _camel("mcp_structured")
    try:
        said = config_values(directory, name) if directory is not None else []
    except RepositoryError:
        return False
    return bool(said and _convert("mcp_structured", said, name))


class Stray(NamedTuple):
    """What is called like a setting and is none, so that nothing goes by it.

    Attributes:
        name: as git or the environment has it.
        hint: what may have been meant; may be empty.
    """

    name: str
    hint: str


def stray_settings(directory: str, environ: Mapping[str, str]) -> list[Stray]:
    """What somebody set and nothing goes by, most likely since it is misspelt.

    Of the environment only what is spelt much like a setting: other programs may own the rest.

    Args:
        directory: a folder of the worktree.
        environ: as for `load_settings`.

    Raises:
        RepositoryError: git cannot read its configuration.
    """
    known = {_key(name) for name in _NAMES}
    ours = {name.replace("_", ""): _camel(name) for name in _NAMES}
    keys = dict.fromkeys(entry.key for entry in config_entries(directory, "lumen[.].*"))
    strays = [
        Stray(key, did_you_mean(key.removeprefix("lumen."), ours))
        for key in keys
        if key.lower() not in known
    ]
    variables = {name: f"LUMEN_{name.upper()}" for name in (*_NAMES, "hooks")}
    for variable in environ:
        if variable.startswith("LUMEN_") and variable not in variables.values():
            hint = did_you_mean(variable.removeprefix("LUMEN_"), variables)
            strays += [Stray(variable, hint)] if hint else []
    return strays


def user_refresh() -> RefreshMode:
    """`lumen.refresh` as the user has it for all repositories.

    Raises:
        SettingsError: it is none of the modes.
        RepositoryError: git cannot read the user's configuration.
    """
    entries = config_entries("/", "lumen[.]refresh")
    found = [entry.value or "" for entry in entries if entry.scope == "global"]
    return cast("RefreshMode", _convert("refresh", found or ["background"], "lumen.refresh"))


def insist_on_trust(directory: str) -> None:
    """Leave a repository alone that git itself refuses: another owner's, an unknown extension.

    For whoever reads, writes or deletes there without having loaded the settings.

    Raises:
        RepositoryError: git refuses it; the message is git's.
    """
    git(["rev-parse", "--git-dir"], cwd=directory)


def holds_home(top: str) -> bool:
    """Whether a worktree's top is the user's home folder, or one above it (`/home`, `/`).

    A repository there is for settings, or nobody knows of it; what lies in it is private.
    """
    home, folder = os.path.realpath(os.path.expanduser("~")), os.path.realpath(top)
    return home == folder or home.startswith(folder.rstrip("/") + "/") or folder == "/"


def _is_on_at_home(directory: str, *, asked: bool) -> bool:
    # Not what the user's own file says for all repositories.
    said = config_values(directory, "lumen.enabled", only="local", as_bool=True)
    if said or asked:
        return said[-1:] != ["false"]
    try:
        return os.path.exists(find_worktree(directory).index_path)
    except RepositoryError:
        return False


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return "lumen." + head + "".join(part.capitalize() for part in rest)


def _convert(name: str, raw: list[str], source: str) -> object:
    last = raw[-1].strip()
    if name in {"enabled", "mcp_structured"}:
        if last.lower() in _TRUE | _FALSE:
            return last.lower() in _TRUE
        raise _wrong(source, last, "true or false", _TRUE | _FALSE)
    if name == "refresh":
        if last in REFRESH_MODES:
            return last
        raise _wrong(source, last, ", ".join(REFRESH_MODES), REFRESH_MODES)
    if name in {"include", "exclude", "language"}:
        listed = tuple(line for value in raw for line in value.splitlines() if line.strip())
        if name == "language":
            return tuple(_language_rule(line, source) for line in listed)
        return listed
    if name == "model":
        return last or BUILTIN_MODEL
    if name == "remote":
        return last
    if name in {"models_folder", "remote_signers", "remote_signing_key"}:
        if os.path.isabs(os.path.expanduser(last)) or not last:
            return os.path.expanduser(last)
        raise _wrong(source, last, "a full path")
    if name in {"seed_wait", "remote_patience"}:
        try:
            seconds = float(last)
        except ValueError:
            seconds = -1.0
        if 0 <= seconds <= 3600:
            return seconds
        raise _wrong(source, last, "seconds from 0 to 3600")
    number = _integer(last)
    if number is None or number < 1:
        raise _wrong(source, last, "a whole number of at least 1")
    return number


def _language_rule(text: str, source: str) -> LanguageRule:
    """`*.inc=php`: a pattern and a language."""
    pattern, _, name = (part.strip() for part in text.rpartition("="))
    if not pattern or pattern[0] in "!#":
        raise _wrong(source, text, "PATTERN=LANGUAGE, as in '*.inc=php'")
    from lumen_hooks.chunking.naming.languages import (  # few have this setting
        language_meant,
        language_named,
    )

    language = language_named(name)
    if language is None:
        hint = language_meant(name) or "a name, an alias or an ending, as in docs/languages.md"
        raise SettingsError(f"{source} is {text!r}, but no language is called {name!r}", hint=hint)
    return LanguageRule(pattern, language)


def _integer(text: str) -> int | None:
    """A whole number with git's optional unit: k, m or g."""
    unit = _UNITS.get(text[-1:].lower(), 1)
    digits = text[:-1] if unit > 1 else text
    return int(digits) * unit if digits.isascii() and digits.isdigit() else None


def _wrong(source: str, value: str, wanted: str, possible: Collection[str] = ()) -> SettingsError:
    meant = near(value, possible)[:1]
    to = meant[0] if meant else "VALUE"
    remedy = f"git config {source} {to}" if source.startswith("lumen.") else f"unset {source}"
    hint = f"{asked_back(meant)} {remedy}".lstrip()
    return SettingsError(f"{source} is {value!r}, but must be {wanted}", hint=hint)
