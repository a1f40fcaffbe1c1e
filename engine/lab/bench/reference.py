"""The loop of the VQGAN+CLIP scripts of 2021, as plainly as they have it: what `make bench` compares with.

One resize a cutout, a chain of kornia augmentations that each go over all cutouts, taming's own forward passes with
the quantiser's one-hot product, float32 throughout, and the loss read back at every step.
"""

from __future__ import annotations

import kornia.augmentation as K
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.drawers.clamp import clamp_with_gradient
from engine.models.perceptor import Perceptor
from engine.models.vqgan import VQGAN
from engine.spec.plan import Plan


class FieldLoop:
    """One picture being painted the field's way. `vqgan` and `perceptor` must be float32."""

    def __init__(self, plan: Plan, vqgan: VQGAN, perceptor: Perceptor, prompt: str) -> None:
        self._plan, self._vqgan, self._perceptor = plan, vqgan, perceptor
        torch.manual_seed(0)
        rows, columns = plan.height // vqgan.factor, plan.width // vqgan.factor
        codes = torch.randint(len(vqgan.codebook), (1, rows, columns), device=vqgan.codebook.device)
        self._latents = vqgan.codebook[codes].permute(0, 3, 1, 2).contiguous().requires_grad_()
        self._low = vqgan.codebook.amin(0)[None, :, None, None]
        self._high = vqgan.codebook.amax(0)[None, :, None, None]
        self._wish = perceptor.encode_text([prompt]).to(codes.device)
        self._optimiser = torch.optim.Adam([self._latents], lr=plan.learning_rate)
        self._augment = nn.Sequential(
            K.RandomHorizontalFlip(p=0.5),
            K.RandomSharpness(0.3, p=0.4),
            K.RandomAffine(degrees=30, translate=(0.1, 0.1), p=0.8, padding_mode="border"),
            K.RandomPerspective(0.2, p=0.4),
            K.ColorJitter(hue=0.01, saturation=0.01, p=0.7),
        )

    def advance(self) -> float:
        """One step; returns the loss."""
        self._optimiser.zero_grad()
        picture = self._render()
        seen = self._perceptor.encode_image(self._cutouts(picture))
        distances = (seen - self._wish).norm(dim=-1).div(2).arcsin().pow(2).mul(2)
        loss = distances.mean()
        loss.backward()
        self._optimiser.step()
        with torch.no_grad():
            self._latents.copy_(self._latents.maximum(self._low).minimum(self._high))
        return float(loss.item())

    def _render(self) -> Tensor:
        places = self._latents.movedim(1, 3)
        codebook = self._vqgan.codebook
        distances = places.pow(2).sum(-1, keepdim=True) + codebook.pow(2).sum(1) - 2 * places @ codebook.T
        one_hot = F.one_hot(distances.argmin(-1), len(codebook)).to(codebook.dtype)
        rows = places + (one_hot @ codebook - places).detach()
        decoded = self._vqgan.decoder(self._vqgan.post_quant_conv(rows.movedim(3, 1)))
        return clamp_with_gradient((decoded + 1) / 2)

    def _cutouts(self, picture: Tensor) -> Tensor:
        size, sides = self._perceptor.input_size, picture.shape[2:4]
        largest, smallest = min(sides), min(*sides, size)
        cutouts = []
        for _ in range(self._plan.cuts):
            side = int(torch.rand([]) * (largest - smallest) + smallest)
            left = int(torch.randint(0, sides[1] - side + 1, ()))
            top = int(torch.randint(0, sides[0] - side + 1, ()))
            cutout = picture[:, :, top : top + side, left : left + side]
            cutouts.append(F.interpolate(cutout, (size, size), mode="bicubic", align_corners=False, antialias=True))
        augmented: Tensor = self._augment(torch.cat(cutouts))
        strengths = augmented.new_empty([self._plan.cuts, 1, 1, 1]).uniform_(0, 0.1)
        return augmented + strengths * torch.randn_like(augmented)
