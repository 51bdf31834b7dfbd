"""Which language a file is in, by its name and, for scripts without one, by its first line.

Search filters and the chunker share these names. Knows nothing of parsers: importing this module
must stay cheap, and a language may be named here without a grammar to parse it.
"""

from __future__ import annotations

import os.path
import re

_EXTENSIONS = {
    "bash": "sh bash zsh ksh bats ebuild",
    "c": "c h",
    "cpp": "cc cpp cxx c++ hh hpp hxx h++ ipp tpp inl cu cuh ino",
    "csharp": "cs csx",
    "css": "css scss sass less styl",
    "dart": "dart",
    "elixir": "ex exs",
    "go": "go",
    "graphql": "graphql gql",
    "html": "html htm xhtml jinja jinja2 j2 erb ejs hbs twig",
    "java": "java",
    "javascript": "js mjs cjs jsx es6",
    "json": "json jsonc json5 geojson webmanifest ipynb",
    "kotlin": "kt kts",
    "lua": "lua rockspec",
    "markdown": "md markdown mdx mdown mkd qmd rmd",
    "php": "php php3 php4 php5 phtml",
    "proto": "proto",
    "python": "py pyi pyw pyx pxd bzl star",
    "ruby": "rb rake gemspec ru podspec rbi",
    "rst": "rst",
    "rust": "rs",
    "scala": "scala sbt sc",
    "sql": "sql psql ddl",
    "svelte": "svelte",
    "swift": "swift",
    "terraform": "tf tfvars hcl",
    "toml": "toml",
    "tsx": "tsx",
    "typescript": "ts mts cts",
    "vue": "vue",
    "xml": "xml xsd xsl xslt svg plist csproj fsproj vbproj props targets",
    "yaml": "yaml yml",
}

_FILE_NAMES = {
    ".bash_profile": "bash",
    ".bashrc": "bash",
    ".clang-format": "yaml",
    ".profile": "bash",
    ".zshrc": "bash",
    "apkbuild": "bash",
    "brewfile": "ruby",
    "build": "python",
    "build.bazel": "python",
    "cargo.lock": "toml",
    "cmakelists.txt": "cmake",
    "containerfile": "dockerfile",
    "dockerfile": "dockerfile",
    "gemfile": "ruby",
    "gnumakefile": "make",
    "guardfile": "ruby",
    "jenkinsfile": "text",
    "makefile": "make",
    "pipfile": "toml",
    "pkgbuild": "bash",
    "podfile": "ruby",
    "poetry.lock": "toml",
    "rakefile": "ruby",
    "sconstruct": "python",
    "uv.lock": "toml",
    "vagrantfile": "ruby",
    "workspace": "python",
}

_INTERPRETERS = {
    "ash": "bash",
    "bash": "bash",
    "dash": "bash",
    "dart": "dart",
    "deno": "typescript",
    "bun": "typescript",
    "elixir": "elixir",
    "ksh": "bash",
    "lua": "lua",
    "luajit": "lua",
    "node": "javascript",
    "nodejs": "javascript",
    "php": "php",
    "pypy": "python",
    "python": "python",
    "ruby": "ruby",
    "scala": "scala",
    "sh": "bash",
    "swift": "swift",
    "ts-node": "typescript",
    "uv": "python",
    "zsh": "bash",
}

_BY_EXTENSION = {
    extension: language
    for language, extensions in _EXTENSIONS.items()
    for extension in extensions.split()
} | {"cmake": "cmake", "dockerfile": "dockerfile", "mk": "make"}

_SHEBANG = re.compile(r"#!\s*(?:\S*/)?env\s+(?:-\S+\s+|\w+=\S*\s+)*(\S+)|#!\s*(\S+)")
_VERSION_SUFFIX = re.compile(r"[\d.]+$")
_CPP_ONLY = re.compile(
    r"^[ \t]*(?:class[ \t]+\w|namespace\b|template[ \t]*<|using[ \t]+\w"
    r"|(?:public|private|protected)[ \t]*:)",
    re.MULTILINE,
)

LANGUAGES: tuple[str, ...] = tuple(
    sorted({*_BY_EXTENSION.values(), *_FILE_NAMES.values(), *_INTERPRETERS.values(), "text"})
)
"""Every language a file may be in, as `--lang` takes it."""


def language_of(path: str) -> str:
    """Name the language of a file by its name alone; `text` if nothing tells."""
    name = os.path.basename(path).lower()
    if name in _FILE_NAMES:
        return _FILE_NAMES[name]
    extension = os.path.splitext(name)[1][1:]
    if extension in _BY_EXTENSION:
        return _BY_EXTENSION[extension]
    # Dockerfile.dev, Makefile.am
    return {"dockerfile": "dockerfile", "makefile": "make"}.get(name.partition(".")[0], "text")


def language_of_text(path: str, text: str) -> str:
    """Name the language of a file by its name, or else by what it says.

    A script without an extension goes by its first line (`#!/usr/bin/env python3`), and a `.h`
    that holds what only C++ has is C++.
    """
    language = language_of(path)
    if language == "text" and text.startswith("#!") and not os.path.splitext(path)[1]:
        return _language_of_shebang(text[:200].partition("\n")[0])
    if language == "c" and path.lower().endswith(".h") and _CPP_ONLY.search(text):
        return "cpp"
    return language


def _language_of_shebang(line: str) -> str:
    match = _SHEBANG.match(line)
    if match is None:
        return "text"
    program = os.path.basename(match[1] or match[2])
    return _INTERPRETERS.get(_VERSION_SUFFIX.sub("", program) or program, "text")
