"""What is seen in a picture: ranked as the perceptor sees it, the same every time, for any picture."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from torch import Tensor

from engine.lab.random_models import random_models
from engine.models.clip import CLIPPerceptor
from engine.models.describe import Describer, describe, embed_picture, embed_texts, read_nouns, with_article
from engine.registry import load_models
from engine.spec.modifiers import MODIFIERS

COLOURS = {"ruby": (1.0, 0.0, 0.0), "leaf": (0.0, 1.0, 0.0), "sea": (0.0, 0.0, 1.0), "snow": (1.0, 1.0, 1.0)}


class ColourPerceptor:
    """Sees the mean colour, and reads a word as the colour of what it names."""

    name = "colours"
    device = torch.device("cpu")
    input_size = 8
    dimensions = 3

    def encode_text(self, texts: Sequence[str]) -> Tensor:
        return F.normalize(torch.tensor([COLOURS.get(text, (0.1, 0.1, 0.1)) for text in texts]), dim=-1)

    def encode_image(self, images: Tensor) -> Tensor:
        assert images.shape[1:] == (3, 8, 8) and 0 <= float(images.min()) <= float(images.max()) <= 1
        return F.normalize(images.mean((2, 3)) + 1e-6, dim=-1)

    def truncated(self, text: str) -> bool:
        return False


@pytest.fixture(scope="module")
def tiny() -> CLIPPerceptor:
    torch.set_num_threads(1)
    perceptor = random_models("tiny").perceptor("ViT-B/32")
    assert isinstance(perceptor, CLIPPerceptor)
    return perceptor


def seen_words(picture: Image.Image) -> list[str]:
    describer = Describer(ColourPerceptor(), nouns=list(COLOURS))
    return [each.word for each in describer.describe(picture).things]


@pytest.mark.parametrize(("colour", "word"), [("red", "ruby"), ("lime", "leaf"), ("blue", "sea"), ("white", "snow")])
def test_the_nearest_word_comes_first(colour: str, word: str) -> None:
    assert seen_words(Image.new("RGB", (40, 30), colour))[0] == word


def test_scores_are_cosines_and_shares_of_one() -> None:
    picture = Image.new("RGB", (20, 20), (200, 40, 10))
    things = Describer(ColourPerceptor(), nouns=list(COLOURS)).describe(picture).things
    cosines = [each.similarity for each in things]
    assert cosines == sorted(cosines, reverse=True)
    assert things[0].similarity == pytest.approx(200 / (200**2 + 40**2 + 10**2) ** 0.5, abs=1e-4)
    assert sum(each.share for each in things) == pytest.approx(1)


def test_both_ends_of_a_long_picture_are_seen() -> None:
    """A look at the middle alone would say snow and nothing else."""
    picture = Image.new("RGB", (400, 40), "white")
    picture.paste("red", (0, 0, 90, 40))
    assert seen_words(picture)[:2] == ["snow", "ruby"]
    assert seen_words(picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT))[:2] == ["snow", "ruby"]


def test_transparent_places_are_white() -> None:
    assert seen_words(Image.new("RGBA", (30, 30), (255, 0, 0, 0)))[0] == "snow"


def test_many_texts_together_read_as_each_alone(tiny: CLIPPerceptor) -> None:
    texts = ["an owl", "low poly, faceted geometric 3D render", "", "word " * 200, "a photo of a hot air balloon"]
    torch.testing.assert_close(embed_texts(tiny, texts), tiny.encode_text(texts), atol=1e-6, rtol=1e-5)


def test_things_and_modifiers_are_described_and_the_same_again(tiny: CLIPPerceptor) -> None:
    noise = torch.rand(50, 70, 3, generator=torch.Generator().manual_seed(0)).mul(255).byte().numpy()
    describer = Describer(tiny, nouns=read_nouns()[:100])
    first = describer.describe(Image.fromarray(noise), most=5)
    assert len(first.things) == len(first.modifiers) == 5
    assert {each.word for each in first.things} <= set(read_nouns())
    assert {each.word for each in first.modifiers} <= MODIFIERS.keys()
    assert describer.describe(Image.fromarray(noise), most=5) == first
    assert Describer(tiny, nouns=read_nouns()[:100]).describe(Image.fromarray(noise), most=5) == first


def test_the_words_are_read_once_and_in_parts(tiny: CLIPPerceptor) -> None:
    describer = Describer(tiny, nouns=read_nouns()[:100])
    parts = describer.prepare()
    assert 0 < next(parts) < 1
    rest = list(describer.prepare())
    assert rest == sorted(rest) and rest[-1] == 1
    assert list(describer.prepare()) == []


def test_the_embedded_model_sees_what_it_proposed() -> None:
    """Far from always the first of two thousand words, but far from chance, which would place it in the middle."""
    torch.set_num_threads(1)
    models = load_models("mini", "cpu")
    prior, vqgan, perceptor = models.prior, models.vqgan("mini"), models.perceptor("mini")
    assert prior is not None
    describer = Describer(perceptor)
    places = []
    for word in ("apple", "owl", "castle", "penguin", "pizza", "rocket"):
        rng = torch.Generator().manual_seed(0)
        proposed = prior.propose(word, width=192, height=192, generator=rng, vqgan=vqgan)[0]
        picture = Image.fromarray((proposed.clamp(0, 1) * 255).byte().permute(1, 2, 0).numpy())
        described = describer.describe(picture, most=len(read_nouns()))
        assert described.modifiers == ()
        places.append([each.word for each in described.things].index(word))
    assert sorted(places)[3] < 40


@settings(max_examples=30, deadline=None)
@given(
    st.sampled_from(["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16", "F"]),
    st.integers(1, 300),
    st.integers(1, 300),
)
def test_a_picture_of_any_mode_and_size_is_seen(mode: str, width: int, height: int) -> None:
    seen = embed_picture(Image.new(mode, (width, height)), ColourPerceptor())
    assert seen.shape == (3,) and bool(torch.isfinite(seen).all())
    assert float(seen.norm()) == pytest.approx(1, abs=1e-5)


def test_nouns_have_their_article() -> None:
    assert [with_article(each) for each in ("owl", "hot dog", "apple", "x ray")] == [
        "an owl", "a hot dog", "an apple", "a x ray",
    ]  # fmt: skip


def test_describe_is_a_describer_used_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.models.describe.read_nouns", lambda: tuple(COLOURS))
    assert [each.word for each in describe(Image.new("RGB", (9, 9), "red"), ColourPerceptor(), most=1).things] == [
        "ruby"
    ]
