"""Reactions to posted pictures act once, and only for people who may."""

from __future__ import annotations

from bot.loopback import Sandbox
from tests.bot.conftest import StartBot, eventually
from tests.bot.features.actions import paint, picture_of, share

STAR, CROSS, LETTER = "⭐", "❌", "✉️"


async def test_stars_count_once_a_person_and_lead_to_the_feed(sandbox: Sandbox, start_bot: StartBot) -> None:
    alice, bob, carol = (sandbox.person(name) for name in ("alice", "bob", "carol"))
    feed = sandbox.add_channel("feed")
    async with start_bot() as client:
        await client.guild_settings.change(sandbox.guild.id, feed_channel=feed.id, star_threshold=2)
        painted = await paint(sandbox, alice, "a lighthouse")
        picture = await picture_of(client, painted)
        assert painted.message is not None

        async def score() -> int:
            kept = await client.gallery.get(picture.id)
            assert kept is not None
            return kept.score

        async def is_scored(stars: int) -> None:
            async def reached() -> bool:
                return await score() == stars

            await eventually(reached)

        sandbox.react(alice, painted.message, STAR)  # owners can't star their own picture
        sandbox.react(bob, painted.message, STAR)
        await is_scored(1)
        assert sandbox.messages(feed) == []
        sandbox.react(carol, painted.message, STAR)
        await eventually(lambda: sandbox.messages(feed))
        (post,) = sandbox.messages(feed)
        assert "lighthouse" in post.now.text and post.now.file("*.png") and not post.now.buttons
        sandbox.react(carol, painted.message, STAR, on=False)
        await is_scored(1)
        sandbox.react(carol, painted.message, STAR)
        await is_scored(2)
        sandbox.react(bob, post, STAR)  # the same star under another message is the same star
        sandbox.react(sandbox.person("dave"), post, STAR)
        await is_scored(3)
        assert sandbox.messages(feed) == [post]


async def test_the_owner_deletes_everywhere_with_a_cross_and_others_do_not(
    sandbox: Sandbox, start_bot: StartBot
) -> None:
    alice, bob = sandbox.person("alice"), sandbox.person("bob")
    feed = sandbox.add_channel("feed")
    async with start_bot() as client:
        await client.guild_settings.change(sandbox.guild.id, feed_channel=feed.id)
        painted = await paint(sandbox, alice, "a lighthouse")
        picture = await picture_of(client, painted)
        await share(sandbox, alice, painted)
        (post,) = sandbox.messages(feed)
        sandbox.react(bob, post, CROSS)
        sandbox.react(bob, post, "🎈")
        sandbox.react(bob, post, STAR)  # processed after the others
        await eventually(lambda: client.gallery.get(picture.id))
        sandbox.react(alice, post, CROSS)
        await painted.until_deleted()
        await eventually(lambda: sandbox.messages(feed) == [])
        assert await client.gallery.get(picture.id) is None
        assert not client.files.path(picture.image).exists()
        assert (await client.prompts.page("new", sandbox.guild.id, bob.id)).items == ()


async def test_a_letter_sends_the_picture_as_a_direct_message_once(sandbox: Sandbox, start_bot: StartBot) -> None:
    alice, bob = sandbox.person("alice"), sandbox.person("bob")
    closed = sandbox.person("carol", accepts_dms=False)
    async with start_bot() as client:
        painted = await paint(sandbox, alice, "a lighthouse")
        assert painted.message is not None
        sandbox.react(closed, painted.message, LETTER)  # Discord refuses the message, which must not disturb the next
        sandbox.react(bob, painted.message, LETTER)
        sandbox.react(bob, painted.message, LETTER, on=False)
        sandbox.react(bob, painted.message, LETTER)
        await eventually(lambda: sandbox.messages(sandbox.dm(bob)))
        await picture_of(client, painted)
        (sent,) = sandbox.messages(sandbox.dm(bob))
        assert "lighthouse" in sent.now.text and f"<@{alice.id}>" in sent.now.text
        assert sent.now.file("*.png") and sent.now.mentions == ()
        assert sandbox.messages(sandbox.dm(closed)) == []


async def test_a_private_picture_never_leads_to_the_feed(sandbox: Sandbox, start_bot: StartBot) -> None:
    alice, bob = sandbox.person("alice"), sandbox.person("bob")
    feed = sandbox.add_channel("feed")
    async with start_bot() as client:
        await client.guild_settings.change(sandbox.guild.id, feed_channel=feed.id)
        secret, seen = await paint(sandbox, alice, "a secret"), await paint(sandbox, alice, "a hill")
        picture = await picture_of(client, secret)
        await client.gallery.set_public(picture.id, alice.id, False)
        assert secret.message is not None and seen.message is not None
        sandbox.react(bob, secret.message, STAR)
        sandbox.react(bob, seen.message, STAR)
        await eventually(lambda: sandbox.messages(feed))
        (post,) = sandbox.messages(feed)
        assert "hill" in post.now.text


async def test_reactions_to_other_messages_are_ignored(sandbox: Sandbox, start_bot: StartBot) -> None:
    alice = sandbox.person("alice")
    async with start_bot() as client:
        said = await client.get_partial_messageable(sandbox.channel.id).send("hello")
        for emoji in (STAR, CROSS, LETTER):
            sandbox.react(alice, sandbox.world.messages[said.id], emoji)
        painted = await paint(sandbox, alice, "a hill")  # the bot still works
        assert painted.now.file("*.png")
        assert sandbox.messages(sandbox.dm(alice)) == []
