"""Fixtures that more than one folder of tests uses."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.sandbox import Sandbox
from tests import discord_contract


@pytest.fixture
async def bare_sandbox() -> AsyncIterator[Sandbox]:
    """A loopback Discord on a free port; it records every request, and nothing checks them."""
    async with await Sandbox.start() as sandbox:
        yield sandbox


@pytest.fixture
async def sandbox(bare_sandbox: Sandbox) -> AsyncIterator[Sandbox]:
    """A loopback Discord on a free port. When the test ends, every request it saw must have been fit for Discord."""
    yield bare_sandbox
    assert discord_contract.check(bare_sandbox.requests) == []
