from __future__ import annotations

import asyncio
import io
import random
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import discord
import pytest
from PIL import Image

from bot.app import point_at
from bot.jobs.delivery import Delivery, Outcome, ReplyAddress, Stage
from bot.loopback import Channel, InteractionHandle, Permission, Sandbox, User
from bot.pictures.result import done
from bot.text import messages
from bot.text.messages import Payload
from bot.ui.uploads import FILE_GONE, FILM_DROPPED, FILM_SHRUNK, PICTURE_SHRUNK, Fitted, ResultFiles, fit
from engine.images.recorder import Film
from engine.spec.artspec import ArtSpec
from tests.bot.conftest import picture_row

SPEC = ArtSpec(prompt="a red apple")
KIB = 1024


class Asker(discord.Client):
    """A client that promises an answer to everything and notes where it goes."""

    def __init__(self) -> None:
        super().__init__(intents=discord.Intents(guilds=True), max_ratelimit_timeout=60)
        self.tree = discord.app_commands.CommandTree(self)
        command = discord.app_commands.Command(name="ask", description="asks", callback=ask)
        everywhere = discord.app_commands.allowed_contexts(guilds=True, dms=True, private_channels=True)
        self.tree.add_command(discord.app_commands.allowed_installs(guilds=True, users=True)(everywhere(command)))
        self.addresses: asyncio.Queue[ReplyAddress] = asyncio.Queue()

    async def setup_hook(self) -> None:
        await self.tree.sync()


async def ask(interaction: discord.Interaction[Asker]) -> None:
    response = await interaction.response.defer(thinking=True)
    assert response is not None
    interaction.client.addresses.put_nowait(ReplyAddress.of(interaction, response.message_id))


@pytest.fixture
async def client(sandbox: Sandbox) -> AsyncIterator[Asker]:
    point_at(sandbox.url)
    client = Asker()
    connected = asyncio.create_task(client.start("sandbox-token"))
    await sandbox.until_ready(10)
    yield client
    await client.close()
    await connected


@pytest.fixture
def delivery(client: Asker) -> Delivery:
    return Delivery(client, patience=20)


async def asked(
    sandbox: Sandbox, client: Asker, channel: Channel | None = None, person: User | None = None
) -> tuple[InteractionHandle, ReplyAddress]:
    handle = await sandbox.type_command(person or sandbox.person("alice"), channel or sandbox.channel, "ask")
    async with asyncio.timeout(5):
        return handle, await client.addresses.get()


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> ResultFiles:
    """A noisy picture of some 190 kB and a film of it."""
    folder = tmp_path_factory.mktemp("result")
    dice = random.Random(0)
    image = Image.frombytes("RGB", (256, 256), dice.randbytes(256 * 256 * 3))
    image.save(folder / "picture.png")
    film = Film(folder, steps=12, seconds=1.0, formats="mp4")
    for step in range(13):
        if film.wants(step):
            film.add(Image.frombytes("RGB", (256, 256), dice.randbytes(256 * 256 * 3)))
    return ResultFiles("atelier-5", folder / "picture.png", (film.finish()["mp4"],))


def build_for(person_id: int) -> Callable[[Fitted], Payload]:
    def build(fitted: Fitted) -> Payload:
        picture = picture_row(person_id=person_id, seed=1, width=256, height=256, seconds=3.0, clip_score=None)
        return done(
            SPEC, picture, image_name=fitted.image_name, iterations=40, notes=[str(note) for note in fitted.notes]
        )

    return build


def test_address_survives_as_json_and_hides_its_token() -> None:
    address = ReplyAddress(1, 2, None, 3, 4, 10, True, token="secret", token_until=9.5)
    assert ReplyAddress.from_json(address.to_json()) == address
    assert "secret" not in repr(address) + str(address)
    wiped = address.without_token()
    assert "secret" not in wiped.to_json() and wiped.person_id == 2


async def test_address_of_an_interaction(sandbox: Sandbox, client: Asker) -> None:
    handle, address = await asked(sandbox, client)
    assert handle.message is not None
    assert (address.channel_id, address.message_id) == (sandbox.channel.id, handle.message.id)
    assert address.guild_id == sandbox.guild.id and address.bot_may_edit
    assert 850 < address.token_until - time.time() <= 901
    traveller = sandbox.person("traveller", installed=True)
    assert not (await asked(sandbox, client, sandbox.foreign_guild(), traveller))[1].bot_may_edit
    assert (await asked(sandbox, client, sandbox.dm(traveller), traveller))[1].bot_may_edit


async def test_result_replaces_the_progress(
    sandbox: Sandbox, client: Asker, delivery: Delivery, files: ResultFiles
) -> None:
    handle, address = await asked(sandbox, client)
    preview = messages.progress(SPEC, 1, 2, 4, 1, 1, preview=True)
    assert await delivery.show(address, preview, b"webp")
    assert [each.filename for each in handle.now.attachments] == ["progress.webp"]
    alice = sandbox.person("alice")
    receipt = await delivery.deliver(address, build_for(alice.id), files, nonce="job-1")
    assert receipt.outcome is Outcome.DELIVERED and receipt.message_id == handle.message.id  # type: ignore[union-attr]
    assert [each.filename for each in handle.now.attachments] == ["atelier-5.png", "atelier-5.mp4"]
    assert handle.now.mentions == (alice.id,)
    assert {"atelier:again:5", "atelier:delete:5"} <= {button.custom_id for button in handle.now.buttons}
    assert all("/webhooks/" in request.path for request in sandbox.requests if request.method == "PATCH")


async def test_nothing_earlier_overwrites_the_end(
    sandbox: Sandbox, client: Asker, delivery: Delivery, files: ResultFiles
) -> None:
    handle, address = await asked(sandbox, client)
    await delivery.deliver(address, build_for(1), files, nonce="job-1")
    assert await delivery.show(address, messages.waiting(SPEC, 1, 1, 2.0), stage=Stage.WAITING)
    assert "ready" in handle.now.text


async def test_an_expired_token_is_followed_by_the_bot_token(
    sandbox: Sandbox, client: Asker, delivery: Delivery, files: ResultFiles
) -> None:
    handle, address = await asked(sandbox, client)
    sandbox.rules.token_life = 0.0
    assert await delivery.show(address, messages.progress(SPEC, 1, 2, 4, 1, 1, preview=False))
    assert "50 %" in handle.now.text
    receipt = await delivery.deliver(address, build_for(1), files, nonce="job-1")
    assert receipt.outcome is Outcome.DELIVERED
    assert handle.now.file("atelier-5.png") is not None
    assert any("/channels/" in request.path and request.method == "PATCH" for request in sandbox.requests)
    assert sandbox.invalid_requests == 1, "a refused token is not tried again"


async def test_a_token_known_to_be_dead_is_not_tried(sandbox: Sandbox, client: Asker, files: ResultFiles) -> None:
    delivery = Delivery(client, clock=lambda: time.time() + 890)
    _, address = await asked(sandbox, client)
    assert (await delivery.deliver(address, build_for(1), files, nonce="n")).outcome is Outcome.DELIVERED
    assert sandbox.invalid_requests == 0
    assert not any(request.method == "PATCH" and "/webhooks/" in request.path for request in sandbox.requests)


@pytest.mark.parametrize("case", ["foreign guild", "no access", "message deleted"])
async def test_the_last_way_is_a_direct_message(
    sandbox: Sandbox, client: Asker, delivery: Delivery, files: ResultFiles, case: str
) -> None:
    person = sandbox.person("traveller", installed=True)
    channel = sandbox.foreign_guild() if case == "foreign guild" else sandbox.channel
    handle, address = await asked(sandbox, client, channel, person)
    if case == "no access":
        sandbox.channel.permissions = Permission(0)
    if case == "message deleted":
        sandbox.world.delete(handle.message)  # type: ignore[arg-type]
    else:
        sandbox.rules.token_life = 0.0
    receipt = await delivery.deliver(address, build_for(person.id), files, nonce="job-1")
    assert receipt.outcome is Outcome.DELIVERED
    (sent,) = sandbox.messages(sandbox.dm(person))
    assert receipt.message_id == sent.id
    assert "I send it here" in sent.now.text and sent.now.file("atelier-5.png") is not None
    again = await delivery.deliver(address, build_for(person.id), files, nonce="job-1")
    assert again.message_id == sent.id, "the nonce keeps it single"


async def test_progress_never_goes_by_direct_message_and_gives_up_for_good(
    sandbox: Sandbox, client: Asker, delivery: Delivery
) -> None:
    person = sandbox.person("traveller", installed=True)
    _, address = await asked(sandbox, client, sandbox.foreign_guild(), person)
    sandbox.rules.token_life = 0.0
    payload = messages.progress(SPEC, 1, 2, 4, 1, 1, preview=False)
    assert not await delivery.show(address, payload)
    before = len(sandbox.requests)
    assert not await delivery.show(address, payload)
    assert len(sandbox.requests) == before
    assert sandbox.messages(sandbox.dm(person)) == []


async def test_a_person_without_any_way_is_given_up(
    sandbox: Sandbox, client: Asker, delivery: Delivery, files: ResultFiles
) -> None:
    person = sandbox.person("hermit", installed=True, accepts_dms=False)
    _, address = await asked(sandbox, client, sandbox.foreign_guild(), person)
    sandbox.rules.token_life = 0.0
    assert (await delivery.deliver(address, build_for(1), files, nonce="n")).outcome is Outcome.UNREACHABLE


async def test_what_is_too_large_is_shrunk_until_it_fits(
    sandbox: Sandbox, client: Asker, delivery: Delivery, files: ResultFiles
) -> None:
    sandbox.rules.upload_limit = 100 * KIB  # and the interaction says 10 MiB
    handle, address = await asked(sandbox, client)
    receipt = await delivery.deliver(address, build_for(1), files, nonce="n")
    assert receipt.outcome is Outcome.DELIVERED
    (picture,) = [each for each in handle.now.attachments if each.filename.endswith(".webp")]
    assert len(picture.data) <= 100 * KIB
    assert handle.now.embeds[0]["image"]["url"].count("atelier-5.webp")
    assert str(PICTURE_SHRUNK).rstrip(".") in handle.now.text


async def test_the_film_gives_way_before_the_picture(files: ResultFiles) -> None:
    picture, film = files.image.stat().st_size, files.films[0].stat().st_size
    assert film > picture > 150 * KIB, "the fixture is meant to be like that"
    whole = await fit(files, film)
    assert whole.notes == () and [len(each.data) for each in whole.uploads] == [picture, film]
    smaller = await fit(files, picture)
    assert smaller.notes == (FILM_SHRUNK,)
    assert len(smaller.uploads[0].data) == picture and len(smaller.uploads[1].data) <= picture
    least = await fit(files, 20 * KIB)
    assert least.notes == (PICTURE_SHRUNK, FILM_DROPPED) and len(least.uploads) == 1


async def test_too_large_whatever_is_tried_still_tells_the_person(
    sandbox: Sandbox, client: Asker, delivery: Delivery, files: ResultFiles
) -> None:
    sandbox.rules.upload_limit = 100
    handle, address = await asked(sandbox, client)
    receipt = await delivery.deliver(address, build_for(1), files, nonce="n")
    assert receipt.outcome is Outcome.DELIVERED
    assert handle.now.attachments == () and "too large to send" in handle.now.text


@pytest.mark.parametrize("fault", ["drop", "drop the answer", "502", "429", "429 of a proxy"])
async def test_temporary_failures_are_retried(
    sandbox: Sandbox, client: Asker, delivery: Delivery, files: ResultFiles, fault: str
) -> None:
    handle, address = await asked(sandbox, client)
    pattern = "PATCH /webhooks/*"
    match fault:
        case "drop":
            sandbox.faults.drop(pattern, 2)
        case "drop the answer":
            sandbox.faults.drop(pattern, after=True)
        case "502":
            sandbox.faults.fail(pattern, status=502)
        case "429":
            sandbox.faults.limit(pattern, 2)
        case "429 of a proxy":
            sandbox.faults.limit(pattern, 2, via=False)
    receipt = await delivery.deliver(address, build_for(1), files, nonce="n")
    assert receipt.outcome is Outcome.DELIVERED and receipt.message_id == handle.message.id  # type: ignore[union-attr]
    picture = handle.now.file("atelier-5.png")
    assert picture is not None and picture.data == files.image.read_bytes(), "files are whole after a retry"
    assert sandbox.messages(sandbox.dm(sandbox.person("alice"))) == []


async def test_a_long_outage_puts_the_delivery_off(sandbox: Sandbox, client: Asker, files: ResultFiles) -> None:
    delivery = Delivery(client, attempts=2, patience=5)
    handle, address = await asked(sandbox, client)
    sandbox.faults.drop("*", 100)
    assert (await delivery.deliver(address, build_for(1), files, nonce="n")).outcome is Outcome.LATER
    sandbox.faults.pending.clear()
    assert (await delivery.deliver(address, build_for(1), files, nonce="n")).outcome is Outcome.DELIVERED
    assert handle.now.file("atelier-5.png") is not None


async def test_a_progress_edit_is_tried_once(sandbox: Sandbox, client: Asker, delivery: Delivery) -> None:
    _, address = await asked(sandbox, client)
    sandbox.faults.drop("PATCH *")
    before = len(sandbox.requests)
    assert not await delivery.show(address, messages.progress(SPEC, 1, 2, 4, 1, 1, preview=False))
    assert len(sandbox.requests) - before <= 1


async def test_a_missing_file_is_mentioned_in_the_message(
    sandbox: Sandbox, client: Asker, delivery: Delivery, tmp_path: Path
) -> None:
    handle, address = await asked(sandbox, client)
    gone = ResultFiles("atelier-5", tmp_path / "gone.png", (tmp_path / "gone.mp4",))
    assert (await delivery.deliver(address, build_for(1), gone, nonce="n")).outcome is Outcome.DELIVERED
    assert str(FILE_GONE).rstrip(".") in handle.now.text and handle.now.attachments == ()


def test_uploads_are_fresh_files_every_time() -> None:
    from bot.ui.uploads import Upload, files_of

    upload = Upload("a.png", b"abc")
    first, second = files_of((upload,)), files_of((upload,))
    assert isinstance(first[0].fp, io.BytesIO) and first[0].fp is not second[0].fp
