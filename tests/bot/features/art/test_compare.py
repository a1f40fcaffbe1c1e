from __future__ import annotations

import pytest

from bot.loopback import CommandRefused, Sandbox
from engine.spec.artspec import ArtSpec
from engine.spec.plan import cost, plan
from tests.bot.conftest import StartBot
from tests.bot.fake_painter import FakePainter


async def test_a_comparison_is_one_job(sandbox: Sandbox, start_bot: StartBot) -> None:
    painter = FakePainter()
    options = {"prompt": "a fish", "modifiers": "Low Poly, watercolor,cubism", "quality": "normal", "seed": 3}
    async with start_bot(painter) as client:
        handle = await sandbox.type_command(sandbox.person("alice"), sandbox.channel, "compare", options)
        done = await handle.until(lambda now: now.file("*.png"), 15)
        spec = painter.orders[0].spec
        assert spec == ArtSpec(prompt="a fish", compare=("low poly", "watercolour", "Cubism"), quality="normal", seed=3)
        job = await client.queue.get(1)
        assert job is not None and job.cost == cost(plan(spec, "mini"), 3)
        for words in ("3 modifiers compared", "compare low poly, watercolour, Cubism", "Best match with the prompt: ★"):
            assert words in done.text
        assert "`3`" in done.text


@pytest.mark.parametrize(
    ("modifiers", "words"),
    [
        ("low poly", "two modifiers or more"),
        ("low poly, LOW-POLY", "two modifiers or more"),
        (" , ", "two modifiers or more"),
        ("low poly, watercolr", "did you mean watercolour"),
        (", ".join(f"nothing {number}" for number in range(60)), "no modifier “nothing 0”"),
    ],
)
async def test_what_cannot_be_compared_is_said(
    sandbox: Sandbox, start_bot: StartBot, modifiers: str, words: str
) -> None:
    async with start_bot() as client:
        options = {"prompt": "a fish", "modifiers": modifiers[:500]}
        handle = await sandbox.type_command(sandbox.person("alice"), sandbox.channel, "compare", options)
        assert words in (await handle.answer()).now.text
        assert await client.queue.open_jobs() == []


async def test_nine_are_compared_at_most(sandbox: Sandbox, start_bot: StartBot) -> None:
    async def proposed(typed: str) -> list[str]:
        options = {"prompt": "x", "modifiers": typed}
        choices = await sandbox.complete(sandbox.person("alice"), sandbox.channel, "compare", options, "modifiers")
        return [each["value"] for each in choices]

    async with start_bot():
        names = (await proposed(""))[:10]
        assert "low poly, watercolour" in await proposed("low poly, waterc")
        assert await proposed(", ".join(names[:9]) + ", ") == []
        for count, refused in ((9, False), (10, True)):
            options = {"prompt": "a fish", "modifiers": ",".join(names[:count])}
            handle = await sandbox.type_command(sandbox.person("alice"), sandbox.channel, "compare", options)
            assert ("9 modifiers at most" in (await handle.answer()).now.text) is refused


async def test_modifiers_must_be_given(sandbox: Sandbox, start_bot: StartBot) -> None:
    async with start_bot():
        with pytest.raises(CommandRefused, match="needs modifiers"):
            await sandbox.type_command(sandbox.person("alice"), sandbox.channel, "compare", {"prompt": "a fish"})
