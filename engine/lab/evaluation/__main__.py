"""How good the shipped files are: `python -m engine.lab.evaluation --work FOLDER`, which `engine.lab.training` filled.

Each section is measured alone and printed with what is promised; the file of `--json` keeps those of earlier runs.
"""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console

from engine.errors import AtelierError, InputError
from engine.lab.evaluation import eye, painting, prompts, speed, words
from engine.lab.evaluation.report import TITLES, Section, Setting, merge_results, read_results, weights_fingerprint

SECTIONS: Final[Mapping[str, Callable[[Setting], Section]]] = {
    "eye": eye.measure,
    "words": words.measure,
    "painting": painting.measure,
    "describe": words.describe,
    "prompts": prompts.measure,
    "speed": speed.measure,
}


def chosen_sections(only: list[str]) -> list[str]:
    """Names with commas or spaces between, each once; all without any. Raises `InputError` for an unknown one."""
    names = [name for text in only for name in text.replace(",", " ").split()] or list(SECTIONS)
    for name in names:
        if name not in SECTIONS:
            raise InputError(f"There is no section {name[:40]!r}: the sections are {', '.join(SECTIONS)}.")
    return list(dict.fromkeys(names))


def command_line(arguments: list[str]) -> str:
    """What was typed, without the folders that lie outside of the current one."""
    return shlex.join(["python", "-m", "engine.lab.evaluation", *map(_without_place, arguments)])


def _without_place(argument: str) -> str:
    path = Path(argument)
    if not path.is_absolute():
        return argument
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else f"FOLDER/{path.name}"


def main(
    work: Annotated[Path, typer.Option(help="The folder of engine.lab.training; paintings are kept in it.")] = Path(
        "out/embedded"
    ),
    only: Annotated[
        list[str] | None, typer.Option(help=f"Sections, with commas between: {', '.join(SECTIONS)}.")
    ] = None,
    tower: Annotated[Path | None, typer.Option(help="ViT-B/16's image tower in int8 rows, safetensors.")] = None,
    true_texts: Annotated[
        list[Path] | None, typer.Option(help="True text embeddings by word, JSON; repeatable, in the training's order.")
    ] = None,
    ratings: Annotated[Path | None, typer.Option(help="JSON: {prompt: [recognised, appeal]}, each 0 to 3.")] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Results; other sections in it are kept.")] = None,
    sheet: Annotated[Path | None, typer.Option(help="Where the contact sheet of 64 words goes, a PNG.")] = None,
    processes: Annotated[int, typer.Option(help="Each paints with one thread; 0: one for each core.")] = 0,
    quick: Annotated[bool, typer.Option(help="A few tiny pictures: whether everything works.")] = False,
) -> None:
    """Print figures for the files in weights/, each beside what is promised."""
    console = Console()
    setting = Setting(work, tower, tuple(true_texts or ()), processes or os.cpu_count() or 1, ratings, sheet, quick)
    try:
        names = chosen_sections(only or [])
        if json_file is not None and json_file.exists():
            read_results(json_file)  # before hours of work that could not be written
        for name in names:
            section = replace(
                SECTIONS[name](setting),
                command=command_line(sys.argv[1:]),
                weights=weights_fingerprint(),
                day=f"{datetime.now(UTC):%Y-%m-%d}",
            )
            if quick:
                section = replace(section, notes=("Of a quick run: no figures to go by.", *section.notes))
            console.print(section.table(TITLES[name]))
            console.print(*section.notes, sep="\n", markup=False, soft_wrap=True)
            if json_file is not None:
                merge_results(json_file, {name: section})
    except AtelierError as error:
        console.print(str(error), markup=False, soft_wrap=True)
        raise typer.Exit(2) from error


if __name__ == "__main__":
    typer.run(main)
