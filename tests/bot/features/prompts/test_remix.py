"""/remix, which works for public pictures but not for private ones."""

from __future__ import annotations

import hashlib

import pytest

from bot.loopback import InteractionHandle, Sandbox, User
from engine.spec.artspec import ArtSpec
from tests.bot.conftest import StartBot
from tests.bot.fake_painter import FakePainter, preview_of
from tests.bot.features.actions import paint, picture_of


async def remix(sandbox: Sandbox, user: User, **options: object) -> InteractionHandle:
    return await (await sandbox.type_command(user, sandbox.channel, "remix", options)).answer()


async def test_a_remix_starts_from_the_picture_and_keeps_its_parent(sandbox: Sandbox, start_bot: StartBot) -> None:
    alice, bob = sandbox.person("alice"), sandbox.person("bob")
    async with start_bot(painter := FakePainter()) as client:
        original = await picture_of(client, await paint(sandbox, alice, "a lighthouse", style="pixel", seed="7"))
        asked = await remix(sandbox, bob, picture=original.id, prompt="a castle")
        await asked.until(lambda now: now.file("*.png"))
        made = await picture_of(client, asked)
        assert (made.parent_id, made.origin, made.person_id) == (original.id, "remix", bob.id)
        assert (
            f"Made from: [#{original.id}](" in asked.now.text
            and f") by <@{alice.id}>" in asked.now.text
            and asked.now.mentions == (bob.id,)
        )
        spec = ArtSpec.from_json(made.spec)
        data = client.files.path(original.image).read_bytes()
        assert (spec.prompt, spec.style, spec.start_image) == ("a castle", "pixel", hashlib.sha256(data).hexdigest())
        assert painter.orders[-1].images[spec.start_image].read_bytes() == data  # type: ignore[index]
        assert (await client.gallery.lineage(made.id)).ancestors == (original,)


async def test_a_remix_may_take_only_the_words(sandbox: Sandbox, start_bot: StartBot) -> None:
    alice, bob = sandbox.person("alice"), sandbox.person("bob")
    async with start_bot() as client:
        original = await picture_of(client, await paint(sandbox, alice, "a lighthouse", style="sketch", seed="7"))
        asked = await remix(sandbox, bob, picture=original.id, keep="words")
        await asked.until(lambda now: now.file("*.png"))
        made = await picture_of(client, asked)
        spec = ArtSpec.from_json(made.spec)
        assert (spec.prompt, spec.style, spec.start_image) == ("a lighthouse", "sketch", None)
        assert made.parent_id == original.id and made.seed != 7


async def test_one_picture_of_a_grid_is_remixed(sandbox: Sandbox, start_bot: StartBot) -> None:
    alice, bob = sandbox.person("alice"), sandbox.person("bob")
    painter = FakePainter()
    painter.extras = {f"{number}.png": preview_of(f"{number}") for number in range(1, 5)}
    async with start_bot(painter) as client:
        grid = await picture_of(client, await paint(sandbox, alice, "a lighthouse", variations="4"))
        painter.extras = {}
        assert "single one" in (await remix(sandbox, bob, picture=grid.id)).now.text
        asked = await remix(sandbox, bob, picture=grid.id, number=3)
        await asked.until(lambda now: now.file("*.png"))
        spec = ArtSpec.from_json((await picture_of(client, asked)).spec)
        assert (spec.start_image, spec.variations) == (hashlib.sha256(preview_of("3")).hexdigest(), 1)


@pytest.mark.parametrize("where", ["private", "another server", "nowhere"])
async def test_private_pictures_of_others_cannot_be_remixed(sandbox: Sandbox, start_bot: StartBot, where: str) -> None:
    alice, bob = sandbox.person("alice", installed=True), sandbox.person("bob")
    place = sandbox.foreign_guild() if where == "another server" else sandbox.channel
    async with start_bot() as client:
        picture = await picture_of(client, await paint(sandbox, alice, "a secret", place))
        if where == "private":
            await client.gallery.set_public(picture.id, alice.id, False)
        number = 4711 if where == "nowhere" else picture.id
        asked = await remix(sandbox, bob, picture=number)
        assert "no picture" in asked.now.text and asked.message is not None and asked.message.only_for is bob
        assert await client.queue.open_jobs() == []
        typed = {"picture": str(number)}
        assert await sandbox.complete(bob, sandbox.channel, "remix", typed, "picture") == []


async def test_pictures_are_proposed_by_number_and_by_words(sandbox: Sandbox, start_bot: StartBot) -> None:
    alice, bob = sandbox.person("alice"), sandbox.person("bob")
    async with start_bot():
        for prompt in ("a lighthouse", "a green hill"):
            await paint(sandbox, alice, prompt)
        for typed, expected in (("", [2, 1]), ("light", [1]), ("2", [2]), ('"', [])):
            proposed = await sandbox.complete(bob, sandbox.channel, "remix", {"picture": typed}, "picture")
            assert [each["value"] for each in proposed] == expected
