"""Commands for the published weights: list, download, verify."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from engine.cli.console import console
from engine.spec.artspec import QUALITIES

if TYPE_CHECKING:
    from rich.progress import Progress

app = typer.Typer(help="The published weights: which there are, getting them, checking them.")


@app.command("list")
def list_models() -> None:
    """List the published weights and which of them are installed."""
    from engine.models import published

    for weight, path in published.listing():
        place = path or "not installed"
        print(f"{weight.name:20} {weight.size / 1e6:6.0f} MB  {place}  [{weight.licence}]")
    for quality in QUALITIES:
        print(f"quality {quality} needs {', '.join(published.names_for(quality))}")
    print(f"The folder is {published.folder()}; the embedded model, mini, is always there.")


@app.command()
def pull(
    names: Annotated[list[str], typer.Argument(help="Names of weights, a quality for all it needs, or all.")],
    accept_change: Annotated[
        bool, typer.Option("--accept-change", help="Take a file that differs from the one first downloaded.")
    ] = False,
) -> None:
    """Download weights; an interrupted download is resumed."""
    from engine.models.download import pull as download
    from engine.models.published import names_for

    wanted = dict.fromkeys(name for what in names for name in names_for(what))
    with _downloads() as progress:
        for name in wanted:
            task = progress.add_task(name, total=None)

            def report(done: int, total: int | None, task: Any = task) -> None:
                progress.update(task, completed=done, total=total)

            path = download(name, report, accept_change=accept_change)
            progress.update(task, completed=path.stat().st_size, total=path.stat().st_size)
            print(path)


@app.command()
def verify(
    names: Annotated[list[str] | None, typer.Argument(help="As for pull; without any, all that is installed.")] = None,
) -> None:
    """Read installed weights and compare their SHA-256."""
    from engine.models import download, published

    installed = [weight.name for weight, path in published.listing() if path]
    wanted = dict.fromkeys(name for what in names for name in published.names_for(what)) if names else installed
    for name in wanted:
        verified = download.verify(name)
        basis = "as published" if verified.published else "as first downloaded"
        print(f"{name}: {basis} (SHA-256 {verified.sha256})")
    if not wanted:
        print("No published weights are installed.")


def _downloads() -> Progress:
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    return Progress(*columns, TransferSpeedColumn(), TimeRemainingColumn(), console=console())
