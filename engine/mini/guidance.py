"""`python -m engine.mini.guidance`: what the gradient steps add to the prior's proposal, as numbers and as a sheet."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

import torch
import typer
from PIL import Image
from rich.console import Console
from rich.table import Table
from torch import Tensor

from engine.cutouts import draw_views, take_views
from engine.loss import prompt_loss, read_wishes
from engine.models import MINI, Models, load_models
from engine.painting import opening_of, paint
from engine.presets import plan
from engine.prompts import parse_prompts
from engine.randomness import Stream, generator
from engine.spec import ArtSpec

PROMPTS: Final = (
    "red apple", "blue fish", "yellow star", "green tree", "house", "sun", "red heart", "pizza", "a purple owl",
    "a blue apple", "umbrella", "butterfly", "rocket", "cat", "car", "mushroom", "castle", "penguin",
    "a lighthouse in a storm", "puppy",
)  # fmt: skip
VIEWS: Final = 64  # the same ones for both pictures
TILE: Final = 144  # pixels of a picture in the sheet
COLUMNS: Final = 10


@dataclass(frozen=True)
class Comparison:
    """The prior's proposal and what was made of it."""

    prompt: str
    proposed: float  # mean spherical distance of its views to the words, 0 … π²/2
    painted: float
    moved: float  # mean absolute difference of the two pictures, 0 … 1
    seconds: float
    picture: Image.Image


def compare(prompt: str, seed: int, models: Models) -> Comparison:
    """Paint a draft and measure it beside the proposal, both as the VQGAN shows them."""
    spec = ArtSpec(prompt, seed=seed, film="none")
    planned = plan(spec, models.family)
    vqgan = models.vqgan(planned.vqgan)
    held = opening_of(spec, planned, models, {}).held
    assert held is not None  # the mini has a prior
    with torch.no_grad():
        proposal = vqgan.decode(vqgan.quantise(vqgan.encode(held[None]))).clamp(0, 1)
    begun = time.perf_counter()
    *_, last = paint(spec, models)
    picture = last.picture()
    seconds = time.perf_counter() - begun
    pixels = torch.frombuffer(bytearray(picture.tobytes()), dtype=torch.uint8).view(picture.height, picture.width, 3)
    painted = pixels.permute(2, 0, 1)[None].float() / 255
    moved = float((painted - proposal).abs().mean())
    before, after = (distance(each, prompt, models) for each in (proposal, painted))
    return Comparison(prompt, before, after, moved, seconds, picture)


@torch.no_grad()
def distance(pictures: Tensor, prompt: str, models: Models) -> float:
    """Mean distance of a picture (1, 3, H, W) to the words, as the mini CLIP sees them."""
    perceptor = models.perceptor(MINI)
    height, width = pictures.shape[-2:]
    views = draw_views(VIEWS, width, height, [generator(0, 0, Stream.VIEWS)])
    seen = perceptor.encode_image(take_views(pictures, views, perceptor.input_size))
    wishes = read_wishes([parse_prompts(prompt)], perceptor, models.device)
    return float(prompt_loss(seen.view(1, VIEWS, -1), wishes))


def contact_sheet(pictures: list[Image.Image]) -> Image.Image:
    """The pictures row by row, small."""
    rows = -(-len(pictures) // COLUMNS)
    sheet = Image.new("RGB", (min(COLUMNS, len(pictures)) * TILE, rows * TILE), "white")
    for place, picture in enumerate(pictures):
        small = picture.resize((TILE, TILE), Image.Resampling.LANCZOS)
        sheet.paste(small, (place % COLUMNS * TILE, place // COLUMNS * TILE))
    return sheet


def main(
    prompts: Annotated[
        list[str] | None, typer.Argument(help="What to paint; twenty of ours if nothing is said.")
    ] = None,
    seed: Annotated[int, typer.Option()] = 7,
    sheet: Annotated[Path | None, typer.Option(help="A PNG with all pictures.")] = None,
) -> None:
    """Paint drafts and measure what the guidance changed."""
    models = load_models("mini", "cpu")
    compared = [compare(prompt, seed, models) for prompt in prompts or PROMPTS]
    table = Table("prompt", "distance of the proposal", "of the picture", "mean change of a pixel", "seconds")
    for each in compared:
        table.add_row(
            each.prompt, f"{each.proposed:.3f}", f"{each.painted:.3f}", f"{each.moved:.4f}", f"{each.seconds:.1f}"
        )
    count = len(compared)
    table.add_row(
        f"mean of {count}; nearer in {sum(each.painted < each.proposed for each in compared)}",
        *(f"{sum(getattr(each, name) for each in compared) / count:.3f}" for name in ("proposed", "painted", "moved")),
        f"{sum(each.seconds for each in compared) / count:.1f}",
    )
    Console().print(table)
    if sheet is not None:
        contact_sheet([each.picture for each in compared]).save(sheet, optimize=True)


if __name__ == "__main__":
    typer.run(main)
