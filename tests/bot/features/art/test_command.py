from __future__ import annotations

import asyncio
import io
from typing import Any

import pytest
from PIL import Image

from bot.features.art.form import art_form
from bot.jobs import submit as admission
from bot.loopback import InteractionHandle, Message, Sandbox, Upload, User
from engine.spec.artspec import ArtSpec
from engine.spec.plan import cost, plan
from storage.errors import StorageError
from tests.bot.conftest import StartBot
from tests.bot.fake_painter import FakePainter


def png(colour: str = "red") -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (40, 40), colour).save(buffer, format="PNG")
    return buffer.getvalue()


async def ask(
    sandbox: Sandbox, options: dict[str, Any], files: dict[str, bytes] | None = None, name: str = "alice"
) -> InteractionHandle:
    uploads = {option: Upload(f"{option}.png", data) for option, data in (files or {}).items()}
    return await sandbox.type_command(sandbox.person(name), sandbox.channel, "art", options, uploads)


async def form_of(
    sandbox: Sandbox, options: dict[str, Any], files: dict[str, bytes] | None = None
) -> InteractionHandle:
    handle = await (await ask(sandbox, {**options, "advanced": True}, files)).answer()
    assert handle.modal is not None
    return handle


def private_message(sandbox: Sandbox, words: str, person: User) -> Message | None:
    """Wait for the ephemeral message to this person that contains these words."""
    fitting = (each for each in sandbox.messages() if words in each.now.text and each.only_for is person)
    return next(fitting, None)


async def test_every_option_reaches_the_painter(sandbox: Sandbox, start_bot: StartBot) -> None:
    painter = FakePainter()
    options = {
        "prompt": "a fish",
        "quality": "normal",
        "style": "painting",
        "aspect": "portrait",
        "negative": "fog:0.4, people",
        "modifier": "Low-Poly, watercolor",
        "variations": 4,
        "strength": 0.4,
        "transparent": True,
        "film": "gif",
        "seed": 11,
        "advanced": False,
    }
    async with start_bot(painter) as client:
        files = {"start_image": png("red"), "image_prompt": png("blue"), "palette_image": png("green")}
        done = await (await ask(sandbox, options, files)).until(lambda now: now.file("*.png"), 15)
        (order,) = painter.orders
        spec = order.spec
        assert (spec.quality, spec.style, spec.aspect, spec.variations) == ("normal", "painting", "portrait", 4)
        assert (spec.negative, spec.modifiers) == ("fog:0.4, people", ("low poly", "watercolour"))
        assert (spec.strength, spec.transparent, spec.film, spec.seed) == (0.4, True, "gif", 11)
        assert spec.start_image and spec.palette_image
        digests = {spec.start_image: "red", spec.image_prompts[0].image: "blue", spec.palette_image: "green"}
        assert set(order.images) == set(digests), "the painter gets each picture that the spec names"
        for digest, colour in digests.items():
            with Image.open(order.images[digest]) as kept:
                assert kept.getpixel((5, 5)) == Image.new("RGB", (1, 1), colour).getpixel((0, 0))
        job = await client.queue.get(1)
        assert job is not None and job.cost == cost(plan(spec, "mini"), 4), "four pictures are four times the work"
        for words in ("`11` to `14`", "4 variations", "strength 0.4", "negative fog:0.4, people"):
            assert words in done.text.replace("\\", "")
        assert "★" not in done.text, "a picture that is to resemble another is not rated by the words alone"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"modifier": "low polly"}, "did you mean low poly"),
        ({"modifier": "low poly, watercolour, oil painting, cubism, baroque"}, "4 modifiers at most"),
        ({"palette": "picco"}, "no palette named"),
        ({"palette": "#ff0000"}, "2 to 64 colours"),
        ({"negative": ":3"}, "no words"),
        ({"strength": 0.5}, "give a start image"),
        ({"prompt": "a ^ b", "variations": 4}, "A story"),
        ({"prompt": "a ^ b", "transparent": True}, "A sticker"),
    ],
)
@pytest.mark.parametrize("advanced", [False, True])
async def test_what_cannot_be_is_said_before_anything_is_promised(
    sandbox: Sandbox, start_bot: StartBot, options: dict[str, Any], words: str, advanced: bool
) -> None:
    async with start_bot() as client:
        handle = await (await ask(sandbox, {"prompt": "a sea", "advanced": advanced, **options})).answer()
        assert handle.message is not None and handle.message.only_for is sandbox.person("alice")
        assert words in handle.now.text.replace("\\", "")
        assert handle.modal is None and await client.queue.open_jobs() == []


async def test_hostile_text_stays_text(sandbox: Sandbox, start_bot: StartBot) -> None:
    hostile = "@everyone <@&1> [x](https://evil.example) `**" + "\u202e" + "x" * 400
    async with start_bot():
        handle = await ask(sandbox, {"prompt": "a sea", "negative": hostile, "palette": "#fff #000"})
        done = await handle.until(lambda now: now.file("*.png"), 15)
        assert not done.mentions_everyone and done.mentions == (sandbox.person("alice").id,)
        assert "@everyone" not in done.text and "https://" not in done.text and "…" in done.text
        for option in ("modifier", "palette"):
            refused = await (await ask(sandbox, {"prompt": "a sea", option: hostile[:300]})).answer()
            assert refused.now.text and "@everyone" not in refused.now.text and not refused.now.mentions_everyone


async def test_modifiers_are_proposed_one_after_another(sandbox: Sandbox, start_bot: StartBot) -> None:
    async def proposed(option: str, typed: str) -> list[str]:
        choices = await sandbox.complete(
            sandbox.person("alice"), sandbox.channel, "art", {"prompt": "x", option: typed}, option
        )
        assert len(choices) <= 25 and all(len(each["name"]) <= 100 for each in choices)
        return [each["value"] for each in choices]

    async with start_bot():
        assert len(await proposed("modifier", "")) == 25
        assert (await proposed("modifier", "low p"))[0] == "low poly"
        assert "low poly, watercolour" in await proposed("modifier", "low poly, waterc")
        assert await proposed("modifier", "nothing like it, water") == []
        assert await proposed("modifier", "\u0000@everyone" * 100) == []
        assert (await proposed("palette", "PICO 8"))[0] == "pico-8"
        assert "commodore-64" in await proposed("palette", "timmermann")
        assert len(await proposed("palette", "")) == 25
        assert await proposed("palette", "#fff #000") == []


async def test_the_form_adds_what_has_no_option(sandbox: Sandbox, start_bot: StartBot) -> None:
    painter = FakePainter()
    async with start_bot(painter):
        options = {"prompt": "a fish", "seed": 3, "negative": "fog", "strength": 0.5}
        opened = await form_of(sandbox, options, {"start_image": png()})
        assert painter.orders == []
        values = {
            "size": "320 x 160",
            "iterations": "30",
            "camera": "zoom-in",
            "pattern": "a seamless tile: copies fit side by side",
            "settings": "cuts 20\nlearning rate: 0.1\nfilm seconds 2",
        }
        sent = await sandbox.submit(sandbox.person("alice"), opened, values)
        done = await sent.until(lambda now: now.file("*.png"), 15)
        spec = painter.orders[0].spec
        assert spec == ArtSpec(
            prompt="a fish", seed=3, negative="fog", width=320, height=160, iterations=30, camera="zoom-in", tile=True,
            cuts=20, learning_rate=0.1, film_seconds=2.0, start_image=spec.start_image, strength=0.5,
        )  # fmt: skip
        assert spec.start_image in painter.orders[0].images
        assert done.mentions == (sandbox.person("alice").id,)
        assert "cuts 20 · learning rate 0.1 · tile · strength 0.5 · camera zoom-in" in done.text


async def test_a_form_that_is_left_as_it_is_changes_nothing(sandbox: Sandbox, start_bot: StartBot) -> None:
    painter = FakePainter()
    async with start_bot(painter):
        opened = await form_of(sandbox, {"prompt": "a fish"})
        sent = await sandbox.submit(sandbox.person("alice"), opened, {"camera": "", "pattern": ""})
        await sent.until(lambda now: now.file("*.png"), 15)
        assert painter.orders[0].spec == ArtSpec(prompt="a fish")


async def test_a_mistake_in_the_form_can_be_mended(sandbox: Sandbox, start_bot: StartBot) -> None:
    painter = FakePainter()
    alice, bob = sandbox.person("alice"), sandbox.person("bob")
    async with start_bot(painter) as client:
        opened = await form_of(sandbox, {"prompt": "a fish"})
        typed = {"size": "320x160", "camera": "zoom-out", "settings": "cutz 20"}
        refused = await (await sandbox.submit(alice, opened, typed)).answer()
        assert refused.message is not None and refused.message.only_for is alice
        assert "did you mean cuts" in refused.now.text and refused.now.button("Change it")
        again = await (await sandbox.press(alice, refused, "Change it")).answer()
        assert again.modal is not None
        refused = await (await sandbox.submit(alice, again, {"settings": "cuts 2000"})).answer()
        assert "cuts must be a whole number from 1 to 256" in refused.now.text
        again = await (await sandbox.press(alice, refused, "Change it")).answer()
        sent = await sandbox.submit(alice, again, {"settings": "cuts 20"})
        await sent.until(lambda now: now.file("*.png"), 15)
        assert painter.orders[0].spec == ArtSpec(prompt="a fish", width=320, height=160, camera="zoom-out", cuts=20)
        gone = await (await sandbox.press(alice, refused, "Change it")).answer()
        assert "type the command again" in gone.now.text and gone.modal is None
        stolen = await sandbox.submit(bob, await form_of(sandbox, {"prompt": "mine"}), {})
        assert "type the command again" in (await stolen.answer()).now.text
        assert await client.queue.open_jobs() == [] and len(painter.orders) == 1


async def test_a_form_that_is_sent_twice_is_one_job(sandbox: Sandbox, start_bot: StartBot) -> None:
    alice = sandbox.person("alice")
    async with start_bot() as client:
        opened = await form_of(sandbox, {"prompt": "a fish"})
        handles = [await sandbox.submit(alice, opened, {"iterations": "20"}) for _ in range(2)]
        await asyncio.gather(*[handle.answer() for handle in handles])
        assert await handles[0].until(lambda now: now.file("*.png"), 15)
        assert "type the command again" in handles[1].now.text
        assert await client.queue.get(2) is None


async def test_a_form_from_before_a_restart_says_so(sandbox: Sandbox, start_bot: StartBot) -> None:
    async with start_bot():
        opened = await form_of(sandbox, {"prompt": "a fish"}, {"start_image": png()})
    async with start_bot() as client:
        sent = await (await sandbox.submit(sandbox.person("alice"), opened, {})).answer()
        assert "I was started anew" in sent.now.text and await client.queue.open_jobs() == []


async def test_a_form_that_fails_for_another_reason_is_not_lost(
    sandbox: Sandbox, start_bot: StartBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice = sandbox.person("alice")
    async with start_bot() as client:
        opened = await form_of(sandbox, {"prompt": "a fish"})

        async def full(*_: object) -> None:
            raise StorageError("disk full")

        monkeypatch.setattr(client.queue, "open_jobs", full)
        refused = await (await sandbox.submit(alice, opened, {"iterations": "20"})).answer()
        assert "can't keep anything" in refused.now.text
        monkeypatch.undo()
        again = await (await sandbox.press(alice, refused, "Change it")).answer()
        done = await sandbox.submit(alice, again, {})
        assert await done.until(lambda now: now.file("*.png"), 15)


async def test_forms_of_others_are_left_alone(sandbox: Sandbox, start_bot: StartBot) -> None:
    async with start_bot():
        opened = await form_of(sandbox, {"prompt": "a fish"})
        assert opened.modal is not None
        opened.modal["custom_id"] = "another:form:1"
        sent = await sandbox.submit(sandbox.person("alice"), opened, {})
        await asyncio.sleep(0.2)
        assert not sent.answered


async def test_more_work_than_this_bot_takes_is_refused(sandbox: Sandbox, start_bot: StartBot) -> None:
    async with start_bot(ATELIER_LARGEST_QUALITY="draft") as client:
        opened = await form_of(sandbox, {"prompt": "a fish"})
        large = {"size": "2048x2048", "iterations": "400"}
        refused = await (await sandbox.submit(sandbox.person("alice"), opened, large)).answer()
        assert "more work than I take on" in refused.now.text and await client.queue.open_jobs() == []
        again = await (await sandbox.press(sandbox.person("alice"), refused, "Change it")).answer()
        better = {"size": "", "iterations": "", "settings": "quality better"}
        refused = await (await sandbox.submit(sandbox.person("alice"), again, better)).answer()
        assert "The quality better is more than this bot paints" in refused.now.text


@pytest.mark.parametrize("family", ["mini", "full"])
@pytest.mark.parametrize("quality", ["draft", "best"])
def test_all_that_has_an_option_is_taken(family: Any, quality: str) -> None:
    largest = cost(plan(ArtSpec(prompt="x", quality=quality), family))
    for spec, pictures in (
        (ArtSpec(prompt="x", quality=quality, aspect="portrait", variations=9), 9),
        (ArtSpec(prompt=" ^ ".join("abcdefghij"), quality=quality, aspect="widescreen"), 1),
    ):
        assert cost(plan(spec, family), pictures) <= admission.MOST_WORK * largest


async def test_a_model_that_does_not_paint_here_is_refused(sandbox: Sandbox, start_bot: StartBot) -> None:
    async with start_bot():
        opened = await form_of(sandbox, {"prompt": "a fish"})
        values = {"settings": "model wikiart-f16-16384"}
        refused = await (await sandbox.submit(sandbox.person("alice"), opened, values)).answer()
        assert "embedded model has one generator only" in refused.now.text and refused.now.button("Change it")


async def test_the_form_is_filled_in_by_what_was_typed(sandbox: Sandbox, start_bot: StartBot) -> None:
    async with start_bot() as client:
        await form_of(sandbox, {"prompt": "a fish"})
        (draft,) = client.drafts._drafts.values()
        assert draft.form is art_form and draft.spec == ArtSpec(prompt="a fish")
