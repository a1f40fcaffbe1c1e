"""Proposals of the shipped files: what a person relies on."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import Tensor

from engine.embedded.load import load_embedded
from engine.embedded.prior import EmbeddedPrior
from engine.embedded.scene.colours import COLOUR_WORDS, hue_saturation_value
from engine.models.vqgan import VQGAN
from engine.registry import choose_precision

Loaded = tuple[VQGAN, EmbeddedPrior]


@pytest.fixture(scope="module")
def embedded() -> Iterator[Loaded]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # on a busy machine several threads wait for each other most of the time
    model = load_embedded("cpu", choose_precision(torch.device("cpu")))
    yield model.vqgan, model.prior
    torch.set_num_threads(threads)


def propose(embedded: Loaded, text: str, seed: int = 0, width: int = 256, height: int = 256) -> Tensor:
    vqgan, prior = embedded
    generator = torch.Generator().manual_seed(seed)
    return prior.propose(text, width=width, height=height, generator=generator, vqgan=vqgan).picture[None]


def main_hue(picture: Tensor) -> float:
    """The hue, in degrees, that most of the saturated pixels have."""
    hue, saturation, _ = hue_saturation_value(picture)
    bins = torch.zeros(36).index_add_(0, (hue.flatten() / 10).long().clamp(0, 35), saturation.flatten())
    return float(bins.argmax()) * 10 + 5


@pytest.mark.parametrize(("width", "height"), [(320, 176), (224, 288), (384, 384)])
def test_start_has_the_asked_size_and_range(embedded: Loaded, width: int, height: int) -> None:
    for text in ("a castle on a hill", "a cat and a dog", "a cat", "space"):
        picture = propose(embedded, text, width=width, height=height)
        assert picture.shape == (1, 3, height, width)
        assert picture.min() >= 0 and picture.max() <= 1


def test_seed_decides_the_start(embedded: Loaded) -> None:
    for text in ("cat", "a penguin with an umbrella", "a forest at night"):
        pictures = [propose(embedded, text, seed) for seed in range(3)]
        assert torch.equal(pictures[0], propose(embedded, text, 0))
        assert all(float((pictures[0] - other).abs().mean()) > 0.005 for other in pictures[1:])


@pytest.mark.parametrize("colour", ["red", "green", "blue", "purple"])
def test_colour_word_decides_the_hue(embedded: Loaded, colour: str) -> None:
    for subject in ("apple", "cat"):
        hue = main_hue(propose(embedded, f"a {colour} {subject}"))
        assert abs((hue - COLOUR_WORDS[colour].hue + 180) % 360 - 180) < 16, f"{colour} {subject} has hue {hue}"


def test_a_black_cat_is_black_and_a_white_horse_can_be_seen(embedded: Loaded) -> None:
    cat = propose(embedded, "a black cat")
    dark = cat.mean(1) < 0.45
    assert dark.float().mean() > 0.08
    saturation = hue_saturation_value(cat)[1][dark]
    assert saturation.mean() < 0.25
    horse = propose(embedded, "a white horse")
    assert horse[..., :8, :8].amin(1).max() < 0.9  # before a pale background


def test_surroundings_give_a_ground(embedded: Loaded) -> None:
    assert propose(embedded, "a lighthouse at night")[..., :16, :].mean() < 0.4
    assert propose(embedded, "a lighthouse")[..., :4, :4].mean() > 0.9
    assert propose(embedded, "a cat on a red background")[0, 2, :8, :8].mean() < 0.4


@pytest.mark.parametrize("text", ["a cat", "the feline and an automobile", "watercolour painting of a fox, 4k", ""])
def test_no_notes_for_what_is_known(embedded: Loaded, text: str) -> None:
    assert embedded[1].notes(text) == ()


def test_notes_say_how_the_prompt_was_read(embedded: Loaded) -> None:
    prior = embedded[1]
    assert [str(note) for note in prior.notes("a buterfly")] == ["“buterfly” was read as “butterfly”."]
    assert [str(note) for note in prior.notes("ein roter Apfel")] == ["Your prompt was read as “a red apple”."]
    assert "“cat”" in str(prior.notes("猫")[0])


def test_notes_say_what_is_painted_from_the_words_alone(embedded: Loaded) -> None:
    prior = embedded[1]
    for word in ("quetzalcoatl", "hello", "abstract art", "freedom"):
        (note,) = prior.notes(word)
        assert str(note) == f"The embedded model has no drawing of “{word}”: it paints from the words alone."
    (long,) = prior.notes("x" * 5000)
    assert len(str(long)) < 150
    (several,) = prior.notes("qqqa and qqqb and qqqc and qqqd")
    assert "“qqqa”, “qqqb” and “qqqc”" in str(several)


def test_what_is_not_known_starts_from_colours_and_is_not_held(embedded: Loaded) -> None:
    vqgan, prior = embedded
    for text in ("abstract art", "hello", "freedom"):
        generator = torch.Generator().manual_seed(0)
        proposal = prior.propose(text, width=128, height=128, generator=generator, vqgan=vqgan)
        assert not proposal.hold.any() and proposal.picture.std() > 0.05


def test_plain_ground_is_held_and_subjects_hardly(embedded: Loaded) -> None:
    vqgan, prior = embedded
    generator = torch.Generator().manual_seed(0)
    proposal = prior.propose("a cat", width=128, height=128, generator=generator, vqgan=vqgan)
    assert proposal.hold[0, 0] > 5 * proposal.hold.min()
    drawn = proposal.picture.amin(0) < 0.8
    assert (proposal.hold[drawn] == proposal.hold.min()).all()


def test_known_names_and_their_rows(embedded: Loaded) -> None:
    prior = embedded[1]
    assert "apple" in prior.known("apple")[0]
    assert prior.nearest("apple") and prior.nearest("a forest") == ()


@pytest.mark.parametrize("text", ["", "xyzzyqua blorptang", "красный кот", "and", "in under", "red", "9999", "🐱🌙"])
def test_odd_texts_still_give_a_picture(embedded: Loaded, text: str) -> None:
    assert torch.isfinite(propose(embedded, text)).all()


@given(text=st.text(max_size=60))
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_gives_a_picture_and_notes(embedded: Loaded, text: str) -> None:
    picture = propose(embedded, text, width=64, height=64)
    assert picture.shape == (1, 3, 64, 64) and torch.isfinite(picture).all()
    assert all(len(str(note)) < 400 for note in embedded[1].notes(text))
