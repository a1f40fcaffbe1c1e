from __future__ import annotations

import asyncio
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from bot.features.privacy.personal_data import KeptFile, PersonalData
from bot.loopback import InteractionHandle, Sandbox, Upload, User
from tests.bot.conftest import StartBot, eventually
from tests.bot.fake_painter import FakePainter


async def paint(sandbox: Sandbox, person: User, prompt: str, **attached: Upload) -> InteractionHandle:
    handle = await sandbox.type_command(person, sandbox.channel, "art", {"prompt": prompt}, attached)
    await handle.until(lambda now: now.file("*.png"))
    return handle


async def open_privacy(sandbox: Sandbox, person: User) -> InteractionHandle:
    return await (await sandbox.type_command(person, sandbox.channel, "privacy")).answer()


def photo() -> Upload:
    buffer = io.BytesIO()
    Image.new("RGB", (40, 30), "teal").save(buffer, format="PNG")
    return Upload("holiday.png", buffer.getvalue())


def files_in(folder: Path) -> set[str]:
    return {each.name for each in (folder / "files").iterdir()}


async def export(sandbox: Sandbox, person: User, shown: InteractionHandle) -> tuple[str, list[zipfile.ZipFile]]:
    handle = await sandbox.press(person, shown, "atelier:privacy:export")
    await handle.until(lambda now: now.file("*.zip"))
    await asyncio.sleep(0.2)
    messages = [handle.message, *handle.followups]
    assert all(each is not None and each.only_for is person for each in messages)
    archives = [each.now.file("*.zip") for each in messages if each is not None]
    return handle.now.text, [zipfile.ZipFile(io.BytesIO(each.data)) for each in archives if each is not None]


async def test_the_data_is_shown_and_exported(sandbox: Sandbox, start_bot: StartBot) -> None:
    alice, bob = sandbox.person("alice"), sandbox.person("bob")
    painter = FakePainter()
    painter.film = b"film of it"
    async with start_bot(painter):
        await paint(sandbox, alice, "a quiet lake", start_image=photo())
        await paint(sandbox, bob, "the secret of bob")
        shown = await open_privacy(sandbox, alice)
        assert shown.message is not None and shown.message.only_for is alice
        assert "• 1 picture · 3 files (0.0 MB)" in shown.now.text and "1 wish:" in shown.now.text
        said, (archive,) = await export(sandbox, alice, shown)
        assert "Here is everything, in 1 file." in said
        kept = json.loads(archive.read("everything.json"))
        assert kept["pictures"][0]["spec"]["prompt"] == "a quiet lake"
        names = archive.namelist()
        assert "pictures/1.png" in names and archive.read("films/1.mp4") == b"film of it"
        assert any(name.startswith("attached/") for name in names)
        everything = b"".join(archive.read(name) for name in names)
        assert b"secret of bob" not in everything and b"aW50ZXJhY3Rpb24" not in everything, "no token is given away"


async def test_an_export_too_large_for_one_file_comes_in_several(sandbox: Sandbox, start_bot: StartBot) -> None:
    alice = sandbox.person("alice")
    painter = FakePainter()
    async with start_bot(painter):
        for number in range(3):
            painter.film = bytes([number]) * 30_000
            await paint(sandbox, alice, f"request {number}")
        sandbox.rules.attachment_size_limit = 40_000
        shown = await open_privacy(sandbox, alice)
        said, archives = await export(sandbox, alice, shown)
        assert f"in {len(archives)} files" in said and len(archives) == 3
        names = [name for archive in archives for name in archive.namelist()]
        assert sorted(names) == sorted(
            ["everything.json", *[f"pictures/{n}.png" for n in (1, 2, 3)], *[f"films/{n}.mp4" for n in (1, 2, 3)]]
        )


async def test_everything_is_erased_after_confirmation(sandbox: Sandbox, start_bot: StartBot, tmp_path: Path) -> None:
    alice, bob, folder = sandbox.person("alice"), sandbox.person("bob"), tmp_path / "data"
    painter = FakePainter()
    async with start_bot(painter) as client:
        hers = await paint(sandbox, alice, "a quiet lake", start_image=photo())
        await paint(sandbox, bob, "a loud street", start_image=photo())
        both = await client.gallery.get(2)
        assert both is not None
        painter.unblocked.clear()
        running = await sandbox.type_command(alice, sandbox.channel, "art", {"prompt": "half done"})
        await eventually(lambda: len(painter.orders) == 3)
        shown = await open_privacy(sandbox, alice)
        await (await sandbox.press(alice, shown, "atelier:privacy:ask")).answer()
        assert "Erase everything?" in shown.now.text
        await (await sandbox.press(alice, shown, "atelier:privacy:keep")).answer()
        assert "What I keep about you" in shown.now.text and await client.gallery.get(1) is not None
        await (await sandbox.press(alice, shown, "atelier:privacy:ask")).answer()
        pressed = await sandbox.press(alice, shown, "atelier:privacy:erase")
        painter.unblocked.set()
        await pressed.until(lambda now: "Everything about you is erased" in now.text)
        assert not any((await client.people.export(alice.id)).values())
        assert await client.queue.open_jobs() == []
        # The picture that both attached stays for bob; everything else of hers is gone from the disk.
        assert files_in(folder) == {*both.files, *await client.start_images.names()}
        assert not list((folder / "work").iterdir())
        await sandbox.until(lambda: hers.message is not None and hers.message.deleted, 5)
        assert not [message for message in sandbox.messages() if "a quiet lake" in message.now.text]
        assert b"quiet lake" not in b"".join(path.read_bytes() for path in folder.glob("*.sqlite3*"))
        assert running.interaction.user is alice
        await paint(sandbox, alice, "a new start")


async def test_pictures_attached_by_nobody_else_are_forgotten(
    sandbox: Sandbox, start_bot: StartBot, tmp_path: Path
) -> None:
    alice = sandbox.person("alice")
    async with start_bot() as client:
        await paint(sandbox, alice, "a quiet lake", start_image=photo())
        assert len(await client.start_images.names()) == 1
        shown = await open_privacy(sandbox, alice)
        await (await sandbox.press(alice, shown, "atelier:privacy:ask")).answer()
        pressed = await sandbox.press(alice, shown, "atelier:privacy:erase")
        await pressed.until(lambda now: "is erased" in now.text)
        assert await client.start_images.names() == set()
        assert files_in(tmp_path / "data") == set()


@pytest.mark.parametrize(("sizes", "limit"), [([100, 200, 300], 3000), ([5000], 3000), ([], 3000), ([1400] * 6, 3000)])
def test_parts_stay_below_the_limit_and_hold_what_fits(sizes: list[int], limit: int, tmp_path: Path) -> None:
    files = []
    for number, size in enumerate(sizes):
        path = tmp_path / f"{number}.png"
        path.write_bytes(bytes(size))
        files.append(KeptFile(f"pictures/{number}.png", path, size))
    rows: dict[str, list[dict[str, Any]]] = {"pictures": []}
    data = PersonalData(rows, files)
    plan = data.parts(limit)
    assert sum(len(part) for part in plan.parts) + plan.left_out == len(sizes)
    assert plan.left_out == sum(size + 1024 > limit for size in sizes)
    for number, part in enumerate(plan.parts):
        assert len(data.archive(part, first=number == 0)) <= limit


def test_a_file_deleted_meanwhile_is_left_out(tmp_path: Path) -> None:
    data = PersonalData({"pictures": []}, [])
    archive = data.archive([KeptFile("pictures/1.png", tmp_path / "gone.png", 5)], first=True)
    assert zipfile.ZipFile(io.BytesIO(archive)).namelist() == ["everything.json"]
