"""Which paths are left out whatever the files hold.

The built-in lists and the order in which the user's wishes, ignore files and
those lists decide. It judges paths as text; it opens no file and runs no git.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .patterns import PatternTree, parse_patterns

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from .config import Settings

RULES_VERSION = 1
"""Part of every manifest's digest; raise it when anything below decides differently."""

IGNORE_FILE = ".lumenignore"

_BINARY = """
    3ds 7z a aab aac accdb aiff apk arrow avi avif avro bin blend bmp br bz2 cab cbor ckpt class
    cur db db3 deb dex dll dmg doc docm docx dylib ear egg elf eot exe fbx feather fla flac flv
    gguf gif glb gz h5 hdf5 heic heif icns ico idx img iso jar jks jpeg jpg jxl keras keystore
    lz lz4 lzma m4a m4v mdb mid midi mkv mo mov mp3 mp4 mpeg mpg msgpack msi npy npz nupkg o obj
    odp ods odt ogg ogv onnx opus orc otf p12 parquet pcap pdb pdf pfx pickle png ppt pptm pptx
    psd pt pth pyc pyd pyo rar rds rlib rmeta rpm safetensors so sqlite sqlite3 swf swp tar tbz2
    tflite tgz tif tiff ttc ttf txz wasm wav webm webp whl wma wmv woff woff2 xcf xls xlsb xlsm
    xlsx xz z zip zst
"""
"""Never text, or not worth opening: images, archives, fonts, media, objects, models, databases."""

_DATA = "csv geojson ipynb jsonl ndjson po pot snap svg topojson tsv xlf xliff"
"""Text that is no code: translations, drawings, tables, notebooks (code inside quoted JSON)."""

_LOCKS = "lock lockb lockfile"

_BY_EXTENSION = {
    **dict.fromkeys(_BINARY.split(), "binary"),
    **dict.fromkeys(_DATA.split(), "data"),
    **dict.fromkeys(_LOCKS.split(), "lock file"),
    "map": "minified",
}

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
}
"""Names in lower case."""

_MINIFIED = re.compile(r"(?:.*[.-]min|.*\.bundle)\.(?:js|mjs|cjs|css|html)", re.DOTALL)

_SUSPECTS = frozenset(
    {
        *_BY_EXTENSION,
        *(name.rpartition(".")[2] for name in _BY_NAME),
        *("js", "mjs", "cjs", "css", "html"),
    }
)
"""Extensions that need a closer look; most paths are cleared by this alone."""


@dataclass(frozen=True, slots=True)
class Rules:
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
    `minified`.
    """
    reasons: dict[str, str] = {}
    if not (rules.exclude or rules.include or rules.ignored):
        for path in paths:
            if reason := builtin_reason(path):
                reasons[path] = reason
        return reasons
    for path in paths:
        if rules.exclude and rules.exclude.matches(path):
            reasons[path] = "excluded"
        elif rules.include and rules.include.matches(path):
            continue
        elif rules.ignored and rules.ignored.matches(path):
            reasons[path] = "ignored"
        elif reason := builtin_reason(path):
            reasons[path] = reason
    return reasons


def builtin_reason(path: str) -> str | None:
    """Why the built-in lists leave a path out, or None; upper and lower case are the same."""
    extension = path.rpartition(".")[2].lower()
    if extension not in _SUSPECTS:
        return None
    name = path.rpartition("/")[2].lower()
    if name in _BY_NAME:
        return _BY_NAME[name]
    if "." in name and extension in _BY_EXTENSION:
        return _BY_EXTENSION[extension]
    return "minified" if _MINIFIED.fullmatch(name) else None
