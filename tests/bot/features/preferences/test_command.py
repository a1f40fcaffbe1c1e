from __future__ import annotations

from bot.loopback import InteractionHandle, Sandbox, User
from storage.people import Preferences
from tests.bot.conftest import StartBot


async def opened(sandbox: Sandbox, person: User) -> InteractionHandle:
    return await (await sandbox.type_command(person, sandbox.channel, "preferences")).answer()


async def test_every_preference_is_kept_and_shown(sandbox: Sandbox, start_bot: StartBot) -> None:
    alice, bob = sandbox.person("alice"), sandbox.person("bob")
    async with start_bot() as client:
        shown = await opened(sandbox, alice)
        assert shown.message is not None and shown.message.only_for is alice
        for field, value in (("notify", "message"), ("locale", "Deutsch"), ("public", "private")):
            await (await sandbox.choose(alice, shown, f"atelier:preference:{field}", value)).answer()
        assert await client.people.preferences(alice.id) == Preferences("message", "de", False)
        assert await client.people.preferences(bob.id) == Preferences()
    async with start_bot() as client:
        again = await opened(sandbox, alice)
        (container,) = again.now.components
        menus = [row["components"][0] for row in container["components"] if row["type"] == 1]
        preset = [option["value"] for menu in menus for option in menu["options"] if option.get("default")]
        assert preset == ["message", "de", "private"]
        await (await sandbox.choose(alice, shown, "atelier:preference:locale", "discord")).answer()
        assert (await client.people.preferences(alice.id)).locale is None


async def test_new_pictures_are_as_public_as_was_chosen(sandbox: Sandbox, start_bot: StartBot) -> None:
    alice = sandbox.person("alice")
    async with start_bot() as client:
        shown = await opened(sandbox, alice)
        await (await sandbox.choose(alice, shown, "atelier:preference:public", "private")).answer()
        painted = await sandbox.type_command(alice, sandbox.channel, "art", {"prompt": "a secret garden"})
        await painted.until(lambda now: now.file("*.png"))
        picture = await client.gallery.get(1)
        assert picture is not None and not picture.public
