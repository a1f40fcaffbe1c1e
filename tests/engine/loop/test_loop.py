"""The loop: seeds, batches, resuming, cancelling, starts, and what it refuses."""

from __future__ import annotations

import hashlib
import io
import math
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image, ImageChops, ImageStat
from torch import Tensor

from engine.errors import InputError, PaintingError
from engine.lab.random_models import random_models
from engine.loop.averaging import swapped_in
from engine.loop.canvas import learning_rate
from engine.loop.loop import Painting, make_plans, paint, paint_together
from engine.loop.snapshot import Snapshot
from engine.registry import Models, load_models
from engine.spec.artspec import STYLES, ArtSpec, ImagePrompt
from engine.spec.palettes import PALETTES
from engine.spec.plan import plan

SPEC = ArtSpec("a red apple | fog:0.4 | people:-1", width=32, height=32, iterations=4, cuts=6, seed=3)


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def models() -> Models:
    return random_models("tiny")


def last(spec: ArtSpec, models: Models) -> Snapshot:
    return list(paint(spec, models))[-1]


def difference(left: Image.Image, right: Image.Image) -> float:
    """Mean absolute difference in 0 … 255."""
    return sum(ImageStat.Stat(ImageChops.difference(left, right)).mean) / 3


def test_a_snapshot_a_step_and_the_last_is_finished(models: Models) -> None:
    steps = [(each.step, each.total, each.finished) for each in paint(SPEC, models)]
    assert steps == [(step, 4, step == 4) for step in range(5)]


@pytest.mark.parametrize("style", ["image", "pixel"])
def test_the_same_seed_gives_the_same_pixels_and_another_seed_others(models: Models, style: str) -> None:
    spec = replace(SPEC, style=style)
    first, again, other = (last(each, models).picture() for each in (spec, spec, spec.with_seed(4)))
    assert first.size == (32, 32) and first.mode == "RGB"
    assert first.tobytes() == again.tobytes()
    assert difference(first, other) > 1


def test_global_randomness_is_neither_used_nor_changed(models: Models) -> None:
    torch.manual_seed(1)
    first = last(SPEC, models).picture()
    torch.manual_seed(2)
    before = torch.get_rng_state()
    assert last(SPEC, models).picture().tobytes() == first.tobytes()
    assert torch.equal(before, torch.get_rng_state())


def test_a_seed_is_drawn_and_told_when_none_is_given(models: Models) -> None:
    snapshot = last(SPEC.with_seed(None), models)
    assert last(SPEC.with_seed(snapshot.seed), models).picture().tobytes() == snapshot.picture().tobytes()


def test_pictures_painted_together_are_as_if_alone(models: Models) -> None:
    specs = [SPEC, replace(SPEC, prompt="a blue fish", seed=9)]
    together = list(paint_together(specs, models))[-1].pictures()
    for spec, picture in zip(specs, together, strict=True):
        # Batched sums may round otherwise; what is drawn and learnt is the same.
        assert difference(picture, last(spec, models).picture()) < 1


def test_the_loss_falls(models: Models) -> None:
    spec = replace(SPEC, style="pixel", prompt="a red apple", iterations=30, cuts=12, learning_rate=0.1)
    losses = [snapshot.loss for snapshot in paint(spec, models)]
    assert math.isnan(losses[0])
    assert sum(losses[-5:]) < sum(losses[1:6])


def test_a_negative_weight_leads_away(models: Models) -> None:
    spec = replace(SPEC, style="pixel", prompt="a red apple:-1", iterations=30, cuts=12, learning_rate=0.1)
    losses = [snapshot.loss for snapshot in paint(spec, models)]
    assert losses[1] < 0 and sum(losses[-5:]) < sum(losses[1:6])


@pytest.mark.parametrize("style", ["image", "pixel"])
def test_resumed_gives_the_same_picture_as_without_the_interruption(models: Models, style: str) -> None:
    spec = replace(SPEC, style=style, seed=None)
    painting = paint(spec, models)
    first = [next(painting) for _ in range(3)][-1]
    file = io.BytesIO()
    torch.save(first.state(), file)
    file.seek(0)
    state = torch.load(file, weights_only=True)
    whole = list(painting)[-1]
    resumed = list(paint(spec, models, resume=state))
    assert [each.step for each in resumed] == [2, 3, 4]
    assert resumed[-1].seed == whole.seed
    assert resumed[-1].picture().tobytes() == whole.picture().tobytes()


def test_a_state_of_another_picture_is_refused(models: Models) -> None:
    state = next(paint(SPEC, models)).state()
    for other in (replace(SPEC, prompt="a boat"), SPEC.with_seed(4), replace(SPEC, iterations=9)):
        with pytest.raises(InputError, match="start anew"):
            next(paint(other, models, resume=state))


def test_closing_stops_within_the_step(models: Models, monkeypatch: pytest.MonkeyPatch) -> None:
    painting = paint(replace(SPEC, iterations=2000), models)
    next(painting), next(painting)
    painting.close()
    assert list(painting) == []


@pytest.mark.parametrize("start", ["codes", "noise", "gradient"])
def test_each_start_paints_and_differs(models: Models, start: str) -> None:
    shown = next(paint(replace(SPEC, start=start), models)).picture()
    other = next(paint(replace(SPEC, start="auto" if start != "codes" else "noise"), models)).picture()
    assert difference(shown, other) > 1


def test_a_start_image_is_where_it_begins_and_start_weight_holds_it(models: Models, tmp_path: Path) -> None:
    path = tmp_path / "start.png"
    Image.linear_gradient("L").resize((50, 40)).convert("RGB").save(path)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    spec = replace(SPEC, style="pixel", start_image=digest, iterations=12, learning_rate=0.2)
    with pytest.raises(InputError, match="attach it again"):
        next(paint(spec, models))
    images = {digest: path}
    start = next(paint(spec, models, images=images)).picture()
    top, bottom = (ImageStat.Stat(start.crop((0, row, 32, row + 4))).mean[0] for row in (0, 28))
    assert bottom - top > 150
    free, bound = (
        list(paint(replace(spec, start_weight=weight), models, images=images))[-1].picture() for weight in (0.0, 10.0)
    )
    assert difference(start, bound) < difference(start, free)


def test_an_over_long_prompt_is_truncated_and_told(models: Models) -> None:
    assert next(paint(SPEC, models)).notes == ()
    (note,) = next(paint(replace(SPEC, prompt="apple " * 100), models)).notes
    assert "left out" in str(note)


def test_words_that_the_embedded_model_does_not_know_are_told() -> None:
    """By the shipped model: it paints all the same."""
    mini = load_models("mini", "cpu")
    strange, usual = (next(paint(ArtSpec(prompt, seed=1), mini)) for prompt in ("a quetzalcoatl", "a red apple"))
    assert len(strange.notes) == 1 and "no drawing of “quetzalcoatl”" in str(strange.notes[0])
    assert usual.notes == () and strange.picture().size == usual.picture().size == (256, 256)


def test_a_loss_that_is_no_number_stops_with_a_sentence(models: Models, monkeypatch: pytest.MonkeyPatch) -> None:
    perceptor = models.perceptor("ViT-B/32")
    encode = perceptor.encode_image
    monkeypatch.setattr(perceptor, "encode_image", lambda images: encode(images) * torch.nan)
    with pytest.raises(PaintingError, match="lower learning rate"):
        list(paint(SPEC, models))


def test_different_plans_are_not_painted_together(models: Models) -> None:
    with pytest.raises(InputError, match="same size"):
        next(paint_together([SPEC, replace(SPEC, cuts=7)], models))
    with pytest.raises(InputError, match="nothing to paint"):
        next(paint_together([], models))


def test_every_perceptor_of_the_ensemble_has_its_say(models: Models, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    for name in ("ViT-B/32", "ViT-B/16"):
        perceptor = models.perceptor(name)

        def noted(images: Tensor, name: str = name, encode=perceptor.encode_image) -> Tensor:  # type: ignore[no-untyped-def]
            asked.append(name)
            return encode(images)  # type: ignore[no-any-return]

        monkeypatch.setattr(perceptor, "encode_image", noted)
    one, two = (next(paint(replace(SPEC, quality=quality), models)) for quality in ("draft", "normal"))
    list(paint(replace(SPEC, quality="normal", iterations=1), models))
    assert asked == ["ViT-B/32", "ViT-B/16"]
    assert one.total == two.total


def test_the_learning_rate_falls_to_its_last_share() -> None:
    planned = replace(plan(SPEC, "mini"), iterations=41, learning_rate=0.2, last_rate=0.1)
    rates = [learning_rate(planned, step) for step in range(41)]
    assert rates[0] == pytest.approx(0.2) and rates[-1] == pytest.approx(0.02)
    assert rates == sorted(rates, reverse=True) and rates[20] == pytest.approx(0.11)
    steady = plan(SPEC, "full")
    assert {learning_rate(steady, step) for step in range(4)} == {steady.learning_rate}
    assert learning_rate(replace(planned, iterations=1), 0) == pytest.approx(0.2)


def test_no_step_waits_for_the_device(models: Models, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between checks nothing is read back: `.item()` and its kin are host synchronisations."""
    painting = paint(replace(SPEC, iterations=9), models)
    next(painting)

    reads = {name: getattr(Tensor, name) for name in ("item", "__bool__", "__float__", "__int__", "tolist", "cpu")}

    def guarded(name: str) -> Callable[..., object]:
        def read(tensor: Tensor, *values: object) -> object:
            # Adam's step count lives on the host unless it is capturable, which it is on a GPU.
            assert "/torch/optim/" in sys._getframe(1).f_code.co_filename, f"a step called {name}"
            return reads[name](tensor, *values)

        return read

    for name in reads:
        monkeypatch.setattr(Tensor, name, guarded(name))
    for _ in range(3):
        assert next(painting).step


@pytest.mark.parametrize("style", STYLES)
def test_every_style_paints_alike_alone_together_and_resumed(models: Models, style: str) -> None:
    spec = replace(SPEC, style=style, strokes=12 if style in ("painting", "sketch") else None)
    specs = [spec, replace(spec, prompt="a blue fish", seed=9)]
    together = list(paint_together(specs, models))
    for one, picture in zip(specs, together[-1].pictures(), strict=True):
        assert difference(picture, last(one, models).picture()) < 1.5
    painting = paint_together(specs, models)
    state = [next(painting) for _ in range(3)][-1].state()
    resumed = list(paint_together(specs, models, resume=state))[-1]
    assert [each.tobytes() for each in resumed.pictures()] == [each.tobytes() for each in together[-1].pictures()]


@pytest.mark.parametrize(
    "fields",
    [
        {"ema": 0.9},
        {"keep": "best"},
        {"patience": 10},
        {"transparent": True},
        {"prompt": "a seed ^ a tree"},
        {"camera": "zoom-in"},
        {"symmetry": "both", "tile": True, "saturation": 0.5, "palette": "pico-8"},
        {"variations": 4},
    ],
    ids=lambda fields: next(iter(fields)),
)
def test_controls_survive_an_interruption(models: Models, fields: dict[str, Any]) -> None:
    spec = replace(SPEC, iterations=8, **fields)
    painting = paint(spec, models)
    state = [next(painting) for _ in range(6)][-1].state()
    file = io.BytesIO()
    torch.save(state, file)
    file.seek(0)
    whole = list(painting)[-1]
    resumed = list(paint(spec, models, resume=torch.load(file, weights_only=True)))[-1]
    assert resumed.finished and resumed.picture().tobytes() == whole.picture().tobytes()
    assert resumed.scores() == whole.scores()


def test_a_symmetric_picture_is_its_own_mirror_image(models: Models) -> None:
    picture = last(replace(SPEC, symmetry="horizontal"), models).picture()
    assert picture.tobytes() == picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT).tobytes()


def test_a_tile_goes_on_over_its_edges() -> None:
    """The jump over the edge is no larger than between neighbours within the picture."""
    mini = load_models("mini", "cpu")
    spec = ArtSpec("a mountain lake at sunset", width=96, height=96, iterations=6, seed=3, start="gradient")
    jumps = {}
    for tile in (False, True):
        pixels = (
            torch.frombuffer(bytearray(last(replace(spec, tile=tile), mini).picture().tobytes()), dtype=torch.uint8)
            .view(96, 96, 3)
            .float()
        )
        across = (pixels[:, 0] - pixels[:, -1]).abs().mean() + (pixels[0] - pixels[-1]).abs().mean()
        within = (pixels[:, 1:] - pixels[:, :-1]).abs().mean() + (pixels[1:] - pixels[:-1]).abs().mean()
        jumps[tile] = float(across / within)
    assert jumps[True] < 2 and jumps[False] > 3 * jumps[True], jumps


def test_a_sticker_is_transparent_where_its_ground_is() -> None:
    mini = load_models("mini", "cpu")
    picture = last(ArtSpec("a cat", transparent=True, width=96, height=96, iterations=6, seed=3), mini).picture()
    assert picture.mode == "RGBA" and picture.getpixel((2, 2))[3] < 30
    covered = ImageStat.Stat(picture.getchannel("A")).mean[0] / 255
    assert 0.1 < covered < 0.9


def test_an_image_prompt_pulls_towards_its_picture(models: Models, tmp_path: Path) -> None:
    path = tmp_path / "blue.png"
    Image.new("RGB", (40, 40), (20, 40, 230)).save(path)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    spec = replace(
        SPEC, style="pixel", prompt="x:0.01", image_prompts=(ImagePrompt(digest, 2.0),), iterations=40, cuts=8,
        learning_rate=0.1,
    )  # fmt: skip
    losses = [snapshot.loss for snapshot in paint(spec, models, images={digest: path})]
    assert sum(losses[-5:]) < 0.9 * sum(losses[1:6])
    with pytest.raises(InputError, match="attach it again"):
        next(paint(spec, models))
    path.write_bytes(b"no picture")
    with pytest.raises(InputError, match="must be a PNG"):
        next(paint(spec, models, images={digest: path}))


def test_a_story_is_told_in_stages_of_equal_length(models: Models) -> None:
    planned = plan(ArtSpec("a ^ b ^ c", iterations=10), "full")
    assert [planned.stage_at(step) for step in range(10)] == [0, 0, 0, 1, 1, 1, 2, 2, 2, 2]
    assert plan(ArtSpec("a ^ b ^ c"), "mini").iterations == 3 * plan(ArtSpec("a"), "mini").iterations
    rates = [learning_rate(replace(planned, last_rate=0.1), step) for step in range(10)]
    assert rates[0] == rates[3] == rates[6] == planned.learning_rate
    assert rates[2] == rates[5] == rates[9] == pytest.approx(0.1 * planned.learning_rate)
    first = replace(SPEC, prompt="a red apple ^ a blue fish", iterations=8)
    alone = replace(first, prompt="a red apple ^ a red apple")
    steps, others = list(paint(first, models)), list(paint(alone, models))
    assert steps[4].loss == others[4].loss and steps[6].loss != others[6].loss


def test_patience_ends_a_painting_before_its_time(models: Models) -> None:
    spec = replace(SPEC, style="pixel", learning_rate=1e-4, iterations=200, patience=10, cuts=2)
    *_, end = paint(spec, models)
    assert end.finished and 10 < end.step < 200 and end.step % 10 == 0


def test_the_best_state_scores_no_less_than_the_last(models: Models) -> None:
    spec = replace(SPEC, style="pixel", prompt="a red apple", iterations=20, learning_rate=1.0)
    assert last(replace(spec, keep="best"), models).scores()[0] >= last(spec, models).scores()[0] - 1e-4


def test_an_average_lags_behind_the_last_state(models: Models) -> None:
    spec = replace(SPEC, style="photo", iterations=30, learning_rate=0.5)
    start = next(paint(spec, models)).picture()
    rough, calm = (last(each, models).picture() for each in (spec, replace(spec, ema=0.98)))
    assert 0 < difference(calm, start) < difference(rough, start)


@pytest.mark.parametrize("style", ["image", "photo"])
def test_a_palette_and_grey_are_led_to(style: str) -> None:
    mini = load_models("mini", "cpu")
    spec = ArtSpec("a red apple", style=style, width=96, height=96, iterations=8, seed=3)
    grey, free = (last(replace(spec, saturation=each), mini).picture() for each in (-1.0, 0.0))
    assert colourfulness(grey) < 0.5 * colourfulness(free)
    sepia = last(replace(spec, palette="sepia"), mini).picture()
    red, green, blue = ImageStat.Stat(sepia).mean
    assert red > green > blue


def colourfulness(picture: Image.Image) -> float:
    _hue, saturation, value = picture.convert("HSV").split()
    return float(ImageStat.Stat(saturation, value.point(lambda level: 255 * (level > 40))).mean[0])


def test_a_grid_is_painted_as_its_single_pictures(models: Models) -> None:
    spec = replace(SPEC, variations=4)
    end = last(spec, models)
    assert end.picture().width > 64 and [each.seed for each in end.specs] == [3, 4, 5, 6]
    assert difference(end.pictures()[2], last(SPEC.with_seed(5), models).picture()) < 1.5
    assert len(end.scores()) == 4 and end.exports() == {}


def test_files_beside_the_picture(models: Models) -> None:
    pixel = last(
        replace(SPEC, style="pixel", width=None, height=None, columns=12, rows=10, symmetry="horizontal"), models
    )
    with Image.open(io.BytesIO(pixel.exports()["native.png"])) as native:
        assert native.size == (12, 10)
        shown = pixel.picture()
        assert shown.width % 12 == 0 and shown.width // 12 == shown.height // 10
        assert native.convert("RGB").tobytes() == shown.resize((12, 10), Image.Resampling.NEAREST).tobytes()
    assert b"<svg" in last(replace(SPEC, style="painting", strokes=12), models).exports()["svg"]


def test_memory_is_asked_before_any_work(models: Models) -> None:
    with pytest.raises(InputError, match="memory"):
        next(
            paint(
                replace(SPEC, style="image", width=2048, height=2048, cuts=256, variations=9),
                load_models("mini", "cpu"),
            )
        )


@pytest.mark.parametrize("style", ["image", "painting", "pixel"])
def test_a_filmed_story_survives_an_interruption(style: str) -> None:
    mini = load_models("mini", "cpu")
    spec = ArtSpec("a cat ^ a tree", style=style, camera="zoom-in", width=64, height=64, iterations=8, seed=3, cuts=2)
    painting = paint(spec, mini)
    state = [next(painting) for _ in range(6)][-1].state()
    whole, resumed = list(painting)[-1], list(paint(spec, mini, resume=state))[-1]
    assert whole.picture().tobytes() == resumed.picture().tobytes()


def test_a_state_kept_in_memory_does_not_change_with_the_painting(models: Models) -> None:
    painting = paint(SPEC, models)
    state = [next(painting) for _ in range(3)][-1].state()
    whole = list(painting)[-1].picture()
    for _ in range(2):
        assert list(paint(SPEC, models, resume=state))[-1].picture().tobytes() == whole.tobytes()


def test_a_sticker_keeps_the_outline_of_the_state_that_is_kept(models: Models) -> None:
    spec = replace(SPEC, style="photo", transparent=True, iterations=20, learning_rate=0.5, ema=0.999)
    painting = Painting(make_plans([spec], models.family), models, {})
    while not painting.finished:
        painting.advance()
    shown, kept = painting.rendered(fresh=True)[0], painting._kept()
    with torch.no_grad(), swapped_in(painting._canvas.parameters, kept):
        expected = painting._canvas.cut_out(painting._canvas.draw())[0]
    assert torch.equal(shown, expected)
    assert not torch.equal(kept[-1], painting._canvas.parameters[-1]), "the outline went on after that"


def test_a_symmetric_sticker_is_symmetric_in_its_outline_too() -> None:
    mini = load_models("mini", "cpu")
    spec = ArtSpec("a cat", transparent=True, symmetry="horizontal", width=64, height=64, iterations=4, seed=3, cuts=2)
    picture = last(spec, mini).picture()
    assert picture.tobytes() == picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT).tobytes()


def test_pixel_art_that_ends_before_its_time_has_exact_colours() -> None:
    mini = load_models("mini", "cpu")
    spec = ArtSpec(
        "a cat", style="pixel", palette="game-boy", iterations=400, patience=10, learning_rate=1e-4, cuts=2, seed=3,
        start_weight=0.0,
    )  # fmt: skip
    end = last(spec, mini)
    assert end.step < 0.7 * 400
    colours = {each for _, each in end.picture().getcolors(1 << 20) or []}
    assert colours <= set(PALETTES["game-boy"].colours)


def test_what_ended_before_its_time_has_ended_after_an_interruption_too(models: Models) -> None:
    spec = replace(SPEC, style="photo", learning_rate=1e-4, iterations=200, patience=10, cuts=2)
    end = last(spec, models)
    resumed = list(paint(spec, models, resume=end.state()))
    assert len(resumed) == 1 and resumed[0].finished and resumed[0].step == end.step < 200


def test_patience_ends_each_picture_of_a_batch_as_if_it_were_alone(models: Models) -> None:
    spec = replace(SPEC, style="photo", learning_rate=0.05, iterations=120, patience=12, ema=0.9, cuts=2)
    other = replace(spec, prompt="a blue fish | a boat", seed=9)
    together = list(paint_together([spec, other], models))[-1].pictures()
    for one, picture in zip((spec, other), together, strict=True):
        assert difference(picture, last(one, models).picture()) < 1


def test_keep_best_minds_what_is_unwanted(models: Models) -> None:
    spec = replace(SPEC, style="photo", prompt="a red apple:-1", keep="best", iterations=20, learning_rate=0.2)
    assert difference(last(spec, models).picture(), next(paint(spec, models)).picture()) > 1


@pytest.mark.parametrize("family", ["full", "mini"])
def test_the_strength_says_how_far_a_start_image_may_change(family: str, models: Models, tmp_path: Path) -> None:
    path = tmp_path / "start.png"
    ramp = Image.linear_gradient("L").resize((64, 64))
    Image.merge("RGB", (ramp, ramp.transpose(Image.Transpose.ROTATE_90), ramp)).save(path)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    spec = ArtSpec(
        "a red apple",
        style="photo",
        width=64,
        height=64,
        iterations=15,
        cuts=4,
        seed=3,
        start_image=digest,
        film="none",
    )
    with Image.open(path) as start:
        changes = [
            difference(last_of(replace(spec, strength=each), family, models, {digest: path}), start.convert("RGB"))
            for each in (0.0, 0.4, 1.0)
        ]
    assert changes[0] < 3 and changes[0] < changes[1] < changes[2], changes


def last_of(spec: ArtSpec, family: str, models: Models, images: dict[str, Path]) -> Image.Image:
    painter = models if family == "full" else load_models("mini", "cpu")
    return list(paint(spec, painter, images=images))[-1].picture()


def test_the_palette_of_a_picture_reaches_every_stage(tmp_path: Path) -> None:
    path = tmp_path / "grey.png"
    Image.linear_gradient("L").convert("RGB").save(path)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    spec = ArtSpec("a red apple ^ a red fox", palette_image=digest, width=96, height=96, iterations=8, seed=3, cuts=2)
    coloured = replace(spec, palette_image=None)
    mini = load_models("mini", "cpu")
    grey, red = (list(paint(each, mini, images={digest: path}))[-1].picture() for each in (spec, coloured))
    assert colourfulness(grey) < 0.5 * colourfulness(red)
