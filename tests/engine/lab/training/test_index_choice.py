"""Which pictures are in the index, and that it knows the nouns that people ask for."""

from __future__ import annotations

import pytest

from engine.embedded.load import WEIGHTS
from engine.embedded.retrieval.index import Index, read_index
from engine.lab.training.drawings import Picture
from engine.lab.training.emoji_names import Kind
from engine.lab.training.everyday import everyday_names
from engine.lab.training.index_choice import (
    VENDORS,
    best_rows,
    choose,
    how_many,
    name_in_bank,
    read_left_out,
    read_open_clip_art,
)
from engine.lab.training.sources import SILHOUETTES, SOURCES
from engine.models.describe import read_nouns


def picture(source: str, name: str, kind: Kind = "emoji") -> Picture:
    return Picture(source, name, name, ("tag",), kind)


def test_several_vendors_of_a_common_thing_and_one_of_a_person() -> None:
    sources = ("fxemoji", "noto", "fluent-emoji", "fluent-emoji-flat", "twemoji", "emojione")
    names = ("cat", "family man woman boy", "man cook")
    pictures = [picture(source, name) for name in names for source in sources]
    chosen = {item.name: item.sources for item in choose(pictures)}
    assert chosen == {"cat": ("noto", "fluent-emoji", "twemoji", "emojione"), "man cook": ("noto",)}


def test_silhouettes_fill_in_only_where_colour_is_scarce() -> None:
    pictures = [picture(source, "hammer", "icon") for source in ("game-icons", "mdi", "noto", "twemoji")]
    rows = range(len(pictures))
    assert best_rows(rows, pictures, 4) == [2, 3]
    assert best_rows(rows[:3], pictures, 4) == [2, 0]
    assert best_rows(rows[:2], pictures, 4) == [0, 1]


def test_one_vendor_comes_twice_only_after_all_others() -> None:
    pictures = [picture(source, "cake") for source in ("noto", "noto", "emojione", "fluent-emoji", "fluent-emoji-3d")]
    assert best_rows(range(5), pictures, 4) == [0, 3, 2, 1]


@pytest.mark.parametrize(
    ("shown", "name"),
    [
        (picture("noto", "cat"), "cat"),
        (picture("noto", "man facepalming"), None),
        (picture("noto", "water gun"), "water gun"),
        (picture("game-icons", "crossed pistols", "icon"), None),
        (picture("noto", "up arrow", "symbol"), None),
        (picture("noto-v1", "flag japan", "flag"), "flag of japan"),
        (picture("noto-v1", "flag guam", "flag"), None),
        (picture("flat-color-icons", "workflow", "icon"), None),
        (picture("flat-color-icons", "camera", "icon"), "camera"),
        (picture("mdi", "bus school", "icon"), "school bus"),
        (picture("openclipart", "asse da stiro", "clipart"), "ironing board"),
        (picture("openclipart", "qwertz", "clipart"), None),
    ],
)
def test_names_in_the_bank(shown: Picture, name: str | None) -> None:
    assert name_in_bank(shown, read_open_clip_art()) == name


def test_how_many_depends_on_what_people_ask_for() -> None:
    common = frozenset({"cat"})
    assert [how_many(name, common) for name in ("cat", "petri dish", "grinning face")] == [4, 2, 1]


def test_the_lists_are_in_order() -> None:
    nouns = read_nouns()
    assert 1500 < len(nouns) < 2500 and list(nouns) == sorted(set(nouns))
    pictured = {source.name for source in SOURCES if source.use == "pictures"}
    assert set(VENDORS) == pictured and set(SILHOUETTES) < pictured
    assert {source for source, _ in read_left_out()} <= pictured
    assert everyday_names()["car"][0] == "automobile"


@pytest.fixture(scope="module")
def index() -> Index:
    if not (WEIGHTS / "index.json").exists():
        pytest.skip("no weights")
    return read_index(WEIGHTS)


def test_the_bank_knows_what_people_ask_for(index: Index) -> None:
    names = {entry.name for entry in index.entries}
    assert len({entry.first for entry in index.entries}) > 2000  # concepts of their own, everyday words not counted
    assert sum(noun in names for noun in read_nouns()) > 1500
    assert {"bench", "refrigerator", "parking meter", "knight", "cat", "guitar"} <= names


def test_no_everyday_word_leads_nowhere(index: Index) -> None:
    names = {entry.name for entry in index.entries}
    assert {word: shown for word, shown in everyday_names().items() if not names & {*shown}} == {}


def test_entries_count_through_the_codes(index: Index) -> None:
    rows = {row for entry in index.entries for row in range(entry.first, entry.first + len(entry.sources))}
    assert rows == set(range(len(index.codes)))
    assert index.codes.shape[1:] == (32, 32) and int(index.codes.max()) < 1024
    assert {source for entry in index.entries for source in entry.sources} <= set(VENDORS)
