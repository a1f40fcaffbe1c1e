"""`EmbeddedPrior`: an init image for a prompt, composed of drawings from the index."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from engine.embedded.perceptor import EmbeddedPerceptor
from engine.embedded.retrieval.index import Index
from engine.embedded.retrieval.names import Candidate, Names, non_latin
from engine.embedded.scene.backgrounds import Background
from engine.embedded.scene.colours import COLOUR_WORDS, Colour, in_colour, object_mask, shaded, share_of_colour
from engine.embedded.scene.compose import arranged, filling, flies, set_before, setting, turned
from engine.embedded.scene.kinds import is_four_footed
from engine.embedded.scene.landscapes import draw_background
from engine.embedded.scene.pieces import cut_out, without_gaps
from engine.embedded.scene.read import Scene, Subject, read_scene
from engine.errors import Message
from engine.models.vqgan import VQGAN, rows_of

WHOLE_SCENE = 0.82  # share of a drawing that is covered, from which on it is a scene rather than a subject
MOST_DECODED = 2  # candidates of a subject that are decoded, of which the best is used
SHOWN_LETTERS = 40  # of a word in a note
SHOWN_WORDS = 3


@dataclass(frozen=True)
class Drawing:
    """A decoded drawing from the index: a subject on white."""

    picture: Tensor  # (3, 256, 256) in [0, 1]
    mask: Tensor  # (256, 256) in [0, 1]: the subject's opacity


class EmbeddedPrior:
    """Retrieves the nearest drawings for each subject, recolours them, and composes them on a background."""

    def __init__(self, index: Index, perceptor: EmbeddedPerceptor) -> None:
        self._index = index
        self._perceptor = perceptor
        self._names = Names(index.entries, perceptor.table)

    def scene(self, text: str) -> Scene:
        """The scene of `text`, with typos corrected."""
        return read_scene(self._names.corrected(text)[0], self._names.phrases)

    def known(self, text: str) -> list[str]:
        """At most five names in the index that are nearest to the first subject of `text`, best first."""
        scene = self.scene(text)
        return self._names.nearest(scene.subjects[0]) if scene.subjects else []

    def nearest(self, text: str) -> tuple[int, ...]:
        """The rows of the index from which `text` may be painted: by subject, best first."""
        return tuple(
            candidate.row
            for subject in self.scene(text).subjects
            for candidate in self._names.candidates(subject, most=6)
        )

    def notes(self, text: str) -> tuple[Message, ...]:
        """Messages to the user about words that were corrected or are unknown."""
        corrected, corrections = self._names.corrected(text)
        notes = [
            Message("“{word}” was read as “{meant}”.", word=_short(word), meant=meant)
            for word, meant in list(corrections.items())[:SHOWN_WORDS]
        ]
        scene = read_scene(corrected, self._names.phrases)
        words = [word for subject in scene.subjects for word in subject.name.split()]
        unknown = list(dict.fromkeys([*(word for word in words if not self._names.knows(word)), *non_latin(text)]))
        if not unknown:
            return tuple(notes)
        quoted = _quoted([_short(word) for word in unknown])
        if not scene.subjects and not scene.background:
            notes.append(
                Message("The embedded model does not know {words}: painting a landscape instead.", words=quoted)
            )
            return tuple(notes)
        missing = [subject for subject in scene.subjects if all(word in unknown for word in subject.name.split())]
        nearest = self._names.nearest(missing[0], 1) if missing else []
        if nearest and len(unknown) == 1:
            notes.append(
                Message(
                    "The embedded model does not know {words}: painting what is nearest ({name}).",
                    words=quoted,
                    name=nearest[0],
                )
            )
        else:
            notes.append(Message("The embedded model does not know {words}: painting what is nearest.", words=quoted))
        return tuple(notes)

    @torch.no_grad()
    def propose(self, text: str, *, width: int, height: int, generator: torch.Generator, vqgan: VQGAN) -> Tensor:
        """(1, 3, height, width) init image in [0, 1] for any `text`.

        `generator` (on the CPU) decides between drawings of about equal score, the arrangement of subjects, and details
        of the background.
        """
        scene = self.scene(text)
        background = setting(scene)

        def rng() -> float:
            """Uniform in [0, 1)."""
            return float(torch.rand((), generator=generator))

        if not scene.subjects:
            return draw_background(background or _ANY, width, height, generator, alone=True).picture
        drawings = [self._chosen(subject, scene, generator, vqgan) for subject in scene.subjects]
        alone = len(scene.subjects) == 1 and scene.subjects[0].number == 1
        if alone and not background and float(drawings[0].mask.mean()) > WHOLE_SCENE:
            return filling(drawings[0].picture[None], width, height)
        pieces = [_several(each, subject.number) for each, subject in zip(drawings, scene.subjects, strict=True)]
        if not background and any(_is_white(_colour_of(subject, scene)) for subject in scene.subjects):
            background = _PALE
        aloft = flies(scene)
        if alone and (not scene.background or aloft):
            pieces[0] = [turned(pieces[0][0], 14 * (rng() - 0.5))]
        scenery = draw_background(background, width, height, generator, alone=False) if background else None
        return set_before(arranged(scene, pieces, rng), scenery, width, height, aloft=aloft, rng=rng)

    def _chosen(self, subject: Subject, scene: Scene, generator: torch.Generator, vqgan: VQGAN) -> Drawing:
        """A drawing of a subject, in its colour."""
        alone = len(scene.subjects) == 1
        sampled = self._sampled(self._names.candidates(subject, most=6), generator)
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
            scores = scores + 0.15 * self._similarity(f"{' '.join(subject.colours)} {subject.name}", pictures)
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
_ANY = Background("meadow", lights=frozenset({"rainbow"}))  # for a text without subject and background


def _several(drawing: Drawing, number: int) -> list[Tensor]:
    """(4, h, w) each: `number` cut-outs of one drawing, every other one mirrored."""
    piece = cut_out(drawing.picture, drawing.mask)
    return [piece if place % 2 == 0 else piece.flip(-1) for place in range(number)]


def _is_white(colour: Colour | None) -> bool:
    return colour is not None and colour.value > 0.9 and colour.saturation < 0.1


def _short(word: str) -> str:
    return word if len(word) <= SHOWN_LETTERS else word[: SHOWN_LETTERS - 1] + "…"


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
