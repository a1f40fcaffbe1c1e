"""A picture that is too large for the memory is refused with a size that is not."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from engine.errors import InputError
from engine.models import memory
from engine.models.memory import check_memory, needed, smaller_sizes
from engine.models.vqgan import PUBLISHED_CONFIGS
from engine.spec.artspec import QUALITIES, STYLES, VARIATIONS, ArtSpec
from engine.spec.plan import Plan, plan
from engine.spec.presets import PRESETS, VQGANS, ModelFamily

CPU = torch.device("cpu")
SIDES = st.integers(2, 128).map(lambda number: 16 * number)
GIGABYTE = 10**9


def complaint(planned: Plan, have: int | None, batch: int = 1) -> str | None:
    """The error message with that many bytes free, or None."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(memory, "available", lambda device: have)
        try:
            check_memory(planned, CPU, torch.float32, batch)
        except InputError as error:
            return str(error)
    return None


def planned(family: ModelFamily = "full", **fields: object) -> Plan:
    return plan(ArtSpec("x", **fields), family)  # type: ignore[arg-type]


@pytest.mark.parametrize("precision", [torch.float32, torch.bfloat16])
def test_every_network_and_style_has_its_figures(precision: torch.dtype) -> None:
    for family in PRESETS:
        for quality in QUALITIES:
            for style in STYLES:
                assert needed(plan(ArtSpec("x", quality=quality, style=style), family), precision=precision) > 0
    assert set(memory.VQGAN_FOOTPRINTS[precision]) == {*PUBLISHED_CONFIGS, *VQGANS.values()}


def test_more_of_anything_needs_more() -> None:
    small = planned(width=256, height=256, cuts=32)
    base = needed(small, precision=torch.float32)
    assert base > needed(small, precision=torch.bfloat16)
    assert needed(replace(small, width=512), precision=torch.float32) > base
    assert needed(replace(small, cuts=33), precision=torch.float32) > base
    assert needed(small, 4, precision=torch.float32) > 2 * base
    assert needed(small, precision=torch.float32, loaded={"ViT-B/32"}) < base - 500e6


def test_what_fits_is_silent_and_what_is_unknown_as_well() -> None:
    draft = planned()
    assert complaint(draft, 64 * GIGABYTE) is None
    assert complaint(draft, None) is None
    assert complaint(draft, 0) is not None


def test_the_sentence_names_what_is_needed_what_there_is_and_what_fits() -> None:
    text = complaint(planned(width=2048, height=2048, cuts=40), 12 * GIGABYTE)
    assert text == (
        "A picture of 2048×2048 needs about 81 GB of memory, and 11 GB can be had here: "
        "640×640 is the largest of this shape that fits."
    )
    several = complaint(planned(width=512, height=512, cuts=40), 30 * GIGABYTE, batch=9)
    assert several is not None and several.startswith("9 pictures of 512×512 painted together need about ")
    assert "at once fit" in several


def test_where_even_the_smallest_is_too_large_there_is_other_advice() -> None:
    text = complaint(planned(quality="best", cuts=256), 4 * GIGABYTE)
    assert text is not None and text.endswith("choose a lower quality with fewer cuts, or close other programs.")


@settings(deadline=None)
@given(
    SIDES, SIDES, st.sampled_from(STYLES), st.integers(1, 256), st.integers(10**8, 10**11), st.sampled_from(VARIATIONS)
)
def test_what_is_advised_passes_and_nothing_larger_would(
    width: int, height: int, style: str, cuts: int, have: int, batch: int
) -> None:
    wanted = replace(planned(style=style, cuts=cuts), width=width, height=height)
    text = complaint(wanted, have, batch)
    if text is None:
        assert needed(wanted, batch, precision=torch.float32) <= have
        return
    assert text.endswith(".") and len(text) < 300
    advised = re.search(r"(\d+)×(\d+) is the largest", text)
    if advised:
        size = int(advised[1]), int(advised[2])
        assert complaint(replace(wanted, width=size[0], height=size[1]), have, batch) is None
        sizes = list(smaller_sizes(wanted))
        if size != sizes[0]:
            larger = sizes[sizes.index(size) - 1]
            assert complaint(replace(wanted, width=larger[0], height=larger[1]), have, batch) is not None
    fewer = re.search(r"(\d+) at once fit", text)
    if fewer:
        assert complaint(wanted, have, int(fewer[1])) is None
        assert complaint(wanted, have, int(fewer[1]) + 1) is not None
    fewer_cuts = re.search(r"(\d+) cuts fit", text)
    if fewer_cuts:
        assert complaint(replace(wanted, cuts=int(fewer_cuts[1])), have, batch) is None
        assert complaint(replace(wanted, cuts=int(fewer_cuts[1]) + 1), have, batch) is not None


@given(SIDES, SIDES)
def test_advised_sizes_can_be_asked_for_and_keep_the_shape(width: int, height: int) -> None:
    assume(min(width, height) > 32)
    sizes = list(smaller_sizes(replace(planned(), width=width, height=height)))
    assert sizes == sorted(sizes, reverse=True) and (width, height) not in sizes
    for across, down in sizes:
        spec = ArtSpec("x", width=across, height=down)
        assert (plan(spec, "full").width, plan(spec, "full").height) == (across, down)
        assert abs(across * height - down * width) <= 8.001 * max(width, height)  # half of 16 pixels
