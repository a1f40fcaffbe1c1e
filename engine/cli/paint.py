"""Commands that paint: `paint`, and `compare` for one subject with several modifiers."""

from __future__ import annotations

import dataclasses
import functools
import inspect
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from engine.cli.console import Pictures, check_target, film_kind, paint_to_files
from engine.errors import InputError
from engine.spec.artspec import ArtSpec, ImagePrompt
from engine.spec.modifiers import MOST_COMPARED, read_modifiers
from engine.spec.styles import styles_with

# Fields whose option is defined by hand, since it differs from the field.
_BY_HAND = {
    *("prompt", "modifiers", "compare", "image_prompts", "width", "height", "columns", "rows", "palette_image"),
    *("start_image", "film"),
}
# In line with --init-image; --ground is an older name.
_FLAGS = {"start_weight": "--init-weight", "background": "--background,--ground"}
_KINDS = {"bool": bool, "int": int, "float": float}


def spec_options() -> Iterator[inspect.Parameter]:
    """An option for each field of `ArtSpec` not in `_BY_HAND`, with the field's name, help and rule."""
    for each in dataclasses.fields(ArtSpec):
        if each.name not in _BY_HAND:
            kind: Any = _KINDS.get(str(each.type).split(" ")[0], str)
            flags = _FLAGS.get(each.name, f"--{each.name.replace('_', '-')}").split(",")
            option = typer.Option(*flags, help=help_of(each.name))
            annotation: Any = Annotated[kind | None if each.default is None else kind, option]
            yield inspect.Parameter(
                each.name, inspect.Parameter.KEYWORD_ONLY, default=each.default, annotation=annotation
            )


def help_of(name: str) -> str:
    """The help of a field of `ArtSpec`, with its rule: `Cells across. From 8 to 256.`"""
    rule = {each.name: each for each in dataclasses.fields(ArtSpec)}[name].metadata
    sentences = [rule["help"][0].upper() + rule["help"][1:]]
    if styles := styles_with(name):
        sentences.append(f"In style {' and '.join(styles)}")
    if "choices" in rule:
        sentences.append(f"One of {', '.join(map(str, rule['choices']))}")
    if "low" in rule:
        sentences.append(f"From {rule['low']:g} to {rule['high']:.10g}")
    return ". ".join(sentences) + "."


def with_spec_options(command: Callable[..., None]) -> Callable[..., None]:
    """The command with the options of the spec in place of its `**options`."""
    explicit = [
        each for each in inspect.signature(command, eval_str=True).parameters.values() if each.name != "options"
    ]
    parameters = [each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in explicit] + list(spec_options())

    @functools.wraps(command)
    def wrapper(**arguments: Any) -> None:
        command(**arguments)

    wrapper.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # what typer reads
    wrapper.__annotations__ = {each.name: each.annotation for each in parameters}
    return wrapper


Models = Annotated[str, typer.Option(help="One of auto, mini, full.")]
Device = Annotated[str, typer.Option(help="One of auto, cpu, cuda.")]
AsJson = Annotated[bool, typer.Option("--json", help="End standard output with one line of JSON.")]
Style = Annotated[str, typer.Option(help=help_of("style"))]
Quality = Annotated[str, typer.Option(help=help_of("quality"))]
Seed = Annotated[int | None, typer.Option(help=help_of("seed"))]
Iterations = Annotated[int | None, typer.Option(help=help_of("iterations"))]
Size = Annotated[str | None, typer.Option(metavar="WxH", help="In pixels, in place of an aspect.")]
Out = Annotated[Path, typer.Option(help="The picture, a PNG.")]
FilmPath = Annotated[Path | None, typer.Option(help="A film of its making, .mp4 or .gif.")]


@with_spec_options
def paint(
    prompt: Annotated[str, typer.Argument(help="“a castle | fog:0.4 | people:-1”, or a story: “a seed ^ a tree”.")],
    modifiers: Annotated[str, typer.Option(help="Keywords, comma-separated: “low poly, stained glass”.")] = "",
    image_prompt: Annotated[
        list[str] | None,
        typer.Option(metavar="FILE[:WEIGHT]", help="A picture to look like; repeatable."),
    ] = None,
    size: Size = None,
    grid: Annotated[str | None, typer.Option(metavar="CxR", help="Cells across and down. In style pixel.")] = None,
    palette_image: Annotated[Path | None, typer.Option(help=help_of("palette_image"))] = None,
    init_image: Annotated[Path | None, typer.Option(help=help_of("start_image"))] = None,
    models: Models = "auto",
    device: Device = "auto",
    out: Out = Path("atelier.png"),
    film: FilmPath = None,
    as_json: AsJson = False,
    **options: Any,
) -> None:
    """Paint a picture."""
    check_target(out, ".png")
    width, height = read_pair(size, "size", "512x256")
    columns, rows = read_pair(grid, "grid", "40x50")
    pictures = Pictures()
    spec = ArtSpec(
        prompt=prompt,
        modifiers=read_modifiers(modifiers),
        image_prompts=tuple(read_image_prompt(each, pictures) for each in image_prompt or ()),
        width=width,
        height=height,
        palette_image=pictures.add(palette_image),
        columns=columns,
        rows=rows,
        start_image=pictures.add(init_image),
        film=film_kind(film),
        **options,
    )
    paint_to_files(spec, models, device, pictures, out, film, as_json=as_json)


def compare(
    prompt: Annotated[str, typer.Argument(help="The subject: “a lighthouse”.")],
    modifiers: Annotated[str, typer.Option(help="Two to 25 keywords, comma-separated: “low poly, watercolour”.")],
    style: Style = "image",
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
    check_target(out, ".png")
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
    paint_to_files(spec, models, device, Pictures(), out, as_json=as_json)


def read_pair(text: str | None, name: str, example: str) -> tuple[int | None, int | None]:
    """`800x200` as two numbers. Raises `InputError`."""
    if text is None:
        return None, None
    match = re.fullmatch(r"\s*(\d{1,6})\s*[x×,]\s*(\d{1,6})\s*", text, re.IGNORECASE)
    if match is None:
        raise InputError(
            "The {name} {given} is not of the form WIDTHxHEIGHT, for example {example}.",
            name=name,
            given=repr(text[:40]),
            example=example,
        )
    return int(match[1]), int(match[2])


def read_image_prompt(text: str, pictures: Pictures) -> ImagePrompt:
    """`photo.jpg:0.5` as an image prompt. Raises `InputError`."""
    path, colon, weight = text.rpartition(":")
    try:
        number = float(weight) if colon else 1.0
    except ValueError:
        path, number = text, 1.0
    digest = pictures.add(Path(path if colon and path else text))
    assert digest is not None
    return ImagePrompt(digest, number)
