from __future__ import annotations

import asyncio
import json
from pathlib import Path

from PIL import Image

from bot.features.results.settings_used import settings_embed
from bot.loopback import Sandbox
from engine.images.recorder import Film
from engine.spec.artspec import ArtSpec
from tests.bot.conftest import StartBot
from tests.bot.fake_painter import FakePainter
from tests.bot.features.actions import grid_files, paint, private_answer

HOSTILE = "a `trap` ``` @everyone <@1> [x](https://evil.example)"


def film_of(folder: Path, kind: str) -> bytes:
    film = Film(folder, 8, 1.0, kind)
    for step in range(9):
        if film.wants(step):
            film.add(Image.new("RGB", (32, 32), (step * 30, 0, 0)))
    (path,) = film.finish().values()
    return path.read_bytes()


async def test_settings_are_shown_privately_for_copying(sandbox: Sandbox, start_bot: StartBot) -> None:
    async with start_bot():
        first = await paint(sandbox, prompt=HOSTILE, style="pixel", negative="fog", seed=7)
        again = await sandbox.press(sandbox.person("alice"), first, "Again")
        await again.until(lambda now: now.file("*.png"))
    async with start_bot() as client:
        bob = sandbox.person("bob")
        told = await (await sandbox.press(bob, first, "Settings")).answer()
        assert told.message is not None and told.message.only_for is bob and told.now.mentions == ()
        for word in ("style pixel", "negative fog", "seed 7", f"<@{sandbox.person('alice').id}>", "embedded mini"):
            assert word in told.now.text
        blocks = told.now.embeds[0]["description"].split("```")
        assert len(blocks) == 5, "the prompt does not end its block"
        spec = ArtSpec.from_json(told.now.attachments[0].data.decode())
        assert (spec.prompt, spec.seed) == (HOSTILE, 7)
        told = await (await sandbox.press(bob, again, "Settings")).answer()
        parent = await client.gallery.get(1)
        assert parent is not None and f"[#1](https://discord.com/channels/{sandbox.guild.id}/" in told.now.text


async def test_stars_are_in_the_reply_and_the_number_in_the_settings(sandbox: Sandbox, start_bot: StartBot) -> None:
    async with start_bot():
        alice, bob = sandbox.person("alice"), sandbox.person("bob")
        first = await paint(sandbox)
        again = await sandbox.type_command(bob, sandbox.channel, "show", {"id": 1})
        shown = await again.until(lambda now: now.file("*.png"))
        for text in (first.now.text, shown.text):
            assert "Match with the prompt: ★" in text and " of 5" in text and "31.2" not in text
        settings = await (await sandbox.press(alice, first, "Settings")).answer()
        assert "CLIP score: 31.2" in settings.now.text and "★" not in settings.now.text


async def test_without_a_known_scale_the_number_is_still_in_the_settings(sandbox: Sandbox, start_bot: StartBot) -> None:
    painter = FakePainter()
    painter.models = "imagenet-f16-16384 with RN50x4"
    async with start_bot(painter):
        first = await paint(sandbox)
        assert "★" not in first.now.text and "Match" not in first.now.text and "31.2" not in first.now.text
        settings = await (await sandbox.press(sandbox.person("alice"), first, "Settings")).answer()
        assert "CLIP score: 31.2" in settings.now.text


async def test_the_best_score_of_a_grid_is_not_given_to_each_picture(sandbox: Sandbox, start_bot: StartBot) -> None:
    painter = FakePainter()
    painter.extras = grid_files(4)
    async with start_bot(painter) as client:
        grid = await paint(sandbox, variations=4)
        assert "Best match with the prompt: ★" in grid.now.text
        settings = await (await sandbox.press(sandbox.person("alice"), grid, "Settings")).answer()
        assert "Best CLIP score: 31.2" in settings.now.text
        single = settings_embed(await client.sources.get(1, 2), None)
        assert not [field for field in single.fields if "CLIP" in str(field.name)]


async def test_the_settings_of_a_private_parent_are_not_linked(sandbox: Sandbox, start_bot: StartBot) -> None:
    async with start_bot() as client:
        first = await paint(sandbox)
        again = await sandbox.press(sandbox.person("bob"), first, "Again")
        await again.until(lambda now: now.file("*.png"))
        await client.gallery.set_public(1, sandbox.person("alice").id, False)
        told = await (await sandbox.press(sandbox.person("bob"), again, "Settings")).answer()
        assert "#1" in told.now.text and "channels" not in told.now.text


async def test_favourites_are_chosen_and_dropped(sandbox: Sandbox, start_bot: StartBot) -> None:
    async with start_bot():
        first = await paint(sandbox)
    async with start_bot() as client:
        bob, carol = sandbox.person("bob"), sandbox.person("carol")
        presses = [await sandbox.press(bob, first, "Favourite") for _ in range(2)]
        await asyncio.gather(*(press.answer() for press in presses))
        assert "now among your favourites" in await private_answer(sandbox, presses[0])
        assert await client.gallery.is_favourite(bob.id, 1), "a double press does not take it out again"
        other = await private_answer(sandbox, await sandbox.press(carol, first, "Favourite"))
        assert "2 people have it there" in other
        listing = await sandbox.type_command(bob, sandbox.channel, "gallery", {"sort": "liked"})
        assert "a red apple" in (await listing.until(lambda now: now.text)).text
        client.debounce.forget(bob.id, "atelier:favourite:1")  # three seconds later
        dropped = await private_answer(sandbox, await sandbox.press(bob, first, "Favourite"))
        assert "no longer among your favourites" in dropped and "1 person has it" in dropped


async def test_a_private_picture_is_nobody_elses_favourite(sandbox: Sandbox, start_bot: StartBot) -> None:
    async with start_bot() as client:
        first = await paint(sandbox)
        await client.gallery.set_public(1, sandbox.person("alice").id, False)
        assert "private" in await private_answer(
            sandbox, await sandbox.press(sandbox.person("bob"), first, "Favourite")
        )
        own = await sandbox.press(sandbox.person("alice"), first, "Favourite")
        assert "now among" in await private_answer(sandbox, own)


async def test_the_prompt_is_shared_by_its_author_alone(sandbox: Sandbox, start_bot: StartBot) -> None:
    async with start_bot() as client:
        first = await paint(sandbox)
        stranger = await sandbox.press(sandbox.person("bob"), first, "Share")
        assert "Only the one who painted" in await private_answer(sandbox, stranger)
        alice = sandbox.person("alice")
        presses = [await sandbox.press(alice, first, "Share") for _ in range(2)]
        assert "is shared" in (await presses[0].until(lambda now: "shared" in now.text)).text
        page = await client.prompts.page("new", sandbox.guild.id, alice.id)
        assert [each.picture_id for each in page.items] == [1]


async def test_the_film_comes_as_mp4_and_gif(sandbox: Sandbox, start_bot: StartBot, tmp_path: Path) -> None:
    painter = FakePainter()
    painter.film = film_of(tmp_path, "mp4")
    async with start_bot(painter) as client:
        first = await paint(sandbox)
        bob = sandbox.person("bob")
        pressed = await sandbox.press(bob, first, "Film")
        now = await pressed.until(lambda now: now.attachments, 30)
        assert pressed.message is not None and pressed.message.only_for is bob
        assert [each.filename for each in now.attachments] == ["atelier-1.mp4", "atelier-1.gif"]
        assert now.attachments[0].data == painter.film and now.attachments[1].data.startswith(b"GIF8")
        assert await client.queue.get(2) is None


async def test_a_picture_without_a_film_is_painted_again_with_it(sandbox: Sandbox, start_bot: StartBot) -> None:
    painter = FakePainter()
    async with start_bot(painter) as client:
        first = await paint(sandbox, film="none")
        picture = await client.gallery.get(1)
        pressed = await sandbox.press(sandbox.person("alice"), first, "Film")
        await pressed.until(lambda now: now.file("*.png"))
        spec = painter.orders[-1].spec
        assert picture is not None and (spec.seed, spec.film) == (picture.seed, "both")


async def test_a_missing_film_is_reported(sandbox: Sandbox, start_bot: StartBot) -> None:
    painter = FakePainter()
    painter.film = b"film"
    async with start_bot(painter) as client:
        first = await paint(sandbox)
        picture = await client.gallery.get(1)
        assert picture is not None
        client.files.path(picture.films[0]).unlink()
        pressed = await sandbox.press(sandbox.person("alice"), first, "Film")
        await pressed.until(lambda now: "no longer kept" in now.text)


async def test_the_lineage_shows_parents_and_children(sandbox: Sandbox, start_bot: StartBot) -> None:
    painter = FakePainter()
    async with start_bot(painter):
        first = await paint(sandbox, prompt=HOSTILE)
        alice, bob = sandbox.person("alice"), sandbox.person("bob")
        second = await sandbox.press(bob, first, "Continue")
        await second.until(lambda now: now.file("*.png"))
        painter.extras = grid_files(4)
        third = await sandbox.press(alice, second, "Variations")
        await third.until(lambda now: now.file("*.png"))
    async with start_bot(painter) as client:
        pressed = await sandbox.press(bob, second, "Family")
        now = await pressed.until(lambda now: now.text)
        assert pressed.message is not None and pressed.message.only_for is bob
        lines = [line for line in now.text.splitlines() if "“" in line]
        words = ("painted", "continued", "variations")
        assert all(word in line for word, line in zip(words, lines, strict=True))
        assert lines[1].startswith("**") and "[#2](" in lines[1]
        assert [each.filename for each in now.attachments] == [f"picture-{number}.webp" for number in (1, 2, 3)]
        await client.gallery.set_public(1, alice.id, False)
        client.debounce.forget(bob.id, "atelier:family:2")
        pressed = await sandbox.press(bob, second, "Family")
        now = await pressed.until(lambda now: now.text)
        assert "#1" not in now.text, "a private parent is not shown to others"
        alone = await paint(sandbox, prompt="a stone")
        pressed = await sandbox.press(bob, alone, "Family")
        assert "from words alone" in (await pressed.until(lambda now: now.text)).text


async def test_deleting_a_shown_picture_deletes_its_message_too(sandbox: Sandbox, start_bot: StartBot) -> None:
    async with start_bot() as client:
        first = await paint(sandbox)
        second = await sandbox.type_command(sandbox.person("alice"), sandbox.channel, "show", {"id": 1})
        await second.until(lambda now: now.file("*.png"))
        await sandbox.press(sandbox.person("alice"), second, "Delete")
        await second.until_deleted()
        await first.until_deleted()
        assert await client.gallery.get(1) is None


async def test_the_definition_of_one_picture_of_a_grid(sandbox: Sandbox, start_bot: StartBot) -> None:
    painter = FakePainter()
    painter.extras = grid_files(4)
    async with start_bot(painter):
        grid = await paint(sandbox, variations=4, seed=10)
        told = await (await sandbox.press(sandbox.person("bob"), grid, "Settings")).answer()
        assert json.loads(told.now.attachments[0].data)["seed"] == 10 and "variations 4" in told.now.text


async def test_the_owner_hides_a_picture_and_shows_it_again(sandbox: Sandbox, start_bot: StartBot) -> None:
    async with start_bot():
        first = await paint(sandbox)
        alice, bob = sandbox.person("alice"), sandbox.person("bob")
        told = await (await sandbox.press(alice, first, "Settings")).answer()
    async with start_bot() as client:
        for button, public in (("Make it private", False), ("Make it public", True)):
            pressed = await sandbox.press(alice, told, button)
            await pressed.answer()
            picture = await client.gallery.get(1)
            assert picture is not None and picture.public is public
        assert "find this picture" in told.now.text
        told = await (await sandbox.press(bob, first, "Settings")).answer()
        assert not told.now.buttons, "it is not bob's to hide"
        await client.gallery.remove(1)
        gone = await sandbox.press(alice, pressed, "Make it private")
        assert "no such picture of yours" in await private_answer(sandbox, gone)
