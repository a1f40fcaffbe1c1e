"""`EmbeddedPrior`: an init image for a prompt, composed of drawings from the index."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import torch
import torch.nn.functional as F
from torch import Tensor

from engine.embedded.perceptor import EmbeddedPerceptor
from engine.embedded.retrieval.index import Index
from engine.embedded.retrieval.names import Candidate, Names
from engine.embedded.scene.backgrounds import Background
from engine.embedded.scene.colours import COLOUR_WORDS, Colour, in_colour, object_mask, shaded, share_of_colour
from engine.embedded.scene.compose import arranged, filling, flies, set_before, setting, turned
from engine.embedded.scene.kinds import is_four_footed
from engine.embedded.scene.landscapes import draw_background
from engine.embedded.scene.pieces import cut_out, without_gaps
from engine.embedded.scene.read import Scene, Subject, read_scene
from engine.embedded.translate import in_english
from engine.errors import Message
from engine.images.noise import fractal_noise
from engine.models.prior import Proposal
from engine.models.vqgan import VQGAN, rows_of

WHOLE_SCENE = 0.82  # share of a drawing that is covered, from which on it is a scene rather than a subject
MOST_SAMPLED = 6  # drawings of a subject that the seed chooses from
MOST_DECODED = 2  # of them are decoded, of which the best is used
SHOWN_LETTERS = 40  # of a word in a note
SHOWN_TEXT = 120
SHOWN_WORDS = 3
GROUND_HOLD = 25.0  # of plain ground, in holds of a subject: it is to stay clean
SCENERY_HOLD = 2.0
MARGIN = 0.05  # of the shorter side: how far around a subject the ground is as free as the subject
NEARNESS = 2.0  # weight of the cosine of a drawing with its words, beside the score of its name
MOODS_TRIED = 8
MOOD_COLOURS = 4
MOOD_CONTRAST = 6.0


@dataclass(frozen=True)
class Drawing:
    """A decoded drawing from the index: a subject on white."""

    picture: Tensor  # (3, 256, 256) in [0, 1]
    mask: Tensor  # (256, 256) in [0, 1]: the subject's opacity


@dataclass(frozen=True)
class _Reading:
    """What was understood of a prompt."""

    english: str
    corrections: dict[str, str]
    foreign: tuple[str, ...]  # words of another language that are not known
    scene: Scene
    unfit: tuple[Subject, ...]  # subjects that no drawing fits


class EmbeddedPrior:
    """Retrieves the nearest drawings for each subject, recolours them, and composes them on a background.

    What no drawing fits is left to the words: a picture of which nothing is known starts from coloured noise.
    """

    def __init__(self, index: Index, perceptor: EmbeddedPerceptor) -> None:
        self._index = index
        self._perceptor = perceptor
        self._names = Names(index.entries, index.meanings, perceptor.texts)
        self._read = lru_cache(maxsize=64)(self._reading)

    def scene(self, text: str) -> Scene:
        """The scene of `text` in English, with typos corrected, without the subjects that no drawing fits."""
        return self._read(text).scene

    def known(self, text: str) -> list[str]:
        """At most five names in the index that are nearest to the first subject of `text`, best first."""
        subjects = self.scene(text).subjects
        return self._names.nearest(subjects[0]) if subjects else []

    def nearest(self, text: str) -> tuple[int, ...]:
        """The rows of the index from which `text` may be painted: by subject, best first."""
        return tuple(
            candidate.row
            for subject in self.scene(text).subjects
            for candidate in self._names.candidates(subject, most=MOST_SAMPLED)
        )

    def notes(self, text: str) -> tuple[Message, ...]:
        """Messages to the user: how the prompt was read, and what is painted from the words alone."""
        read = self._read(text)
        notes = []
        if read.english != text:
            notes.append(Message("Your prompt was read as “{text}”.", text=_short(read.english, SHOWN_TEXT)))
        notes += [
            Message("“{word}” was read as “{meant}”.", word=_short(word), meant=meant)
            for word, meant in list(read.corrections.items())[:SHOWN_WORDS]
        ]
        if read.foreign:
            words = _quoted([_short(word) for word in read.foreign])
            notes.append(Message("{words} could not be read, and was left out.", words=words))
        if read.unfit:
            words = _quoted([_short(subject.name) for subject in read.unfit])
            notes.append(
                Message("The embedded model has no drawing of {words}: it paints from the words alone.", words=words)
            )
        if read.scene.left_out:
            words = _quoted([_short(name) for name in read.scene.left_out])
            notes.append(Message("There was no room to lay out {words}.", words=words))
        return tuple(notes)

    def _reading(self, text: str) -> _Reading:
        translated = in_english(text)
        corrected, corrections = self._names.corrected(translated.text)
        scene = read_scene(corrected, self._names.phrases)
        fit = [self._names.fits(subject) for subject in scene.subjects]
        unfit = tuple(subject for subject, fits in zip(scene.subjects, fit, strict=True) if not fits)
        return _Reading(translated.text, corrections, translated.unknown, scene.only(fit), unfit)

    @torch.no_grad()
    def propose(self, text: str, *, width: int, height: int, generator: torch.Generator, vqgan: VQGAN) -> Proposal:
        """The proposal for any `text`.

        `generator` (on the CPU) decides between drawings of about equal score, the arrangement of subjects, and details
        of the background.
        """
        scene = self.scene(text)
        background = setting(scene)

        def rng() -> float:
            """Uniform in [0, 1)."""
            return float(torch.rand((), generator=generator))

        if not scene.subjects and not background:
            return Proposal(self._mood(text, width, height, generator), torch.zeros(height, width))
        if not scene.subjects:
            view = draw_background(background, width, height, generator, alone=True).picture[0]
            return Proposal(view, torch.full((height, width), SCENERY_HOLD))
        drawings = [self._chosen(subject, scene, generator, vqgan) for subject in scene.subjects]
        alone = len(scene.subjects) == 1 and scene.subjects[0].number == 1
        if alone and not background and float(drawings[0].mask.mean()) > WHOLE_SCENE:
            return Proposal(filling(drawings[0].picture[None], width, height)[0], torch.ones(height, width))
        pieces = [_several(each, subject.number) for each, subject in zip(drawings, scene.subjects, strict=True)]
        if not background and any(_is_white(_colour_of(subject, scene)) for subject in scene.subjects):
            background = _PALE
        aloft = flies(scene)
        if alone and (not scene.background or aloft):
            pieces[0] = [turned(pieces[0][0], 14 * (rng() - 0.5))]
        scenery = draw_background(background, width, height, generator, alone=False) if background else None
        picture, covered = set_before(arranged(scene, pieces, rng), scenery, width, height, aloft=aloft, rng=rng)
        return Proposal(picture[0], _hold(covered, GROUND_HOLD if scenery is None else SCENERY_HOLD))

    def _mood(self, text: str, width: int, height: int, generator: torch.Generator) -> Tensor:
        """(3, height, width): of several pictures of coloured noise the one that is nearest to the words."""
        noises = torch.stack([_coloured_noise(width, height, generator) for _ in range(MOODS_TRIED)])
        return noises[int(self._similarity(text, noises).argmax())]

    def _chosen(self, subject: Subject, scene: Scene, generator: torch.Generator, vqgan: VQGAN) -> Drawing:
        """A drawing of a subject, in its colour."""
        alone = len(scene.subjects) == 1
        sampled = self._sampled(self._names.candidates(subject, most=MOST_SAMPLED), generator)
        decoded = sampled[: MOST_DECODED if alone else 1]
        pictures = self._decode([candidate.row for candidate in decoded], vqgan)
        originals, masks = pictures, object_mask(pictures)  # before recolouring, which may make the subject white
        colour = _colour_of(subject, scene)
        scores = torch.tensor([candidate.score for candidate in decoded])
        if colour is not None:
            pictures = torch.stack(
                [in_colour(picture, mask, colour) for picture, mask in zip(pictures, masks, strict=True)]
            )
            shares = [share_of_colour(picture, mask, colour) for picture, mask in zip(pictures, masks, strict=True)]
            scores = scores + 0.2 * torch.tensor(shares)
        if len(decoded) > 1:
            scores = scores + NEARNESS * self._similarity(" ".join((*subject.colours, subject.name)), pictures)
            scores = scores - 0.4 * (masks.mean((1, 2)) > WHOLE_SCENE) * bool(scene.background)
        best = int(scores.argmax())
        mask = without_gaps(originals[best], masks[best]) if is_four_footed(subject) else masks[best]
        drawing = Drawing(pictures[best], mask)
        mirrored = float(torch.rand((), generator=generator)) < 0.4
        return Drawing(drawing.picture.flip(-1), drawing.mask.flip(-1)) if mirrored else drawing

    def _sampled(self, candidates: Sequence[Candidate], generator: torch.Generator) -> list[Candidate]:
        """The candidates in random order, sampled without replacement by their scores (Gumbel top-k)."""
        scores = torch.tensor([candidate.score for candidate in candidates])
        uniform = torch.rand(len(candidates), generator=generator).clamp_min(1e-6)
        order = (scores / 0.07 - (-uniform.log()).log()).argsort(descending=True)
        return [candidates[place] for place in order.tolist()]

    def _decode(self, rows: Sequence[int], vqgan: VQGAN) -> Tensor:
        """(N, 3, 256, 256) in [0, 1] on the CPU: the drawings of these rows."""
        codes = torch.from_numpy(self._index.codes[list(rows)].astype("int64")).to(vqgan.codebook.device)
        return vqgan.decode(rows_of(codes, vqgan.codebook)).clamp(0, 1).cpu()

    def _similarity(self, text: str, pictures: Tensor) -> Tensor:
        """(N,) cosine similarity of each picture with the text, by the embedded CLIP."""
        side = self._perceptor.input_size
        small = F.interpolate(pictures, size=(side, side), mode="bilinear", antialias=True, align_corners=False)
        target = self._perceptor.encode_text([text])
        embedded = self._perceptor.encode_image(small.to(target.device))
        similarity: Tensor = (embedded @ target.T)[:, 0]
        return similarity.cpu()


_PALE = Background(colour=Colour(205, 0.22, 0.95))  # white subjects would be invisible on white


def _hold(covered: Tensor, ground: float) -> Tensor:
    """(H, W): 1 on and around what is covered, `ground` elsewhere."""
    margin = max(1, round(MARGIN * min(covered.shape)))
    near = F.max_pool2d(covered[None, None], 2 * margin + 1, stride=1, padding=margin)[0, 0]
    return torch.where(near > 0.05, 1.0, ground)


def _coloured_noise(width: int, height: int, generator: torch.Generator) -> Tensor:
    """(3, height, width) in [0, 1]: smooth noise between the colours of a random small palette."""
    palette = torch.rand(MOOD_COLOURS, 3, generator=generator)
    noise = torch.stack([fractal_noise(width, height, generator)[0] for _ in range(MOOD_COLOURS)])
    shares = (noise * MOOD_CONTRAST).softmax(0)
    return torch.einsum("khw,kc->chw", shares, palette)


def _several(drawing: Drawing, number: int) -> list[Tensor]:
    """(4, h, w) each: `number` cut-outs of one drawing, every other one mirrored."""
    piece = cut_out(drawing.picture, drawing.mask)
    return [piece if place % 2 == 0 else piece.flip(-1) for place in range(number)]


def _is_white(colour: Colour | None) -> bool:
    return colour is not None and colour.value > 0.9 and colour.saturation < 0.1


def _short(text: str, most: int = SHOWN_LETTERS) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def _quoted(words: Sequence[str]) -> Message:
    """The first three of the words in quotation marks: a template, since these differ between languages."""
    match list(words):
        case [word]:
            return Message("“{word}”", word=word)
        case [first, second]:
            return Message("“{first}” and “{second}”", first=first, second=second)
        case [first, second, third, *_]:
            return Message("“{first}”, “{second}” and “{third}”", first=first, second=second, third=third)
    raise ValueError("there is no word to quote")


def _colour_of(subject: Subject, scene: Scene) -> Colour | None:
    """The colour in the prompt, or that of leaves in the season."""
    if subject.colours:
        return shaded(COLOUR_WORDS[subject.colours[0]], subject.shade)
    leafy = {"tree", "leaf", "leave", "leaves", "maple", "oak"} & set(subject.name.split())
    if leafy and scene.background.season == "autumn":
        return COLOUR_WORDS["orange"]
    if leafy and scene.background.season == "spring":
        return COLOUR_WORDS["pink"]
    return None
