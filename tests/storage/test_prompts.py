from __future__ import annotations

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from storage import Database, Gallery, Prompts, SharedPrompt
from storage.prompts import WEEK_SECONDS, PromptKind
from tests.storage.conftest import Studio

GUILD, OTHER_GUILD = 7, 8
ALICE, BOB = 1, 2


@pytest.fixture
def prompts(database: Database, studio: Studio) -> Prompts:
    return Prompts(database, studio.clock)


async def share(
    prompts: Prompts,
    studio: Studio,
    text: str = "a castle",
    person: int = ALICE,
    guild: int | None = GUILD,
    **paint: str,
) -> SharedPrompt:
    picture = await studio.paint(text, person=person, guild=guild, **paint)  # type: ignore[arg-type]
    shared = await prompts.share(picture.id, person, guild)
    assert shared is not None
    return shared


async def listed(
    prompts: Prompts,
    kind: PromptKind,
    person: int = BOB,
    guild: int | None = GUILD,
    search: str | None = None,
    style: str | None = None,
) -> list[int]:
    """The ids of all pages."""
    ids, cursor = list[int](), None
    while True:
        page = await prompts.page(kind, guild, person, search, style, limit=2, after=cursor)
        ids += [each.id for each in page.items]
        if (cursor := page.next) is None:
            return ids


async def test_sharing_makes_the_picture_public(database: Database, prompts: Prompts, studio: Studio) -> None:
    gallery = Gallery(database)
    picture = await studio.paint("a castle", style="pixel", image="b.png")
    await gallery.set_public(picture.id, ALICE, False)
    shared = await prompts.share(picture.id, ALICE, GUILD)
    kept = await gallery.get(picture.id)
    assert shared is not None and kept is not None
    assert (shared.picture_id, shared.person_id, shared.guild_id) == (picture.id, ALICE, GUILD)
    assert (shared.prompt, shared.style, shared.spec, shared.image) == ("a castle", "pixel", picture.spec, "b.png")
    assert (shared.uses, shared.score, shared.created) == (0, 0, studio.clock.now)
    assert (kept.public, kept.shared_at) == (True, studio.clock.now)
    assert await prompts.get(shared.id) == shared


async def test_sharing_twice_is_sharing_once(prompts: Prompts, studio: Studio) -> None:
    shared = await share(prompts, studio)
    studio.clock.advance(60)
    assert await prompts.share(shared.picture_id, ALICE, OTHER_GUILD) == shared
    assert await listed(prompts, "new") == [shared.id]


async def test_only_ones_own_picture_is_shared(prompts: Prompts, studio: Studio) -> None:
    picture = await studio.paint(person=ALICE)
    assert await prompts.share(picture.id, BOB, GUILD) is None
    assert await prompts.share(99, ALICE, GUILD) is None
    assert await prompts.get(1) is None
    shared = await prompts.share(picture.id, ALICE, GUILD)
    assert shared is not None and await prompts.share(picture.id, BOB, GUILD) is None


async def test_each_server_has_its_own_list(prompts: Prompts, studio: Studio) -> None:
    here, there, home = [await share(prompts, studio, guild=guild) for guild in (GUILD, OTHER_GUILD, None)]
    for guild, shared in ((GUILD, here), (OTHER_GUILD, there), (None, home)):
        for kind in ("new", "week", "ever"):
            assert await listed(prompts, kind, guild=guild) == [shared.id]
            assert await listed(prompts, kind, guild=guild, search="castle") == [shared.id]
    assert await listed(prompts, "mine", ALICE) == [home.id, there.id, here.id]
    assert await listed(prompts, "mine", BOB) == []


async def test_top_is_by_paintings_then_newest(prompts: Prompts, studio: Studio) -> None:
    shared = [await share(prompts, studio) for _ in range(4)]
    for index in (1, 1, 3):
        await prompts.used(shared[index].id)
    order = [shared[index].id for index in (1, 3, 2, 0)]
    assert await listed(prompts, "ever") == await listed(prompts, "week") == order
    assert await listed(prompts, "ever", search="cast") == order
    assert await listed(prompts, "new") == [each.id for each in shared[::-1]]
    kept = await prompts.get(shared[1].id)
    assert kept is not None and kept.uses == 2
    studio.clock.advance(WEEK_SECONDS + 1)
    new = await share(prompts, studio)
    assert await listed(prompts, "week") == [new.id]
    assert await listed(prompts, "ever") == [*order[:2], new.id, *order[2:]]


@pytest.mark.parametrize("few", [0, 2000])
async def test_search_and_style(prompts: Prompts, studio: Studio, monkeypatch: pytest.MonkeyPatch, few: int) -> None:
    monkeypatch.setattr("storage.searching.FEW", few)
    castle = await share(prompts, studio, "a castle by the sea")
    pixel = await share(prompts, studio, "a castle", style="pixel")
    cat = await share(prompts, studio, "a cat", person=BOB)
    for each in (castle, pixel, cat):
        await prompts.save(BOB, each.id, True)
    kinds: tuple[PromptKind, ...] = ("new", "week", "ever", "saved")
    for kind in kinds:
        assert await listed(prompts, kind, search="castle") == [pixel.id, castle.id]
        assert await listed(prompts, kind, search="castle", style="pixel") == [pixel.id]
        assert await listed(prompts, kind, style="image") == [cat.id, castle.id]
        assert await listed(prompts, kind, search="!") == []
        assert await listed(prompts, kind, search=" ") == [cat.id, pixel.id, castle.id]
    assert await listed(prompts, "mine", ALICE, search="castle") == [pixel.id, castle.id]
    assert await listed(prompts, "mine", ALICE, style="pixel") == [pixel.id]


async def test_saved_prompts_last_saved_first(prompts: Prompts, studio: Studio) -> None:
    shared = [await share(prompts, studio, guild=guild) for guild in (GUILD, OTHER_GUILD, None)]
    for index in (1, 0, 2, 0):
        assert await prompts.save(BOB, shared[index].id, True)
    assert await listed(prompts, "saved") == [shared[index].id for index in (2, 0, 1)]
    assert await listed(prompts, "saved", ALICE) == []
    assert await prompts.save(BOB, shared[0].id, False)
    assert not await prompts.save(BOB, 99, True)
    assert await listed(prompts, "saved") == [shared[2].id, shared[1].id]


async def test_taking_a_prompt_back(database: Database, prompts: Prompts, studio: Studio) -> None:
    shared = await share(prompts, studio)
    await prompts.save(BOB, shared.id, True)
    assert not await prompts.unshare(shared.id, BOB)
    assert await prompts.unshare(shared.id, ALICE)
    assert not await prompts.unshare(shared.id, ALICE)
    assert await prompts.get(shared.id) is None
    assert (
        await listed(prompts, "saved") == await listed(prompts, "new") == await listed(prompts, "new", search="a") == []
    )
    picture = await Gallery(database).get(shared.picture_id)
    assert picture is not None and picture.shared_at is None
    again = await prompts.share(shared.picture_id, ALICE, GUILD)
    assert again is not None and again.id > shared.id  # buttons of the old one must not reach it


async def test_a_prompt_goes_with_its_picture(database: Database, prompts: Prompts, studio: Studio) -> None:
    shared = await share(prompts, studio)
    await prompts.save(BOB, shared.id, True)
    await Gallery(database).remove(shared.picture_id)
    assert await prompts.get(shared.id) is None
    assert await listed(prompts, "saved") == await listed(prompts, "new", search="castle") == []
    await prompts.used(shared.id)  # by a painting that was begun before: no error


@given(search=st.text(max_size=80), style=st.none() | st.text(max_size=10))
@example('"', '"')
@example("guildnone OR x", None)
@example("a*\0b\ud800", None)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_no_search_is_an_error(prompts: Prompts, search: str, style: str | None) -> None:
    kinds: tuple[PromptKind, ...] = ("new", "week", "ever", "mine", "saved")
    for kind in kinds:
        assert (await prompts.page(kind, GUILD, BOB, search, style)).items == ()
