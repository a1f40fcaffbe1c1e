"""The table of styles: each row is whole, and a style is added by a row and a drawer."""

from __future__ import annotations

from dataclasses import fields

import pytest

from engine.drawers import DRAWERS
from engine.errors import InputError
from engine.spec.artspec import QUALITIES, STYLES, ArtSpec
from engine.spec.presets import PRESETS
from engine.spec.styles import STYLE_TABLE, styles_with


def test_every_row_has_a_drawer_its_figures_and_options_of_the_spec() -> None:
    assert set(DRAWERS) == set(STYLE_TABLE) == set(STYLES)
    known = {each.name for each in fields(ArtSpec)}
    for row in STYLE_TABLE.values():
        assert row.label.startswith(f"{row.name} – ") and set(row.options) <= known
        assert row.uses_vqgan or (row.bytes_per_pixel > 0 and row.gflop_per_megapixel > 0)
        assert row.learning_rates is None or set(row.learning_rates) == set(PRESETS)
        assert (row.strokes is not None) == ("strokes" in row.options)
        assert row.strokes is None or set(row.strokes) == set(QUALITIES)


def test_what_takes_an_option_is_read_off_the_rows() -> None:
    assert styles_with("strokes") == ("painting", "sketch")
    with pytest.raises(InputError, match="for the styles painting and sketch: choose one of these"):
        ArtSpec("x", style="photo", strokes=9)
