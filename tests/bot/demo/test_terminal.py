"""`python -m bot sandbox` with the real bot as a child process, and the parsing of its lines."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from bot.demo.process import BotFailed, BotProcess
from bot.demo.show import Lines
from bot.demo.terminal import Terminal, parse_command, run_terminal
from bot.loopback import CommandRefused, Sandbox
from tests.bot.conftest import StartBot

COMMANDS: list[dict[str, Any]] = [
    {
        "name": "art",
        "options": [
            {"name": "prompt", "type": 3},
            {"name": "quality", "type": 3},
            {"name": "start_image", "type": 11},
        ],
    },
    {"name": "queue"},
    {"name": "challenge", "options": [{"name": "open", "type": 1, "options": [{"name": "theme", "type": 3}]}]},
]


@pytest.mark.parametrize(
    ("line", "options", "files"),
    [
        ("/art prompt:a red apple quality:draft", {"prompt": "a red apple", "quality": "draft"}, {}),
        ("/art quality:best prompt:fog:0.4 | people:-1", {"prompt": "fog:0.4 | people:-1", "quality": "best"}, {}),
        ("/art a red apple quality:draft", {"prompt": "a red apple", "quality": "draft"}, {}),
        ('/art prompt:" a red apple "', {"prompt": " a red apple "}, {}),
        ("/art prompt:x start_image:/tmp/a b.png", {"prompt": "x"}, {"start_image": Path("/tmp/a b.png")}),
        ("/art", {}, {}),
        ("/queue", {}, {}),
    ],
)
def test_a_line_becomes_a_command(line: str, options: dict[str, str], files: dict[str, Path]) -> None:
    typed = parse_command(line, COMMANDS)
    assert (typed.name, typed.options, typed.files) == (line[1:].split()[0], options, files)


def test_a_second_word_is_a_subcommand() -> None:
    typed = parse_command("/challenge open theme:the sea", COMMANDS)
    assert (typed.name, typed.options) == ("challenge open", {"theme": "the sea"})
    for line in ("/challenge", "/challenge theme:the sea"):
        with pytest.raises(CommandRefused, match="goes on with one of open"):
            parse_command(line, COMMANDS)


def test_an_unknown_command_is_named() -> None:
    with pytest.raises(CommandRefused, match="no command /draw; known are /art, /queue"):
        parse_command("/draw a cat", COMMANDS)


async def test_lines_are_run_until_quit(tmp_path: Path) -> None:
    out = io.StringIO()
    typed = (
        "/queue\nas bob\n\nin dm\n/queue\n/draw\npress again\nnonsense\n/art quality:superb prompt:x\n"
        "in guild\nas carol moderator\n/challenge open theme:the sea\nreact ⭐\nquit\n/queue\n"
    )
    assert await run_terminal(io.StringIO(typed), Console(file=out, width=300), tmp_path) == 0
    said = out.getvalue()
    assert said.count("'s /queue →") == 2 and "alice's /queue →" in said and "bob's /queue →" in said
    assert "There is no command /draw; known are /art" in said
    assert "No message here has a button again." in said
    assert "quality must be one of" in said
    assert "The challenge is open" in said and "No message here has a picture." in said
    assert "stopping" in (tmp_path / "bot.log").read_text()


async def test_a_form_is_shown_and_filled_in(tmp_path: Path) -> None:
    out = io.StringIO()
    typed = (
        "fill size:1x1\n/art a fish advanced:true\nfill camera:sideways\n"
        "fill settings:cutz 3; ema 0.5\npress change\nfill size:big\nquit\n"
    )
    assert await run_terminal(io.StringIO(typed), Console(file=out, width=300), tmp_path) == 0
    said = out.getvalue()
    assert "The bot opened no form." in said
    assert "The bot opens the form “More settings”" in said and "size: Size (Width and height in pixels" in said
    assert "camera must be one of still, zoom-in" in said
    assert "alice sent a form → There is no setting “cutz 3”: did you mean cuts?" in said
    assert said.count("The bot opens the form") == 2 and "“big” is no size" in said


async def test_a_bot_that_cannot_start_is_explained(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.write_text("not a folder")
    async with await Sandbox.start() as sandbox:
        bot = await BotProcess.start(sandbox, data, tmp_path / "bot.log")
        with pytest.raises(BotFailed, match=r"(?s)ended with status \d.* It said:"):
            await bot.ready(sandbox, 30)
        assert await bot.stop() != 0
        with pytest.raises(ProcessLookupError):
            os.killpg(bot.process.pid, 0)


async def test_menus_are_chosen_from(sandbox: Sandbox, start_bot: StartBot) -> None:
    display = Lines(Console(file=io.StringIO()), sandbox.world)
    terminal = Terminal(sandbox, display)
    with pytest.raises(CommandRefused, match="no message"):
        await terminal.run("menu Report")
    async with start_bot():
        painted = await terminal.run("/art a red apple")
        assert painted is not None
        await painted.until(lambda now: now.file("*.png"))
        with pytest.raises(CommandRefused, match="has a menu"):
            await terminal.run("choose 1")
        told = await terminal.run("menu Show the prompt")
        assert told is not None and "a red apple" in (await told.until(lambda now: now.text)).text
        listing = await terminal.run("/gallery")
        assert listing is not None
        await listing.until(lambda now: now.text)
        opened = await terminal.run("choose 1")
        assert opened is not None
        await opened.until(lambda now: now.file("atelier-1.png"))
