"""The cards of /stats and /leaderboard, made from the counts in `storage.statistics`."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from babel.dates import format_date
from babel.numbers import format_decimal

from bot.features.stats.drawing import Bar, Card, Chart, Tile
from bot.text.language import _, babel_locale
from bot.text.messages import duration
from storage.statistics import LeaderboardKind, LeaderboardRow, Numbers

MOST_STYLES: Final = 5
PLACES: Final = 10


def person_card(numbers: Numbers, name: str, *, prompts: bool) -> Card:
    """One person's statistics from all servers; with `prompts` also the prompts of their most starred pictures."""
    tiles = (
        Tile(_number(numbers.pictures), _("pictures painted")),
        Tile(duration(numbers.seconds), _("spent painting")),
        Tile(_number(numbers.stars_received), _("stars received")),
        *_common_tiles(numbers),
    )
    return Card(name, _("Your pictures, from everywhere"), tiles, _charts(numbers, prompts))


def guild_card(numbers: Numbers, name: str) -> Card:
    """The statistics of a server."""
    tiles = (
        Tile(_number(numbers.pictures), _("pictures painted")),
        Tile(_number(numbers.people), _("people who painted")),
        Tile(duration(numbers.seconds), _("spent painting")),
        *_common_tiles(numbers),
    )
    return Card(name, _("Everything painted in this server"), tiles, _charts(numbers, True))


def leaderboard_card(
    rows: Sequence[LeaderboardRow], names: Mapping[int, str], kind: LeaderboardKind, subtitle: str
) -> Card:
    """The first `PLACES` people, the first three with a medal; `names` by person id."""
    bars = tuple(Bar(names.get(row.person_id, "…"), row.number, _number(row.number)) for row in rows[:PLACES])
    return Card(leaderboard_title(kind), subtitle, (), (Chart("", bars, ranked=True),))


def leaderboard_title(kind: LeaderboardKind) -> str:
    """The title of a leaderboard."""
    match kind:
        case "stars":
            return _("Most stars received")
        case "pictures":
            return _("Most pictures painted")
        case "prompts":
            return _("Prompts painted most by all")


def _charts(numbers: Numbers, prompts: bool) -> tuple[Chart, ...]:
    charts = []
    if numbers.styles:
        bars = tuple(Bar(name, count, _number(count)) for name, count in numbers.styles[:MOST_STYLES])
        charts.append(Chart(_("Styles"), bars))
    if prompts and numbers.top_prompts:
        bars = tuple(Bar(prompt, stars, _number(stars)) for prompt, stars in numbers.top_prompts)
        charts.append(Chart(_("Pictures with most stars"), bars))
    return tuple(charts)


def _common_tiles(numbers: Numbers) -> Iterator[Tile]:
    yield Tile(_number(numbers.stars_given), _("stars given"))
    yield Tile(_number(numbers.prompts_shared), _("prompts shared"))
    yield Tile(_number(numbers.prompts_used), _("uses of these prompts"))
    if numbers.busiest_day is not None:
        day = datetime.date.fromisoformat(numbers.busiest_day[0])
        yield Tile(format_date(day, "medium", locale=babel_locale()), _("busiest day"))


def _number(number: int) -> str:
    return str(format_decimal(number, locale=babel_locale()))
