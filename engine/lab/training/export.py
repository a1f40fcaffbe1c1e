"""Writes the files of `weights/` from the work folder. What this folder has not made stays as it is shipped now."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any, Final

import torch
from safetensors.torch import save_file
from torch import Tensor

from engine.embedded.load import WEIGHTS, EmbeddedFiles
from engine.embedded.retrieval.index import write_index
from engine.embedded.text_tower import TextEncoder
from engine.lab.training.gather import read_pictures
from engine.lab.training.make_index import make_index, refresh_meanings
from engine.lab.training.notice import write_notice
from engine.lab.training.round_tower import tower_file
from engine.lab.training.text_batches import SHARES
from engine.lab.training.text_tower import RUNNING as TEXT_RUNNING
from engine.lab.training.vqgan import RUNNING, SHAPE, SHARP_RUNNING
from engine.models.vqgan import VQGAN

INDEX: Final = ("index.json", "index.safetensors")
RECORD: Final = "training.json"


def text_folder(work: Path) -> Path:
    """Where the text tower's results are in the work folder."""
    return work / "text"


def export(work: Path, folder: Path, device: str, shipped: Path = WEIGHTS) -> None:
    """Everything that is shipped goes to `folder`; the files change together, at the end."""
    staged = EmbeddedFiles(work / "weights")
    staged.folder.mkdir(parents=True, exist_ok=True)
    stage_towers(work, staged, shipped)
    vqgan = stage_vqgan(work, staged, shipped)
    stage_index(work, vqgan, staged, shipped)
    record_training(work, device, staged.folder / RECORD, shipped / RECORD)
    folder.mkdir(parents=True, exist_ok=True)
    write_notice(work, folder.parent / "NOTICE")
    networks = (staged.vqgan, staged.image_tower, staged.text_tower, staged.pieces, staged.config)
    names = (*(file.name for file in networks), *INDEX, RECORD)
    for name in names:
        shutil.copyfile(staged.folder / name, folder / f"{name}.new")
    for name in names:
        (folder / f"{name}.new").replace(folder / name)


def stage_towers(work: Path, staged: EmbeddedFiles, shipped: Path) -> None:
    """CLIP's two towers, and the pieces of the text tower."""
    made = {
        staged.image_tower: tower_file(work),
        staged.text_tower: text_folder(work) / staged.text_tower.name,
        staged.pieces: text_folder(work) / staged.pieces.name,
    }
    for file, source in made.items():
        shutil.copyfile(source if source.exists() else shipped / file.name, file)


def rounded_vqgan(work: Path) -> dict[str, Tensor] | None:
    """The newest VQGAN of the work folder as it is shipped: float16. None where none was trained."""
    made = [file for file in (work / "vqgan_sharp.pt", work / "vqgan.pt") if file.exists()]
    if not made:
        return None
    state: dict[str, Tensor] = torch.load(made[0], map_location="cpu")
    return {key: value.half().contiguous() for key, value in state.items()}


def stage_vqgan(work: Path, staged: EmbeddedFiles, shipped: Path) -> VQGAN | None:
    """The weights and the shape; returns the network with exactly these, or None for the one that is shipped now."""
    state = rounded_vqgan(work)
    if state is None:
        for file in (staged.vqgan, staged.config):
            shutil.copyfile(shipped / file.name, file)
        return None
    save_file(state, staged.vqgan)
    staged.config.write_text(json.dumps(SHAPE.to_dict(), indent=2) + "\n")
    return VQGAN.from_state(SHAPE, {key: value.float() for key, value in state.items()}, precision=torch.bfloat16)


def stage_index(work: Path, vqgan: VQGAN | None, staged: EmbeddedFiles, shipped: Path) -> None:
    """The index with the codes of this VQGAN and the meanings of this text tower."""
    texts = TextEncoder.from_files(staged.text_tower, staged.pieces)
    if vqgan is None:
        for name in INDEX:
            shutil.copyfile(shipped / name, staged.folder / name)
    elif _outdated(staged.folder / INDEX[0], work / "vqgan.pt"):
        write_index(make_index(work, vqgan, texts), staged.folder)
        return
    refresh_meanings(staged.folder, texts)


def _outdated(index: Path, encoder: Path) -> bool:
    """Sharpening changes the decoder alone: codes are made anew only for another encoder."""
    return not index.exists() or index.stat().st_mtime < encoder.stat().st_mtime


def record_training(work: Path, device: str, file: Path, before: Path) -> None:
    """What the model card says of the training: where, on how much, how long and how many steps.

    Minutes and steps of networks that were not trained in this work folder are taken over from the record `before`.
    """
    old: dict[str, Any] = json.loads(before.read_text()) if before.exists() else {}
    files = {"vqgan": work / RUNNING, "decoder": work / SHARP_RUNNING, "text tower": text_folder(work) / TEXT_RUNNING}
    minutes, steps = (dict(old[key]) if isinstance(old.get(key), dict) else {} for key in ("minutes", "steps"))
    for name, running in files.items():
        if running.exists():
            state = torch.load(running, map_location="cpu")
            minutes[name], steps[name] = round(state["spent"] / 60), state["step"]
    about = {
        "device": device,
        "pictures": len(read_pictures(work)[1]),
        "minutes": {name: minutes[name] for name in files if name in minutes},
        "steps": {name: steps[name] for name in files if name in steps},
        "pairs": counted_pairs(work) or old.get("pairs", {}),
    }
    file.write_text(json.dumps(about, indent=2) + "\n")


def counted_pairs(work: Path) -> dict[str, int]:
    """How many pairs of each kind the text tower learns from."""
    files = {kind: work / f"pairs_{kind}.pt" for kind in SHARES}
    return {kind: len(torch.load(file)["sentences"]) for kind, file in files.items() if file.exists()}
