"""Whoever may write to the store: makes objects of every kind, with digests that are right."""

from __future__ import annotations

import hashlib
import os
import shutil
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import apsw

from lumen_hooks.errors import StorageFullError
from lumen_hooks.git import own_folders
from lumen_hooks.git.worktree import find_worktree
from lumen_hooks.indexing import seed
from lumen_hooks.indexing.progress import NoProgress
from lumen_hooks.remote.envelope import seal
from lumen_hooks.remote.manifest import Manifest, Run, canonical, name_of, packed
from lumen_hooks.remote.packs import Cut, cut, place, write_pack
from lumen_hooks.remote.pull import fetch, read_manifest
from lumen_hooks.remote.stores.store import open_store
from lumen_hooks.settings import load_settings
from lumen_hooks.storage import facts, seals, sums, vec0
from lumen_hooks.storage.opening import load_vec0, open_private

from .clones import cloned, pushed, shared

if TYPE_CHECKING:
    from lumen_hooks.git.worktree import Worktree
    from lumen_hooks.settings import Settings
    from tests.support.repository import Repository


class Attempt(NamedTuple):
    """What became of a clone's try to be seeded.

    Attributes:
        remark: what people are told; empty if it was seeded.
        left: what lies in the index's folder and is no part of an honest clone's.
    """

    remark: str
    left: list[str]


class Bucket:
    """A store with one honest push, a clone that is to be seeded from it, and its attacker.

    Args:
        repo: whose index is pushed.
        folder: of this one's own store, for one test.
        honest: the store that was pushed to.
        clone: at the commit that was pushed.
    """

    def __init__(self, repo: Repository, folder: Path, honest: Path, clone: Repository) -> None:
        self.repo, self.clone, self.folder = repo, clone, folder
        shutil.copytree(honest, folder)
        self.store = open_store(str(folder), patience=20)
        self.settings: Settings = load_settings(str(clone.top), {})._replace(remote=str(folder))
        self.worktree: Worktree = find_worktree(str(clone.top))
        name = next((folder / "v1" / "indexes").glob("*/commits/*"))
        self.commit, self.fingerprint = name.name, name.parent.parent.name
        self.manifest, _ = read_manifest(self.store, self.settings, self.fingerprint, self.commit)

    @property
    def name(self) -> str:
        """The manifest's object."""
        return name_of(self.fingerprint, self.commit)

    def path(self, name: str) -> Path:
        """Where an object lies."""
        return self.folder / name

    def read(self, name: str) -> bytes:
        """An object."""
        return self.path(name).read_bytes()

    def put(self, name: str, data: bytes) -> None:
        """Put an object, whatever it is."""
        path = self.path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)

    def put_content(self, kind: str, data: bytes) -> str:
        """Put an object under its digest, and return that."""
        digest = hashlib.sha256(data).hexdigest()
        self.put(f"v1/{kind}/{digest}", data)
        return digest

    def put_payload(self, payload: bytes, *, key: str = "", name: str = "") -> None:
        """Put any bytes into the manifest's envelope."""
        self.put(self.name, seal(payload, key, name=name or self.name))

    def put_said(self, **changes: Any) -> None:
        """Put a manifest that says these things; what is None is left out."""
        said = {**self.manifest._asdict(), "format": 1}
        said["runs"] = [number for run in self.manifest.runs for number in run]
        said.update(changes)
        self.put_payload(packed(canonical({k: v for k, v in said.items() if v is not None})))

    def put_runs(self, *runs: tuple[int, int, int], **changes: Any) -> None:
        """Put a manifest with these runs, as large as they make it."""
        blocks = sum(run[2] for run in runs)
        told = {"index_bytes": blocks * self.manifest.block_bytes, **changes}
        self.put_said(runs=[number for run in runs for number in run], **told)

    def put_pack(self, head: object, ids: bytes, *, raw: bytes | None = None) -> None:
        """Put a pack's directory under its digest, and a manifest that names it alone."""
        text = canonical(head) if raw is None else raw
        digest = self.put_content("packs", len(text).to_bytes(4, "big") + text + ids)
        self.put_said(packs=[digest])

    def put_part(self, stored: bytes) -> None:
        """Put a part under its digest, in a pack that names it in the place of the honest one."""
        head, ids = self.directory()
        part = [self.put_content("parts", stored), len(stored), head["parts"][0][2]]
        self.put_pack({**head, "parts": [part, *head["parts"][1:]]}, ids)

    def directory(self) -> tuple[dict[str, Any], bytes]:
        """What the honest pack's directory says, and its ids."""
        import json

        data = self.read(f"v1/packs/{self.manifest.packs[0]}")
        begin = 4 + int.from_bytes(data[:4], "big")
        return json.loads(data[4:begin]), data[begin:]

    def parts(self) -> list[str]:
        """The honest parts' objects."""
        return [f"v1/parts/{part[0]}" for part in self.directory()[0]["parts"]]

    def index(self) -> Path:
        """The honest index, in a file beside the store."""
        path = self.folder.parent / "honest.db"
        if not path.exists():
            fetch(self.store, self.manifest, str(path), lambda *_: None)
        return path

    def changed(self, sql: str, *, sealed: bool = True, facts_alone: bool = False) -> Path:
        """A copy of the honest index after some SQL, perhaps with its sums made right again."""
        path = self.folder.parent / "changed.db"
        shutil.copyfile(self.index(), path)
        with closing(apsw.Connection(str(path))) as connection:
            load_vec0(connection)
            connection.execute(sql)
        if sealed:
            reseal(str(path), facts_alone=facts_alone)
        return path

    def push_file(self, path: Path, **changes: Any) -> None:
        """Push any file as the index of the commit."""
        size = path.stat().st_size
        os.truncate(path, -(-size // 1024) * 1024)
        wanted: Cut = cut(str(path))
        placed = place(wanted, [])
        pack = write_pack(self.store, str(path), wanted, placed.new)
        manifest = self.manifest._replace(
            index_bytes=path.stat().st_size,
            digest=wanted.digest,
            block_bytes=wanted.block_bytes,
            packs=(pack.digest,),
            runs=placed.runs,
        )
        self.put_manifest(manifest._replace(**changes))

    def put_manifest(self, manifest: Manifest) -> None:
        """Put another manifest in the place of the honest one."""
        said = {**manifest._asdict(), "runs": [n for run in manifest.runs for n in run]}
        self.put_said(**said)

    def lying(self) -> list[Path]:
        """What lies in the clone's folder of an index, or of the making of one."""
        return sorted(Path(self.worktree.folder).glob("index.db*"))

    def clean(self) -> None:
        """Leave the clone without an index, and its log empty, as a test before may not have."""
        own_folders.begin(self.worktree)
        os.truncate(self.worktree.log_path, 0)
        for path in self.lying():
            path.unlink()

    def attempt(self) -> Attempt:
        """Have the clone seeded, as whoever makes its index does."""
        self.clean()
        try:
            got = seed.seed_from_elsewhere(
                self.worktree, self.fingerprint, self.settings, NoProgress()
            )
        except StorageFullError as error:
            raise AssertionError(f"a full disk: {error.message}") from error
        left = [path.name for path in self.lying()]
        return Attempt(got.remark if isinstance(got, seed.NotSeeded) else "", left)


def reseal(path: str, *, facts_alone: bool = False) -> None:
    """Make all check sums of an index right, whatever it holds; or those of its facts."""
    with closing(open_private(path)) as connection:
        load_vec0(connection)
        execute = connection.execute
        execute("BEGIN")
        if not facts_alone:
            execute(f"UPDATE files SET sum={sums.FILE_SUM}")
            execute("DELETE FROM vector_sums")
            with suppress(ValueError, TypeError):  # of blocks that cannot be
                vec0.seal_all(connection)
            put = "INSERT OR REPLACE INTO meta VALUES('seal', ?)"
            execute(put, (str(seals.read(connection)),))
        told = {k: v for k, v in execute("SELECT key, value FROM meta") if k != "sum"}
        execute("INSERT OR REPLACE INTO meta VALUES('sum', ?)", (facts._sum_of(told),))
        execute("COMMIT")


def honest_store(repo: Repository, folder: Path) -> Repository:
    """A repository whose index was pushed to a folder, and a clone of it."""
    shared(repo, folder)
    pushed(repo)
    return cloned(repo, "clone")


__all__ = ["Attempt", "Bucket", "Run", "honest_store", "reseal"]
