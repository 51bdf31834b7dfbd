"""A search's filters as they are given on a command line: from a subfolder, wrong, absolute."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.support.commands import lumen

if TYPE_CHECKING:
    from tests.support.repository import Repository

FILES = {
    "README.md": "# Wombats\n\nAll about the wombat.\n",
    "web/app/[id]/page.tsx": "export function wombatPage() {\n  return 1;\n}\n",
    "web/app/wombat.ts": "export function wombat() {\n  return 2;\n}\n",
    "web/tests/wombat.ts": "export function testWombat() {\n  return 3;\n}\n",
    "api/wombat.go": "package api\n\nfunc Wombat() int {\n\treturn 4\n}\n",
    "api/wombat.json": '{"wombat": 5}\n',
    "tests/wombat.py": "def test_wombat():\n    assert 6\n",
    "web/logo.png": "\0",
}


@pytest.fixture
def project(repo: Repository) -> Repository:
    repo.commit(dict(FILES))
    (repo.top / ".git/info/exclude").write_text("out/\n")
    repo.write({"out/wombat.js": "wombat()\n"})
    return repo


def test_paths_excludes_and_content(project: Repository) -> None:
    def found(*arguments: str, folder: str = ".") -> list[str]:
        done = lumen(project.top / folder, "search", "wombat", "-l", "-n", "50", *arguments)
        assert done.returncode == 0, done.stderr
        paths = (os.path.normpath(os.path.join(folder, path)) for path in done.stdout.split())
        return sorted(path.removeprefix("web/").partition(".")[0] for path in paths)

    def refused(*arguments: str, folder: str = ".", code: int = 1) -> str:
        done = lumen(project.top / folder, "search", "wombat", *arguments)
        assert (done.returncode, done.stdout) == (code, ""), done.stderr
        return done.stderr

    web = ["app/[id]/page", "app/wombat", "tests/wombat"]
    assert found("--path", "web") == found("--path", "**/*.{ts,tsx}") == web
    assert found("--content", "docs") == ["README"]
    assert found("--content", "config") == ["api/wombat"]
    assert found("--content", "code", "--exclude", "tests", "--exclude", "*.go") == web[:2]
    assert found("--exclude", "./tests", "--path", "*tests*", folder="web") == ["tests/wombat"]

    # What exists in the current folder is meant there, and so are a glob's folders.
    assert found("--path", "app/*.ts", folder="web") == ["app/wombat"]
    assert found("--path", "./*/*.ts", folder="web") == ["app/wombat", "tests/wombat"]
    assert found("--path", "../api/*.g?", folder="web") == ["api/wombat"]
    assert found("--path", "./*.tsx", folder="web/app/[id]") == ["app/[id]/page"]
    assert found("--path", f"{project.top}/web/a*/{{wombat,x}}.ts") == ["app/wombat"]
    assert found("--exclude", f"{project.top}/web/", "--content", "code") == [
        "api/wombat",
        "tests/wombat",
    ]
    assert found("--exclude", "app/", "--path", "web", folder="web") == ["tests/wombat"]

    assert "did you mean web/app/wombat.ts" in refused("--path", "wombat.ts")
    assert "did you mean api/wombat.go" in refused("--path", "api/wombta.go")
    assert "did you mean **/app/*.ts" in refused("--path", "app/*.ts")
    assert "not indexed: binary" in refused("--path", "web/logo.png")
    assert "git ignores it" in refused("--path", "out")
    assert "is not indexed yet" not in refused("--path", "x*")
    assert "absolute path" in refused("--path", "/etc/hosts")
    assert "excludes all 7 files" in refused("--exclude", "{api,web,tests}", "--exclude", "*.md")
    assert "'{web,api}' is any of them" in refused("--path", "web", "--path", "api", code=2)

    project.write({"new/wombat.py": "wombat = 7\n"})
    assert "is not indexed yet" in refused("--path", "new", "--no-refresh")
    assert found("--path", "new") == ["new/wombat"]
