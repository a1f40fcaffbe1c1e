"""The reference loop is a working VQGAN+CLIP: a comparison with a loop that does not paint would mean nothing."""

from __future__ import annotations

from dataclasses import replace

import torch

from engine.lab.bench.reference import FieldLoop
from engine.lab.random_models import random_models
from engine.spec.artspec import ArtSpec
from engine.spec.plan import plan


def test_the_reference_lowers_the_loss_with_the_same_networks() -> None:
    torch.set_num_threads(1)
    models = random_models("tiny")
    planned = replace(plan(ArtSpec("x", width=32, height=32, cuts=24), "full"), learning_rate=0.3)
    loop = FieldLoop(planned, models.vqgan(planned.vqgan), models.perceptor(planned.perceptors[0]), "a red apple")
    losses = [loop.advance() for _ in range(60)]
    assert sum(losses[-8:]) < sum(losses[:8]) - 0.08


def test_the_reference_picture_is_the_engines_picture() -> None:
    """Taming's own forward passes and one-hot product against ours, from the same latents."""
    models = random_models("tiny")
    planned = plan(ArtSpec("x", width=32, height=32), "full")
    vqgan = models.vqgan(planned.vqgan)
    loop = FieldLoop(planned, vqgan, models.perceptor(planned.perceptors[0]), "x")
    ours = vqgan.decode(vqgan.quantise(loop._latents)).clamp(0, 1)
    torch.testing.assert_close(loop._render(), ours, atol=1e-5, rtol=1e-4)
