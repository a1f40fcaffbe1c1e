"""/art, /compare and the context menu “Paint from this picture”."""

from __future__ import annotations

from typing import Final

from bot.bot import Atelier
from bot.features.art.command import art_command
from bot.features.art.compare import compare_command
from bot.features.art.paint_from import paint_from_menu
from bot.text.language import N_
from bot.ui.choices import qualities_up_to
from bot.ui.tree import Example, everywhere
from engine.spec.artspec import ArtSpec

EXAMPLES: Final = (
    Example(N_("A few words are enough."), ArtSpec("a lighthouse on a cliff at sunset")),
    Example(
        N_("Several wishes between bars, each with its weight."),
        ArtSpec("a castle | thick fog:0.4 | autumn leaves:0.6"),
    ),
    Example(
        N_("A story in stages, which the film shows best."),
        ArtSpec("a seed in the ground ^ a sapling ^ an old oak"),
    ),
    Example(
        N_("Pixel art in the colours of a palette."),
        ArtSpec("a dragon guarding treasure", style="pixel", palette="pico-8"),
    ),
    Example(N_("Brush strokes on a canvas."), ArtSpec("a harbour in the morning", style="painting")),
    Example(N_("Four variations to choose from."), ArtSpec("a robot watering flowers, watercolour", variations=4)),
)


async def setup(bot: Atelier) -> None:
    qualities = qualities_up_to(bot.config.largest_quality)
    bot.tree.add_command(art_command(qualities))
    bot.tree.add_command(compare_command(qualities))
    bot.tree.add_command(everywhere(paint_from_menu))
    bot.tree.examples.extend(EXAMPLES)
