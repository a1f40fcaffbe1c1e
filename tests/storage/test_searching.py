from __future__ import annotations

import sqlite3

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from storage.searching import LONGEST_SEARCH, MOST_WORDS, quoted, searchable, words_query


def found(prompt: str, search: str) -> bool:
    """Whether a search in an FTS5 table with this prompt finds it."""
    connection = sqlite3.connect(":memory:")
    try:
        connection.execute("CREATE VIRTUAL TABLE t USING fts5 (words, tokenize = 'unicode61 remove_diacritics 2')")
        connection.execute("INSERT INTO t VALUES (?)", (searchable(prompt),))
        words = words_query(search)
        return words is not None and bool(
            connection.execute("SELECT 1 FROM t WHERE t MATCH ?", (f"words : ({words})",)).fetchall()
        )
    finally:
        connection.close()


@pytest.mark.parametrize(
    ("prompt", "search"),
    [
        ("A castle by the sea", "castle"),
        ("A castle by the sea", "SEA castle"),
        ("A castle by the sea", "cas se"),  # beginnings of words
        ("ein Schloß über dem Fluß", "uber"),  # without the marks that a phone makes hard to type
        ("cafe\u0301", "café"),
        ("art-deco tower", "art-deco"),
        ("a cat | style:2", "style:2"),
        ("夕焼けの城と猫", "猫"),
        ("夕焼けの城と猫", "の城"),
        ("可爱的猫 portrait", "爱的 port"),
        ("ปราสาทริมทะเล", "ทะเล"),
        ("ночной замок", "замок"),
        ("C++ and 100% of the moon", "100%"),
    ],
)
def test_finds(prompt: str, search: str) -> None:
    assert found(prompt, search)


@pytest.mark.parametrize(
    ("prompt", "search"),
    [
        ("A castle by the sea", "castle moon"),
        ("A castle by the sea", "astle"),
        ("A castle by the sea", "castle OR moon"),  # operators are words
        ("A castle by the sea", "castle NOT moon"),
        ("A castle by the sea", 'words : "castle" AND marks'),
        ("夕焼けの城と猫", "城の"),
    ],
)
def test_does_not_find(prompt: str, search: str) -> None:
    assert not found(prompt, search)


@pytest.mark.parametrize("search", ["", "   ", "!!!", '"', "*", "\0", "\ud800", "🏰", "(", "- ^ :"])
def test_what_has_no_word_looks_for_nothing(search: str) -> None:
    assert words_query(search) is None


@given(st.text(max_size=300), st.text(max_size=300))
@example("x", '"')
@example("x", 'a" OR "b')
@example("x", "NEAR(a b, 5)")
@example("x", "words:x")
@example("x", "a\0b")
@example("x", "\ud800x")
@example("x", "a*b ^c {d} + -e")
def test_no_search_is_an_error(prompt: str, search: str) -> None:
    assert found(prompt, search) in (True, False)


@given(st.lists(st.text(st.characters(categories=["L", "N"], max_codepoint=0x24F), min_size=1, max_size=8), min_size=1))
def test_every_word_of_a_prompt_finds_it(words: list[str]) -> None:
    prompt = " ".join(words)
    assert all(found(prompt, word) for word in words[:5])


def test_a_search_has_a_largest_size() -> None:
    words = words_query(" ".join("ab" for _ in range(100)))
    assert words is not None and words.count('"ab"') == MOST_WORDS
    assert len(words_query("a" * 10_000) or "") <= LONGEST_SEARCH + 3


def test_quotes_inside_a_string_are_doubled() -> None:
    assert quoted('a"b\0') == '"a""b "'
