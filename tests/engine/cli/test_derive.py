"""The commands that compare, look, and go on from a finished picture, with tiny random models."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from PIL import Image

from engine import registry as models
from engine.cli import main as cli
from engine.images.metadata import read_spec
from engine.lab.random_models import random_models
from engine.models import describe
from tests.engine.probes import look_at

SMALL = ("--size", "32x32", "--iterations", "2", "--cuts", "2")
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    """Run the command line in the folder of the test; status, standard output, standard error."""
    torch.set_num_threads(1)
    loaded = random_models("tiny")
    monkeypatch.setattr(models, "load_models", lambda which, device: loaded)
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["engine", *arguments])
        status = cli.main()
        output = capfd.readouterr()
        return status, output.out, output.err

    return run


@pytest.fixture
def painted(run: Run) -> Path:
    """A finished picture."""
    status, _, err = run("paint", "a castle | fog:0.4", *SMALL, "--seed", "5", "--out", "castle.png")
    assert status == 0, err
    return Path("castle.png")


def names() -> list[str]:
    return sorted(path.name for path in Path().iterdir())


def test_a_comparison_is_a_sheet_with_its_single_pictures_beside_it(run: Run) -> None:
    options = ("--modifiers", "low poly, Watercolour", "--size", "32x32", "--iterations", "2", "--seed", "4", "--json")
    status, out, err = run("compare", "a lighthouse", *options)
    assert status == 0, err
    report = json.loads(out)
    assert report["beside"] == {"1.png": "comparison-1.png", "2.png": "comparison-2.png"} and report["film"] is None
    assert names() == ["comparison-1.png", "comparison-2.png", "comparison.png"]
    assert len(read_spec(Path("comparison.png")).compare) == 2
    singles = [read_spec(Path(f"comparison-{number}.png")) for number in (1, 2)]
    assert [each.modifiers for each in singles] == [("low poly",), ("watercolour",)]
    assert {(each.seed, each.compare) for each in singles} == {(4, ())}
    with Image.open("comparison.png") as sheet:
        assert sheet.width > 2 * 32 or sheet.height > 2 * 32


def test_a_single_picture_of_a_comparison_is_painted_anew_from_its_own_definition(run: Run) -> None:
    run("compare", "a lighthouse", "--modifiers", "low poly,watercolour", *SMALL[:4], "--seed", "4")
    options = ("--modifiers", "watercolour", *SMALL[:4], "--seed", "4", "--out", "alone.png")
    assert run("paint", "a lighthouse", *options)[0] == 0
    with Image.open("alone.png") as alone, Image.open("comparison-2.png") as member:
        worst = max(abs(ours - theirs) for ours, theirs in zip(alone.tobytes(), member.tobytes(), strict=True))
    assert worst <= 2  # the same up to rounding in products of another shape


def test_variations_begin_with_the_picture(run: Run, painted: Path) -> None:
    status, out, err = run("vary", str(painted), "--strength", "0.3", "--seed", "9", "--json")
    assert status == 0, err
    report = json.loads(out)
    assert list(report["beside"]) == ["1.png", "2.png", "3.png", "4.png"] and report["image"] == "variations.png"
    spec = read_spec(Path("variations.png"))
    assert (spec.variations, spec.strength, spec.seed, spec.prompt) == (4, 0.3, 9, "a castle | fog:0.4")
    assert [read_spec(Path(f"variations-{number}.png")).seed for number in (1, 2, 3, 4)] == [9, 10, 11, 12]
    assert len({Path(f"variations-{number}.png").read_bytes() for number in (1, 2, 3, 4)}) == 4


def test_one_of_the_variations_can_be_varied_again(run: Run, painted: Path) -> None:
    assert run("vary", str(painted), "--seed", "9")[0] == 0
    status, out, err = run("vary", "variations-3.png", "--number", "1", "--out", "again.png")
    assert status == 0 and out == "again.png\n", err
    assert read_spec(Path("again.png")).variations == 1 and "again-1.png" not in names()


def test_more_steps_for_a_picture_with_a_film_of_them(run: Run, painted: Path) -> None:
    options = ("--iterations", "3", "--out", "more.png", "--film", "more.gif", "--json")
    status, out, err = run("continue", str(painted), *options)
    assert status == 0, err
    report = json.loads(out)
    assert (report["iterations"], report["film"], report["size"]) == (3, "more.gif", [32, 32])
    spec = read_spec(Path("more.png"))
    assert (spec.seed, spec.strength, spec.prompt) == (5, None, "a castle | fog:0.4") and spec.start_image is not None
    assert look_at(Path("more.gif")).width == 32


def test_a_story_goes_on_with_its_last_stage(run: Run) -> None:
    assert run("paint", "a seed ^ a tree", *SMALL, "--out", "story.png")[0] == 0
    assert run("continue", "story.png", "--iterations", "1", "--out", "more.png")[0] == 0
    assert read_spec(Path("more.png")).prompt == "a tree"


def test_pixel_art_leaves_its_cells_and_strokes_their_drawing_beside_it(run: Run) -> None:
    assert run("paint", "a cat", *SMALL, "--style", "pixel", "--grid", "8x8", "--out", "pixel.png")[0] == 0
    assert run("paint", "a cat", *SMALL, "--style", "sketch", "--strokes", "8", "--out", "sketch.png")[0] == 0
    assert names() == ["pixel-native.png", "pixel.png", "sketch.png", "sketch.svg"]
    with Image.open("pixel-native.png") as native, Image.open("pixel.png") as whole:
        assert native.size == (8, 8) and whole.size == (32, 32)
        enlarged = native.convert("RGB").resize(whole.size, Image.Resampling.NEAREST)
        assert enlarged.tobytes() == whole.convert("RGB").tobytes()


@pytest.mark.parametrize(("factor", "size"), [("2", (64, 64)), ("4", (128, 128))])
def test_a_picture_is_enlarged(run: Run, painted: Path, factor: str, size: tuple[int, int]) -> None:
    status, out, err = run("upscale", str(painted), "--factor", factor, "--out", "large.png")
    assert status == 0 and out == "large.png\n", err
    with Image.open("large.png") as large:
        assert large.size == size


def test_any_picture_is_enlarged_and_transparency_stays(run: Run) -> None:
    Image.new("RGB", (30, 20), "red").save("photo.jpg")
    Image.new("RGBA", (30, 20), (255, 0, 0, 0)).save("sticker.png")
    for name, mode in (("photo.jpg", "RGB"), ("sticker.png", "RGBA")):
        assert run("upscale", name, "--out", "large.png")[0] == 0
        with Image.open("large.png") as large:
            assert (large.size, large.mode) == ((60, 40), mode)


def test_pixel_art_is_enlarged_in_whole_squares(run: Run) -> None:
    assert run("paint", "a cat", *SMALL, "--style", "pixel", "--grid", "8x8", "--out", "pixel.png")[0] == 0
    assert run("upscale", "pixel.png", "--out", "large.png")[0] == 0
    with Image.open("pixel.png") as small, Image.open("large.png") as large:
        assert large.tobytes() == small.resize((64, 64), Image.Resampling.NEAREST).tobytes()


@pytest.fixture
def few_nouns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(describe, "read_nouns", lambda: ("apple", "boat", "cat", "dog"))


@pytest.mark.usefixtures("few_nouns")
def test_what_is_seen_is_listed_best_first(run: Run, painted: Path) -> None:
    status, out, err = run("describe", str(painted), "--most", "3", "--json")
    assert status == 0, err
    seen = json.loads(out)
    assert [len(seen[kind]) for kind in ("things", "modifiers")] == [3, 3]
    for kind in (seen["things"], seen["modifiers"]):
        scores = [each["clip_score"] for each in kind]
        assert scores == sorted(scores, reverse=True) and all(0 <= each["share"] <= 1 for each in kind)
    assert seen["sure"] in (True, False) and 1 <= len(seen["colours"]) <= 3
    assert seen["things"][0]["word"] in seen["prompt"]


@pytest.mark.usefixtures("few_nouns")
def test_what_is_seen_is_said_in_words_without_json(run: Run) -> None:
    Image.new("RGB", (30, 20), "red").save("photo.jpg")
    status, out, _ = run("describe", "photo.jpg", "--most", "2")
    first, colours, *_, last = out.splitlines()
    assert status == 0 and first.startswith(("This looks like: ", "I'm not sure what this is. It might be: "))
    assert colours == "Colours: red" and last.startswith(("As a prompt: a ", "As a prompt: an "))


@pytest.mark.parametrize("command", ["vary", "continue"])
@pytest.mark.parametrize("asked", [("--variations", "4"), ("compare",)])
def test_a_sheet_of_several_pictures_is_refused(run: Run, command: str, asked: tuple[str, ...]) -> None:
    if asked == ("compare",):
        made = run("compare", "a cat", "--modifiers", "low poly,watercolour", *SMALL[:4], "--out", "sheet.png")
    else:
        made = run("paint", "a cat", *SMALL, *asked, "--out", "sheet.png")
    assert made[0] == 0
    status, out, err = run(command, "sheet.png", "--out", "new.png")
    assert status == 2 and "go on from a single one" in err and out == "" and "new.png" not in names()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["vary", "absent.png"], "could not be read"),
        (["vary", "photo.jpg"], "not a PNG"),
        (["vary", "text.png"], "not a PNG"),
        (["vary", "plain.png"], "carries no picture definition"),
        (["vary", "castle.png", "--strength", "2"], "strength must be"),
        (["vary", "castle.png", "--strength", "nan"], "strength must be"),
        (["vary", "castle.png", "--number", "3"], "variations must be one of"),
        (["vary", "castle.png", "--seed", "-1"], "seed must be"),
        (["vary", "castle.png", "--out", "new.jpg"], "must end in .png"),
        (["continue", "absent.png"], "could not be read"),
        (["continue", "photo.jpg"], "not a PNG"),
        (["continue", "plain.png"], "carries no picture definition"),
        (["continue", "castle.png", "--iterations", "5000"], "iterations must be"),
        (["continue", "castle.png", "--film", "new.avi"], "must end in .mp4 or .gif"),
        (["continue", "castle.png", "--film", "no/such/new.mp4"], "no folder no/such"),
        (["upscale", "absent.png"], "could not be read"),
        (["upscale", "text.png"], "must be a PNG"),
        (["upscale", "castle.png", "--factor", "3"], "2 or 4 times"),
        (["upscale", "castle.png", "--factor", "two"], "--factor"),
        (["upscale", "long.png", "--factor", "4"], "4096"),
        (["upscale", "castle.png", "--device", "tpu"], "device must be"),
        (["describe", "absent.png"], "could not be read"),
        (["describe", "text.png"], "must be a PNG"),
        (["describe", "castle.png", "--most", "0"], "--most"),
        (["compare", "a cat"], "--modifiers"),
        (["compare", "a cat", "--modifiers", ""], "which modifiers to compare"),
        (["compare", "a cat", "--modifiers", "low poly"], "two modifiers"),
        (["compare", "a cat", "--modifiers", "low poly,nonsense"], "no modifier “nonsense”"),
        (["compare", "a ^ b", "--modifiers", "low poly,watercolour"], "told by one picture"),
        (["show", "photo.jpg"], "not a PNG"),
    ],
)
def test_bad_input_is_one_sentence_and_status_2(run: Run, painted: Path, arguments: list[str], words: str) -> None:
    Image.new("RGB", (30, 20), "red").save("photo.jpg")
    Image.new("RGB", (30, 20), "red").save("plain.png")
    Image.new("RGB", (1500, 20), "red").save("long.png")
    Path("text.png").write_text("hello")
    before = names()
    status, out, err = run(*arguments)
    assert status == 2 and words in err and len(err.strip().splitlines()) == 1 and out == ""
    assert names() == before
