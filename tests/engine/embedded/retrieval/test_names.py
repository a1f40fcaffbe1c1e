"""Finding names, mending typos, and telling what is not known."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from engine.embedded.retrieval.index import Entry
from engine.embedded.retrieval.names import Names, edits, non_latin, readable
from engine.embedded.scene.read import Subject
from engine.embedded.text import WordTable

WORDS = ["cat", "kitten", "feline", "elephant", "table", "tennis", "kitchen", "red", "apple", "democracy"]
ENTRIES = (
    Entry("cat", ("feline", "pet"), 0, ("noto", "fluent-emoji")),
    Entry("elephant", ("animal",), 2, ("noto",)),
    Entry("table tennis", ("table", "sport"), 3, ("noto",)),
    Entry("kitchen table", ("furniture",), 4, ("openclipart",)),
    Entry("red apple", ("fruit",), 5, ("noto", "openclipart")),
)


@pytest.fixture(scope="module")
def names() -> Names:
    rows = torch.eye(len(WORDS))
    rows[WORDS.index("kitten")] = rows[WORDS.index("cat")] + 0.3 * rows[WORDS.index("kitten")]
    rows[WORDS.index("feline")] = rows[WORDS.index("cat")] + 0.8 * rows[WORDS.index("feline")]
    return Names(ENTRIES, WordTable({word: row for row, word in enumerate(WORDS)}, rows))


def test_names_tags_and_meanings_lead_to_a_picture(names: Names) -> None:
    for word in ("cat", "feline", "kitten"):
        assert names.nearest(Subject(word), 1) == ["cat"]
    assert names.nearest(Subject("table"), 1) == ["kitchen table"]
    assert names.candidates(Subject("cat"), 6)[0].row == 0
    assert [candidate.row for candidate in names.candidates(Subject("apple", ("red",)), 6)] == [5, 6]


def test_what_is_known(names: Names) -> None:
    for word in ("cat", "cats", "feline", "kitten", "night", "red", "watercolour", "the"):
        assert names.knows(word), word
    for word in ("democracy", "quetzalcoatl", "blorptang"):
        assert not names.knows(word), word


def test_typos_are_mended(names: Names) -> None:
    assert names.corrected("an Elefant at nigth") == ("an elephant at night", {"elefant": "elephant", "nigth": "night"})
    assert names.corrected("a cat") == ("a cat", {})
    assert names.corrected("democracy")[1] == {}


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
