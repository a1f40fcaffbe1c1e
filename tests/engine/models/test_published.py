"""The table of published files, and where they lie."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from engine.errors import InputError
from engine.models.published import WEIGHTS, folder, names_for
from engine.spec.presets import PRESETS, VQGANS


def test_the_table_is_whole() -> None:
    assert len({weight.name for weight in WEIGHTS}) == len({weight.file for weight in WEIGHTS}) == len(WEIGHTS)
    for weight in WEIGHTS:
        assert weight.sources and all(re.match(r"https?://[\w.-]+/\S+$", source) for source in weight.sources)
        assert weight.size > 50_000_000 and weight.licence
        if weight.kind == "clip":
            assert weight.sha256 is not None and re.fullmatch("[0-9a-f]{64}", weight.sha256)
            assert weight.sources[0].split("/")[-2:] == [weight.sha256, weight.file]
    known = {weight.name for weight in WEIGHTS}
    assert {VQGANS["full"]} | {name for preset in PRESETS["full"].values() for name in preset.perceptors} <= known


def test_the_addresses_are_those_in_clip_anytorch() -> None:
    from importlib.util import find_spec

    package = find_spec("clip")
    assert package is not None and package.origin is not None
    text = Path(package.origin).with_name("clip.py").read_text()
    for weight in WEIGHTS:
        if weight.kind == "clip":
            assert f'"{weight.name}": "{weight.sources[0]}"' in text


def test_a_quality_names_its_weights() -> None:
    assert names_for("draft") == ("imagenet-f16-16384", "ViT-B/32")
    assert names_for("best") == ("imagenet-f16-16384", "RN50x4", "ViT-B/32", "ViT-B/16")
    assert names_for("ViT-L/14") == ("ViT-L/14",)
    assert set(names_for("all")) == {weight.name for weight in WEIGHTS}
    with pytest.raises(InputError, match=r"^There are no weights named 'dall-e'; known are .*draft"):
        names_for("dall-e")


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"ATELIER_WEIGHTS": "/big/weights", "XDG_CACHE_HOME": "/cache"}, "/big/weights"),
        ({"XDG_CACHE_HOME": "/cache"}, "/cache/atelier"),
        ({"XDG_CACHE_HOME": "relative"}, "/home/someone/.cache/atelier"),
        ({}, "/home/someone/.cache/atelier"),
    ],
)
def test_the_cache_folder(variables: dict[str, str], expected: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ATELIER_WEIGHTS", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", "/home/someone")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert folder() == Path(expected)
