"""Names, pixels and the files that gathered pictures are kept in, on small made-up data."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.lab.training.drawings import (
    SIDE,
    TONES,
    Drawing,
    Pick,
    Picture,
    icons_of_set,
    newer_emoji_picture,
    painted_silhouette,
    picked_icons,
    read_picks,
)
from engine.lab.training.emoji_names import EmojiNames, kind_of_emoji, plain
from engine.lab.training.gather import add_pictures, read_pictures
from engine.lab.training.rasterise import MARGIN, backed, fit, rasterise
from engine.lab.training.sources import SILHOUETTES, SOURCES

TAGS: dict[str, tuple[str, ...]] = {
    "red apple": ("fruit",),
    "bear": (),
    "cat": (),
    "flag peru": (),
    "face with crossed out eyes": (),
}
NAMES = EmojiNames({}, {"redapple": "red apple"}, TAGS, frozenset({"curry", "and", "rice", "red"}))
DISC = '<circle cx="8" cy="8" r="6" fill="currentColor"/>'
RING = '<path fill="currentColor" fill-rule="evenodd" d="M2 2h12v12H2zM6 6v4h4V6z"/>'


def test_names_are_brought_to_one_spelling() -> None:
    assert plain("Woman’s  Hat!") == "womans hat"
    assert NAMES.canonical("redapple") == "red apple"
    assert NAMES.canonical("curryandrice") == "curry and rice"
    assert NAMES.canonical("qwertz") == "qwertz"
    assert (kind_of_emoji("flag peru"), kind_of_emoji("up arrow"), kind_of_emoji("cat")) == ("flag", "symbol", "emoji")


def test_older_names_become_todays_and_variants_are_left_out() -> None:
    def name(key: str) -> str | None:
        picture = newer_emoji_picture("streamline-emojis", key, NAMES)
        return picture.name if picture else None

    assert (name("bear-face"), name("dizzy-face")) == ("bear", "face with crossed out eyes")
    assert (name("red-apple-2"), name("man-cook-1"), name("man-cook-2")) == ("red apple", "man cook", None)
    assert name("peru") is None and name("family-man-boy") is None and name("letter-a") is None


def icon_package(folder: Path, **bodies: str) -> Path:
    """An @iconify-json package with square icons of 16 units."""
    icons = {key.replace("_", "-"): {"body": body} for key, body in bodies.items()}
    (folder / "package").mkdir(parents=True)
    (folder / "package/icons.json").write_text(json.dumps({"icons": icons, "width": 16, "height": 16}))
    return folder


def test_skin_tones_of_a_set_are_left_out(tmp_path: Path) -> None:
    folder = icon_package(tmp_path, cat=DISC, fairy_dark_skin_tone=DISC)
    assert [drawing.picture.name for drawing in icons_of_set("twemoji", folder, NAMES)] == ["cat"]


def test_every_pick_has_a_source_a_name_and_a_tone_where_it_needs_one() -> None:
    picks = read_picks()
    sources = {source.name for source in SOURCES}
    assert len({(pick.source, pick.key) for pick in picks}) == len(picks) > 2500
    for pick in picks:
        assert pick.source in sources and pick.name and "]" not in pick.key
        assert (pick.tone in TONES) == (pick.source in SILHOUETTES), pick


def test_an_unknown_tone_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "icons.txt"
    file.write_text("# comment\n[mdi mauve]\nhammer\n")
    with pytest.raises(ValueError, match="mauve"):
        read_picks(file)


needs_rasteriser = pytest.mark.skipif(
    importlib.util.find_spec("resvg_py") is None, reason="needs the packages of the extra `lab`"
)


@needs_rasteriser
def test_silhouettes_are_painted_from_light_to_dark_over_pale_paper() -> None:
    collection = {"icons": {"ring": {"body": RING}}, "width": 16, "height": 16}
    svg = painted_silhouette(collection, Pick("mdi", "ring", "ring", "red"))
    picture = Picture("mdi", "ring", "ring", (), "icon")
    pixels = rasterise(Drawing(picture, svg, None, TONES["red"][2]))
    assert pixels is not None
    assert pixels[20, 128, :3].sum() > pixels[235, 128, :3].sum() + 60  # light above, dark below
    assert tuple(pixels[128, 128]) == (0xFD, 0xE3, 0xDC, 255)  # the enclosed gap
    assert pixels[1, 1, 3] == 0  # outside stays empty


def test_a_gap_that_is_open_to_the_outside_stays_empty() -> None:
    rgba = np.zeros((SIDE, SIDE, 4), np.uint8)
    rgba[60:200, 60:80] = rgba[60:200, 180:200] = rgba[180:200, 60:200] = 255  # a cup, open above
    assert backed(rgba, "#ff0000")[120, 128, 3] == 0
    rgba[60:80, 60:200] = 255
    assert tuple(backed(rgba, "#ff0000")[120, 128]) == (255, 0, 0, 255)


def test_picked_icons_take_the_listed_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = icon_package(tmp_path / "set", fridge=DISC, hammer=DISC)
    picks = [Pick("mdi", "fridge", "refrigerator", "steel")]
    monkeypatch.setattr("engine.lab.training.drawings.read_picks", lambda: picks)
    drawings = list(picked_icons("mdi", folder, NAMES))
    assert [(drawing.picture.name, drawing.paper) for drawing in drawings] == [("refrigerator", TONES["steel"][2])]


def test_objects_are_centred_with_a_margin() -> None:
    image = Image.new("RGBA", (100, 50))
    image.paste((255, 0, 0, 255), (20, 10, 60, 30))
    pixels = fit(image)
    assert pixels is not None and pixels.shape == (SIDE, SIDE, 4)
    columns = np.flatnonzero((pixels[..., 3] > 128).any(0))
    assert (columns[0], columns[-1]) == (MARGIN, SIDE - MARGIN - 1)
    assert tuple(pixels[SIDE // 2, SIDE // 2]) == (255, 0, 0, 255)
    assert fit(Image.new("RGBA", (10, 10))) is None


def square(name: str, colour: str, width: int) -> Drawing:
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="256" height="256">'
        f'<rect width="{width}" height="100" fill="{colour}"/></svg>'
    )
    return Drawing(Picture("noto", name, name, (), "emoji"), svg, None)


@needs_rasteriser
def test_later_pictures_follow_those_that_are_there_and_none_comes_twice(tmp_path: Path) -> None:
    assert add_pictures([square("a", "red", 100), square("b", "blue", 50)], tmp_path, "pictures", 1) == 2
    before, _ = read_pictures(tmp_path)
    kept = before.copy()
    assert add_pictures([square("again", "red", 100), square("c", "green", 80)], tmp_path, "pictures", 1) == 3
    pixels, records = read_pictures(tmp_path)
    assert [record.name for record in records] == ["a", "b", "c"]
    assert np.array_equal(pixels[:2], kept) and np.array_equal(before, kept)  # the mapped file stayed as it was
    assert sorted(file.name for file in tmp_path.iterdir()) == ["pictures.json", "pictures.npy"]
