from __future__ import annotations

import io
from typing import Any

import pytest
from PIL import Image

from bot.loopback import Sandbox, Upload
from bot.pictures.attachments import PENDING, Attachments, spec_fields
from engine.spec.artspec import ArtSpec, ImagePrompt
from tests.bot.conftest import StartBot
from tests.bot.fake_painter import FakePainter

OPTIONS = ("start_image", "image_prompt", "palette_image")


def png(side: int = 40) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (side, side), "red").save(buffer, format="PNG")
    return buffer.getvalue()


def test_digests_become_fields_of_the_spec() -> None:
    assert spec_fields({}) == Attachments().pending_fields() == {}
    digests = {name: letter * 64 for name, letter in zip(OPTIONS, "abc", strict=True)}
    spec = ArtSpec(prompt="a sea", **spec_fields(digests))
    assert (spec.start_image, spec.palette_image) == ("a" * 64, "c" * 64)
    assert spec.image_prompts == (ImagePrompt("b" * 64),)


async def test_a_picture_is_kept_as_another_file(sandbox: Sandbox, start_bot: StartBot) -> None:
    painter = FakePainter()
    async with start_bot(painter):
        uploads = {name: Upload("my fish.png", png()) for name in OPTIONS}
        handle = await sandbox.type_command(
            sandbox.person("alice"), sandbox.channel, "art", {"prompt": "a fish"}, uploads
        )
        await handle.until(lambda now: now.file("*.png"))
        (order,) = painter.orders
        assert PENDING not in order.spec.to_json()
        (digest,) = order.images  # the same picture three times
        assert order.spec.start_image == order.spec.palette_image == order.spec.image_prompts[0].image == digest
        with Image.open(order.images[digest]) as kept:
            assert kept.size == (40, 40)


@pytest.mark.parametrize("option", OPTIONS)
@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"not a picture", "PNG, JPEG, WebP or GIF"),
        (png()[:60], "damaged"),
        (b"\x89PNG" + bytes(9 * 1024 * 1024), "larger than 8 MiB"),
    ],
)
async def test_a_picture_that_is_none_is_refused(
    sandbox: Sandbox, start_bot: StartBot, option: str, data: bytes, words: str
) -> None:
    async with start_bot() as client:
        alice = sandbox.person("alice")
        handle = await sandbox.type_command(
            alice, sandbox.channel, "art", {"prompt": "a fish"}, {option: Upload("x.png", data)}
        )
        refusal = await sandbox.until(
            lambda: next((message for message in sandbox.messages() if words in message.now.text), None), 10
        )
        assert refusal.only_for is alice
        assert not any(message.now.loading for message in sandbox.messages())
        assert await client.queue.open_jobs() == []
        assert handle.answered


async def test_a_missing_attachment_is_refused(sandbox: Sandbox, start_bot: StartBot) -> None:
    sandbox.rules.link_life = -1
    async with start_bot() as client:
        await sandbox.type_command(
            sandbox.person("alice"), sandbox.channel, "art", {"prompt": "x"}, {"image_prompt": Upload("x.png", png())}
        )
        said = "I could not download the image prompt: please attach it again."
        await sandbox.until(lambda: any(said in message.now.text for message in sandbox.messages()), 10)
        assert await client.queue.open_jobs() == []


async def test_what_cannot_go_together_is_said_before_anything_is_fetched(
    sandbox: Sandbox, start_bot: StartBot
) -> None:
    async with start_bot():
        options: dict[str, Any] = {"prompt": "a fish", "palette": "pico-8"}
        uploads = {"palette_image": Upload("x.png", png())}
        handle = await sandbox.type_command(sandbox.person("alice"), sandbox.channel, "art", options, uploads)
        assert "not both" in (await handle.answer()).now.text
