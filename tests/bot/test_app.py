from __future__ import annotations

import asyncio
import logging
import re
import signal
import subprocess
import sys
from pathlib import Path

import discord
import pytest

from bot.app import StartError, _reason, run_bot
from bot.lag import LoopLag
from bot.logs import TokenlessFormatter
from bot.loopback import Sandbox
from storage.database import Database
from tests.bot.bot_process import ROOT, bot_process
from tests.bot.conftest import config_for, running_bot
from tests.bot.fake_painter import FakePainter

FAKE = ("tests.bot.fake_bot", "40", "0.05")
LAG = re.compile(r"event-loop lag p50 ([\d.]+) ms p99 ([\d.]+) ms over \d+ s")


def test_the_gateway_process_has_no_torch() -> None:
    code = (
        "import sys, bot.__main__, bot.app, bot.jobs.painter, bot.loopback; print(sorted("
        "name for name in ('torch', 'kornia', 'taming', 'clip', 'torchvision') if name in sys.modules))"
    )
    said = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert said.stdout.strip() == "[]", said.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_stops_the_bot_in_good_order(sandbox: Sandbox, tmp_path: Path, number: int) -> None:
    async with bot_process(sandbox, tmp_path, *FAKE) as bot:
        handle = await sandbox.type_command(sandbox.person("alice"), sandbox.channel, "art", {"prompt": "a sea"})
        await handle.until(lambda now: now.file("progress.webp"))
        assert await bot.terminate(number) == 0
        assert "Traceback" not in bot.output, bot.output
        lag = LAG.search(bot.output)
        assert lag is not None and float(lag[2]) < 1000
        await sandbox.until(lambda: "put aside" in handle.now.text, 5)
    database = await Database.open(tmp_path)
    try:
        (job,) = await database.rows("SELECT state, attempts FROM job")
        assert (job["state"], job["attempts"]) == ("waiting", 0)
    finally:
        await database.close()


async def test_a_wrong_token_is_reported_in_a_sentence(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_process(sandbox, tmp_path, *FAKE, ready=False, DISCORD_TOKEN="wrong") as bot:
        assert await bot.ended() == 2
        assert "does not accept DISCORD_TOKEN" in bot.output and "Traceback" not in bot.output
        assert "wrong" not in bot.output


async def test_no_network_is_reported_in_a_sentence(tmp_path: Path) -> None:
    settings = config_for("http://127.0.0.1:9", tmp_path)
    with pytest.raises(StartError, match="can't be reached at http://127.0.0.1:9"):
        await run_bot(settings, FakePainter())


async def test_a_second_bot_on_the_same_folder_says_so(sandbox: Sandbox, tmp_path: Path) -> None:
    database = await Database.open(tmp_path)
    try:
        with pytest.raises(StartError, match="already working"):
            await run_bot(config_for(sandbox.url, tmp_path), FakePainter())
    finally:
        await database.close()


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (discord.LoginFailure("Improper token has been passed."), "reset it at https"),
        (discord.PrivilegedIntentsRequired(None), "Privileged Gateway Intents"),
        (discord.ConnectionClosed(type("Socket", (), {"close_code": 4013})(), shard_id=None), "intents"),
        (discord.ConnectionClosed(type("Socket", (), {"close_code": 4004})(), shard_id=None), "DISCORD_TOKEN"),
        (OSError("no route"), "network connection"),
        (discord.GatewayNotFound(), "Discord is in trouble"),
    ],
)
def test_reasons_are_sentences(error: Exception, words: str, tmp_path: Path) -> None:
    sentence = _reason(error, config_for("http://127.0.0.1:1", tmp_path))
    assert words in sentence and sentence.endswith(".") and "\n" not in sentence


def test_no_token_reaches_a_log() -> None:
    formatter = TokenlessFormatter("MTIz.bot.token")
    logger = logging.getLogger("test.tokens")
    try:
        raise RuntimeError(
            "PATCH https://discord.com/api/v10/webhooks/12/aW50ZXJhY3Rpb24:x-y_z/messages/@original failed"
        )
    except RuntimeError:
        record = logger.makeRecord(
            "x", logging.ERROR, "f", 1, "login %s as %s", ("MTIz.bot.token", '{"token": "abc.def"}'), sys.exc_info()
        )
    text = formatter.format(record)
    assert "aW50" not in text and "MTIz" not in text and "abc.def" not in text
    assert "/webhooks/12/[token]/messages/@original" in text and "RuntimeError" in text


async def test_no_token_in_the_log_of_a_whole_life_at_debug_level(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_process(sandbox, tmp_path, "tests.bot.fake_bot", "3", "0.01", ATELIER_LOG_LEVEL="DEBUG") as bot:
        handle = await sandbox.type_command(sandbox.person("alice"), sandbox.channel, "art", {"prompt": "a sea"})
        await handle.until(lambda now: now.file("*.png"))
        pressed = await sandbox.press(sandbox.person("alice"), handle, "again")
        await pressed.until(lambda now: now.file("*.png"))
        await bot.terminate()
        assert "PATCH" in bot.output, "it was verbose"
        for interaction in sandbox.world.interactions.values():
            assert interaction.token not in bot.output
        assert sandbox.rules.token not in bot.output


async def test_a_lost_connection_is_resumed(
    sandbox: Sandbox, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    async with running_bot(sandbox, tmp_path):
        await sandbox.gateway.invalidate()
        await sandbox.until(lambda: not sandbox.gateway.ready, 20)
        await sandbox.until(lambda: sandbox.gateway.ready, 20)
        handle = await sandbox.type_command(sandbox.person("alice"), sandbox.channel, "art", {"prompt": "a sea"})
        await handle.until(lambda now: now.file("*.png"), 20)
    assert capfd.readouterr().err.count("ready as") == 1


async def test_a_worker_that_ends_stops_the_bot(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object, **__: object) -> None:
        raise RuntimeError("the queue is gone")

    monkeypatch.setattr("storage.queue.SQLiteQueue.reap", broken)
    painter = FakePainter()
    async with asyncio.timeout(20):
        assert await run_bot(config_for(sandbox.url, tmp_path), painter) == 1
    assert painter.closed


async def test_lag_sees_a_blocked_loop() -> None:
    lag = LoopLag()
    sampling = asyncio.create_task(lag.sample())
    await asyncio.sleep(0.3)
    assert lag.percentile(0.5) < 0.05
    subprocess.run(["sleep", "0.2"], check=True)  # what must never happen
    await asyncio.sleep(0.05)
    sampling.cancel()
    assert lag.percentile(1.0) > 0.1
    assert LAG.fullmatch(lag.summary())
