"""The training of the VQGAN on six made-up pictures, with stops on the way."""

from __future__ import annotations

import itertools
import json
from dataclasses import asdict, replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

from engine.lab.training import run, scenery
from engine.lab.training.drawings import SIDE, Picture
from engine.lab.training.run import TrainingRun
from engine.lab.training.vqgan import RUNNING, SHARP_RUNNING, VQGANTraining, sharpen_decoder, train_autoencoder

CPU = torch.device("cpu")
VQGAN = VQGANTraining(
    minutes=3 / 60, batch=2, side=32, warm_steps=1, critic_minutes=2 / 60, critic_side=32, critic_batch=2
)


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A work folder as `gather` leaves it: six discs of six colours."""
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
    return tmp_path


def test_encoder_and_decoder_train_within_their_minutes_and_go_on_with_more(
    work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticks = itertools.count()
    monkeypatch.setattr(run, "time", SimpleNamespace(perf_counter=lambda: next(ticks)))  # a step takes a second
    torch.set_num_threads(1)
    train_autoencoder(work, VQGAN, CPU)
    sharpen_decoder(work, VQGAN, CPU)
    before, after = (torch.load(work / name) for name in ("vqgan.pt", "vqgan_sharp.pt"))
    same = {key.split(".")[0] for key in before if torch.equal(before[key], after[key])}
    assert {"encoder", "quantize", "quant_conv"} <= same
    assert any(not torch.equal(before[key], after[key]) for key in before if key.startswith("decoder"))

    assert (torch.load(work / RUNNING)["step"], torch.load(work / SHARP_RUNNING)["step"]) == (3, 2)
    train_autoencoder(work, VQGAN, CPU)  # its minutes are spent
    assert torch.load(work / RUNNING)["step"] == 3
    train_autoencoder(work, replace(VQGAN, minutes=5 / 60), CPU)
    assert torch.load(work / RUNNING)["step"] == 5
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
