"""What an error of a driver means, whichever driver it is, and what the user is told of it.

Drivers raise what their libraries raise, and none of these is imported here:
an error is known by a status of HTTP, by a code of the store's, or by the
name of its class. What nobody knows is a failure, never a bug of ours.
"""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, Any, Literal

from lumen_hooks.errors import AccessError, RemoteError

from .driver import NotPlainError, TooLargeError, UnlistedError

if TYPE_CHECKING:
    from .address import Address

Purpose = Literal["read", "write", "list"]

Meaning = Literal["absent", "hidden", "denied", "silent", "beyond", "no place", "final", "failed"]
"""What became of a call.

absent: there is no such object. hidden: this may be so, or it may not be read: who may not list a
bucket is told no more. denied: credentials are missing, wrong or too old. silent: no answer in
time. beyond: the object ends before the part that is wanted. no place: the bucket or container
itself is missing. final: it would fail again. failed: the next try may succeed.
"""

_NO_PLACE = frozenset(("NoSuchBucket", "ContainerNotFound", "FilesystemNotFound"))

_DENIED_CODES = frozenset(
    [
        "AccountProblem",
        "AllAccessDisabled",
        "AuthenticationFailed",
        "AuthorizationFailure",
        "AuthorizationHeaderMalformed",
        "ExpiredToken",
        "InvalidAccessKeyId",
        "InvalidSecurity",
        "InvalidToken",
        "NoAuthenticationInformation",
        "NotSignedUp",
        "RequestExpired",
        "RequestTimeTooSkewed",
        "SignatureDoesNotMatch",
        "TokenRefreshRequired",
    ]
)
"""Of S3 (API reference, "Error responses") and Azure."""

_DENIED_NAMES = frozenset(
    [
        "AuthenticationException",
        "BadAuthenticationType",
        "ClientAuthenticationError",
        "ConfigNotFound",
        "CredentialRetrievalError",
        "DefaultCredentialsError",
        "InvalidConfigError",
        "LogonFailure",
        "NoAuthTokenError",
        "NoCredentialsError",
        "PartialCredentialsError",
        "ProfileNotFound",
        "RefreshError",
        "SSOTokenLoadError",
        "TokenRetrievalError",
        "UnauthorizedSSOTokenError",
    ]
)
"""Classes of botocore, google.auth, azure.core, paramiko, smbprotocol."""

_SILENT_NAMES = frozenset(
    [
        "ConnectTimeout",
        "ConnectTimeoutError",
        "FSTimeoutError",
        "ReadTimeout",
        "ReadTimeoutError",
        "ServiceResponseTimeoutError",
        "Timeout",
    ]
)

_TRY_AGAIN = frozenset((408, 425, 429, 499))
"""Statuses below 500 that do not blame the request."""

_FULL = frozenset((errno.ENOSPC, errno.EDQUOT))
_FINAL_NUMBERS = _FULL | {errno.EROFS, errno.ENOTDIR, errno.EISDIR, errno.ELOOP, errno.EFBIG}

_ACCESS_HINTS = {
    "": "the folder and all in it must be readable, and writable to push, for this user",
    "s3": "set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; `aws sts"
    " get-caller-identity` tells who you are",
    "gs": "run `gcloud auth application-default login`, or set GOOGLE_APPLICATION_CREDENTIALS",
    "az": "set AZURE_STORAGE_CONNECTION_STRING, or AZURE_STORAGE_ACCOUNT_NAME with a key, a SAS"
    " token, or AZURE_STORAGE_ANON=false after `az login`",
    "http": "put user and password into ~/.netrc",
}
_SAME_ACCESS = {"s3a": "s3", "gcs": "gs", "abfs": "az", "abfss": "az", "adl": "az", "https": "http"}

_FINAL_KINDS = (
    *(ValueError, TypeError, LookupError, AttributeError, ImportError, NotImplementedError),
    *(NotPlainError, TooLargeError, UnlistedError),
)


def meaning(error: BaseException) -> Meaning:
    """What an error that came out of a driver says of the call."""
    status, code = _answered(error)
    names = {kind.__name__ for one in _chain(error) for kind in type(one).__mro__}
    if code in _NO_PLACE:
        return "no place"
    if status == 416 or code == "InvalidRange":
        return "beyond"
    if status == 401 or code in _DENIED_CODES or names & _DENIED_NAMES:
        return "denied"
    if code == "400":  # S3's answer to HEAD has no code of its own; to GET it were ExpiredToken
        return "denied"
    if status == 403 or (isinstance(error, OSError) and _text(error).startswith("Forbidden")):
        return "hidden"
    number = getattr(error, "errno", None)
    if isinstance(error, FileNotFoundError) or status in (404, 410) or number == errno.ENOENT:
        return "absent"
    if status is None:
        if isinstance(error, PermissionError) or number in (errno.EACCES, errno.EPERM):
            return "denied"
        if isinstance(error, TimeoutError) or names & _SILENT_NAMES:
            return "silent"
        is_final = isinstance(error, _FINAL_KINDS) or number in _FINAL_NUMBERS
        return "final" if is_final else "failed"
    return "final" if status < 500 and status not in _TRY_AGAIN else "failed"


def refusal(address: Address, path: str, error: BaseException, *, to: Purpose) -> RemoteError:
    """What the user is told of an error that stands for no answer.

    Args:
        address: of the store.
        path: of the object, or of the folder that was to be listed.
        error: of the driver.
        to: what was tried.
    """
    if isinstance(error, TooLargeError):
        return RemoteError(f"{address.name}: {path} is larger than it may be")
    if isinstance(error, NotPlainError):
        return RemoteError(
            f"{address.name}: no plain file is in the place of {path}", hint="remove what is"
        )
    said = address.unspoken(_cause(error))
    if isinstance(error, UnlistedError):
        return RemoteError(f"{address.name}: {said}", hint="name the store by its own protocol")
    what = meaning(error)
    if what in ("denied", "hidden"):
        return AccessError(
            f"{address.name} refuses to {to} {path}: {said}",
            hint=_access_hint(address.scheme, what, _answered(error)[1], to),
        )
    if what == "no place" or (what == "absent" and to == "write"):
        return RemoteError(
            f"{address.name}: there is no such bucket or container ({said})",
            hint="make it; lumen-hooks makes none",
        )
    if getattr(error, "errno", None) in _FULL:
        return RemoteError(
            f"{address.name} is full: {said}", hint="free some space there (remote prune)"
        )
    return RemoteError(f"{address.name}: {path}: {said}")


def _access_hint(scheme: str, what: Meaning, code: str, to: Purpose) -> str:
    if code == "RequestTimeTooSkewed":
        return "set this machine's clock"
    kind = _SAME_ACCESS.get(scheme, scheme)
    hint = _ACCESS_HINTS.get(kind, "its driver finds credentials its own way")
    if what == "denied":
        return hint
    if to == "read":
        return f"{hint}; if the store is empty, allow to list it, or push to it once"
    return f"{hint}; these may not {to}"


def _cause(error: BaseException) -> str:
    """What an error says, or what it is where it says nothing."""
    status, code = _answered(error)
    text = _text(error) or type(error).__name__
    extra = code or (str(status) if status else "")
    return f"{text} ({extra})" if extra and extra not in text else text


def _text(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # an exception may be anything, also one that cannot say what it is
        return ""


def _chain(error: BaseException) -> list[BaseException]:
    found: list[BaseException] = []
    one: BaseException | None = error
    while one is not None and len(found) < 8:
        found.append(one)
        one = one.__cause__
    return found


def _answered(error: BaseException) -> tuple[int | None, str]:
    """The status and the store's own code in an answer that an error is about, if it is."""
    for one in _chain(error):
        response = getattr(one, "response", None)
        if isinstance(response, dict):  # botocore.exceptions.ClientError, which s3fs wraps
            details, about = response.get("Error"), response.get("ResponseMetadata")
            code = str(details.get("Code", "")) if isinstance(details, dict) else ""
            status = about.get("HTTPStatusCode") if isinstance(about, dict) else None
            return _number(status) or _number(code), code
        named = getattr(one, "error_code", None)
        if isinstance(named, str) and named:  # azure.core.exceptions.HttpResponseError
            return _number(getattr(one, "status_code", None)), str(named)
    # Not of a cause: to aiohttp, a body that breaks off is a status of 400.
    for name in ("status", "status_code", "code"):  # aiohttp, azure.core, gcsfs
        status = _number(getattr(error, name, None))
        if status is not None:
            return status, ""
    return None, ""


def _number(status: Any) -> int | None:
    try:
        number = int(status)
    except (TypeError, ValueError):
        return None
    return number if 300 <= number <= 599 else None
