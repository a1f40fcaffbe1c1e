from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.text.buttons import Action, Path
from bot.text.language import speaking

NUMBERS = st.integers(0, 10**18 - 1)


@given(picture=NUMBERS, number=NUMBERS)
def test_a_path_reads_what_it_wrote(picture: int, number: int) -> None:
    path = Path("again:{picture}[:{number}]")
    custom_id = path.custom_id(picture=picture, number=number)
    expected = {"picture": picture, "number": number} if number else {"picture": picture}
    assert path.read(custom_id) == expected and path.pattern.fullmatch(custom_id)
    assert path.custom_id(picture=picture) == f"atelier:again:{picture}"


@given(search=st.text(max_size=30), order=st.sampled_from(["new", "top"]), person=st.sampled_from(["", "7", "8" * 19]))
def test_texts_and_words_are_read_back_too(search: str, order: str, person: str) -> None:
    path = Path("page:{person:id}:{order:new|top}:{after:cursor}:{search:text}")
    custom_id = path.custom_id(person=person, order=order, after="n-1.5", search=search)
    assert path.read(custom_id) == {"person": person, "order": order, "after": "n-1.5", "search": search}


@pytest.mark.parametrize(
    "custom_id",
    ["", "again:5", "atelier:again:", "atelier:again:x", "atelier:again:5:", "atelier:vary:5", "atelier:again:5 "],
)
def test_other_custom_ids_are_of_another_path(custom_id: str) -> None:
    assert Path("again:{picture}[:{number}]").read(custom_id) is None


def test_a_choice_is_one_of_those_named() -> None:
    path = Path("verdict:{report}:{verdict:delete|keep}")
    assert path.read("atelier:verdict:3:keep") == {"report": 3, "verdict": "keep"}
    assert path.read("atelier:verdict:3:burn") is None


def test_a_button_is_labelled_in_the_language_of_whoever_sees_it() -> None:
    action = Action(Path("cancel:{job}"), "Cancel", "❌", "danger")
    with speaking("de"):
        button = action.button(2, job=5)
    assert (button.label, button.custom_id, button.row) == ("Abbrechen", "atelier:cancel:5", 2)
    assert action.button(job=5).label == "Cancel"
