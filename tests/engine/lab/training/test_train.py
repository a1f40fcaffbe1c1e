"""The chain from pictures to files that paint, on six made-up pictures, with stops on the way."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from engine.lab.training import scenery
from engine.lab.training.clip import ClipTraining, train_clip
from engine.lab.training.drawings import SIDE, Picture
from engine.lab.training.run import TrainingRun
from engine.lab.training.vqgan import RUNNING, SHARP_RUNNING, VQGANTraining, sharpen_decoder, train_autoencoder

CPU = torch.device("cpu")
VQGAN = VQGANTraining(minutes=0.02, batch=2, side=32, warm_steps=1, critic_minutes=0.02, critic_side=32, critic_batch=2)
CLIP = ClipTraining(minutes=0.02, batch=4, names=3, held_out=0)


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A work folder as `gather` and `distil` leave it: six discs of six colours."""
    monkeypatch.setattr(scenery, "COUNT", 3)
    y, x = np.mgrid[:SIDE, :SIDE]
    disc = (y - 128) ** 2 + (x - 128) ** 2 < 100**2
    colours = ("red", "green", "blue", "yellow", "pink", "gray")
    shades = ((220, 30, 30), (30, 180, 40), (40, 60, 220), (240, 220, 40), (250, 150, 190), (128, 128, 128))
    pixels = np.zeros((6, SIDE, SIDE, 4), np.uint8)
    for row, shade in zip(pixels, shades, strict=True):
        row[disc] = (*shade, 255)
    np.save(tmp_path / "pictures.npy", pixels)
    pictures = [Picture("noto", colour, f"{colour} ball", ("toy",), "emoji") for colour in colours]
    (tmp_path / "pictures.json").write_text(json.dumps([asdict(picture) for picture in pictures]))
    words = [*colours, "orange", "cyan", "purple", "brown", "black", "white", "ball", "toy"]
    torch.manual_seed(0)
    torch.save({"words": words, "rows": torch.randn(len(words), 128)}, tmp_path / "words.pt")
    return tmp_path


def test_every_network_trains_within_its_minutes_and_goes_on_with_more(work: Path) -> None:
    torch.set_num_threads(1)
    train_autoencoder(work, VQGAN, CPU)
    sharpen_decoder(work, VQGAN, CPU)
    train_clip(work, CLIP, CPU)
    before, after = (torch.load(work / name) for name in ("vqgan.pt", "vqgan_sharp.pt"))
    same = {key.split(".")[0] for key in before if torch.equal(before[key], after[key])}
    assert {"encoder", "quantize", "quant_conv"} <= same
    assert any(not torch.equal(before[key], after[key]) for key in before if key.startswith("decoder"))
    first = torch.load(work / "clip_running.pt")

    train_clip(work, CLIP, CPU)  # its minutes are spent
    assert torch.load(work / "clip_running.pt")["step"] == first["step"]
    train_clip(work, replace(CLIP, minutes=first["spent"] / 60 + 0.01), CPU)
    assert torch.load(work / "clip_running.pt")["step"] > first["step"]

    spent = torch.load(work / RUNNING)["spent"]
    train_autoencoder(work, replace(VQGAN, minutes=spent / 60 + 0.01), CPU)
    assert not (work / SHARP_RUNNING).exists()  # the codes are others now: its decoder begins anew


def test_a_course_goes_on_where_it_stopped(tmp_path: Path) -> None:
    model = nn.Linear(2, 1)
    optimiser = torch.optim.Adam(model.parameters())
    run = TrainingRun(tmp_path / "running.pt", 1.0, model, {"optimiser": optimiser}, CPU)
    for _ in range(3):
        model(torch.ones(1, 2)).sum().backward()
        optimiser.step()
        run.advance(0.5)
    run.keep(tmp_path / "result.pt")
    again = nn.Linear(2, 1)
    resumed = TrainingRun(tmp_path / "running.pt", 1.0, again, {"optimiser": torch.optim.Adam(again.parameters())}, CPU)
    assert (resumed.step, resumed.spent) == (3, run.spent) and torch.equal(again.weight, model.weight)
    assert torch.equal(torch.load(tmp_path / "result.pt")["weight"], run.average["weight"])
    assert 0 < run.done < 1 and run.rate(1.0, warm=8) == pytest.approx(0.5, abs=0.01)
