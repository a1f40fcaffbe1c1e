"""The networks a plan needs, loaded once and kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, Literal, Protocol

import torch
from torch import Tensor

from engine import checkpoints, weights
from engine.clip_perceptor import CLIPPerceptor
from engine.errors import InputError, PaintingError
from engine.perceptor import Perceptor
from engine.presets import PRESETS, VQGANS, Family
from engine.spec import QUALITIES
from engine.vqgan import (
    IMAGENET_F16_1024,
    IMAGENET_F16_16384,
    OPENIMAGES_F8_8192,
    VQGAN,
    WIKIART_F16_16384,
    VQGANConfig,
)

VQGAN_CONFIGS: Final[Mapping[str, VQGANConfig]] = {
    "imagenet-f16-1024": IMAGENET_F16_1024,
    "imagenet-f16-16384": IMAGENET_F16_16384,
    "wikiart-f16-16384": WIKIART_F16_16384,
    "openimages-f8-8192": OPENIMAGES_F8_8192,
}
MINI: Final = "mini"  # name of the embedded VQGAN and of the embedded perceptor


class Prior(Protocol):
    """Proposes what to start from, so that the gradient steps only have to refine it."""

    def propose(self, text: str, *, width: int, height: int, generator: torch.Generator, vqgan: VQGAN) -> Tensor:
        """(1, 3, height, width) picture in [0, 1] for `text`; draws its chances from `generator`."""

    def notes(self, text: str) -> tuple[str, ...]:
        """Sentences for the person: which words of `text` the model does not know."""


@dataclass
class Models:
    """Resident models: each is loaded when it is first asked for. Not for use by several threads at once."""

    family: Family
    device: torch.device
    precision: torch.dtype  # of matrix products; bfloat16 or float32
    vqgans: dict[str, VQGAN] = field(default_factory=dict, repr=False)
    perceptors: dict[str, Perceptor] = field(default_factory=dict, repr=False)

    def vqgan(self, name: str) -> VQGAN:
        """Raises `InputError` when its weights are not installed, `PaintingError` when they are unusable."""
        if name not in self.vqgans:
            self.vqgans[name] = self._mini.vqgan if name == MINI else self._load_vqgan(name)
        return self.vqgans[name]

    def perceptor(self, name: str) -> Perceptor:
        """Raises `InputError` when its weights are not installed, `PaintingError` when they are unusable."""
        if name not in self.perceptors:
            self.perceptors[name] = self._mini.perceptor if name == MINI else self._load_perceptor(name)
        return self.perceptors[name]

    @property
    def prior(self) -> Prior | None:
        """The embedded model has one; the published models start from codes, noise or a picture."""
        return self._mini.prior if self.family == "mini" else None

    def qualities(self) -> tuple[str, ...]:
        """The qualities whose weights are all here."""
        return tuple(quality for quality in QUALITIES if not self._absent(quality))

    def sees(self) -> bool:
        """Whether the perceptors of quality draft are here: enough for the styles that need no VQGAN."""
        return set(self._absent("draft")) <= {VQGANS[self.family]}

    def describe(self) -> str:
        """One sentence: which models paint, and on what."""
        place = "the GPU" if self.device.type == "cuda" else "the CPU"
        number = "bfloat16" if self.precision == torch.bfloat16 else "float32"
        if self.family == "mini":
            return f"Painting with the embedded mini model on {place} in {number}."
        qualities = self.qualities()
        if not qualities:
            missing = f"VQGAN {VQGANS['full']} is not installed"
            return f"Painting with CLIP on {place} in {number}, in every style but image: {missing}."
        return (
            f"Painting with VQGAN {VQGANS['full']} and CLIP on {place} in {number}, in "
            f"{'quality' if len(qualities) == 1 else 'qualities'} {', '.join(qualities)}."
        )

    def _absent(self, quality: str) -> tuple[str, ...]:
        """Names of the weights that a quality needs and that are neither resident nor installed."""
        vqgan, perceptors = VQGANS[self.family], PRESETS[self.family][quality].perceptors
        needed = [vqgan] * (vqgan not in self.vqgans) + [name for name in perceptors if name not in self.perceptors]
        return tuple(name for name in needed if name != MINI and weights.installed(name) is None)

    def _load_vqgan(self, name: str) -> VQGAN:
        if weights.named(name).kind != "vqgan":
            raise InputError(f"{name} is no VQGAN; known are {', '.join(VQGAN_CONFIGS)}.")
        state = checkpoints.read_vqgan(weights.require(name))
        return VQGAN.from_state(VQGAN_CONFIGS[name], state, self.device, self.precision)

    def _load_perceptor(self, name: str) -> Perceptor:
        state = checkpoints.read_clip(weights.require(name))
        return CLIPPerceptor.from_state(name, state, self.device, self.precision)

    @cached_property
    def _mini(self) -> _Mini:
        from engine.mini.model import load_mini  # its files are read only where it paints

        try:
            state, config, perceptor, prior = load_mini(self.device, self.precision)
        except FileNotFoundError as error:
            raise PaintingError(
                "The embedded model's files are not all there: get engine/mini/weights from the repository again."
            ) from error
        vqgan = VQGAN.from_state(VQGANConfig.from_dict(config), state, self.device, self.precision)
        return _Mini(vqgan, perceptor, prior)


@dataclass(frozen=True)
class _Mini:
    vqgan: VQGAN
    perceptor: Perceptor
    prior: Prior


def load_models(
    which: Literal["auto", "mini", "full"] = "auto", device: Literal["auto", "cpu", "cuda"] = "auto"
) -> Models:
    """Decide on the models and the device; the weights themselves are read when first needed.

    `auto` takes the published models where those of quality draft are installed, and the embedded ones otherwise.
    Raises `InputError` for `full` without weights and for `cuda` without a GPU.
    """
    if which not in ("auto", "mini", "full"):
        raise InputError(f"The models must be auto, mini or full, not {which[:40]!r}.")
    place = choose_device(device)
    full = Models("full", place, choose_precision(place))
    if which == "full" and not full.sees():
        raise InputError(
            "The published models are not installed: run `python -m engine models pull draft` to get those of quality "
            "draft, or choose the embedded model, mini."
        )
    if which == "full" or (which == "auto" and "draft" in full.qualities()):
        return full
    return Models("mini", place, choose_precision(place))


def choose_device(device: str) -> torch.device:
    """`auto` is the GPU where there is one. Raises `InputError` for `cuda` without one."""
    if device not in ("auto", "cpu", "cuda"):
        raise InputError(f"The device must be auto, cpu or cuda, not {device[:40]!r}.")
    if device == "cuda" and not torch.cuda.is_available():
        raise InputError("There is no usable GPU here: take device cpu or auto, or install a CUDA build of torch.")
    return torch.device("cuda" if device != "cpu" and torch.cuda.is_available() else "cpu")


def choose_precision(device: torch.device) -> torch.dtype:
    """Bfloat16 where the device multiplies it natively, float32 elsewhere: emulated bfloat16 is slower than float32.

    Forward and backward on one core with AVX512-BF16, in seconds, float32 and bfloat16: VQGAN f16 at 144² 1.61, 0.88;
    ViT-B/32 with 40 cuts 8.5, 5.1; the mini's VQGAN at 256² 0.40, 0.30.
    """
    if device.type == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported(including_emulation=False) else torch.float32
    # Public from torch 2.13 on; before, no answer means float32.
    capabilities: Mapping[str, Any] = getattr(torch.cpu, "get_capabilities", dict)()
    native = capabilities.get("avx512_bf16", False) or capabilities.get("amx_bf16", False)
    return torch.bfloat16 if native else torch.float32
