"""The evaluation from end to end on tiny pictures: what it measures, keeps, leaves out and writes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
import typer
from rich.console import Console
from typer.testing import CliRunner

from engine.embedded.load import WEIGHTS, load_embedded
from engine.lab.evaluation import prompts as listed
from engine.lab.evaluation.__main__ import PARTS, Evaluation, earlier, evaluate, wanted_by
from engine.lab.evaluation.__main__ import main as evaluate_main
from engine.lab.evaluation.contents import measure_contents
from engine.lab.evaluation.drafts import draft_of, paint_drafts
from engine.lab.evaluation.guidance import distance, measure_gain
from engine.lab.evaluation.judged_words import best_named
from engine.lab.evaluation.report import Results
from engine.lab.evaluation.training_distance import measure_training_distance
from engine.lab.training.drawings import Picture
from engine.registry import load_models
from engine.spec.artspec import ArtSpec
from tests.engine.lab.evaluation.test_judge import judge_folder

TINY = ArtSpec("a picture", seed=1, film="none", width=64, height=64, iterations=2, cuts=2)


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # on a busy machine several threads wait for each other most of the time
    yield
    torch.set_num_threads(threads)


def work_folder(folder: Path) -> Path:
    """Training pictures and unseen ones as `gather.py` leaves them, few and made of rectangles."""
    folder.mkdir(parents=True, exist_ok=True)
    dice = np.random.default_rng(0)
    for which, sources in (("pictures", ("noto", "fluent-emoji", "fxemoji", "noto-v1")), ("unseen", ("openmoji",))):
        pictures: list[dict[str, object]] = [
            {"source": source, "key": name, "name": name, "tags": [], "kind": "emoji"}
            for name in ("paperclip", "lemon", "drum")
            for source in sources
        ]
        pixels = np.zeros((len(pictures), 256, 256, 4), np.uint8)
        for number in range(len(pictures)):
            top, left = dice.integers(6, 100, 2)
            pixels[number, top:250, left:250] = (*dice.integers(0, 256, 3), 255)
        np.save(folder / f"{which}.npy", pixels)
        (folder / f"{which}.json").write_text(json.dumps(pictures))
    return folder


def run(folder: Path, parts: tuple[str, ...], judge: Path | None = None, sheet: Path | None = None) -> Results:
    results = earlier(None, quick=True)
    console = Console(quiet=True)
    evaluate(Evaluation(folder, judge, parts, TINY, 1, sheet, True), results, console)
    return results


def test_the_prompts() -> None:
    hundred = listed.SHEET + listed.MORE
    assert len(listed.SHEET) == 64
    assert len(set(hundred)) == 100


def test_a_draft_is_painted_once_and_kept(tmp_path: Path) -> None:
    spec = ArtSpec("red apple", seed=1, film="none", width=64, height=64, iterations=2, cuts=2)
    steps: list[int] = []
    first, again = paint_drafts([spec, spec], tmp_path, 1, lambda: steps.append(1))
    assert len(steps) == 1 and np.array_equal(first.finished, again.finished)
    assert first.finished.shape == first.start.shape == first.step_0.shape == (64, 64, 3)
    assert not np.array_equal(first.start, first.step_0) and not np.array_equal(first.start, first.finished)
    assert first.seconds > 0
    (file,) = tmp_path.iterdir()
    changed = file.stat().st_mtime_ns
    (kept,) = paint_drafts([spec], tmp_path, 1)
    assert file.stat().st_mtime_ns == changed and np.array_equal(kept.finished, first.finished)
    assert draft_of(spec.with_seed(2), load_models("mini", "cpu"), tmp_path) != file


def test_parts_with_neither_training_pictures_nor_judge(tmp_path: Path) -> None:
    """They are left out with a sentence; the others are measured and the sheet is written."""
    console = Console(record=True, quiet=False, width=300, file=(tmp_path / "said").open("w"))
    results = earlier(None, quick=True)
    parts = tuple(part for part in PARTS if part != "speed")
    evaluate(Evaluation(tmp_path, None, parts, TINY, 1, tmp_path / "sheet.png", True), results, console)
    assert set(results.sections) == {"contents", "files", "colours", "sheet", "guidance"}
    said = console.export_text()
    for part in ("retrieval", "judge", "distance"):
        assert f"{part} is left out: " in said
    assert (tmp_path / "sheet.png").exists()
    assert results.figures["colours"]["finished"]["pictures"] == 3
    assert results.figures["guidance"]["pictures"] == 3


def test_the_judge_ranks_each_word_twice(tmp_path: Path) -> None:
    judge = judge_folder(tmp_path / "judge", ["cat", "dog", "kite", "boat"])
    results = run(work_folder(tmp_path / "work"), ("judge",), judge)
    figures = results.figures["judge"]
    for state in ("finished", "start", "nearest", "step_0"):
        assert figures[state]["pictures"] == 6 and figures[state]["words"] == 4
    told = json.dumps(results.sections["judge"].rows)
    assert not any(word in told for word in ("cat", "dog", "kite", "boat"))  # nothing to tune by


def test_distance_to_a_few_training_pictures(tmp_path: Path) -> None:
    work = work_folder(tmp_path)
    drafts = paint_drafts([TINY, TINY.with_seed(2)], tmp_path / "drafts", 1)
    found = measure_training_distance(work, drafts, None)
    assert found.training_pictures == 12 and found.subjects.pictures + found.scenes.pictures == 2
    assert found.perceived.encoder == "the embedded CLIP" and 0 <= found.perceived.finished < 1
    assert 0 < found.scale.copies < 1 and found.scale.pairs == 3


def test_the_gain_is_that_of_the_two_pictures(tmp_path: Path) -> None:
    models = load_models("mini", "cpu")
    (draft,) = paint_drafts(
        [ArtSpec("castle", seed=7, film="none", width=64, height=64, iterations=2, cuts=2)], tmp_path, 1
    )
    found = measure_gain([draft], models)
    assert found.pictures == 1
    assert found.start == pytest.approx(distance(draft.start, "castle", models))
    assert found.nearer == int(found.finished < found.start)
    assert found.moved > 0


def test_names_that_fit_best() -> None:
    table = load_embedded().perceptor.table
    pictures = [
        Picture("fxemoji", "1", "lemon", (), "emoji"),
        Picture("noto", "2", "lemon", (), "emoji"),
        Picture("noto", "3", "tangerine", ("fruit", "orange"), "emoji"),
        Picture("noto", "4", "hammer", (), "emoji"),
    ]
    assert best_named("lemons", pictures, table, 2) == [1, 0]
    assert best_named("orange", pictures, table, 1) == [2]


def test_contents_are_those_of_the_shipped_files() -> None:
    contents = measure_contents([Picture("noto", "1", "lemon", (), "emoji")])
    assert sum(file.bytes for file in contents.files) == sum(file.stat().st_size for file in WEIGHTS.iterdir())
    assert {source.name: source.trained for source in contents.sources}["noto"] == 1
    assert next(file for file in contents.files if file.name == "vqgan.safetensors").numbers > 1_000_000


def test_parts_of_an_earlier_run_are_kept(tmp_path: Path) -> None:
    file = tmp_path / "results.json"
    results = run(tmp_path, ("contents",))
    results.write(file)
    assert earlier(file, quick=True).sections == results.sections
    assert earlier(file, quick=False).sections == {}
    Results("other weights", True, "2025-01-01", results.sections).write(file)
    assert earlier(file, quick=True).sections == {}


def test_the_command_line(tmp_path: Path) -> None:
    app = typer.Typer()
    app.command()(evaluate_main)
    runner = CliRunner()
    file = tmp_path / "results.json"
    done = runner.invoke(app, ["--work", str(tmp_path), "--only", "contents", "--json", str(file)])
    assert done.exit_code == 0 and "Data and licences" in done.output
    assert "command" in json.loads(file.read_text())["sections"]["contents"]
    wrong = runner.invoke(app, ["--work", str(tmp_path), "--only", "everything"])
    assert wrong.exit_code == 2 and "There is no part 'everything'" in wrong.output
    untuned = runner.invoke(app, ["--work", str(tmp_path), "--tune", "3"])
    assert untuned.exit_code == 2 and "has no training pictures" in " ".join(untuned.output.split())


def test_which_pictures_are_wanted(tmp_path: Path) -> None:
    judge = judge_folder(tmp_path, ["cat", "dog"])
    wanted = wanted_by(Evaluation(tmp_path, judge, PARTS, TINY, 1, None, False))
    assert [(spec.prompt, spec.seed) for spec in wanted.judge] == [("cat", 1), ("dog", 1), ("cat", 2), ("dog", 2)]
    assert (len(wanted.colours), len(wanted.sheet), len(wanted.hundred)) == (80, 64, 100)
