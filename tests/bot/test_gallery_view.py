from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from bot.gallery_view import LONGEST_CURSOR, LONGEST_SEARCH, ORDERS, STATE, GalleryView
from engine.prompts import clean
from engine.spec import STYLES

VIEWS = st.builds(
    GalleryView,
    st.none() | st.integers(0, 2**63 - 1),
    st.sampled_from(ORDERS),
    st.none() | st.sampled_from(STYLES),
    st.text(max_size=LONGEST_SEARCH).map(clean),
    st.none() | st.from_regex(rf"[np][0-9]{{1,9}}\.[0-9]{{1,{LONGEST_CURSOR - 11}}}", fullmatch=True),
)


@given(VIEWS)
def test_any_state_fits_into_a_custom_id_and_comes_back(view: GalleryView) -> None:
    assert len(f"atelier:page:{view.state}") <= 100
    match = re.fullmatch(STATE, view.state)
    assert match is not None and GalleryView.of(match) == view
