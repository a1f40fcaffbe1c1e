"""/stats and /leaderboard answer with a picture of the right numbers."""

from __future__ import annotations

import io

from PIL import Image

from bot.features.stats.cards import guild_card, leaderboard_card, person_card
from bot.features.stats.drawing import WIDTH
from bot.loopback import InteractionHandle, Sandbox
from bot.text.language import speaking
from storage.statistics import LeaderboardRow, Numbers
from tests.bot.conftest import StartBot
from tests.bot.features.actions import paint, picture_of

NUMBERS = Numbers(
    pictures=1204,
    people=12,
    seconds=65_100.0,
    styles=(("image", 1000), ("pixel", 204)),
    stars_received=31,
    stars_given=7,
    prompts_shared=4,
    prompts_used=19,
    busiest_day=("2026-03-07", 40),
    top_prompts=(("a lighthouse", 9),),
)


def test_a_card_says_every_number_in_the_language_asked_for() -> None:
    words = person_card(NUMBERS, "alice", prompts=True).words()
    for expected in ("1,204", "31", "7", "4", "19", "Mar 7, 2026", "image: 1,000", "a lighthouse: 9"):
        assert expected in words
    assert "a lighthouse" not in person_card(NUMBERS, "alice", prompts=False).words()
    with speaking("de"):
        german = guild_card(NUMBERS, "Atelier").words()
    assert "1.204" in german and "07.03.2026" in german
    with speaking("tlh"):  # an unknown language falls back to English
        assert person_card(NUMBERS, "alice", prompts=True).words() == words


def test_a_leaderboard_has_ten_places() -> None:
    rows = [LeaderboardRow(number, 100 - number) for number in range(12)]
    card = leaderboard_card(rows, {number: f"person {number}" for number in range(12)}, "stars", "ever")
    assert len(card.charts[0].bars) == 10 and "person 0: 100" in card.words()


def shows_a_picture(handle: InteractionHandle, name: str) -> str:
    """The description of the attached card."""
    file = handle.now.file(name)
    assert file is not None and file.description is not None
    with Image.open(io.BytesIO(file.data)) as picture:
        assert (picture.format, picture.width) == ("PNG", WIDTH)
    return file.description


async def test_stats_of_a_person_and_of_a_server(sandbox: Sandbox, start_bot: StartBot) -> None:
    alice, bob = sandbox.person("alice"), sandbox.person("bob")
    async with start_bot() as client:
        painted = await picture_of(client, await paint(sandbox, alice, "a lighthouse"))
        await paint(sandbox, bob, "a hill", style="pixel")
        await client.gallery.star(bob.id, painted.id, True)
        mine = await sandbox.type_command(alice, sandbox.channel, "stats")
        await mine.until(lambda now: now.file("stats.png"))
        words = shows_a_picture(mine, "stats.png")
        assert "pictures painted: 1" in words and "stars received: 1" in words and "a lighthouse: 1" in words
        assert mine.message is not None and mine.message.only_for is alice
        server = await sandbox.type_command(bob, sandbox.channel, "stats", {"whose": "server", "everybody": True})
        await server.until(lambda now: now.file("stats.png"))
        words = shows_a_picture(server, "stats.png")
        assert words.startswith("Atelier guests") and "pictures painted: 2" in words and "pixel: 1" in words
        assert server.message is not None and server.message.only_for is None
        nothing = await sandbox.type_command(sandbox.person("carol"), sandbox.channel, "stats")
        await nothing.until(lambda now: "Nothing has been painted" in now.text)
        direct = await sandbox.type_command(bob, sandbox.dm(bob), "stats", {"whose": "server"})
        assert "no server here" in (await direct.answer()).now.text


async def test_a_leaderboard_names_people_but_not_those_who_paint_in_private(
    sandbox: Sandbox, start_bot: StartBot
) -> None:
    alice, bob, carol = (sandbox.person(name) for name in ("alice", "bob", "carol"))
    async with start_bot() as client:
        for person in (alice, alice, bob, carol):
            await paint(sandbox, person, "a hill")
        await client.people.change(carol.id, public=False)
        asked = await sandbox.type_command(bob, sandbox.channel, "leaderboard", {"kind": "pictures"})
        await asked.until(lambda now: now.file("leaderboard.png"))
        words = shows_a_picture(asked, "leaderboard.png")
        assert words.index("alice: 2") < words.index("bob: 1") and "carol" not in words
        asked = await sandbox.type_command(bob, sandbox.channel, "leaderboard", {"kind": "stars", "period": "ever"})
        await asked.until(lambda now: "nobody yet" in now.text)
        painted = await picture_of(client, await paint(sandbox, sandbox.person("太郎🪨"), "a hill"))
        await client.gallery.star(bob.id, painted.id, True)
        asked = await sandbox.type_command(bob, sandbox.channel, "leaderboard", {"kind": "stars", "period": "month"})
        await asked.until(lambda now: now.file("leaderboard.png"))
        words = shows_a_picture(asked, "leaderboard.png")
        assert "last 30 days" in words and "太郎🪨: 1" in words
        direct = await (await sandbox.type_command(bob, sandbox.dm(bob), "leaderboard")).answer()
        assert "for servers" in direct.now.text
