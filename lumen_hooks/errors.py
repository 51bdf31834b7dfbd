"""Every error that a user may expect, by what the user can do about it.

::

    LumenError                  has a message and a hint; the command line exits 1
    ├── RepositoryError         run it somewhere else, or repair the repository
    │   └── GoneError           what was worked on was removed meanwhile
    ├── SettingsError           correct a setting
    │   └── ModelError          the embedding model cannot be loaded
    ├── QueryError              ask differently
    │   ├── NoFilesError        no file is in the language that is asked for
    │   └── NotIndexedError     nothing in the index is at a path; its name, or the index, is wrong
    ├── LockError               the lock cannot be taken at all (never: it is held)
    ├── BusyError               another process works on this index; wait or retry
    ├── StoreError              the index file cannot be used
    │   ├── CorruptIndexError   it is damaged; it is set aside and made again
    │   ├── StorageFullError    free some space; nothing was lost
    │   └── NewerIndexError     a newer version of this tool wrote it; upgrade
    ├── RemoteError             the store elsewhere cannot be used; all goes on without it
    │   ├── AccessError         it refuses: credentials are missing, wrong or too old
    │   └── UntrustedError      what it holds is not what it must be; it is not used
    ├── InstallError            a hook cannot be put in place; the hint has the line to add
    └── UnsupportedError        use another operating system

Anything else that reaches the command line is a bug (exit code 3).
"""

from __future__ import annotations


class LumenError(Exception):
    """An expected error: a message for the user and, where there is one, a way out."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class RepositoryError(LumenError):
    """The place is not a git worktree that can be indexed."""


class GoneError(RepositoryError):
    """The worktree, its git dir or our folder in it was removed while it was worked on."""


class SettingsError(LumenError):
    """A setting has a value that cannot be used."""


class ModelError(SettingsError):
    """The embedding model is unknown, missing or unusable."""


class QueryError(LumenError):
    """A query or a filter that no search can answer."""


class NoFilesError(QueryError):
    """A language is known, but no file of an index is in it: the question is a good one."""


class NotIndexedError(QueryError):
    """Nothing in the index is at a path, or matches a glob.

    Attributes:
        path: as it was asked for, from the worktree's top; empty if the index itself knows why.
    """

    def __init__(self, message: str, *, hint: str = "", path: str = "") -> None:
        super().__init__(message, hint=hint)
        self.path = path


class LockError(LumenError):
    """A lock cannot be taken, for a reason other than another holder."""


class BusyError(LumenError):
    """Another process holds what this command needs."""


class StoreError(LumenError):
    """An index or embedding store cannot be opened, read or written."""


class CorruptIndexError(StoreError):
    """The file is damaged, is no database of ours, or holds what none of ours can hold."""


class StorageFullError(StoreError):
    """The disk is full or cannot be written; the file on it is as it was."""


class NewerIndexError(StoreError):
    """The file was written by a newer version of this tool."""


class RemoteError(LumenError):
    """A store of indexes elsewhere (`lumen.remote`) is down, slow, wrong or missing its driver."""


class AccessError(RemoteError):
    """The store refuses: credentials are missing, wrong or too old."""


class UntrustedError(RemoteError):
    """What a store holds is damaged, signed by nobody who may, or not what it is called."""


class InstallError(LumenError):
    """A hook could not be installed or removed without touching someone else's file."""


class UnsupportedError(LumenError):
    """Nothing of this works on this operating system."""
