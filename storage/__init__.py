"""Storage: queue, gallery, prompts, guild settings, files. It depends on neither Discord nor the engine."""

from __future__ import annotations

from storage.challenges import Challenge, Challenges, Entry
from storage.database import Database
from storage.errors import DatabaseTooNew, FolderInUse, StorageError
from storage.feed import Feed, FeedPost
from storage.files import FileStore
from storage.gallery import Gallery, GalleryQuery, Lineage
from storage.guilds import Guilds, GuildSettings
from storage.pages import Page
from storage.people import People, Preferences
from storage.pictures import NewPicture, Picture
from storage.prompts import Prompts, SharedPrompt
from storage.queue import Beat, Claim, EstimateError, Job, JobState, NewJob, Queue, SQLiteQueue
from storage.reports import Report, Reports
from storage.statistics import LeaderboardRow, Numbers, Statistics

__all__ = [
    "Beat",
    "Challenge",
    "Challenges",
    "Claim",
    "Database",
    "DatabaseTooNew",
    "Entry",
    "EstimateError",
    "Feed",
    "FeedPost",
    "FileStore",
    "FolderInUse",
    "Gallery",
    "GalleryQuery",
    "GuildSettings",
    "Guilds",
    "Job",
    "JobState",
    "LeaderboardRow",
    "Lineage",
    "NewJob",
    "NewPicture",
    "Numbers",
    "Page",
    "People",
    "Picture",
    "Preferences",
    "Prompts",
    "Queue",
    "Report",
    "Reports",
    "SQLiteQueue",
    "SharedPrompt",
    "Statistics",
    "StorageError",
]
