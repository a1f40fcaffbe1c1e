from __future__ import annotations

import asyncio
import io

import pytest
from PIL import Image

from bot.loopback import Sandbox, Upload
from bot.pictures.result import AGAIN
from bot.text.buttons import Menu
from bot.ui.items import view_of
from engine.spec.artspec import ArtSpec
from storage.queue import JobState
from tests.bot.conftest import StartBot, eventually
from tests.bot.fake_painter import FakePainter
from tests.bot.features.actions import paint, private_answer


async def test_discord_py_forgets_no_pattern_and_remembers_no_view() -> None:
    """Views consist only of dynamic items, or are stopped before they are sent."""
    view = view_of([AGAIN.button(picture=3), Menu("atelier:pick:3:4", "Pick one", (("1", "Picture 1"),))])
    assert view is not None and view.timeout is None and view.is_finished()
    assert view_of([]) is None


async def test_again_paints_the_same_with_a_new_seed_for_whoever_pressed(sandbox: Sandbox, start_bot: StartBot) -> None:
    async with start_bot() as client:
        first = await paint(sandbox, seed=7, style="pixel")
    async with start_bot() as client:  # the button has outlived a restart
        pressed = await sandbox.press(sandbox.person("bob"), first, "atelier:again:1")
        done = await pressed.until(lambda now: now.file("*.png"))
        assert done.mentions == (sandbox.person("bob").id,)
        assert first.now.file("atelier-1.png") is not None, "the old picture stays"
        job = await client.queue.get(2)
        assert job is not None and job.person_id == sandbox.person("bob").id
        spec = ArtSpec.from_json(job.spec)
        assert spec == ArtSpec(prompt="a red apple", style="pixel", seed=None)


async def test_a_double_press_of_again_is_one_job(sandbox: Sandbox, start_bot: StartBot) -> None:
    async with start_bot() as client:
        first = await paint(sandbox)
        alice = sandbox.person("alice")
        presses = [await sandbox.press(alice, first, "again") for _ in range(2)]
        await asyncio.gather(*[press.answer() for press in presses])
        await presses[0].until(lambda now: now.file("atelier-2.png"))
        assert await client.queue.get(3) is None


async def test_again_is_under_the_same_limits(sandbox: Sandbox, start_bot: StartBot) -> None:
    async with start_bot(ATELIER_JOBS_PER_PERSON=1) as client:
        first = await paint(sandbox)
        slow = FakePainter(steps=1000, pause=0.05)
        client.worker._painter = slow
        await sandbox.type_command(sandbox.person("alice"), sandbox.channel, "art", {"prompt": "x"})
        await eventually(lambda: slow.orders)
        pressed = await sandbox.press(sandbox.person("alice"), first, "again")
        assert "as one person may have" in await private_answer(sandbox, pressed)


async def test_delete_is_for_the_owner_and_moderators(sandbox: Sandbox, start_bot: StartBot) -> None:
    async with start_bot() as client:
        for number, name in enumerate(("alice", "moderator"), start=1):
            handle = await paint(sandbox, prompt=f"apple {number}")
            picture = await client.gallery.get(number)
            assert picture is not None
            path = client.files.path(picture.image)
            stranger = await sandbox.press(sandbox.person("bob"), handle, "delete")
            assert "Only the one who asked" in await private_answer(sandbox, stranger)
            assert path.exists()
            person = sandbox.person(name, moderator=name == "moderator")
            presses = [await sandbox.press(person, handle, "delete") for _ in range(2)]
            await handle.until_deleted()
            await asyncio.gather(*[press.answer() for press in presses])
            assert await client.gallery.get(number) is None
            await eventually(lambda path=path: not path.exists())


async def test_all_files_of_a_picture_are_deleted_with_it(sandbox: Sandbox, start_bot: StartBot) -> None:
    painter = FakePainter()
    painter.film = b"a film"
    painter.extras = {"svg": b"<svg/>", "native.png": b"small", "1.png": b"one", "2.png": b"two"}
    async with start_bot(painter) as client:
        handle = await paint(sandbox)
        picture = await client.gallery.get(1)
        assert picture is not None and len(picture.files) == 6
        paths = [client.files.path(name) for name in picture.files]
        assert all(path.is_file() for path in paths)
        await sandbox.press(sandbox.person("alice"), handle, "delete")
        await handle.until_deleted()
        await eventually(lambda: not any(path.exists() for path in paths))


@pytest.mark.parametrize("option", ["start_image", "image_prompt", "palette_image"])
async def test_again_needs_the_pictures_it_was_painted_from(sandbox: Sandbox, start_bot: StartBot, option: str) -> None:
    buffer = io.BytesIO()
    Image.new("RGB", (40, 40), "red").save(buffer, format="PNG")
    painter = FakePainter()
    async with start_bot(painter):
        handle = await sandbox.type_command(
            sandbox.person("alice"),
            sandbox.channel,
            "art",
            {"prompt": "a fish"},
            {option: Upload("x.png", buffer.getvalue())},
        )
        await handle.until(lambda now: now.file("*.png"))
        again = await sandbox.press(sandbox.person("alice"), handle, "again")
        await again.until(lambda now: now.file("*.png"))
        assert painter.orders[0].images == painter.orders[1].images != {}
        (path,) = painter.orders[0].images.values()
        path.unlink()
        gone = await sandbox.press(sandbox.person("bob"), handle, "again")
        assert "no longer kept: use /art and attach it again" in await private_answer(sandbox, gone)


async def test_cancel_a_running_picture(sandbox: Sandbox, start_bot: StartBot) -> None:
    async with start_bot(FakePainter(steps=1000, pause=0.02)) as client:
        alice, bob = sandbox.person("alice"), sandbox.person("bob")
        handle = await sandbox.type_command(alice, sandbox.channel, "art", {"prompt": "a sea"})
        await handle.until(lambda now: "▱" in now.text and now.file("progress.webp"))
        stranger = await sandbox.press(bob, handle, "cancel")
        assert "Only the one who asked" in await private_answer(sandbox, stranger)
        for _ in range(2):
            await sandbox.press(alice, handle, "cancel")
        cancelled = await handle.until(lambda now: "was cancelled" in now.text, 5)
        assert not cancelled.buttons and not cancelled.attachments
        job = await client.queue.get(1)
        assert job is not None and job.state is JobState.CANCELLED
        await eventually(lambda: client.worker._running is None)
        assert not (client.config.data / "work" / "1").exists()


async def test_a_moderator_cancels_a_waiting_picture(sandbox: Sandbox, start_bot: StartBot) -> None:
    painter = FakePainter(steps=1000, pause=0.02)
    async with start_bot(painter) as client:
        handles = []
        for name in ("alice", "bob"):
            handle = await sandbox.type_command(sandbox.person(name), sandbox.channel, "art", {"prompt": name})
            await handle.until(lambda now: now.buttons)
            handles.append(handle)
        await sandbox.press(sandbox.person("judge", moderator=True), handles[1], "cancel")
        await handles[1].until(lambda now: "was cancelled" in now.text, 5)
        job = await client.queue.get(2)
        assert job is not None and job.state is JobState.CANCELLED
        await eventually(lambda: painter.orders)
        assert [order.job_id for order in painter.orders] == [1]


async def test_buttons_of_what_is_gone_say_so(sandbox: Sandbox, start_bot: StartBot) -> None:
    async with start_bot() as client:
        handle = await paint(sandbox)
        await client.gallery.remove(1)
        for button in ("again", "delete"):
            pressed = await sandbox.press(sandbox.person("alice"), handle, button)
            assert "deleted" in await private_answer(sandbox, pressed)


async def test_a_failing_button_answers_with_a_sentence(
    sandbox: Sandbox, start_bot: StartBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with start_bot() as client:
        handle = await paint(sandbox)

        async def broken(_: int) -> None:
            raise RuntimeError("secret detail")

        monkeypatch.setattr(client.gallery, "get", broken)
        pressed = await sandbox.press(sandbox.person("alice"), handle, "delete")
        answer = await private_answer(sandbox, pressed)
        assert "went wrong on my side" in answer and "secret" not in answer
