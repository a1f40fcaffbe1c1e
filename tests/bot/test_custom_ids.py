"""Buttons, menus and forms that were ever posted still work."""

from __future__ import annotations

import asyncio
from typing import Any

import discord
import pytest

from bot.features import FEATURES
from bot.loopback import Sandbox
from bot.ui.forms import FORMS
from bot.ui.items import ITEMS
from tests.bot.conftest import StartBot, eventually
from tests.bot.features.actions import paint

# One of each kind as it was posted before paths were introduced, the values that it had, and the class it was of.
ITEMS_BEFORE = {
    "atelier:cancel:12": ("CancelButton", {"job": 12}),
    "atelier:again:12": ("AgainButton", {"picture": 12}),
    "atelier:again:12:3": ("AgainButton", {"picture": 12, "number": 3}),
    "atelier:vary:12:3": ("VaryButton", {"picture": 12, "number": 3}),
    "atelier:rework:12": ("EditButton", {"picture": 12}),
    "atelier:continue:12": ("ContinueButton", {"picture": 12}),
    "atelier:double:12": ("DoubleButton", {"picture": 12}),
    "atelier:quadruple:12:9": ("QuadrupleButton", {"picture": 12, "number": 9}),
    "atelier:film:12": ("FilmButton", {"picture": 12}),
    "atelier:favourite:12": ("FavouriteButton", {"picture": 12}),
    "atelier:share:12": ("ShareButton", {"picture": 12}),
    "atelier:settings:12": ("SettingsButton", {"picture": 12}),
    "atelier:family:12": ("LineageButton", {"picture": 12}),
    "atelier:delete:12": ("DeleteButton", {"picture": 12}),
    "atelier:hide:12": ("HideButton", {"picture": 12}),
    "atelier:publish:12": ("PublishButton", {"picture": 12}),
    "atelier:pick:12:4": ("PickMenu", {"picture": 12, "number": 4}),
    "atelier:edit:123456789012345": ("ChangeButton", {"draft": 123456789012345}),
    "atelier:page::new:::": ("TurnButton", None),
    "atelier:page:81:top:pixel:n2.5-14:a red: apple": ("TurnButton", None),
    "atelier:zip:81:liked::p-7:": ("ArchiveButton", None),
    "atelier:open": ("OpenMenu", {}),
    "atelier:prompts:week:n3-5:sketch:sea": ("PageButton", None),
    "atelier:paint-prompt:7": ("PaintPromptButton", {"prompt": 7}),
    "atelier:paint-seen:a red cat": ("PaintSeenButton", {"prompt": "a red cat"}),
    "atelier:save-prompt:7": ("SavePromptButton", {"prompt": 7}),
    "atelier:drop-prompt:7": ("DropPromptButton", {"prompt": 7}),
    "atelier:unshare-prompt:7": ("UnsharePromptButton", {"prompt": 7}),
    "atelier:enter:5": ("EnterButton", {"challenge": 5}),
    "atelier:entries:5:0": ("EntryPageButton", {"challenge": 5, "place": 0}),
    "atelier:vote:5:9:1": ("VoteButton", None),
    "atelier:verdict:3:delete": ("VerdictButton", {"report": 3, "verdict": "delete"}),
    "atelier:guild:largest_quality": ("GuildMenu", {"field": "largest_quality"}),
    "atelier:preference:notify": ("PreferenceMenu", {"field": "notify"}),
    "atelier:privacy:export": ("ExportButton", {}),
    "atelier:privacy:ask": ("AskButton", {}),
    "atelier:privacy:erase": ("EraseButton", {}),
    "atelier:privacy:keep": ("KeepButton", {}),
    "atelier:example:2": ("ExampleButton", {"number": 2}),
}
FORMS_BEFORE = {
    "atelier:form:123456789012345": ("ArtForm", {"draft": 123456789012345}),
    "atelier:reworked:12:0": ("EditForm", {"picture": 12, "number": 0}),
    "atelier:paint-from:picture:12": ("PaintFromForm", {"kind": "picture", "target": 12}),
    "atelier:paint-from:draft:77": ("PaintFromForm", {"kind": "draft", "target": 77}),
    "atelier:report:12": ("ReportForm", {"picture": 12}),
    "atelier:guild-limits": ("LimitsForm", {}),
}


@pytest.mark.parametrize("custom_id", ITEMS_BEFORE)
def test_an_item_that_was_posted_is_still_found(custom_id: str) -> None:
    assert FEATURES
    name, values = ITEMS_BEFORE[custom_id]
    (found,) = [item for item in ITEMS if item.path.pattern.fullmatch(custom_id)]
    assert found.__name__ == name
    assert values is None or found.path.read(custom_id) == values


@pytest.mark.parametrize("custom_id", FORMS_BEFORE)
def test_a_form_that_was_open_is_still_found(custom_id: str) -> None:
    name, values = FORMS_BEFORE[custom_id]
    (found,) = [form for form in FORMS if form.path.read(custom_id) is not None]
    assert (found.__name__, found.path.read(custom_id)) == (name, values)


def test_every_item_and_form_is_in_the_list() -> None:
    listed = {name for name, _values in (*ITEMS_BEFORE.values(), *FORMS_BEFORE.values())}
    assert {each.__name__ for each in (*ITEMS, *FORMS) if each.__module__.startswith("bot.")} == listed


CHOICES = {"PickMenu": "1", "OpenMenu": "1", "GuildMenu": "best", "PreferenceMenu": "mention"}


async def test_items_that_were_posted_before_are_pressed(
    sandbox: Sandbox, start_bot: StartBot, caplog: pytest.LogCaptureFixture
) -> None:
    """Each is answered by its feature, and none with the sentence for what nobody expected."""
    async with start_bot(ATELIER_JOBS_PER_PERSON=100) as client:
        await paint(sandbox)
        channel = client.get_partial_messageable(sandbox.channel.id)
        for custom_id, (name, _values) in ITEMS_BEFORE.items():
            known = custom_id.replace(":12", ":1")
            await channel.send("as it was", view=view_with(known, CHOICES.get(name)))
            posted, alice = sandbox.messages(sandbox.channel)[-1], sandbox.person("alice", moderator=True)
            if name in CHOICES:
                pressed = await sandbox.choose(alice, posted, known, CHOICES[name])
            else:
                pressed = await sandbox.press(alice, posted, known)
            await pressed.answer()
        await eventually(nothing_is_being_answered)
    assert [record.getMessage() for record in caplog.records if "unexpected failure" in record.getMessage()] == []


async def test_forms_that_were_open_before_are_answered(
    sandbox: Sandbox, start_bot: StartBot, caplog: pytest.LogCaptureFixture
) -> None:
    """Each is answered by its feature after a restart, though it comes back with the fields of another form."""
    alice = sandbox.person("alice", moderator=True, manager=True)
    async with start_bot():
        await paint(sandbox)
        command = {"prompt": "a sea", "advanced": True}
        opened = await (await sandbox.type_command(alice, sandbox.channel, "art", command)).answer()
    async with start_bot():
        # The form of the limits changes the message it was opened under: tests/bot/features/moderation sends that one.
        for custom_id in FORMS_BEFORE.keys() - {"atelier:guild-limits"}:
            assert opened.interaction.modal is not None
            opened.interaction.modal["custom_id"] = custom_id.replace(":12", ":1")
            answered = await (await sandbox.submit(alice, opened, {})).answer()
            assert answered.message is not None or answered.followups, custom_id
        await eventually(nothing_is_being_answered)
    assert [record.getMessage() for record in caplog.records if "unexpected failure" in record.getMessage()] == []


def nothing_is_being_answered() -> bool:
    """Whether every press and form is through: discord.py handles each in a task of its own."""
    names = [task.get_name() for task in asyncio.all_tasks()]
    return not any(name.startswith(("discord-ui-dynamic-item", "discord.py: on_interaction")) for name in names)


def view_with(custom_id: str, choice: str | None) -> discord.ui.View:
    """A view of one item that discord.py does not remember, as after a restart."""
    view = discord.ui.View(timeout=None)
    if choice is None:
        view.add_item(discord.ui.Button[Any](label="as it was", custom_id=custom_id))
    else:
        view.add_item(discord.ui.Select[Any](custom_id=custom_id, options=[discord.SelectOption(label=choice)]))
    view.stop()
    return view
