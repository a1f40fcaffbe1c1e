"""Models with random weights: they paint nothing, in exactly the time and the places of the real ones."""

from __future__ import annotations

from typing import Final, Literal

import torch

from engine.models.clip import CLIPPerceptor, clip_module
from engine.models.perceptor import Perceptor
from engine.models.vqgan import PUBLISHED_CONFIGS, VQGAN, VQGANConfig
from engine.registry import Models
from engine.spec.presets import PRESETS, VQGANS

# Four pixels a code, so that small pictures have some; a perceptor of 32 pixels.
TINY_VQGAN: Final = VQGANConfig(
    n_embed=64, embed_dim=16, z_channels=32, ch=32, ch_mult=(1, 1, 2), num_res_blocks=1, attn_resolutions=()
)
WORDS: Final = 49408  # tokens of CLIP's tokenizer
CONTEXT: Final = 77


def random_models(
    size: Literal["full", "tiny"] = "tiny",
    *,
    device: torch.device | str = "cpu",
    precision: torch.dtype = torch.float32,
    seed: int = 0,
) -> Models:
    """Models of family "full" that need no files, the same for the same seed; global randomness is left alone.

    "full" has the published shapes for quality draft (VQGAN f16 with 16384 codes, ViT-B/32), for benchmarks;
    "tiny" has a perceptor of 32 pixels under the name of each that a quality asks for, for tests.
    """
    place = torch.device(device)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        config = PUBLISHED_CONFIGS["imagenet-f16-16384"] if size == "full" else TINY_VQGAN
        vqgan = VQGAN(config).prepare(place, precision)
        qualities = ("draft",) if size == "full" else PRESETS["full"].keys()
        names = dict.fromkeys(name for quality in qualities for name in PRESETS["full"][quality].perceptors)
        perceptors = {name: _random_perceptor(name, size, place, precision) for name in names}
    return Models("full", place, precision, {VQGANS["full"]: vqgan}, perceptors)


def _random_perceptor(name: str, size: str, device: torch.device, precision: torch.dtype) -> Perceptor:
    module = clip_module("model")
    if size == "full":
        clip = module.CLIP(512, 224, 12, 768, 32, CONTEXT, WORDS, 512, 8, 12)  # ViT-B/32
    else:
        clip = module.CLIP(32, 32, 1, 64, 8, CONTEXT, WORDS, 64, 1, 1)
    return CLIPPerceptor(name, clip, device, precision)
