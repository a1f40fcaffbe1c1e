"""`python -m bot sandbox` with the real bot as a process of its own, and what is understood at its prompt."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from bot.sandbox import CommandRefused, Sandbox
from bot.sandbox.process import BotFailed, BotProcess
from bot.sandbox.terminal import parse_command, run_terminal

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


def test_an_unknown_command_is_named() -> None:
    with pytest.raises(CommandRefused, match="no command /draw; known are /art, /queue"):
        parse_command("/draw a cat", COMMANDS)


async def test_lines_are_acted_on_until_quit(tmp_path: Path) -> None:
    out = io.StringIO()
    typed = (
        "/queue\nas bob\n\nin dm\n/queue\n/draw\npress again\nnonsense\n/art quality:superb prompt:x\nquit\n/queue\n"
    )
    assert await run_terminal(io.StringIO(typed), Console(file=out, width=300), tmp_path) == 0
    said = out.getvalue()
    assert said.count("'s /queue →") == 2 and "alice's /queue →" in said and "bob's /queue →" in said
    assert "There is no command /draw; known are /art" in said
    assert "No message here has a button again." in said
    assert "quality must be one of" in said
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
