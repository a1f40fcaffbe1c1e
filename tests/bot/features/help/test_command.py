from __future__ import annotations

import pytest

from bot.features.help import ExampleButton, art_options
from bot.loopback import Sandbox
from engine.spec.plan import plan
from engine.spec.presets import ModelFamily
from engine.spec.prompts import stages_of
from tests.bot.conftest import StartBot


async def test_an_example_is_painted_at_a_press_also_after_a_restart(sandbox: Sandbox, start_bot: StartBot) -> None:
    alice = sandbox.person("alice")
    async with start_bot() as client:
        shown = await (await sandbox.type_command(alice, sandbox.channel, "help")).answer()
        assert shown.message is not None and shown.message.only_for is alice
        assert len(shown.now.buttons) == len(client.tree.examples) == 6
        art = next(command for command in sandbox.world.commands if command["name"] == "art")
        assert f"</art:{art['id']}>" in shown.now.text
        pressed = await sandbox.press(alice, shown, "atelier:example:0")
        await pressed.until(lambda now: now.file("*.png"))
        picture = await client.gallery.get(1)
        assert picture is not None and picture.prompt == client.tree.examples[0].spec.prompt
    async with start_bot():
        again = await (await sandbox.type_command(alice, sandbox.channel, "help")).answer()
        assert f"</art:{art['id']}>" in again.now.text, "the ids are known although nothing was sent to Discord"
        pressed = await sandbox.press(alice, shown, "atelier:example:3")
        await pressed.until(lambda now: now.file("*.png"))


async def test_a_double_press_paints_once(sandbox: Sandbox, start_bot: StartBot) -> None:
    alice = sandbox.person("alice")
    async with start_bot() as client:
        shown = await (await sandbox.type_command(alice, sandbox.channel, "help")).answer()
        first = await sandbox.press(alice, shown, "atelier:example:1")
        second = await sandbox.press(alice, shown, "atelier:example:1")
        await first.until(lambda now: now.file("*.png"))
        await second.answer()
        assert await client.queue.get(2) is None


@pytest.mark.parametrize("family", ["mini", "full"])
async def test_every_example_can_be_painted(family: ModelFamily, sandbox: Sandbox, start_bot: StartBot) -> None:
    async with start_bot() as client:
        for example in client.tree.examples:
            spec = example.spec
            assert stages_of(spec) and plan(spec, family).iterations > 0
            assert art_options(spec).startswith(f"prompt:{spec.prompt}")


async def test_commands_are_listed_in_the_readers_language_or_english(sandbox: Sandbox, start_bot: StartBot) -> None:
    person = sandbox.person("jun", locale="ja")
    async with start_bot():
        shown = await (await sandbox.type_command(person, sandbox.channel, "help")).answer()
        assert "</privacy:" in shown.now.text and "</queue:" in shown.now.text
        assert ExampleButton.button("Paint it", number=0).custom_id == "atelier:example:0"
