"""The command line: `python -m engine paint "a lighthouse in a storm" --out lighthouse.png --film lighthouse.mp4`."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import sys
import tempfile
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from engine.errors import AtelierError, InputError
from engine.prompts import parse_prompts
from engine.spec import ASPECTS, QUALITIES, STARTS, STYLES, ArtSpec

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress

    from engine.models import Models
    from engine.session import Painted, Session

# What paints and what downloads is imported where it is used, so that `--help` does not wait for torch.

BAD_INPUT: Final = 2
FAILED: Final = 1
INTERRUPTED: Final = 130  # 128 + SIGINT, as shells have it
_STOPPED: Final = "Stopped."
_TRACEBACK: Final = "ATELIER_TRACEBACK"

app = typer.Typer(
    help="Paints what words say (VQGAN+CLIP).",
    add_completion=False,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
)
models_app = typer.Typer(help="The published weights: which there are, getting them, checking them.")
app.add_typer(models_app, name="models")


def main() -> int:
    """Run the command line; the exit status: 0, 2 for bad input, 130 after Ctrl-C, 1 for the rest."""
    try:
        status = int(app(standalone_mode=False, prog_name="python -m engine") or 0)
        # By its version, typer turns Ctrl-C into this status or into `Abort`.
        return _complain(_STOPPED, INTERRUPTED) if status == INTERRUPTED else status
    except InputError as error:
        return _complain(str(error), BAD_INPUT)
    except (KeyboardInterrupt, typer.Abort):
        return _complain(_STOPPED, INTERRUPTED)
    except AtelierError as error:
        return _complain(str(error), FAILED)
    except OSError as error:
        return _complain(f"{error.filename or 'A file'} cannot be used: {error.strerror or error}.", FAILED)
    except Exception as error:
        # Usage errors are known by their method: by its version, typer brings its own click or uses the installed one.
        if hasattr(error, "format_message"):
            return _complain(error.format_message(), BAD_INPUT)
        if os.environ.get(_TRACEBACK):
            traceback.print_exc()
        reason = str(error).strip().partition("\n")[0][:200]
        return _complain(f"Something unexpected went wrong ({type(error).__name__}: {reason}).", FAILED)


@app.command()
def paint(
    prompt: Annotated[str, typer.Argument(help="What to paint: “a castle | fog:0.4 | people:-1”.")],
    style: Annotated[str, typer.Option(help=f"One of {', '.join(STYLES)}.")] = "image",
    quality: Annotated[str, typer.Option(help=f"One of {', '.join(QUALITIES)}.")] = "draft",
    aspect: Annotated[str, typer.Option(help=f"One of {', '.join(ASPECTS)}.")] = "square",
    size: Annotated[str | None, typer.Option(metavar="WxH", help="In pixels, in place of an aspect.")] = None,
    iterations: Annotated[int | None, typer.Option(help="Gradient steps.")] = None,
    cuts: Annotated[int | None, typer.Option(help="Views of the picture shown to CLIP a step.")] = None,
    learning_rate: Annotated[float | None, typer.Option(help="Adam's.")] = None,
    seed: Annotated[int | None, typer.Option(help="The same seed gives the same picture.")] = None,
    start: Annotated[str, typer.Option(help=f"What to start from: one of {', '.join(STARTS)}.")] = "auto",
    init_image: Annotated[Path | None, typer.Option(help="A picture to start from.")] = None,
    init_weight: Annotated[float | None, typer.Option(help="How firmly the start holds.")] = None,
    models: Annotated[str, typer.Option(help="One of auto, mini, full.")] = "auto",
    device: Annotated[str, typer.Option(help="One of auto, cpu, cuda.")] = "auto",
    out: Annotated[Path, typer.Option(help="The picture, a PNG.")] = Path("atelier.png"),
    film: Annotated[Path | None, typer.Option(help="A film of its making, .mp4 or .gif.")] = None,
    film_seconds: Annotated[float, typer.Option(help="Its length, without the held last frame.")] = 6.0,
    as_json: Annotated[bool, typer.Option("--json", help="End standard output with one line of JSON.")] = False,
) -> None:
    """Paint a picture."""
    _refuse_target(out, ".png")
    if film is not None:
        _refuse_target(film, ".mp4", ".gif")
    filmed = film.suffix.lower().lstrip(".") if film else "none"
    width, height = _sides(size)
    digest, images = _start_image(init_image)
    spec = ArtSpec(
        prompt=prompt,
        style=style,
        quality=quality,
        aspect=aspect,
        width=width,
        height=height,
        iterations=iterations,
        cuts=cuts,
        learning_rate=learning_rate,
        seed=seed,
        start=start,
        start_image=digest,
        start_weight=init_weight,
        film=filmed,
        film_seconds=film_seconds,
    )
    parse_prompts(spec.prompt)  # judged here too, before the models are loaded
    with tempfile.TemporaryDirectory(prefix="atelier-") as folder:
        painted = _paint(spec, models, device, Path(folder), images)
        _put(painted.image, out)
        if film is not None and filmed in painted.films:
            _put(painted.films[filmed], film)
        else:
            film = None
    print(json.dumps(_report(painted, out, film), ensure_ascii=False) if as_json else out)


@app.command()
def show(picture: Annotated[Path, typer.Argument(help="A PNG that was painted here.")]) -> None:
    """Print the definition that a PNG carries, as JSON."""
    from engine.metadata import read_spec

    print(read_spec(picture).to_json())


@models_app.command("list")
def list_models() -> None:
    """List the published weights and which of them are installed."""
    from engine import weights

    for weight, path in weights.listing():
        place = path or "not installed"
        print(f"{weight.name:20} {weight.size / 1e6:6.0f} MB  {place}  [{weight.licence}]")
    for quality in QUALITIES:
        print(f"quality {quality} needs {', '.join(weights.names_for(quality))}")
    print(f"The folder is {weights.folder()}; the embedded model, mini, is always there.")


@models_app.command()
def pull(
    names: Annotated[list[str], typer.Argument(help="Names of weights, a quality for all it needs, or all.")],
    accept_change: Annotated[
        bool, typer.Option("--accept-change", help="Take a file that differs from the one first downloaded.")
    ] = False,
) -> None:
    """Download weights; a download that was broken off is gone on with."""
    from engine import weights

    wanted = dict.fromkeys(name for what in names for name in weights.names_for(what))
    with _downloads() as progress:
        for name in wanted:
            task = progress.add_task(name, total=None)

            def tell(done: int, total: int | None, task: Any = task) -> None:
                progress.update(task, completed=done, total=total)

            path = weights.pull(name, tell, accept_change=accept_change)
            progress.update(task, completed=path.stat().st_size, total=path.stat().st_size)
            print(path)


@models_app.command()
def verify(
    names: Annotated[list[str] | None, typer.Argument(help="As for pull; without any, all that is installed.")] = None,
) -> None:
    """Read installed weights and compare their SHA-256."""
    from engine import weights

    installed = [weight.name for weight, path in weights.listing() if path]
    wanted = dict.fromkeys(name for what in names for name in weights.names_for(what)) if names else installed
    for name in wanted:
        verified = weights.verify(name)
        basis = "as published" if verified.published else "as first downloaded"
        print(f"{name}: {basis} (SHA-256 {verified.sha256})")
    if not wanted:
        print("No published weights are installed.")


def _paint(spec: ArtSpec, which: str, device: str, folder: Path, images: dict[str, Path]) -> Painted:
    console = _console()
    with console.status("Loading torch and the models …"):
        from engine.models import load_models
        from engine.session import Session

        models: Models = load_models(which, device)  # type: ignore[arg-type]  # it judges the names itself
    console.print(models.describe(), markup=False, highlight=False)
    with Session(spec, models, folder, images) as session:
        _follow(session, console)
        with console.status("Writing …"):
            painted = session.finish()
    for note in painted.notes:
        console.print(note, style="yellow", markup=False, highlight=False)
    return painted


def _follow(session: Session, console: Console) -> None:
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
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("", total=None, loss="…")
        shown = 0.0
        for snapshot in session.snapshots():
            # Reading the loss waits for the device, and the bar is drawn ten times a second only.
            if snapshot.step and (session.elapsed - shown > 0.2 or snapshot.finished):
                shown = session.elapsed
                progress.update(task, completed=snapshot.step, total=snapshot.total, loss=f"{session.loss:.3f}")


def _console() -> Console:
    from rich.console import Console

    return Console(stderr=True)


def _downloads() -> Progress:
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    return Progress(*columns, TransferSpeedColumn(), TimeRemainingColumn(), console=_console())


def _report(painted: Painted, out: Path, film: Path | None) -> dict[str, Any]:
    return {
        "image": str(out),
        "film": str(film) if film else None,
        "seed": painted.seed,
        "iterations": painted.iterations,
        "seconds": round(painted.seconds, 3),
        "iterations_per_second": round(painted.iterations_per_second, 3),
        "loss": painted.loss,
        "size": [painted.width, painted.height],
        "models": painted.models,
        "notes": list(painted.notes),
    }


def _sides(size: str | None) -> tuple[int | None, int | None]:
    if size is None:
        return None, None
    found = re.fullmatch(r"\s*(\d{1,6})\s*[x×,]\s*(\d{1,6})\s*", size, re.IGNORECASE)
    if found is None:
        raise InputError(f"The size {size[:40]!r} is not of the form WIDTHxHEIGHT, for example 512x256.")
    return int(found[1]), int(found[2])


def _start_image(path: Path | None) -> tuple[str | None, dict[str, Path]]:
    """The SHA-256 by which a spec names the picture, and where it is."""
    if path is None:
        return None, {}
    from engine.pictures import open_picture

    open_picture(path)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return digest, {digest: path}


def _refuse_target(path: Path, *suffixes: str) -> None:
    """Told before minutes of painting rather than after."""
    if path.suffix.lower() not in suffixes:
        raise InputError(f"The name {path} must end in {' or '.join(suffixes)}.")
    if not path.parent.is_dir():
        raise InputError(f"There is no folder {path.parent} to write {path.name} into.")
    if path.is_dir() or not os.access(path.parent, os.W_OK):
        raise InputError(f"The file {path} cannot be written.")


def _put(source: Path, target: Path) -> None:
    """Copied beside the target first: it is on another disk perhaps, and a half-written picture is none."""
    fresh = target.with_name(f"{target.name}.part")
    try:
        shutil.copyfile(source, fresh)
        fresh.replace(target)
    finally:
        fresh.unlink(missing_ok=True)


def _complain(sentence: str, status: int) -> int:
    print(" ".join(sentence.split()), file=sys.stderr)
    return status
