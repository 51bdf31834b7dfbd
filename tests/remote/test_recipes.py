"""The recipes of docs/remote.md, run as they stand: in CI, in a job, where an image is built."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.sources import python_module

if TYPE_CHECKING:
    from tests.support.object_store import ObjectStore
    from tests.support.repository import Repository

pytestmark = pytest.mark.slow  # whole interpreters, with S3's driver

PAGE = (Path(__file__).parents[2] / "docs/remote.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", PAGE, re.DOTALL)

NO_CREDENTIALS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")


def steps(kind: str, holding: str) -> str:
    """The commands of the first block of a kind that holds some text, without what installs."""
    block = next(text for found, text in BLOCKS if found == kind and holding in text)
    if kind == "yaml":
        lines = re.findall(r"^ *- run: (.*)$", block, re.MULTILINE)
    elif kind == "dockerfile":
        lines = [re.sub(r"^RUN (--mount\S+ )?|\\\n", "", block)]
    else:
        lines = [line.partition(" #")[0] for line in block.splitlines()]
    return "\n".join(line for line in lines if not line.startswith(("pip ", "export ")))


@pytest.fixture
def hub(repo: Repository, object_store: ObjectStore) -> Repository:
    object_store.make_bucket("team-lumen")
    repo.commit({f"m{n}.py": python_module(f"upload_{n}", f"retry_{n}") for n in range(8)})
    return repo


def run(script: str, at: Path) -> subprocess.CompletedProcess[str]:
    """Run lines as CI does, with our command on the path."""
    command = f"{shlex.quote(sys.executable)} -m lumen_hooks"
    script = f'lumen-hooks() {{ {command} "$@"; }}\n{script}'
    return subprocess.run(
        ["bash", "-e", "-c", script],
        cwd=at,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        check=False,
        capture_output=True,
        text=True,
    )


def checked_out(hub: Repository, place: Path, *options: str) -> Path:
    url = f"file://{hub.top}"
    subprocess.run(["git", "clone", "-q", *options, url, str(place)], check=True)
    return place


def test_a_job_pushes_and_another_is_seeded(hub: Repository, tmp_path: Path) -> None:
    push, pull = steps("yaml", "lumen-hooks push"), steps("yaml", "lumen-hooks pull")
    done = run(push, checked_out(hub, tmp_path / "first", "--depth", "1"))
    assert "8 files, 16 chunks; 16 new vectors" in done.stderr, done.stderr
    hub.commit({"m3.py": python_module("upload_3", "changed")})
    done = run(push, checked_out(hub, tmp_path / "second", "--depth", "1"))
    assert "1 new vectors" in done.stderr, done.stderr
    done = run(pull, checked_out(hub, tmp_path / "job", "--depth", "1"))
    assert done.returncode == 0
    assert "0 files changed, 0 texts embedded" in done.stderr
    assert re.search(r"^m\d.py:1-", done.stdout)


def test_a_job_without_credentials_builds_its_own(
    hub: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in NO_CREDENTIALS:
        monkeypatch.delenv(name)
    done = run(steps("yaml", "lumen-hooks pull"), checked_out(hub, tmp_path / "fork"))
    assert done.returncode == 0, done.stderr
    assert "upload" in done.stdout


def test_an_image_has_the_index_inside(hub: Repository, tmp_path: Path) -> None:
    run(steps("sh", "lumen-hooks[s3]"), checked_out(hub, tmp_path / "first"))
    script = steps("dockerfile", "lumen-hooks pull").replace(
        "https://example.com/shop.git", str(hub.top)
    )
    done = run(script.replace("/src", str(tmp_path / "src")), tmp_path)
    assert done.returncode == 0, done.stderr
    assert "0 texts embedded" in done.stderr
    assert (tmp_path / "src/.git/lumen/index.db").exists()


def test_a_folder(hub: Repository, tmp_path: Path) -> None:
    script = steps("sh", "/mnt/team").replace("/mnt", str(tmp_path))
    assert "pushed" in run(script, checked_out(hub, tmp_path / "first")).stderr
    settings = script.replace("push", "pull")
    assert "0 texts embedded" in run(settings, checked_out(hub, tmp_path / "second")).stderr
