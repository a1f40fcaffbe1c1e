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
    from engine.models.describe import Description, Seen


def show(picture: Annotated[Path, typer.Argument(help="A PNG that was painted here.")]) -> None:
    """Print the definition that a PNG carries, as JSON."""
    print(read_spec(picture).to_json())


def describe(
    picture: Annotated[Path, typer.Argument(help="A PNG, JPEG, WebP or GIF.")],
    most: Annotated[int, typer.Option(help="Words of each kind.", min=1, max=50)] = 8,
    models: Models = "auto",
    device: Device = "auto",
    as_json: AsJson = False,
) -> None:
    """Say what CLIP sees in a picture: things and modifiers, the best first, with their scores."""
    from engine.images.pictures import open_picture

    image = open_picture(picture)
    with console().status("Looking …"):
        from engine.models.describe import describe as describe_picture
        from engine.registry import load_models
        from engine.spec.presets import PRESETS

        loaded = load_models(models, device)  # type: ignore[arg-type]  # it checks the names itself
        perceptor = loaded.perceptor(PRESETS[loaded.family]["draft"].perceptors[0])
        description = describe_picture(image, perceptor, most)
    if as_json:
        print(json.dumps(_as_rows(description), ensure_ascii=False))
    else:
        _print_table("Things", description.things)
        _print_table("Modifiers", description.modifiers)


def _print_table(title: str, words: tuple[Seen, ...]) -> None:
    if not words:
        return
    print(f"{title:32} CLIP score  share")
    for each in words:
        print(f"  {each.word:30} {100 * each.similarity:10.1f} {100 * each.share:5.1f} %")


def _as_rows(description: Description) -> dict[str, Any]:
    return {
        kind: [
            {"word": each.word, "clip_score": round(100 * each.similarity, 2), "share": each.share} for each in words
        ]
        for kind, words in (("things", description.things), ("modifiers", description.modifiers))
    }
