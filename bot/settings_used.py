"""What a picture was painted with, for one's own eyes and to be copied."""

from __future__ import annotations

import io
from typing import Final

import discord

from bot.descent import Source
from bot.language import Language, say
from bot.links import titled
from bot.messages import duration, plain
from bot.spec_words import settings_to_edit
from engine.prompts import clean
from engine.spec import ArtSpec
from storage.gallery import Picture

BLOCK_LENGTH: Final = 1600  # characters of a block that is copied; two of them and their titles fit a description


def settings_embed(source: Source, parent: Picture | None, language: Language) -> discord.Embed:
    """Prompt and settings in blocks that Discord lets people copy, and where the picture comes from."""
    picture, spec = source.picture, source.spec
    lines = [f"quality {spec.quality}", f"style {spec.style}", settings_to_edit(_with_seed(source))]
    if spec.negative:
        lines.append(f"negative {clean(spec.negative)}")
    description = "\n".join(
        (
            say(language, "**Prompt**"),
            _block(clean(spec.prompt)),
            say(language, "**Settings**, as the form of Edit takes them"),
            _block("\n".join(line for line in lines if line)),
        )
    )
    embed = discord.Embed(description=description, colour=discord.Colour.dark_gold())
    embed.add_field(name=say(language, "Seed"), value=f"`{_seed(source)}`")
    embed.add_field(name=say(language, "Painted"), value=f"<t:{int(picture.created)}:f>")
    embed.add_field(name=say(language, "Took"), value=duration(picture.seconds))
    embed.add_field(name=say(language, "Painted by"), value=f"<@{picture.person_id}>")
    if picture.parent_id is not None:
        made_from = f"#{picture.parent_id}" if parent is None else titled(parent)
        embed.add_field(name=say(language, "Made from"), value=made_from)
    embed.add_field(name=say(language, "Models"), value=plain(picture.models, 200))
    embed.set_footer(text=say(language, "Picture {number}", number=picture.id))
    return embed


def definition(source: Source) -> discord.File:
    """The whole definition as a file, with the seed that was used."""
    name = f"atelier-{source.picture.id}" + (f"-{source.number}" if source.number else "")
    return discord.File(io.BytesIO(_with_seed(source).to_json().encode()), f"{name}.json")


def _with_seed(source: Source) -> ArtSpec:
    return source.spec.with_seed(_seed(source))


def _seed(source: Source) -> int:
    return source.spec.seed if source.spec.seed is not None else source.picture.seed


def _block(text: str) -> str:
    """A block of code that the text can't end by itself."""
    shown = text if len(text) <= BLOCK_LENGTH else text[: BLOCK_LENGTH - 1] + "…"
    return f"```\n{shown.replace('`', 'ˋ')}\n```"
