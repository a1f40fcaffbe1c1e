"""Commands that continue from a finished picture: variations, more steps, enlargement."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from engine.cli.console import Pictures, check_target, film_kind, paint_to_files
from engine.cli.paint import AsJson, Device, FilmPath, Iterations, Models, Out, Seed
from engine.errors import InputError
from engine.images.metadata import read_spec
from engine.spec.artspec import VARIATIONS, ArtSpec
from engine.spec.styles import STYLE_TABLE
from engine.spec.variants import continued, varied

Picture = Annotated[Path, typer.Argument(help="A PNG that was painted here.")]


def vary(
    picture: Picture,
    strength: Annotated[float, typer.Option(help="How far they may go from it, 0 to 1.")] = 0.5,
    number: Annotated[int, typer.Option(help=f"How many: one of {', '.join(map(str, VARIATIONS))}.")] = 4,
    seed: Seed = None,
    models: Models = "auto",
    device: Device = "auto",
    out: Out = Path("variations.png"),
    as_json: AsJson = False,
) -> None:
    """Paint variations of a finished picture."""
    check_target(out, ".png")
    pictures = Pictures()
    spec = varied(read_spec(picture), str(pictures.add(picture)), strength=strength, number=number, seed=seed)
    paint_to_files(spec, models, device, pictures, out, as_json=as_json)


def go_on(
    picture: Picture,
    iterations: Iterations = None,
    models: Models = "auto",
    device: Device = "auto",
    out: Out = Path("continued.png"),
    film: FilmPath = None,
    as_json: AsJson = False,
) -> None:
    """Give a finished picture more steps."""
    check_target(out, ".png")
    pictures = Pictures()
    spec = continued(read_spec(picture), str(pictures.add(picture)), iterations=iterations, film=film_kind(film))
    paint_to_files(spec, models, device, pictures, out, film, as_json=as_json)


def upscale(
    picture: Annotated[Path, typer.Argument(help="Any PNG, JPEG or WebP.")],
    factor: Annotated[int, typer.Option(help="2 or 4.")] = 2,
    device: Device = "auto",
    out: Out = Path("upscaled.png"),
) -> None:
    """Enlarge a picture: by a super-resolution model where one is installed, by Lanczos otherwise."""
    check_target(out, ".png")
    from engine.images.files import replacing
    from engine.images.metadata import write_png
    from engine.images.pictures import open_picture
    from engine.models.upscaler import enlarged, load_upscaler
    from engine.registry import choose_device, choose_precision

    image, spec = open_picture(picture, flatten=False), _spec_of(picture)
    cells = spec is not None and STYLE_TABLE[spec.style].has_cells
    torch_device = choose_device(device)
    upscaler = None if cells else load_upscaler(torch_device, choose_precision(torch_device))
    large = enlarged(image, factor, cells=cells, upscaler=upscaler)
    if spec is None:
        with replacing(out) as temporary:
            large.save(temporary)
    else:
        # The spec stays as it was painted, without `enlarge`.
        write_png(large, out, spec, seed=spec.seed or 0, models="unknown, enlarged")
    print(out)


def _spec_of(picture: Path) -> ArtSpec | None:
    """The spec in a picture's metadata, or None."""
    try:
        return read_spec(picture)
    except InputError:
        return None
