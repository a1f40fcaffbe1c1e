"""Figures beside what is promised of them, the file that keeps them, and the model card that shows nothing else."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from engine.embedded.load import WEIGHTS
from engine.errors import InputError
from engine.lab.evaluation.report import (
    TITLES,
    Figure,
    Section,
    Setting,
    main,
    merge_results,
    model_card,
    read_results,
    weights_fingerprint,
)

CONFIG = json.loads((WEIGHTS / "config.json").read_text())


def sections() -> dict[str, Section]:
    return {
        name: Section(
            (Figure(f"about {name}", 0.25 + number, least=0.2, number=1200 + number),),
            (f"Note {name}.",),
            f"run {name}",
            "0123456789ab",
            "2025-02-03",
        )
        for number, name in enumerate(TITLES)
    }


def test_a_promise_is_kept_or_not() -> None:
    assert Figure("", 0.6, least=0.6).met and not Figure("", 0.59, least=0.6).met
    assert Figure("", 2, most=2).met and not Figure("", 2.1, most=2).met
    assert Figure("", 3).met is None
    assert Figure("", math.nan, least=0.1).met is False


def test_a_figure_beside_its_promise() -> None:
    assert Figure("size", 47.665, most=48, unit=" MB").cells() == ("size", "47.66 MB", "≤ 48 MB", "yes", "")
    assert Figure("first", 0.5, least=0.6, number=1234).cells() == ("first", "0.5", "≥ 0.6", "no", "1,234")
    assert Figure("nothing", math.nan).cells() == ("nothing", "–", "", "", "")


def test_one_section_is_replaced_and_the_others_stay(tmp_path: Path) -> None:
    file = tmp_path / "deeper" / "results.json"
    merge_results(file, sections())
    assert read_results(file) == sections()
    other = replace(sections()["eye"], notes=("Anew.",))
    merge_results(file, {"eye": other})
    assert read_results(file) == {**sections(), "eye": other}


@pytest.mark.parametrize("text", ["", "[]", '{"eye": 3}', '{"eye": {"figures": [{"size": 3}], "notes": []}}'])
def test_other_files_are_told(tmp_path: Path, text: str) -> None:
    file = tmp_path / "results.json"
    file.write_text(text)
    with pytest.raises(InputError, match="does not hold the results"):
        merge_results(file, sections())
    assert file.read_text() == text
    with pytest.raises(InputError, match="--json"):
        read_results(tmp_path / "nothing.json")


def test_every_figure_is_on_the_card_with_its_command() -> None:
    card = model_card(sections(), {"device": "cuda", "steps": {"vqgan": 40000}, "minutes": 31.5}, CONFIG)
    for number, (name, title) in enumerate(TITLES.items()):
        assert f"### {title}" in card
        assert f"| about {name} | {0.25 + number:g} | ≥ 0.2 | yes | {1200 + number:,} |" in card
        assert f"Note {name}." in card and f"Measured on 2025-02-03 by `run {name}`." in card
    for text in ("cuda", "31.5", "vqgan 40,000", "docs/embedded-model.png", "vqgan.safetensors", "Apache-2.0"):
        assert text in card
    assert f"{CONFIG['n_embed']:,} codes" in card
    assert "Not measured" not in card and "several states" not in card


def test_what_is_not_there_or_does_not_belong_together_is_told() -> None:
    card = model_card({}, None, CONFIG)
    assert all(f"*Not measured: {name}.*" in card for name in TITLES) and "no record" in card
    mixed = {**sections(), "eye": replace(sections()["eye"], weights="other")}
    assert "several states of the files" in model_card(mixed, None, CONFIG)


def test_the_card_is_written(tmp_path: Path) -> None:
    app = typer.Typer()
    app.command()(main)
    merge_results(tmp_path / "results.json", sections())
    done = CliRunner().invoke(app, [str(tmp_path / "results.json"), "--out", str(tmp_path / "CARD.md")])
    assert done.exit_code == 0 and "# Model card" in (tmp_path / "CARD.md").read_text()
    missing = CliRunner().invoke(app, [str(tmp_path / "nothing.json")])
    assert missing.exit_code == 2 and "cannot be read" in missing.output


def test_the_fingerprint_is_of_the_files_but_not_of_their_record(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("1")
    before = weights_fingerprint(tmp_path)
    (tmp_path / "training.json").write_text("{}")
    assert weights_fingerprint(tmp_path) == before
    (tmp_path / "a").write_text("2")
    assert weights_fingerprint(tmp_path) != before


def test_a_quick_run_takes_a_few_tiny_ones(tmp_path: Path) -> None:
    quick, whole = Setting(tmp_path, quick=True), Setting(tmp_path)
    assert quick.some("abcd") == "ab" and whole.some("abcd") == "abcd"
    assert quick.spec("cat", variations=4).width == 64 and quick.spec("cat", variations=4).variations == 4
    assert whole.spec("cat").width is None and whole.spec("cat").seed == quick.spec("cat").seed == 1
    assert (whole.spec("cat").quality, whole.spec("cat", quality="normal").quality) == ("draft", "normal")
