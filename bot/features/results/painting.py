"""The buttons that start a new picture from a finished one, for the person who presses and under their limits."""

from __future__ import annotations

from functools import partial
from typing import Final

from bot.bot import Interaction
from bot.pictures.attachments import PENDING
from bot.pictures.result import AGAIN, CONTINUE, DOUBLE, QUADRUPLE, VARY
from bot.pictures.source import Source, check_size
from bot.ui.items import StatefulItem
from engine.spec.artspec import ArtSpec
from engine.spec.variants import continued, enlarged, varied
from storage.queue import Origin

STRENGTH: Final = 0.5  # how far variations may change the picture, 0 to 1
VARIATIONS: Final = 4


class PictureButton(StatefulItem):
    """Base of these buttons: `number` is the picture's place in a grid, or 0."""

    picture: int
    number: int = 0

    async def source(self, interaction: Interaction) -> Source:
        """The picture to start from. Raises `InputError` if it was deleted."""
        return await interaction.client.sources.get(self.picture, self.number)


class AgainButton(PictureButton, path=AGAIN.path):
    """Paints the same request with a new seed."""

    async def pressed(self, interaction: Interaction) -> None:
        painted = (await self.source(interaction)).painted
        await interaction.client.sources.check_attached(painted)
        await interaction.client.submitter.submit(
            interaction, painted.with_seed(None), parent_id=self.picture, origin="again"
        )


class VaryButton(PictureButton, path=VARY.path):
    """Paints a grid of variations of the picture."""

    async def pressed(self, interaction: Interaction) -> None:
        source = await self.source(interaction)
        spec = varied(source.painted, PENDING, strength=STRENGTH, number=VARIATIONS)
        await _paint_on(interaction, source, spec, "variation")


class ContinueButton(PictureButton, path=CONTINUE.path):
    """Continues the picture with more iterations."""

    async def pressed(self, interaction: Interaction) -> None:
        source = await self.source(interaction)
        spec = continued(source.painted, PENDING, film=source.painted.film)
        await _paint_on(interaction, source, spec, "continue")


class DoubleButton(PictureButton, path=DOUBLE.path):
    """Upscales the picture by 2."""

    factor = 2

    async def pressed(self, interaction: Interaction) -> None:
        source = await self.source(interaction)
        await check_size(source, self.factor)
        await _paint_on(interaction, source, enlarged(source.spec, PENDING, self.factor), "upscale")


class QuadrupleButton(DoubleButton, path=QUADRUPLE.path):
    """Upscales the picture by 4."""

    factor = 4


async def _paint_on(interaction: Interaction, source: Source, spec: ArtSpec, origin: Origin) -> None:
    """Submit a request with the picture as init image; its file is copied after the response is deferred."""
    client = interaction.client
    start = partial(client.sources.as_start_image, source)
    await client.submitter.submit(interaction, spec, parent_id=source.picture.id, origin=origin, start_image=start)
