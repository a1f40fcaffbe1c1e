from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bot.features.results.painting import STRENGTH
from bot.loopback import CommandRefused, InteractionHandle, Revision, Sandbox
from engine.spec.artspec import ArtSpec
from tests.bot.conftest import StartBot
from tests.bot.fake_painter import FakePainter
from tests.bot.features.actions import grid_files, paint, private_answer, tile

HOSTILE = "@everyone <@1> ``` [x](https://evil.example) **a**"


def labels(now: Revision) -> list[str]:
    return [button.label for button in now.buttons]


async def finished(handle: InteractionHandle) -> Any:
    return await handle.until(lambda now: now.file("*.png"), 10)


async def test_a_result_has_all_its_buttons(sandbox: Sandbox, start_bot: StartBot) -> None:
    async with start_bot():
        handle = await paint(sandbox)
        assert labels(handle.now) == [
            *("Again", "Edit", "Variations", "Continue"),
            *("Upscale ×2", "Upscale ×4", "Film"),
            *("Favourite", "Share", "Settings", "Family", "Delete"),
        ]


async def test_later_messages_are_in_the_language_that_was_chosen(sandbox: Sandbox, start_bot: StartBot) -> None:
    async with start_bot() as client:
        await paint(sandbox, sandbox.person("hans", locale="de").name)
        job = await client.queue.get(1)
        assert job is not None and '"language":"de"' in job.reply
        await client.people.change(sandbox.person("hans").id, locale="fr")
        await paint(sandbox, "hans")
        job = await client.queue.get(2)
        assert job is not None and '"language":"fr"' in job.reply


async def test_variations_begin_with_the_picture_itself(sandbox: Sandbox, start_bot: StartBot) -> None:
    painter = FakePainter()
    async with start_bot(painter) as client:
        first = await paint(sandbox, seed=7, style="pixel")
    async with start_bot(painter) as client:  # after a restart, by somebody else
        pressed = await sandbox.press(sandbox.person("bob"), first, "Variations")
        await finished(pressed)
        order, picture = painter.orders[-1], await client.gallery.get(2)
        assert picture is not None and (picture.parent_id, picture.origin) == (1, "variation")
        assert picture.person_id == sandbox.person("bob").id
        spec = order.spec
        assert (spec.prompt, spec.style, spec.variations, spec.strength) == ("a red apple", "pixel", 4, STRENGTH)
        parent = await client.gallery.get(1)
        assert parent is not None and spec.start_image is not None
        assert order.images[spec.start_image].read_bytes() == client.files.path(parent.image).read_bytes()


async def test_continue_starts_from_the_picture(sandbox: Sandbox, start_bot: StartBot) -> None:
    painter = FakePainter()
    async with start_bot(painter) as client:
        first = await paint(sandbox)
        goes_on = await sandbox.press(sandbox.person("alice"), first, "Continue")
        await finished(goes_on)
        parent, picture = await client.gallery.get(1), await client.gallery.get(2)
        assert parent is not None and picture is not None
        assert (picture.parent_id, picture.origin) == (1, "continue")
        place = f"{sandbox.guild.id}/{parent.channel_id}/{parent.message_id}"
        assert f"Made from: [#1](https://discord.com/channels/{place})" in goes_on.now.text
        spec = painter.orders[-1].spec
        assert spec.start_image is not None and spec.variations == 1 and spec.film == "mp4"


@pytest.mark.parametrize(("button", "factor"), [("Upscale ×2", 2), ("Upscale ×4", 4)])
async def test_upscale_enlarges_and_paints_nothing(
    sandbox: Sandbox, start_bot: StartBot, button: str, factor: int
) -> None:
    painter = FakePainter()
    async with start_bot(painter) as client:
        first = await paint(sandbox)
        large = await sandbox.press(sandbox.person("alice"), first, button)
        await finished(large)
        picture = await client.gallery.get(2)
        assert picture is not None and (picture.parent_id, picture.origin) == (1, "upscale")
        spec = painter.orders[-1].spec
        assert (spec.iterations, spec.enlarge) == (0, factor)
        assert "Again" not in labels(large.now), "it would be the same again"
        await finished(await sandbox.press(sandbox.person("alice"), large, "Variations"))
        varied = painter.orders[-1].spec
        assert (varied.iterations, varied.enlarge, varied.variations) == (None, 1, 4)


async def test_what_would_get_too_large_is_not_enlarged(sandbox: Sandbox, start_bot: StartBot) -> None:
    async with start_bot() as client:
        first = await paint(sandbox)
        picture = await client.gallery.get(1)
        assert picture is not None
        client.files.path(picture.image).write_bytes(tile(1, side=1500))
        pressed = await sandbox.press(sandbox.person("alice"), first, "Upscale ×4")
        assert "6000 pixels a side, and 4096 are the most" in await private_answer(sandbox, pressed)
        assert await client.queue.get(2) is None


@pytest.mark.parametrize("button", ["Variations", "Continue", "Upscale ×2"])
async def test_a_double_press_is_one_job(sandbox: Sandbox, start_bot: StartBot, button: str) -> None:
    async with start_bot() as client:
        first = await paint(sandbox)
        presses = [await sandbox.press(sandbox.person("alice"), first, button) for _ in range(2)]
        await asyncio.gather(*(press.answer() for press in presses))
        await finished(presses[0])
        assert await client.queue.get(3) is None


async def test_a_press_that_failed_may_be_repeated_at_once(
    sandbox: Sandbox, start_bot: StartBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with start_bot() as client:
        first = await paint(sandbox)
        alice, get = sandbox.person("alice"), client.gallery.get
        monkeypatch.setattr(client.gallery, "get", None)
        assert "went wrong" in await private_answer(sandbox, await sandbox.press(alice, first, "Continue"))
        monkeypatch.setattr(client.gallery, "get", get)
        await finished(await sandbox.press(alice, first, "Continue"))


async def test_a_file_that_is_gone_is_said_before_anything_is_promised(sandbox: Sandbox, start_bot: StartBot) -> None:
    async with start_bot() as client:
        first = await paint(sandbox)
        picture = await client.gallery.get(1)
        assert picture is not None
        client.files.path(picture.image).unlink()
        pressed = await sandbox.press(sandbox.person("alice"), first, "Continue")
        assert "no longer kept" in await private_answer(sandbox, pressed)
        assert await client.queue.get(2) is None


# The menu of a grid


async def test_one_of_a_grid_is_picked_and_continued(sandbox: Sandbox, start_bot: StartBot) -> None:
    painter = FakePainter()
    painter.extras = grid_files(4)
    async with start_bot(painter):
        grid = await paint(sandbox, variations=4, seed=10)
        assert "Variations" not in labels(grid.now) and "Continue" not in labels(grid.now)
    async with start_bot(painter) as client:
        bob = sandbox.person("bob")
        picked = await sandbox.choose(bob, grid, "atelier:pick:1:4", "3")
        now = await picked.until(lambda now: now.file("atelier-1-3.png"))
        assert picked.message is not None and picked.message.only_for is bob
        assert now.attachments[0].data == tile(3) and "`12`" in now.text
        assert labels(now) == ["Variations", "Edit", "Continue", "Upscale ×2", "Upscale ×4"]
        painter.extras = {}
        await finished(await sandbox.press(bob, picked, "Continue"))
        order, picture = painter.orders[-1], await client.gallery.get(2)
        assert picture is not None and (picture.parent_id, picture.origin) == (1, "continue")
        assert (order.spec.variations, order.spec.seed) == (1, 12)
        assert order.spec.start_image is not None and order.images[order.spec.start_image].read_bytes() == tile(3)


async def test_picks_of_different_pictures_are_no_double_press(sandbox: Sandbox, start_bot: StartBot) -> None:
    painter = FakePainter()
    painter.extras = grid_files(9)
    async with start_bot(painter):
        grid = await paint(sandbox, variations=9)
        alice = sandbox.person("alice")
        for number in (1, 9):
            picked = await sandbox.choose(alice, grid, "atelier:pick:1:9", str(number))
            await picked.until(lambda now, number=number: now.file(f"atelier-1-{number}.png"))
        with pytest.raises(CommandRefused):
            await sandbox.choose(alice, grid, "atelier:pick:1:9", "10")


async def test_a_picture_of_a_grid_that_is_gone_is_said(sandbox: Sandbox, start_bot: StartBot) -> None:
    painter = FakePainter()
    painter.extras = grid_files(4)
    async with start_bot(painter) as client:
        grid = await paint(sandbox, variations=4)
        await client.gallery.remove(1)
        picked = await sandbox.choose(sandbox.person("alice"), grid, "atelier:pick:1:4", "2")
        assert "deleted" in await private_answer(sandbox, picked)


# Edit


async def test_edit_opens_filled_in_and_paints_what_was_changed(sandbox: Sandbox, start_bot: StartBot) -> None:
    painter = FakePainter()
    async with start_bot(painter):
        first = await paint(sandbox, prompt=HOSTILE, negative="fog", style="pixel", aspect="portrait", seed=7)
    async with start_bot(painter) as client:
        bob = sandbox.person("bob")
        opened = await (await sandbox.press(bob, first, "Edit")).answer()
        sent = await sandbox.submit(bob, opened, {})
        await finished(sent)
        assert painter.orders[-1].spec == painter.orders[0].spec, "nothing was changed, so nothing changes"
        opened = await (await sandbox.press(bob, first, "Edit")).answer()
        typed = {"prompt": "a blue fish", "negative": "", "style": "image", "settings": "size 320x160\ncuts 9"}
        await finished(await sandbox.submit(bob, opened, typed))
        assert painter.orders[-1].spec == ArtSpec(prompt="a blue fish", width=320, height=160, cuts=9)
        picture = await client.gallery.get(3)
        assert picture is not None and (picture.parent_id, picture.origin) == (1, "edit")
        assert picture.person_id == bob.id


async def test_an_edit_with_a_mistake_can_be_mended(sandbox: Sandbox, start_bot: StartBot) -> None:
    painter = FakePainter()
    async with start_bot(painter):
        first = await paint(sandbox)
        alice = sandbox.person("alice")
        opened = await (await sandbox.press(alice, first, "Edit")).answer()
        refused = await (await sandbox.submit(alice, opened, {"prompt": "a cat", "settings": "cutz 9"})).answer()
        assert "did you mean cuts" in refused.now.text
        again = await (await sandbox.press(alice, refused, "Change it")).answer()
        await finished(await sandbox.submit(alice, again, {"settings": "cuts 9"}))
        assert painter.orders[-1].spec == ArtSpec(prompt="a cat", cuts=9)


async def test_an_edit_after_a_restart_and_of_what_was_deleted(sandbox: Sandbox, start_bot: StartBot) -> None:
    painter = FakePainter()
    async with start_bot(painter):
        first = await paint(sandbox)
        opened = await (await sandbox.press(sandbox.person("alice"), first, "Edit")).answer()
    async with start_bot(painter) as client:  # the form was open all the while
        sent = await sandbox.submit(sandbox.person("alice"), opened, {"prompt": "a dog"})
        await finished(sent)
        await client.gallery.remove(1)
        late = await sandbox.submit(sandbox.person("alice"), opened, {"prompt": "a mouse"})
        assert "deleted" in await private_answer(sandbox, late)


async def test_one_picture_of_a_grid_is_edited_alone(sandbox: Sandbox, start_bot: StartBot) -> None:
    painter = FakePainter()
    painter.extras = grid_files(4)
    async with start_bot(painter):
        grid = await paint(sandbox, variations=4, seed=10)
        alice = sandbox.person("alice")
        picked = await sandbox.choose(alice, grid, "atelier:pick:1:4", "2")
        await picked.until(lambda now: now.buttons)
        painter.extras = {}
        opened = await (await sandbox.press(alice, picked, "Edit")).answer()
        await finished(await sandbox.submit(alice, opened, {}))
        assert painter.orders[-1].spec == ArtSpec(prompt="a red apple", seed=11)
