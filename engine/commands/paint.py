"""Painting from the command line: `paint`, and `compare` for one subject with several modifiers."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Annotated

import typer

from engine.commands.console import Pictures, film_kind, paint_to_files, refuse_target
from engine.errors import InputError
from engine.modifiers import read_modifiers
from engine.spec import (
    ASPECTS,
    CAMERAS,
    ENLARGEMENTS,
    GROUNDS,
    KEEPS,
    QUALITIES,
    STARTS,
    STYLES,
    SYMMETRIES,
    VARIATIONS,
    VQGAN_NAMES,
    ArtSpec,
    ImagePrompt,
)

MOST_COMPARED = 25


def _one_of(names: tuple[object, ...]) -> str:
    return f"One of {', '.join(map(str, names))}."


Models = Annotated[str, typer.Option(help="One of auto, mini, full.")]
Device = Annotated[str, typer.Option(help="One of auto, cpu, cuda.")]
AsJson = Annotated[bool, typer.Option("--json", help="End standard output with one line of JSON.")]
Quality = Annotated[str, typer.Option(help=_one_of(QUALITIES))]
Seed = Annotated[int | None, typer.Option(help="The same seed gives the same picture.")]
Iterations = Annotated[int | None, typer.Option(help="Gradient steps.")]
Size = Annotated[str | None, typer.Option(metavar="WxH", help="In pixels, in place of an aspect.")]
Out = Annotated[Path, typer.Option(help="The picture, a PNG.")]
FilmPath = Annotated[Path | None, typer.Option(help="A film of its making, .mp4 or .gif.")]


def paint(
    prompt: Annotated[str, typer.Argument(help="“a castle | fog:0.4 | people:-1”, or a story: “a seed ^ a tree”.")],
    negative: Annotated[str, typer.Option(help="What to keep away from.")] = "",
    modifiers: Annotated[str, typer.Option(help="Keywords, comma-separated: “low poly, stained glass”.")] = "",
    image_prompt: Annotated[
        list[str] | None,
        typer.Option(metavar="FILE[:WEIGHT]", help="A picture to look like; repeatable."),
    ] = None,
    style: Annotated[str, typer.Option(help=_one_of(STYLES))] = "image",
    model: Annotated[str | None, typer.Option(help=f"The VQGAN of style image. {_one_of(VQGAN_NAMES)}")] = None,
    quality: Quality = "draft",
    aspect: Annotated[str, typer.Option(help=_one_of(ASPECTS))] = "square",
    size: Size = None,
    iterations: Iterations = None,
    cuts: Annotated[int | None, typer.Option(help="Views of the picture shown to CLIP a step.")] = None,
    learning_rate: Annotated[float | None, typer.Option(help="Adam's, at the first step.")] = None,
    last_rate: Annotated[float | None, typer.Option(help="Share of it left at the last step.")] = None,
    ema: Annotated[float, typer.Option(help="Decay of the average that becomes the picture; 0: the last state.")] = 0.0,
    keep: Annotated[str, typer.Option(help=f"Which state becomes the picture. {_one_of(KEEPS)}")] = "last",
    patience: Annotated[int | None, typer.Option(help="End after so many steps without improvement.")] = None,
    smoothness: Annotated[float | None, typer.Option(help="Weight of the total variation.")] = None,
    saturation: Annotated[float, typer.Option(help="-1: grey, 1: as much colour as there is.")] = 0.0,
    symmetry: Annotated[str, typer.Option(help=_one_of(SYMMETRIES))] = "none",
    tile: Annotated[bool, typer.Option("--tile", help="Seamless: fits to itself on all sides.")] = False,
    palette: Annotated[str, typer.Option(help="A name such as pico-8, or colours: “#112233 #ffeedd”.")] = "",
    palette_image: Annotated[Path | None, typer.Option(help="A picture to take the colours from.")] = None,
    colours: Annotated[int | None, typer.Option(help="How many are taken.")] = None,
    dither: Annotated[bool, typer.Option("--dither", help="Mix the palette in a pattern (style pixel).")] = False,
    grid: Annotated[str | None, typer.Option(metavar="CxR", help="Cells across and down (style pixel).")] = None,
    strokes: Annotated[int | None, typer.Option(help="How many (styles painting and sketch).")] = None,
    ground: Annotated[str, typer.Option(help=f"Of style painting. {_one_of(GROUNDS)}")] = "auto",
    transparent: Annotated[bool, typer.Option("--transparent", help="A sticker: no ground.")] = False,
    variations: Annotated[int, typer.Option(help=f"Pictures on one grid. {_one_of(VARIATIONS)}")] = 1,
    seed: Seed = None,
    start: Annotated[str, typer.Option(help=f"What to start from. {_one_of(STARTS)}")] = "auto",
    init_image: Annotated[Path | None, typer.Option(help="A picture to start from.")] = None,
    init_weight: Annotated[float | None, typer.Option(help="How firmly the start holds.")] = None,
    strength: Annotated[float | None, typer.Option(help="How far a start picture may change, 0 to 1.")] = None,
    enlarge: Annotated[int, typer.Option(help=f"Times the finished picture. {_one_of(ENLARGEMENTS)}")] = 1,
    camera: Annotated[str, typer.Option(help=f"How the film moves on. {_one_of(CAMERAS)}")] = "still",
    models: Models = "auto",
    device: Device = "auto",
    out: Out = Path("atelier.png"),
    film: FilmPath = None,
    film_seconds: Annotated[float, typer.Option(help="Its length, without the held last frame.")] = 6.0,
    as_json: AsJson = False,
) -> None:
    """Paint a picture."""
    refuse_target(out, ".png")
    width, height = read_pair(size, "size", "512x256")
    columns, rows = read_pair(grid, "grid", "40x50")
    pictures = Pictures()
    spec = ArtSpec(
        prompt=prompt,
        negative=negative,
        modifiers=read_modifiers(modifiers),
        image_prompts=tuple(read_image_prompt(each, pictures) for each in image_prompt or ()),
        style=style,
        model=model,
        quality=quality,
        aspect=aspect,
        width=width,
        height=height,
        iterations=iterations,
        cuts=cuts,
        learning_rate=learning_rate,
        last_rate=last_rate,
        ema=ema,
        keep=keep,
        patience=patience,
        smoothness=smoothness,
        saturation=saturation,
        symmetry=symmetry,
        tile=tile,
        palette=palette,
        palette_image=pictures.add(palette_image),
        colours=colours,
        dither=dither,
        columns=columns,
        rows=rows,
        strokes=strokes,
        ground=ground,
        transparent=transparent,
        variations=variations,
        seed=seed,
        start=start,
        start_image=pictures.add(init_image),
        start_weight=init_weight,
        strength=strength,
        enlarge=enlarge,
        camera=camera,
        film=film_kind(film),
        film_seconds=film_seconds,
    )
    report = paint_to_files(spec, models, device, pictures, out, film)
    print(json.dumps(report, ensure_ascii=False) if as_json else out)


def compare(
    prompt: Annotated[str, typer.Argument(help="The subject: “a lighthouse”.")],
    modifiers: Annotated[str, typer.Option(help="Two to 25 keywords, comma-separated: “low poly, watercolour”.")],
    style: Annotated[str, typer.Option(help=_one_of(STYLES))] = "image",
    quality: Quality = "draft",
    size: Size = None,
    iterations: Iterations = None,
    seed: Seed = None,
    models: Models = "auto",
    device: Device = "auto",
    out: Out = Path("comparison.png"),
    as_json: AsJson = False,
) -> None:
    """Paint one subject with several modifiers, in one batch, as a labelled sheet."""
    refuse_target(out, ".png")
    width, height = read_pair(size, "size", "512x256")
    spec = ArtSpec(
        prompt=prompt,
        compare=read_modifiers(modifiers, MOST_COMPARED),
        style=style,
        quality=quality,
        width=width,
        height=height,
        iterations=iterations,
        seed=seed,
        film="none",
    )
    if not spec.compare:
        raise InputError("Say which modifiers to compare, for example --modifiers “low poly, watercolour”.")
    report = paint_to_files(spec, models, device, Pictures(), out, None)
    print(json.dumps(report, ensure_ascii=False) if as_json else out)


def read_pair(text: str | None, name: str, example: str) -> tuple[int | None, int | None]:
    """`800x200` as two numbers. Raises `InputError`."""
    if text is None:
        return None, None
    found = re.fullmatch(r"\s*(\d{1,6})\s*[x×,]\s*(\d{1,6})\s*", text, re.IGNORECASE)
    if found is None:
        raise InputError(f"The {name} {text[:40]!r} is not of the form WIDTHxHEIGHT, for example {example}.")
    return int(found[1]), int(found[2])


def read_image_prompt(text: str, pictures: Pictures) -> ImagePrompt:
    """`photo.jpg:0.5` as the wish to look like that picture. Raises `InputError`."""
    path, colon, weight = text.rpartition(":")
    try:
        given = float(weight) if colon else 1.0
    except ValueError:
        path, given = text, 1.0
    digest = pictures.add(Path(path if colon and path else text))
    assert digest is not None
    return ImagePrompt(digest, given)
