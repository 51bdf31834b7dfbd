"""What an error of a driver means, whichever driver it is.

Drivers raise what their libraries raise, and none of these is imported here:
an error is known by a status of HTTP, by a code of the store's, or by the
name of its class. What nobody knows is a failure, never a bug of ours.
"""

from __future__ import annotations

import errno
from typing import Any, Literal

from .driver import NotPlainError, TooLargeError, UnlistedError

Meaning = Literal["absent", "hidden", "denied", "silent", "no place", "final", "failed"]
"""What became of a call.

absent: there is no such object. hidden: this may be so, or it may not be read: who may not list a
bucket is told no more. denied: credentials are missing, wrong or too old. silent: no answer in
time. no place: the bucket or container itself is missing. final: it would fail again. failed: the
next try may succeed.
"""

_NO_PLACE = frozenset(("NoSuchBucket", "ContainerNotFound", "FilesystemNotFound"))

_DENIED_CODES = frozenset(
    [
        "AccountProblem",
        "AllAccessDisabled",
        "AuthenticationFailed",
        "AuthorizationHeaderMalformed",
        "ExpiredToken",
        "InvalidAccessKeyId",
        "InvalidSecurity",
        "InvalidToken",
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

_FINAL_NUMBERS = frozenset(
    (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.ENOTDIR, errno.EISDIR, errno.ELOOP)
)

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
    if status == 401 or code in _DENIED_CODES or names & _DENIED_NAMES:
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


def cause(error: BaseException) -> str:
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
    # Not of a cause: to aiohttp, a body that breaks off is a status of 400.
    for name in ("status", "status_code", "code"):  # aiohttp, azure.core, gcsfs
        status = _number(getattr(error, name, None))
        if status is not None:
            return status, str(getattr(error, "error_code", None) or "")
    return None, ""


def _number(status: Any) -> int | None:
    try:
        number = int(status)
    except (TypeError, ValueError):
        return None
    return number if 300 <= number <= 599 else None
