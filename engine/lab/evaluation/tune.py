"""A measure to tune by: pictures of concepts that the outside judge is never asked about, ranked by its tower."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import torch

from engine.embedded.load import WEIGHTS
from engine.embedded.retrieval.index import read_index
from engine.lab.evaluation.concepts import on_white, prototypes, read_concepts
from engine.lab.evaluation.drafts import paint_drafts
from engine.lab.evaluation.judge import CachedTower, Ranking, ranking, read_tower, read_words
from engine.lab.training.gather import read_pictures
from engine.spec.artspec import ArtSpec

CONCEPTS: Final = 150  # that a picture is told apart from


@dataclass(frozen=True)
class Tuning:
    """How the same concepts rank as finished pictures, as bare starts and as the index's own originals."""

    finished: Ranking
    start: Ranking
    nearest: Ranking
    nearer: float  # share of the concepts whose finished picture is more like its prototype than its start
    seconds: float  # mean of a painting


def tune(
    work: Path,
    judge: Path,
    count: int,
    spec: ArtSpec,
    processes: int,
    progress: Callable[[], None] = lambda: None,
) -> Tuning:
    """Paint `count` concepts as `spec` has it, each with its own name as the prompt, and rank them among all concepts.

    Needs the training pictures in `work` and the judge's files. Raises `InputError` when the judge's are unusable.
    """
    pixels, pictures = read_pictures(work)
    unseen_pixels, unseen = read_pictures(work, "unseen")
    words, _ = read_words(judge)
    concepts = read_concepts(pictures, unseen, read_index(WEIGHTS).entries, words, CONCEPTS)
    tower = CachedTower(read_tower(judge), work / "evaluation")
    known = prototypes(concepts, pixels, unseen_pixels, tower)
    chosen = concepts[:count]
    drafts = paint_drafts(
        [replace(spec, prompt=concept.name) for concept in chosen], work / "evaluation" / "drafts", processes, progress
    )
    right = torch.arange(len(chosen))
    finished = tower.embed([draft.finished for draft in drafts])
    start = tower.embed([draft.start for draft in drafts])
    nearest = tower.embed([on_white(pixels[concept.inside[0]]) for concept in chosen])
    own = known[: len(chosen)]
    return Tuning(
        finished=ranking(finished, known, right),
        start=ranking(start, known, right),
        nearest=ranking(nearest, known, right),
        nearer=float(((finished * own).sum(1) > (start * own).sum(1)).float().mean()),
        seconds=sum(draft.seconds for draft in drafts) / len(drafts),
    )
