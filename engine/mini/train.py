"""From nothing to the files in `weights/`: `python -m engine.mini.train --work FOLDER --minutes 120`.

Every stage leaves its result in the work folder and is skipped when that is there, so a run that was stopped goes on
where it was. The stages: gather, words, vqgan, sharpen, clip, export.
"""

from __future__ import annotations

import json
import shutil
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import torch
import typer
from rich.console import Console
from safetensors.torch import save_file
from torch import Tensor

from engine.mini.bank import write_bank
from engine.mini.gather import SOURCES, gather, read_pictures
from engine.mini.make_bank import make_bank
from engine.mini.model import WEIGHTS, MiniFiles
from engine.mini.networks import VQGAN, TowerShape, VQGANShape, quantised_rows
from engine.mini.train_clip import ClipTraining, train_clip
from engine.mini.train_text import TextTraining, distil, read_words
from engine.mini.train_vqgan import VQGANTraining, new_vqgan, sharpen_decoder, train_autoencoder

MIT = """\
Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated
documentation files (the "Software"), to deal in the Software without restriction, including without limitation the
rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit
persons to whom the Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the
Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE
WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR
COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR
OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE."""

NOTICE = Path(__file__).with_name("NOTICE")
console = Console()


def rounded_vqgan(work: Path) -> dict[str, Tensor]:
    """The newest VQGAN of the work folder as it is shipped: float16."""
    sharp = work / "vqgan_sharp.pt"
    state: dict[str, Tensor] = torch.load(sharp if sharp.exists() else work / "vqgan.pt", map_location="cpu")
    return {key: value.half().contiguous() for key, value in state.items()}


def export_vqgan(work: Path, files: MiniFiles) -> VQGAN:
    """Writes the weights; returns the network with exactly these."""
    state = rounded_vqgan(work)
    save_file(state, files.vqgan)
    vqgan = new_vqgan(VQGANShape(), torch.device("cpu")).eval()
    vqgan.load_state_dict({key: value.float() for key, value in state.items()})
    return vqgan


def export_clip(work: Path, files: MiniFiles) -> None:
    """The image tower's matrices and the words in int8 rows, everything else in float16 or float32."""
    state: dict[str, Tensor] = torch.load(work / "clip.pt", map_location="cpu")
    table = read_words(work)
    stored: dict[str, Tensor] = {}
    for key, value in state.items():
        if key == "log_scale":
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
    config = {"vqgan": VQGANShape().config(), "tower": TowerShape().as_dict()}
    files.config.write_text(json.dumps(config, indent=2) + "\n")


def write_notice(work: Path) -> None:
    """Every package, its version and licence, and what was made of it."""
    _, pictures = read_pictures(work)
    counts = Counter(picture.source for picture in pictures)
    lines = [
        "The embedded mini model was trained on the pictures and names below, and its bank of starts holds codes that",
        "reproduce some of these pictures: treat those as derivatives, under the licences named here. OpenMoji served",
        "for testing only; nothing of it is in the weights.",
        "",
    ]
    for source in SOURCES:
        amount = f", {counts[source.name]} pictures" if source.name in counts else ""
        used = {"pictures": "trained on", "names": "names and tags", "sentences": "teacher of the word table"}
        lines.append(
            f"{source.name}: {source.registry} package {source.package} {source.version}, {source.licence}"
            f" ({used.get(source.use, 'testing only')}{amount})"
        )
    lines += [
        "",
        "Noto Emoji: Copyright Google LLC. Fluent Emoji: Copyright (c) Microsoft Corporation.",
        "FxEmoji: Copyright Mozilla Foundation.",
        "flat-color-icons: Copyright (c) Icons8. Meteocons: Copyright (c) Bas Milius. Open Clip Art: public domain.",
        "emojibase: Copyright (c) 2017-2019 Miles Johnson. emojilib: Copyright (c) 2014 Mu-An Chiou.",
        "fluent-emoji-3d: Microsoft's Fluent Emoji, packed by LobeHub. all-MiniLM-L6-v2: by sentence-transformers, in",
        "a package whose own code is MIT.",
        "",
        "Apache-2.0 is the licence in LICENSE-APACHE-2.0 beside this file. MIT is this, for each work named with it:",
        "",
        MIT,
    ]
    NOTICE.write_text("\n".join(lines) + "\n")


def export(work: Path, folder: Path = WEIGHTS) -> None:
    """Everything that is shipped, from what the work folder holds; the files change together, at the end."""
    staged = work / "weights"
    staged.mkdir(parents=True, exist_ok=True)
    files = MiniFiles(staged)
    vqgan = export_vqgan(work, files)
    export_clip(work, files)
    # Sharpening changes the decoder alone: codes are made anew only for another encoder.
    bank, encoder = staged / "bank.json", work / "vqgan.pt"
    if not bank.exists() or bank.stat().st_mtime < encoder.stat().st_mtime:
        write_bank(make_bank(work, vqgan, read_words(work)), staged)
    write_notice(work)
    folder.mkdir(parents=True, exist_ok=True)
    for file in staged.iterdir():
        shutil.copyfile(file, folder / f"{file.name}.new")
    for file in staged.iterdir():
        (folder / f"{file.name}.new").replace(folder / file.name)
    total = sum(file.stat().st_size for file in folder.iterdir())
    console.print(f"{folder}: {total / 1e6:.1f} MB")


def main(
    work: Annotated[Path, typer.Option(help="Where downloads and intermediate results are kept (5 GB).")],
    minutes: Annotated[float, typer.Option(help="Time for all training together.")] = 120.0,
    device: Annotated[str, typer.Option(help="cpu or cuda; empty: a GPU when there is one.")] = "",
    threads: Annotated[int, typer.Option(help="Threads of torch; 0 leaves its own choice.")] = 0,
    only_export: Annotated[bool, typer.Option("--export", help="Write the weights from what is there.")] = False,
) -> None:
    """Gather pictures, train all networks, and write the weights."""
    if threads:
        torch.set_num_threads(threads)
    place = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
    work.mkdir(parents=True, exist_ok=True)
    if only_export:
        export(work)
        return
    console.rule("pictures")
    gather(work)
    console.rule("words")
    if not (work / "words.pt").exists():
        distil(work, TextTraining())
    console.rule("vqgan")
    vqgan = VQGANTraining(minutes=0.35 * minutes, critic_minutes=0.15 * minutes)
    if place.type == "cuda":
        vqgan = replace(vqgan, batch=64, side=128, critic_batch=32, critic_side=192)
    if not (work / "vqgan.pt").exists():
        train_autoencoder(work, vqgan, place)
    if not (work / "vqgan_sharp.pt").exists():
        sharpen_decoder(work, vqgan, place)
    console.rule("clip")
    clip = ClipTraining(minutes=0.5 * minutes, batch=512 if place.type == "cuda" else 128)
    if not (work / "clip.pt").exists() or (work / "clip_running.pt").exists():
        train_clip(work, clip, place)
    export(work)


if __name__ == "__main__":
    typer.run(main)
