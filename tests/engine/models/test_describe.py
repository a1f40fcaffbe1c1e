"""What is seen in a picture: ranked as the perceptor sees it, told plainly, the same every time, for any picture."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from torch import Tensor

from engine.embedded.scene.colours import COLOUR_WORDS
from engine.images.colour_words import WORDS
from engine.lab.random_models import random_models
from engine.models.clip import CLIPPerceptor
from engine.models.describe import (
    BARE_NOUNS,
    STYLE_FROM,
    UNSURE_BELOW,
    UNSURE_BELOW_SHARE,
    Describer,
    Description,
    Seen,
    as_said,
    describe,
    embed_picture,
    embed_texts,
    read_nouns,
    with_article,
)
from engine.models.perceptor import Perceptor
from engine.registry import load_models
from engine.spec.modifiers import MODIFIERS

COLOURS = {"ruby": (1.0, 0.0, 0.0), "leaf": (0.0, 1.0, 0.0), "sea": (0.0, 0.0, 1.0), "snow": (1.0, 1.0, 1.0)}
READ = COLOURS | {"red": COLOURS["ruby"], "blue": COLOURS["sea"]}


class ColourPerceptor:
    """Sees the mean colour, and reads the mean colour of the words that it knows."""

    name = "colours"
    device = torch.device("cpu")
    input_size = 8
    dimensions = 3

    def encode_text(self, texts: Sequence[str]) -> Tensor:
        rows = [[READ[word] for word in text.split() if word in READ] for text in texts]
        return F.normalize(torch.stack([torch.tensor(row or [(0.1, 0.1, 0.1)]).sum(0) for row in rows]), dim=-1)

    def read(self, texts: Sequence[str]) -> Tensor:
        return self.encode_text(texts)

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


@pytest.fixture(scope="module")
def embedded() -> Perceptor:
    torch.set_num_threads(1)
    return load_models("mini", "cpu").perceptor("mini")


def seen_in(picture: Image.Image, *nouns: str) -> Description:
    return Describer(ColourPerceptor(), nouns=nouns or list(COLOURS)).describe(picture)


def seen_words(picture: Image.Image) -> list[str]:
    return [each.word for each in seen_in(picture).things]


def described(*things: Seen, modifiers: Sequence[Seen] = ()) -> Description:
    return Description(things, tuple(modifiers), ("red",), "an owl")


@pytest.mark.parametrize(("colour", "word"), [("red", "ruby"), ("lime", "leaf"), ("blue", "sea"), ("white", "snow")])
def test_the_nearest_word_comes_first(colour: str, word: str) -> None:
    assert seen_words(Image.new("RGB", (40, 30), colour))[0] == word


def test_scores_are_cosines_and_shares_of_one() -> None:
    picture = Image.new("RGB", (20, 20), (200, 40, 10))
    things = seen_in(picture).things
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


@pytest.mark.parametrize(
    ("similarity", "share", "sure"),
    [
        (UNSURE_BELOW + 0.01, UNSURE_BELOW_SHARE + 0.01, True),
        (UNSURE_BELOW - 0.01, 0.9, False),  # nothing is near, whatever is nearest
        (0.9, UNSURE_BELOW_SHARE - 0.01, False),  # it may as well be something else
    ],
)
def test_it_is_sure_of_a_thing_that_is_near_and_stands_out(similarity: float, share: float, sure: bool) -> None:
    assert described(Seen("owl", similarity, share)).sure is sure


def test_what_is_much_less_likely_than_the_best_is_not_said() -> None:
    things = (Seen("owl", 0.3, 0.6), Seen("scissors", 0.28, 0.07), Seen("apple", 0.2, 0.01))
    assert described(*things).said == ("an owl", "scissors")


def test_a_style_is_told_only_when_it_is_clearly_above_the_rest() -> None:
    looks = Seen("low poly", 0.3, STYLE_FROM + 0.1), Seen("watercolour", 0.28, STYLE_FROM - 0.1)
    assert described(Seen("owl", 0.3, 0.6), modifiers=looks).style == ("low poly",)
    assert described(Seen("owl", 0.3, 0.6), modifiers=looks[1:]).style == ()


def test_the_prompt_has_the_best_thing_in_the_colour_that_is_its_own() -> None:
    """The main colour may be another: that of a dark sky."""
    picture = Image.new("RGB", (100, 100), (0, 0, 90))
    picture.paste((255, 0, 0), (0, 0, 100, 45))
    seen = seen_in(picture, "snow", "leaf")
    assert seen.colours == ("blue", "red")
    assert seen.prompt.split(", ") == ["red snow", *seen.style]
    assert seen_in(Image.new("RGB", (9, 9), "red"), "ruby").prompt.startswith("a ruby")  # no redder than it is


def test_colours_are_words_that_the_embedded_model_paints() -> None:
    assert WORDS.keys() <= COLOUR_WORDS.keys()


def test_many_texts_together_read_as_each_alone_by_the_embedded_model(embedded: Perceptor) -> None:
    texts = ["an owl", "ein roter Apfel", "low poly, faceted geometric 3D render", "word " * 200, *read_nouns()[:70]]
    torch.testing.assert_close(embed_texts(embedded, texts), embedded.encode_text(texts), atol=1e-5, rtol=1e-4)


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
    """Mostly among the first few of two thousand words, and in the colour that it has."""
    torch.set_num_threads(1)
    models = load_models("mini", "cpu")
    prior, vqgan, perceptor = models.prior, models.vqgan("mini"), models.perceptor("mini")
    assert prior is not None
    describer = Describer(perceptor)
    places = []
    for word in ("apple", "owl", "castle", "penguin", "pizza", "rocket"):
        rng = torch.Generator().manual_seed(0)
        proposed = prior.propose(f"a green {word}", width=192, height=192, generator=rng, vqgan=vqgan).picture
        picture = Image.fromarray((proposed.clamp(0, 1) * 255).byte().permute(1, 2, 0).numpy())
        seen = describer.describe(picture, most=len(read_nouns()))
        assert "green" in seen.colours
        places.append([each.word for each in seen.things].index(word))
    assert sorted(places)[3] < 3


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
    by_article = {"a": ("hot dog", "unicorn", "usb stick"), "an": ("owl", "x ray", "umbrella", "hourglass")}
    for article, nouns in by_article.items():
        assert [with_article(noun) for noun in nouns] == [f"{article} {noun}" for noun in nouns]


def test_things_are_said_as_people_say_them() -> None:
    assert [as_said(each) for each in ("owl", "snow", "scissors")] == ["an owl", "snow", "scissors"]
    assert as_said("owl", "blue owl") == "a blue owl" and as_said("scissors", "red scissors") == "red scissors"


def test_nouns_without_an_article_are_nouns() -> None:
    assert set(read_nouns(BARE_NOUNS)) <= set(read_nouns())


def test_describe_is_a_describer_used_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.models.describe.read_nouns", lambda: tuple(COLOURS))
    assert [each.word for each in describe(Image.new("RGB", (9, 9), "red"), ColourPerceptor(), most=1).things] == [
        "ruby"
    ]
