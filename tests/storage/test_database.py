from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from storage import (
    Database,
    DatabaseTooNew,
    FolderInUse,
    Gallery,
    GalleryQuery,
    NewJob,
    Prompts,
    SQLiteQueue,
    StorageError,
)
from storage.database import DATABASE_NAME, LOCK_NAME, MIGRATIONS, read_migrations, split_statements

ROOT = Path(__file__).parents[2]


def file_version(folder: Path) -> int:
    connection = sqlite3.connect(folder / DATABASE_NAME)
    try:
        return int(connection.execute("PRAGMA user_version").fetchone()[0])
    finally:
        connection.close()


def tables(folder: Path) -> set[str]:
    connection = sqlite3.connect(folder / DATABASE_NAME)
    try:
        return {row[0] for row in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    finally:
        connection.close()


class TestMigrations:
    @pytest.fixture
    def migrations(self, tmp_path: Path) -> Path:
        folder = tmp_path / "migrations"
        shutil.copytree(MIGRATIONS, folder)
        return folder

    def next_file(self, migrations: Path) -> Path:
        return migrations / f"{len(list(migrations.glob('*.sql'))) + 1:04d}_next.sql"

    async def test_a_fresh_folder_gets_the_newest_schema(self, tmp_path: Path) -> None:
        folder = tmp_path / "a" / "b"
        database = await Database.open(folder)
        await database.close()
        assert file_version(folder) == len(read_migrations(MIGRATIONS))
        assert {"job", "picture", "setting"} <= tables(folder)

    async def test_pragmas(self, database: Database) -> None:
        found = {}
        for name in ("journal_mode", "foreign_keys", "synchronous", "busy_timeout", "secure_delete"):
            (row,) = await database.rows(f"PRAGMA {name}")
            found[name] = row[0]
        assert found == {
            "journal_mode": "wal",
            "foreign_keys": 1,
            "synchronous": 1,
            "busy_timeout": 15000,
            "secure_delete": 1,
        }

    async def test_every_table_of_ours_is_strict(self, database: Database) -> None:
        rows = await database.rows(
            "SELECT name, strict FROM pragma_table_list WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        )
        assert {row["strict"] for row in rows} == {1}

    async def test_an_upgrade_keeps_what_is_there(self, tmp_path: Path, migrations: Path) -> None:
        database = await Database.open(tmp_path, migrations=migrations)
        await database.set_setting("commands", "abc")
        await database.close()
        before = file_version(tmp_path)
        self.next_file(migrations).write_text(
            "-- a comment; with a semicolon\n"
            "ALTER TABLE setting ADD COLUMN note TEXT DEFAULT 'x;y';\n"
            "CREATE TRIGGER t AFTER INSERT ON setting BEGIN UPDATE setting SET note = 'new'; SELECT 1; END;\n"
            "UPDATE setting SET note = 'old'; -- done\n"
        )
        database = await Database.open(tmp_path, migrations=migrations)
        await database.set_setting("other", "def")
        rows = await database.rows("SELECT value, note FROM setting ORDER BY key")
        await database.close()
        assert file_version(tmp_path) == before + 1
        assert [tuple(row) for row in rows] == [("abc", "new"), ("def", "new")]

    async def test_pictures_of_the_first_version_have_no_further_files(self, tmp_path: Path, migrations: Path) -> None:
        first = tmp_path / "first"
        first.mkdir()
        shutil.copy(migrations / "0001_queue_and_gallery.sql", first)
        database = await Database.open(tmp_path, migrations=first)
        async with database.transaction() as connection:
            await connection.execute(
                "INSERT INTO job (person_id, spec, reply, cost, state, created, started, ended, seconds)"
                " VALUES (1, '{}', '{}', 1, 'done', 1, 2, 3, 1)"
            )
            await connection.execute(
                "INSERT INTO picture (job_id, person_id, spec, seed, width, height, image, films, seconds, loss,"
                " models, created) VALUES (1, 1, '{}', 7, 8, 8, 'a.png', '[\"b.mp4\"]', 1, 0.5, 'mini', 3)"
            )
        await database.close()
        assert file_version(tmp_path) == 1
        database = await Database.open(tmp_path)
        gallery = Gallery(database)
        picture = await gallery.get(1)
        files = await gallery.files()
        (row,) = await database.rows("SELECT score FROM picture")
        await database.close()
        assert picture is not None and (picture.seed, picture.films, picture.loss) == (7, ("b.mp4",), 0.5)
        assert (picture.extras, picture.clip_score, row["score"]) == ({}, None, 0)
        assert files == {"a.png", "b.mp4"}

    async def test_a_gallery_of_the_second_version_can_be_searched_and_shared(
        self, tmp_path: Path, migrations: Path
    ) -> None:
        second = tmp_path / "second"
        second.mkdir()
        for name in ("0001_queue_and_gallery.sql", "0002_files_beside_the_picture.sql"):
            shutil.copy(migrations / name, second)
        specs = [
            '{"version":1,"prompt":"a castle by the sea"}',
            '{"version":2,"prompt":"un château","style":"pixel","negative":"sea"}',
            '{"version":2,"prompt":"quotes \\"and\\" \\u0000 zeros"}',
            '{"version":2,"style":"sketch"}',
            "no JSON",
            "{}",
        ]
        database = await Database.open(tmp_path, migrations=second)
        async with database.transaction() as connection:
            for number, spec in enumerate(specs, start=1):
                await connection.execute(
                    "INSERT INTO job (person_id, guild_id, spec, reply, cost, state, created, started, ended, seconds)"
                    " VALUES (1, 7, ?, '{}', 4, 'done', 1, 2, 3, 1)",
                    (spec,),
                )
                await connection.execute(
                    "INSERT INTO picture (job_id, person_id, guild_id, spec, seed, width, height, image, seconds, loss,"
                    " models, created, extras) VALUES (?, 1, 7, ?, 7, 8, 8, 'a.png', 1, 0.5, 'mini', 3, ?)",
                    (number, spec, '{"1.png":"b.png"}'),
                )
            await connection.execute("INSERT INTO job (person_id, spec, reply, cost, created) VALUES (2, '', '', 1, 9)")
        await database.close()
        assert file_version(tmp_path) == 2

        database = await Database.open(tmp_path)
        gallery, queue = Gallery(database), SQLiteQueue(database)
        pictures = [picture for id in range(1, 7) if (picture := await gallery.get(id)) is not None]
        assert [picture.prompt for picture in pictures[:2]] == ["a castle by the sea", "un château"]
        assert [picture.style for picture in pictures] == ["image", "pixel", "image", "sketch", "image", "image"]
        assert [picture.prompt for picture in pictures[3:]] == ["", "", ""]
        for picture, spec in zip(pictures, specs, strict=True):
            assert (picture.spec, picture.extras, picture.seed) == (spec, {"1.png": "b.png"}, 7)
            assert (picture.parent_id, picture.origin, picture.public, picture.shared_at) == (None, "art", True, None)
        found = {}
        for search in ("castle", "chateau", "quotes", "sea"):
            page = await gallery.page(GalleryQuery(viewer_id=2, guild_id=7, search=search), 5)
            found[search] = [picture.id for picture in page.items]
        assert found == {"castle": [1], "chateau": [2], "quotes": [3], "sea": [1]}
        assert await gallery.star(2, 1, True) == 1
        assert await Prompts(database).share(1, 1, 7) is not None
        waiting = await queue.get(7)
        assert waiting is not None
        assert (waiting.parent_id, waiting.origin, waiting.predicted, waiting.first_started) == (
            None,
            "art",
            None,
            None,
        )
        claim = await queue.claim(60)
        assert claim is not None and claim.job.id == 7
        assert await gallery.remove(1) is not None
        await database.rows("INSERT INTO picture_search (picture_search, rank) VALUES ('integrity-check', 1)")
        await database.close()

    @pytest.mark.parametrize("extras", ["[]", "null", "1"])
    async def test_the_further_files_of_a_picture_are_an_object(self, database: Database, extras: str) -> None:
        await SQLiteQueue(database).add(NewJob(1, None, "{}", "{}", 1.0))
        with pytest.raises(sqlite3.IntegrityError, match="json_type"):
            async with database.transaction() as connection:
                await connection.execute(
                    "INSERT INTO picture (job_id, person_id, spec, seed, width, height, image, seconds, loss, models,"
                    " created, extras) VALUES (1, 1, '{}', 1, 8, 8, 'a.png', 1, 1, 'mini', 1, ?)",
                    (extras,),
                )

    async def test_a_failing_migration_changes_nothing(self, tmp_path: Path, migrations: Path) -> None:
        database = await Database.open(tmp_path, migrations=migrations)
        await database.set_setting("commands", "abc")
        await database.close()
        version, before = file_version(tmp_path), tables(tmp_path)
        good = self.next_file(migrations)
        good.write_text("CREATE TABLE more (id INTEGER PRIMARY KEY) STRICT; DELETE FROM setting;")
        self.next_file(migrations).write_text("CREATE TABLE most (id INTEGER); INSERT INTO nowhere VALUES (1);")
        with pytest.raises(sqlite3.OperationalError, match="nowhere"):
            await Database.open(tmp_path, migrations=migrations)
        assert (file_version(tmp_path), tables(tmp_path)) == (version, before)
        database = await Database.open(tmp_path)  # and the folder is free again
        assert await database.setting("commands") == "abc"
        await database.close()

    async def test_a_migration_may_not_break_references(self, tmp_path: Path, migrations: Path) -> None:
        self.next_file(migrations).write_text(
            "INSERT INTO picture (job_id, person_id, spec, seed, width, height, image, seconds, loss, models, created) "
            "VALUES (99, 1, '{}', 1, 8, 8, 'a.png', 1, 1, 'mini', 1);"
        )
        with pytest.raises(sqlite3.IntegrityError, match="refer to nothing"):
            await Database.open(tmp_path, migrations=migrations)
        assert file_version(tmp_path) == 0

    async def test_a_newer_database_is_refused(self, tmp_path: Path) -> None:
        await (await Database.open(tmp_path)).close()
        connection = sqlite3.connect(tmp_path / DATABASE_NAME)
        connection.execute("PRAGMA user_version = 999")
        connection.close()
        with pytest.raises(DatabaseTooNew, match=r"newer Atelier \(database version 999.*update the program"):
            await Database.open(tmp_path)
        assert file_version(tmp_path) == 999

    async def test_two_processes_may_migrate_at_once(self, tmp_path: Path) -> None:
        opened = await asyncio.gather(*(Database.open(tmp_path, exclusive=False) for _ in range(4)))
        for database in opened:
            await database.close()
        assert file_version(tmp_path) == len(read_migrations(MIGRATIONS))

    @pytest.mark.parametrize("name", ["0009_gap.sql", "0001_double.sql", "2_short.sql"])
    def test_numbers_without_gaps(self, migrations: Path, name: str) -> None:
        (migrations / name).write_text("SELECT 1;")
        with pytest.raises(ValueError, match="should be number"):
            read_migrations(migrations)

    def test_half_a_statement_is_refused(self) -> None:
        with pytest.raises(ValueError, match="inside a statement"):
            list(split_statements("SELECT 1; SELECT 2"))
        assert list(split_statements("SELECT 1; /* done; */ -- really\n")) == ["SELECT 1;"]


class TestInstanceLock:
    HOLDER = (
        "import asyncio, sys\n"
        "from pathlib import Path\n"
        "from storage import Database, FolderInUse\n"
        "async def main():\n"
        "    try:\n"
        "        database = await Database.open(Path(sys.argv[1]))\n"
        "    except FolderInUse as error:\n"
        "        print('refused', error, flush=True)\n"
        "        return\n"
        "    print('holding', flush=True)\n"
        "    await asyncio.to_thread(sys.stdin.read)\n"
        "    await database.close()\n"
        "asyncio.run(main())\n"
    )

    def start(self, folder: Path) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-c", self.HOLDER, folder],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    async def test_a_second_bot_is_refused_until_the_first_dies(self, tmp_path: Path) -> None:
        with self.start(tmp_path) as first:
            assert first.stdout is not None
            assert await asyncio.to_thread(first.stdout.readline) == "holding\n"
            with pytest.raises(FolderInUse, match=f"already working in {tmp_path}; stop that one first"):
                await Database.open(tmp_path)
            first.kill()
        await (await Database.open(tmp_path)).close()

    async def test_another_process_is_refused_while_this_one_works(self, database: Database, tmp_path: Path) -> None:
        with self.start(tmp_path) as second:
            output, _ = await asyncio.to_thread(second.communicate, "")
        assert output.startswith("refused Another Atelier is already working")

    async def test_close_gives_the_folder_free(self, tmp_path: Path) -> None:
        first = await Database.open(tmp_path)
        with pytest.raises(FolderInUse):
            await Database.open(tmp_path)
        await first.close()
        await first.close()
        await (await Database.open(tmp_path)).close()


class TestFoldersAndFilesThatCannotBeUsed:
    @pytest.fixture
    def read_only_database(self) -> Iterator[Path]:
        """A world-writable folder (unlike pytest's own) with a read-only database."""
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            asyncio.run(self.make_database(folder))
            (folder / DATABASE_NAME).chmod(0o444)
            (folder / LOCK_NAME).chmod(0o666)
            folder.chmod(0o777)
            yield folder

    async def make_database(self, folder: Path) -> None:
        await (await Database.open(folder)).close()

    @pytest.fixture
    def nobody(self) -> Iterator[None]:
        """Drop root, which ignores permissions."""
        if os.geteuid() != 0:
            yield
            return
        os.seteuid(65534)
        try:
            yield
        finally:
            os.seteuid(0)

    async def test_an_unwritable_folder(self, tmp_path: Path, nobody: None) -> None:
        folder = tmp_path / "data"
        if os.getuid() != 0:
            folder.mkdir(0o555)
        with pytest.raises(StorageError, match=r"data cannot be written to; give this user write permission"):
            await Database.open(folder)

    async def test_a_database_that_can_only_be_read(self, read_only_database: Path, nobody: None) -> None:
        with pytest.raises(StorageError, match="cannot be opened for writing; give this user write permission"):
            await Database.open(read_only_database)

    async def test_a_file_where_the_folder_should_be(self, tmp_path: Path) -> None:
        (tmp_path / "data").write_text("not a folder")
        for folder in (tmp_path / "data", tmp_path / "data" / "deeper"):
            with pytest.raises(StorageError, match="where a folder is needed"):
                await Database.open(folder)

    async def test_a_file_that_is_no_database(self, tmp_path: Path) -> None:
        (tmp_path / DATABASE_NAME).write_bytes(b"This is no database. " * 1000)
        with pytest.raises(StorageError, match=r"damaged or not a database; restore it from a copy"):
            await Database.open(tmp_path)
        (tmp_path / DATABASE_NAME).unlink()
        await (await Database.open(tmp_path)).close()

    async def test_a_damaged_database(self, tmp_path: Path) -> None:
        database = await Database.open(tmp_path)
        queue = SQLiteQueue(database)
        for _ in range(50):
            await queue.add(NewJob(1, None, "x" * 2000, "{}", 1.0))
        await database.close()
        path = tmp_path / DATABASE_NAME
        data = bytearray(path.read_bytes())
        data[4096:] = b"\xa5" * (len(data) - 4096)
        path.write_bytes(data)
        with pytest.raises(StorageError, match="damaged"):
            database = await Database.open(tmp_path)
            try:
                await SQLiteQueue(database).open_jobs()
            finally:
                await database.close()

    async def test_a_folder_where_the_database_should_be(self, tmp_path: Path) -> None:
        (tmp_path / DATABASE_NAME).mkdir()
        with pytest.raises(StorageError, match="cannot be opened"):
            await Database.open(tmp_path)

    async def test_a_full_disk(self, database: Database) -> None:
        queue = SQLiteQueue(database)
        kept = await queue.add(NewJob(1, None, "{}", "{}", 1.0))
        (row,) = await database.rows("PRAGMA page_count")
        await database.rows(f"PRAGMA max_page_count = {row[0]}")
        with pytest.raises(StorageError, match=r"The disk that holds .* is full; free some space"):
            await queue.add(NewJob(1, None, "x" * 100_000, "{}", 1.0))
        await database.rows("PRAGMA max_page_count = 1000000")
        assert [job.id for job in await queue.open_jobs()] == [kept.id]
        assert (await queue.add(NewJob(1, None, "x" * 100_000, "{}", 1.0))).id == kept.id + 1

    async def test_a_disk_that_is_full_from_the_start(self, tmp_path: Path) -> None:
        script = (
            "import asyncio, resource, sys\n"
            "from pathlib import Path\n"
            "from storage import Database, StorageError\n"
            "resource.setrlimit(resource.RLIMIT_FSIZE, (8192, 8192))\n"
            "try:\n"
            "    asyncio.run(Database.open(Path(sys.argv[1])))\n"
            "except StorageError as error:\n"
            "    print(error)\n"
        )
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-c", script, tmp_path, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        output, errors = await asyncio.wait_for(child.communicate(), 60)
        assert b"disk that holds" in output and errors == b""
        await (await Database.open(tmp_path)).close()


class TestTransactions:
    async def test_an_exception_undoes_everything(self, database: Database) -> None:
        with pytest.raises(RuntimeError):
            async with database.transaction() as connection:
                await connection.execute("INSERT INTO setting VALUES ('a', 'b')")
                raise RuntimeError
        assert await database.setting("a") is None

    async def test_readers_wait_for_the_end_of_a_transaction(self, database: Database) -> None:
        async with database.transaction() as connection:
            await connection.execute("INSERT INTO setting VALUES ('a', 'half')")
            reader = asyncio.create_task(database.setting("a"))
            await asyncio.sleep(0.02)
            assert not reader.done()
            await connection.execute("UPDATE setting SET value = 'whole'")
        assert await reader == "whole"

    async def test_transactions_do_not_mix(self, database: Database) -> None:
        await database.set_setting("count", "0")

        async def increment() -> None:
            async with database.transaction() as connection:
                ((value,),) = await connection.execute_fetchall("SELECT value FROM setting WHERE key = 'count'")
                await asyncio.sleep(0)
                await connection.execute("UPDATE setting SET value = ? WHERE key = 'count'", (str(int(value) + 1),))

        await asyncio.gather(*(increment() for _ in range(30)))
        assert await database.setting("count") == "30"

    async def test_cancellation_at_any_moment_is_all_or_nothing(self, database: Database) -> None:
        async def write(key: str) -> None:
            async with database.transaction() as connection:
                for half in ("1", "2"):
                    await connection.execute("INSERT INTO setting VALUES (?, '')", (key + half,))

        for moment in range(30):
            task = asyncio.create_task(write(f"{moment}-"))
            await asyncio.sleep(moment / 10_000)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        rows = await database.rows("SELECT substr(key, 1, instr(key, '-')) AS task FROM setting")
        tasks = [row["task"] for row in rows]
        assert all(tasks.count(task) == 2 for task in tasks)
        await asyncio.wait_for(database.set_setting("after", "fine"), 5)

    async def test_foreign_keys_are_enforced(self, database: Database) -> None:
        with pytest.raises(sqlite3.IntegrityError):
            async with database.transaction() as connection:
                await connection.execute(
                    "INSERT INTO picture (job_id, person_id, spec, seed, width, height, image, seconds, loss, models,"
                    " created) VALUES (99, 1, '{}', 1, 8, 8, 'a.png', 1, 1, 'mini', 1)"
                )


class TestSettings:
    async def test_a_setting_is_kept_and_replaced(self, tmp_path: Path) -> None:
        database = await Database.open(tmp_path)
        assert await database.setting("commands") is None
        await database.set_setting("commands", "abc")
        await database.set_setting("commands", "def")
        await database.close()
        database = await Database.open(tmp_path)
        assert await database.setting("commands") == "def"
        await database.close()
