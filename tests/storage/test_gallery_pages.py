"""Which pictures a person sees, in which order; lineage, favourites and stars."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from storage import Database, Gallery, GalleryQuery, People, Picture
from storage.gallery import MOST_CHILDREN
from tests.storage.conftest import Studio

GUILD, OTHER_GUILD = 7, 8
ALICE, BOB, CARLA = 1, 2, 3


@pytest.fixture
def gallery(database: Database, studio: Studio) -> Gallery:
    return Gallery(database, studio.clock)


async def shown(gallery: Gallery, query: GalleryQuery) -> list[int]:
    """The ids of all pages; `count` has to agree."""
    ids, cursor = list[int](), None
    while True:
        page = await gallery.page(query, 2, cursor)
        ids += [picture.id for picture in page.items]
        if (cursor := page.next) is None:
            assert await gallery.count(query) == len(ids)
            return ids


async def test_a_picture_knows_its_prompt_style_and_origin(gallery: Gallery, studio: Studio) -> None:
    first = await studio.paint("a castle", style="pixel")
    second = await studio.paint("a castle at night", parent=first.id, origin="variation")
    assert (first.prompt, first.style, first.origin, first.parent_id) == ("a castle", "pixel", "art", None)
    assert (first.public, first.shared_at, first.score) == (True, None, 0)
    assert (second.style, second.origin, second.parent_id) == ("image", "variation", first.id)
    assert await gallery.get(second.id) == second


async def test_a_server_shows_public_pictures_and_ones_own(gallery: Gallery, studio: Studio) -> None:
    public = await studio.paint(person=ALICE)
    private = await studio.paint(person=ALICE)
    elsewhere = await studio.paint(person=ALICE, guild=OTHER_GUILD)
    at_home = await studio.paint(person=ALICE, guild=None)
    assert await gallery.set_public(private.id, ALICE, False)
    assert await shown(gallery, GalleryQuery(BOB, guild_id=GUILD)) == [public.id]
    assert await shown(gallery, GalleryQuery(ALICE, guild_id=GUILD)) == [private.id, public.id]
    everything = [at_home.id, elsewhere.id, private.id, public.id]
    assert await shown(gallery, GalleryQuery(ALICE)) == everything
    assert await shown(gallery, GalleryQuery(ALICE, person_id=ALICE)) == everything
    assert await shown(gallery, GalleryQuery(BOB, person_id=ALICE)) == []  # not outside of the server they share


async def test_who_sees_a_single_picture(gallery: Gallery, studio: Studio) -> None:
    public, at_home = await studio.paint(person=ALICE), await studio.paint(person=ALICE, guild=None)
    assert public.seen_by(BOB, GUILD) and not public.seen_by(BOB, OTHER_GUILD) and not public.seen_by(BOB, None)
    assert not at_home.seen_by(BOB, None) and at_home.seen_by(ALICE, GUILD)
    await gallery.set_public(public.id, ALICE, False)
    private = await gallery.get(public.id)
    assert private is not None and not private.seen_by(BOB, GUILD) and private.seen_by(ALICE, None)


async def test_only_the_owner_hides_a_picture(gallery: Gallery, studio: Studio) -> None:
    picture = await studio.paint(person=ALICE)
    assert not await gallery.set_public(picture.id, BOB, False)
    assert not await gallery.set_public(99, ALICE, False)
    assert await shown(gallery, GalleryQuery(BOB, guild_id=GUILD)) == [picture.id]
    assert await gallery.set_public(picture.id, ALICE, False)
    assert await shown(gallery, GalleryQuery(BOB, guild_id=GUILD, search="castle")) == []
    assert await gallery.set_public(picture.id, ALICE, True)
    assert await shown(gallery, GalleryQuery(BOB, guild_id=GUILD, search="castle")) == [picture.id]


async def test_new_pictures_are_as_public_as_the_person_prefers(
    database: Database, gallery: Gallery, studio: Studio
) -> None:
    await People(database).change(ALICE, public=False)
    assert not (await studio.paint(person=ALICE)).public
    assert (await studio.paint(person=BOB)).public


async def test_search_and_style(gallery: Gallery, studio: Studio) -> None:
    castle = await studio.paint("A Castle by the sea", person=ALICE)
    pixel = await studio.paint("a castle of sugar", person=BOB, style="pixel")
    cat = await studio.paint("夕焼けの猫", person=BOB)

    async def ids(**asked: object) -> list[int]:
        return await shown(gallery, GalleryQuery(ALICE, guild_id=GUILD, **asked))  # type: ignore[arg-type]

    assert await ids(search="castle") == [pixel.id, castle.id]
    assert await ids(search="castle", sort="old") == [castle.id, pixel.id]
    assert await ids(search="castle", style="pixel") == [pixel.id]
    assert await ids(search="castle", person_id=ALICE) == [castle.id]
    assert await ids(search="cas sug") == [pixel.id]
    assert await ids(search="猫") == [cat.id]
    assert await ids(style="image") == [cat.id, castle.id]
    assert await ids(search="  ") == [cat.id, pixel.id, castle.id]
    assert await ids(search="?!") == await ids(search="guild7") == await ids(search="public") == []
    await gallery.remove(pixel.id)
    assert await ids(search="castle") == [castle.id]


async def test_top_is_by_stars_then_newest(gallery: Gallery, studio: Studio) -> None:
    pictures = [await studio.paint("a castle") for _ in range(4)]
    for giver, picture in ((11, pictures[0]), (12, pictures[0]), (11, pictures[2])):
        await gallery.star(giver, picture.id, True)
    order = [pictures[index].id for index in (0, 2, 3, 1)]
    assert await shown(gallery, GalleryQuery(ALICE, guild_id=GUILD, sort="top")) == order
    assert await shown(gallery, GalleryQuery(ALICE, guild_id=GUILD, sort="top", search="castle")) == order
    assert await shown(gallery, GalleryQuery(1, sort="top")) == order


@dataclass(frozen=True)
class Row:
    """A generated picture."""

    person: int
    guild: int | None
    style: str
    public: bool
    score: int
    prompt: str


WORDS = st.sampled_from(["castle", "sea", "moon", "Castle!", "seaside", "猫"])
ROWS = st.builds(
    Row,
    person=st.integers(1, 3),
    guild=st.sampled_from([None, GUILD, OTHER_GUILD]),
    style=st.sampled_from(["image", "pixel"]),
    public=st.booleans(),
    score=st.integers(0, 2),
    prompt=st.lists(WORDS, max_size=3).map(" ".join),
)
QUERIES = st.builds(
    GalleryQuery,
    viewer_id=st.integers(1, 3),
    person_id=st.none() | st.integers(1, 3),
    guild_id=st.sampled_from([None, GUILD, OTHER_GUILD]),
    search=st.none() | st.sampled_from(["castle", "sea", "cas moon", "猫", "?"]),
    style=st.none() | st.sampled_from(["image", "pixel"]),
    sort=st.sampled_from(["new", "old", "top"]),
)


def expected(rows: list[Row], query: GalleryQuery) -> list[int]:
    """The expected result of a query, in plain Python."""

    def wanted(row: Row) -> bool:
        own = row.person == query.viewer_id
        at_place = own if query.guild_id is None else row.guild == query.guild_id and (row.public or own)
        words = re.findall(r"\w+", row.prompt.lower())
        searched = query.search is None or (
            bool(re.findall(r"\w+", query.search))
            and all(any(word.startswith(piece) for word in words) for piece in query.search.split())
        )
        return at_place and query.person_id in (None, row.person) and query.style in (None, row.style) and searched

    ids = [number for number, row in enumerate(rows, start=1) if wanted(row)]
    if query.sort == "top":
        return sorted(ids, key=lambda id: (rows[id - 1].score, id), reverse=True)
    return ids if query.sort == "old" else ids[::-1]


@given(rows=st.lists(ROWS, max_size=12), queries=st.lists(QUERIES, min_size=10, max_size=10), few=st.booleans())
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_query_shows_what_plain_python_finds(
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
    rows: list[Row],
    queries: list[GalleryQuery],
    few: bool,
) -> None:
    monkeypatch.setattr("storage.searching.FEW", 2000 if few else 0)  # both ways to find the top

    async def check(folder: Path) -> None:
        database = await Database.open(folder)
        try:
            await insert(database, rows)
            gallery = Gallery(database)
            for query in queries:
                assert await shown(gallery, query) == expected(rows, query), query
        finally:
            await database.close()

    asyncio.run(check(tmp_path_factory.mktemp("gallery")))


async def insert(database: Database, rows: list[Row]) -> None:
    """The rows with ids from 1 on. What is public or not afterwards was not always so."""
    async with database.transaction() as connection:
        for number, row in enumerate(rows, start=1):
            await connection.execute(
                "INSERT INTO job (person_id, spec, reply, cost, created) VALUES (?, '{}', '{}', 1, 1)", (row.person,)
            )
            await connection.execute(
                "INSERT INTO picture (job_id, person_id, guild_id, spec, seed, width, height, image, seconds, loss, "
                "models, created, prompt, words, style, score) "
                "VALUES (?, ?, ?, '{}', 1, 8, 8, 'a.png', 1, 1, 'mini', 1, ?, ?, ?, ?)",
                (number, row.person, row.guild, row.prompt, row.prompt, row.style, row.score),
            )
            await connection.execute("UPDATE picture SET public = ? WHERE id = ?", (row.public, number))


@given(search=st.text(max_size=80), style=st.text(max_size=10))
@example('"', '"')
@example("marks:person1", "image")
@example("a* OR b", "' OR 1")
@example("\0", "\0")
@example("\ud800a", "*")
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_no_search_is_an_error(gallery: Gallery, search: str, style: str) -> None:
    for sort in ("new", "old", "top"):
        query = GalleryQuery(BOB, guild_id=GUILD, search=search, sort=sort)
        assert (await gallery.page(query, 3)).next is None
        assert await gallery.count(query) == 0
        assert await gallery.count(GalleryQuery(BOB, guild_id=GUILD, style=style, search="castle")) == 0


async def test_the_lineage_of_a_picture(gallery: Gallery, studio: Studio) -> None:
    first = await studio.paint("one", person=ALICE)
    second = await studio.paint("two", person=BOB, parent=first.id, origin="remix")
    third = await studio.paint("three", person=BOB, parent=second.id, origin="upscale")
    fourth = await studio.paint("four", person=CARLA, parent=second.id, origin="continue")
    family = await gallery.lineage(second.id)
    assert (family.ancestors, family.children) == ((first,), (third, fourth))
    assert (await gallery.lineage(third.id)).ancestors == (first, second)
    assert (await gallery.lineage(first.id)).children == (second,)
    unknown = await gallery.lineage(99)
    assert (unknown.ancestors, unknown.children) == ((), ())


async def test_private_relatives_are_for_their_owner(gallery: Gallery, studio: Studio) -> None:
    first = await studio.paint(person=ALICE)
    second = await studio.paint(person=BOB, parent=first.id)
    third = await studio.paint(person=CARLA, parent=second.id)
    await gallery.set_public(first.id, ALICE, False)
    await gallery.set_public(third.id, CARLA, False)
    for viewer, relatives in ((ALICE, ([first.id], [])), (BOB, ([], [])), (CARLA, ([], [third.id]))):
        family = await gallery.lineage(second.id, viewer)
        assert ([each.id for each in family.ancestors], [each.id for each in family.children]) == relatives


async def test_children_outlive_their_parent(gallery: Gallery, studio: Studio) -> None:
    first = await studio.paint()
    second = await studio.paint(parent=first.id)
    await gallery.remove(first.id)
    kept = await gallery.get(second.id)
    assert kept is not None and kept.parent_id is None
    assert (await studio.paint(parent=first.id)).parent_id is None  # asked for after the parent was gone


async def test_a_large_lineage_is_cut(gallery: Gallery, studio: Studio) -> None:
    first = await studio.paint()
    for _ in range(MOST_CHILDREN + 2):
        await studio.paint(parent=first.id)
    assert len((await gallery.lineage(first.id)).children) == MOST_CHILDREN


class TestFavourites:
    async def favourites(self, gallery: Gallery, person: int) -> list[Picture]:
        found, cursor = list[Picture](), None
        while True:
            page = await gallery.favourites(person, 2, cursor)
            found += page.items
            if (cursor := page.next) is None:
                return found

    async def test_the_last_chosen_first(self, gallery: Gallery, studio: Studio) -> None:
        pictures = [await studio.paint() for _ in range(5)]
        for index in (3, 0, 4, 1, 2):
            assert await gallery.favourite(BOB, pictures[index].id, True) == 1
        assert await self.favourites(gallery, BOB) == [pictures[index] for index in (2, 1, 4, 0, 3)]
        assert await self.favourites(gallery, ALICE) == []

    async def test_once_a_person_and_taken_back(self, gallery: Gallery, studio: Studio) -> None:
        picture = await studio.paint()
        counts = [await gallery.favourite(person, picture.id, True) for person in (BOB, BOB, CARLA)]
        assert counts == [1, 1, 2]
        assert await gallery.is_favourite(BOB, picture.id)
        assert [await gallery.favourite(BOB, picture.id, False) for _ in range(2)] == [1, 1]
        assert not await gallery.is_favourite(BOB, picture.id)

    async def test_private_and_missing_pictures(self, gallery: Gallery, studio: Studio) -> None:
        picture = await studio.paint(person=ALICE)
        await gallery.favourite(BOB, picture.id, True)
        await gallery.set_public(picture.id, ALICE, False)
        assert await self.favourites(gallery, BOB) == []
        assert await gallery.favourite(CARLA, picture.id, True) == 1  # not hers
        assert await gallery.favourite(ALICE, picture.id, True) == 2
        assert await gallery.favourite(BOB, 99, True) == 0
        await gallery.remove(picture.id)
        assert await self.favourites(gallery, ALICE) == []


async def test_stars_are_counted_once_a_person(gallery: Gallery, studio: Studio) -> None:
    picture = await studio.paint(person=ALICE)
    assert [await gallery.star(giver, picture.id, True) for giver in (BOB, BOB, CARLA)] == [1, 1, 2]
    kept = await gallery.get(picture.id)
    assert kept is not None and kept.score == 2
    assert [await gallery.star(BOB, picture.id, False) for _ in range(2)] == [1, 1]
    await gallery.set_public(picture.id, ALICE, False)
    assert await gallery.star(4, picture.id, True) == 1  # a private picture is not theirs to judge
    assert await gallery.star(BOB, 99, True) == 0


async def test_stars_at_the_same_time_are_all_counted(gallery: Gallery, studio: Studio) -> None:
    picture = await studio.paint()
    await asyncio.gather(*(gallery.star(giver % 10, picture.id, True) for giver in range(30)))
    kept = await gallery.get(picture.id)
    assert kept is not None and kept.score == 10
