"""A sealed envelope: what an object of a store says, what it is, and perhaps who says so.

A store's objects are anybody's bytes. What is believed for more than its content's digest (that
this index is of this commit) lies in an envelope whose name is signed with it, so that none can
be put in another's place. Knows no kind of payload.

::

    magic    8 bytes   "lumenEnv"
    version  1 byte    1
    name     2 bytes   its length, the highest byte first
    payload  4 bytes   its length, the highest byte first
    ...                the name (UTF-8) and the payload
    ...                an armoured SSH signature of all of the above, or nothing
"""

from __future__ import annotations

from struct import Struct
from typing import NamedTuple

from lumen_hooks.errors import UntrustedError

from .signing import SIGNATURE_BYTES, is_armoured, sign, verified

NAME_BYTES = 1024
PAYLOAD_BYTES = 64 << 20

ENVELOPE_BYTES = 256 + NAME_BYTES + SIGNATURE_BYTES
"""An envelope is longer than its payload by no more than this."""

_MAGIC, _VERSION = b"lumenEnv", 1
_HEADER = Struct(">8sBHI")


class Opened(NamedTuple):
    """What was in an envelope.

    Attributes:
        payload: as it was sealed.
        signer: the principal who signed it, as the file of allowed signers has it; None if it was
            opened without such a file.
    """

    payload: bytes
    signer: str | None


def seal(payload: bytes, signing_key: str, *, name: str) -> bytes:
    """Put a payload into an envelope.

    Args:
        payload: of at most PAYLOAD_BYTES.
        signing_key: path of the SSH key that signs it; empty to sign nothing.
        name: what this is, and of what (`index COMMIT FINGERPRINT`); whoever opens it must expect
            the same name.

    Raises:
        RemoteError: the key cannot sign.
        ValueError: payload or name are too long; a bug of the caller's.
    """
    label = name.encode()
    if len(label) > NAME_BYTES or len(payload) > PAYLOAD_BYTES:
        raise ValueError(f"too long for an envelope: {len(label)}, {len(payload)} bytes")
    said = _HEADER.pack(_MAGIC, _VERSION, len(label), len(payload)) + label + payload
    return said + sign(said, signing_key) if signing_key else said


def opened(data: bytes, signers: str, *, name: str) -> Opened:
    """Take a payload out of an envelope.

    Args:
        data: an object of a store: anybody's bytes, as many as the caller was ready to read.
        signers: path of a file of allowed signers, one of whom must have signed it; empty to
            take it whoever made it.
        name: what this must be.

    Raises:
        UntrustedError: it is no envelope, is called otherwise, or is signed by nobody who may.
        RemoteError: the file of signers, or ssh-keygen, cannot be used.
    """
    if len(data) < _HEADER.size or not data.startswith(_MAGIC):
        raise UntrustedError("it is no envelope of lumen-hooks, or a part of one")
    _, version, name_length, length = _HEADER.unpack_from(data)
    if version != _VERSION:
        raise UntrustedError(
            f"it is an envelope of version {version}, and this is {_VERSION}",
            hint="upgrade lumen-hooks",
        )
    begin = _HEADER.size + name_length
    end = begin + length
    if name_length > NAME_BYTES or length > PAYLOAD_BYTES or end > len(data):
        raise UntrustedError("it is a part of an envelope, or its lengths are wrong")
    signature = data[end:]
    if signature and not is_armoured(signature):
        raise UntrustedError("it is an envelope with something else behind it")
    if data[_HEADER.size : begin] != name.encode():
        # What it is called is anybody's text, and this one may be read by an agent.
        raise UntrustedError(f"it is another object, in the place of {name!r}")
    payload = data[begin:end]
    if not signers:
        return Opened(payload, None)
    if not signature:
        raise UntrustedError(
            "it is not signed, and lumen.remoteSigners is set",
            hint="have it pushed with lumen.remoteSigningKey set, or unset lumen.remoteSigners",
        )
    return Opened(payload, verified(data[:end], signature, signers))
