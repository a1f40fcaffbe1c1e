from __future__ import annotations

from typing import Any

import pytest

from bot.features.results.describe import COLOURS, PAINT_SEEN
from bot.jobs.painter import Description, PainterDied
from bot.loopback import CommandRefused, Sandbox, Upload
from engine.errors import Message
from engine.images.colour_words import WORDS
from engine.models.describe import read_nouns
from engine.spec.artspec import ArtSpec
from engine.spec.modifiers import MODIFIERS
from tests.bot.conftest import StartBot
from tests.bot.fake_painter import FakePainter
from tests.bot.features.actions import paint, private_answer, tile

HOSTILE = "@everyone <@1> [x](https://evil.example) ```"


async def finished(handle: Any) -> Any:
    return await handle.until(lambda now: now.file("*.png"), 10)


async def test_the_prompt_of_a_picture_wherever_it_is_shown(sandbox: Sandbox, start_bot: StartBot) -> None:
    async with start_bot():
        first = await paint(sandbox, prompt=HOSTILE, seed=7)
    async with start_bot() as client:
        bob = sandbox.person("bob")
        told = await (await sandbox.use_menu(bob, first, "Show the prompt")).answer()
        assert told.message is not None and told.message.only_for is bob
        assert "`7`" in told.now.text and told.now.mentions == ()
        again = await sandbox.type_command(bob, sandbox.channel, "show", {"id": 1})
        await finished(again)
        told = await (await sandbox.use_menu(bob, again, "Show the prompt")).answer()
        assert "`7`" in told.now.text
        other = sandbox.say(bob, sandbox.channel, "hello")
        refused = await sandbox.use_menu(bob, other, "Show the prompt")
        assert "no picture of mine" in await private_answer(sandbox, refused)
        await client.gallery.remove(1)
        gone = await sandbox.use_menu(bob, first, "Show the prompt")
        assert "no picture of mine" in await private_answer(sandbox, gone)


async def test_buttons_in_other_peoples_messages_are_ignored(sandbox: Sandbox, start_bot: StartBot) -> None:
    async with start_bot():
        first = await paint(sandbox)
        forged = sandbox.say(sandbox.person("mallory"), sandbox.channel, "look")
        forged.history[-1] = first.now
        refused = await sandbox.use_menu(sandbox.person("bob"), forged, "Show the prompt")
        assert "no picture of mine" in await private_answer(sandbox, refused)


async def test_paint_from_one_of_ours(sandbox: Sandbox, start_bot: StartBot) -> None:
    painter = FakePainter()
    async with start_bot(painter):
        first = await paint(sandbox)
        opened = await (await sandbox.use_menu(sandbox.person("bob"), first, "Paint from this picture")).answer()
    async with start_bot(painter) as client:  # the form was open all the while
        typed = {"prompt": "a green apple", "strength": "0.8", "style": "pixel"}
        await finished(await sandbox.submit(sandbox.person("bob"), opened, typed))
        spec, images = painter.orders[-1].spec, painter.orders[-1].images
        assert (spec.prompt, spec.strength, spec.style) == ("a green apple", 0.8, "pixel")
        parent, child = await client.gallery.get(1), await client.gallery.get(2)
        assert parent is not None and child is not None and spec.start_image is not None
        assert (child.parent_id, child.origin) == (1, "remix")
        assert images[spec.start_image].read_bytes() == client.files.path(parent.image).read_bytes()


async def test_paint_from_what_somebody_attached(sandbox: Sandbox, start_bot: StartBot) -> None:
    painter = FakePainter()
    async with start_bot(painter) as client:
        alice, bob = sandbox.person("alice"), sandbox.person("bob")
        message = sandbox.say(bob, sandbox.channel, "my cat", Upload("a.txt", b"-"), Upload("cat.png", tile(3)))
        opened = await (await sandbox.use_menu(alice, message, "Paint from this picture")).answer()
        await finished(await sandbox.submit(alice, opened, {"prompt": "a lion"}))
        spec = painter.orders[-1].spec
        assert spec == ArtSpec(prompt="a lion", start_image=spec.start_image, strength=0.5)
        picture = await client.gallery.get(1)
        assert picture is not None and picture.parent_id is None
        stranger = await sandbox.submit(bob, opened, {"prompt": "a lion"})
        assert "type the command again" in await private_answer(sandbox, stranger)
        empty = await sandbox.submit(alice, opened, {"prompt": " ^ "})
        assert "prompt is empty" in await private_answer(sandbox, empty)


async def test_messages_without_a_picture_are_refused(sandbox: Sandbox, start_bot: StartBot) -> None:
    async with start_bot():
        bob = sandbox.person("bob")
        words = sandbox.say(bob, sandbox.channel, "hello")
        refused = await sandbox.use_menu(bob, words, "Paint from this picture")
        assert "no picture in this message" in await private_answer(sandbox, refused)
        broken = sandbox.say(bob, sandbox.channel, "", Upload("cat.png", b"not a picture"))
        opened = await (await sandbox.use_menu(bob, broken, "Paint from this picture")).answer()
        sent = await sandbox.submit(bob, opened, {"prompt": "a lion"})
        await sandbox.until(lambda: sent.followups, 5)
        assert "picture" in sent.followups[0].now.text


# Reports


async def report(sandbox: Sandbox, name: str, message: Any, reason: str = "not nice") -> str:
    person = sandbox.person(name)
    opened = await (await sandbox.use_menu(person, message, "Report")).answer()
    return await private_answer(sandbox, await sandbox.submit(person, opened, {"reason": reason}))


async def test_reports_reach_the_moderators_who_decide(sandbox: Sandbox, start_bot: StartBot) -> None:
    async with start_bot() as client:
        first, second = await paint(sandbox, prompt="one"), await paint(sandbox, prompt="two")
        assert "moderators of this server" in await report(sandbox, "bob", first, HOSTILE)
        assert "reported this picture before" in await report(sandbox, "bob", first)
        await report(sandbox, "carol", second)
    async with start_bot() as client:
        judge = sandbox.person("judge", moderator=True)
        listing = await sandbox.type_command(judge, sandbox.channel, "reports", {})
        page = await listing.until(lambda now: now.text)
        assert listing.message is not None and listing.message.only_for is judge
        assert "2 open reports" in page.text and "“one”" in page.text and len(page.attachments) == 2
        assert "@everyone" not in page.text.replace("@\u200b", "") and page.mentions == ()
        for _ in range(2):
            await sandbox.press(judge, listing, "atelier:verdict:1:delete")
        page = await listing.until(lambda now: "1 open report" in now.text)
        await first.until_deleted()
        assert await client.gallery.get(1) is None
        await sandbox.press(judge, listing, "Let it stand")
        await listing.until(lambda now: "Nothing is reported" in now.text)
        assert await client.gallery.get(2) is not None
        settled = [found for number in range(1, 5) if (found := await client.reports.get(number)) is not None]
        assert [(each.picture_id, each.action, each.settled_by) for each in settled] == [(2, "keep", judge.id)]


async def test_only_moderators_see_reports(sandbox: Sandbox, start_bot: StartBot) -> None:
    async with start_bot():
        bob = sandbox.person("bob")
        refused = await sandbox.type_command(bob, sandbox.channel, "reports", {})
        assert "Only moderators" in await private_answer(sandbox, refused)
        with pytest.raises(CommandRefused):
            await sandbox.type_command(bob, sandbox.dm(bob), "reports", {})


async def test_pictures_of_other_servers_cannot_be_reported_here(sandbox: Sandbox, start_bot: StartBot) -> None:
    async with start_bot() as client:
        alice = sandbox.person("alice")
        art = await sandbox.type_command(alice, sandbox.dm(alice), "art", {"prompt": "a tree"})
        await finished(art)
        refused = await sandbox.use_menu(alice, art, "Report")
        assert "not from this server" in await private_answer(sandbox, refused)
        first = await paint(sandbox)
        opened = await (await sandbox.use_menu(alice, first, "Report")).answer()
        await client.gallery.remove(2)
        late = await sandbox.submit(alice, opened, {"reason": "x"})
        assert "deleted" in await private_answer(sandbox, late)


# Describe


async def test_describe_one_of_ours_and_what_somebody_attached(sandbox: Sandbox, start_bot: StartBot) -> None:
    painter = FakePainter()
    async with start_bot(painter) as client:
        first = await paint(sandbox)
        bob = sandbox.person("bob")
        asked = await sandbox.use_menu(bob, first, "Describe this picture")
        now = await asked.until(lambda now: "apple" in now.text)
        assert asked.message is not None and asked.message.only_for is bob
        assert "This looks like: **an apple**, a peach" in now.text and "%" not in now.text
        assert "red, green" in now.text and "Style" in now.text and "```\na red apple, low poly\n```" in now.text
        picture = await client.gallery.get(1)
        assert picture is not None and painter.described == [client.files.path(picture.image)]
        other = sandbox.say(bob, sandbox.channel, "my cat", Upload("cat.png", tile(3)))
        asked = await sandbox.use_menu(bob, other, "Describe this picture")
        await asked.until(lambda now: "apple" in now.text)
        broken = sandbox.say(bob, sandbox.channel, "", Upload("cat.png", b"not a picture"))
        asked = await sandbox.use_menu(bob, broken, "Describe this picture")
        assert "picture" in (await asked.until(lambda now: now.text)).text
        words = sandbox.say(bob, sandbox.channel, "hello")
        asked = await sandbox.use_menu(bob, words, "Describe this picture")
        assert "no picture in this message" in await private_answer(sandbox, asked)


async def test_describe_says_when_it_is_not_sure(sandbox: Sandbox, start_bot: StartBot) -> None:
    painter = FakePainter()
    painter.seen = Description(("an orange", "the sun"), False, ("orange",), (), "an orange")
    async with start_bot(painter):
        asked = await sandbox.use_menu(sandbox.person("bob"), await paint(sandbox), "Describe this picture")
        now = await asked.until(lambda now: "orange" in now.text)
        assert "I'm not sure what this is. It might be: an orange, the sun" in now.text
        assert "**" not in now.text and "Style" not in now.text


async def test_what_was_described_is_painted_with_one_press(sandbox: Sandbox, start_bot: StartBot) -> None:
    painter = FakePainter()
    bob = sandbox.person("bob")
    async with start_bot(painter):
        asked = await sandbox.use_menu(bob, await paint(sandbox), "Describe this picture")
        await asked.until(lambda now: "apple" in now.text)
    async with start_bot(painter):  # the button still works after a restart
        await finished(await sandbox.press(bob, asked, "Paint it"))
        assert painter.orders[-1].spec == ArtSpec("a red apple, low poly")


def test_the_longest_prompt_of_a_description_fits_into_its_button() -> None:
    thing = max((f"a turquoise {noun}" for noun in read_nouns()), key=len)
    style = max(MODIFIERS, key=len)
    prompt = f"{thing}, {style}, {style}"
    assert PAINT_SEEN.path.read(PAINT_SEEN.button(prompt=prompt).custom_id) == {"prompt": prompt}


async def test_the_colours_of_a_description_are_translated(sandbox: Sandbox, start_bot: StartBot) -> None:
    assert set(COLOURS) == WORDS.keys()
    async with start_bot():
        bob = sandbox.person("bob", locale="de")
        asked = await sandbox.use_menu(bob, await paint(sandbox), "Describe this picture")
        await asked.until(lambda now: "rot, grün" in now.text)


async def test_describe_waits_for_a_painting_and_says_so(
    sandbox: Sandbox, start_bot: StartBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.features.results.describe.NOTICE_SECONDS", 0.1)
    painter = FakePainter()
    async with start_bot(painter):
        first = await paint(sandbox)
        painter.unblocked.clear()
        asked = await sandbox.use_menu(sandbox.person("bob"), first, "Describe this picture")
        await asked.until(lambda now: "as soon as the picture" in now.text)
        painter.unblocked.set()
        await asked.until(lambda now: "apple" in now.text)


async def test_a_painter_that_dies_while_describing_is_reported(
    sandbox: Sandbox, start_bot: StartBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    painter = FakePainter()

    async def dies(_: object) -> None:
        raise PainterDied(Message("The painter ended unexpectedly."))

    monkeypatch.setattr(painter, "describe", dies)
    async with start_bot(painter):
        first = await paint(sandbox)
        asked = await sandbox.use_menu(sandbox.person("bob"), first, "Describe this picture")
        await asked.until(lambda now: "ended unexpectedly" in now.text)
