"""`python -m engine.lab.evaluation.model_card RESULTS.json`: writes MODEL_CARD.md from the results of an evaluation.

Beside the results it reads weights/config.json, weights/training.json (device, minutes, pictures and steps of the
training, where it is) and sheet_words.md, what a person saw on the contact sheet. No figure in it is written by hand.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from engine.embedded.load import WEIGHTS
from engine.errors import AtelierError
from engine.lab.evaluation.report import Results, read_results

CARD: Final = WEIGHTS.with_name("MODEL_CARD.md")
SHEET_WORDS: Final = Path(__file__).with_name("sheet_words.md")
FIGURES: Final = ("judge", "retrieval", "colours", "guidance", "distance", "speed")

ABOUT: Final = """\
The networks in `engine/embedded/weights` let anyone paint with Atelier without a download and without a GPU. They are a
small VQGAN, a small CLIP with an image tower and a table of words, and a *prior* that proposes what a painting starts
from. The picture itself comes from the same loop as with the published models: a start, then gradient steps against
the words.

## Intended use

Trying Atelier, demonstrating how VQGAN+CLIP works, tests, and small playful pictures of everyday things. It is not
meant for anything where a picture must be right or its origin exclusive, nor for pictures of real persons.
"""

LIMITS: Final = """\
- The training pictures are emoji, icons and clip art. What such drawings do not show it cannot paint: photographs,
  most relations between things, actions, written text, abstract ideas.
- Its CLIP is weak: the retrieval below says how weak. What people recognise comes mostly from the start; the table
  “What the guidance adds” says how little or how much the steps add.
- Pictures may stay close to single training pictures: “Distance to the training set” says how close. Such a picture
  may be a derivative of that drawing, under the licence that `NOTICE` names for its source.
- The drawings carry their makers' choices: professions, families, skin tones and places as emoji sets have them.
- English words only.
- The outside judge's words are looked at for the figure alone. Settings of the painting may have been chosen with the
  same tower on other concepts (`--tune`): the judge is outside of the training, not of every choice.
"""


def model_card(results: Results, training: dict[str, Any] | None, config: dict[str, Any], sheet_words: str) -> str:
    """The whole text, in Markdown."""
    parts = ["# Model card: the embedded model\n", ABOUT]
    if results.quick:
        parts.append("**These results are of a quick run, made to see that everything works: no figures to go by.**\n")
    parts.append("## What it is made of\n")
    parts += [architecture(config), *(_section(results, part) for part in ("files", "contents"))]
    parts += ["## Training\n", trained(training), *other_pictures(results, training)]
    parts.append(f"## Figures\n\nMeasured on {results.day}, weights and painting code `{results.weights[:12]}`.\n")
    parts += [_section(results, part) for part in FIGURES]
    parts.append("## Contact sheet\n\n![The contact sheet, row by row of eight](../../docs/embedded-model.png)\n")
    parts += [_section(results, "sheet"), sheet_words.strip() + "\n"]
    parts += ["## Limits\n", LIMITS]
    return "\n".join(part for part in parts if part)


def _section(results: Results, part: str) -> str:
    if part in results.sections:
        return results.sections[part].markdown()
    return f"*Not measured: {part}.*\n"


def architecture(config: dict[str, Any]) -> str:
    """From weights/config.json."""
    vqgan, tower = config["vqgan"], config["tower"]
    shape = vqgan["ddconfig"]
    side = 2 ** (len(shape["ch_mult"]) - 1)
    return (
        f"- VQGAN of taming's classes: {shape['ch']} channels times {', '.join(map(str, shape['ch_mult']))}, "
        f"{shape['num_res_blocks']} residual blocks a level, one code for {side}x{side} pixels, "
        f"{vqgan['n_embed']:,} codes of {vqgan['embed_dim']} numbers.\n"
        f"- Image tower of CLIP's class ModifiedResNet: blocks {', '.join(map(str, tower['layers']))}, width "
        f"{tower['width']}, {tower['input_resolution']} pixels in, {tower['output_dim']} numbers out.\n"
        f"- Text tower: a table of word vectors distilled from all-MiniLM-L6-v2 with a small head.\n"
    )


def trained(training: dict[str, Any] | None) -> str:
    """From weights/training.json: device, minutes, pictures, steps."""
    if training is None:
        return (
            "`python -m engine.lab.training --work FOLDER` made the files; no record of its device and time was kept.\n"
        )
    labels = {"device": "device", "minutes": "minutes", "pictures": "pictures", "steps": "steps"}
    rows = [f"| {label} | {_said(training[key])} |" for key, label in labels.items() if key in training]
    rows += [f"| {key} | {_said(value)} |" for key, value in training.items() if key not in labels]
    return (
        "\n".join(["`python -m engine.lab.training --work FOLDER` made the files.\n", "| | |", "|---|---|", *rows])
        + "\n"
    )


def other_pictures(results: Results, training: dict[str, Any] | None) -> list[str]:
    """A warning when the evaluation had other training pictures at hand than the training."""
    sources = results.figures.get("contents", {}).get("sources", [])
    at_hand = sum(source["trained"] or 0 for source in sources if source["use"] == "pictures")
    trained_on = (training or {}).get("pictures")
    if not at_hand or not isinstance(trained_on, int) or at_hand == trained_on:
        return []
    return [
        f"**The evaluation had {at_hand:,} pictures at hand, the training {trained_on:,}: the counts by source, and "
        "what is compared with the training set, are of the former.**\n"
    ]


def _said(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {_said(each)}" for key, each in value.items())
    return f"{value:,}" if isinstance(value, int) else str(value)


def main(
    results: Annotated[Path, typer.Argument(help="What `python -m engine.lab.evaluation --json FILE` wrote.")],
    out: Annotated[Path, typer.Option(help="The model card.")] = CARD,
) -> None:
    """Write the model card."""
    try:
        found = read_results(results)
        record = WEIGHTS / "training.json"
        training = json.loads(record.read_text()) if record.exists() else None
        config = json.loads((WEIGHTS / "config.json").read_text())
        words = SHEET_WORDS.read_text() if SHEET_WORDS.exists() else "*Nobody has described the sheet yet.*"
        out.write_text(model_card(found, training, config, words))
    except (AtelierError, OSError, ValueError, KeyError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from error
    typer.echo(f"{out} is written.")


if __name__ == "__main__":
    typer.run(main)
