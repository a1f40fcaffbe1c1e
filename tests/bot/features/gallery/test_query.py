from __future__ import annotations

import dataclasses
from typing import get_args

import discord
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.features.gallery.page import ArchiveButton, GalleryButton, TurnButton
from bot.features.gallery.query import LONGEST_CURSOR, LONGEST_SEARCH, GalleryView, Order
from bot.text.buttons import LONGEST_CUSTOM_ID
from engine.spec.artspec import STYLES
from engine.spec.prompts import clean

VIEWS = st.builds(
    GalleryView,
    st.none() | st.integers(0, 2**63 - 1),
    st.sampled_from(get_args(Order)),
    st.none() | st.sampled_from(STYLES),
    st.text(max_size=LONGEST_SEARCH).map(clean),
    st.none() | st.from_regex(rf"[np][0-9]{{1,9}}\.[0-9]{{1,{LONGEST_CURSOR - 11}}}", fullmatch=True),
)


def sent_and_pressed(kind: type[GalleryButton], view: GalleryView) -> GalleryView:
    """`view` after a round trip through a custom_id."""
    custom_id = kind.path.custom_id(**view.values())
    assert len(custom_id) <= LONGEST_CUSTOM_ID
    values = kind.path.read(custom_id)
    assert values is not None
    return kind(discord.ui.Button(custom_id=custom_id), values).gallery


@given(st.sampled_from((TurnButton, ArchiveButton)), VIEWS)
def test_any_state_fits_into_a_custom_id_and_comes_back(kind: type[GalleryButton], view: GalleryView) -> None:
    assert sent_and_pressed(kind, view) == view


@pytest.mark.parametrize("style", ["stainedglass-mosaic", "s" * 32])
def test_a_style_with_a_long_name_comes_back_and_the_search_is_cut_to_what_fits(style: str) -> None:
    longest = GalleryView(2**63 - 1, "liked", style, "x" * LONGEST_SEARCH, "n" + "9" * (LONGEST_CURSOR - 1))
    found = sent_and_pressed(TurnButton, longest)
    assert found.search and longest.search.startswith(found.search)
    assert found == dataclasses.replace(longest, search=found.search)
