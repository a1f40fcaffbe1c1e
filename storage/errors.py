"""Failures of storage, each with a sentence that a person can act on."""

from __future__ import annotations

import errno
from pathlib import Path


class StorageError(Exception):
    """Base of every expected failure of storage; `str(error)` is a sentence fit to be shown."""


class DatabaseTooNew(StorageError):
    """The database was written by a later Atelier."""


class FolderInUse(StorageError):
    """Another Atelier works in the same folder."""


def from_os_error(error: OSError, place: Path) -> StorageError:
    """The operating system's refusal as a sentence about `place`."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return StorageError(f"The disk that holds {place} is full; free some space and try again.")
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return StorageError(f"{place} cannot be written to; give this user write permission or choose another folder.")
    if error.errno in (errno.ENOTDIR, errno.EEXIST, errno.EISDIR):
        return StorageError(
            f"{place} cannot be used: a file stands where a folder is needed, or a folder where a file is."
        )
    if error.errno == errno.ENOENT:
        return StorageError(f"{place} does not exist.")
    return StorageError(f"{place} could not be used: {error.strerror or error}.")
