"""Going on from a finished picture: variations of it, more steps, a larger one."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from engine.commands.console import Pictures, film_kind, paint_to_files, put, refuse_target
from engine.commands.paint import AsJson, Device, FilmPath, Iterations, Models, Out, Seed
from engine.derived import continued, varied
from engine.errors import InputError
from engine.metadata import read_spec
from engine.spec import VARIATIONS, ArtSpec

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
    refuse_target(out, ".png")
    pictures = Pictures()
    spec = varied(read_spec(picture), str(pictures.add(picture)), strength=strength, number=number, seed=seed)
    report = paint_to_files(spec, models, device, pictures, out, None)
    print(json.dumps(report, ensure_ascii=False) if as_json else out)


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
    refuse_target(out, ".png")
    pictures = Pictures()
    spec = continued(read_spec(picture), str(pictures.add(picture)), iterations=iterations, film=film_kind(film))
    report = paint_to_files(spec, models, device, pictures, out, film)
    print(json.dumps(report, ensure_ascii=False) if as_json else out)


def upscale(
    picture: Annotated[Path, typer.Argument(help="Any PNG, JPEG or WebP.")],
    factor: Annotated[int, typer.Option(help="2 or 4.")] = 2,
    device: Device = "auto",
    out: Out = Path("upscaled.png"),
) -> None:
    """Enlarge a picture: by a super-resolution model where one is installed, by Lanczos otherwise."""
    refuse_target(out, ".png")
    from engine.metadata import write_png
    from engine.models import choose_device, choose_precision
    from engine.pictures import open_picture
    from engine.upscale import enlarged, load_upscaler

    image, place, spec = open_picture(picture, flatten=False), choose_device(device), _spec_of(picture)
    pixel = spec is not None and spec.style == "pixel"
    upscaler = None if pixel else load_upscaler(place, choose_precision(place))
    large = enlarged(image, factor, style="pixel" if pixel else "image", upscaler=upscaler)
    with tempfile.TemporaryDirectory(prefix="atelier-") as folder:
        fresh = Path(folder) / "upscaled.png"
        if spec is None:
            large.save(fresh)
        else:
            # How it was painted stays with it; that it is larger now can be seen.
            write_png(large, fresh, spec, seed=spec.seed or 0, models="unknown, enlarged")
        put(fresh, out)
    print(out)


def _spec_of(picture: Path) -> ArtSpec | None:
    """How it was painted; None where the file does not say."""
    try:
        return read_spec(picture)
    except InputError:
        return None
