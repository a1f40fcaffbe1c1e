"""The tables of the translation: from names of emoji and from the table of everyday words."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from engine.embedded.languages.tables import ALTERNATIVE, CODES, FILE, words_of
from engine.lab.training.make_translations import (
    EVERYDAY,
    english_name,
    make_translations,
    names_of_emoji,
    read_emoji,
    read_everyday,
    words_of_emoji,
)

TABLE = """
# a comment
[adjective]
pink | rosa | rosa | rose | ピンクの | rosa | розовый | 粉色
[noun]
rose | Rose | rosa | rose | バラ | rosa | роза | 玫瑰
child/children | Kind, Kinder+ | niño | enfant | 子供 | criança | ребёнок, ребёнк-, дети+ | 孩子
sofa | | sofá | canapé | ソファ | sofá | диван | 沙发
[name]
las vegas
[traditional]
貓猫
"""


def emoji(hexcode: str, label: str, *tags: str, group: int = 3) -> dict[str, Any]:
    letters = "".join(chr(int(code, 16)) for code in hexcode.split("-"))
    return {"hexcode": hexcode, "emoji": letters, "label": label, "tags": list(tags), "group": group}


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """Three emoji and a flag, in all languages, those but English and German without labels of their own."""
    english = [
        emoji("1F34E", "red apple", "apple", "fruit"),
        emoji("1F34F", "green apple", "apple", "fruit"),
        emoji("1F431", "cat face", "cat", "pet"),
        emoji("1F408", "cat", "pet"),
        emoji("1F1E9-1F1EA", "flag: Germany", group=9),
        {"hexcode": "1F1E6", "emoji": "🇦", "label": "regional indicator A"},
    ]
    german = [
        emoji("1F34E", "roter Apfel", "apfel", "obst"),
        emoji("1F34F", "grüner Apfel", "apfel", "obst"),
        emoji("1F431", "Katzengesicht", "katze", "tier"),
        emoji("1F408", "Katze", "tier"),
        emoji("1F1E9-1F1EA", "Flagge: Deutschland", group=9),
        {"hexcode": "1F1E6", "emoji": "🇦", "label": "regionaler Indikator A"},
    ]
    for code in ("en", *CODES):
        (tmp_path / code).mkdir()
        (tmp_path / code / "data.json").write_text(json.dumps(german if code == "de" else english))
    return tmp_path


def test_a_tag_means_the_english_tag_of_the_same_emoji(package: Path) -> None:
    words = words_of_emoji("de", read_emoji(package, "de"), read_emoji(package, "en"))
    assert words["apfel"] == "apple"  # rather than one of the two apples
    assert words["katze"] == "cat" and words["katzengesicht"] == "cat"
    assert words["roter apfel"] == "red apple"


def test_emoji_have_the_names_that_people_say(package: Path) -> None:
    names = names_of_emoji(read_emoji(package, "en"))
    assert names["1f431"] == names["1f408"] == "cat" and names["1f1e9-1f1ea"] == "flag of germany"
    assert "1f1e6" not in names
    labels = frozenset({"grinning face", "couch and lamp"})
    assert english_name("grinning face", labels) == "grinning face"
    assert english_name("couch and lamp", labels) == "couch"


def test_everyday_words_have_all_their_meanings_and_forms() -> None:
    everyday = read_everyday(TABLE)
    assert everyday.words["es"]["rosa"] == ["apink", "nrose"]
    assert everyday.words["de"]["kinder"] == ["Nchild"] and everyday.plurals == {"child": "children"}
    assert everyday.words["es"]["nino"] == everyday.words["es"]["niño"] == ["nchild"]
    assert everyday.words["ru"]["розов~"] == ["apink"] and everyday.words["ru"]["ребенк-"] == ["nchild"]
    assert everyday.words["de"]["sofa"] == ["nsofa"]  # left out, since it is as in English
    assert everyday.words["ja"]["そふぁ"] == ["nsofa"]


def test_a_row_with_a_column_missing_is_refused() -> None:
    with pytest.raises(ValueError, match="6 languages instead of 7: cat"):
        read_everyday("[noun]\ncat | Katze | gato | chat | 猫 | gato | кот")


def test_the_file_is_the_same_each_time_and_everyday_words_go_first(package: Path, tmp_path: Path) -> None:
    for dialect in ("english", "american", "british"):
        for size in (10, 20, 35, 40):
            (tmp_path / f"{dialect}-words-{size}.json").write_text(json.dumps(["a", "house"]))
    everyday = read_everyday("[noun]\nkitty | Katze | gato | chat | 猫 | gato | кот | 猫")
    content = make_translations(package, tmp_path, ["blue bird"], everyday)
    assert content == make_translations(package, tmp_path, ["blue bird"], everyday)
    shared, german, *_ = [json.loads(line) for line in gzip.decompress(content).decode().splitlines()]
    assert {"house", "apple", "bird"} <= set(shared["english"].split())
    assert german["everyday"]["katze"] == "nkitty" and "katze" not in german["of_emoji"]
    assert german["of_emoji"]["apfel"] == "apple"


def test_the_shipped_file_has_the_everyday_words() -> None:
    everyday = read_everyday(EVERYDAY.read_text(encoding="utf-8"))
    for code in CODES:
        assert words_of(code).everyday == {
            key: ALTERNATIVE.join(meanings) for key, meanings in everyday.words[code].items()
        }
    assert FILE.stat().st_size < 700_000
