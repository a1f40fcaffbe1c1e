"""The settings of a finished picture, as an embed to copy from and as a file."""

from __future__ import annotations

import io
from typing import Final

import discord

from bot.pictures.source import Source
from bot.text.language import _
from bot.text.links import number_link
from bot.text.messages import duration, plain
from bot.text.spec_words import editable_options
from engine.spec.artspec import ArtSpec
from engine.spec.prompts import clean
from engine.spec.variants import pictures_of
from storage.gallery import Picture

BLOCK_LENGTH: Final = 1600  # characters of a code block; two of them and their titles fit into a description


def settings_embed(source: Source, parent: Picture | None) -> discord.Embed:
    """Prompt and settings in code blocks, for copying; seed, time, author, parent, models and score as fields."""
    picture, spec = source.picture, source.spec
    lines = [f"quality {spec.quality}", f"style {spec.style}", editable_options(_with_seed(source))]
    if spec.negative:
        lines.append(f"negative {clean(spec.negative)}")
    description = "\n".join(
        (
            _("**Prompt**"),
            _block(clean(spec.prompt)),
            _("**Settings**, as the form of Edit takes them"),
            _block("\n".join(line for line in lines if line)),
        )
    )
    embed = discord.Embed(description=description, colour=discord.Colour.dark_gold())
    embed.add_field(name=_("Seed"), value=f"`{_seed(source)}`")
    embed.add_field(name=_("Painted"), value=f"<t:{int(picture.created)}:f>")
    embed.add_field(name=_("Took"), value=duration(picture.seconds))
    embed.add_field(name=_("Painted by"), value=f"<@{picture.person_id}>")
    if picture.parent_id is not None:
        made_from = f"#{picture.parent_id}" if parent is None else number_link(parent)
        embed.add_field(name=_("Made from"), value=made_from)
    embed.add_field(name=_("Models"), value=plain(picture.models, 200))
    if picture.clip_score is not None and not source.number:  # of a grid only the best score is kept, not whose it is
        name = _("CLIP score") if pictures_of(spec) == 1 else _("Best CLIP score")
        embed.add_field(name=name, value=f"{picture.clip_score:.1f}")
    embed.set_footer(text=_("Picture {number}", number=picture.id))
    return embed


def spec_file(source: Source) -> discord.File:
    """The `ArtSpec` as a JSON file, with the seed that was used."""
    name = f"atelier-{source.picture.id}" + (f"-{source.number}" if source.number else "")
    return discord.File(io.BytesIO(_with_seed(source).to_json().encode()), f"{name}.json")


def _with_seed(source: Source) -> ArtSpec:
    return source.spec.with_seed(_seed(source))


def _seed(source: Source) -> int:
    return source.spec.seed if source.spec.seed is not None else source.picture.seed


def _block(text: str) -> str:
    """The text in a code block, with its backticks replaced so that it can't end the block."""
    cut = text if len(text) <= BLOCK_LENGTH else text[: BLOCK_LENGTH - 1] + "…"
    return f"```\n{cut.replace('`', 'ˋ')}\n```"
