"""A measure to tune by: pictures of concepts that the outside judge is never asked about, ranked by its tower."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import torch

from engine.mini.bank import read_bank
from engine.mini.evaluation.concepts import on_white, prototypes, read_concepts
from engine.mini.evaluation.drafts import paint_drafts
from engine.mini.evaluation.judge import Looks, Standing, read_tower, read_words, standing
from engine.mini.model import WEIGHTS
from engine.mini.training.gather import read_pictures
from engine.spec import ArtSpec

CONCEPTS: Final = 150  # that a picture is told apart from


@dataclass(frozen=True)
class Tuning:
    """How the same concepts stand as finished pictures, as bare starts and as the bank's own originals."""

    finished: Standing
    start: Standing
    nearest: Standing
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
    concepts = read_concepts(pictures, unseen, read_bank(WEIGHTS).entries, words, CONCEPTS)
    looks = Looks(read_tower(judge), work / "evaluation")
    known = prototypes(concepts, pixels, unseen_pixels, looks)
    chosen = concepts[:count]
    drafts = paint_drafts(
        [replace(spec, prompt=concept.name) for concept in chosen], work / "evaluation" / "drafts", processes, progress
    )
    right = torch.arange(len(chosen))
    finished = looks.embed([draft.finished for draft in drafts])
    start = looks.embed([draft.start for draft in drafts])
    nearest = looks.embed([on_white(pixels[concept.inside[0]]) for concept in chosen])
    own = known[: len(chosen)]
    return Tuning(
        finished=standing(finished, known, right),
        start=standing(start, known, right),
        nearest=standing(nearest, known, right),
        nearer=float(((finished * own).sum(1) > (start * own).sum(1)).float().mean()),
        seconds=sum(draft.seconds for draft in drafts) / len(drafts),
    )
