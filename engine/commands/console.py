"""What the commands share: painting under a progress bar, and files that are written whole or not at all."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.errors import InputError
from engine.palettes import read_palette
from engine.prompts import stages_of
from engine.spec import ArtSpec

if TYPE_CHECKING:
    from rich.console import Console

    from engine.models import Models
    from engine.session import Painted, Session

# What paints is imported where it is used, so that `--help` does not wait for torch.


class Pictures:
    """The pictures that a person names on the command line: files by the SHA-256 that a spec calls them."""

    def __init__(self) -> None:
        self.files: dict[str, Path] = {}

    def add(self, path: Path | None) -> str | None:
        """Open the picture to see that it is one, and return its digest. Raises `InputError`."""
        if path is None:
            return None
        from engine.pictures import open_picture

        open_picture(path)
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        self.files[digest] = path
        return digest


def paint_to_files(
    spec: ArtSpec, which: str, device: str, pictures: Pictures, out: Path, film: Path | None
) -> dict[str, Any]:
    """Paint and write the picture, what belongs to it, and its film; what was painted, as `--json` reports it."""
    stages_of(spec)  # judged before the models are loaded
    if spec.palette:
        read_palette(spec.palette)
    with tempfile.TemporaryDirectory(prefix="atelier-") as folder:
        painted = _paint(spec, which, device, Path(folder), pictures.files)
        put(painted.image, out)
        beside = {name: beside_of(out, name) for name in painted.extras}
        for name, path in beside.items():
            put(painted.extras[name], path)
        kind = "" if film is None else film.suffix.lower().lstrip(".")
        if film is not None and kind in painted.films:
            put(painted.films[kind], film)
        else:
            film = None
    return _report(painted, out, film, beside)


def beside_of(out: Path, name: str) -> Path:
    """`lighthouse.png` and "native.png" → `lighthouse-native.png`; "svg" → `lighthouse.svg`."""
    label, _, suffix = name.rpartition(".")
    return out.with_name(f"{out.stem}-{label}.{suffix}" if label else f"{out.stem}.{suffix}")


def film_kind(film: Path | None) -> str:
    """What `ArtSpec.film` is for a film that is to be written here. Raises `InputError`."""
    if film is None:
        return "none"
    refuse_target(film, ".mp4", ".gif")
    return film.suffix.lower().lstrip(".")


def refuse_target(path: Path, *suffixes: str) -> None:
    """Raise `InputError` where nothing can be written: told before minutes of painting rather than after."""
    if path.suffix.lower() not in suffixes:
        raise InputError(f"The name {path} must end in {' or '.join(suffixes)}.")
    if not path.parent.is_dir():
        raise InputError(f"There is no folder {path.parent} to write {path.name} into.")
    if path.is_dir() or not os.access(path.parent, os.W_OK):
        raise InputError(f"The file {path} cannot be written.")


def put(source: Path, target: Path) -> None:
    """Copied beside the target first: it is on another disk perhaps, and a half-written picture is none."""
    fresh = target.with_name(f"{target.name}.part")
    try:
        shutil.copyfile(source, fresh)
        fresh.replace(target)
    finally:
        fresh.unlink(missing_ok=True)


def console() -> Console:
    from rich.console import Console

    return Console(stderr=True)


def _paint(spec: ArtSpec, which: str, device: str, folder: Path, images: dict[str, Path]) -> Painted:
    screen = console()
    with screen.status("Loading torch and the models …"):
        from engine.models import load_models
        from engine.session import Session

        models: Models = load_models(which, device)  # type: ignore[arg-type]  # it judges the names itself
    screen.print(models.describe(), markup=False, highlight=False)
    with Session(spec, models, folder, images) as session:
        _follow(session, screen)
        with screen.status("Writing …"):
            painted = session.finish()
    for note in painted.notes:
        screen.print(note, style="yellow", markup=False, highlight=False)
    screen.print(f"CLIP score {painted.clip_score:.1f}", markup=False, highlight=False)
    return painted


def _follow(session: Session, screen: Console) -> None:
    """Paint under a progress bar."""
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
        shown = 0.0
        for snapshot in session.snapshots():
            # Reading the loss waits for the device, and the bar is drawn ten times a second only.
            if snapshot.step and (session.elapsed - shown > 0.2 or snapshot.finished):
                shown = session.elapsed
                progress.update(task, completed=snapshot.step, total=snapshot.total, loss=f"{session.loss:.3f}")


def _report(painted: Painted, out: Path, film: Path | None, beside: dict[str, Path]) -> dict[str, Any]:
    return {
        "image": str(out),
        "film": str(film) if film else None,
        "beside": {name: str(path) for name, path in beside.items()},
        "seed": painted.seed,
        "iterations": painted.iterations,
        "seconds": round(painted.seconds, 3),
        "iterations_per_second": round(painted.iterations_per_second, 3),
        "loss": painted.loss,
        "clip_score": round(painted.clip_score, 2),
        "size": [painted.width, painted.height],
        "models": painted.models,
        "notes": list(painted.notes),
    }
