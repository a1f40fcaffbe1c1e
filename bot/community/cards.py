"""From counts to cards: what /stats and /leaderboard put on their pictures."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from typing import Final

from babel import Locale, UnknownLocaleError
from babel.dates import format_date
from babel.numbers import format_decimal

from bot.community.figures import Bar, Card, Chart, Tile
from bot.language import Language, say
from bot.messages import duration
from storage.statistics import LeaderboardKind, LeaderboardRow, Numbers

MOST_STYLES: Final = 5
PLACES: Final = 10


def person_card(numbers: Numbers, name: str, language: Language, *, prompts: bool) -> Card:
    """What one person painted everywhere; with `prompts` also which of them were liked most."""
    tiles = (
        Tile(_number(numbers.pictures, language), say(language, "pictures painted")),
        Tile(duration(numbers.seconds), say(language, "spent painting")),
        Tile(_number(numbers.stars_received, language), say(language, "stars received")),
        Tile(_number(numbers.stars_given, language), say(language, "stars given")),
        Tile(_number(numbers.prompts_shared, language), say(language, "prompts shared")),
        Tile(_number(numbers.prompts_used, language), say(language, "uses of these prompts")),
        *_busiest(numbers, language),
    )
    return Card(name, say(language, "Your pictures, from everywhere"), tiles, _charts(numbers, language, prompts))


def guild_card(numbers: Numbers, name: str, language: Language) -> Card:
    """What the people of a server painted there."""
    tiles = (
        Tile(_number(numbers.pictures, language), say(language, "pictures painted")),
        Tile(_number(numbers.people, language), say(language, "people who painted")),
        Tile(duration(numbers.seconds), say(language, "spent painting")),
        Tile(_number(numbers.stars_given, language), say(language, "stars given")),
        Tile(_number(numbers.prompts_shared, language), say(language, "prompts shared")),
        Tile(_number(numbers.prompts_used, language), say(language, "uses of these prompts")),
        *_busiest(numbers, language),
    )
    return Card(name, say(language, "Everything painted in this server"), tiles, _charts(numbers, language, True))


def leaderboard_card(
    rows: Sequence[LeaderboardRow],
    names: Mapping[int, str],
    kind: LeaderboardKind,
    subtitle: str,
    language: Language,
) -> Card:
    """The first ten, with a medal for three of them."""
    bars = tuple(Bar(names.get(row.person_id, "…"), row.number, _number(row.number, language)) for row in rows[:PLACES])
    return Card(leaderboard_title(kind, language), subtitle, (), (Chart("", bars, ranked=True),))


def leaderboard_title(kind: LeaderboardKind, language: Language) -> str:
    """What a leaderboard is about."""
    match kind:
        case "stars":
            return say(language, "Most stars received")
        case "pictures":
            return say(language, "Most pictures painted")
        case "prompts":
            return say(language, "Prompts painted most by all")


def _charts(numbers: Numbers, language: Language, prompts: bool) -> tuple[Chart, ...]:
    charts = []
    if numbers.styles:
        bars = tuple(Bar(name, count, _number(count, language)) for name, count in numbers.styles[:MOST_STYLES])
        charts.append(Chart(say(language, "Styles"), bars))
    if prompts and numbers.top_prompts:
        bars = tuple(Bar(prompt, stars, _number(stars, language)) for prompt, stars in numbers.top_prompts)
        charts.append(Chart(say(language, "Pictures with most stars"), bars))
    return tuple(charts)


def _busiest(numbers: Numbers, language: Language) -> tuple[Tile, ...]:
    if numbers.busiest_day is None:
        return ()
    day = datetime.date.fromisoformat(numbers.busiest_day[0])
    return (Tile(format_date(day, "medium", locale=_locale(language)), say(language, "busiest day")),)


def _number(number: int, language: Language) -> str:
    return str(format_decimal(number, locale=_locale(language)))


def _locale(language: Language) -> Locale:
    """How a language writes numbers and dates; English for what is not known."""
    try:
        return Locale.parse(str(language or "en"), sep="-")
    except (ValueError, UnknownLocaleError):
        return Locale("en")
