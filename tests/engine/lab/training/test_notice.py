"""The NOTICE says what every licence asks for."""

from __future__ import annotations

import json
from pathlib import Path

from engine.lab.training.notice import BY_OTHERS, COPYRIGHT, NOTICE, attribution, line_of_source
from engine.lab.training.sources import SOURCES


def test_every_source_has_a_line_and_an_author() -> None:
    text = NOTICE.read_text()
    for source in SOURCES:
        assert source.name in COPYRIGHT
        assert f"{source.name}: {source.registry} package {source.package} {source.version}, {source.licence}" in text


def test_cc_by_is_attributed_with_licence_and_changes() -> None:
    text = NOTICE.read_text()
    assert "Twitter, Inc and other contributors" in text and "Lorc, Delapouite" in text
    assert "Changes were made" in text and "https://creativecommons.org/licenses/by/4.0/" in text


def test_networks_and_words_by_others_are_named_and_their_licences_are_there() -> None:
    text = " ".join(NOTICE.read_text().split())
    for paragraph in BY_OTHERS:
        assert " ".join(paragraph.split()) in text
    for name in ("LICENSE-MIT-CLIP", "LICENSE-APACHE-2.0"):
        assert name in text and NOTICE.with_name(name).exists()
    assert "Copyright (c) 2021 OpenAI" in NOTICE.with_name("LICENSE-MIT-CLIP").read_text()


def test_only_permissive_licences_and_cc_by_are_trained_on() -> None:
    allowed = {"Apache-2.0", "MIT", "public domain", "public domain and CC0", "CC0-1.0", "CC-BY-4.0", "CC-BY-3.0"}
    assert {source.licence for source in SOURCES if source.use != "test"} <= allowed
    assert "-SA" in next(source.licence for source in SOURCES if source.name == "openmoji")


def test_attribution_takes_page_and_licence_from_the_package(tmp_path: Path) -> None:
    (tmp_path / "package").mkdir()
    licence = {"title": "CC BY 4.0", "url": "https://licence"}
    info = {"name": "Twitter Emoji", "author": {"name": "Twitter", "url": "https://page"}, "license": licence}
    (tmp_path / "package/info.json").write_text(json.dumps(info))
    source = next(source for source in SOURCES if source.name == "twemoji")
    first, second = attribution(source, tmp_path)
    assert "Twitter, Inc" in first and first.endswith("https://page") and second.endswith("CC BY 4.0: https://licence")


def test_the_number_of_pictures_is_said() -> None:
    assert line_of_source(SOURCES[0], 1679).endswith("Apache-2.0 (trained on, 1,679 pictures)")
