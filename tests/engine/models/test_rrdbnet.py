"""Real-ESRGAN's network: the published keys and shapes, its arithmetic, and files that are not its weights."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torch import Tensor

from engine.errors import PaintingError
from engine.models.checkpoints import read_upscaler
from engine.models.rrdbnet import RRDBNet, Upscaler

CPU = torch.device("cpu")


def small(seed: int = 0) -> RRDBNet:
    torch.manual_seed(seed)
    return RRDBNet(blocks=2, features=8, growth=4)


def by_hand(state: dict[str, Tensor], picture: Tensor) -> Tensor:
    """The forward pass as the paper draws it, straight from the weights."""

    def convolved(name: str, entered: Tensor) -> Tensor:
        return F.conv2d(entered, state[f"{name}.weight"], state[f"{name}.bias"], padding=1)

    def rectified(seen: Tensor) -> Tensor:
        return torch.where(seen > 0, seen, 0.2 * seen)

    def dense(name: str, x: Tensor) -> Tensor:
        x1 = rectified(convolved(f"{name}.conv1", x))
        x2 = rectified(convolved(f"{name}.conv2", torch.cat((x, x1), 1)))
        x3 = rectified(convolved(f"{name}.conv3", torch.cat((x, x1, x2), 1)))
        x4 = rectified(convolved(f"{name}.conv4", torch.cat((x, x1, x2, x3), 1)))
        return 0.2 * convolved(f"{name}.conv5", torch.cat((x, x1, x2, x3, x4), 1)) + x

    first = convolved("conv_first", picture)
    seen = first
    for block in range(2):
        seen = 0.2 * dense(f"body.{block}.rdb3", dense(f"body.{block}.rdb2", dense(f"body.{block}.rdb1", seen))) + seen
    seen = first + convolved("conv_body", seen)
    for name in ("conv_up1", "conv_up2"):
        seen = rectified(convolved(name, seen.repeat_interleave(2, 2).repeat_interleave(2, 3)))
    return convolved("conv_last", rectified(convolved("conv_hr", seen)))


def test_it_computes_what_the_paper_draws() -> None:
    network, picture = small(), torch.rand(2, 3, 6, 9)
    found = network(picture)
    assert found.shape == (2, 3, 24, 36)
    assert torch.allclose(found, by_hand(network.state_dict(), picture), atol=1e-5)


def test_the_published_network_has_its_keys_and_sizes() -> None:
    with torch.device("meta"):
        state = RRDBNet().state_dict()
    # Counted by hand: 23 blocks of 3 dense blocks of 5 convolutions, and 6 around them, each with a bias.
    assert len(state) == 2 * (23 * 3 * 5 + 6)
    assert sum(value.numel() for value in state.values()) == 16_697_987  # in float32 the 67 MB that are published
    assert tuple(state["body.22.rdb3.conv4.weight"].shape) == (32, 64 + 3 * 32, 3, 3)
    assert tuple(state["body.0.rdb1.conv5.weight"].shape) == (64, 64 + 4 * 32, 3, 3)
    assert tuple(state["conv_last.weight"].shape) == (3, 64, 3, 3)


@pytest.mark.parametrize("part", ["params_ema", "params", None, "safetensors"])
def test_its_weights_are_read_as_they_are_published(tmp_path: Path, part: str | None) -> None:
    network, path = small(), tmp_path / "x.pth"
    state = network.state_dict()
    if part == "safetensors":
        save_file(state, path)
    else:
        torch.save(state if part is None else {part: state}, path)
    upscaler = Upscaler.from_state(read_upscaler(path), CPU, torch.float32)
    picture = torch.rand(3, 5, 4)
    assert torch.allclose(upscaler.enlarge(picture), network(picture[None])[0].clamp(0, 1), atol=1e-6)


class Evil:
    def __reduce__(self) -> tuple[Callable[..., Any], tuple[str]]:
        return (print, ("this must never run",))


@pytest.mark.parametrize(
    "content", [b"", b"PK\x03\x04broken", b"<html>log in</html>", b"\x80\x02garbage", b"12345678{"]
)
def test_damaged_files_are_answered_with_a_sentence(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.pth"
    path.write_bytes(content)
    with pytest.raises(PaintingError, match=r"x\.pth"):
        read_upscaler(path)


def test_a_file_that_would_run_something_is_not_opened(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for number, save in enumerate([torch.save, lambda value, path: path.write_bytes(pickle.dumps(value, protocol=2))]):
        path = tmp_path / f"{number}.pth"
        save({"params_ema": Evil()}, path)
        with pytest.raises(PaintingError):
            read_upscaler(path)
    assert capsys.readouterr().out == ""


def test_other_weights_are_told_from_its_own(tmp_path: Path) -> None:
    state = small().state_dict()
    for wrong in (
        {key: value for key, value in state.items() if key != "conv_hr.bias"},
        {**state, "conv_up1.weight": torch.zeros(8, 8, 1, 1)},
        {"conv_first.weight": torch.zeros(8)},
        {},
    ):
        with pytest.raises(PaintingError, match="not those of this upscaler"):
            Upscaler.from_state(wrong, CPU, torch.float32)
    path = tmp_path / "x.pth"
    torch.save({"params_ema": {"a": 1}}, path)
    with pytest.raises(PaintingError, match="without weights"):
        read_upscaler(path)
    with pytest.raises(PaintingError, match=r"missing\.pth"):
        read_upscaler(tmp_path / "missing.pth")
