"""/prompts and sharing: prompts are found, painted, saved, and posted to the feed once."""

from __future__ import annotations

import dataclasses

import discord
from hypothesis import given
from hypothesis import strategies as st

from bot.features.prompts.page import ON_A_PAGE, page_view
from bot.features.prompts.query import KINDS, LONGEST_CURSOR, LONGEST_SEARCH, PAGE, PromptQuery
from bot.loopback import Sandbox
from bot.text.buttons import LONGEST_CUSTOM_ID
from bot.text.language import speaking
from engine.spec.artspec import STYLES, ArtSpec
from storage.pages import Page
from storage.prompts import SharedPrompt
from tests.bot.conftest import StartBot
from tests.bot.fake_painter import FakePainter
from tests.bot.features.actions import paint, picture_of, share


@given(
    st.sampled_from(KINDS),
    st.none() | st.from_regex(r"\A[np][0-9.]{1,29}\Z"),
    st.none() | st.sampled_from(STYLES),
    st.text(max_size=LONGEST_SEARCH),
)
def test_a_page_is_found_again_by_its_custom_id(kind: str, after: str | None, style: str | None, search: str) -> None:
    query = PromptQuery(kind, after, style, search)  # type: ignore[arg-type]
    values = PAGE.read(PAGE.custom_id(**query.values()))
    assert values is not None and PromptQuery.of(values) == query


def test_the_longest_custom_id_is_short_enough_for_discord() -> None:
    query = PromptQuery("saved", "n" * LONGEST_CURSOR, "s" * 32, "x" * LONGEST_SEARCH)
    custom_id = PAGE.custom_id(**query.values())
    assert len(custom_id) <= LONGEST_CUSTOM_ID
    values = PAGE.read(custom_id)
    assert values is not None
    found = PromptQuery.of(values)
    assert found.search and query.search.startswith(found.search)
    assert found == dataclasses.replace(query, search=found.search)


def test_the_fullest_page_fits_into_a_message() -> None:
    hostile = [SharedPrompt(n, n, 1, 2, "@" * 1000, "painting", 9, 0.0, "{}", "x", 0) for n in range(ON_A_PAGE)]
    query = PromptQuery("ever", "n1.1", "painting", "@" * LONGEST_SEARCH)
    page = Page(tuple(hostile), "p" + "9" * 20, "n" + "9" * 20)
    with speaking("de"):
        view = page_view(query, page, {each.id: b"" for each in hostile}, 5)
    assert view.total_children_count <= 40
    texts = [item.content for item in view.walk_children() if isinstance(item, discord.ui.TextDisplay)]
    assert len(texts) == 1 + ON_A_PAGE and sum(map(len, texts)) <= 4000


async def test_a_shared_prompt_is_found_painted_and_credited(sandbox: Sandbox, start_bot: StartBot) -> None:
    alice, bob = sandbox.person("alice"), sandbox.person("bob")
    async with start_bot() as client:
        painted = await paint(sandbox, alice, "a *lighthouse* <@1> [x](https://evil)", seed="7")
        original = await picture_of(client, painted)
        assert "everybody here finds it" in (await share(sandbox, alice, painted)).now.text
        page = await (await sandbox.type_command(bob, sandbox.channel, "prompts")).answer()
        assert page.message is not None and page.message.only_for is bob
        assert r"\*lighthouse\*" in page.now.text and f"<@{alice.id}>" in page.now.text
        assert page.now.mentions == () and "](https://evil" not in page.now.text
        assert page.now.file("prompt-*.webp") is not None

        pressed = await sandbox.press(bob, page, "paint-prompt")
        await pressed.until(lambda now: now.file("*.png"))
        remix = await picture_of(client, pressed)
        assert (remix.parent_id, remix.origin, remix.person_id) == (original.id, "remix", bob.id)
        assert remix.seed != 7 and ArtSpec.from_json(remix.spec).prompt == original.prompt
        assert pressed.message is not None and pressed.message.only_for is None
        assert f"Made from: [#{original.id}](" in pressed.now.text and f") by <@{alice.id}>" in pressed.now.text
        (shared,) = (await client.prompts.page("ever", sandbox.guild.id, bob.id)).items
        assert shared.uses == 1


async def test_what_is_refused_does_not_count_as_painted(sandbox: Sandbox, start_bot: StartBot) -> None:
    alice = sandbox.person("alice")
    painter = FakePainter()
    async with start_bot(painter, ATELIER_JOBS_IN_ALL=1) as client:
        await share(sandbox, alice, await paint(sandbox, alice, "a lighthouse"))
        page = await (await sandbox.type_command(alice, sandbox.channel, "prompts")).answer()
        painter.unblocked.clear()
        waiting = await sandbox.type_command(alice, sandbox.channel, "art", {"prompt": "a hill"})
        await waiting.until(lambda now: now.buttons)
        pressed = await (await sandbox.press(alice, page, "paint-prompt")).answer()
        assert "queue is full" in pressed.now.text
        (shared,) = (await client.prompts.page("ever", sandbox.guild.id, alice.id)).items
        assert shared.uses == 0
        painter.unblocked.set()


async def test_lists_pages_search_and_saving(sandbox: Sandbox, start_bot: StartBot) -> None:
    alice, bob = sandbox.person("alice"), sandbox.person("bob")
    async with start_bot() as client:
        for number in range(6):
            style = "pixel" if number == 5 else "image"
            await share(sandbox, alice, await paint(sandbox, alice, f"hill number {number}", style=style))
        page = await (await sandbox.type_command(bob, sandbox.channel, "prompts", {"search": "hill"})).answer()
        assert [f"number {each}" in page.now.text for each in range(6)] == [False, False, True, True, True, True]
        first = page.now
        await (await sandbox.press(bob, page, "More")).until(lambda now: "number 0" in now.text and now is not first)
        assert "number 5" not in page.now.text
        second = page.now
        await (await sandbox.press(bob, page, "Back")).until(lambda now: now not in (first, second))
        assert "number 5" in page.now.text
        saved = await (await sandbox.press(bob, page, "save-prompt")).answer()
        assert "on your list" in saved.now.text
        narrow = {"list": "saved"}
        mine = await (await sandbox.type_command(bob, sandbox.channel, "prompts", narrow)).answer()
        assert "number 5" in mine.now.text and "number 4" not in mine.now.text
        await (await sandbox.press(bob, mine, "drop-prompt")).answer()
        again = await (await sandbox.type_command(bob, sandbox.channel, "prompts", narrow)).answer()
        assert "saved no prompt yet" in again.now.text
        pixel = await (await sandbox.type_command(bob, sandbox.channel, "prompts", {"style": "pixel"})).answer()
        assert "number 5" in pixel.now.text and "number 4" not in pixel.now.text
        hostile = await (
            await sandbox.type_command(bob, sandbox.channel, "prompts", {"search": '" OR * NEAR(:'})
        ).answer()
        assert "Nothing here fits" in hostile.now.text
        own = await (await sandbox.type_command(alice, sandbox.channel, "prompts", {"list": "mine"})).answer()
        await (await sandbox.press(alice, own, "unshare-prompt")).answer()
        assert len((await client.prompts.page("new", sandbox.guild.id, bob.id)).items) == 5


async def test_the_buttons_of_a_page_work_after_a_restart(sandbox: Sandbox, start_bot: StartBot) -> None:
    alice = sandbox.person("alice")
    async with start_bot():
        await share(sandbox, alice, await paint(sandbox, alice, "a lighthouse"))
        page = await (await sandbox.type_command(alice, sandbox.channel, "prompts")).answer()
    async with start_bot() as client:
        before = page.now
        await (await sandbox.press(alice, page, "Top ever")).until(lambda now: now is not before)
        assert "## Top ever" in page.now.text and "lighthouse" in page.now.text
        pressed = await sandbox.press(alice, page, "paint-prompt")
        await pressed.until(lambda now: now.file("*.png"))
        assert (await picture_of(client, pressed)).parent_id == 1


async def test_a_shared_picture_is_posted_to_the_feed_once(sandbox: Sandbox, start_bot: StartBot) -> None:
    alice, bob = sandbox.person("alice"), sandbox.person("bob")
    feed = sandbox.add_channel("feed")
    async with start_bot() as client:
        await client.guild_settings.change(sandbox.guild.id, feed_channel=feed.id)
        painted = await paint(sandbox, alice, "a lighthouse")
        picture = await picture_of(client, painted)
        said = await share(sandbox, alice, painted)
        (post,) = sandbox.messages(feed)
        assert f"/{feed.id}/{post.id}" in said.now.text
        assert "lighthouse" in post.now.text and f"<@{alice.id}>" in post.now.text and post.now.file("*.png")
        assert post.now.mentions == ()
        assert await client.feed.by_message(post.id) == picture.id
        client.debounce.forget(alice.id, f"atelier:share:{picture.id}")  # as if some seconds had passed
        await share(sandbox, alice, painted)
        assert sandbox.messages(feed) == [post]
        stranger = await (await sandbox.press(bob, painted, "share")).answer()
        assert "Only the one who painted" in stranger.now.text
        await (await sandbox.press(bob, post, "paint-prompt")).until(lambda now: now.file("*.png"))


async def test_a_feed_the_bot_cannot_write_to_does_not_stop_sharing(sandbox: Sandbox, start_bot: StartBot) -> None:
    alice = sandbox.person("alice")
    async with start_bot() as client:
        await client.guild_settings.change(sandbox.guild.id, feed_channel=4711)
        said = await share(sandbox, alice, await paint(sandbox, alice, "a lighthouse"))
        assert "everybody here finds it" in said.now.text and "feed" not in said.now.text


async def test_sharing_in_direct_messages_says_where_it_goes(sandbox: Sandbox, start_bot: StartBot) -> None:
    alice, bob = sandbox.person("alice"), sandbox.person("bob")
    async with start_bot():
        painted = await paint(sandbox, alice, "a lighthouse", sandbox.dm(alice))
        assert "direct messages" in (await share(sandbox, alice, painted)).now.text
        page = await (await sandbox.type_command(bob, sandbox.dm(bob), "prompts")).answer()
        assert "lighthouse" in page.now.text
        server = await (await sandbox.type_command(bob, sandbox.channel, "prompts")).answer()
        assert "nothing here yet" in server.now.text
