"""Pixel art: whole square cells, near forty along the shorter side, at every size of the preset table."""

from __future__ import annotations

import pytest

from engine.drawers.pixel import cell_side
from engine.presets import Family, plan
from engine.spec import ASPECTS, QUALITIES, ArtSpec


@pytest.mark.parametrize("family", ["full", "mini"])
@pytest.mark.parametrize("aspect", ASPECTS)
@pytest.mark.parametrize("quality", QUALITIES)
def test_cells_divide_the_picture(family: Family, aspect: str, quality: str) -> None:
    planned = plan(ArtSpec("x", style="pixel", quality=quality, aspect=aspect), family)
    side = cell_side(planned.width, planned.height)
    assert planned.width % side == planned.height % side == 0
    assert 18 <= min(planned.width, planned.height) / side <= 80
