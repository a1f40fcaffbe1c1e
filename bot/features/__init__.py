"""The features, one package each with `async def setup(bot)`. Features do not import one another."""

from typing import Final

from bot.features import (
    art,
    challenges,
    feed,
    gallery,
    help,
    moderation,
    preferences,
    privacy,
    prompts,
    queue,
    results,
    stats,
)

FEATURES: Final = (  # in the order in which /help lists their commands
    art,
    gallery,
    prompts,
    challenges,
    stats,
    queue,
    preferences,
    privacy,
    moderation,
    help,
    results,
    feed,
)
