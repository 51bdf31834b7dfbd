"""SSH signatures, made and verified by `ssh-keygen -Y`, as git's `gpg.format=ssh` does.

The only processes of `ssh-keygen`. None of them may ask anybody anything: whoever
is called may be a background process, so a key with a passphrase must be held by an agent.
Knows bytes, keys and signers; not what is signed.
"""

from __future__ import annotations

import os
import signal
import subprocess
from contextlib import contextmanager
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from lumen_hooks.errors import RemoteError, UntrustedError
from lumen_hooks.system.temporary import temporary_folder
from lumen_hooks.system.terminal import one_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lumen_hooks.settings import Settings

NAMESPACE = "lumen-hooks"
"""What signatures are for, so that one made for a commit or a file is none for us."""

SIGNATURE_BYTES = 16_384
"""At most; one with a certificate and an RSA key of 16,384 bits has half of that."""

_BEGIN, _END = b"-----BEGIN SSH SIGNATURE-----", b"-----END SSH SIGNATURE-----"

_SIGN_SECONDS = 60.0
"""An agent may ask its user to confirm, and a security key to be touched."""

_VERIFY_SECONDS = 20.0

_PRINCIPALS = 16
"""Of the signers that one key stands for, so many are tried."""

_TOO_OLD = ("unknown option", "illegal option", "unsupported operation")
_OLD_HINT = "install OpenSSH 8.2 or later"


def insist_on_signers(settings: Settings) -> None:
    """Who signs must say whom they believe, since what they take from a store goes on from there.

    An index grows from the one that seeded it. Taken from anybody and pushed with a signature, it
    would be believed by all who believe this signer.

    Raises:
        RemoteError: there is a key to sign with, and no file of allowed signers.
    """
    if settings.remote_signing_key and not settings.remote_signers:
        raise RemoteError(
            "lumen.remoteSigningKey is set, and lumen.remoteSigners is not: what anybody has put"
            " into the store would be taken from there and signed here",
            hint="git config lumen.remoteSigners FILE (allowed signers, you among them)",
        )


def sign(data: bytes, key: str) -> bytes:
    """An armoured signature of some bytes.

    Args:
        data: what to sign.
        key: path of a private key, or of a public one whose private one an agent holds.

    Raises:
        RemoteError: the key or ssh-keygen cannot be used; the hint says what to do.
    """
    _insist_on_file(key, "signing key", "lumen.remoteSigningKey")
    with _folder() as folder:
        path = os.path.join(folder, "data")
        _write(path, data)
        # Not by standard input: of that a passphrase would be read.
        done = _ssh_keygen(["sign", "-f", key, path], b"", _SIGN_SECONDS)
        signature = b"" if done.returncode else _read(f"{path}.sig")
    if not signature:
        raise RemoteError(
            f"{key} cannot sign: {_reason(done)}",
            hint="a key with a passphrase is used through an agent: ssh-add",
        )
    if len(signature) > SIGNATURE_BYTES:
        raise RemoteError(f"the signature that {key} makes is too long")
    return signature


def is_armoured(signature: bytes) -> bool:
    """Whether bytes look like one signature, and are no more than that."""
    text = signature.strip()
    ends = text.find(_END) + len(_END) == len(text)
    return len(signature) <= SIGNATURE_BYTES and text.startswith(_BEGIN) and ends


def verified(data: bytes, signature: bytes, signers: str) -> str:
    """Who signed some bytes, if that is one of those who may.

    What counts is who may sign now: a key that was taken from the file, or whose `valid-before`
    is over, vouches for nothing any more, since the time of a signature is its signer's word.

    Args:
        data: what must be signed.
        signature: armoured; anybody's bytes.
        signers: path of an allowed-signers file; see ssh-keygen(1).

    Returns:
        The principal, as that file has it.

    Raises:
        UntrustedError: it is no signature, or not of these bytes, or nobody's who may sign.
        RemoteError: the file or ssh-keygen cannot be used; the hint says what to do.
    """
    _insist_on_file(signers, "file of allowed signers", "lumen.remoteSigners")
    if not is_armoured(signature):
        raise UntrustedError("the signature is none")
    with _folder() as folder:
        path = os.path.join(folder, "signature")
        _write(path, signature)
        return _verified(data, path, signers)


@contextmanager
def _folder() -> Iterator[str]:
    """A folder for what ssh-keygen reads and writes."""
    try:
        with TemporaryDirectory(prefix="lumen-hooks-", dir=temporary_folder(os.environ)) as folder:
            yield folder
    except OSError as error:
        raise RemoteError(
            f"ssh-keygen cannot be given a file: {error.strerror}",
            hint="set TMPDIR to a folder that can be written",
        ) from error


def _write(path: str, data: bytes) -> None:
    with open(path, "wb") as file:
        file.write(data)


def _read(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()


def _verified(data: bytes, path: str, signers: str) -> str:
    found = _ssh_keygen(["find-principals", "-f", signers, "-s", path], b"", _VERIFY_SECONDS)
    names = found.stdout.decode("utf-8", "replace").splitlines() if not found.returncode else []
    for name in names[:_PRINCIPALS]:
        command = ["verify", "-f", signers, "-I", name, "-s", path]
        if not _ssh_keygen(command, data, _VERIFY_SECONDS).returncode:
            return name
    # As git does, to tell a forgery from a stranger.
    checked = _ssh_keygen(["check-novalidate", "-s", path], data, _VERIFY_SECONDS)
    if checked.returncode:
        raise UntrustedError("the signature is not of these bytes")
    key = one_line(checked.stdout.decode("utf-8", "replace").strip()).rpartition(" ")[2]
    by = f"{one_line(names[0])}, with the key {key}, whom" if names else f"the key {key}, which"
    raise UntrustedError(
        f"it is signed by {by} {signers} does not allow to sign this, or not any more",
        hint="if you trust the signer, add a line to that file: ssh-keygen(1), ALLOWED SIGNERS",
    )


def _insist_on_file(path: str, what: str, setting: str) -> None:
    """Raise RemoteError if a file that the user named cannot be read."""
    cause = "it is no file"
    if os.path.isfile(path) or not os.path.exists(path):
        try:
            os.close(os.open(path, os.O_RDONLY))
        except OSError as error:
            cause = str(error.strerror)
        else:
            return
    raise RemoteError(
        f"the {what} cannot be read: {path}: {cause}",
        hint=f"correct it: git config {setting} PATH",
    )


def _ssh_keygen(
    command: list[str], stdin: bytes, patience: float
) -> subprocess.CompletedProcess[bytes]:
    """Run `ssh-keygen -Y` with nobody to ask, and for so many seconds at most.

    Raises:
        RemoteError: it is missing or too old, or took longer.
    """
    environment = {**os.environ, "LC_ALL": "C", "SSH_ASKPASS_REQUIRE": "never"}
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "SSH_ASKPASS"):  # OpenSSH before 8.4
        environment.pop(name, None)
    operation, *options = command
    namespace = [] if operation == "find-principals" else ["-n", NAMESPACE]
    try:
        process = subprocess.Popen(
            ["ssh-keygen", "-Y", operation, *namespace, *options],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,  # no terminal to ask for a passphrase at
        )
    except OSError as error:
        raise RemoteError(
            f"ssh-keygen cannot be started: {error.strerror}",
            hint=f"{_OLD_HINT}, or unset lumen.remoteSigners and lumen.remoteSigningKey",
        ) from error
    with process:
        try:
            output, words = process.communicate(stdin, timeout=patience)
        except BaseException as error:
            os.killpg(process.pid, signal.SIGKILL)
            if isinstance(error, subprocess.TimeoutExpired):
                raise RemoteError(
                    f"ssh-keygen gave no answer in {patience:.0f} s",
                    hint="does its agent wait for you? ssh-add -l",
                ) from error
            raise
    done = subprocess.CompletedProcess(command, process.returncode, output, words)
    if done.returncode and any(sign in _reason(done).lower() for sign in _TOO_OLD):
        raise RemoteError(f"ssh-keygen is too old: {_reason(done)}", hint=_OLD_HINT)
    return done


def _reason(done: subprocess.CompletedProcess[bytes]) -> str:
    """What ssh-keygen said first."""
    words = done.stderr.decode("utf-8", "replace").strip().splitlines()
    # Frames of its warnings begin with @; a prompt that nobody answers has no line of its own.
    said = [word for word in words if not word.startswith(("Signing file", "@"))]
    first = said[0].removeprefix("Enter passphrase: ") if said else ""
    return one_line(first)[:300] or f"exit code {done.returncode}"
