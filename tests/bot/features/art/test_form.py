from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.features.art.form import PATTERNS, TILE, ArtForm, FormValues, art_form
from bot.loopback.modals import check_modal, fill_modal
from bot.text.spec_options import FIELDS
from bot.ui.forms import submitted_values
from engine.errors import InputError
from engine.spec.artspec import CAMERAS, SYMMETRIES, ArtSpec

FILLED = FormValues("800x200", "30", "zoom-in", "both", "cuts 32\nema 0.9")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
)


async def test_a_form_comes_back_as_it_was_opened() -> None:
    for form in (FormValues(), FILLED, FormValues(pattern=TILE)):
        modal = art_form(7, form).to_dict()
        check_modal(modal)
        assert ArtForm.path.read(modal["custom_id"]) == {"draft": 7}
        assert FormValues.of(dict(submitted_values(fill_modal(modal, {})["components"]))) == form


async def test_a_form_takes_as_much_as_a_person_may_type() -> None:
    check_modal(art_form(10**18 - 1, FormValues("9" * 20, "9" * 20, "still", "none", "x" * 2000)).to_dict())


def test_fields_become_changes_of_the_spec() -> None:
    assert FormValues().changes() == {}
    assert FILLED.changes() == {
        "width": 800, "height": 200, "iterations": 30, "camera": "zoom-in", "symmetry": "both", "cuts": 32, "ema": 0.9,
    }  # fmt: skip
    assert FormValues(pattern=TILE, settings="symmetry both").changes() == {"tile": True, "symmetry": "both"}
    assert FormValues(settings="camera zoom-in").changes() == {"camera": "zoom-in"}
    assert set(PATTERNS) == {*SYMMETRIES, TILE} and set(FormValues().changes()) <= set(FIELDS)


@pytest.mark.parametrize(
    ("form", "words"),
    [
        (FormValues(size="big"), "no size"),
        (FormValues(iterations="30", settings="iterations 40"), "“iterations” is given twice"),
        (FormValues(camera="zoom-in", settings="camera zoom-out"), "“camera” is given twice"),
        (FormValues(settings="cutz 3"), "did you mean cuts"),
    ],
)
def test_what_is_not_understood_is_said(form: FormValues, words: str) -> None:
    with pytest.raises(InputError, match=words):
        form.changes()


@settings(deadline=None)
@given(camera=st.sampled_from(CAMERAS) | st.text(), pattern=st.sampled_from(list(PATTERNS)) | st.text(), size=st.text())
def test_any_form_ends_as_a_spec_or_a_sentence(camera: str, pattern: str, size: str) -> None:
    try:
        spec = ArtSpec(prompt="a sea", **FormValues(size, "", camera, pattern).changes())
    except InputError:
        return
    assert camera in CAMERAS and pattern in PATTERNS and spec.camera == camera


@pytest.mark.parametrize("data", [{}, {"components": None}, {"components": []}, {"components": [{"type": 18}]}])
def test_a_form_without_fields_is_as_at_first(data: dict[str, Any]) -> None:
    assert FormValues.of(dict(submitted_values(data.get("components") or []))) == FormValues()


@given(custom_id=st.sampled_from(["size", "camera"]) | JSON, value=JSON, values=st.none() | st.lists(JSON))
def test_strange_fields_are_texts_too(custom_id: Any, value: Any, values: list[Any] | None) -> None:
    for answer in ({"value": value}, {"values": values}):
        fields = dict(submitted_values([{"type": 18, "component": {"custom_id": custom_id, **answer}}]))
        assert all(isinstance(value, str) for value in dataclasses.astuple(FormValues.of(fields)))


@pytest.mark.parametrize("custom_id", ["", "atelier:form:", "atelier:form:x", "atelier:again:1", "atelier:form:1:2"])
def test_forms_of_others_have_no_number(custom_id: str) -> None:
    assert ArtForm.path.read(custom_id) is None
