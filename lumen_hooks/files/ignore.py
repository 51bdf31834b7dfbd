"""Which paths are left out whatever the files hold.

The built-in lists and the order in which the user's wishes, ignore files and
those lists decide. It judges paths as text; it opens no file and runs no git.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from .gitignore import PatternTree, parse_patterns

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from lumen_hooks.settings import Settings

RULES_VERSION = 4
"""Part of every manifest's digest; raise it when anything below decides differently."""

IGNORE_FILE = ".lumenignore"

_BINARY = """
    3ds 7z a aab aac accdb aiff apk arrow avi avif avro bin blend bmp br bz2 cab cbor ckpt class
    cur db db3 deb dex dll dmg doc docm docx dylib ear egg elf eot exe fbx feather fla flac flv
    gguf gif glb gz h5 hdf5 heic heif icns ico idx img iso jar jpeg jpg jxl keras lz lz4 lzma m4a
    m4v mdb mid midi mkv mo mov mp3 mp4 mpeg mpg msgpack msi npy npz nupkg o obj odp ods odt ogg
    ogv onnx opus orc otf parquet pcap pdb pdf pickle png ppt pptm pptx psd pt pth pyc pyd pyo rar
    rds rlib rmeta rpm safetensors so sqlite sqlite3 swf swp tar tbz2 tflite tgz tif tiff ttc ttf
    txz wasm wav webm webp whl wma wmv woff woff2 xcf xls xlsb xlsm xlsx xz z zip zst
"""
"""Never text, or not worth opening: images, archives, fonts, media, objects, models, databases."""

_DATA = "csv geojson jsonl ndjson po pot snap svg topojson tsv xlf xliff"
"""Text that is no code: translations, drawings, tables."""

_LOCKS = "lock lockb lockfile"

_HIDDEN = "env jks kdbx key keystore p12 p8 pem pfx pkcs12 ppk tfstate tfvars"
"""Keys, their stores, and files that hold nothing but settings worth hiding."""

_HIDDEN_NAMES = """
    .boto .dockercfg .dockerconfigjson .env .envrc .git-credentials .htpasswd .my.cnf .mylogin.cnf
    .netrc .npmrc .pgpass .pypirc .s3cfg .terraformrc .vault-token .vault_pass _netrc credentials
    credentials.json credentials.toml kubeconfig local.settings.json secrets.json secrets.toml
    secrets.yaml secrets.yml terraform.rc
"""

_BY_EXTENSION = {
    **dict.fromkeys(_BINARY.split(), "binary"),
    **dict.fromkeys(_DATA.split(), "data"),
    **dict.fromkeys(_LOCKS.split(), "lock file"),
    **dict.fromkeys(_HIDDEN.split(), "secret"),
    "map": "minified",
}

_OF_NO_USE = {end: why for end, why in _BY_EXTENSION.items() if why != "secret"}
"""Those that decide whatever the name before them says."""

_BY_NAME = {
    **dict.fromkeys(
        (
            "package-lock.json",
            "npm-shrinkwrap.json",
            "packages.lock.json",
            "pnpm-lock.yaml",
            "shrinkwrap.yaml",
            "conda-lock.yml",
            "go.sum",
            "go.work.sum",
            "package.resolved",
            "cartfile.resolved",
            "cabal.project.freeze",
            ".terraform.lock.hcl",
            ".pnp.cjs",
            ".pnp.loader.mjs",
        ),
        "lock file",
    ),
    **dict.fromkeys(_HIDDEN_NAMES.split(), "secret"),
}
"""Names in lower case."""

_SECRET_PLACES = ("/.docker/config.json", "/.kube/config")
"""Names that mean something in a certain folder only."""

_SECRET_FOLDERS = (
    "/.aws/", "/.azure/", "/.config/gcloud/", "/.config/gh/", "/.gnupg/", "/.password-store/",
    "/.ssh/",
)  # fmt: skip
"""Nothing in these is for other eyes."""

_SECRET = re.compile(
    r"\.env\..+"
    r"|id_(?:dsa|ecdsa|ed25519|rsa)(?:_sk)?(?:[_-][^.]*)?(?:\.(?:bak|old|orig))?"
    r"|.+\.tfstate\..+|.+\.tfvars\.json"
    r"|(?:client_secrets?|service[-_]?account)(?:[-_.].*)?\.json"
    r"|application_default_credentials\.json",
    re.DOTALL,
)

_FOR_SHOW = frozenset({"default", "defaults", "dist", "example", "sample", "template", "tmpl"})
_SETTINGS = frozenset({"account", "client", "env", "envrc", "tfvars"})
"""`.env.example` and `example.env` are there to be read: they hold no secret, only its name. Of
keys, stores and states (`default.pem`, `default.tfstate`) such a word says nothing."""

_MINIFIED = re.compile(r"(?:.*[.-]min|.*\.bundle)\.(?:js|mjs|cjs|css|html)", re.DOTALL)

_SUSPECTS = frozenset(
    {
        *_BY_EXTENSION,
        *(name.rpartition(".")[2] for name in (*_BY_NAME, *_SECRET_PLACES)),
        *("js", "mjs", "cjs", "css", "html"),
        "backup",  # of a tfstate
    }
)
"""Extensions that need a closer look; most paths are cleared by this alone."""

_SUSPICIOUS = frozenset({*(name[:3] for name in _BY_NAME if "." not in name), "id_", "cli", "ser"})
"""So begin names that need a closer look whatever their extension, as do all in hidden folders."""

_DEPENDENCIES = """
    .aws-sam .bloop .bundle .cache .cxx .dart_tool .direnv .eggs .elixir_ls .expo
    .gradle .hypothesis .ipynb_checkpoints .jekyll-cache .metals .mypy_cache .next .nox .nuxt
    .nyc_output .parcel-cache .pnpm-store .pytest_cache .pytype .ruff_cache .sass-cache .serverless
    .stack-work .svelte-kit .terraform .terragrunt-cache .tox .turbo .venv .zig-cache DerivedData
    __pycache__ _build bower_components dist-newstyle elm-stuff jspm_packages node_modules
    site-packages zig-cache
"""

DEPENDENCIES = frozenset(_DEPENDENCIES.split())
"""Folders of installed packages, caches and build output, which nobody calls so by accident."""

DEPENDENCY_ENDS = (".egg-info",)
"""So end names of more of them."""

DEPENDENCY_MARKS = ("CACHEDIR.TAG", "pyvenv.cfg", "conda-meta")
"""A folder with one of these in it is such a folder, whatever its name (bford.info/cachedir,
PEP 405)."""

DEPENDENCY_NEIGHBOURS = {
    "Pods": ("Podfile",),
    "deps": ("mix.exs", "rebar.config"),
    "target": ("Cargo.toml", "build.sbt", "pom.xml"),
    "vendor": ("composer.json",),
    "vendor/bundle": ("Gemfile",),
}
"""Folders that are such if one of these files is beside them; the name alone says nothing."""


class Rules(NamedTuple):
    """Everything that decides by path.

    Attributes:
        exclude: the user's patterns that win over everything.
        include: the user's patterns that win over the ignore files and the built-in lists.
        ignored: the tree's own ignore files.
    """

    exclude: PatternTree
    include: PatternTree
    ignored: PatternTree


def rules_of(settings: Settings, ignore_files: Mapping[str, str]) -> Rules:
    """The rules from the settings and from the text of ignore files by folder."""
    return Rules(
        exclude=PatternTree({"": parse_patterns(settings.exclude)}),
        include=PatternTree({"": parse_patterns(settings.include)}),
        ignored=PatternTree(
            {folder: parse_patterns(text.split("\n")) for folder, text in ignore_files.items()}
        ),
    )


def left_out(paths: Iterable[str], rules: Rules) -> dict[str, str]:
    """The paths that are not indexed, with the reason.

    Reasons: `excluded` (setting), `ignored` (ignore file), `binary`, `data`, `lock file`,
    `minified`, `secret`.
    """
    reasons: dict[str, str] = {}
    exclude, include, ignored = (
        tree.matches if tree else None for tree in (rules.exclude, rules.include, rules.ignored)
    )
    for path in paths:
        if exclude and exclude(path):
            reasons[path] = "excluded"
            continue
        if include and include(path):
            continue
        if ignored and ignored(path):
            reasons[path] = "ignored"
            continue
        # Most paths are judged or cleared by their extension alone, as it is written.
        _, dot, extension = path.rpartition(".")
        reason = _OF_NO_USE.get(extension) if dot else None
        if reason or (
            extension.lower() in _SUSPECTS
            or path.rpartition("/")[2][:3].lower() in _SUSPICIOUS
            or "/." in path
            or path[0] == "."
        ):
            reason = reason or builtin_reason(path)
            if reason:
                reasons[path] = reason
    return reasons


def builtin_reason(path: str) -> str | None:
    """Why the built-in lists leave a path out, or None; upper and lower case are the same."""
    _, dot, extension = path.rpartition(".")
    reason = _OF_NO_USE.get(extension.lower()) if dot else None
    if reason:
        return reason
    name = path.rpartition("/")[2].lower()
    if _is_secret("/" + path.lower(), name):
        return None if _is_for_show(name) else "secret"
    if name in _BY_NAME:
        return _BY_NAME[name]
    return "minified" if _MINIFIED.fullmatch(name) else None


def _is_secret(place: str, name: str) -> bool:
    return (
        _BY_NAME.get(name) == "secret"
        or ("." in name and _BY_EXTENSION.get(name.rpartition(".")[2]) == "secret")
        or _SECRET.fullmatch(name) is not None
        or place.endswith(_SECRET_PLACES)
        or any(folder in place for folder in _SECRET_FOLDERS)
    )


def _is_for_show(name: str) -> bool:
    words = set(re.split(r"[._-]", name))
    return not (_FOR_SHOW.isdisjoint(words) or _SETTINGS.isdisjoint(words))


def named_by(patterns: Iterable[str], end: str) -> bool:
    """Whether gitignore patterns name a folder, by a part of a path that ends like this."""
    return any(
        part.endswith(end)
        for pattern in patterns
        for part in pattern.strip().lstrip("!").split("/")
    )
