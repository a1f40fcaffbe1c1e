from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bot.config import Config
from bot.loopback import Sandbox
from engine.spec.artspec import ArtSpec
from storage.queue import JobState
from tests.bot.conftest import StartBot
from tests.bot.fake_painter import FakePainter


async def ask(sandbox: Sandbox, name: str, prompt: str, **options: Any) -> Any:
    return await sandbox.type_command(sandbox.person(name), sandbox.channel, "art", {"prompt": prompt, **options})


async def test_art_is_answered_with_a_place_and_ends_with_the_picture(sandbox: Sandbox, start_bot: StartBot) -> None:
    async with start_bot() as client:
        handle = await ask(sandbox, "alice", "a red apple", quality="draft", seed=7)
        first = await handle.until(lambda now: not now.loading)
        # A worker that was just looking for a job may have begun before the place could be said.
        assert ("starts now" in first.text or "step 0/" in first.text) and "a red apple" in first.text
        assert [button.custom_id for button in first.buttons] == ["atelier:cancel:1"]
        done = await handle.until(lambda now: now.file("*.png"))
        assert done.file("atelier-1.png") is not None
        assert done.mentions == (sandbox.person("alice").id,)
        assert "`7`" in done.text
        picture = await client.gallery.get(1)
        assert picture is not None and ArtSpec.from_json(picture.spec).seed == 7


async def test_the_wait_is_estimated_as_soon_as_a_speed_was_measured(sandbox: Sandbox, start_bot: StartBot) -> None:
    painter = FakePainter(steps=60, pause=0.1)
    async with start_bot(painter):
        first = await ask(sandbox, "alice", "one")
        second = await ask(sandbox, "bob", "two")
        assert "no estimate" in (await second.until(lambda now: not now.loading)).text
        # Nothing was ever finished: the picture in the making says how fast this machine is.
        estimated = await second.until(lambda now: "starts in about" in now.text)
        assert "of the wait yet" not in estimated.text
        assert first.now.file("*.png") is None
        third = await ask(sandbox, "carol", "three")
        answer = await third.until(lambda now: not now.loading)
        assert "number 2" in answer.text and "starts in about" in answer.text


@pytest.mark.parametrize(
    ("prompt", "words"),
    [(":3", "no words"), ("a:0 | b:0", "weight 0"), ("a:200", "from -100 to 100"), (" | ", "empty")],
)
async def test_a_request_that_cannot_be_painted_is_refused_privately(
    sandbox: Sandbox, start_bot: StartBot, prompt: str, words: str
) -> None:
    async with start_bot() as client:
        handle = await ask(sandbox, "alice", prompt)
        await handle.answer()
        assert handle.message.only_for is sandbox.person("alice")
        assert words in handle.now.text
        assert await client.queue.open_jobs() == []


async def test_limits_of_a_person_and_of_all(sandbox: Sandbox, start_bot: StartBot) -> None:
    async with start_bot(
        FakePainter(steps=1000, pause=0.05), ATELIER_JOBS_PER_PERSON=2, ATELIER_JOBS_IN_ALL=3
    ) as client:
        handles = await asyncio.gather(*[ask(sandbox, "alice", f"sea {number}") for number in range(4)])
        await sandbox.until(lambda: sum("as one person may have" in text for text in texts_in(sandbox)) == 2, 10)
        await asyncio.gather(*[handle.answer() for handle in handles])
        assert len(await client.queue.open_jobs(sandbox.person("alice").id)) == 2
        await (await ask(sandbox, "bob", "x")).until(lambda now: "queue" in now.text)
        refused = await (await ask(sandbox, "carol", "x")).answer()
        assert "full with 3 pictures" in refused.now.text
        assert refused.message.only_for is sandbox.person("carol")


def texts_in(sandbox: Sandbox) -> list[str]:
    return [message.now.text for message in sandbox.messages()]


async def test_quality_above_the_largest_is_not_offered(sandbox: Sandbox, start_bot: StartBot) -> None:
    async with start_bot(ATELIER_LARGEST_QUALITY="normal"):
        art = next(command for command in sandbox.world.commands if command["name"] == "art")
        quality = next(option for option in art["options"] if option["name"] == "quality")
        assert [choice["value"] for choice in quality["choices"]] == ["draft", "normal"]


async def test_queue_shows_places_but_no_prompts_of_others(sandbox: Sandbox, start_bot: StartBot) -> None:
    async with start_bot(FakePainter(steps=1000, pause=0.05)):
        for name, prompt in (("alice", "secret of alice"), ("bob", "secret of bob")):
            handle = await ask(sandbox, name, prompt)
            await handle.until(lambda now: not now.loading)
        listing = await (await sandbox.type_command(sandbox.person("bob"), sandbox.channel, "queue")).answer()
        assert listing.message.only_for is sandbox.person("bob")
        assert "secret of bob" in listing.now.text and "secret of alice" not in listing.now.text
        assert "1 picture is being painted, 1 picture is waiting" in listing.now.text


async def test_queue_says_how_good_its_estimates_were(sandbox: Sandbox, start_bot: StartBot) -> None:
    painter = FakePainter()
    async with start_bot(painter) as client:
        alice = sandbox.person("alice")
        before = await (await sandbox.type_command(alice, sandbox.channel, "queue")).answer()
        assert "off by" not in before.now.text, "nothing was measured yet"
        await (await ask(sandbox, "alice", "first")).until(lambda now: now.file("*.png"))
        painter.unblocked.clear()
        handles = [await ask(sandbox, name, "then") for name in ("alice", "bob", "carol")]
        await asyncio.sleep(3)  # so that people did wait, however fast or slow the machine is
        painter.unblocked.set()
        for handle in handles:
            await handle.until(lambda now: now.file("*.png"))
        measured = await client.queue.estimate_error()
        assert measured is not None and measured.count >= 2 and measured.wait > 1
        after = await (await sandbox.type_command(alice, sandbox.channel, "queue")).answer()
        assert f"last {measured.count} pictures my estimates of the wait were off by" in after.now.text


async def test_cancel_lists_and_cancels_only_own_jobs(sandbox: Sandbox, start_bot: StartBot) -> None:
    async with start_bot(FakePainter(steps=1000, pause=0.05)) as client:
        alice, bob = sandbox.person("alice"), sandbox.person("bob")
        await (await ask(sandbox, "alice", "a sea")).until(lambda now: "▱" in now.text)
        waiting = await ask(sandbox, "alice", "a hill")
        await waiting.until(lambda now: not now.loading)
        choices = await sandbox.complete(alice, sandbox.channel, "cancel", {"job": "hill"}, "job")
        assert [choice["name"] for choice in choices] == ["2: a hill"]
        assert await sandbox.complete(bob, sandbox.channel, "cancel", {"job": ""}, "job") == []
        foreign = await (await sandbox.type_command(bob, sandbox.channel, "cancel", {"job": 2})).answer()
        assert "no picture 2 of yours" in foreign.now.text
        unclear = await (await sandbox.type_command(alice, sandbox.channel, "cancel")).answer()
        assert "several pictures" in unclear.now.text
        own = await (await sandbox.type_command(alice, sandbox.channel, "cancel", {"job": 2})).answer()
        assert "Picture 2 is cancelled" in own.now.text
        await waiting.until(lambda now: "was cancelled" in now.text and not now.buttons)
        only = await (await sandbox.type_command(alice, sandbox.channel, "cancel")).answer()
        assert "Picture 1 is cancelled" in only.now.text
        await sandbox.until(lambda: sum("This picture was cancelled" in text for text in texts_in(sandbox)) == 2, 10)
        assert await client.queue.open_jobs() == []
        none = await (await sandbox.type_command(alice, sandbox.channel, "cancel")).answer()
        assert "no picture waiting" in none.now.text


async def test_commands_are_sent_only_when_they_changed(sandbox: Sandbox, start_bot: StartBot) -> None:
    def puts() -> int:
        return sum(request.method == "PUT" for request in sandbox.requests)

    async with start_bot():
        assert puts() == 1
    async with start_bot():
        assert puts() == 1
    async with start_bot(ATELIER_LARGEST_QUALITY="draft"):
        assert puts() == 2


async def test_commands_work_everywhere(sandbox: Sandbox, start_bot: StartBot) -> None:
    async with start_bot():
        for command in sandbox.world.commands:
            of_servers = command["name"] in ("settings", "challenge", "reports")
            assert sorted(command["contexts"]) == ([0] if of_servers else [0, 1, 2]), command["name"]
            assert sorted(command["integration_types"] or [0]) == ([0] if of_servers else [0, 1]), command["name"]
        traveller = sandbox.person("traveller", installed=True)
        for place in (sandbox.dm(traveller), sandbox.foreign_guild()):
            handle = await sandbox.type_command(traveller, place, "art", {"prompt": "a boat"})
            assert await handle.until(lambda now: now.file("*.png"))


async def test_an_unexpected_failure_is_answered_with_a_sentence(
    sandbox: Sandbox, start_bot: StartBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with start_bot() as client:

        async def broken(*_: object) -> None:
            raise ZeroDivisionError("secret detail")

        monkeypatch.setattr(client.queue, "open_jobs", broken)
        handle = await (await sandbox.type_command(sandbox.person("alice"), sandbox.channel, "queue")).answer()
        assert "went wrong on my side" in handle.now.text and "secret" not in handle.now.text
        monkeypatch.undo()
        handle = await ask(sandbox, "alice", "x")
        monkeypatch.setattr(client.queue, "add", broken)
        late = await ask(sandbox, "bob", "x")
        await late.answer()
        await sandbox.until(lambda: sum("went wrong" in text for text in texts_in(sandbox)) == 2, 10)


async def test_a_dropped_acknowledgement_neither_loses_nor_doubles_the_job(
    bare_sandbox: Sandbox, tmp_path: Any
) -> None:
    from tests.bot.conftest import running_bot

    async with running_bot(bare_sandbox, tmp_path / "data") as client:
        for number, after in enumerate((False, True), start=1):
            bare_sandbox.faults.drop("POST /interactions/*", after=after)
            handle = await ask(bare_sandbox, f"person {number}", f"sea {number}")
            assert await handle.until(lambda now: now.file("*.png"), 15)
            picture = await client.gallery.get(number)
            assert picture is not None and picture.job_id == number
            job = await client.queue.get(number)
            assert job is not None and job.state is JobState.DONE
        assert await client.queue.get(3) is None


def test_settings_have_the_qualities_of_the_engine() -> None:
    from typing import get_args

    from engine.spec.artspec import QUALITIES

    assert get_args(Config.model_fields["largest_quality"].annotation) == QUALITIES
