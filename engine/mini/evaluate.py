"""How good the shipped files are: `python -m engine.mini.evaluate --work FOLDER`, the folder that `train.py` filled."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import numpy as np
import torch
import torch.nn.functional as F
import typer
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table
from torch import Tensor

from engine.mini.augment import COLOURS, colour_shares, premultiplied
from engine.mini.gather import Picture, read_pictures, vendors_by_name
from engine.mini.make_bank import encode
from engine.mini.model import MiniPerceptor, load_mini
from engine.mini.networks import VQGAN, VQGANShape
from engine.mini.train_clip import ClipTraining, held_out_names


def on_white(pixels: NDArray[np.uint8], rows: list[int], side: int) -> Tensor:
    """(N, 3, side, side) in [0, 1]."""
    parts = []
    for start in range(0, len(rows), 64):
        rgba = premultiplied(torch.from_numpy(pixels[rows[start : start + 64]].copy()).permute(0, 3, 1, 2))
        picture = rgba[:, :3] + 1 - rgba[:, 3:]
        parts.append(F.interpolate(picture, size=(side, side), mode="bilinear", antialias=True, align_corners=False))
    return torch.cat(parts).clamp(0, 1)


@torch.no_grad()
def seen(perceptor: MiniPerceptor, pictures: Tensor) -> Tensor:
    return torch.cat([perceptor.encode_image(part) for part in torch.split(pictures, 128)])


def recall(pictures: Tensor, texts: Tensor, right: Tensor) -> tuple[float, float]:
    """How often the right text is first, and among the first ten."""
    likeness = pictures @ texts.T
    better = (likeness > likeness.gather(1, right[:, None])).sum(1)
    return float((better < 1).float().mean()), float((better < 10).float().mean())


def retrieval(
    perceptor: MiniPerceptor, pixels: NDArray[np.uint8], pictures: list[Picture], names: list[str]
) -> tuple[int, float, float]:
    """Pictures with these names against these names: how many, R@1, R@10."""
    place = {name: number for number, name in enumerate(names)}
    rows = [row for row, picture in enumerate(pictures) if picture.kind == "emoji" and picture.name in place]
    right = torch.tensor([place[pictures[row].name] for row in rows])
    features = seen(perceptor, on_white(pixels, rows, perceptor.input_size))
    first, tenth = recall(features, perceptor.encode_text(names), right)
    return len(rows), first, tenth


@torch.no_grad()
def colour_naming(perceptor: MiniPerceptor, pixels: NDArray[np.uint8], pictures: list[Picture]) -> tuple[int, float]:
    """Pictures of one clear colour: how often "COLOUR NAME" of that colour is nearest among twelve."""
    rows = [row for row, picture in enumerate(pictures) if picture.kind == "emoji"][::9]
    rgba = torch.from_numpy(pixels[rows][:, ::4, ::4].copy()).permute(0, 3, 1, 2).float() / 255
    shares = colour_shares(rgba[:, :3], rgba[:, 3])
    clear = [number for number, share in enumerate(shares.amax(1).tolist()) if share > 0.7]
    rows = [rows[number] for number in clear]
    features = seen(perceptor, on_white(pixels, rows, perceptor.input_size))
    texts = perceptor.encode_text([f"{colour} {pictures[row].name}" for row in rows for colour in COLOURS])
    likeness = torch.einsum("bd,bcd->bc", features, texts.view(len(rows), len(COLOURS), -1))
    right = shares[clear].argmax(1)
    return len(rows), float((likeness.argmax(1).cpu() == right).float().mean())


@torch.no_grad()
def reconstruction(vqgan: VQGAN, pixels: NDArray[np.uint8], rows: list[int]) -> float:
    """Mean absolute error of decoded codes at 256 pixels, in [0, 1]."""
    errors = []
    for start in range(0, len(rows), 4):
        rgba = torch.from_numpy(pixels[rows[start : start + 4]].copy()).permute(0, 3, 1, 2)
        made = (vqgan.decode(vqgan.quantize.lookup(encode(vqgan, rgba))) + 1) / 2
        wanted = premultiplied(rgba)
        errors.append(float((made.clamp(0, 1) - (wanted[:, :3] + 1 - wanted[:, 3:])).abs().mean()))
    return sum(errors) / len(errors)


def main(
    work: Annotated[Path, typer.Option(help="The folder that train.py filled.")],
    threads: Annotated[int, typer.Option(help="Threads of torch.")] = 1,
) -> None:
    """Print a table of figures for the files in weights/."""
    torch.set_num_threads(threads)
    state, _, perceptor, _ = load_mini()
    vqgan = VQGAN(VQGANShape()).eval()
    vqgan.load_state_dict(state)
    pixels, pictures = read_pictures(work)
    unseen_pixels, unseen = read_pictures(work, "unseen")
    secret = held_out_names(pictures, ClipTraining().held_out)
    people = {"man", "woman", "person", "men", "women", "people", "family", "hand", "hands", "boy", "girl"}
    common = sorted(
        name
        for name, vendors in vendors_by_name(pictures).items()
        if len(vendors) >= 4 and name not in secret and not people & set(name.split())
    )
    table = Table("what", "pictures", "names", "R@1", "R@10")
    for title, where, records, names in (
        ("concepts never shown", pixels, pictures, secret),
        ("style never shown (OpenMoji)", unseen_pixels, unseen, common),
        ("shown in training", pixels, pictures, common),
    ):
        count, first, tenth = retrieval(perceptor, where, records, names)
        table.add_row(title, str(count), str(len(names)), f"{first:.2f}", f"{tenth:.2f}")
    console = Console()
    console.print(table)
    count, right = colour_naming(perceptor, pixels, pictures)
    console.print(f"naming one of {len(COLOURS)} colours: {right:.2f} of {count} pictures")
    rows = [row for row, picture in enumerate(unseen) if picture.kind == "emoji"][::40]
    console.print(
        f"reconstruction at 256 pixels, OpenMoji: mean error {reconstruction(vqgan, unseen_pixels, rows):.4f}"
    )
    rows = [row for row, picture in enumerate(pictures) if picture.kind == "emoji"][::160]
    console.print(f"reconstruction at 256 pixels, training pictures: {reconstruction(vqgan, pixels, rows):.4f}")


if __name__ == "__main__":
    typer.run(main)
