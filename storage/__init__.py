"""Everything that is kept: the queue, the gallery, settings, files. Knows neither Discord nor painting."""

from __future__ import annotations

from storage.database import Database
from storage.errors import DatabaseTooNew, FolderInUse, StorageError
from storage.files import FileStore
from storage.gallery import Gallery, NewPicture, Picture
from storage.queue import Beat, Claim, Job, JobState, NewJob, Queue, SQLiteQueue

__all__ = [
    "Beat",
    "Claim",
    "Database",
    "DatabaseTooNew",
    "FileStore",
    "FolderInUse",
    "Gallery",
    "Job",
    "JobState",
    "NewJob",
    "NewPicture",
    "Picture",
    "Queue",
    "SQLiteQueue",
    "StorageError",
]
