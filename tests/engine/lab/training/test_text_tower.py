"""The training of the text tower: what it begins as, what it learns from, and that it stops and goes on."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
import torch.nn.functional as F

from engine.embedded import text_tower
from engine.embedded.four_bits import restored_state
from engine.embedded.text_tower import CONTINUED, DIMENSIONS, END, START, UNKNOWN, TextEncoder, batch_of
from engine.lab.training import run
from engine.lab.training.minilm import MiniLM
from engine.lab.training.pairs import Pairs
from engine.lab.training.rounding import stored_tower
from engine.lab.training.text_batches import Sampler, TrueTexts, of_pictures, read_true_texts
from engine.lab.training.text_start import chosen_pieces, initial_tower
from engine.lab.training.text_tower import (
    RUNNING,
    TextTraining,
    against_names,
    equal_pairs,
    info_nce,
    recall,
    train_text_tower,
)
from tests.engine.lab.training.small_minilm import VOCABULARY, SmallMiniLM

TRAINING = TextTraining(minutes=4 / 60, batch=12, names=3)


@pytest.fixture(autouse=True)
def _one_thread_and_one_seed() -> None:
    torch.set_num_threads(1)
    torch.manual_seed(0)


@pytest.fixture
def minilm() -> MiniLM:
    return SmallMiniLM()


def unit_rows(count: int, width: int = DIMENSIONS) -> torch.Tensor:
    return F.normalize(torch.randn(count, width), dim=-1)


def made_up(sentences: list[tuple[str, ...]], group: int) -> Pairs:
    """Pairs in groups of so many."""
    numbers = torch.arange(len(sentences))
    return Pairs(sentences, unit_rows(len(sentences)), numbers // group, numbers)


def some_pairs() -> dict[str, Pairs]:
    names = [("cat", "red"), ("dog",), ("sun", "tree"), ("cat",), ("dog",)]
    return {
        "drawings": made_up(names, 1),
        "unseen": made_up([("cat",), ("apple",)], 1),
        "coloured": made_up([("a red cat", "red cat"), ("a blue cat",), ("a red dog",), ("a blue dog",)], 2),
    }


# --- what it begins as ---------------------------------------------------------------------------------------------


def test_pieces_that_are_needed_come_first_and_letters_before_the_rest(minilm: MiniLM) -> None:
    pieces = chosen_pieces(minilm, ["the red apple", "a sun"], count=12)
    assert pieces[:3] == [START, END, UNKNOWN]
    assert pieces[3:8] == sorted(("the", "red", "apple", "a", "sun"), key=VOCABULARY.index)
    assert pieces[8:11] == ["s", "x", f"{CONTINUED}s"] and len(pieces) == 12
    everything = chosen_pieces(minilm, [])
    assert len(everything) == len(set(everything)) and "é" not in everything and "[PAD]" not in everything


def test_the_tower_begins_as_four_layers_of_minilm(minilm: MiniLM) -> None:
    pieces = chosen_pieces(minilm, ["a cat"])
    tower = initial_tower(minilm, pieces)
    ids = [pieces.index(word) for word in ("a", "cat")]
    ours = tower.sentence(*batch_of([ids], pieces.index(START), pieces.index(END)))
    theirs = torch.tensor([[2, *(VOCABULARY.index(word) for word in ("a", "cat")), 3]])
    for place, layer in enumerate((0, 1, 3, 5)):  # its six layers, without two of them
        minilm.weights |= {
            key.replace(f"layer.{layer}.", f"layer.{place}."): value
            for key, value in minilm.weights.items()
            if f"layer.{layer}." in key
        }
    for layer in (4, 5):
        del minilm.weights[f"encoder.layer.{layer}.output.LayerNorm.weight"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("engine.lab.training.minilm.LAYERS", 4)
        expected = minilm.embed_ids(theirs, torch.ones(theirs.shape))
    torch.testing.assert_close(F.normalize(ours, dim=-1), expected, atol=1e-4, rtol=0)


# --- what it learns from --------------------------------------------------------------------------------------------


def test_groups_stay_together_and_kinds_without_a_share_are_left_out() -> None:
    sampler = Sampler(some_pairs(), size=20, seed=0)
    for _ in range(5):
        sentences, keys, seen = sampler.batch()
        assert len(sentences) == len(keys) == len(seen) >= 20
        assert "apple" not in keys
        reds = [key.removeprefix("a ").removeprefix("red ") for key in keys if "red c" in key or "red d" in key]
        blues = [key.removeprefix("a blue ") for key in keys if "blue" in key]
        assert reds == blues and len(reds) > 0
        assert all(key in sentence for sentence, key in zip(sentences, keys, strict=True))


def test_names_come_in_sentences_with_their_article() -> None:
    sampler = Sampler(some_pairs(), size=4, seed=0)
    texts = {sampler.templated("owl") for _ in range(200)}
    assert {"owl", "an owl", "a photo of an owl", "the owl"} <= texts and not any("a owl" in text for text in texts)


def test_pictures_say_where_a_text_should_be() -> None:
    pairs = some_pairs()["drawings"]
    mean_text = unit_rows(1)[0]
    names, rows = of_pictures(pairs, mean_text)
    assert names == ["cat", "dog"]  # only these have two drawings
    own = (pairs.seen[0] + pairs.seen[3]) / 2
    expected = F.normalize(mean_text + 2 * (own - pairs.seen.mean(0)), dim=-1)
    torch.testing.assert_close(rows[0], expected)


def test_the_first_file_decides_on_a_word(tmp_path: Path) -> None:
    (tmp_path / "one.json").write_text(json.dumps({"cat": [3.0, 4.0]}))
    (tmp_path / "two.json").write_text(json.dumps({"dog": [0.0, 2.0], "cat": [1.0, 0.0]}))
    texts = read_true_texts([tmp_path / "one.json", tmp_path / "two.json"])
    assert texts.words == ["cat", "dog"]
    torch.testing.assert_close(texts.rows, torch.tensor([[0.6, 0.8], [0.0, 1.0]]))


# --- losses ---------------------------------------------------------------------------------------------------------


def test_equal_sentences_do_not_count_as_wrong() -> None:
    texts, seen = unit_rows(3, 8), unit_rows(3, 8)
    texts[2] = texts[0]
    same = equal_pairs(["a cat", "a dog", "a cat"])
    assert same.tolist() == [[True, False, True], [False, True, False], [True, False, True]]
    logits = 5 * texts @ seen.T

    def entropy(own: int, among: list[int], scores: torch.Tensor) -> torch.Tensor:
        return scores[among].logsumexp(0) - scores[own]

    rows = (entropy(0, [0, 1], logits[0]) + entropy(1, [0, 1, 2], logits[1]) + entropy(2, [1, 2], logits[2])) / 3
    columns = (
        entropy(0, [0, 1], logits[:, 0]) + entropy(1, [0, 1, 2], logits[:, 1]) + entropy(2, [1, 2], logits[:, 2])
    ) / 3
    torch.testing.assert_close(info_nce(texts, seen, same, torch.tensor(5.0)), rows + columns)


def test_a_name_of_the_picture_itself_does_not_count_as_wrong() -> None:
    texts, seen, names = unit_rows(1, 8), unit_rows(1, 8), unit_rows(2, 8)
    clash = torch.tensor([[True, False]])
    own, other = 5 * texts[0] @ seen[0], 5 * seen[0] @ names[1]
    expected = torch.stack([own, other]).logsumexp(0) - own
    torch.testing.assert_close(against_names(texts, seen, names, clash, torch.tensor(5.0)), expected)


def test_recall_counts_the_nearest() -> None:
    rows = torch.eye(8)
    assert recall(rows[:4], rows, [0, 1, 2, 7]) == "top-1 0.75 top-5 0.75"


# --- a run ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch) -> MiniLM:
    """Towers are 128 numbers wide, and this is what they begin as."""
    for name, number in (("WIDTH", 128), ("HEADS", 2), ("INNER", 128), ("BEND", 128)):
        monkeypatch.setattr(text_tower, name, number)
    return SmallMiniLM(128, 128)


def test_it_stops_goes_on_and_leaves_a_tower_that_reads(
    tmp_path: Path, narrow: MiniLM, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticks = itertools.count()
    monkeypatch.setattr(run, "time", SimpleNamespace(perf_counter=lambda: next(ticks)))  # a step takes a second
    pairs = some_pairs()
    true_texts = TrueTexts(["cat", "apple", "tree", "dog"], unit_rows(4))

    def steps(training: TextTraining) -> int:
        train_text_tower(pairs, true_texts, narrow, training, tmp_path)
        step: int = torch.load(tmp_path / RUNNING)["step"]
        return step

    assert steps(TRAINING) == 4 and steps(TRAINING) == 4
    before = torch.load(tmp_path / "clip_text.pt")
    assert steps(replace(TRAINING, minutes=7 / 60)) == 7
    state = torch.load(tmp_path / "clip_text.pt")
    assert state.keys() == before.keys() and not torch.equal(state["line.weight"], before["line.weight"])

    encoder = TextEncoder.from_files(tmp_path / "clip_text.safetensors", tmp_path / "pieces.txt")
    plain = TextEncoder((tmp_path / "pieces.txt").read_text().split("\n"), restored_state(stored_tower(state)))
    assert torch.equal(encoder.encode(["a red cat"]), plain.encode(["a red cat"]))
    assert torch.allclose(encoder.encode(["a red cat", "the sun"]).norm(dim=-1), torch.ones(2), atol=1e-4)
    assert {file.name for file in tmp_path.iterdir()} == {
        "clip_text.pt",
        "clip_text.safetensors",
        "pieces.txt",
        RUNNING,
    }
