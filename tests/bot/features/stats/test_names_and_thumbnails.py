"""Names of people and thumbnails, including those that are not available."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image

from bot.features.stats.names import Names
from bot.loopback import Sandbox
from bot.ui.thumbnails import thumbnail
from tests.bot.conftest import StartBot


async def test_names_are_asked_once_and_nobody_is_left_without(sandbox: Sandbox, start_bot: StartBot) -> None:
    alice, strange = sandbox.person("alice"), sandbox.person("\U0001faa8\U0001faa8")
    async with start_bot() as client:
        names = Names(client)
        for _ in range(2):
            found = await names.of([alice.id, alice.id, 4711])
            assert found == {alice.id: "alice", 4711: "…"}
        asked = [each.path for each in sandbox.requests if each.path.startswith("/users/") and each.method == "GET"]
        assert asked.count(f"/users/{alice.id}") == 1
        assert await names.of([strange.id]) == {strange.id: strange.name.lower()}  # the user name


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P", "L"])
async def test_a_thumbnail_fits_its_square_and_keeps_the_shape(tmp_path: Path, mode: str) -> None:
    Image.new(mode, (900, 300)).save(tmp_path / "picture.png")
    data = await thumbnail(tmp_path / "picture.png", 240)
    assert data is not None
    with Image.open(io.BytesIO(data)) as small:
        assert (small.format, small.size) == ("WEBP", (240, 80))
        assert (small.mode == "RGBA") is (mode == "RGBA")


async def test_what_is_no_picture_has_no_thumbnail(tmp_path: Path) -> None:
    (tmp_path / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"x" * 50)
    assert await thumbnail(tmp_path / "broken.png") is None
    assert await thumbnail(tmp_path / "gone.png") is None
