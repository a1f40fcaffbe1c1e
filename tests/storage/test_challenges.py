from __future__ import annotations

import asyncio

import pytest

from storage import Challenge, Challenges, Database, Entry, Gallery
from tests.storage.conftest import Studio

GUILD, DAY = 7, 86_400.0
ALICE, BOB, CARLA = 1, 2, 3


@pytest.fixture
def challenges(database: Database, studio: Studio) -> Challenges:
    return Challenges(database, studio.clock)


@pytest.fixture
async def challenge(challenges: Challenges, studio: Studio) -> Challenge:
    opened = await challenges.open(GUILD, 70, "castles in the air", studio.clock.now + DAY, by=9)
    assert opened is not None
    return opened


async def enter(challenges: Challenges, studio: Studio, challenge: Challenge, person: int) -> Entry:
    picture = await studio.paint(person=person)
    entry = await challenges.enter(challenge.id, person, picture.id)
    assert entry is not None
    return entry


async def test_one_challenge_at_a_time_in_a_server(
    challenges: Challenges, challenge: Challenge, studio: Studio
) -> None:
    now = studio.clock.now
    assert challenge == Challenge(1, GUILD, 70, None, "castles in the air", 9, now, now + DAY, None)
    assert await challenges.running(GUILD) == await challenges.get(challenge.id) == challenge
    assert await challenges.open(GUILD, 70, "another", now + DAY, 9) is None
    assert await challenges.running(8) is None and await challenges.get(99) is None
    await challenges.close(challenge.id)
    assert await challenges.running(GUILD) is None
    assert await challenges.open(GUILD, 70, "another", now + DAY, 9) is not None


async def test_two_moderators_at_once_open_one(challenges: Challenges) -> None:
    opened = await asyncio.gather(*(challenges.open(GUILD, 70, "theme", 2e6, by) for by in (8, 9)))
    assert sum(each is not None for each in opened) == 1


async def test_the_message_is_noted(challenges: Challenges, challenge: Challenge) -> None:
    await challenges.set_message(challenge.id, 700)
    kept = await challenges.get(challenge.id)
    assert kept is not None and kept.message_id == 700


async def test_an_entry_is_ones_own_and_becomes_public(
    database: Database, challenges: Challenges, challenge: Challenge, studio: Studio
) -> None:
    gallery, picture = Gallery(database), await studio.paint(person=ALICE)
    await gallery.set_public(picture.id, ALICE, False)
    assert await challenges.enter(challenge.id, BOB, picture.id) is None
    assert await challenges.enter(challenge.id, ALICE, 99) is None
    assert await challenges.enter(99, ALICE, picture.id) is None
    entry = await challenges.enter(challenge.id, ALICE, picture.id)
    kept = await gallery.get(picture.id)
    assert entry is not None and kept is not None and kept.public
    assert (entry.person_id, entry.picture_id, entry.votes) == (ALICE, picture.id, 0)
    assert await challenges.entries(challenge.id) == [entry]


async def test_another_picture_replaces_the_first_and_its_votes(
    challenges: Challenges, challenge: Challenge, studio: Studio
) -> None:
    first = await enter(challenges, studio, challenge, ALICE)
    await challenges.vote(challenge.id, BOB, first.id, True)
    same = await challenges.enter(challenge.id, ALICE, first.picture_id)
    assert same is not None and (same.id, same.votes) == (first.id, 1)
    second = await enter(challenges, studio, challenge, ALICE)
    assert await challenges.entries(challenge.id) == [second]
    assert second.votes == 0 and second.id != first.id
    assert await challenges.vote(challenge.id, BOB, first.id, True) is None  # an old button


async def test_votes_are_for_others_once_each(challenges: Challenges, challenge: Challenge, studio: Studio) -> None:
    alice, bob = [await enter(challenges, studio, challenge, person) for person in (ALICE, BOB)]
    assert await challenges.vote(challenge.id, ALICE, alice.id, True) is None
    assert [await challenges.vote(challenge.id, CARLA, bob.id, True) for _ in range(2)] == [1, 1]
    assert await challenges.vote(challenge.id, ALICE, bob.id, True) == 2
    assert await challenges.vote(challenge.id, CARLA, alice.id, True) == 1
    assert await challenges.has_voted(CARLA, bob.id) and not await challenges.has_voted(BOB, alice.id)
    assert [(each.id, each.votes) for each in await challenges.entries(challenge.id)] == [(bob.id, 2), (alice.id, 1)]
    assert [await challenges.vote(challenge.id, CARLA, bob.id, False) for _ in range(2)] == [1, 1]
    assert [each.id for each in await challenges.entries(challenge.id)] == [alice.id, bob.id]  # the earliest of equals


async def test_after_the_end_nothing_changes(challenges: Challenges, challenge: Challenge, studio: Studio) -> None:
    entry = await enter(challenges, studio, challenge, ALICE)
    picture = await studio.paint(person=BOB)
    assert await challenges.due(studio.clock.now) == []
    studio.clock.advance(DAY)
    assert await challenges.due(studio.clock.now) == [challenge]
    assert await challenges.enter(challenge.id, BOB, picture.id) is None
    assert await challenges.vote(challenge.id, BOB, entry.id, True) is None
    await challenges.close(challenge.id)
    assert await challenges.due(studio.clock.now) == []


async def test_the_winners_are_all_with_the_most_votes(
    challenges: Challenges, challenge: Challenge, studio: Studio
) -> None:
    entries = [await enter(challenges, studio, challenge, person) for person in (ALICE, BOB, CARLA)]
    for voter, entry in ((11, entries[2]), (12, entries[2]), (11, entries[0]), (12, entries[0]), (11, entries[1])):
        await challenges.vote(challenge.id, voter, entry.id, True)
    winners = await challenges.close(challenge.id)
    assert winners is not None and [(each.id, each.votes) for each in winners] == [
        (entries[0].id, 2),
        (entries[2].id, 2),
    ]
    closed = await challenges.get(challenge.id)
    assert closed is not None and closed.closed == studio.clock.now
    assert await challenges.close(challenge.id) is None and await challenges.close(99) is None


async def test_without_votes_nobody_wins(challenges: Challenges, challenge: Challenge, studio: Studio) -> None:
    await enter(challenges, studio, challenge, ALICE)
    assert await challenges.close(challenge.id) == []


async def test_a_deleted_picture_leaves_the_challenge(
    database: Database, challenges: Challenges, challenge: Challenge, studio: Studio
) -> None:
    entry = await enter(challenges, studio, challenge, ALICE)
    await challenges.vote(challenge.id, BOB, entry.id, True)
    await Gallery(database).remove(entry.picture_id)
    assert await challenges.entries(challenge.id) == []
    assert await challenges.close(challenge.id) == []
