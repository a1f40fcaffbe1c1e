from __future__ import annotations

from storage import Database, Feed, FeedPost, Gallery
from tests.storage.conftest import Studio


async def test_a_post_leads_to_its_picture(database: Database, studio: Studio) -> None:
    feed = Feed(database, studio.clock)
    first, second = await studio.paint(), await studio.paint()
    await feed.post(7, first.id, 70, 700)
    await feed.post(8, first.id, 80, 800)
    await feed.post(7, second.id, 70, 701)
    assert [await feed.by_message(id) for id in (700, 701, 800, 900)] == [first.id, second.id, first.id, None]
    now = studio.clock.now
    assert await feed.posts_of(first.id) == [FeedPost(700, 70, 7, first.id, now), FeedPost(800, 80, 8, first.id, now)]


async def test_a_post_is_noted_once_and_goes_with_its_picture(database: Database, studio: Studio) -> None:
    feed = Feed(database)
    picture = await studio.paint()
    for _ in range(2):
        await feed.post(7, picture.id, 70, 700)
    assert len(await feed.posts_of(picture.id)) == 1
    await Gallery(database).remove(picture.id)
    assert await feed.by_message(700) is None
    await feed.post(7, picture.id, 70, 701)  # deleted while it was posted
    assert await feed.by_message(701) is None
