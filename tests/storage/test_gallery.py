from __future__ import annotations

import pytest

from storage import Database, Gallery, NewJob, NewPicture, Picture, SQLiteQueue


@pytest.fixture
def gallery(database: Database) -> Gallery:
    return Gallery(database)


async def paint(
    database: Database,
    person: int = 1,
    image: str = "a.png",
    films: tuple[str, ...] = (),
    extras: dict[str, str] | None = None,
    clip_score: float | None = None,
) -> Picture:
    queue = SQLiteQueue(database)
    await queue.add(NewJob(person, 7, '{"prompt": "x"}', "{}", 1.0))
    claim = await queue.claim(60)
    assert claim is not None
    new = NewPicture(
        '{"prompt": "x"}', 4294967295, 144, 128, image, films, extras or {}, 3.0, 0.5, clip_score, "mini", None, None
    )
    picture = await queue.finish(claim, new)
    assert picture is not None
    return picture


async def test_a_picture_is_found_by_id_and_by_job(database: Database, gallery: Gallery) -> None:
    picture = await paint(database, films=("b.mp4", "c.gif"))
    assert await gallery.get(picture.id) == picture
    assert await gallery.by_job(picture.job_id) == picture
    assert (picture.seed, picture.films, picture.score, picture.guild_id) == (4294967295, ("b.mp4", "c.gif"), 0, 7)


async def test_what_lies_beside_a_picture_and_its_score_are_kept(database: Database, gallery: Gallery) -> None:
    extras = {"svg": "b.svg", "native.png": "c.png"}
    picture = await paint(database, films=("d.mp4",), extras=extras, clip_score=31.0)
    kept = await gallery.get(picture.id)
    assert kept == picture and kept.extras == extras and kept.clip_score == 31.0
    assert kept.files == ("a.png", "d.mp4", "b.svg", "c.png")


async def test_a_score_that_is_no_number_is_not_known(database: Database) -> None:
    assert (await paint(database, clip_score=float("nan"))).clip_score is None


async def test_unknown_pictures_are_nothing(gallery: Gallery) -> None:
    assert await gallery.get(1) is None
    assert await gallery.by_job(1) is None
    assert await gallery.remove(1) is None
    assert await gallery.by_message(1) is None


async def test_the_message_of_a_picture(database: Database, gallery: Gallery) -> None:
    picture = await paint(database)
    await gallery.set_message(picture.id, 10, 11)
    kept = await gallery.get(picture.id)
    assert kept is not None and (kept.channel_id, kept.message_id) == (10, 11)
    assert await gallery.by_message(11) == kept


async def test_a_removed_picture_is_gone_and_its_id_is_not_used_again(database: Database, gallery: Gallery) -> None:
    picture = await paint(database)
    assert await gallery.remove(picture.id) == picture
    assert await gallery.get(picture.id) is None
    assert (await paint(database)).id == picture.id + 1


async def test_files_are_all_that_pictures_refer_to(database: Database, gallery: Gallery) -> None:
    assert await gallery.files() == set()
    await paint(database, image="a.png", films=("b.mp4", "c.gif"))
    await paint(database, image="d.png", extras={"svg": "e.svg", "1.png": "f.png"})
    assert await gallery.files() == {"a.png", "b.mp4", "c.gif", "d.png", "e.svg", "f.png"}
