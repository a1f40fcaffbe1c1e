"""What painting does: how far a picture goes from its proposal, and whether every part of a spec acts."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from engine.embedded.load import load_embedded
from engine.embedded.scene.colours import object_mask
from engine.lab.evaluation.eye import CPU, Eye, Pixels, as_pixels, as_tensor, ranks, within
from engine.lab.evaluation.prompts import NOUNS, SHEET, THINGS, Painted, change, paint_all
from engine.lab.evaluation.report import Figure, Section, Setting
from engine.lab.evaluation.training_distance import measure_training_distance
from engine.lab.training.augment import COLOURS, colour_shares
from engine.loop.init import make_init
from engine.models.describe import with_article
from engine.registry import Models, choose_precision, load_models
from engine.spec.artspec import ArtSpec, ImagePrompt
from engine.spec.modifiers import with_modifiers
from engine.spec.plan import plan

MOVED: Final = SHEET[::3][:20]
VARIED: Final = ("cat", "castle", "butterfly", "guitar")
MODIFIED: Final = "lighthouse"
MODIFIERS: Final = ("oil painting", "watercolour", "pixel art", "stained glass", "low poly", "pencil sketch")
NEGATED: Final = (
    ("strawberry", "red"),
    ("sunflower", "yellow"),
    ("lighthouse", "red and white stripes"),
    ("mushroom", "white dots"),
)
WEIGHED: Final = (("castle", "fog"), ("owl", "snow"), ("rocket", "fire"))
LIGHT_AND_HEAVY: Final = (0.2, 2.0)
PULLED: Final = ("butterfly", "castle")  # by a picture of PULLING
PULLING: Final = "a sunflower"
RED: Final = "a red apple"
GREEN: Final = "a green apple"
STRENGTH: Final = 0.5
RECOGNISED: Final = 3  # the rank up to which a word counts as recognised
EDGE: Final = 4  # pixels of the border
WHITE: Final = 0.02  # mean distance from white up to which a proposal's border is white ground


def proposal(spec: ArtSpec, models: Models) -> Pixels:
    """What the prior proposes for the spec."""
    target = make_init(plan(spec, models.family), models, {}).target_image
    assert target is not None  # the embedded model has a prior
    return as_pixels(target)


# --- the arithmetic -------------------------------------------------------------------------------------------------


def from_white(picture: Pixels) -> float:
    """The mean distance from white, 0 … 1, of the pixels along the border."""
    inside = np.zeros(picture.shape[:2], bool)
    inside[EDGE:-EDGE, EDGE:-EDGE] = True
    return 1 - float(picture[~inside].mean()) / 255


def overlap(one: NDArray[np.bool_], other: NDArray[np.bool_]) -> float:
    """Intersection over union of two masks; 1 for two empty ones."""
    union = int((one | other).sum())
    return int((one & other).sum()) / union if union else 1.0


def subject(picture: Pixels) -> NDArray[np.bool_]:
    """(H, W): what is no white ground."""
    mask: NDArray[np.bool_] = (object_mask(as_tensor(picture)[None])[0] > 0.5).numpy()
    return mask


def share_of_green(picture: Pixels) -> float:
    """The share of the subject's pixels whose colour people call green, 0 … 1."""
    mask = torch.from_numpy(subject(picture)).float()
    return float(colour_shares(as_tensor(picture)[None], mask[None])[0, COLOURS.index("green")])


def by_second(changes: Sequence[float], rate: float) -> list[float]:
    """The sum of the changes that are seen in each second of a film of `rate` frames a second.

    Frame 0 is there from the start: the first change is seen when frame 1 comes, 1 / rate seconds later.
    """
    seconds = [0.0] * (int(len(changes) / rate) + 1)
    for number, each in enumerate(changes, start=1):
        seconds[int(number / rate)] += each
    return seconds


def calmest(changes: Sequence[float], rate: float) -> float:
    """The change of the calmest second of a film as a share of the mean second's."""
    seconds = by_second(changes, rate)
    return min(seconds) / max(sum(seconds) / len(seconds), 1e-9)


# --- the figures ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Bench:
    """What the figures are made with."""

    setting: Setting
    eye: Eye
    models: Models

    def paint(self, prompts: Sequence[str], images: Mapping[str, Path] | None = None, **fields: Any) -> list[Painted]:
        return paint_all([self.setting.spec(prompt, **fields) for prompt in prompts], self.setting, images)

    def cosines(self, pictures: Sequence[Pixels], sentences: Sequence[str]) -> Tensor:
        """(N,) of each picture with its sentence."""
        return (self.eye.see(map(as_tensor, pictures)) * self.eye.read(sentences)).sum(1)

    def kept_proposal(self, prompt: str) -> dict[str, Path]:
        """The file of the proposal for a prompt, by its SHA-256 as specs name it."""
        buffer = io.BytesIO()
        Image.fromarray(proposal(self.setting.spec(prompt), self.models)).save(buffer, "png")
        digest = hashlib.sha256(buffer.getvalue()).hexdigest()
        file = self.setting.kept / f"{digest}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(buffer.getvalue())
        return {digest: file}


def measure(setting: Setting) -> Section:
    bench = Bench(
        setting, Eye(load_embedded(CPU, choose_precision(CPU)).perceptor, setting.tower), load_models("mini", "cpu")
    )
    notes = [f"Cosines are by {bench.eye.name}; pixels are 0 … 1; all is painted at draft, with one seed, in one try."]
    figures = moved(bench)
    if (setting.work / "pictures.npy").exists():
        things = setting.some(THINGS)
        distance = measure_training_distance(setting.work, [each.picture for each in bench.paint(things)])
        figures.append(
            Figure("things as near to a training picture as its own codes", distance.same, most=8, number=len(things))
        )
        notes.append(distance.note())
    else:
        notes.append("The distance to the training pictures was not measured: they are not in the work folder.")
    for measured in (varied, modified, negated, weighed, recoloured, pulled):
        figures += measured(bench)
    return Section(tuple(figures), tuple(notes))


def moved(bench: Bench) -> list[Figure]:
    """From the proposal to the finished picture: the change, what stays white, and when the film shows it."""
    prompts = bench.setting.some(MOVED)
    painted = bench.paint(prompts)
    proposed = [proposal(bench.setting.spec(prompt), bench.models) for prompt in prompts]
    both = list(zip(proposed, painted, strict=True))
    changes = [change(one, other.picture) for one, other in both]
    white = [from_white(other.picture) for one, other in both if from_white(one) < WHITE]
    calm = [calmest(each.changes, each.rate) for each in painted]
    return [
        Figure("change of a pixel from the proposal to the finished picture", mean(changes), 0.06, number=len(both)),
        Figure("distance from white along the border, where the proposal is on white", mean(white), number=len(white)),
        Figure("film: the calmest second's change, of the mean second's", min(calm), 0.2, number=len(calm)),
        Figure("films without such a second", sum(each >= 0.2 for each in calm), number=len(calm)),
    ]


def varied(bench: Bench) -> list[Figure]:
    """Four variations of a word: how far apart any two are, and the rank of the word among the plain nouns."""
    words = bench.setting.some(VARIED)
    painted = bench.paint(words, variations=4)
    apart = min(change(*pair) for each in painted for pair in combinations(each.pictures, 2))
    seen = bench.eye.see(as_tensor(picture) for each in painted for picture in each.pictures)
    texts = bench.eye.read(f"a drawing of {with_article(word)}" for word in NOUNS)
    right = torch.tensor([NOUNS.index(word) for word in words]).repeat_interleave(4)
    places = ranks(seen, texts, right)
    return [
        Figure("least change of a pixel between two of four variations", apart, 0.08, number=len(places)),
        Figure(
            f"variations whose word is among the first {RECOGNISED} of {len(texts)}",
            within(places, RECOGNISED),
            1.0,
            number=len(places),
        ),
        Figure("the word's worst rank", int(places.max()), number=len(places)),
    ]


def modified(bench: Bench) -> list[Figure]:
    """A comparison: each picture beside the one without a modifier, by the sentence with the modifier's words."""
    (compared,), (plain,) = bench.paint([MODIFIED], compare=MODIFIERS), bench.paint([MODIFIED])
    sentences = [with_modifiers(MODIFIED, [modifier]) for modifier in MODIFIERS]
    gains = bench.cosines(compared.pictures, sentences) - bench.cosines([plain.picture] * len(sentences), sentences)
    return [
        Figure("modifiers that bring the picture nearer", int((gains > 0).sum()), len(gains), number=len(gains)),
        Figure("gain of the cosine by a modifier", float(gains.mean()), number=len(gains)),
    ]


def negated(bench: Bench) -> list[Figure]:
    """Pictures with a negative prompt beside those without, by the cosine with what is negated."""
    pairs = bench.setting.some(NEGATED)
    plain = [each.picture for each in bench.paint([prompt for prompt, _ in pairs])]
    specs = [bench.setting.spec(prompt, negative=negative) for prompt, negative in pairs]
    without = [each.picture for each in paint_all(specs, bench.setting)]
    negatives = [negative for _, negative in pairs]
    lost = bench.cosines(plain, negatives) - bench.cosines(without, negatives)
    return [
        Figure("change of a pixel by a negative prompt", mean(list(map(change, plain, without))), number=len(pairs)),
        Figure("negative prompts that lower their cosine", int((lost > 0).sum()), len(pairs), number=len(pairs)),
        Figure("loss of the cosine by a negative prompt", float(lost.mean()), number=len(pairs)),
    ]


def weighed(bench: Bench) -> list[Figure]:
    """“castle | fog:2” beside “castle | fog:0.2”, by the cosine with “fog”."""
    pairs = bench.setting.some(WEIGHED)
    texts = [second for _, second in pairs]
    light, heavy = (
        [each.picture for each in bench.paint([f"{first} | {second}:{weight}" for first, second in pairs])]
        for weight in LIGHT_AND_HEAVY
    )
    gains = bench.cosines(heavy, texts) - bench.cosines(light, texts)
    return [
        Figure("weights that act", int((gains > 0).sum()), len(pairs), number=len(pairs)),
        Figure("gain of the cosine by ten times the weight", float(gains.mean()), number=len(pairs)),
    ]


def recoloured(bench: Bench) -> list[Figure]:
    """A red apple as the start image of a green one: what becomes green, and whether it stays in its place."""
    image = bench.kept_proposal(RED)
    (digest, file), *_ = image.items()
    start = np.asarray(Image.open(file))
    (painted,) = bench.paint([GREEN], image, start_image=digest, strength=STRENGTH)
    return [
        Figure(f"{RED} to green at strength {STRENGTH}: share of green", share_of_green(painted.picture), number=1),
        Figure("the same before painting", share_of_green(start), number=1),
        Figure("overlap of its place with the old one's", overlap(subject(start), subject(painted.picture)), number=1),
    ]


def pulled(bench: Bench) -> list[Figure]:
    """Pictures with an image prompt beside those without, by the cosine with that image."""
    image = bench.kept_proposal(PULLING)
    (digest, file), *_ = image.items()
    plain = [each.picture for each in bench.paint(PULLED)]
    drawn = [each.picture for each in bench.paint(PULLED, image, image_prompts=(ImagePrompt(digest),))]
    target, before, after = (
        bench.eye.see(map(as_tensor, each)) for each in ([np.asarray(Image.open(file))], plain, drawn)
    )
    gains = (after - before) @ target[0]
    return [
        Figure("image prompts that pull", int((gains > 0).sum()), len(gains), number=len(gains)),
        Figure("gain of the cosine with the image", float(gains.mean()), number=len(gains)),
    ]


def mean(values: Sequence[float]) -> float:
    """NaN of none."""
    return sum(values) / len(values) if values else float("nan")
