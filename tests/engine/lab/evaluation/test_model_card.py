"""The model card holds every figure of the results, and nothing but them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from engine.embedded.load import WEIGHTS
from engine.errors import InputError
from engine.lab.evaluation.model_card import FIGURES, main, model_card
from engine.lab.evaluation.report import Results, Section, read_results

CONFIG = json.loads((WEIGHTS / "config.json").read_text())
PARTS = ("contents", "files", "sheet", *FIGURES)


def results() -> Results:
    sections = {
        part: Section(
            f"About {part}", ("name", "a|b"), ((f"row {part}", f"{number}.25 %"),), (f"Note {part}.",), f"run {part}"
        )
        for number, part in enumerate(PARTS)
    }
    return Results("0123456789abcdef", False, "2025-02-03", sections, {"judge": {"first": 0.5}})


def test_every_figure_is_in_it_with_its_command() -> None:
    card = model_card(results(), {"device": "cuda", "minutes": 31.5, "steps": {"vqgan": 40000}}, CONFIG, "A good cat.")
    for number, part in enumerate(PARTS):
        assert f"| row {part} | {number}.25 % |" in card
        assert f"Note {part}." in card and f"Made by `run {part}`." in card
    assert "a\\|b" in card
    for text in ("2025-02-03", "0123456789ab", "cuda", "31.5", "40,000", "A good cat.", "docs/embedded-model.png"):
        assert text in card
    assert f"{CONFIG['vqgan']['n_embed']:,} codes" in card
    assert "Not measured" not in card and "quick run" not in card


def test_what_is_not_there_is_told() -> None:
    card = model_card(Results("0" * 64, True, "2025-02-03"), None, CONFIG, "")
    for part in PARTS:
        assert f"*Not measured: {part}.*" in card
    assert "quick run" in card and "no record" in card


def test_other_training_pictures_are_told() -> None:
    found = results()
    sources = [{"use": "pictures", "trained": 11000}, {"use": "test", "trained": 7}, {"use": "names", "trained": None}]
    found.figures["contents"] = {"sources": sources}
    assert "11,000 pictures at hand, the training 9,000" in model_card(found, {"pictures": 9000}, CONFIG, "")
    assert "at hand" not in model_card(found, {"pictures": 11000}, CONFIG, "")
    assert "at hand" not in model_card(found, None, CONFIG, "")


def test_results_survive_their_file(tmp_path: Path) -> None:
    results().write(tmp_path / "results.json")
    assert read_results(tmp_path / "results.json") == results()


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"sections": 3}'])
def test_other_files_are_told(tmp_path: Path, text: str) -> None:
    (tmp_path / "results.json").write_text(text)
    with pytest.raises(InputError, match="does not hold the results"):
        read_results(tmp_path / "results.json")
    with pytest.raises(InputError, match="--json"):
        read_results(tmp_path / "nothing.json")


def test_the_command_line(tmp_path: Path) -> None:
    app = typer.Typer()
    app.command()(main)
    results().write(tmp_path / "results.json")
    done = CliRunner().invoke(app, [str(tmp_path / "results.json"), "--out", str(tmp_path / "CARD.md")])
    assert done.exit_code == 0 and "# Model card" in (tmp_path / "CARD.md").read_text()
    missing = CliRunner().invoke(app, [str(tmp_path / "nothing.json")])
    assert missing.exit_code == 2 and "cannot be read" in missing.output
