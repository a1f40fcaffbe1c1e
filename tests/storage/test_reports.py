from __future__ import annotations

from storage import Database, Gallery, Reports
from tests.storage.conftest import Studio


async def test_reports_wait_for_the_moderators_of_their_server(database: Database, studio: Studio) -> None:
    reports = Reports(database, studio.clock)
    here, there = await studio.paint(guild=7), await studio.paint(guild=8)
    first = await reports.add(here.id, 2, "not nice")
    second = await reports.add(here.id, 3, "")
    other = await reports.add(there.id, 2, "not nice either")
    assert first is not None and second is not None and other is not None
    assert (first.picture_id, first.guild_id, first.person_id, first.reason) == (here.id, 7, 2, "not nice")
    assert (first.created, first.settled, first.settled_by, first.action) == (studio.clock.now, None, None, None)
    assert await reports.open(7) == [first, second]
    assert await reports.open(8) == [other]
    assert await reports.get(first.id) == first


async def test_one_report_a_person_and_picture(database: Database, studio: Studio) -> None:
    reports, picture = Reports(database), await studio.paint()
    assert await reports.add(picture.id, 2, "once") is not None
    assert await reports.add(picture.id, 2, "twice") is None
    assert await reports.add(99, 2, "nothing") is None
    assert [report.reason for report in await reports.open(7)] == ["once"]


async def test_a_report_is_settled_once(database: Database, studio: Studio) -> None:
    reports, picture = Reports(database, studio.clock), await studio.paint()
    report = await reports.add(picture.id, 2, "not nice")
    assert report is not None
    studio.clock.advance(60)
    settled = await reports.settle(report.id, 5, "kept")
    assert settled is not None
    assert (settled.settled, settled.settled_by, settled.action) == (studio.clock.now, 5, "kept")
    assert await reports.settle(report.id, 6, "deleted") is None
    assert await reports.get(report.id) == settled
    assert await reports.open(7) == []


async def test_a_report_goes_with_its_picture(database: Database, studio: Studio) -> None:
    reports, picture = Reports(database), await studio.paint()
    report = await reports.add(picture.id, 2, "not nice")
    assert report is not None
    await Gallery(database).remove(picture.id)
    assert await reports.open(7) == []
    assert await reports.settle(report.id, 5, "deleted") is None
