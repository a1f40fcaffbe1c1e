"""Preferences, and the export and erasure of a person's data."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from storage import (
    Beat,
    Challenges,
    Database,
    Feed,
    Gallery,
    GalleryQuery,
    NewJob,
    People,
    Preferences,
    Prompts,
    Reports,
    SQLiteQueue,
)
from storage.database import DATABASE_NAME
from tests.storage.conftest import Studio

GUILD = 7
ALICE, BOB, CARLA = 111_111_111_111, 222_222_222_222, 333_333_333_333


async def test_preferences_are_kept(tmp_path: Path) -> None:
    database = await Database.open(tmp_path)
    people = People(database)
    assert await people.preferences(ALICE) == Preferences("mention", None, True)
    assert await people.change(ALICE, notify="message") == Preferences("message", None, True)
    assert await people.change(ALICE, locale="de", public=False) == Preferences("message", "de", False)
    await database.close()
    database = await Database.open(tmp_path)
    people = People(database)
    assert await people.preferences(ALICE) == Preferences("message", "de", False)
    assert await people.preferences(BOB) == Preferences()
    await database.close()


async def test_what_makes_no_sense_changes_nothing(database: Database) -> None:
    people = People(database)
    with pytest.raises(ValueError, match="mention, message or none"):
        await people.change(ALICE, notify="shout")
    with pytest.raises(TypeError):
        await people.change(ALICE, shoe_size=42)
    assert await people.preferences(ALICE) == Preferences()


@dataclass
class Evening:
    """Rows of Alice and Bob in every table."""

    alices: int  # picture
    bobs_remix: int  # of Alice's picture
    alices_job: int  # waiting
    challenge: int
    alices_report: int
    settled_by_alice: int


@pytest.fixture
async def evening(database: Database, studio: Studio) -> Evening:
    gallery, prompts, queue = Gallery(database), Prompts(database), SQLiteQueue(database, clock=studio.clock)
    challenges, reports, people = Challenges(database, studio.clock), Reports(database), People(database)
    await people.change(ALICE, notify="none", locale="fr")
    alices = await studio.paint("a zeppelin of marzipan", person=ALICE, image="0" * 32 + ".png")
    bobs = await studio.paint("a zeppelin at night", person=BOB, parent=alices.id, origin="remix")
    for person, picture in ((ALICE, bobs), (BOB, alices), (CARLA, bobs)):
        await gallery.star(person, picture.id, True)
        await gallery.favourite(person, picture.id, True)
    for picture in (alices, bobs):
        shared = await prompts.share(picture.id, picture.person_id, GUILD)
        assert shared is not None
        await prompts.save(ALICE, shared.id, True)
        await prompts.save(BOB, shared.id, True)
    challenge = await challenges.open(GUILD, 70, "marzipan", studio.clock.now + 60, by=ALICE)
    assert challenge is not None
    for picture in (alices, bobs):
        await challenges.enter(challenge.id, picture.person_id, picture.id)
    for person in (ALICE, BOB, CARLA):
        for entry in await challenges.entries(challenge.id):
            await challenges.vote(challenge.id, person, entry.id, True)
    await Feed(database).post(GUILD, alices.id, 70, 700)
    mine, theirs = await reports.add(bobs.id, ALICE, "marzipan is mine"), await reports.add(bobs.id, CARLA, "dark")
    await reports.add(alices.id, BOB, "sweet")
    assert mine is not None and theirs is not None
    await reports.settle(theirs.id, ALICE, "kept")
    job = await queue.add(NewJob(ALICE, GUILD, '{"prompt":"more marzipan"}', '{"token":"hush"}', 1.0))
    return Evening(alices.id, bobs.id, job.id, challenge.id, mine.id, theirs.id)


async def test_export_shows_every_trace(database: Database, evening: Evening) -> None:
    found = await People(database).export(ALICE)
    assert all(found.values()), [kind for kind, rows in found.items() if not rows]
    assert json.loads(json.dumps(found)) == found
    assert found["preferences"] == [{"notify": "none", "locale": "fr", "public": 1}]
    assert [row["id"] for row in found["pictures"]] == [evening.alices]
    assert json.loads(found["pictures"][0]["spec"])["prompt"] == "a zeppelin of marzipan"
    assert [row["state"] for row in found["jobs"]] == ["done", "waiting"]
    assert [row["picture_id"] for row in found["stars_given"]] == [evening.bobs_remix]
    assert [row["reason"] for row in found["reports"]] == ["marzipan is mine"]
    assert "hush" not in json.dumps(found)  # the interaction token is secret
    assert str(BOB) not in json.dumps(found) and "sweet" not in json.dumps(found)


async def test_export_of_a_stranger_is_empty(database: Database, evening: Evening) -> None:
    assert not any((await People(database).export(444)).values())


async def traces(database: Database, person: int) -> list[str]:
    """The tables that still contain this person."""
    found = []
    for table in await database.rows("SELECT name FROM pragma_table_list WHERE type = 'table' AND schema = 'main'"):
        for column in await database.rows("SELECT name FROM pragma_table_info(?)", (table["name"],)):
            where = f'"{column["name"]}" = ?1 OR instr("{column["name"]}", ?1)'
            if await database.rows(f'SELECT 1 FROM "{table["name"]}" WHERE {where}', (person,)):
                found.append(f"{table['name']}.{column['name']}")
    return found


def all_bytes(folder: Path) -> bytes:
    """The content of the database's files."""
    return b"".join(file.read_bytes() for file in folder.glob(f"{DATABASE_NAME}*"))


async def test_erase_leaves_no_trace(database: Database, evening: Evening, tmp_path: Path) -> None:
    assert len(await traces(database, ALICE)) > 10
    files = await People(database).erase(ALICE)
    assert files == ["0" * 32 + ".png"]
    assert await traces(database, ALICE) == []
    assert not any((await People(database).export(ALICE)).values())
    assert await People(database).preferences(ALICE) == Preferences()
    bytes_kept = all_bytes(tmp_path)
    for word in (b"marzipan of", b"of marzipan", b"more marzipan", b"arzipan is mine", str(ALICE).encode(), b"hush"):
        assert word not in bytes_kept, word
    assert b"zeppelin at night" in bytes_kept
    assert await SQLiteQueue(database).get(evening.alices_job) is None


async def test_erase_forgets_searched_words(database: Database, evening: Evening, tmp_path: Path) -> None:
    await Challenges(database).close(evening.challenge)
    async with database.transaction() as connection:
        await connection.execute("UPDATE challenge SET theme = 'air'")
    await People(database).erase(ALICE)
    assert b"arzipan" not in all_bytes(tmp_path)
    for index in ("picture_search", "prompt_search"):
        await database.rows(f"INSERT INTO {index} ({index}, rank) VALUES ('integrity-check', 1)")


async def test_erase_leaves_what_is_others(database: Database, evening: Evening) -> None:
    gallery = Gallery(database)
    before = await People(database).export(BOB)
    await People(database).erase(ALICE)
    after = await People(database).export(BOB)
    remix = await gallery.get(evening.bobs_remix)
    assert remix is not None and remix.parent_id is None and remix.origin == "remix"
    assert remix.score == 1  # Carla's star; Alice's is gone
    assert [job["id"] for job in after["jobs"]] == [job["id"] for job in before["jobs"]]
    assert [entry.person_id for entry in await Challenges(database).entries(evening.challenge)] == [BOB]
    assert [entry.votes for entry in await Challenges(database).entries(evening.challenge)] == [1]
    challenge = await Challenges(database).get(evening.challenge)
    assert challenge is not None and challenge.opened_by is None and challenge.theme == "marzipan"
    settled = await Reports(database).get(evening.settled_by_alice)
    assert settled is not None and (settled.action, settled.settled_by) == ("kept", None)
    assert await Reports(database).get(evening.alices_report) is None
    found = await gallery.page(GalleryQuery(BOB, guild_id=GUILD, search="zeppelin"), 10)
    assert [picture.id for picture in found.items] == [evening.bobs_remix]


async def test_a_running_job_is_lost_to_its_worker(database: Database, evening: Evening) -> None:
    queue = SQLiteQueue(database)
    claim = await queue.claim(60)
    assert claim is not None and claim.job.id == evening.alices_job
    await People(database).erase(ALICE)
    assert await queue.beat(claim, 60) is Beat.LOST
    assert not await queue.release(claim)
    assert await traces(database, ALICE) == []


async def test_erasing_a_stranger_is_nothing(database: Database, evening: Evening) -> None:
    assert await People(database).erase(444) == []
    assert len(await traces(database, ALICE)) > 10


async def test_the_queue_goes_on_while_words_are_forgotten(
    database: Database, studio: Studio, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("storage.people.MERGED_PAGES", 1)
    await database.rows("INSERT INTO picture_search (picture_search, rank) VALUES ('automerge', 0)")
    for number in range(12):
        words = " ".join(f"{number}x{word}" for word in range(2000))
        await studio.paint(words, person=ALICE if number % 2 else BOB)
    steps = 0
    transaction = database.transaction

    def counted() -> Any:
        nonlocal steps
        steps += 1
        return transaction()

    monkeypatch.setattr(database, "transaction", counted)
    await People(database).erase(ALICE)
    assert steps > 6  # each a turn for somebody else
    kept = all_bytes(tmp_path)
    assert b"10x1999" in kept and b"11x1999" not in kept
