from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import pytest

from bot.loopback import InteractionHandle, Revision, Sandbox
from bot.loopback.world import walk
from engine.spec.artspec import ArtSpec
from tests.bot.conftest import StartBot
from tests.bot.features.actions import paint, private_answer

HOSTILE = "@everyone <@1> [x](https://evil.example) ``` **bold** \\"


async def open_gallery(sandbox: Sandbox, name: str = "alice", **options: Any) -> InteractionHandle:
    handle = await sandbox.type_command(sandbox.person(name), sandbox.channel, "gallery", options)
    await handle.until(lambda now: now.text)
    return handle


def picture_ids(now: Revision) -> list[int]:
    """The ids of the pictures on a page, in order."""
    menu = next(each for each in walk(now.components) if each["type"] == 3)
    return [int(option["value"]) for option in menu["options"]]


async def test_everybodys_pictures_with_thumbnails_and_jump_links(sandbox: Sandbox, start_bot: StartBot) -> None:
    async with start_bot() as client:
        await paint(sandbox, "alice", prompt="a red apple")
        await paint(sandbox, "bob", prompt=HOSTILE, style="pixel")
        handle = await open_gallery(sandbox)
        assert handle.message is not None and handle.message.only_for is sandbox.person("alice")
        assert picture_ids(handle.now) == [2, 1]
        assert [each.filename for each in handle.now.attachments] == ["picture-2.webp", "picture-1.webp"]
        assert all(max(each.width or 0, each.height or 0) <= 400 for each in handle.now.attachments)
        assert "2 pictures" in handle.now.text and "pixel" in handle.now.text
        picture = await client.gallery.get(2)
        assert picture is not None
        place = f"{sandbox.guild.id}/{picture.channel_id}/{picture.message_id}"
        assert f"[#2](https://discord.com/channels/{place})" in handle.now.text
        assert "[x](https" not in handle.now.text and "@everyone" not in handle.now.text.replace("@\u200b", "")
        assert handle.now.mentions == () and not handle.now.mentions_everyone


async def test_pages_are_turned_there_and_back_after_a_restart_too(sandbox: Sandbox, start_bot: StartBot) -> None:
    async with start_bot(ATELIER_JOBS_PER_PERSON=100) as client:
        for number in range(8):
            await paint(sandbox, prompt=f"apple {number}")
        handle = await open_gallery(sandbox, search="apple", style="image")
        assert picture_ids(handle.now) == [8, 7, 6, 5, 4, 3] and not handle.now.button("Back")
    async with start_bot() as client:
        for _ in range(2):  # a double press turns one page
            await sandbox.press(sandbox.person("alice"), handle, "More")
        second = await handle.until(lambda now: now.button("Back"))
        assert picture_ids(second) == [2, 1] and not second.button("More") and "“apple”" in second.text
        assert [each.filename for each in second.attachments] == ["picture-2.webp", "picture-1.webp"]
        await sandbox.press(sandbox.person("alice"), handle, "Back")
        first = await handle.until(lambda now: now.button("More"), after=second)
        assert picture_ids(first) == [8, 7, 6, 5, 4, 3]
        assert len(await client.queue.open_jobs()) == 0


async def test_narrowed_and_sorted(sandbox: Sandbox, start_bot: StartBot) -> None:
    async with start_bot() as client:
        await paint(sandbox, "alice", prompt="a red apple")
        await paint(sandbox, "bob", prompt="a blue fish", style="pixel")
        await paint(sandbox, "bob", prompt="a red fish")
        await client.gallery.star(sandbox.person("alice").id, 2, True)
        bob = sandbox.person("bob")
        assert picture_ids((await open_gallery(sandbox, search="red")).now) == [3, 1]
        assert picture_ids((await open_gallery(sandbox, style="pixel")).now) == [2]
        assert picture_ids((await open_gallery(sandbox, person=bob.id)).now) == [3, 2]
        assert picture_ids((await open_gallery(sandbox, sort="old")).now) == [1, 2, 3]
        top = await open_gallery(sandbox, sort="top")
        assert picture_ids(top.now) == [2, 3, 1] and "⭐ 1" in top.now.text
        assert "Nothing here fits" in (await open_gallery(sandbox, search='" OR * NEAR(')).now.text


async def test_private_pictures_are_for_their_owner(sandbox: Sandbox, start_bot: StartBot) -> None:
    async with start_bot() as client:
        await paint(sandbox, "alice", prompt="a secret")
        await client.gallery.set_public(1, sandbox.person("alice").id, False)
        own = await open_gallery(sandbox, "alice")
        assert picture_ids(own.now) == [1] and "🔒" in own.now.text
        assert "nothing here yet" in (await open_gallery(sandbox, "bob")).now.text
        stranger = await sandbox.type_command(sandbox.person("bob"), sandbox.channel, "show", {"id": 1})
        assert "no picture 1" in await private_answer(sandbox, stranger)
        owner = await sandbox.type_command(sandbox.person("alice"), sandbox.channel, "show", {"id": 1})
        await owner.until(lambda now: now.file("atelier-1.png"))
        assert owner.message is not None and owner.message.only_for is sandbox.person("alice")


async def test_in_direct_messages_one_sees_ones_own(sandbox: Sandbox, start_bot: StartBot) -> None:
    async with start_bot():
        await paint(sandbox, "alice")
        await paint(sandbox, "bob")
        alice, bob = sandbox.person("alice"), sandbox.person("bob")
        handle = await sandbox.type_command(alice, sandbox.dm(alice), "gallery", {})
        assert picture_ids(await handle.until(lambda now: now.text)) == [1]
        other = await sandbox.type_command(alice, sandbox.dm(alice), "gallery", {"person": bob.id})
        assert "your own pictures only" in await private_answer(sandbox, other)


async def test_user_installed_in_a_foreign_server(sandbox: Sandbox, start_bot: StartBot) -> None:
    elsewhere = sandbox.foreign_guild()
    async with start_bot():
        carol = sandbox.person("carol", installed=True)
        art = await sandbox.type_command(carol, elsewhere, "art", {"prompt": "a tree"})
        await art.until(lambda now: now.file("*.png"))
        handle = await sandbox.type_command(carol, elsewhere, "gallery", {})
        assert picture_ids(await handle.until(lambda now: now.text)) == [1]
        opened = await sandbox.choose(carol, handle, "atelier:open", "1")
        await opened.until(lambda now: now.file("atelier-1.png"))


async def test_one_is_opened_with_all_its_buttons(sandbox: Sandbox, start_bot: StartBot) -> None:
    async with start_bot() as client:
        await paint(sandbox, "alice", seed=7)
        handle = await open_gallery(sandbox, "bob")
        opened = await sandbox.choose(sandbox.person("bob"), handle, "atelier:open", "1")
        now = await opened.until(lambda now: now.file("atelier-1.png"))
        assert opened.message is not None and opened.message.only_for is sandbox.person("bob")
        assert len(now.buttons) == 12 and "`7`" in now.text and now.mentions == ()
        again = await sandbox.press(sandbox.person("bob"), opened, "Again")
        await again.until(lambda now: now.file("atelier-2.png"))
        await client.gallery.remove(1)
        late = await sandbox.choose(sandbox.person("bob"), handle, "atelier:open", "1")
        await late.answer()


async def test_show_is_for_everybody_and_proposes_ones_own(sandbox: Sandbox, start_bot: StartBot) -> None:
    async with start_bot():
        await paint(sandbox, "alice", prompt="a red apple")
        await paint(sandbox, "alice", prompt="a blue fish")
        handle = await sandbox.type_command(sandbox.person("bob"), sandbox.channel, "show", {"id": 2})
        now = await handle.until(lambda now: now.file("atelier-2.png"))
        assert handle.message is not None and handle.message.only_for is None and now.mentions == ()
        proposed = await sandbox.complete(sandbox.person("alice"), sandbox.channel, "show", {"id": "fish"}, "id")
        assert proposed == [{"name": "2: a blue fish", "value": 2}]
        assert await sandbox.complete(sandbox.person("bob"), sandbox.channel, "show", {"id": ""}, "id") == []
        missing = await sandbox.type_command(sandbox.person("bob"), sandbox.channel, "show", {"id": 77})
        assert "no picture 77" in await private_answer(sandbox, missing)


async def test_a_picture_whose_file_is_gone_is_listed_all_the_same(sandbox: Sandbox, start_bot: StartBot) -> None:
    async with start_bot() as client:
        await paint(sandbox)
        picture = await client.gallery.get(1)
        assert picture is not None
        client.files.path(picture.image).unlink()
        handle = await open_gallery(sandbox)
        assert picture_ids(handle.now) == [1] and not handle.now.attachments


# The archive


def unpacked(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


async def test_a_gallery_as_a_zip_with_its_definitions(sandbox: Sandbox, start_bot: StartBot) -> None:
    async with start_bot() as client:
        await paint(sandbox, "alice", prompt="../../etc/passwd <@1>", seed=7)
        await paint(sandbox, "alice", prompt="ein Vogel über dem Meer")
        handle = await open_gallery(sandbox, "alice")
        pressed = await sandbox.press(sandbox.person("alice"), handle, "zip")
        now = await pressed.until(lambda now: now.file("*.zip"))
        assert pressed.message is not None and pressed.message.only_for is sandbox.person("alice")
        assert "2 pictures" in now.text and not now.buttons
        files = unpacked(now.attachments[0].data)
        assert set(files) == {
            "00001-etc-passwd-1.png",
            "00001-etc-passwd-1.json",
            "00002-ein-vogel-über-dem-meer.png",
            "00002-ein-vogel-über-dem-meer.json",
            "pictures.json",
        }
        picture = await client.gallery.get(1)
        assert picture is not None
        assert files["00001-etc-passwd-1.png"] == client.files.path(picture.image).read_bytes()
        assert ArtSpec.from_json(files["00001-etc-passwd-1.json"].decode()).seed == 7
        assert [each["id"] for each in json.loads(files["pictures.json"])] == [2, 1]


async def test_a_large_gallery_comes_in_parts(
    sandbox: Sandbox, start_bot: StartBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.features.gallery.archive.MOST_PICTURES", 2)
    async with start_bot() as client:
        for number in range(5):
            await paint(sandbox, prompt=f"apple {number}")
        picture = await client.gallery.get(3)
        assert picture is not None
        client.files.path(picture.image).unlink()
        handle: Any = await open_gallery(sandbox)
        button, found = "zip", list[int]()
        for _ in range(3):
            pressed = await sandbox.press(sandbox.person("alice"), handle, button)
            now = await pressed.until(lambda now: now.file("*.zip"))
            found += [each["id"] for each in json.loads(unpacked(now.attachments[0].data)["pictures.json"])]
            handle, button = pressed, "The next ones as ZIP"
        assert found == [5, 4, 3, 2, 1] and not now.button(button)


async def test_parts_keep_to_the_limit_of_the_place(sandbox: Sandbox, start_bot: StartBot) -> None:
    sandbox.rules.attachment_size_limit = 100_000
    async with start_bot() as client:
        for number in range(3):
            await paint(sandbox, prompt=f"apple {number}")
            picture = await client.gallery.get(number + 1)
            assert picture is not None
            path = client.files.path(picture.image)
            path.write_bytes(path.read_bytes() + bytes(20_000))
        handle = await open_gallery(sandbox)
        pressed = await sandbox.press(sandbox.person("alice"), handle, "zip")
        now = await pressed.until(lambda now: now.file("*.zip"))
        assert len(now.attachments[0].data) < 100_000 and "1 picture with" in now.text
        rest = await sandbox.press(sandbox.person("alice"), pressed, "The next ones as ZIP")
        await rest.until(lambda now: "1 picture with" in now.text)
