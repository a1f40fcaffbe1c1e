"""An evening of fifty people on one server: they paint, share, remix, enter, vote, react and moderate, all at once.

What is in the database afterwards is what they did, nothing lost and nothing twice, a restart in the middle included.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from bot.bot import Atelier
from bot.loopback import Channel, InteractionHandle, Message, Sandbox, User
from storage.gallery import Picture
from tests.bot.conftest import StartBot, eventually
from tests.bot.fake_painter import FakePainter
from tests.bot.features.actions import paint, picture_of, share

T = TypeVar("T")
PEOPLE = 50
CPU_SECONDS = 40.0
STAR, CROSS, LETTER = "⭐", "❌", "✉️"


async def all_at_once(things: Iterable[Awaitable[T]]) -> list[T]:
    return list(await asyncio.gather(*things))


@dataclass
class Evening:
    """The people and their messages so far."""

    sandbox: Sandbox
    people: list[User]
    moderator: User
    feed: Channel
    painted: list[InteractionHandle]
    pictures: list[Picture]

    async def type(self, user: User, name: str, **options: object) -> InteractionHandle:
        handle = await self.sandbox.type_command(user, self.sandbox.channel, name, options)
        return await handle.answer()

    async def press(self, user: User, message: Message | InteractionHandle, button: str) -> InteractionHandle:
        return await (await self.sandbox.press(user, message, button)).answer()

    def message(self, number: int) -> Message:
        """The message with this person's first picture."""
        message = self.painted[number].message
        assert message is not None
        return message


async def everybody_paints(evening: Evening, client: Atelier) -> None:
    evening.painted = await all_at_once(
        paint(evening.sandbox, person, f"person {number} paints a hill", film="none")
        for number, person in enumerate(evening.people)
    )
    evening.pictures = [await picture_of(client, handle) for handle in evening.painted]


async def twenty_share(evening: Evening) -> None:
    people = zip(evening.people[:20], evening.painted[:20], strict=True)
    await all_at_once(share(evening.sandbox, person, handle) for person, handle in people)


async def ten_remix(evening: Evening) -> None:
    """Each of persons 20 to 29 remixes a picture of one of persons 0 to 9."""

    async def remix(number: int) -> None:
        original = evening.pictures[number - 20].id
        asked = await evening.type(evening.people[number], "remix", picture=original, prompt=f"remix {number}")
        await asked.until(lambda now: now.file("*.png"))

    await all_at_once(map(remix, range(20, 30)))


async def ten_paint_a_shared_prompt(evening: Evening) -> None:
    """Persons 30 to 39 paint the prompt that person 3 shared, and five of them save it."""

    async def find_and_paint(number: int) -> None:
        person = evening.people[number]
        page = await evening.type(person, "prompts", search="person 3")
        assert "person 3 paints" in page.now.text
        if number < 35:
            await evening.press(person, page, "save-prompt")
        pressed = await evening.press(person, page, "paint-prompt")
        await pressed.until(lambda now: now.file("*.png"))

    await all_at_once(map(find_and_paint, range(30, 40)))


async def a_challenge_is_opened_and_thirty_enter(evening: Evening, client: Atelier) -> Message:
    opened = await evening.type(evening.moderator, "challenge open", theme="hills", days=2)
    await opened.until(lambda now: "is open" in now.text)
    challenge = await client.challenges.running(evening.sandbox.guild.id)
    assert challenge is not None and challenge.message_id is not None
    announcement = evening.sandbox.world.messages[challenge.message_id]
    entered = await all_at_once(
        evening.press(person, announcement, "Enter my newest picture") for person in evening.people[:30]
    )
    assert all("is in the challenge" in handle.now.text for handle in entered)
    return announcement


async def twenty_vote(evening: Evening, announcement: Message) -> None:
    """Of persons 30 to 49, twelve vote for the first entry and eight for the second; one withdraws the vote."""

    async def vote(number: int) -> None:
        person = evening.people[number]
        page = await evening.press(person, announcement, "Look and vote")
        if number >= 42:
            await (await evening.sandbox.press(person, page, "Next")).until(lambda now: "Entry 2 of" in now.text)
        voted = await evening.sandbox.press(person, page, "Vote for it")
        await voted.until(lambda now: now.button("Take my vote back"))
        if number == 49:
            last = page.now
            await (await evening.sandbox.press(person, page, "Take my vote back")).until(lambda now: now is not last)

    await all_at_once(map(vote, range(30, 50)))


async def everybody_reacts(evening: Evening) -> None:
    """All give person 40 a star and two give one to person 41; five send a picture to themselves."""
    react, people = evening.sandbox.react, evening.people
    for person in people:
        react(person, evening.message(40), STAR)
    for number in (1, 2):
        react(people[number], evening.message(41), STAR)
        react(people[number], evening.message(41), STAR)
    for number in range(5):
        react(people[number], evening.message(40), LETTER)
    react(people[0], evening.message(42), CROSS)  # not hers
    for number in range(45, 50):
        react(people[number], evening.message(number), CROSS)


async def two_pictures_are_reported(evening: Evening) -> None:
    """Person 0 reports the picture of person 44, then person 1 that of person 38."""
    for reporter, number in ((0, 44), (1, 38)):
        person = evening.people[reporter]
        opened = await (await evening.sandbox.use_menu(person, evening.message(number), "Report")).answer()
        sent = await evening.sandbox.submit(person, opened, {"reason": "not a hill"})
        await sent.until(lambda now: "Thank you" in now.text)


async def the_moderator_tidies_up(evening: Evening, client: Atelier) -> None:
    """The moderator deletes one reported picture and keeps the other, deletes a third, and closes the challenge."""
    reports = await evening.type(evening.moderator, "reports")
    listed = await reports.until(lambda now: "2 open reports" in now.text)
    deleted, kept = await client.reports.open(evening.sandbox.guild.id)
    await evening.press(evening.moderator, reports, f"atelier:verdict:{deleted.id}:delete")
    one_left = await reports.until(lambda now: "1 open report" in now.text, after=listed)
    await evening.press(evening.moderator, reports, f"atelier:verdict:{kept.id}:keep")
    await reports.until(lambda now: "Nothing is reported" in now.text, after=one_left)
    await evening.press(evening.moderator, evening.message(43), "delete")
    closed = await evening.type(evening.moderator, "challenge close")
    await closed.until(lambda now: "is closed" in now.text)
    board = await evening.type(evening.moderator, "leaderboard", kind="pictures")
    await board.until(lambda now: now.file("leaderboard.png"))


async def single(client: Atelier, sql: str) -> int:
    """The single number that a query returns."""
    row = await client.database.row(sql)
    assert row is not None
    return int(row[0])


async def check_the_database(evening: Evening, client: Atelier, winner: int) -> None:
    """Check the tables and files after the evening."""
    expected = {
        "SELECT COUNT(*) FROM job WHERE state = 'done' AND delivered = 1": 70,
        "SELECT COUNT(*) FROM job WHERE NOT (state = 'done' AND delivered = 1)": 0,
        "SELECT COUNT(*) FROM picture": 63,  # 5 deleted by their owners, 2 by the moderator
        "SELECT COUNT(*) FROM picture WHERE origin = 'remix' AND parent_id IS NOT NULL": 20,
        "SELECT COUNT(*) FROM picture WHERE shared_at IS NOT NULL": 20,
        "SELECT COUNT(*) FROM prompt": 20,
        "SELECT SUM(uses) FROM prompt": 10,
        "SELECT MAX(uses) FROM prompt": 10,
        "SELECT COUNT(*) FROM saved_prompt": 5,
        "SELECT COUNT(*) FROM star": 51,
        "SELECT SUM(score) FROM picture": 51,
        f"SELECT score FROM picture WHERE id = {evening.pictures[40].id}": 49,
        f"SELECT score FROM picture WHERE id = {evening.pictures[41].id}": 2,
        "SELECT COUNT(*) FROM feed_post": 21,  # the shared ones, and the one with many stars
        f"SELECT COUNT(*) FROM feed_post WHERE picture_id = {evening.pictures[40].id}": 1,
        "SELECT COUNT(*) FROM entry": 30,
        "SELECT COUNT(*) FROM vote": 19,
        "SELECT COUNT(*) FROM report": 1,  # the other went with its picture
        "SELECT COUNT(*) FROM report WHERE action = 'keep'": 1,
        "SELECT COUNT(*) FROM challenge WHERE closed IS NOT NULL": 1,
    }
    found = {sql: await single(client, sql) for sql in expected}
    assert found == expected
    assert len(evening.sandbox.messages(evening.feed)) == 21
    (closing,) = [each for each in evening.sandbox.messages() if "The challenge is over" in each.now.text]
    assert closing.now.mentions == (winner,) and "won with 12 votes" in closing.now.text
    for number in range(5):
        (sent,) = evening.sandbox.messages(evening.sandbox.dm(evening.people[number]))
        assert "person 40" in sent.now.text
    gone = [evening.message(number).deleted for number in range(43, 50)]
    assert all(gone) and not evening.message(42).deleted
    files = {path.name for path in (client.config.data / "files").iterdir()}
    assert await client.gallery.files() <= files and len(files) == 63 + 10  # and the pictures that remixes start from


async def test_an_evening_of_fifty_people(sandbox: Sandbox, start_bot: StartBot) -> None:
    began = time.process_time()
    people = [sandbox.person(f"person-{number}") for number in range(PEOPLE)]
    moderator = sandbox.person("mod", moderator=True)
    evening = Evening(sandbox, people, moderator, sandbox.add_channel("feed"), [], [])
    painter = FakePainter(steps=1, pause=0.0)
    async with start_bot(painter) as client:
        await client.guild_settings.change(sandbox.guild.id, feed_channel=evening.feed.id, star_threshold=3)
        await everybody_paints(evening, client)
        await twenty_share(evening)
        await all_at_once((ten_remix(evening), ten_paint_a_shared_prompt(evening)))
        announcement = await a_challenge_is_opened_and_thirty_enter(evening, client)
    async with start_bot(painter) as client:
        await all_at_once((twenty_vote(evening, announcement), everybody_reacts(evening)))
        await eventually(lambda: all(sandbox.messages(sandbox.dm(person)) for person in people[:5]))
        await eventually(lambda: all(evening.message(number).deleted for number in range(45, 50)))
        challenge = await client.challenges.running(sandbox.guild.id)
        assert challenge is not None
        winner = (await client.challenges.entries(challenge.id))[0].person_id
        await two_pictures_are_reported(evening)
        await the_moderator_tidies_up(evening, client)
        await all_at_once(evening.painted[number].until_deleted() for number in (43, 44))
        await eventually(lambda: len(sandbox.messages(evening.feed)) == 21)
        await check_the_database(evening, client, winner)
    assert time.process_time() - began < CPU_SECONDS
