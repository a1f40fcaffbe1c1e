"""Reading the published formats from files made here with the true key names, and refusing everything else."""

from __future__ import annotations

import os
import sys
import types
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from engine.errors import PaintingError
from engine.models.checkpoints import check_shapes, read_clip, read_vqgan
from engine.models.clip import CLIPPerceptor, clip_module
from engine.models.vqgan import VQGAN, VQGANConfig

F16 = VQGANConfig(
    n_embed=32, embed_dim=16, z_channels=32, ch=32, attn_resolutions=(4,), resolution=64, num_res_blocks=1
)
GUMBEL = VQGANConfig(
    n_embed=32,
    embed_dim=16,
    z_channels=32,
    ch=32,
    ch_mult=(1, 1, 2, 4),
    attn_resolutions=(8,),
    resolution=64,
    num_res_blocks=1,
    gumbel=True,
)


@pytest.fixture(autouse=True)
def _one_thread_and_one_seed() -> None:
    torch.set_num_threads(1)
    torch.manual_seed(0)


def lightning_content(vqgan: VQGAN, callbacks: dict[Any, Any]) -> dict[str, Any]:
    """What Lightning 1.0 saved for taming's VQModel: the loss network's weights, optimisers, callbacks by class."""
    loss = {
        "loss.perceptual_loss.net.slice1.0.weight": torch.zeros(64, 3, 3, 3),
        "loss.discriminator.main.0.weight": torch.zeros(64, 3, 4, 4),
        "loss.discriminator.main.3.num_batches_tracked": torch.tensor(7),
    }
    return {
        "epoch": 11,
        "global_step": 1000,
        "pytorch-lightning_version": "1.0.8",
        "callbacks": callbacks,
        "optimizer_states": [{"state": {0: {"step": 1, "exp_avg": torch.zeros(2)}}, "param_groups": [{"lr": 1e-4}]}],
        "lr_schedulers": [],
        "state_dict": dict(vqgan.state_dict()) | loss,
    }


@pytest.fixture
def model_checkpoint_class(monkeypatch: pytest.MonkeyPatch) -> type:
    """A class that pickles as Lightning's, without Lightning."""
    name = "pytorch_lightning.callbacks.model_checkpoint"
    kind = type("ModelCheckpoint", (), {"__module__": name})
    for parent in ("pytorch_lightning", "pytorch_lightning.callbacks", name):
        monkeypatch.setitem(sys.modules, parent, types.ModuleType(parent))
    sys.modules[name].ModelCheckpoint = kind  # type: ignore[attr-defined]
    return kind


@pytest.mark.parametrize("config", [F16, GUMBEL], ids=["f16", "gumbel"])
@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "old format"])
def test_a_lightning_checkpoint_of_tamings_is_read_without_lightning(
    tmp_path: Path, model_checkpoint_class: type, config: VQGANConfig, zipped: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = VQGAN(config)
    callbacks = {model_checkpoint_class: {"best_model_score": torch.tensor(0.4), "best_model_path": "x.ckpt"}}
    path = tmp_path / "last.ckpt"
    torch.save(lightning_content(source, callbacks), path, _use_new_zipfile_serialization=zipped)
    for name in [name for name in sys.modules if name.startswith("pytorch_lightning")]:
        monkeypatch.delitem(sys.modules, name)

    state = read_vqgan(path)

    assert not [key for key in state if key.startswith("loss.")]
    assert ("quantize.proj.weight" in state) == config.gumbel
    assert "pytorch_lightning" not in sys.modules
    latents = torch.randn(1, config.embed_dim, 2, 3)
    loaded = VQGAN.from_state(config, state)
    torch.testing.assert_close(loaded.decode(latents), source.decode(latents), atol=1e-6, rtol=0)


def test_a_plain_state_dictionary_and_safetensors_are_read(tmp_path: Path) -> None:
    state = VQGAN(F16).state_dict()
    torch.save(dict(state), tmp_path / "plain.pt")
    save_file(dict(state), tmp_path / "plain.safetensors")
    for name in ("plain.pt", "plain.safetensors"):
        read = read_vqgan(tmp_path / name)
        assert read.keys() == state.keys()
        assert all(torch.equal(read[key], value) for key, value in state.items())


def small_clip(kind: str) -> Any:
    tower = (1, 64, 8) if kind == "vit" else ((1, 1, 1, 1), 16, None)
    return clip_module("model").CLIP(16, 32, *tower, 77, 49408, 64, 1, 1).eval()


def save_torchscript(clip: Any, path: Path) -> None:
    """As OpenAI's archives: traced, in half precision, with three numbers of the shape as buffers."""
    for name, number in (("input_resolution", 32), ("context_length", 77), ("vocab_size", 49408)):
        clip.__dict__.pop(name, None)
        clip.register_buffer(name, torch.tensor(number))
    example = torch.zeros(1, 3, 32, 32), torch.ones(1, 77, dtype=torch.long)
    torch.jit.trace(clip, example, check_trace=False).half().save(str(path))


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::torch.jit.TracerWarning")
@pytest.mark.parametrize("kind", ["vit", "resnet"])
def test_a_torchscript_archive_of_openais_is_read(tmp_path: Path, kind: str) -> None:
    clip = small_clip(kind).half().float()  # numbers that half precision holds
    images = torch.rand(2, 3, 32, 32)
    before = CLIPPerceptor.from_state("small", clip.state_dict())
    save_torchscript(clip, tmp_path / "small.pt")

    state = read_clip(tmp_path / "small.pt")
    after = CLIPPerceptor.from_state("small", state)

    assert {"input_resolution", "context_length", "vocab_size"} < state.keys()
    assert after.input_size == 32
    torch.testing.assert_close(after.encode_image(images), before.encode_image(images), atol=1e-5, rtol=0)
    torch.testing.assert_close(after.encode_text(["a cat"]), before.encode_text(["a cat"]), atol=1e-5, rtol=0)


class Malicious:
    """Runs a command when it is unpickled."""

    def __init__(self, proof: Path) -> None:
        self.proof = proof

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return os.system, (f"touch {self.proof}",)


@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "old format"])
@pytest.mark.parametrize("reader", [read_vqgan, read_clip])
def test_a_malicious_pickle_is_refused_and_does_not_run(tmp_path: Path, zipped: bool, reader: Any) -> None:
    proof, path = tmp_path / "it-ran", tmp_path / "evil.ckpt"
    content = {"state_dict": {"decoder.conv_in.weight": torch.zeros(1)}, "callbacks": Malicious(proof)}
    torch.save(content, path, _use_new_zipfile_serialization=zipped)
    with pytest.raises(PaintingError, match=r"^The file evil\.ckpt holds more than weights"):
        reader(path)
    assert not proof.exists()


@pytest.mark.parametrize("cut", [0.2, 0.98])
@pytest.mark.parametrize("reader", [read_vqgan, read_clip])
def test_a_truncated_checkpoint_is_called_incomplete(tmp_path: Path, cut: float, reader: Any) -> None:
    path = tmp_path / "cut.ckpt"
    torch.save({"state_dict": dict(VQGAN(F16).state_dict())}, path)
    os.truncate(path, int(path.stat().st_size * cut))
    with pytest.raises(PaintingError, match=r"^The weights file cut\.ckpt is incomplete: pull it again\.$"):
        reader(path)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<!DOCTYPE html><title>Log in</title>",
        b"\x80\x02.",
        b"\x00" * 64,
        b"\x80\x02}q\x00.",
        bytes(range(256)) * 8,
    ],
    ids=["empty", "page", "pickle", "zeros", "empty pickle", "noise"],
)
@pytest.mark.parametrize("reader", [read_vqgan, read_clip])
def test_a_file_of_something_else_is_refused(tmp_path: Path, content: bytes, reader: Any) -> None:
    path = tmp_path / "other.ckpt"
    path.write_bytes(content)
    with pytest.raises(PaintingError, match=r"^The file other\.ckpt is not a file of weights, or it is damaged"):
        reader(path)


def test_a_truncated_safetensors_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "cut.safetensors"
    save_file({"decoder.conv_in.weight": torch.zeros(1000)}, path)
    os.truncate(path, 2000)
    with pytest.raises(PaintingError, match="damaged"):
        read_vqgan(path)


def test_a_torch_file_without_weights_is_refused(tmp_path: Path) -> None:
    for content in ({"state_dict": {}}, [1, 2], {"state_dict": 5}, {"epoch": 3}):
        torch.save(content, tmp_path / "empty.pt")
        with pytest.raises(PaintingError, match=r"^The file empty\.pt is a torch file without weights in it\.$"):
            read_vqgan(tmp_path / "empty.pt")


def test_a_missing_file_and_a_folder_are_told(tmp_path: Path) -> None:
    with pytest.raises(PaintingError, match=r"does not exist\.$"):
        read_vqgan(tmp_path / "absent.ckpt")
    with pytest.raises(PaintingError, match=r"cannot be read: Is a directory\.$"):
        read_clip(tmp_path)


def test_shapes_are_compared_in_one_sentence() -> None:
    state: dict[str, Tensor] = {"a": torch.zeros(2, 3), "b": torch.tensor(1.0)}
    check_shapes({"a": (2, 3), "b": ()}, state, "CLIP")
    with pytest.raises(PaintingError, match=r"^The weights are not those of this CLIP: “a” is 2×3, not one number\.$"):
        check_shapes({"a": ()}, state, "CLIP")
    with pytest.raises(PaintingError, match=r"“c” and 1 more is missing\.$"):
        check_shapes({"c": (), "d": ()}, state, "CLIP")
