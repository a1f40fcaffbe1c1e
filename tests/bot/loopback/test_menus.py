from __future__ import annotations

import pytest

from bot.loopback import CommandRefused, Sandbox
from bot.loopback.commands import MOST_MENUS, check_commands
from bot.loopback.refusals import Refusal


def test_five_entries_of_each_kind_and_no_more() -> None:
    menus = [{"type": kind, "name": f"Entry {number}"} for kind in (2, 3) for number in range(MOST_MENUS)]
    check_commands(menus)
    with pytest.raises(Refusal):
        check_commands([*menus, {"type": 3, "name": "One more"}])
    with pytest.raises(Refusal):
        check_commands([{"type": 3, "name": "x" * 33}])


async def test_an_entry_that_is_not_there_is_refused(bare_sandbox: Sandbox) -> None:
    alice = bare_sandbox.person("alice")
    message = bare_sandbox.say(alice, bare_sandbox.channel, "hello")
    with pytest.raises(CommandRefused, match="no menu entry"):
        await bare_sandbox.use_menu(alice, message, "Report")
    bare_sandbox.world.commands = [{"id": "1", "type": 3, "name": "Report", "contexts": [1]}]
    with pytest.raises(CommandRefused, match="cannot be used in servers"):
        await bare_sandbox.use_menu(alice, message, "Report")
    bare_sandbox.world.delete(message)
    with pytest.raises(CommandRefused, match="no such message"):
        await bare_sandbox.use_menu(alice, message, "Report")
