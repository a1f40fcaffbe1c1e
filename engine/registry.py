"""`Models`: the networks on their device, each loaded when it is first needed and then kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, Literal

import torch

from engine.errors import InputError, PaintingError
from engine.models import checkpoints, published
from engine.models.clip import CLIPPerceptor
from engine.models.perceptor import Perceptor
from engine.models.prior import Prior
from engine.models.vqgan import PUBLISHED_CONFIGS, VQGAN
from engine.spec.artspec import QUALITIES
from engine.spec.presets import PRESETS, VQGANS, ModelFamily

if TYPE_CHECKING:
    from engine.embedded.load import EmbeddedModel

EMBEDDED: Final = "mini"  # name of the embedded VQGAN and of the embedded perceptor


@dataclass
class Models:
    """The networks of one family on one device. Not thread-safe."""

    family: ModelFamily
    device: torch.device
    precision: torch.dtype  # of matrix products; bfloat16 or float32
    vqgans: dict[str, VQGAN] = field(default_factory=dict, repr=False)
    perceptors: dict[str, Perceptor] = field(default_factory=dict, repr=False)

    def vqgan(self, name: str) -> VQGAN:
        """The VQGAN of that name. Raises `InputError` if it is not installed, `PaintingError` if it is unusable."""
        if name not in self.vqgans:
            self.vqgans[name] = self._embedded.vqgan if name == EMBEDDED else self._load_vqgan(name)
        return self.vqgans[name]

    def perceptor(self, name: str) -> Perceptor:
        """The perceptor of that name. Raises as `vqgan` does."""
        if name not in self.perceptors:
            self.perceptors[name] = self._embedded.perceptor if name == EMBEDDED else self._load_perceptor(name)
        return self.perceptors[name]

    @property
    def prior(self) -> Prior | None:
        """The embedded model's prior; None for the published models, which start from codes, noise or a picture."""
        return self._embedded.prior if self.family == "mini" else None

    def qualities(self) -> tuple[str, ...]:
        """The qualities whose weights are all installed."""
        return tuple(quality for quality in QUALITIES if not self._missing(quality))

    def has_perceptors(self) -> bool:
        """Whether the perceptors of quality draft are installed: enough for the styles that need no VQGAN."""
        return set(self._missing("draft")) <= {VQGANS[self.family]}

    def describe(self) -> str:
        """One sentence: which models paint, and on what."""
        device = "the GPU" if self.device.type == "cuda" else "the CPU"
        precision = "bfloat16" if self.precision == torch.bfloat16 else "float32"
        if self.family == "mini":
            return f"Painting with the embedded mini model on {device} in {precision}."
        qualities = self.qualities()
        if not qualities:
            missing = f"VQGAN {VQGANS['full']} is not installed"
            return f"Painting with CLIP on {device} in {precision}, in every style but image: {missing}."
        return (
            f"Painting with VQGAN {VQGANS['full']} and CLIP on {device} in {precision}, in "
            f"{'quality' if len(qualities) == 1 else 'qualities'} {', '.join(qualities)}."
        )

    def _missing(self, quality: str) -> tuple[str, ...]:
        """Names of the weights that a quality needs and that are neither loaded nor installed."""
        vqgan, perceptors = VQGANS[self.family], PRESETS[self.family][quality].perceptors
        needed = [vqgan] * (vqgan not in self.vqgans) + [name for name in perceptors if name not in self.perceptors]
        return tuple(name for name in needed if name != EMBEDDED and published.installed(name) is None)

    def _load_vqgan(self, name: str) -> VQGAN:
        if published.named(name).kind != "vqgan":
            raise InputError("{name} is no VQGAN; known are {known}.", name=name, known=", ".join(PUBLISHED_CONFIGS))
        state = checkpoints.read_vqgan(published.require(name))
        return VQGAN.from_state(PUBLISHED_CONFIGS[name], state, self.device, self.precision)

    def _load_perceptor(self, name: str) -> Perceptor:
        state = checkpoints.read_clip(published.require(name))
        return CLIPPerceptor.from_state(name, state, self.device, self.precision)

    @cached_property
    def _embedded(self) -> EmbeddedModel:
        from engine.embedded.load import load_embedded  # its files are read only where it paints

        try:
            return load_embedded(self.device, self.precision)
        except FileNotFoundError as error:
            raise PaintingError(
                "The embedded model's files are not all there: get engine/embedded/weights from the repository again."
            ) from error


def load_models(
    which: Literal["auto", "mini", "full"] = "auto", device: Literal["auto", "cpu", "cuda"] = "auto"
) -> Models:
    """The models of a family on a device; their weights are read when first needed.

    `auto` takes the published models where those of quality draft are installed, and the embedded ones otherwise.
    Raises `InputError` for `full` without weights and for `cuda` without a GPU.
    """
    if which not in ("auto", "mini", "full"):
        raise InputError("The models must be auto, mini or full, not {given}.", given=repr(which[:40]))
    torch_device = choose_device(device)
    full = Models("full", torch_device, choose_precision(torch_device))
    if which == "full" and not full.has_perceptors():
        raise InputError(
            "The published models are not installed: run `python -m engine models pull draft` to get those of quality "
            "draft, or choose the embedded model, mini."
        )
    if which == "full" or (which == "auto" and "draft" in full.qualities()):
        return full
    return Models("mini", torch_device, choose_precision(torch_device))


def choose_device(device: str) -> torch.device:
    """The device of that name; `auto` is the GPU where there is one. Raises `InputError` for `cuda` without one."""
    if device not in ("auto", "cpu", "cuda"):
        raise InputError("The device must be auto, cpu or cuda, not {given}.", given=repr(device[:40]))
    if device == "cuda" and not torch.cuda.is_available():
        raise InputError("There is no usable GPU here: take device cpu or auto, or install a CUDA build of torch.")
    return torch.device("cuda" if device != "cpu" and torch.cuda.is_available() else "cpu")


def choose_precision(device: torch.device) -> torch.dtype:
    """The precision of matrix products: bfloat16 where the device has it natively, else float32, which beats emulation.

    Forward and backward on one core with AVX512-BF16, in seconds, float32 and bfloat16: VQGAN f16 at 144² 1.61, 0.88;
    ViT-B/32 with 40 cuts 8.5, 5.1; the embedded VQGAN at 256² 0.40, 0.30.
    """
    if device.type == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported(including_emulation=False) else torch.float32
    # Public since torch 2.13; without it float32 is the safe choice.
    capabilities: Mapping[str, Any] = getattr(torch.cpu, "get_capabilities", dict)()
    native = capabilities.get("avx512_bf16", False) or capabilities.get("amx_bf16", False)
    return torch.bfloat16 if native else torch.float32
