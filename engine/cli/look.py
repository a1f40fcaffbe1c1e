"""Commands that read pictures: describe their content, show their definition."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from engine.cli.console import console
from engine.cli.paint import AsJson, Device, Models
from engine.images.metadata import read_spec

if TYPE_CHECKING:
    from engine.models.describe import Description


def show(picture: Annotated[Path, typer.Argument(help="A PNG that was painted here.")]) -> None:
    """Print the definition that a PNG carries, as JSON."""
    print(read_spec(picture).to_json())


def describe(
    picture: Annotated[Path, typer.Argument(help="A PNG, JPEG, WebP or GIF.")],
    most: Annotated[int, typer.Option(help="Things, and modifiers, at most.", min=1, max=50)] = 8,
    models: Models = "auto",
    device: Device = "auto",
    as_json: AsJson = False,
) -> None:
    """Say what CLIP sees in a picture, its colours and its style; with --json the scores of things and modifiers."""
    from engine.images.pictures import open_picture

    image = open_picture(picture)
    with console().status("Looking …"):
        from engine.models.describe import describe as describe_picture
        from engine.registry import load_models
        from engine.spec.presets import PRESETS

        loaded = load_models(models, device)  # type: ignore[arg-type]  # it checks the names itself
        perceptor = loaded.perceptor(PRESETS[loaded.family]["draft"].perceptors[0])
        description = describe_picture(image, perceptor, most)
    print(json.dumps(_as_data(description), ensure_ascii=False) if as_json else _in_words(description))


def _in_words(description: Description) -> str:
    things = ", ".join(description.said)
    lines = [
        f"This looks like: {things}" if description.sure else f"I'm not sure what this is. It might be: {things}",
        f"Colours: {', '.join(description.colours)}",
        *([f"Style: {', '.join(description.style)}"] if description.style else []),
        f"As a prompt: {description.prompt}",
    ]
    return "\n".join(lines)


def _as_data(description: Description) -> dict[str, Any]:
    scores = {
        kind: [
            {"word": each.word, "clip_score": round(100 * each.similarity, 2), "share": each.share} for each in words
        ]
        for kind, words in (("things", description.things), ("modifiers", description.modifiers))
    }
    return scores | {
        "sure": description.sure,
        "colours": description.colours,
        "style": description.style,
        "prompt": description.prompt,
    }
