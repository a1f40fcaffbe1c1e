"""Messages in a terminal: text, names, saved files, lines and panels."""

from __future__ import annotations

import asyncio
import io
import os
from pathlib import Path

import pytest
from rich.console import Console

from bot.demo.show import Album, Lines, MessagePrinter, Panels, display_for, finished, title, words
from bot.loopback import InteractionHandle, Revision, Sandbox, Upload
from bot.loopback.world import Flag, InteractionType

CANCEL = ({"type": 1, "components": [{"type": 2, "style": 2, "label": "Cancel", "custom_id": "atelier:cancel:1"}]},)


@pytest.fixture
async def answer(bare_sandbox: Sandbox) -> InteractionHandle:
    """Alice typed /art, and the bot is thinking."""
    sandbox = bare_sandbox
    options = [{"name": "prompt", "description": "x", "type": 3}]
    sandbox.world.commands = [{"id": "1", "name": "art", "type": 1, "options": options}]
    typed = {"prompt": "A red apple, on a table of old wood, at dawn"}
    handle = await sandbox.type_command(sandbox.person("alice"), sandbox.channel, "art", typed)
    thinking = Revision(1.0, flags=Flag.LOADING)
    handle.interaction.answer = 5
    handle.interaction.response = sandbox.world.add_message(sandbox.channel, sandbox.world.bot, thinking)
    handle.interaction.response.interaction = handle.interaction
    return handle


def revise(sandbox: Sandbox, handle: InteractionHandle, text: str, *files: str, busy: bool = False) -> None:
    assert handle.message is not None
    attachments = tuple(sandbox.world.add_attachment(Upload(name, b"x")) for name in files)
    components = CANCEL if busy else ()
    sandbox.world.revise(handle.message, Revision(2.0, text, attachments=attachments, components=components))


async def test_text_is_readable(bare_sandbox: Sandbox, answer: InteractionHandle) -> None:
    alice = bare_sandbox.person("alice")
    revise(bare_sandbox, answer, f"{alice.mention}: a \\*red\\* ap\x1b[31mple \\<\u200b@1>")
    assert [words(each, bare_sandbox.world) for each in answer.history] == [
        "(thinking …)",
        "@alice: a *red* ap[31mple <@1>",
    ]
    assert answer.message is not None
    assert title(answer.message) == "alice: /art prompt:A red apple, on a table of old wood, at dawn"


async def test_the_answer_to_a_form_belongs_to_its_command(
    bare_sandbox: Sandbox, answer: InteractionHandle, tmp_path: Path
) -> None:
    world, alice = bare_sandbox.world, bare_sandbox.person("alice")
    sent = world.add_interaction(InteractionType.MODAL, alice, bare_sandbox.channel, {"custom_id": "form"})
    sent.trigger = answer.interaction
    files = tuple(world.add_attachment(Upload(name, b"x")) for name in ("atelier-5.png", "atelier-5-native.png"))
    message = world.add_message(bare_sandbox.channel, world.bot, Revision(2.0, "done", attachments=files))
    message.interaction = sent
    assert title(message) == "alice sent a form"
    saved = [path.name for path in Album(tmp_path).save(message, message.now)]
    assert saved == ["1-a-red-apple-on-a.png", "1-a-red-apple-on-a-native.png"]


async def test_a_message_is_finished_without_a_cancel_button(bare_sandbox: Sandbox, answer: InteractionHandle) -> None:
    revise(bare_sandbox, answer, "10 %", busy=True)
    revise(bare_sandbox, answer, "done")
    assert [finished(each) for each in answer.history] == [False, False, True]


async def test_files_are_saved_once_under_plain_names(
    bare_sandbox: Sandbox, answer: InteractionHandle, tmp_path: Path
) -> None:
    revise(bare_sandbox, answer, "1", "progress.webp")
    revise(bare_sandbox, answer, "2", "progress.webp")
    revise(bare_sandbox, answer, "done", "atelier-1.png", "atelier-1.mp4")
    display = Lines(Console(file=io.StringIO()), bare_sandbox.world)
    printer, album = MessagePrinter(bare_sandbox, display, Album(tmp_path)), Album(tmp_path / "again")
    printer.catch_up()
    printer.catch_up()
    assert sorted(os.listdir(tmp_path)) == [
        "1-a-red-apple-on-a-progress-01.webp",
        "1-a-red-apple-on-a-progress-02.webp",
        "1-a-red-apple-on-a.mp4",
        "1-a-red-apple-on-a.png",
    ]
    assert answer.message is not None
    album.save(answer.message, answer.now)
    assert [path.suffix for path in album.of(answer.message)] == [".png", ".mp4"]


async def test_lines_show_every_change(bare_sandbox: Sandbox, answer: InteractionHandle, tmp_path: Path) -> None:
    out = io.StringIO()
    display = display_for(Console(file=out, width=200), bare_sandbox.world)
    printing = asyncio.create_task(MessagePrinter(bare_sandbox, display, Album(tmp_path)).run())
    await asyncio.sleep(0)
    revise(bare_sandbox, answer, "10 %\nstep 1", busy=True)
    assert answer.message is not None
    await asyncio.sleep(0)
    bare_sandbox.world.delete(answer.message)
    await asyncio.sleep(0)
    printing.cancel()
    said = [line.split("s  ", 1)[1] for line in out.getvalue().splitlines()]
    assert said == [
        "alice's /art → (thinking …)",
        "alice's /art → 10 % · step 1",
        "alice's /art (deleted) → 10 % · step 1",
    ]


async def test_panels_are_redrawn_while_open_and_final_messages_printed_after(
    bare_sandbox: Sandbox, answer: InteractionHandle, tmp_path: Path
) -> None:
    out = io.StringIO()
    display = display_for(Console(file=out, width=100, force_terminal=True), bare_sandbox.world)
    assert isinstance(display, Panels)
    printer = MessagePrinter(bare_sandbox, display, Album(tmp_path))
    display.open()
    revise(bare_sandbox, answer, "10 %", busy=True)
    printer.catch_up()
    assert "10 %" in out.getvalue() and "[ Cancel ]" in out.getvalue()
    display.close()
    revise(bare_sandbox, answer, "20 %", busy=True)
    revise(bare_sandbox, answer, "done", "atelier-1.png")
    printer.catch_up()
    assert "20 %" not in out.getvalue() and "done" in out.getvalue()
