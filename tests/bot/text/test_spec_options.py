from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.text.spec_options import FIELDS, merged, read_option, read_options, read_size
from engine.errors import InputError
from engine.spec.artspec import ArtSpec

NAMES = st.sampled_from([*FIELDS, "size", "start image", "prompt", "learning rate", "colors", "nonsense"])
VALUES = st.one_of(
    st.text(max_size=30),
    st.sampled_from(
        ["", "yes", "no", "best", "32", "0.5", "1e999", "-1", "50 %", "nan", "9" * 4000, "800x200", "auto"]
    ),
)
LINES = st.builds(lambda name, between, value: f"{name}{between}{value}", NAMES, st.sampled_from(" =:\t"), VALUES)
TEXTS = st.one_of(st.text(max_size=300), st.lists(LINES, max_size=8).map("\n".join), st.lists(LINES).map(", ".join))


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("cuts 32", {"cuts": 32}),
        ("learning rate 0.1", {"learning_rate": 0.1}),
        ("Learning_Rate: 0.1", {"learning_rate": 0.1}),
        ("learning-rate=.1", {"learning_rate": 0.1}),
        ("ema 0.99\nsmoothness 2\nsaturation 1", {"ema": 0.99, "smoothness": 2, "saturation": 1}),
        ("keep best\r\n\r\npatience = 100\n", {"keep": "best", "patience": 100}),
        ("columns 40, rows 50; colors 16 · dither", {"columns": 40, "rows": 50, "colours": 16, "dither": True}),
        ("dither no", {"dither": False}),
        ("tile: yes", {"tile": True}),
        ("- strokes 300\n• background Toned", {"strokes": 300, "background": "toned"}),
        ("model WikiArt f16 16384", {"model": "wikiart-f16-16384"}),
        ("start noise\nstart weight 1\nstrength 60%", {"start": "noise", "start_weight": 1, "strength": 0.6}),
        ("last rate 0.2\nfilm seconds 12\nfilm both", {"last_rate": 0.2, "film_seconds": 12, "film": "both"}),
        ("camera zoom in\nsymmetry both", {"camera": "zoom-in", "symmetry": "both"}),
        ("size 800 x 200", {"width": 800, "height": 200}),
        ("steps 300", {"iterations": 300}),
        ("strokes auto\nema default", {"strokes": None, "ema": 0.0}),
        ("ground auto", {"background": "auto"}),
        ("variations 4\nseed 4294967295", {"variations": 4, "seed": 4294967295}),
        ("negative fog:0.4 | people, trees; houses", {"negative": "fog:0.4 | people, trees; houses"}),
        ("negative: fog: 1", {"negative": "fog: 1"}),
        ("palette #fff, #000\ncuts 3", {"palette": "#fff, #000", "cuts": 3}),
        ("modifiers Low-Poly, watercolor", {"modifiers": ("low poly", "watercolour")}),
        (" , ;\n", {}),
    ],
)
def test_options_are_parsed_in_all_notations(text: str, values: dict[str, Any]) -> None:
    assert read_options(text) == values


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("cutz 3", "no setting “cutz 3”: did you mean cuts"),
        ("learning: 3", "did you mean learning rate"),
        ("smoothnes=3", "no setting “smoothnes”: did you mean smoothness"),
        ("gibberish 3", "known are negative, modifiers"),
        ("=3", "no setting “=3”"),
        ("cuts", "“cuts” has no value"),
        ("cuts 3\ncuts: 4", "“cuts” is given twice"),
        ("size 20x20\nwidth 30", "“width” is given twice"),
        ("start image me.png", "“start image” can't be written here"),
        ("prompt: a cat", "“prompt” can't be written here"),
        ("size big", "“big” is no size: write width and height in pixels, like 800x200"),
        ("modifiers low polly", "did you mean low poly"),
    ],
)
def test_what_is_not_understood_is_refused(text: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        read_options(text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("cuts 1,000", "cuts must be a whole number from 1 to 256, not 1,000."),
        ("cuts many", "cuts must be a whole number from 1 to 256, not many."),
        ("cuts 500", "cuts must be a whole number from 1 to 256, not 500."),
        ("iterations 1e999", "iterations must be a whole number from 0 to 2000, not inf."),
        ("ema 0,9", "ema must be a number from 0 to 0.999, not 0,9."),
        ("dither perhaps", "dither must be true or false, not perhaps."),
        ("keep everything", "keep must be one of last, best, not 'everything'."),
        ("width 300", "Give both width and height"),
        ("columns 40\nrows 50", "Columns and rows are the grid of style pixel"),
    ],
)
def test_values_out_of_range_are_refused_by_the_spec(text: str, words: str) -> None:
    values = read_options(text)
    with pytest.raises(InputError) as refused:
        ArtSpec(prompt="a sea", **values)
    assert words in str(refused.value)


def test_every_field_with_a_simple_value_is_an_option() -> None:
    left = {each.name for each in dataclasses.fields(ArtSpec)} - set(FIELDS)
    assert left == {"prompt", "image_prompts", "palette_image", "start_image"}


@settings(deadline=None, max_examples=400)
@given(text=TEXTS)
def test_any_text_ends_as_a_spec_or_a_sentence(text: str) -> None:
    try:
        spec = ArtSpec(prompt="a sea", **read_options(text))
    except InputError as error:
        assert str(error).endswith((".", "?")) and "\n" not in str(error)
    else:
        assert ArtSpec.from_json(spec.to_json()) == spec


@settings(deadline=None)
@given(text=st.one_of(st.text(max_size=40), st.from_regex(r"[0-9]{1,8} ?[x×*] ?[0-9]{1,8}")))
def test_any_size_is_two_numbers_or_a_sentence(text: str) -> None:
    try:
        values = read_size(text)
    except InputError as error:
        assert "like 800x200" in str(error)
    else:
        assert values == {} or set(values) == {"width", "height"}


def test_sizes_and_single_options() -> None:
    assert read_size(" 800X200 px ") == read_size("800×200") == read_size("800 by 200") == {"width": 800, "height": 200}
    assert read_size(" ") == read_option("iterations", " ") == {}
    assert read_option("iterations", " 30 ") == {"iterations": 30}
    with pytest.raises(InputError, match="twice"):
        merged({"cuts": 1}, {"cuts": 1})
