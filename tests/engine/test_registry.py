"""Which models are taken, from files in the published formats with small shapes."""

from __future__ import annotations

import dataclasses
import sys
import types
from pathlib import Path

import pytest
import torch
from torch import Tensor

from engine import ArtSpec
from engine import registry as models
from engine.errors import InputError, PaintingError
from engine.lab.random_models import TINY_VQGAN, random_models
from engine.loop.loop import paint
from engine.models import published as weights
from engine.models.clip import clip_module
from engine.models.vqgan import VQGAN
from engine.registry import Models, choose_device, choose_precision, load_models
from engine.spec.artspec import QUALITIES
from engine.spec.plan import plan

CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty weights folder; the published VQGANs have a small shape here."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    monkeypatch.setenv("ATELIER_WEIGHTS", str(tmp_path))
    monkeypatch.setattr(models, "PUBLISHED_CONFIGS", dict.fromkeys(models.PUBLISHED_CONFIGS, TINY_VQGAN))
    return tmp_path


def install_vqgan(folder: Path, name: str = "imagenet-f16-16384") -> VQGAN:
    vqgan = VQGAN(TINY_VQGAN)
    content = {"epoch": 1, "callbacks": {}, "state_dict": dict(vqgan.state_dict()) | {"loss.x": torch.zeros(1)}}
    torch.save(content, folder / weights.named(name).file)
    return vqgan


def install_clip(folder: Path, name: str) -> None:
    clip = clip_module("model").CLIP(16, 32, 1, 64, 8, 77, 49408, 64, 1, 1)
    torch.save(dict(clip.state_dict()), folder / weights.named(name).file)


def test_without_weights_auto_is_the_embedded_model() -> None:
    resident = load_models("auto", "cpu")
    assert resident.family == "mini"
    assert resident.device == CPU
    assert resident.describe().startswith("Painting with the embedded mini model on the CPU in ")
    assert resident.qualities() == QUALITIES


def test_with_the_weights_of_draft_auto_is_full(folder: Path) -> None:
    vqgan = install_vqgan(folder)
    assert load_models("auto", "cpu").family == "mini"
    install_clip(folder, "ViT-B/32")

    resident = load_models("auto", "cpu")

    assert resident.family == "full"
    assert resident.prior is None
    assert resident.qualities() == ("draft",)
    assert "VQGAN imagenet-f16-16384 and CLIP on the CPU" in resident.describe()
    assert resident.describe().endswith("in quality draft.")
    assert load_models("mini", "cpu").family == "mini"
    drafted = plan(ArtSpec("a red apple"), resident.family)
    assert resident.vqgan(drafted.vqgan) is resident.vqgan(drafted.vqgan)
    assert torch.equal(resident.vqgan(drafted.vqgan).codebook, vqgan.codebook)
    assert resident.perceptor("ViT-B/32") is resident.perceptor("ViT-B/32")
    assert resident.perceptor("ViT-B/32").encode_text(["a cat"]).shape == (1, 16)


def test_full_without_weights_names_the_command() -> None:
    with pytest.raises(InputError, match=r"run `python -m engine models pull draft`"):
        load_models("full", "cpu")


def test_clip_alone_paints_every_style_but_one(folder: Path) -> None:
    install_clip(folder, "ViT-B/32")
    resident = load_models("full", "cpu")
    assert resident.qualities() == () and "in every style but image" in resident.describe()
    assert load_models("auto", "cpu").family == "mini"
    spec = ArtSpec("a red apple", style="photo", width=32, height=32, iterations=1, cuts=2)
    *_, last = paint(spec, resident)
    assert last.finished
    with pytest.raises(InputError, match="models pull imagenet-f16-16384"):
        next(paint(dataclasses.replace(spec, style="image"), resident))


def test_a_missing_perceptor_names_the_command(folder: Path) -> None:
    install_vqgan(folder)
    install_clip(folder, "ViT-B/32")
    resident = load_models("full", "cpu")
    with pytest.raises(InputError, match=r"^The weights RN50x4 are not installed: run `.* models pull RN50x4`\.$"):
        resident.perceptor("RN50x4")


def test_unusable_weights_are_told(folder: Path) -> None:
    install_clip(folder, "ViT-B/32")
    (folder / weights.named("imagenet-f16-16384").file).write_bytes(b"<html>")
    resident = load_models("full", "cpu")
    with pytest.raises(PaintingError, match="is not a file of weights"):
        resident.vqgan("imagenet-f16-16384")


def test_unknown_names_are_told() -> None:
    with pytest.raises(InputError, match="must be auto, mini or full"):
        load_models("large")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="must be auto, cpu or cuda"):
        load_models("mini", "tpu")  # type: ignore[arg-type]
    with pytest.raises(InputError, match=r"^There are no weights named 'dall-e'"):
        Models("full", CPU, torch.float32).vqgan("dall-e")


def test_a_perceptor_asked_for_as_a_vqgan_is_told(folder: Path) -> None:
    install_clip(folder, "ViT-B/32")
    with pytest.raises(InputError, match=r"^ViT-B/32 is no VQGAN"):
        Models("full", CPU, torch.float32).vqgan("ViT-B/32")


def test_devices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert choose_device("auto") == choose_device("cpu") == CPU
    with pytest.raises(InputError, match="no usable GPU"):
        choose_device("cuda")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert choose_device("auto") == choose_device("cuda") == torch.device("cuda")
    assert choose_device("cpu") == CPU


def test_bfloat16_only_where_it_is_native(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_bf16": True}, raising=False)
    assert choose_precision(CPU) == torch.bfloat16
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_f": True}, raising=False)
    assert choose_precision(CPU) == torch.float32
    monkeypatch.delattr(torch.cpu, "get_capabilities")
    assert choose_precision(CPU) == torch.float32


def test_the_embedded_model_is_loaded_once_by_its_own_loader(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a stand-in for `engine.embedded.load`: the real one is tested beside its files."""
    loaded: list[torch.device] = []

    class Prior:
        def propose(self, text: str, *, width: int, height: int, generator: torch.Generator, vqgan: VQGAN) -> Tensor:
            return torch.zeros(1, 3, height, width)

    def load_embedded(device: torch.device, precision: torch.dtype) -> types.SimpleNamespace:
        loaded.append(device)
        return types.SimpleNamespace(vqgan=VQGAN(TINY_VQGAN), perceptor=object(), prior=Prior())

    module = types.ModuleType("engine.embedded.load")
    module.__dict__["load_embedded"] = load_embedded
    monkeypatch.setitem(sys.modules, "engine.embedded.load", module)
    resident = load_models("mini", "cpu")
    assert loaded == []

    assert resident.vqgan("mini").config == TINY_VQGAN
    assert resident.prior is resident.prior is not None
    assert resident.perceptor("mini") is resident.perceptor("mini")
    assert loaded == [CPU]


def test_an_incomplete_embedded_model_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def load_embedded(device: torch.device, precision: torch.dtype) -> None:
        raise FileNotFoundError("index.safetensors")

    module = types.ModuleType("engine.embedded.load")
    module.__dict__["load_embedded"] = load_embedded
    monkeypatch.setitem(sys.modules, "engine.embedded.load", module)
    with pytest.raises(PaintingError, match="embedded model's files are not all there"):
        load_models("mini", "cpu").perceptor("mini")


def test_random_models_need_no_files_and_come_again() -> None:
    before = torch.random.get_rng_state()
    one, same, other = random_models(), random_models(), random_models(seed=1)
    assert torch.equal(torch.random.get_rng_state(), before)
    assert one.qualities() == QUALITIES
    name = plan(ArtSpec("a red apple"), "full").vqgan
    latents = torch.randn(1, TINY_VQGAN.embed_dim, 8, 8)
    assert torch.equal(one.vqgan(name).decode(latents), same.vqgan(name).decode(latents))
    assert not torch.equal(one.vqgan(name).decode(latents), other.vqgan(name).decode(latents))
    for quality in QUALITIES:
        for perceptor in plan(ArtSpec("a red apple", quality=quality), "full").perceptors:
            seen = one.perceptor(perceptor).encode_image(torch.rand(2, 3, 32, 32))
            torch.testing.assert_close(seen.norm(dim=-1), torch.ones(2))
