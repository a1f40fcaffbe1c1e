"""The loopback Discord with a discord.py client, over real sockets."""

from __future__ import annotations

import asyncio

import aiohttp
import discord
import pytest

from bot.loopback import Allowance, CommandRefused, NoAnswer, Permission, Rules, Sandbox, Upload
from tests.bot.loopback.client import Painter, connected, file, pointed_at


async def test_login_registers_commands_and_finds_the_guild(sandbox: Sandbox) -> None:
    async with connected(sandbox) as client:
        assert client.user is not None and client.user.name == "atelier"
        assert [guild.name for guild in client.guilds] == ["Atelier guests"]
        assert [channel.name for channel in client.guilds[0].text_channels] == ["pictures"]
        assert client.guilds[0].me.id == client.user.id
        (command,) = await client.tree.fetch_commands()
        assert [option.name for option in command.options] == ["prompt", "quality", "start_image"]
        await sandbox.until_ready(1)


async def test_a_wrong_token_is_refused_everywhere(sandbox: Sandbox) -> None:
    sandbox.rules.token = "another"
    client = Painter()
    with pointed_at(sandbox.url):
        async with client:
            with pytest.raises(discord.LoginFailure):
                await client.login("sandbox-token")
    assert (sandbox.requests[0].status, sandbox.requests[0].code) == (401, 0)


async def test_deferred_answer_is_edited_with_pictures(sandbox: Sandbox) -> None:
    async with connected(sandbox) as client:

        async def answer(interaction: discord.Interaction) -> None:
            response = await interaction.response.defer(thinking=True)
            assert response is not None and response.message_id is not None
            for step in (1, 2):
                await interaction.edit_original_response(
                    content=f"{step}/2",
                    attachments=[file("progress.webp")],
                    allowed_mentions=discord.AllowedMentions.none(),
                )
            message = await interaction.edit_original_response(attachments=[file("a.png"), file("a.mp4")])
            assert [each.filename for each in message.attachments] == ["a.png", "a.mp4"]
            assert (await message.attachments[0].read()) == b"x" * 100
            await interaction.edit_original_response(content="done", attachments=[message.attachments[0]])

        client.answer = answer
        alice = sandbox.person("alice")
        typed = {"prompt": "a red apple", "quality": "Best"}
        handle = await sandbox.type_command(alice, sandbox.channel, "paint", typed)
        done = await handle.until(lambda m: m.content == "done", 5)
        assert client.errors == []
        assert [each.loading for each in handle.history] == [True, False, False, False, False]
        assert [each.content for each in handle.history] == ["", "1/2", "2/2", "2/2", "done"]
        assert [each.filename for each in done.attachments] == ["a.png"]
        assert client.seen[0].extras["options"][:2] == ("a red apple", "best")
        assert client.seen[0].user.id == alice.id
        assert client.seen[0].filesize_limit == 10 * 2**20


async def test_an_attachment_reaches_the_bot(sandbox: Sandbox) -> None:
    async with connected(sandbox) as client:
        got: list[bytes] = []

        async def answer(interaction: discord.Interaction) -> None:
            got.append(await interaction.namespace.start_image.read())
            await interaction.response.send_message("thanks", ephemeral=True)

        client.answer = answer
        handle = await sandbox.type_command(
            sandbox.person("alice"),
            sandbox.channel,
            "paint",
            {"prompt": "x"},
            {"start_image": Upload("cat.png", b"\x89PNG not really")},
        )
        await handle.until(lambda m: m.content == "thanks")
        assert got == [b"\x89PNG not really"]
        assert handle.message is not None and handle.message.only_for is sandbox.person("alice")


async def test_an_expired_token_is_50027_and_the_bot_token_still_works(sandbox: Sandbox) -> None:
    sandbox.rules.token_life = 0.3
    async with connected(sandbox) as client:

        async def answer(interaction: discord.Interaction) -> None:
            response = await interaction.response.defer(thinking=True)
            await asyncio.sleep(0.4)
            assert response is not None and isinstance(interaction.channel, discord.TextChannel)
            with pytest.raises(discord.HTTPException) as refusal:
                await interaction.edit_original_response(content="late")
            assert (refusal.value.status, refusal.value.code) == (401, 50027)
            await interaction.channel.get_partial_message(response.message_id).edit(content="with the bot token")

        client.answer = answer
        handle = await sandbox.type_command(sandbox.person("alice"), sandbox.channel, "paint", {"prompt": "x"})
        await handle.until(lambda m: m.content == "with the bot token", 5)
        assert client.errors == []


async def test_an_answer_is_given_once_and_in_time(bare_sandbox: Sandbox) -> None:
    sandbox = bare_sandbox
    sandbox.rules.answer_within = 0.3
    async with connected(sandbox) as client:

        async def twice(interaction: discord.Interaction) -> None:
            await interaction.response.send_message("first")
            again = discord.InteractionResponse(interaction)
            with pytest.raises(discord.HTTPException) as refusal:
                await again.send_message("second")
            assert (refusal.value.status, refusal.value.code) == (400, 40060)

        async def late(interaction: discord.Interaction) -> None:
            await asyncio.sleep(0.5)
            with pytest.raises(discord.NotFound) as refusal:
                await interaction.response.send_message("too late")
            assert refusal.value.code == 10062

        client.answer = twice
        handle = await sandbox.type_command(sandbox.person("alice"), sandbox.channel, "paint", {"prompt": "x"})
        await handle.answer()
        client.answer = late
        slow = await sandbox.type_command(sandbox.person("alice"), sandbox.channel, "paint", {"prompt": "x"})
        with pytest.raises(NoAnswer, match="did not respond"):
            await slow.answer()
        await sandbox.until(lambda: sandbox.requests[-1].code == 10062, 3)
        assert client.errors == []


async def test_files_over_the_limit_are_refused(sandbox: Sandbox) -> None:
    sandbox.rules.upload_limit = 1000
    sandbox.rules.request_limit = 2500
    async with connected(sandbox) as client:

        async def answer(interaction: discord.Interaction) -> None:
            await interaction.response.defer(thinking=True)
            for files in ([file("a.png", 1001)], [file("a.png", 900), file("b.png", 900), file("c.png", 900)]):
                with pytest.raises(discord.HTTPException) as refusal:
                    await interaction.edit_original_response(attachments=files)
                assert (refusal.value.status, refusal.value.code) == (413, 40005)
            await interaction.edit_original_response(attachments=[file("a.png", 1000)])

        client.answer = answer
        handle = await sandbox.type_command(sandbox.person("alice"), sandbox.channel, "paint", {"prompt": "x"})
        await handle.until(lambda m: m.file("a.png") is not None, 5)
        assert client.errors == []


async def test_rate_limits_delay_requests_and_lose_none(sandbox: Sandbox) -> None:
    sandbox.rules.messages = Allowance(3, 0.5)
    async with connected(sandbox) as client:

        async def answer(interaction: discord.Interaction) -> None:
            await interaction.response.defer(thinking=True)
            for step in range(7):
                await interaction.edit_original_response(content=str(step))

        client.answer = answer
        handle = await sandbox.type_command(sandbox.person("alice"), sandbox.channel, "paint", {"prompt": "x"})
        await handle.until(lambda m: m.content == "6", 10)
        assert [each.content for each in handle.history[1:]] == [str(step) for step in range(7)]
        times = [each.time for each in handle.history[1:]]
        assert times[3] - times[0] > 0.35  # the fourth edit waited for the bucket
        channel = client.get_channel(sandbox.channel.id)
        assert isinstance(channel, discord.TextChannel)
        await asyncio.gather(*(channel.send(str(number)) for number in range(7)))
        sent = [each.now.content for each in sandbox.messages(sandbox.channel)[1:]]
        assert sorted(sent) == [str(number) for number in range(7)]


async def test_a_429_is_retried_only_with_via(bare_sandbox: Sandbox) -> None:
    sandbox = bare_sandbox
    async with connected(sandbox) as client:
        channel = client.get_channel(sandbox.channel.id)
        assert isinstance(channel, discord.TextChannel)
        sandbox.faults.limit("POST /channels/*", 2, retry_after=0.1)
        await channel.send("third time lucky")
        assert [each.status for each in sandbox.requests[-3:]] == [429, 429, 200]
        sandbox.faults.limit("POST /channels/*", via=False)
        with pytest.raises(discord.HTTPException) as refusal:
            await channel.send("banned")
        assert refusal.value.status == 429


async def test_a_dropped_socket_resumes_and_no_event_is_lost(sandbox: Sandbox) -> None:
    async with connected(sandbox) as client:

        async def answer(interaction: discord.Interaction) -> None:
            await interaction.response.send_message("here")

        client.answer = answer
        alice = sandbox.person("alice")
        sandbox.gateway.drop()
        await sandbox.until(lambda: not sandbox.gateway.ready, 5)
        handles = [
            await sandbox.type_command(alice, sandbox.channel, "paint", {"prompt": str(number)}) for number in range(3)
        ]
        for handle in handles:
            await handle.until(lambda m: m.content == "here", 10)
        assert (sandbox.gateway.identified, sandbox.gateway.resumed) == (1, 1)
        assert [each.namespace.prompt for each in client.seen] == ["0", "1", "2"]


async def test_reconnect_resumes_and_an_invalid_session_identifies_again(sandbox: Sandbox) -> None:
    async with connected(sandbox):
        await sandbox.gateway.reconnect()
        await sandbox.until(lambda: sandbox.gateway.resumed == 1, 10)
        assert sandbox.gateway.identified == 1
        await sandbox.gateway.invalidate()
        await sandbox.until(lambda: sandbox.gateway.identified == 2, 10)


async def test_a_refused_intent_closes_with_4014(sandbox: Sandbox) -> None:
    intents = discord.Intents(guilds=True, message_content=True)
    with pytest.raises(discord.PrivilegedIntentsRequired):
        async with connected(sandbox, Painter(intents)):
            pass


async def test_direct_messages_can_be_refused(sandbox: Sandbox) -> None:
    alice, bob = sandbox.person("alice"), sandbox.person("bob", accepts_dms=False)
    async with connected(sandbox) as client:
        await (await client.fetch_user(alice.id)).send("for you")
        assert [each.now.content for each in sandbox.messages(sandbox.dm(alice))] == ["for you"]
        with pytest.raises(discord.Forbidden) as refusal:
            await (await client.fetch_user(bob.id)).send("for you")
        assert refusal.value.code == 50007


async def test_permissions_of_the_bot_in_a_channel(sandbox: Sandbox) -> None:
    hidden = sandbox.add_channel("hidden", permissions=Permission(0))
    mute = sandbox.add_channel("mute", permissions=Permission.VIEW_CHANNEL)
    async with connected(sandbox) as client:
        for channel, code in ((hidden, 50001), (mute, 50013)):
            with pytest.raises(discord.Forbidden) as refusal:
                await client.get_partial_messageable(channel.id).send("hello")
            assert refusal.value.code == code


async def test_an_account_install_works_in_a_foreign_guild_but_only_with_the_token(bare_sandbox: Sandbox) -> None:
    sandbox = bare_sandbox
    elsewhere, alice = sandbox.foreign_guild(), sandbox.person("alice", installed=True)
    async with connected(sandbox) as client:

        async def answer(interaction: discord.Interaction) -> None:
            assert not interaction.is_guild_integration() and interaction.is_user_integration()
            response = await interaction.response.defer(thinking=True)
            await interaction.edit_original_response(content="with the interaction's token")
            assert response is not None and interaction.channel_id is not None
            partial = client.get_partial_messageable(interaction.channel_id).get_partial_message(response.message_id)
            with pytest.raises(discord.Forbidden) as refusal:
                await partial.edit(content="with the bot's")
            assert refusal.value.code == 50001
            for _ in range(5):
                await interaction.followup.send("more")
            with pytest.raises(discord.HTTPException) as refusal:
                await interaction.followup.send("too many")
            assert refusal.value.code == 40094

        client.answer = answer
        sandbox.rules.messages = Allowance(50, 1)
        handle = await sandbox.type_command(alice, elsewhere, "paint", {"prompt": "x"})
        await sandbox.until(lambda: len(handle.followups) == 5, 10)
        with pytest.raises(CommandRefused, match="not available here"):
            await sandbox.type_command(sandbox.person("bob"), elsewhere, "paint", {"prompt": "x"})


async def test_direct_messages_and_private_channels_parse(sandbox: Sandbox) -> None:
    alice, bob = sandbox.person("alice", installed=True), sandbox.person("bob")
    async with connected(sandbox) as client:

        async def answer(interaction: discord.Interaction) -> None:
            context = interaction.context
            await interaction.response.send_message(f"{context.dm_channel} {context.private_channel}")

        client.answer = answer
        direct = await sandbox.type_command(alice, sandbox.dm(alice), "paint", {"prompt": "x"})
        private = await sandbox.type_command(alice, sandbox.private_channel(alice, bob), "paint", {"prompt": "x"})
        await direct.until(lambda m: m.content == "True False")
        await private.until(lambda m: m.content == "False True")


async def test_buttons_and_forms(sandbox: Sandbox) -> None:
    async with connected(sandbox) as client:

        class Edit(discord.ui.Modal, title="Edit the prompt"):
            prompt: discord.ui.TextInput[Edit] = discord.ui.TextInput(label="Prompt", custom_id="prompt")

            async def on_submit(self, interaction: discord.Interaction) -> None:
                await interaction.response.send_message(f"form says {self.prompt.value}")

        async def answer(interaction: discord.Interaction) -> None:
            if interaction.type is discord.InteractionType.application_command:
                view = discord.ui.View(timeout=None)
                view.add_item(discord.ui.Button(label="Again", custom_id="test:again:1"))
                view.add_item(discord.ui.Button(label="Form", custom_id="test:form:1"))
                view.add_item(discord.ui.Button(label="Grey", custom_id="test:grey:1", disabled=True))
                await interaction.response.send_message("result", view=view)
            elif interaction.type is discord.InteractionType.component:
                assert interaction.message is not None and interaction.message.content == "result"
                assert interaction.data is not None
                if interaction.data.get("custom_id") == "test:again:1":
                    await interaction.response.edit_message(content="result, again", view=None)
                else:
                    await interaction.response.send_modal(Edit())

        client.answer = answer
        alice = sandbox.person("alice")
        handle = await sandbox.type_command(alice, sandbox.channel, "paint", {"prompt": "x"})
        await handle.until(lambda m: m.button("again") is not None)
        with pytest.raises(CommandRefused, match="greyed out"):
            await sandbox.press(alice, handle, "Grey")
        with pytest.raises(CommandRefused, match="there are: Again, Form, Grey"):
            await sandbox.press(alice, handle, "nothing")
        opened = await (await sandbox.press(alice, handle, "test:form:1")).answer()
        sent = await sandbox.submit(alice, opened, {"prompt": "a blue fish"})
        await sent.until(lambda m: m.content == "form says a blue fish", 5)
        await sandbox.press(alice, handle, "again")
        await handle.until(lambda m: m.content == "result, again" and not m.buttons, 5)
        assert client.errors == []


async def test_connections_break_before_or_after_the_request_is_processed(sandbox: Sandbox) -> None:
    async with connected(sandbox) as client:
        channel = client.get_channel(sandbox.channel.id)
        assert isinstance(channel, discord.TextChannel)
        for after, made in ((False, 0), (True, 1)):
            sandbox.faults.drop("POST /channels/*", after=after)
            with pytest.raises((OSError, discord.HTTPException, aiohttp.ClientError)):
                await channel.send("hello")
            assert len(sandbox.messages(sandbox.channel)) == made
        sandbox.faults.slow("GET /users/@me", seconds=0.3)
        started = asyncio.get_running_loop().time()
        await client.http.request(discord.http.Route("GET", "/users/@me"))
        assert asyncio.get_running_loop().time() - started >= 0.3


async def test_a_server_error_is_retried(sandbox: Sandbox) -> None:
    async with connected(sandbox) as client:
        sandbox.faults.fail("POST /channels/*", status=502)
        await client.get_partial_messageable(sandbox.channel.id).send("hello")
        assert [each.status for each in sandbox.requests[-2:]] == [502, 200]
        assert sandbox.faults.pending == [] and len(sandbox.messages(sandbox.channel)) == 1


async def test_a_command_is_completed_while_it_is_typed(sandbox: Sandbox) -> None:
    async with connected(sandbox):
        alice, typed = sandbox.person("alice"), {"prompt": "a red apple"}
        proposed = await sandbox.complete(alice, sandbox.channel, "paint", typed, "prompt")
        assert proposed == [{"name": "a red apple on a table", "value": "a red apple on a table"}]
        with pytest.raises(CommandRefused, match="proposes nothing for quality"):
            await sandbox.complete(alice, sandbox.channel, "paint", {"quality": "d"}, "quality")


async def test_a_repeated_nonce_makes_one_message(sandbox: Sandbox) -> None:
    async with connected(sandbox) as client:
        channel = client.get_channel(sandbox.channel.id)
        assert isinstance(channel, discord.TextChannel)
        first, second = await channel.send("once", nonce="job-1"), await channel.send("once", nonce="job-1")
        assert first.id == second.id and len(sandbox.messages(sandbox.channel)) == 1


async def test_ephemeral_answers_are_beyond_the_bot_token(sandbox: Sandbox) -> None:
    async with connected(sandbox) as client:

        async def answer(interaction: discord.Interaction) -> None:
            response = await interaction.response.send_message("only you", ephemeral=True)
            assert interaction.channel_id is not None
            partial = client.get_partial_messageable(interaction.channel_id).get_partial_message(response.message_id)
            with pytest.raises(discord.NotFound) as refusal:
                await partial.edit(content="no")
            assert refusal.value.code == 10008
            assert (await interaction.original_response()).content == "only you"
            await interaction.edit_original_response(content="still only you")

        client.answer = answer
        handle = await sandbox.type_command(sandbox.person("alice"), sandbox.channel, "paint", {"prompt": "x"})
        await handle.until(lambda m: m.content == "still only you", 5)
        assert client.errors == []
        with pytest.raises(CommandRefused, match="no such message"):
            await sandbox.press(sandbox.person("bob"), handle, "any")


async def test_addresses_expire() -> None:
    async with await Sandbox.start(Rules(link_life=-1)) as sandbox, connected(sandbox) as client:
        channel = client.get_channel(sandbox.channel.id)
        assert isinstance(channel, discord.TextChannel)
        message = await channel.send(file=file("a.png"))
        with pytest.raises(discord.NotFound):
            await message.attachments[0].read()


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({}, "/paint needs prompt"),
        ({"prompt": "x" * 101}, "1 to 100 characters"),
        ({"prompt": "x", "quality": "superb"}, "quality must be one of draft, best"),
        ({"prompt": "x", "colour": "red"}, "no option colour; known are prompt, quality, start_image"),
    ],
)
async def test_what_cannot_be_typed(options: dict[str, str], sentence: str, sandbox: Sandbox) -> None:
    async with connected(sandbox):
        with pytest.raises(CommandRefused, match=sentence):
            await sandbox.type_command(sandbox.person("alice"), sandbox.channel, "paint", options)
        with pytest.raises(CommandRefused, match="no command /draw; known are /paint"):
            await sandbox.type_command(sandbox.person("alice"), sandbox.channel, "draw")
