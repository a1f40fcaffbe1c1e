"""Shared by the commands: painting with a progress bar, and writing the files."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.errors import InputError, either
from engine.images.files import replacing
from engine.spec.artspec import ArtSpec
from engine.spec.palettes import read_palette
from engine.spec.prompts import stages_of
from engine.spec.rating import MOST_STARS, drawn, rating_of
from engine.spec.variants import pictures_of

if TYPE_CHECKING:
    from rich.console import Console

    from engine.registry import Models
    from engine.service.protocol import Finished
    from engine.service.session import Session

# Modules that import torch are imported inside functions, so that `--help` is fast.


class Pictures:
    """The pictures named on the command line: SHA-256, as in the spec → file."""

    def __init__(self) -> None:
        self.files: dict[str, Path] = {}

    def add(self, path: Path | None) -> str | None:
        """Check that the file is a picture, and return its SHA-256. Raises `InputError`."""
        if path is None:
            return None
        from engine.images.pictures import open_picture

        open_picture(path)
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        self.files[digest] = path
        return digest


def paint_to_files(
    spec: ArtSpec,
    which: str,
    device: str,
    pictures: Pictures,
    out: Path,
    film: Path | None = None,
    *,
    as_json: bool,
) -> None:
    """Paint, write the picture, its further files and its film, and print the picture's path or a report as JSON."""
    stages_of(spec)  # checked before the models are loaded
    if spec.palette:
        read_palette(spec.palette)
    with tempfile.TemporaryDirectory(prefix="atelier-") as folder:
        painted = _paint(spec, which, device, Path(folder), pictures.files)
        _copy(painted.image, out)
        extras = {name: extra_path(out, name) for name in painted.extras}
        for name, path in extras.items():
            _copy(painted.extras[name], path)
        kind = "" if film is None else film.suffix.lower().lstrip(".")
        if film is not None and kind in painted.films:
            _copy(painted.films[kind], film)
        else:
            film = None
    print(json.dumps(_report(painted, out, film, extras), ensure_ascii=False) if as_json else out)


def extra_path(out: Path, name: str) -> Path:
    """`lighthouse.png` and "native.png" → `lighthouse-native.png`; "svg" → `lighthouse.svg`."""
    label, _, suffix = name.rpartition(".")
    return out.with_name(f"{out.stem}-{label}.{suffix}" if label else f"{out.stem}.{suffix}")


def film_kind(film: Path | None) -> str:
    """`ArtSpec.film` for a film of this path. Raises `InputError` if it cannot be written."""
    if film is None:
        return "none"
    check_target(film, ".mp4", ".gif")
    return film.suffix.lower().lstrip(".")


def check_target(path: Path, *suffixes: str) -> None:
    """Raise `InputError` if the file cannot be written: before minutes of painting rather than after."""
    if path.suffix.lower() not in suffixes:
        raise InputError("The name {file} must end in {suffixes}.", file=str(path), suffixes=either(suffixes))
    if not path.parent.is_dir():
        raise InputError("There is no folder {folder} to write {file} into.", folder=str(path.parent), file=path.name)
    if path.is_dir() or not os.access(path.parent, os.W_OK):
        raise InputError("The file {file} cannot be written.", file=str(path))


def _copy(source: Path, target: Path) -> None:
    with replacing(target) as temporary:
        shutil.copyfile(source, temporary)


def console() -> Console:
    from rich.console import Console

    return Console(stderr=True)


def _paint(spec: ArtSpec, which: str, device: str, folder: Path, images: dict[str, Path]) -> Finished:
    screen = console()
    with screen.status("Loading torch and the models …"):
        from engine.registry import load_models
        from engine.service.session import Session

        models: Models = load_models(which, device)  # type: ignore[arg-type]  # it checks the names itself
    screen.print(models.describe(), markup=False, highlight=False)
    with Session(spec, models, folder, images) as session:
        _follow(session, screen)
        with screen.status("Writing …"):
            painted = session.finish()
    for note in painted.notes:
        screen.print(str(note), style="yellow", markup=False, highlight=False)
    rating = rating_of(spec, painted.clip_score, painted.models)
    if rating is not None:
        name = "Match with the prompt" if pictures_of(spec) == 1 else "Best match with the prompt"
        screen.print(f"{name}: {drawn(rating)} {rating} of {MOST_STARS}", markup=False, highlight=False)
    return painted


def _follow(session: Session, screen: Console) -> None:
    """Paint with a progress bar."""
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("Painting"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("loss {task.fields[loss]}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=screen) as progress:
        task = progress.add_task("", total=None, loss="…")
        updated = 0.0
        for snapshot in session.snapshots():
            # Not at every step: reading the loss waits for the device.
            if snapshot.step and (session.elapsed - updated > 0.2 or snapshot.finished):
                updated = session.elapsed
                progress.update(task, completed=snapshot.step, total=snapshot.total, loss=f"{session.loss:.3f}")


def _report(painted: Finished, out: Path, film: Path | None, extras: dict[str, Path]) -> dict[str, Any]:
    """For `--json`."""
    return {
        "image": str(out),
        "film": str(film) if film else None,
        "beside": {name: str(path) for name, path in extras.items()},
        "seed": painted.seed,
        "iterations": painted.iterations,
        "seconds": round(painted.seconds, 3),
        "iterations_per_second": round(painted.iterations_per_second, 3),
        "loss": painted.loss,
        "clip_score": round(painted.clip_score, 2),
        "size": [painted.width, painted.height],
        "models": painted.models,
        "notes": [str(note) for note in painted.notes],
    }
