"""What an evaluation is given and what it finds: figures beside their targets, in one JSON file and on the model card.

`python -m engine.lab.evaluation.report RESULTS.json` writes MODEL_CARD.md. Beside the results it reads
weights/config.json, weights/training.json (device, minutes, pictures and steps of the training, where it is), the index
of drawings and sheet_words.md, what a person saw on the contact sheet. No figure in it is written by hand.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any, Final, TypeVar

import typer
from rich.table import Table

from engine.embedded.load import WEIGHTS
from engine.errors import AtelierError, InputError
from engine.lab.training.sources import SOURCES
from engine.spec.artspec import ArtSpec

CARD: Final = WEIGHTS.with_name("MODEL_CARD.md")
SHEET_WORDS: Final = Path(__file__).with_name("sheet_words.md")
SEED: Final = 1  # of every picture that is painted
QUICK: Final = 2  # of each list in a quick run
TITLES: Final = {
    "eye": "The eye: the rounded image tower, and the files",
    "words": "Words: what the text tower makes of pictures",
    "painting": "Painting: what becomes of a proposal",
    "describe": "Descriptions",
    "prompts": "What people type",
    "speed": "Speed",
}

Item = TypeVar("Item")


@dataclass(frozen=True)
class Setting:
    """What there is to evaluate with."""

    work: Path  # the work folder of the training; what is painted is kept in it
    tower: Path | None = None  # ViT-B/16's image tower in int8 rows, which the embedded one was rounded from
    true_texts: tuple[Path, ...] = ()  # JSON files with OpenAI's own text embeddings by word, in the training's order
    processes: int = 1  # that paint, with one thread each
    ratings: Path | None = None  # JSON: {prompt: [recognised, appeal]}, each 0 … 3
    sheet: Path | None = None  # where the contact sheet of 64 words goes
    quick: bool = False  # a few tiny pictures: whether everything works

    @property
    def kept(self) -> Path:
        """Where pictures and sheets are kept."""
        return self.work / "evaluation"

    def some(self, items: Sequence[Item]) -> Sequence[Item]:
        """All of them, or in a quick run the first few."""
        return items[:QUICK] if self.quick else items

    def spec(self, prompt: str, **fields: Any) -> ArtSpec:
        """A picture as all of an evaluation are painted: quality draft, one seed."""
        small = {"width": 64, "height": 64, "iterations": 2, "cuts": 2} if self.quick else {}
        return ArtSpec(prompt, **{"seed": SEED, "film": "none", **small, **fields})


@dataclass(frozen=True)
class Figure:
    """A number that was measured, and what is promised of it."""

    name: str
    value: float
    least: float | None = None  # the promise: at least this,
    most: float | None = None  # or at most this
    unit: str = ""
    number: int | None = None  # of pictures, words or sentences that it was measured on

    @property
    def met(self) -> bool | None:
        """Whether the promise is kept; None without one."""
        if self.least is None and self.most is None:
            return None
        return (self.least is None or self.value >= self.least) and (self.most is None or self.value <= self.most)

    def cells(self) -> tuple[str, ...]:
        """As `HEADER` has them."""
        target = "" if self.least is None else f"≥ {self.least:g}{self.unit}"
        target = target if self.most is None else f"≤ {self.most:g}{self.unit}"
        kept = {True: "yes", False: "no", None: ""}[self.met]
        shown = "–" if math.isnan(self.value) else f"{self.value:.4g}{self.unit}"
        return self.name, shown, target, kept, "" if self.number is None else f"{self.number:,}"


HEADER: Final = ("", "measured", "promised", "kept", "of")


@dataclass(frozen=True)
class Section:
    """Figures, and what must be known to read them."""

    figures: tuple[Figure, ...]
    notes: tuple[str, ...] = ()  # sentences
    command: str = ""  # that measured them
    weights: str = ""  # fingerprint of the files that were measured
    day: str = ""  # as 2025-01-31

    def table(self, title: str) -> Table:
        table = Table(*HEADER, title=title, title_justify="left")
        for figure in self.figures:
            table.add_row(*figure.cells(), style="red" if figure.met is False else None)
        return table

    def markdown(self, title: str) -> str:
        """A heading of the third level, the table, the notes, and what measured them."""
        lines = [f"### {title}", "", _row(HEADER), _row(("---",) * len(HEADER))]
        lines += [_row(figure.cells()) for figure in self.figures]
        for note in self.notes:
            lines += ["", note]
        if self.command:
            lines += ["", f"Measured on {self.day} by `{self.command}`."]
        return "\n".join(lines) + "\n"


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def weights_fingerprint(folder: Path = WEIGHTS) -> str:
    """Of all shipped files but the record of their training: figures of one fingerprint belong together."""
    digest = hashlib.sha256()
    for file in sorted(folder.iterdir()):
        if file.name != "training.json":
            digest.update(file.name.encode() + hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()[:12]


def read_results(file: Path) -> dict[str, Section]:
    """The sections by name. Raises `InputError` when there is no such file or when it is something else."""
    try:
        return {
            name: Section(
                **{
                    **section,
                    "figures": tuple(Figure(**figure) for figure in section["figures"]),
                    "notes": tuple(section["notes"]),
                }
            )
            for name, section in json.loads(file.read_text()).items()
        }
    except OSError as error:
        raise InputError(
            f"{file} cannot be read: write it with `python -m engine.lab.evaluation --json` first."
        ) from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{file} does not hold the results of an evaluation.") from error


def merge_results(file: Path, sections: Mapping[str, Section]) -> None:
    """Write the sections into `file`; others that it holds stay. Raises `InputError` when it is something else."""
    merged = {**(read_results(file) if file.exists() else {}), **sections}
    file.parent.mkdir(parents=True, exist_ok=True)
    values = {name: asdict(section) for name, section in merged.items()}
    file.write_text(json.dumps(values, indent=1, ensure_ascii=False) + "\n")


# --- the model card -----------------------------------------------------------------------------------------------

ABOUT: Final = """\
The networks in `engine/embedded/weights` let anyone paint with Atelier without a download and without a GPU. They are a
small VQGAN, the image tower of OpenAI's CLIP ViT-B/16 in 4 bits, a text tower of our own in the same space, and an
index of drawings, of which a *prior* composes a faint start. The picture itself comes from the same loop as with the
published models: a start, then gradient steps against the words.

## Intended use

Trying Atelier, demonstrating how VQGAN+CLIP works, tests, and small playful pictures of everyday things. It is not
meant for anything where a picture must be right or its origin exclusive, nor for pictures of real persons.
"""

LIMITS: Final = """\
- The VQGAN learned from emoji, icons and clip art, and draws in their manner: it has seen no photograph.
- The text tower learned from names of drawings, from recoloured, filtered and composed ones, and from true embeddings
  of a few words. What it makes of other words it takes from all-MiniLM-L6-v2's sense of their meaning.
- The image tower is OpenAI's, with what it learned from pictures and captions of the web, biases included.
- No outside judge measured: cosines are those of the painter's own image tower, or of the one that it was rounded from.
  What people see is in “What people type” alone.
- Pictures may stay close to single training pictures: “Painting” says how many. Such a picture may be a derivative of
  that drawing, under the licence that `NOTICE` names for its source.
- The drawings carry their makers' choices: professions, families, skin tones and places as emoji sets have them.
"""


def model_card(sections: Mapping[str, Section], training: Mapping[str, Any] | None, config: Mapping[str, Any]) -> str:
    """The whole text, in Markdown."""
    words = SHEET_WORDS.read_text() if SHEET_WORDS.exists() else "*Nobody has described the sheet yet.*"
    parts = ["# Model card: the embedded model\n", ABOUT, "## What it is made of\n", architecture(config)]
    parts += [files_table(), sources_table(), "## Training\n", trained(training), "## Figures\n"]
    if len({section.weights for section in sections.values()}) > 1:
        parts.append("**These figures are of several states of the files: measure them anew.**\n")
    for name, title in TITLES.items():
        section = sections.get(name)
        parts.append(f"*Not measured: {name}.*\n" if section is None else section.markdown(title))
    parts += ["## Contact sheet\n\n![The contact sheet, row by row of eight](../../docs/embedded-model.png)\n"]
    parts += [words.strip() + "\n", "## Limits\n", LIMITS]
    return "\n".join(parts)


def architecture(config: Mapping[str, Any]) -> str:
    """From weights/config.json."""
    shape = config["ddconfig"]
    side = 2 ** (len(shape["ch_mult"]) - 1)
    return (
        f"- VQGAN of taming's classes: {shape['ch']} channels times {', '.join(map(str, shape['ch_mult']))}, "
        f"{shape['num_res_blocks']} residual blocks a level, one code for {side}x{side} pixels, "
        f"{config['n_embed']:,} codes of {config['embed_dim']} numbers.\n"
        "- Image tower: OpenAI's ViT-B/16, its matrices rounded to 4 bits by GPTQ, for pictures of 160 pixels.\n"
        "- Text tower: four layers of all-MiniLM-L6-v2, trained on, in 4 bits.\n"
    )


def files_table(folder: Path = WEIGHTS) -> str:
    files = sorted(folder.iterdir())
    rows = [(file.name, f"{file.stat().st_size / 1e6:.2f}") for file in files]
    rows.append(("together", f"{sum(file.stat().st_size for file in files) / 1e6:.2f}"))
    return "\n".join([_row(("file", "MB")), _row(("---", "---")), *map(_row, rows)]) + "\n"


def sources_table(folder: Path = WEIGHTS) -> str:
    """The packages that went in, and how many pictures of each are shipped as codes."""
    # Everyday names lead to pictures that another entry has already.
    entries = json.loads((folder / "index.json").read_text())
    by_row = {entry["first"] + place: name for entry in entries for place, name in enumerate(entry["sources"])}
    stored = Counter(by_row.values())
    rows = [
        (each.name, f"{each.package} {each.version}", each.licence, each.use, f"{stored[each.name] or ''}")
        for each in SOURCES
    ]
    header = ("source", "package", "licence", "use", "stored as codes")
    return "\n".join([_row(header), _row(("---",) * len(header)), *map(_row, rows)]) + "\n"


def trained(training: Mapping[str, Any] | None) -> str:
    """From weights/training.json."""
    made = "`python -m engine.lab.training --work FOLDER` made the files"
    if training is None:
        return f"{made}; no record of its device and time was kept.\n"
    rows = [_row((key, _said(value))) for key, value in training.items()]
    return "\n".join([f"{made}.\n", "| | |", "|---|---|", *rows]) + "\n"


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
        record = WEIGHTS / "training.json"
        training = json.loads(record.read_text()) if record.exists() else None
        out.write_text(model_card(read_results(results), training, json.loads((WEIGHTS / "config.json").read_text())))
    except (AtelierError, OSError, ValueError, KeyError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from error
    typer.echo(f"{out} is written.")


if __name__ == "__main__":
    typer.run(main)
