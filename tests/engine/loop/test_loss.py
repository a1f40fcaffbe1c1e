"""The prompt loss against the field's own formula, and at the points where that formula breaks."""

from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from engine.lab.random_models import random_models
from engine.loop.loss import (
    ImageTarget,
    PromptTargets,
    clip_score,
    embed,
    encode_targets,
    prompt_loss,
    spherical_distance,
)
from engine.loop.regularisers import dullness, total_variation
from engine.spec.prompts import Prompt


def reference_prompt_loss(seen: Tensor, target: Tensor, weight: float, stop: float) -> Tensor:
    """One prompt, one picture, as VQGAN+CLIP notebooks have it: value from distances, gradient from their maximum."""
    distances = (seen - target).norm(dim=-1).div(2).arcsin().pow(2).mul(2) * math.copysign(1, weight)
    bounded = torch.maximum(distances, torch.tensor(stop))
    replaced = bounded + (distances - bounded).detach()
    return abs(weight) * replaced.mean()


@pytest.mark.parametrize(("weight", "stop"), [(1.0, -math.inf), (-0.5, -math.inf), (2.0, 0.9), (-1.0, -0.8)])
def test_equal_to_the_reference_in_value_and_gradient(weight: float, stop: float) -> None:
    torch.manual_seed(0)
    seen = F.normalize(torch.randn(6, 32), dim=-1).requires_grad_()
    target = F.normalize(torch.randn(32), dim=-1)
    targets = PromptTargets(target[None, None], torch.tensor([[weight]]), torch.tensor([[stop]]))
    ours = prompt_loss(seen[None], targets)[0]
    theirs = reference_prompt_loss(seen, target, weight, stop)
    torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-6)
    gradients = [torch.autograd.grad(each, seen, retain_graph=True)[0] for each in (ours, theirs)]
    # The two differ along the radius, which normalisation removes; compare on the sphere.
    flat = [each - (each * seen).sum(-1, keepdim=True) * seen for each in gradients]
    torch.testing.assert_close(*flat, rtol=1e-4, atol=1e-6)


def test_prompts_add_up_and_padding_counts_nothing() -> None:
    torch.manual_seed(1)
    seen = F.normalize(torch.randn(2, 5, 8), dim=-1)
    embeddings = F.normalize(torch.randn(2, 3, 8), dim=-1)
    stops = torch.full((2, 3), -math.inf)
    weights = torch.tensor([[1.0, 0.5, 0.0], [1.0, 0.0, 0.0]])
    losses = prompt_loss(seen, PromptTargets(embeddings, weights, stops))
    for row, used in enumerate((2, 1)):
        alone = sum(
            reference_prompt_loss(seen[row], embeddings[row, column], float(weights[row, column]), -math.inf)
            for column in range(used)
        )
        torch.testing.assert_close(losses[row], torch.as_tensor(alone), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_gradient_is_finite_at_equal_and_at_opposite_vectors(sign: float) -> None:
    point = F.normalize(torch.randn(1, 16), dim=-1)
    seen = (sign * point).requires_grad_()
    distance = spherical_distance(seen, point)
    assert float(distance.detach()) == pytest.approx(0.0 if sign > 0 else math.pi**2 / 2, abs=1e-4)
    (gradient,) = torch.autograd.grad(distance.sum(), seen)
    assert torch.isfinite(gradient).all()


def test_total_variation_of_a_flat_picture_is_zero_and_of_stripes_is_not() -> None:
    flat, stripes = torch.full((1, 3, 8, 8), 0.3), torch.zeros(1, 3, 8, 8)
    stripes[..., ::2] = 1
    assert float(total_variation(flat)) == 0
    assert float(total_variation(stripes)) == pytest.approx(1.0)


def test_the_clip_score_is_a_hundred_cosines_of_what_is_asked_for() -> None:
    torch.manual_seed(2)
    seen, embeddings = F.normalize(torch.randn(2, 8), dim=-1), F.normalize(torch.randn(2, 3, 8), dim=-1)
    weights = torch.tensor([[1.0, 3.0, -2.0], [1.0, 0.0, 0.0]])
    scores = clip_score(seen, PromptTargets(embeddings, weights, torch.full((2, 3), -math.inf)))
    cosines = torch.einsum("bd,bpd->bp", seen, embeddings)
    expected = [max(0.0, float(100 * (cosines[0, 0] + 3 * cosines[0, 1]) / 4)), max(0.0, float(100 * cosines[1, 0]))]
    assert scores.tolist() == pytest.approx(expected, abs=1e-4)
    own = clip_score(
        embeddings[:, 0], PromptTargets(embeddings[:, :1], torch.ones(2, 1), torch.full((2, 1), -math.inf))
    )
    assert own.tolist() == pytest.approx([100.0, 100.0], abs=1e-3)


def test_grey_is_dull_and_pure_colours_are_not() -> None:
    grey, red = torch.full((1, 3, 4, 4), 0.4), torch.zeros(1, 3, 4, 4)
    red[:, 0] = 1
    assert float(dullness(grey)) == pytest.approx(1.0, abs=1e-5)
    assert float(dullness(red)) == pytest.approx(1 - math.sqrt(2) / 3, abs=1e-5)
    grey.requires_grad_()
    dullness(grey).sum().backward()  # type: ignore[no-untyped-call]
    assert grey.grad is not None and bool(torch.isfinite(grey.grad).all())


def test_a_picture_is_its_own_image_prompt() -> None:
    perceptor = random_models("tiny").perceptor("ViT-B/32")
    picture = torch.rand(3, 48, 32, generator=torch.Generator().manual_seed(1))
    targets = encode_targets(
        [[Prompt("a boat", 0.5)], [Prompt("a boat"), Prompt("fog", -1.0)]],
        perceptor,
        torch.device("cpu"),
        [[ImageTarget(picture, 2.0)], []],
    )
    assert targets.weights.tolist() == [[0.5, 2.0], [1.0, -1.0]]
    torch.testing.assert_close(targets.embeddings[0, 1], embed(picture[None], perceptor)[0])
    assert float(clip_score(embed(picture[None], perceptor), targets)[0]) > 50
