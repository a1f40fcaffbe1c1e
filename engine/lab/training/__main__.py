"""From nothing to the files in `weights/`: `python -m engine.lab.training --work FOLDER --minutes 120`.

Every stage keeps what it has in the work folder, so a run that was stopped goes on where it was, and one with more
minutes goes on from where the shorter one ended. The stages: pictures, words, vqgan, decoder, clip, export, evaluation.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import torch
import typer
from rich.console import Console
from safetensors.torch import save_file
from torch import Tensor

from engine.embedded.load import WEIGHTS, EmbeddedFiles
from engine.embedded.networks import TowerShape, quantised_rows
from engine.embedded.retrieval.index import write_index
from engine.lab.training.clip import RUNNING as CLIP_RUNNING
from engine.lab.training.clip import ClipTraining, train_clip
from engine.lab.training.gather import gather, read_pictures
from engine.lab.training.make_index import make_index
from engine.lab.training.notice import write_notice
from engine.lab.training.vqgan import RUNNING, SHAPE, SHARP_RUNNING, VQGANTraining, sharpen_decoder, train_autoencoder
from engine.lab.training.word_table import TextTraining, distil, read_words
from engine.models.vqgan import VQGAN

console = Console()
TRIAL = 20  # of so many pictures a trial takes one


def rounded_vqgan(work: Path) -> dict[str, Tensor]:
    """The newest VQGAN of the work folder as it is shipped: float16."""
    sharp = work / "vqgan_sharp.pt"
    state: dict[str, Tensor] = torch.load(sharp if sharp.exists() else work / "vqgan.pt", map_location="cpu")
    return {key: value.half().contiguous() for key, value in state.items()}


def export_vqgan(work: Path, files: EmbeddedFiles) -> VQGAN:
    """Writes the weights; returns the network with exactly these."""
    state = rounded_vqgan(work)
    save_file(state, files.vqgan)
    return VQGAN.from_state(SHAPE, {key: value.float() for key, value in state.items()}, precision=torch.bfloat16)


def export_clip(work: Path, files: EmbeddedFiles) -> None:
    """The image tower's matrices and the words in int8 rows, everything else in float16 or float32."""
    state: dict[str, Tensor] = torch.load(work / "clip.pt", map_location="cpu")
    table = read_words(work)
    stored: dict[str, Tensor] = {}
    for key, value in state.items():
        if key == "log_scale" or not value.is_floating_point():
            continue
        if key.startswith("visual.") and value.ndim > 1 and value.numel() > 4096:
            stored[f"{key}.numbers"], stored[f"{key}.scales"] = quantised_rows(value)
        elif key.startswith("text."):
            stored[key] = value.half().contiguous()
        else:
            stored[key] = value.float().contiguous()  # batch norms are small and sensitive
    stored["words.numbers"], stored["words.scales"] = quantised_rows(table.rows)
    save_file(stored, files.clip)
    files.words.write_text("\n".join(sorted(table.index, key=table.index.__getitem__)))
    config = {"vqgan": SHAPE.to_dict(), "tower": TowerShape().as_dict()}
    files.config.write_text(json.dumps(config, indent=2) + "\n")


def record_training(work: Path, device: str, file: Path) -> None:
    """What the model card says of the training: where, how long and how many steps."""
    _, pictures = read_pictures(work)
    running = {"vqgan": RUNNING, "decoder": SHARP_RUNNING, "clip": CLIP_RUNNING}
    runs = {name: torch.load(work / stage, map_location="cpu") for name, stage in running.items()}
    about = {
        "device": device,
        "pictures": len(pictures),
        "minutes": round(sum(run["spent"] for run in runs.values()) / 60),
        "steps": {name: run["step"] for name, run in runs.items()},
    }
    file.write_text(json.dumps(about, indent=2) + "\n")


def export(work: Path, folder: Path, device: str) -> None:
    """Everything that is shipped, from what the work folder holds; the files change together, at the end."""
    staged = work / "weights"
    staged.mkdir(parents=True, exist_ok=True)
    files = EmbeddedFiles(staged)
    vqgan = export_vqgan(work, files)
    export_clip(work, files)
    # Sharpening changes the decoder alone: codes are made anew only for another encoder.
    index, encoder = staged / "index.json", work / "vqgan.pt"
    if not index.exists() or index.stat().st_mtime < encoder.stat().st_mtime:
        write_index(make_index(work, vqgan, read_words(work)), staged)
    record_training(work, device, staged / "training.json")
    folder.mkdir(parents=True, exist_ok=True)
    write_notice(work, folder.parent / "NOTICE")
    for file in staged.iterdir():
        shutil.copyfile(file, folder / f"{file.name}.new")
    for file in staged.iterdir():
        (folder / f"{file.name}.new").replace(folder / file.name)
    total = sum(file.stat().st_size for file in folder.iterdir())
    console.print(f"{folder}: {total / 1e6:.1f} MB")


def train(work: Path, minutes: float, place: torch.device, every: int = 1) -> None:
    """All stages; each does what is left of its share of the minutes, and those without one what is not there yet."""
    console.rule("pictures")
    gather(work, every=every)
    console.rule("words")
    if not (work / "words.pt").exists():
        words = TextTraining()
        distil(work, replace(words, phrases=words.phrases // every, steps=words.steps // every))
    vqgan = VQGANTraining(minutes=0.35 * minutes, critic_minutes=0.15 * minutes)
    clip = ClipTraining(minutes=0.5 * minutes)
    if place.type == "cuda":
        vqgan = replace(vqgan, batch=64, side=128, critic_batch=32, critic_side=192)
        clip = replace(clip, batch=512)
    console.rule("vqgan")
    train_autoencoder(work, vqgan, place)
    console.rule("decoder")
    sharpen_decoder(work, vqgan, place)
    console.rule("clip")
    train_clip(work, clip, place)


def evaluate(work: Path) -> None:
    """Paint and measure with the new weights, in a process that has not read the old ones; write the model card."""
    results = work / "evaluation.json"
    measure = ["engine.lab.evaluation", "--work", work, "--json", results, "--sheet", "docs/embedded-model.png"]
    for command in (measure, ["engine.lab.evaluation.model_card", results]):
        subprocess.run([sys.executable, "-m", *map(str, command)], check=True)


def main(
    work: Annotated[Path, typer.Option(help="Where downloads and intermediate results are kept (12 GB).")],
    minutes: Annotated[float, typer.Option(help="Time for the training of all networks together.")] = 120.0,
    device: Annotated[str, typer.Option(help="cpu or cuda; empty: a GPU when there is one.")] = "",
    threads: Annotated[int, typer.Option(help="Threads of torch; 0 leaves its own choice.")] = 0,
    out: Annotated[Path, typer.Option(help="Where the weights go; notice and model card go beside this folder.")] = (
        WEIGHTS
    ),
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
    work.mkdir(parents=True, exist_ok=True)
    if trial:
        out = work / "trial" / "weights"
    if not only_export:
        train(work, minutes, place, TRIAL if trial else 1)
    export(work, out, place.type)
    if evaluation and out == WEIGHTS:
        console.rule("evaluation")
        evaluate(work)


if __name__ == "__main__":
    typer.run(main)
