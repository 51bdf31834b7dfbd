"""Secrets and folders that are never code stay out of an index, unless asked for by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from lumen_hooks.files.content import Skipped, read_file
from lumen_hooks.files.ignore import builtin_reason, left_out, rules_of
from lumen_hooks.files.manifest import Manifest, scan
from lumen_hooks.git.worktree import find_worktree
from lumen_hooks.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.repository import Repository


def scanned(repo: Repository, **settings: object) -> Manifest:
    return scan(find_worktree(str(repo.top)), Settings(**settings))  # type: ignore[arg-type]


SECRETS = """
    .env .env.local .ENV.production app/.env prod.env .envrc server.pem tls/server.key a.p12 b.pfx
    c.jks d.keystore e.kdbx f.ppk id_rsa id_ed25519 deploy/id_rsa_work id_ecdsa_sk id_dsa.bak .netrc
    _netrc .npmrc .pypirc .git-credentials .htpasswd .pgpass .my.cnf home/.aws/credentials
    home/.aws/config .docker/config.json home/.kube/config kubeconfig credentials credentials.json
    terraform.tfstate terraform.tfstate.backup prod.tfvars prod.tfvars.json secrets.yml secrets.yaml
    .vault-token service-account.json service_account_prod.json client_secret_1.json
    .ssh/known_hosts x/.gnupg/pubring.asc default.pem dist/sample.key id_rsa_default default.tfstate
    .ssh/config.default application_default_credentials.json x/.config/gh/hosts.yml
    .config/gcloud/credentials.db.yaml .azure/accessTokens.json
"""


@pytest.mark.parametrize("path", SECRETS.split())
def test_secrets(path: str) -> None:
    assert builtin_reason(path) == "secret"
    assert left_out([path, "a.py"], rules_of(Settings(), {})) == {path: "secret"}
    assert left_out([path], rules_of(Settings(include=("*",)), {})) == {}


NO_SECRETS = """
    .env.example .env.sample .env.template .env.dist example.env environment.py env.py src/env
    id_rsa.pub id_rsa_parser.py keys.py key src/key.ts credentials.py secrets.py secrets/store.go
    tokens.json config.json docker/config.json service.json services/account.json main.tf
    variables.tf src/ssh/client.c netrc.py pem.go example.tfvars client_secret.sample.json
    service-account-template.json .config/ghostty/config.yml
"""


@pytest.mark.parametrize("path", NO_SECRETS.split())
def test_what_only_sounds_like_one(path: str) -> None:
    assert builtin_reason(path) is None
    assert left_out([path, ".env"], rules_of(Settings(), {})) == {".env": "secret"}


BEGIN = "-----BEGIN {}PRIVATE KEY-----\nMIIEvQ\n-----END PRIVATE KEY-----\n"


@pytest.mark.parametrize(
    ("text", "key"),
    [
        (BEGIN.format(""), True),
        ("\n" + BEGIN.format("OPENSSH "), True),
        (BEGIN.format("EC ").replace("KEY-", "KEY BLOCK-"), True),
        ("-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----\n" + BEGIN.format(""), True),
        ("Bag Attributes\n    friendlyName: x\n" + BEGIN.format("RSA "), True),
        ("PuTTY-User-Key-File-3: ssh-ed25519\n", True),
        ("-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----\n", False),
        ("-----BEGIN PUBLIC KEY-----\nMII\n", False),
        ('KEY = """\n' + BEGIN.format("") + '"""\n', False),
        ("# How to read a key\n\n" + BEGIN.format(""), False),
    ],
)
def test_a_key_by_its_content(tmp_path: Path, text: str, key: bool) -> None:
    (tmp_path / "deploy.txt").write_text(text)
    found = read_file(str(tmp_path), "deploy.txt", max_bytes=10_000, blob_length=20)
    assert (isinstance(found, Skipped) and found.reason == "secret") is key


def test_secrets_are_counted_tracked_or_not(repo: Repository) -> None:
    repo.commit({"a.py": "1\n", ".env": "TOKEN=1\n"})
    repo.write({"new.key": "x\n"})
    answer = scanned(repo)
    assert (sorted(answer.files), answer.unindexable) == (["a.py"], {"secret": 2})
    assert sorted(scanned(repo, include=(".env",)).files) == [".env", "a.py"]


DEPENDENCIES = {
    "node_modules/x/index.js": "x\n",
    "web/node_modules/y/index.js": "x\n",
    ".venv/lib/a.py": "x\n",
    "python/pyvenv.cfg": "home = /usr\n",
    "python/lib/b.py": "x\n",
    "deep/env/pyvenv.cfg": "home = /usr\n",
    "deep/env/lib/c.py": "x\n",
    "out/CACHEDIR.TAG": "Signature: 8a477f597d28d172789f06886806bc55\n",
    "out/d.py": "x\n",
    "crate/Cargo.toml": "[package]\n",
    "crate/target/debug/e.rs": "x\n",
    "ruby/Gemfile": "x\n",
    "ruby/vendor/bundle/f.rb": "x\n",
    "own.egg-info/g.py": "x\n",
}
OWN = {
    "target/a.py": "x\n",
    "build/b.py": "x\n",
    "env/c.py": "x\n",
    "vendor/d.go": "x\n",
    "src/bundle/e.js": "x\n",
    "deps/f.py": "x\n",
}


def test_folders_that_are_never_code(repo: Repository) -> None:
    repo.commit({"a.py": "1\n", "node_modules/kept/index.js": "tracked\n"})
    repo.write({**DEPENDENCIES, **OWN})
    markers = {"crate/Cargo.toml", "ruby/Gemfile"}
    assert set(scanned(repo).files) == {"a.py", "node_modules/kept/index.js", *OWN, *markers}


def test_a_dependency_that_is_asked_for(repo: Repository) -> None:
    repo.write({**DEPENDENCIES, "node_modules/own/lib.js": "1\n", "node_modules/own/a.svg": "<a/>"})
    markers = {"crate/Cargo.toml", "ruby/Gemfile"}
    found = scanned(repo, include=("*.svg",)).files
    assert set(found) == markers
    found = scanned(repo, include=("node_modules/own/", "python/lib/b.py")).files
    own = {"node_modules/own/lib.js", "node_modules/own/a.svg", "python/lib/b.py"}
    assert set(found) == markers | own
