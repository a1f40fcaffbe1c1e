"""The picture of each of the judge's words, as the judge ranks it, beside what it could have been without guidance.

The words are for the final figure alone: nothing is trained, selected or tuned by them, so only means are told.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import torch
from torch import Tensor

from engine.embedded.load import load_embedded
from engine.embedded.text import WordTable, singular_guesses
from engine.lab.evaluation.concepts import on_white
from engine.lab.evaluation.drafts import Draft
from engine.lab.evaluation.judge import CachedTower, Pixels, Ranking, ranking
from engine.lab.training.drawings import Picture
from engine.lab.training.gather import read_pictures

HANDS: Final = ("noto", "fluent-emoji", "fluent-emoji-flat", "fxemoji", "noto-v1", "fluent-emoji-3d")  # clearest first


@dataclass(frozen=True)
class JudgedWords:
    """How the words' pictures rank in each state."""

    finished: Ranking
    start: Ranking  # the proposal alone
    step_0: Ranking  # what the first step began from
    nearest: Ranking | None  # training pictures; None where these are absent


def measure_words(
    words: Sequence[str], vectors: Tensor, drafts: Sequence[Draft], tower: CachedTower, work: Path | None
) -> JudgedWords:
    """`vectors` (words, D) are the judge's; every draft's prompt is one of `words`. `work` holds training pictures."""
    right = torch.tensor([words.index(draft.spec.prompt) for draft in drafts])

    def of(pictures: Sequence[Pixels]) -> Ranking:
        return ranking(tower.embed(pictures), vectors, right)

    return JudgedWords(
        finished=of([draft.finished for draft in drafts]),
        start=of([draft.start for draft in drafts]),
        step_0=of([draft.step_0 for draft in drafts]),
        nearest=None if work is None else of(_named(work, [draft.spec.prompt for draft in drafts])),
    )


def _named(work: Path, words: Sequence[str]) -> list[Pixels]:
    """The training picture whose name fits best; for a word that comes again the next best."""
    pixels, pictures = read_pictures(work)
    table = load_embedded().perceptor.table
    ranked = {word: best_named(word, pictures, table, words.count(word)) for word in set(words)}
    taken = {word: iter(rows) for word, rows in ranked.items()}
    return [on_white(pixels[next(taken[word])]) for word in words]


def best_named(word: str, pictures: Sequence[Picture], table: WordTable, count: int) -> list[int]:
    """Rows of pictures, best first: names near in meaning, equal to the word (0.5), or with it as a tag (0.4 or less).

    Of equal names the clearest hand comes first.
    """
    names = sorted({picture.name for picture in pictures})
    similarity: dict[str, float] = dict(zip(names, (table.embed(names) @ table.embed([word])[0]).tolist(), strict=True))
    forms = {word, *singular_guesses(word)}

    def fit(row: int) -> float:
        picture = pictures[row]
        equal = 0.5 if picture.name in forms else 0.0
        for place, tag in enumerate(picture.tags):
            if tag in forms:
                equal = max(equal, 0.4 - 0.03 * place)
        hand = HANDS.index(picture.source) if picture.source in HANDS else len(HANDS)
        return similarity[picture.name] + equal - 0.001 * hand

    return sorted(range(len(pictures)), key=fit, reverse=True)[:count]
