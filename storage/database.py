"""The one SQLite file: opened by one bot at a time, migrated at start, written to by one transaction after another."""

from __future__ import annotations

import asyncio
import re
import sqlite3
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import aiosqlite
from filelock import FileLock, Timeout

from storage.errors import DatabaseTooNew, FolderInUse, StorageError, from_os_error

__all__ = ["Database", "DatabaseTooNew", "FolderInUse", "Migration", "StorageError", "Value"]

Value = str | int | float | bytes | None
DATABASE_NAME = "atelier.sqlite3"
LOCK_NAME = "atelier.lock"
MIGRATIONS = Path(__file__).parent / "migrations"
OLDEST_SQLITE = (3, 37, 0)  # the first with STRICT tables
BUSY_SECONDS = 15.0


@dataclass(frozen=True)
class Migration:
    """One numbered step of the schema; applying it takes the database from version `number - 1` to `number`."""

    number: int
    statements: tuple[str, ...]


class Database:
    """An open database. Only one transaction runs at a time, whoever starts it, because all share one connection."""

    def __init__(self, path: Path, connection: aiosqlite.Connection, lock: FileLock | None) -> None:
        """For `open` only."""
        self.path = path
        self.connection = connection
        self._lock = lock
        self._turn = asyncio.Lock()

    @classmethod
    async def open(cls, folder: Path, *, exclusive: bool = True, migrations: Path = MIGRATIONS) -> Database:
        """Opens the database in `folder`, which is made where it is missing, and brings its schema up to date.

        With `exclusive` the folder is locked until `close` or the death of this process. Without it several processes
        share the database; only tools and tests should want that.

        Raises FolderInUse, DatabaseTooNew, and StorageError for a folder or file that cannot be used.
        """
        if sqlite3.sqlite_version_info < OLDEST_SQLITE:
            raise StorageError(f"Atelier needs SQLite 3.37 or later, and this Python has {sqlite3.sqlite_version}.")
        folder = Path(folder)
        steps = await asyncio.to_thread(read_migrations, migrations)
        lock = await asyncio.to_thread(_prepare_folder, folder, exclusive)
        path = folder / DATABASE_NAME
        try:
            with sentences(path):
                connection = await aiosqlite.connect(path, isolation_level=None, timeout=BUSY_SECONDS)
                try:
                    connection.row_factory = sqlite3.Row
                    await _write_ahead(connection)
                    await connection.execute_fetchall("PRAGMA synchronous = NORMAL")
                    await connection.execute_fetchall("PRAGMA secure_delete = ON")  # what is erased is overwritten
                    await migrate(connection, steps, path)
                    await connection.execute_fetchall("PRAGMA foreign_keys = ON")
                except BaseException:
                    await connection.close()
                    raise
        except BaseException:
            if lock is not None:
                lock.release()
            raise
        return cls(path, connection, lock)

    async def close(self) -> None:
        """Waits for the running transaction, closes the file and gives the folder free. May be called twice."""
        async with self._turn:
            await self.connection.close()
            if self._lock is not None:
                await asyncio.to_thread(self._lock.release)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[aiosqlite.Connection]:
        """Everything that is done with the yielded connection, or, after an exception or cancellation, nothing of it.

        Don't use the database's other methods inside: they wait for the transaction to end.
        """
        async with self._turn:
            with sentences(self.path):
                try:
                    await self.connection.execute_fetchall("BEGIN IMMEDIATE")
                    yield self.connection
                    await self.connection.commit()
                except BaseException:
                    # The connection's thread works in order: this undoes even a BEGIN whose waiter was cancelled.
                    await self.connection.rollback()
                    raise

    async def rows(self, sql: str, parameters: Sequence[Value] = ()) -> list[sqlite3.Row]:
        """Reads what was committed (never the inside of another coroutine's transaction)."""
        async with self._turn:
            with sentences(self.path):
                return list(await self.connection.execute_fetchall(sql, parameters))

    async def row(self, sql: str, parameters: Sequence[Value] = ()) -> sqlite3.Row | None:
        """The first of `rows`, or None."""
        found = await self.rows(sql, parameters)
        return found[0] if found else None

    async def setting(self, key: str) -> str | None:
        """What `set_setting` kept under `key`, or None."""
        row = await self.row("SELECT value FROM setting WHERE key = ?", (key,))
        return None if row is None else str(row["value"])

    async def set_setting(self, key: str, value: str) -> None:
        """Keeps `value` under `key`, in place of what was there."""
        async with self.transaction() as connection:
            await connection.execute_fetchall(
                "INSERT INTO setting (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                (key, value),
            )


def read_migrations(folder: Path) -> list[Migration]:
    """The files `0001_what_it_does.sql`, `0002_...` of `folder` in order; a gap or a double number is a ValueError."""
    files = sorted(folder.glob("*.sql"))
    steps = []
    for number, file in enumerate(files, start=1):
        match = re.fullmatch(r"(\d{4})_\w+\.sql", file.name)
        if match is None or int(match[1]) != number:
            raise ValueError(f"migration {file.name} should be number {number:04d}, followed by _ and a name")
        steps.append(Migration(number, tuple(split_statements(file.read_text("utf-8")))))
    return steps


def split_statements(script: str) -> Iterator[str]:
    """The statements of an SQL script one by one, for `executescript` would commit behind the transaction's back."""
    statement = ""
    for part in re.split(r"(?<=;)", script):
        statement += part
        if sqlite3.complete_statement(statement):
            yield statement.strip()
            statement = ""
    if re.sub(r"--[^\n]*|/\*.*?\*/", "", statement, flags=re.DOTALL).strip():
        raise ValueError(f"SQL script ends inside a statement: {statement.strip()[:60]!r}")


async def migrate(connection: aiosqlite.Connection, steps: Sequence[Migration], path: Path) -> None:
    """Applies the steps that are missing, all of them or none.

    Foreign keys must be off, as SQLite's recipe for rebuilding tables asks (https://sqlite.org/lang_altertable.html
    section 7); they are checked before the commit.
    """
    newest = len(steps)
    await connection.execute_fetchall("BEGIN IMMEDIATE")
    try:
        (version,) = await _single(connection, "PRAGMA user_version")
        if version > newest:
            raise DatabaseTooNew(
                f"{path} was written by a newer Atelier (database version {version}, this program knows {newest}); "
                "update the program, or restore a copy of the folder from before the update."
            )
        for step in steps[version:]:
            for statement in step.statements:
                await connection.execute_fetchall(statement)
        if version < newest and list(await connection.execute_fetchall("PRAGMA foreign_key_check")):
            raise sqlite3.IntegrityError("a migration left rows that refer to nothing")
        # Also where nothing changes: a file that cannot be written to should be noticed now, not at the first job.
        await connection.execute_fetchall(f"PRAGMA user_version = {newest}")
        await connection.commit()
    except BaseException:
        await connection.rollback()
        raise


async def _single(connection: aiosqlite.Connection, sql: str) -> sqlite3.Row:
    (row,) = await connection.execute_fetchall(sql)
    return row


def _prepare_folder(folder: Path, exclusive: bool) -> FileLock | None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not exclusive:
            return None
        # Not thread-local: it is taken and given back by whichever thread `to_thread` picks.
        lock = FileLock(folder / LOCK_NAME, thread_local=False)
        lock.acquire(timeout=0)
        return lock
    except Timeout:
        raise FolderInUse(
            f"Another Atelier is already working in {folder}; stop that one first, or give this one its own folder."
        ) from None
    except OSError as error:
        raise from_os_error(error, folder) from error


async def _write_ahead(connection: aiosqlite.Connection) -> None:
    """Switches to WAL. SQLite answers at once, without its usual wait, where another connection is switching too."""
    deadline = asyncio.get_running_loop().time() + BUSY_SECONDS
    while True:
        try:
            await connection.execute_fetchall("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            busy = error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
            if not busy or asyncio.get_running_loop().time() > deadline:
                raise
            await asyncio.sleep(0.05)


@contextmanager
def sentences(path: Path) -> Iterator[None]:
    """Turns SQLite's failures that a person can do something about into StorageError; mistakes of ours pass through."""
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT):
            raise StorageError(
                f"{path} is damaged or not a database; restore it from a copy, or move it away to start afresh."
            ) from error
        if code == sqlite3.SQLITE_FULL:
            raise StorageError(f"The disk that holds {path} is full; free some space and try again.") from error
        if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM):
            raise StorageError(
                f"{path} cannot be opened for writing; give this user write permission or choose another folder."
            ) from error
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise StorageError(
                f"{path} stayed locked by another program for {BUSY_SECONDS:.0f} seconds; close that program."
            ) from error
        if code == sqlite3.SQLITE_IOERR:
            raise StorageError(f"The disk that holds {path} reports errors; check it, and its free space.") from error
        raise
