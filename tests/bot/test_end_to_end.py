"""The bot as people run it: processes that are killed, restarted and talked to through a loopback Discord."""

from __future__ import annotations

import asyncio
import dataclasses
import io
import os
import shutil
import signal
from pathlib import Path

import pytest
from PIL import Image

from bot.loopback import InteractionHandle, Revision, Sandbox
from engine.images.metadata import read_spec
from engine.spec.artspec import ArtSpec
from storage.database import Database
from storage.files import FileStore
from storage.gallery import Gallery
from tests.bot.bot_process import ROOT, RunningBot, bot_process
from tests.bot.conftest import eventually
from tests.bot.fake_painter import colour_of

FAKE = "tests.bot.fake_bot"
needs_mini = pytest.mark.skipif(
    not (ROOT / "engine/embedded/weights/index.safetensors").is_file(), reason="the embedded model is not there"
)


async def ask(sandbox: Sandbox, name: str, prompt: str, **options: str) -> InteractionHandle:
    return await sandbox.type_command(sandbox.person(name), sandbox.channel, "art", {"prompt": prompt, **options})


def ends(handle: InteractionHandle) -> int:
    return sum("your picture is ready" in now.text for now in handle.history)


async def test_a_killed_bot_ends_its_job_once_and_delivers_it_once(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_process(sandbox, tmp_path, FAKE, "60", "0.05") as bot:
        running, waiting = await ask(sandbox, "alice", "a sea"), await ask(sandbox, "bob", "a hill")
        await running.until(lambda now: now.file("progress.webp"))
        await waiting.until(lambda now: now.buttons)
        await bot.kill()
    assert ends(running) == 0
    async with bot_process(sandbox, tmp_path, FAKE, "60", "0.001") as bot:
        for handle, prompt in ((running, "a sea"), (waiting, "a hill")):
            done = await handle.until(lambda now: now.file("*.png"), 30)
            with Image.open(io.BytesIO(done.file("*.png").data)) as picture:  # type: ignore[union-attr]
                assert picture.getpixel((0, 0)) == colour_of(prompt)
        assert await bot.terminate() == 0
    async with bot_process(sandbox, tmp_path, FAKE, "60", "0.001") as bot:
        await asyncio.sleep(0.5)
        assert await bot.terminate() == 0
    assert ends(running) == ends(waiting) == 1
    assert len([message for message in sandbox.messages() if message.now.file("*.png")]) == 2


async def test_tokens_that_expired_while_the_bot_was_down(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_process(sandbox, tmp_path, FAKE, "60", "0.05") as bot:
        handle = await ask(sandbox, "alice", "a sea")
        await handle.until(lambda now: "▱" in now.text)
        assert await bot.terminate() == 0
    sandbox.rules.token_life = 0.0
    async with bot_process(sandbox, tmp_path, FAKE, "60", "0.001"):
        done = await handle.until(lambda now: now.file("*.png"), 20)
        assert done.mentions == (sandbox.person("alice").id,)


def painters_of(bot: RunningBot) -> list[int]:
    """The painter processes that this bot started."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((folder / "stat").read_text().rsplit(")", 1)[1].split()[1])
            if parent == bot.process.pid and b"engine.service" in (folder / "cmdline").read_bytes():
                found.append(int(folder.name))
        except (OSError, IndexError):
            continue
    return found


@needs_mini
async def test_the_embedded_model_paints_through_the_death_of_painter_and_bot(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_process(sandbox, tmp_path, FAKE, "1000", "0.1") as bot:
        handle = await ask(sandbox, "alice", "a red apple", quality="draft", film="both")
        await handle.until(lambda now: now.buttons)
        await bot.terminate()  # which is no attempt; the two deaths below are
    await shorten(tmp_path, iterations=14)
    async with bot_process(sandbox, tmp_path, "bot") as bot:
        await handle.until(painted_steps, 60)
        (painter,) = painters_of(bot)
        os.kill(painter, signal.SIGKILL)
        await eventually(lambda: painters_of(bot) not in ([], [painter]), 30)
        await handle.until(painted_steps, 60, after=handle.now)
        await bot.kill()
    async with bot_process(sandbox, tmp_path, "bot") as bot:
        done = await handle.until(lambda now: now.file("*.png"), 90)
        assert await bot.terminate() == 0
        assert "event-loop lag" in bot.output and "Traceback" not in bot.output
    assert [each.filename for each in done.attachments] == ["atelier-1.png", "atelier-1.mp4", "atelier-1.gif"]
    with Image.open(io.BytesIO(done.attachments[0].data)) as picture:
        assert min(picture.size) >= 128
        assert "14" in done.text and f"{picture.width}×{picture.height}" in done.text
    assert ends(handle) == 1


@needs_mini
async def test_variations_from_the_form_to_the_grid(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_process(sandbox, tmp_path, "bot") as bot:
        opened = await (
            await ask(sandbox, "alice", "a red apple", style="pixel", film="none", advanced="true")
        ).answer()
        small = {"size": "64x64", "iterations": "2", "settings": "variations 4\ncuts 2\nseed 5"}
        sent = await sandbox.submit(sandbox.person("alice"), opened, small)
        done = await sent.until(lambda now: now.file("*.png"), 90)
        assert await bot.terminate() == 0
        assert "Traceback" not in bot.output, bot.output
    assert "`5` to `8`" in done.text and "4 variations" in done.text and "Best match with the prompt: ★" in done.text
    with Image.open(io.BytesIO(done.attachments[0].data)) as grid:
        assert min(grid.size) > 2 * 60
    database = await Database.open(tmp_path)
    try:
        picture = await Gallery(database).get(1)
        assert picture is not None and picture.clip_score is not None
        singles = [FileStore(tmp_path).path(picture.extras[f"{number}.png"]) for number in range(1, 5)]
    finally:
        await database.close()
    specs = [read_spec(path) for path in singles]
    assert [(spec.seed, spec.variations) for spec in specs] == [(5, 1), (6, 1), (7, 1), (8, 1)]


def painted_steps(now: Revision) -> bool:
    return now.file("progress.webp") is not None and "step 0/" not in now.text and "/14" in now.text


async def shorten(data: Path, *, iterations: int) -> None:
    """Make the one job of a bot that is not running shorter than any quality of /art is."""
    database = await Database.open(data)
    try:
        (row,) = await database.rows("SELECT spec FROM job")
        spec = dataclasses.replace(ArtSpec.from_json(row["spec"]), iterations=iterations)
        async with database.transaction() as connection:
            await connection.execute("UPDATE job SET spec = ?", (spec.to_json(),))
    finally:
        await database.close()
    await asyncio.to_thread(shutil.rmtree, data / "work", ignore_errors=True)
