"""The embedded text tower: how it splits words, and what its sentences are near to."""

from __future__ import annotations

import pytest
import torch

from engine.embedded.load import EmbeddedFiles
from engine.embedded.text_tower import DIMENSIONS, WIDTH, TextEncoder, Tokenizer, words_and_signs


@pytest.fixture(scope="module")
def encoder() -> TextEncoder:
    files = EmbeddedFiles()
    return TextEncoder.from_files(files.text_tower, files.pieces)


def test_words_are_split_into_the_longest_pieces() -> None:
    tokenizer = Tokenizer(["[CLS]", "[SEP]", "[UNK]", "snow", "##man", "##m", "a", "cat", "##s"])
    assert tokenizer.encode("A snowman, cats") == [6, 3, 4, 2, 7, 8]
    assert tokenizer.encode("猫") == [2]
    assert tokenizer.knows("cat") and not tokenizer.knows("cats")


def test_words_and_signs_fold_case_and_accents() -> None:
    assert words_and_signs("Café-au-lait, 2 cups!") == ["cafe", "-", "au", "-", "lait", ",", "2", "cups", "!"]


def test_sentences_are_unit_vectors_whatever_else_is_read(encoder: TextEncoder) -> None:
    texts = ["a cat", "a very long sentence about " + "many words " * 100, "", "🙂 \x00"]
    together = encoder.encode(texts)
    assert together.shape == (4, DIMENSIONS) and encoder.sentences(texts).shape == (4, WIDTH)
    assert torch.allclose(together.norm(dim=-1), torch.ones(4), atol=1e-4)
    assert torch.allclose(together[0], encoder.encode(["a cat"])[0], atol=1e-4)
    assert encoder.truncated(texts[1]) and not encoder.truncated("a cat")


def test_meaning_and_colours_are_read(encoder: TextEncoder) -> None:
    cat, kitten, truck, red, blue = encoder.encode(["a cat", "a kitten", "a truck", "a red car", "a blue car"])
    assert cat @ kitten > cat @ truck
    assert red @ blue < 0.999
