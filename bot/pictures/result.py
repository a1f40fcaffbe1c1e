"""The message of a finished picture, and its buttons."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Final

import discord

from bot.text.buttons import Action, Button, Menu, Path
from bot.text.language import N_, _, ngettext
from bot.text.messages import Payload, add_lines, duration, plain
from bot.text.spec_words import kind_of, option_lines
from bot.ui.uploads import ResultFiles
from engine.spec.artspec import MAXIMUM_SEED, ArtSpec
from engine.spec.rating import MOST_STARS, drawn, rating_of
from engine.spec.variants import pictures_of
from storage.files import FileStore
from storage.gallery import Picture

SENT_EXTRAS: Final[tuple[str, ...]] = ("svg", "native.png")  # the extras that are sent

# `number`: a single picture of a grid or sheet, from 1; missing for the grid or sheet itself.
AGAIN: Final = Action(Path("again:{picture}[:{number}]"), N_("Again"), "🔁", "primary")
VARY: Final = Action(Path("vary:{picture}[:{number}]"), N_("Variations"), "🎲", "primary")
EDIT: Final = Action(Path("rework:{picture}[:{number}]"), N_("Edit"), "✏️")
CONTINUE: Final = Action(Path("continue:{picture}[:{number}]"), N_("Continue"), "⏩")
DOUBLE: Final = Action(Path("double:{picture}[:{number}]"), N_("Upscale ×2"), "🔍")
QUADRUPLE: Final = Action(Path("quadruple:{picture}[:{number}]"), N_("Upscale ×4"), "🔎")
FILM: Final = Action(Path("film:{picture}"), N_("Film"), "🎞️")
FAVOURITE: Final = Action(Path("favourite:{picture}"), N_("Favourite"), "❤️")
SHARE: Final = Action(Path("share:{picture}"), N_("Share"), "📣")
SETTINGS: Final = Action(Path("settings:{picture}[:{number}]"), N_("Settings"), "⚙️")
LINEAGE: Final = Action(Path("family:{picture}"), N_("Family"), "🌳")
DELETE: Final = Action(Path("delete:{picture}"), N_("Delete"), "🗑️", "danger")
PICK: Final = Path("pick:{picture}:{number}")  # a menu; `number`: how many pictures it offers


def done(
    spec: ArtSpec,
    picture: Picture,
    *,
    image_name: str | None,
    iterations: int | None = None,
    notes: Sequence[str] = (),
    made_from: str | None = None,
) -> Payload:
    """The final message of a job: mentions its person and shows the attachment `image_name` (None: none was sent).

    `iterations`: as painted, None if unknown. `made_from`: the credit of its parent, from `credit.made_from`.
    """
    embed = discord.Embed(description=f"“{plain(spec.prompt)}”", colour=discord.Colour.dark_gold())
    embed.add_field(name=_("Seed"), value=_seeds(spec, picture.seed))
    painted_as = (spec.style, spec.quality, f"{picture.width}×{picture.height}", kind_of(spec))
    embed.add_field(name=_("Painted as"), value=", ".join(part for part in painted_as if part))
    steps = ngettext("{number} step", "{number} steps", iterations) + ", " if iterations else ""
    embed.add_field(name=_("Took"), value=f"{duration(picture.seconds)} ({steps}{plain(picture.models, 200)})")
    rating = rating_of(spec, picture.clip_score, picture.models)
    if rating is not None:
        name = _("Match with the prompt") if pictures_of(spec) == 1 else _("Best match with the prompt")
        embed.add_field(name=name, value=_rating_text(rating))
    if made_from is not None:
        embed.add_field(name=_("Made from"), value=made_from, inline=False)
    add_lines(embed, _("Settings"), option_lines(spec))
    add_lines(embed, _("Note"), notes)
    if image_name is not None:
        embed.set_image(url=f"attachment://{image_name}")
    content = _("<@{person}>, your picture is ready.", person=picture.person_id)
    items = result_items(spec, picture.id, members_of(picture))
    return Payload(content, embed, items, mention=picture.person_id)


def shown_again(
    spec: ArtSpec,
    picture: Picture,
    *,
    image_name: str | None,
    notes: Sequence[str] = (),
    made_from: str | None = None,
) -> Payload:
    """A picture of the gallery, as `done` without the mention."""
    payload = done(spec, picture, image_name=image_name, notes=notes, made_from=made_from)
    content = _("Picture {number} by {person}", number=picture.id, person=f"<@{picture.person_id}>")
    return dataclasses.replace(payload, content=content, mention=None)


def members_of(picture: Picture) -> int:
    """The number of stored single pictures of a grid or sheet; 0 for a single picture."""
    return sum(label.removesuffix(".png").isdecimal() for label in picture.extras)


def files_to_send(picture: Picture, store: FileStore) -> ResultFiles:
    """The files of a picture that are sent: all but the single pictures of a grid."""
    films = tuple(store.path(name) for name in picture.films)
    extras = {label: store.path(picture.extras[label]) for label in SENT_EXTRAS if label in picture.extras}
    return ResultFiles(f"atelier-{picture.id}", store.path(picture.image), films, extras)


def result_items(spec: ArtSpec, picture_id: int, members: int = 0) -> tuple[Button | Menu, ...]:
    """Buttons of a finished picture; a grid or sheet has a menu for picking one of its `members` first."""
    single = (VARY, CONTINUE) if not members else ()
    upscale = (DOUBLE, QUADRUPLE) if not members else ()
    again = (AGAIN,) if spec.iterations != 0 else ()  # painting an upscaled picture again would give the same one
    rows: tuple[tuple[Action, ...], ...] = (
        (*again, EDIT, *single),
        (*upscale, FILM) if pictures_of(spec) == 1 else (),
        (FAVOURITE, SHARE, SETTINGS, LINEAGE, DELETE),
    )
    buttons = tuple(action.button(row, picture=picture_id) for row, actions in enumerate(rows) for action in actions)
    return (*buttons, _pick_menu(picture_id, members)) if members else buttons


def _pick_menu(picture_id: int, members: int) -> Menu:
    options = tuple((str(number), _("Picture {number}", number=number)) for number in range(1, members + 1))
    return Menu(PICK.custom_id(picture=picture_id, number=members), _("Pick one to go on from"), options, row=3)


def _rating_text(rating: int) -> str:
    """`★★★★☆ 4 of 5`; screen readers read the stars badly or not at all, so the numbers say it again."""
    return _("{stars} {number} of {most}", stars=drawn(rating), number=rating, most=MOST_STARS)


def _seeds(spec: ArtSpec, seed: int) -> str:
    """The seed, or the first and last seeds of variations, which count up from the upper left."""
    if spec.variations == 1:
        return f"`{seed}`"
    last = (seed + spec.variations - 1) % (MAXIMUM_SEED + 1)
    return _("`{first}` to `{last}`", first=seed, last=last)
