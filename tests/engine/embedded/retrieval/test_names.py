"""Finding drawings by name, mending typos, and telling what no drawing shows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from engine.embedded.retrieval.index import Entry
from engine.embedded.retrieval.names import Names, edits, non_latin, readable
from engine.embedded.scene.read import Subject
from engine.embedded.text_tower import TextEncoder, Tokenizer

_WORDS = """
    cat kitten feline elephant table tennis kitchen red apple democracy courage better grinning face woman office worker
    hair dragon chess king person with crown butter ram
"""
WORDS = _WORDS.split()
ENTRIES = (
    Entry("cat", ("feline", "pet"), 0, ("noto", "fluent-emoji")),
    Entry("elephant", ("animal",), 2, ("noto",)),
    Entry("table tennis", ("table", "sport"), 3, ("noto",)),
    Entry("kitchen table", ("furniture",), 4, ("openclipart",)),
    Entry("red apple", ("fruit",), 5, ("noto", "openclipart")),
    Entry("grinning cat", ("happy", "smile"), 7, ("noto",)),
    Entry("woman", ("lady",), 8, ("game-icons",)),
    Entry("woman office worker", ("secretary",), 9, ("noto",)),
    Entry("woman red hair", (), 10, ("noto",)),
    Entry("dragon face", ("myth",), 11, ("noto",)),
    Entry("dragon", (), 12, ("noto",)),
    Entry("dragon", (), 11, ("noto",)),
    Entry("chess king", (), 13, ("game-icons",)),
    Entry("person with crown", ("king",), 14, ("noto", "fluent-emoji")),
    Entry("butter", (), 16, ("noto",)),
    Entry("ram", (), 17, ("game-icons",)),
)


class Texts:
    """Sentences as sums of words, of which a kitten and a feline are near a cat, and memory is near a ram."""

    tokenizer = Tokenizer([*WORDS, "memory"])

    def sentences(self, texts: Sequence[str]) -> Tensor:
        return F.normalize(torch.stack([sum((self._word(word) for word in text.split()), _NOTHING) for text in texts]))

    def _word(self, word: str) -> Tensor:
        rows = torch.eye(len(WORDS) + 2)
        if word in ("kitten", "feline"):
            return rows[WORDS.index("cat")] + 0.3 * rows[WORDS.index(word)]
        if word == "memory":
            return rows[WORDS.index("ram")] + rows[-1]
        return rows[WORDS.index(word)] if word in WORDS else rows[-1]


_NOTHING = torch.zeros(len(WORDS) + 2)


@pytest.fixture(scope="module")
def names() -> Names:
    texts = Texts()
    return Names(ENTRIES, texts.sentences([entry.name for entry in ENTRIES]), cast(TextEncoder, texts))


def first_row(names: Names, name: str, *manner: str) -> int:
    return names.candidates(Subject(name, manner=manner), 6)[0].row


def test_names_tags_and_meanings_lead_to_a_picture(names: Names) -> None:
    for word in ("cat", "feline", "kitten"):
        assert names.nearest(Subject(word), 1) == ["cat"]
    assert names.nearest(Subject("table"), 1) == ["kitchen table"]
    assert first_row(names, "cat") == 0
    assert [candidate.row for candidate in names.candidates(Subject("apple", ("red",)), 6)] == [5, 6]


def test_what_no_drawing_shows_does_not_fit(names: Names) -> None:
    for word in ("cat", "kitten", "elephant", "kitchen table", "girlfriend", "king"):
        assert names.fits(Subject(word)), word
    for word in ("democracy", "courage", "quetzalcoatl", "elon musk"):
        assert not names.fits(Subject(word)), word
    assert not names.fits(Subject("memory"))  # only a faint icon is near


def test_a_person_is_one_good_drawing(names: Names) -> None:
    for word in ("woman", "girlfriend", "pretty lady"):
        assert [candidate.row for candidate in names.candidates(Subject(word), 6)] == [9], word
    assert first_row(names, "king") == 15
    assert first_row(names, "chess king") == 13  # a name as it stands
    assert first_row(names, "woman", "red hair") == first_row(names, "wife", "dancing", "ginger hair") == 10


def test_a_mood_chooses_the_drawing(names: Names) -> None:
    assert [candidate.name for candidate in names.candidates(Subject("cat", manner=("happy",)), 6)] == ["grinning cat"]
    assert first_row(names, "cat", "angry") == first_row(names, "cat") == 0  # there is no angry one
    assert first_row(names, "elephant", "happy") == 2


def test_the_whole_is_drawn_rather_than_its_face(names: Names) -> None:
    assert [candidate.row for candidate in names.candidates(Subject("dragon"), 6)] == [12]
    assert first_row(names, "dragon face") == 11


def test_what_is_known(names: Names) -> None:
    for word in ("cat", "cats", "feline", "kitten", "night", "red", "watercolour", "the", "democracy", "12"):
        assert names.knows(word), word
    for word in ("quetzalcoatl", "blorptang"):
        assert not names.knows(word), word


def test_typos_are_mended(names: Names) -> None:
    assert names.corrected("an Elefant at nigth") == ("an elephant at night", {"elefant": "elephant", "nigth": "night"})
    assert names.corrected("a cat") == ("a cat", {})
    assert names.corrected("democracy is better")[1] == {}  # words, though one is an edit away from butter


def test_commas_stay_between_things(names: Names) -> None:
    assert names.corrected("Elefant, cat; a table.") == ("elephant, cat, a table", {"elefant": "elephant"})


def test_emoji_and_accents_are_read() -> None:
    assert "cat face" in readable("🐱").lower()
    assert readable("café") == "cafe"
    assert list(non_latin("a красный café 123")) == ["красный"]


def test_edits() -> None:
    assert [edits(*pair.split()) for pair in ("cat cat", "cat cats", "nigth night", "elefant elephant")] == [0, 1, 1, 2]


@given(st.text(max_size=12), st.text(max_size=12))
def test_edits_are_a_distance(one: str, other: str) -> None:
    assert edits(one, other) == edits(other, one)
    assert (edits(one, other) == 0) == (one == other)
    assert abs(len(one) - len(other)) <= edits(one, other) <= max(len(one), len(other))
