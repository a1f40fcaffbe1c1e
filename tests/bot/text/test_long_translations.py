"""Every language takes more room than English: here all texts are half as long again, and all messages must fit."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import write_po

from bot.locales.catalogues import template
from bot.loopback import InteractionHandle, Sandbox
from bot.text import language
from bot.text.language import COMMAND_NAME, LONGEST_DESCRIPTION, LONGEST_NAME, OPTION_NAME, catalogue_file
from tests.bot.conftest import StartBot

COMMANDS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("help", {}),
    ("settings", {}),
    ("preferences", {}),
    ("privacy", {}),
    ("queue", {}),
    ("cancel", {}),
    ("gallery", {}),
    ("prompts", {}),
    ("stats", {}),
    ("leaderboard", {}),
    ("show", {"id": 1}),
    ("art", {"prompt": "a boat", "advanced": True}),
)


def longer(text: str) -> str:
    return text + "ö" * max(2, len(text) // 2)


def pseudo(message: Any) -> Any:
    """The translation of a message of the template."""
    if message.context in (COMMAND_NAME, OPTION_NAME):
        return longer(message.id)[:LONGEST_NAME]
    if isinstance(message.id, tuple):
        return tuple(longer(form) for form in message.id)
    if message.auto_comments or message.context:
        return longer(message.id)[: LONGEST_NAME if message.context else LONGEST_DESCRIPTION]
    return longer(message.id)


@pytest.fixture
async def long_german(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    wanted = await template()
    monkeypatch.setattr(language, "FOLDER", tmp_path / "locales")
    language._catalogue.cache_clear()
    german = Catalog(locale="de", fuzzy=False)
    for message in wanted:
        if message.id:
            german.add(message.id, pseudo(message), context=message.context)
    file = catalogue_file("de")
    file.parent.mkdir(parents=True)
    with file.open("wb") as stream:
        write_po(stream, german)
    yield
    language._catalogue.cache_clear()


def refusals(sandbox: Sandbox) -> Iterator[str]:
    for request in sandbox.requests:
        if request.status == 400:
            yield f"{request.method} {request.route}: {request.body}"


async def test_all_messages_fit_in_a_longer_language(sandbox: Sandbox, start_bot: StartBot, long_german: None) -> None:
    hans = sandbox.person("hans", manager=True, moderator=True, locale="de")
    async with start_bot() as client:
        painted = await sandbox.type_command(hans, sandbox.channel, "art", {"prompt": "a boat", "variations": 4})
        done = await painted.until(lambda now: now.file("*.png"))
        assert "öö" in done.text
        await client.guild_settings.change(sandbox.guild.id, open_jobs=1, cost_a_day=1e9)
        known = {command["name"] for command in sandbox.world.commands}
        for name, options in COMMANDS:
            if name in known:
                answer = await (await sandbox.type_command(hans, sandbox.channel, name, options)).answer()
                await press_everything(sandbox, answer)
        await press_everything(sandbox, painted)
        assert list(refusals(sandbox)) == []
        assert not [each for each in sandbox.messages() if "went wrong" in each.now.text]


async def press_everything(sandbox: Sandbox, answer: InteractionHandle) -> None:
    """Press each button of an answer that is there, once; what deletes or cancels is left."""
    hans = sandbox.person("hans")
    if answer.message is None or answer.message.deleted:
        return
    for button in answer.now.buttons:
        words = button.custom_id.split(":")
        harmless = not button.disabled and not {"delete", "cancel", "erase"} & set(words)
        if harmless and answer.now.button(button.custom_id) is not None:
            await (await sandbox.press(hans, answer, button.custom_id)).answer()
