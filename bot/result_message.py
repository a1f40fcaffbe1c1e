"""The message with a finished picture, and what can be done with it."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import discord

from bot.language import Language, say, say_number
from bot.messages import Action, Button, Payload, add_lines, duration, plain
from bot.spec_words import kind_of, settings_lines
from engine.series import pictures_of
from engine.spec import MAXIMUM_SEED, ArtSpec
from storage.gallery import Picture


def done(
    spec: ArtSpec,
    *,
    picture_id: int,
    person_id: int,
    seed: int,
    width: int,
    height: int,
    iterations: int | None,
    seconds: float,
    clip_score: float | None,
    models: str,
    image_name: str | None,
    notes: Sequence[str] = (),
    members: int = 0,
    made_from: str | None = None,
    language: Language = None,
) -> Payload:
    """The finished picture; `image_name` is the attachment that shows it, None where none could be sent.

    `members`: how many single pictures of a grid or sheet are kept, which can be picked from it. `made_from`: which
    picture it was made from.
    """
    embed = discord.Embed(description=f"“{plain(spec.prompt)}”", colour=discord.Colour.dark_gold())
    embed.add_field(name=say(language, "Seed"), value=_seeds(spec, seed, language))
    painted_as = (spec.style, spec.quality, f"{width}×{height}", kind_of(spec))
    embed.add_field(name=say(language, "Painted as"), value=", ".join(part for part in painted_as if part))
    steps = say_number(language, "{number} step", "{number} steps", iterations) + ", " if iterations else ""
    embed.add_field(name=say(language, "Took"), value=f"{duration(seconds)} ({steps}{plain(models, 200)})")
    if clip_score is not None:
        name = say(language, "CLIP score") if pictures_of(spec) == 1 else say(language, "Best CLIP score")
        embed.add_field(name=name, value=f"{clip_score:.1f}")
    if made_from is not None:
        embed.add_field(name=say(language, "Made from"), value=made_from, inline=False)
    add_lines(embed, say(language, "Settings"), settings_lines(spec))
    add_lines(embed, say(language, "Note"), notes)
    if image_name is not None:
        embed.set_image(url=f"attachment://{image_name}")
    said = say(language, "<@{person}>, your picture is ready.", person=person_id)
    return Payload(said, embed, result_buttons(spec, picture_id, members), mention=person_id, language=language)


def shown(
    spec: ArtSpec,
    picture: Picture,
    *,
    image_name: str | None,
    notes: Sequence[str] = (),
    members: int = 0,
    made_from: str | None = None,
    language: Language = None,
) -> Payload:
    """A picture of the gallery once more; it notifies nobody."""
    about = done(
        spec,
        picture_id=picture.id,
        person_id=picture.person_id,
        seed=picture.seed,
        width=picture.width,
        height=picture.height,
        iterations=None,
        seconds=picture.seconds,
        clip_score=picture.clip_score,
        models=picture.models,
        image_name=image_name,
        notes=notes,
        members=members,
        made_from=made_from,
        language=language,
    )
    said = say(language, "Picture {number} by {person}", number=picture.id, person=f"<@{picture.person_id}>")
    return dataclasses.replace(about, content=said, mention=None)


def result_buttons(spec: ArtSpec, picture_id: int, members: int = 0) -> tuple[Button, ...]:
    """What can be done with a finished picture. From a grid or sheet a single picture is picked first."""
    alone: tuple[Action, ...] = ("vary", "continue") if not members else ()
    enlarged: tuple[Action, ...] = ("double", "quadruple") if not members else ()
    first: tuple[Action, ...] = ("again",) if spec.iterations != 0 else ()  # an enlargement would be the same again
    rows: tuple[tuple[Action, ...], ...] = (
        (*first, "rework", *alone),
        (*enlarged, "film") if pictures_of(spec) == 1 else (),
        ("favourite", "share", "settings", "family", "delete"),
    )
    buttons = [Button(action, picture_id, row=row) for row, actions in enumerate(rows) for action in actions]
    return (*buttons, Button("pick", picture_id, members, row=3)) if members else tuple(buttons)


def _seeds(spec: ArtSpec, seed: int, language: Language) -> str:
    """Variations have seeds that count up, from the upper left."""
    if spec.variations == 1:
        return f"`{seed}`"
    last = (seed + spec.variations - 1) % (MAXIMUM_SEED + 1)
    return say(language, "`{first}` to `{last}`", first=seed, last=last)
