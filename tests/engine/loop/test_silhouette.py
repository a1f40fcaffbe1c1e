"""Stickers: what belongs to the subject is opaque, and what is background is seen through."""

from __future__ import annotations

import torch

from engine.drawers import Init
from engine.loop.silhouette import Silhouette
from engine.spec.artspec import ArtSpec
from engine.spec.plan import Plan, plan

CPU = torch.device("cpu")


def planned(width: int, height: int) -> Plan:
    return plan(ArtSpec("a ring", width=width, height=height), "mini")


def ring() -> torch.Tensor:
    """A black ring on white, whose inside is white as well."""
    down, across = torch.meshgrid(torch.linspace(-1, 1, 64), torch.linspace(-1, 1, 64), indexing="ij")
    radius = (down.square() + across.square()).sqrt()
    return 1 - ((radius > 0.5) & (radius < 0.7)).float().expand(3, 64, 64)


def test_the_outline_comes_from_the_target_image_and_what_it_encloses_stays() -> None:
    opacity = Silhouette(planned(64, 64), [Init(None, ring())], CPU).cut_out()[0, 0]
    assert opacity[32, 32] == 1 and opacity[32, 13] == 1, "the ring and the white inside it"
    assert opacity[2, 2] == 0 and opacity[2, 61] == 0, "the corners are background"


def test_without_a_target_image_it_begins_as_an_oval() -> None:
    opacity = Silhouette(planned(96, 64), [Init(None, None)], CPU).cut_out()[0, 0]
    assert opacity.shape == (64, 96) and opacity[32, 48] > 0.9 and opacity[0, 0] < 0.1


def test_backgrounds_show_where_it_is_transparent_and_the_outline_learns() -> None:
    silhouette = Silhouette(planned(64, 64), [Init(None, ring())], CPU)
    shown = torch.full((1, 3, 64, 64), 0.25)
    seen = silhouette.over(shown, torch.tensor([[1.0, 0.0, 0.0]]))
    assert seen[0, 0, 1, 1] > 0.9 and seen[0, 1, 1, 1] < 0.1
    assert torch.allclose(seen[0, :, 32, 32], torch.full((3,), 0.25), atol=0.06)
    (seen.square().mean() + silhouette.penalty().sum()).backward()  # type: ignore[no-untyped-call]
    assert silhouette.logits.grad is not None and bool(silhouette.logits.grad.abs().sum() > 0)


def test_covering_less_costs_less() -> None:
    small, large = (Silhouette(planned(64, 64), [Init(None, None)], CPU) for _ in range(2))
    with torch.no_grad():
        small.logits -= 3
    assert float(small.penalty().detach()) < float(large.penalty().detach())
