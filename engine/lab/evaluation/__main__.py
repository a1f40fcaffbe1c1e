"""How good the shipped files are: `python -m engine.lab.evaluation --work FOLDER`, which `engine.lab.training` filled.

Each picture is painted once for all parts and kept in FOLDER/evaluation, so an evaluation that was stopped goes on.
Without the training pictures in FOLDER, or without the outside judge, the parts that need them are left out.
"""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final

import torch
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from engine.errors import AtelierError, InputError
from engine.lab.evaluation import prompts as listed
from engine.lab.evaluation import sections
from engine.lab.evaluation.colour_control import measure_colours
from engine.lab.evaluation.contents import measure_contents
from engine.lab.evaluation.drafts import Draft, paint_drafts, state_of_the_code
from engine.lab.evaluation.guidance import measure_gain
from engine.lab.evaluation.judge import TOWER, WORDS, CachedTower, read_tower, read_words
from engine.lab.evaluation.judged_words import measure_words
from engine.lab.evaluation.report import Results, Section, read_results
from engine.lab.evaluation.retrieval import measure_retrieval
from engine.lab.evaluation.sheet import contact_sheet, save_small
from engine.lab.evaluation.speed import measure_cost
from engine.lab.evaluation.training_distance import measure_training_distance
from engine.lab.evaluation.tune import tune
from engine.lab.training.gather import read_pictures
from engine.registry import load_models
from engine.spec.artspec import ArtSpec

PARTS: Final = ("contents", "retrieval", "judge", "colours", "sheet", "distance", "guidance", "speed")
JUDGE_SEEDS: Final = (1, 2)
QUICK: Final = 3  # prompts of each list in a quick run

Advance = Callable[[], None]


@dataclass(frozen=True)
class Evaluation:
    """What there is to evaluate with, and what is wanted."""

    work: Path
    judge: Path | None  # the folder of the judge's files, where they are
    parts: tuple[str, ...]
    spec: ArtSpec  # of every picture, but for its prompt and seed
    processes: int
    sheet: Path | None
    quick: bool

    @property
    def pictures(self) -> Path | None:
        """The work folder when the training pictures are in it."""
        files = (self.work / f"{which}.{ending}" for which in ("pictures", "unseen") for ending in ("npy", "json"))
        return self.work if all(file.exists() for file in files) else None

    @property
    def kept(self) -> Path:
        return self.work / "evaluation"

    def missing(self, part: str) -> str:
        """A sentence that says why `part` cannot be measured; empty when it can."""
        if part in ("retrieval", "distance", "tune") and self.pictures is None:
            return f"{part} is left out: {self.work} has no training pictures: engine.lab.training gathers them."
        if part in ("judge", "tune") and self.judge is None:
            return f"{part} is left out: no outside judge; --judge names the folder of {TOWER} and {WORDS}."
        return ""

    def specs(self, prompts: Sequence[str], seed: int = listed.SEED) -> list[ArtSpec]:
        chosen = prompts[:QUICK] if self.quick else prompts
        return [replace(self.spec, prompt=prompt, seed=seed) for prompt in chosen]

    def tower(self) -> CachedTower | None:
        return None if self.judge is None else CachedTower(read_tower(self.judge), self.kept)


@dataclass(frozen=True)
class Wanted:
    """The pictures that each part looks at."""

    judge: list[ArtSpec]
    colours: list[ArtSpec]
    sheet: list[ArtSpec]
    hundred: list[ArtSpec]

    def of(self, part: str) -> list[ArtSpec]:
        lists = {"judge": self.judge, "colours": self.colours, "sheet": self.sheet}
        return self.hundred if part in ("distance", "guidance") else lists.get(part, [])


def wanted_by(evaluation: Evaluation) -> Wanted:
    words = [] if evaluation.judge is None else read_words(evaluation.judge)[0]
    coloured = [f"{colour} {subject}" for subject in listed.OBJECTS for colour in listed.COLOURS]
    return Wanted(
        judge=[spec for seed in JUDGE_SEEDS for spec in evaluation.specs(words, seed)],
        colours=evaluation.specs(coloured),
        sheet=evaluation.specs(listed.SHEET),
        hundred=evaluation.specs(listed.SHEET + listed.MORE),
    )


def evaluate(evaluation: Evaluation, results: Results, console: Console) -> None:
    """Measure the parts in turn; each is added to `results` and printed when it is done."""
    parts = []
    for part in evaluation.parts:
        missing = evaluation.missing(part)
        if missing:
            console.print(missing, markup=False, soft_wrap=True)
        else:
            parts.append(part)
    wanted = wanted_by(evaluation)
    specs = list(dict.fromkeys(spec for part in parts for spec in wanted.of(part)))
    drafts: dict[ArtSpec, Draft] = {}
    if specs:
        with counted(console, "painting", len(specs)) as advance:
            painted = paint_drafts(specs, evaluation.kept / "drafts", evaluation.processes, advance)
        drafts = dict(zip(specs, painted, strict=True))
    for part in parts:
        section, figures = measured(part, evaluation, [drafts[spec] for spec in wanted.of(part)], console)
        results.sections[part] = replace(section, command=command_line(evaluation.work))
        results.figures[part] = figures
        results.day = f"{datetime.now(UTC):%Y-%m-%d}"
        console.print(section.table(), *section.notes, sep="\n")
        if part == "contents":
            results.sections["files"] = sections.files_section(measure_contents(None))


def measured(
    part: str, evaluation: Evaluation, drafts: list[Draft], console: Console
) -> tuple[Section, dict[str, Any]]:
    """One part's section and bare figures."""
    pictures = evaluation.pictures
    if part == "contents":
        contents = measure_contents(None if pictures is None else read_pictures(pictures)[1])
        return sections.contents_section(contents), asdict(contents)
    if part == "retrieval":
        retrieval = measure_retrieval(evaluation.work)
        return sections.retrieval_section(retrieval), asdict(retrieval)
    if part == "judge":
        assert evaluation.judge is not None
        words, vectors = read_words(evaluation.judge)
        tower = CachedTower(read_tower(evaluation.judge), evaluation.kept)
        judged = measure_words(words, vectors, drafts, tower, pictures)
        return sections.judge_section(judged, len(words)), asdict(judged)
    if part == "colours":
        asked = [draft.spec.prompt.split()[0] for draft in drafts]
        finished = measure_colours([draft.finished for draft in drafts], asked)
        start = measure_colours([draft.start for draft in drafts], asked)
        return sections.colours_section(finished, start), {"finished": asdict(finished), "start": asdict(start)}
    if part == "sheet":
        return sheet_of(drafts, evaluation.sheet or evaluation.kept / "sheet.png")
    if part == "distance":
        with counted(console, "looking for the nearest training pictures", len(drafts)) as advance:
            found = measure_training_distance(evaluation.work, drafts, evaluation.tower(), advance)
        return sections.training_distance_section(found), asdict(found)
    if part == "guidance":
        with counted(console, "measuring what the guidance adds", len(drafts)) as advance:
            gain = measure_gain(drafts, load_models("mini", "cpu"), advance)
        return sections.gain_section(gain), asdict(gain)
    cost = measure_cost(*(["--iterations", "2", "--size", "64x64"] if evaluation.quick else []))
    return sections.cost_section(cost), asdict(cost)


def sheet_of(drafts: list[Draft], file: Path) -> tuple[Section, dict[str, Any]]:
    """Writes the contact sheet of the finished pictures."""
    size = save_small(
        contact_sheet([draft.finished for draft in drafts], [draft.spec.prompt for draft in drafts]), file
    )
    seconds = sum(draft.seconds for draft in drafts) / len(drafts)
    row = (str(file), str(len(drafts)), f"{size / 1e6:.2f}", f"{seconds:.1f}")
    figures = {"file": str(file), "pictures": len(drafts), "bytes": size, "seconds": seconds}
    return Section("Contact sheet", ("file", "pictures", "MB", "seconds a painting, one thread"), (row,)), figures


@contextmanager
def counted(console: Console, title: str, total: int) -> Iterator[Advance]:
    """A progress bar."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, TimeRemainingColumn(), console=console) as progress:
        task = progress.add_task(title, total=total)
        yield lambda: progress.advance(task)


def command_line(work: Path) -> str:
    """What was typed, with FOLDER for the work folder and for any other place outside the current one."""
    words = ["python", "-m", "engine.lab.evaluation", *sys.argv[1:]]
    return shlex.join("FOLDER" if Path(word) == work else _without_place(Path(word)) for word in words)


def _without_place(path: Path) -> str:
    if not path.is_absolute():
        return str(path)
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else f"FOLDER/{path.name}"


def earlier(file: Path | None, quick: bool) -> Results:
    """What `file` holds when it was measured on the same files and code, or nothing yet."""
    fresh = Results(state_of_the_code(), quick, f"{datetime.now(UTC):%Y-%m-%d}")
    if file is None or not file.exists():
        return fresh
    found = read_results(file)
    return found if (found.weights, found.quick) == (fresh.weights, fresh.quick) else fresh


def main(
    work: Annotated[Path, typer.Option(help="The folder of engine.lab.training; paintings are kept in it.")] = Path(
        "out/embedded"
    ),
    judge: Annotated[
        Path | None, typer.Option(envvar="ATELIER_JUDGE", help="The folder of the outside judge's files.")
    ] = None,
    only: Annotated[str, typer.Option(help=f"Parts, with commas between: {', '.join(PARTS)}.")] = ",".join(PARTS),
    json_file: Annotated[Path | None, typer.Option("--json", help="Results; earlier parts in it are kept.")] = None,
    sheet: Annotated[Path | None, typer.Option(help="Where the contact sheet goes, a PNG.")] = None,
    quick: Annotated[bool, typer.Option(help="A few tiny pictures: whether everything works.")] = False,
    processes: Annotated[int, typer.Option(help="Each paints with one thread; 0: one for each core.")] = 0,
    tune_count: Annotated[
        int, typer.Option("--tune", help="Instead of the parts: this many concepts that are not the judge's.")
    ] = 0,
    seed: Annotated[int, typer.Option(help="With --tune.")] = listed.SEED,
    start_weight: Annotated[
        float | None, typer.Option(help="Instead of the preset's: how firmly the start holds.")
    ] = None,
    learning_rate: Annotated[float | None, typer.Option(help="Instead of the preset's.")] = None,
    iterations: Annotated[int | None, typer.Option(help="Instead of the preset's.")] = None,
    cuts: Annotated[int | None, typer.Option(help="Instead of the preset's.")] = None,
) -> None:
    """Print figures for the files in weights/."""
    torch.set_num_threads(1)  # as the processes that paint have it
    console = Console()
    try:
        parts = tuple(part.strip() for part in only.split(","))
        unknown = [part for part in parts if part not in PARTS]
        if unknown:
            raise InputError(f"There is no part {unknown[0][:40]!r}: the parts are {', '.join(PARTS)}.")
        spec = ArtSpec(
            "a picture",
            seed=seed,
            film="none",
            iterations=iterations or (2 if quick else None),
            cuts=cuts or (2 if quick else None),
            learning_rate=learning_rate,
            start_weight=start_weight,
            width=64 if quick else None,
            height=64 if quick else None,
        )
        evaluation = Evaluation(work, judge, parts, spec, processes or os.cpu_count() or 1, sheet, quick)
        if tune_count:
            print_tuning(evaluation, tune_count, console)
            return
        results = earlier(json_file, quick)
        try:
            evaluate(evaluation, results, console)
        finally:
            if json_file is not None:
                results.write(json_file)
    except AtelierError as error:
        console.print(str(error), markup=False, soft_wrap=True)
        raise typer.Exit(2) from error


def print_tuning(evaluation: Evaluation, count: int, console: Console) -> None:
    """Raises `InputError` when the training pictures or the judge are absent."""
    missing = evaluation.missing("tune")
    if missing or evaluation.judge is None:
        raise InputError(missing)
    with counted(console, "painting", count) as advance:
        tuned = tune(evaluation.work, evaluation.judge, count, evaluation.spec, evaluation.processes, advance)
    section = sections.tuning_section(tuned)
    console.print(section.table(), *section.notes, sep="\n")


if __name__ == "__main__":
    typer.run(main)
