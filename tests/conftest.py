"""Fixtures that several folders of tests use."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.loopback import Sandbox
from tests import discord_contract


@pytest.fixture
async def bare_sandbox() -> AsyncIterator[Sandbox]:
    """A loopback Discord on a free port, whose requests are not checked."""
    async with await Sandbox.start() as sandbox:
        yield sandbox


@pytest.fixture
async def sandbox(bare_sandbox: Sandbox) -> AsyncIterator[Sandbox]:
    """A loopback Discord on a free port. All requests of the test must satisfy `discord_contract`."""
    yield bare_sandbox
    assert discord_contract.check(bare_sandbox.requests) == []
