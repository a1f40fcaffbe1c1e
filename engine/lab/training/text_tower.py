"""Trains the embedded text tower on pictures with names, and on the true text embeddings of a few words.

Three losses: InfoNCE between sentences and image embeddings of the frozen image tower, in both directions (Radford et
al. 2021), with pairs that differ in a word in one batch; the cosine with OpenAI's own text embeddings where they are
known, and, for every named thing, with what its pictures say of them (`of_pictures`); and the cosine of the sentence
with all-MiniLM-L6-v2's, which keeps what it knows of words that no picture shows. From a third of the time on the
matrices are rounded to 4 bits in each step, with straight-through gradients. It runs on the CPU.
"""

from __future__ import annotations

import math
import random
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torch import Tensor, nn

from engine.embedded.four_bits import restored_state
from engine.embedded.text_tower import END, START, TextEncoder, TextTower, Tokenizer, batch_of
from engine.lab.training.minilm import MiniLM
from engine.lab.training.pairs import Pairs
from engine.lab.training.rounding import PlainState, round_in_training, stored_tower
from engine.lab.training.run import Stateful, TrainingRun
from engine.lab.training.text_batches import Sampler, TrueTexts, of_pictures
from engine.lab.training.text_start import chosen_pieces, initial_tower
from engine.models.describe import with_article

RUNNING: Final = "running.pt"  # in the folder of the results: where the training goes on from
HELD_OUT_EVERY: Final = 5  # of the true text embeddings, for measuring
ROUNDED_FROM: Final = 0.3  # share of the time
AVERAGED_FROM: Final = 0.5  # share of the time from which on the weights are averaged
AVERAGE_KEPT: Final = 0.98  # of the average in each step
MOST_ANCHORS: Final = 64  # true text embeddings in a step
MOST_TAUGHT: Final = 48  # sentences of a step that are compared with MiniLM's
LONGEST_TRAINED: Final = 28  # pieces
PART: Final = 224  # sentences that are read together
WEIGHTS: Final = {"contrast": 1.0, "against": 0.5, "anchor": 20.0, "ranked": 0.3, "pictured": 8.0, "taught": 4.0}
FAR: Final = -1e4  # logit of what is not compared


@dataclass(frozen=True)
class TextTraining:
    minutes: float = 40.0
    batch: int = 384
    names: int = 160  # sampled names that each picture is told apart from, besides the batch's own sentences
    learning_rate: float = 4e-4
    seed: int = 0
    hold_out: bool = True  # whether a fifth of the true text embeddings is kept for measuring


def train_text_tower(
    pairs: Mapping[str, Pairs],
    true_texts: TrueTexts,
    minilm: MiniLM,
    training: TextTraining,
    out: Path,
    start: Path | None = None,
) -> None:
    """Leaves `clip_text.safetensors`, `pieces.txt` and `clip_text.pt`, the weights before rounding, in `out`.

    Goes on from where it was stopped, up to its minutes. A new one begins as MiniLM, or from the results in `start`.
    """
    TextTowerTraining(pairs, true_texts, minilm, training, out, start).train()


class TextTowerTraining:
    """The tower in training, with all that it is compared with."""

    def __init__(
        self,
        pairs: Mapping[str, Pairs],
        true_texts: TrueTexts,
        minilm: MiniLM,
        training: TextTraining,
        out: Path,
        start: Path | None = None,
    ) -> None:
        torch.manual_seed(training.seed)
        self._pairs, self._true, self._minilm, self._training, self._out = pairs, true_texts, minilm, training, out
        self._held = held_out(len(true_texts.words)) if training.hold_out else []
        self._anchored = sorted(set(range(len(true_texts.words))) - set(self._held))
        self._pieces, self._tower = self._beginning(start)
        self._tokenizer = Tokenizer(self._pieces)
        self._roundings = round_in_training(self._tower)
        mean_text = F.normalize(true_texts.rows[self._anchored].mean(0), dim=-1)
        self._names, self._from_pictures = of_pictures(pairs["drawings"], mean_text)
        self._scale = Scale()
        self._optimiser = self._new_optimiser()
        parts: dict[str, Stateful] = {"scale": self._scale, "optimiser": self._optimiser}
        tower = PlainState(self._tower)
        self._run = TrainingRun(out / RUNNING, training.minutes, tower, parts, torch.device("cpu"))
        self._averaging = self._run.done > AVERAGED_FROM
        self._sampler = Sampler(pairs, training.batch, training.seed + self._run.step)
        self._dice = random.Random(training.seed + self._run.step)
        self._taught: dict[str, Tensor] = {}  # MiniLM's sentence vectors, float16

    def train(self) -> None:
        """Steps until the minutes are spent; prints how it does on what is held out, as it goes."""
        count = sum(len(each.sentences) for each in self._pairs.values())
        print(f"text: {len(self._pieces)} pieces, {len(self._names)} names, {count} pairs", flush=True)
        recent: dict[str, list[float]] = defaultdict(list)
        while self._run.done < 1:
            for name, loss in self._step().items():
                recent[name].append(loss.item())
            if self._run.step % 50 == 0:
                means = {name: round(sum(losses) / len(losses), 3) for name, losses in recent.items()}
                recent.clear()
                scale = self._scale().item()
                print(f"text {self._run.step} {self._run.spent:.0f}s {means} scale {scale:.0f}", flush=True)
            if self._run.step % 200 == 0:
                self._keep()
        self._keep()

    def _beginning(self, start: Path | None) -> tuple[list[str], TextTower]:
        """Pieces and tower: those of a run that is gone on with, those in `start`, or MiniLM's."""
        before = self._out if (self._out / RUNNING).exists() else start
        if before is None:
            texts = [text for each in self._pairs.values() for texts in each.sentences for text in texts]
            pieces = chosen_pieces(self._minilm, [*dict.fromkeys(texts), *self._true.words])
            return pieces, initial_tower(self._minilm, pieces)
        pieces = (before / "pieces.txt").read_text().split("\n")
        tower = TextTower(len(pieces))
        tower.load_state_dict(torch.load(before / "clip_text.pt"))
        return pieces, tower

    def _new_optimiser(self) -> torch.optim.Optimizer:
        matrices = [parameter for parameter in self._tower.parameters() if parameter.ndim > 1]
        vectors = [parameter for parameter in self._tower.parameters() if parameter.ndim <= 1]
        return torch.optim.AdamW(
            [
                {"params": matrices, "weight_decay": 0.02},
                {"params": [*vectors, self._scale.log], "weight_decay": 0.0},
            ],
            lr=self._training.learning_rate,
            betas=(0.9, 0.98),
        )

    def _step(self) -> dict[str, Tensor]:
        """Learns from one batch; returns its losses."""
        done = self._run.done
        for rounding in self._roundings:
            rounding.on = done > ROUNDED_FROM
        for group in self._optimiser.param_groups:
            group["lr"] = self._run.rate(self._training.learning_rate, warm=100, least=0.01)
        losses = self._losses()
        loss = torch.zeros(())
        for name, each in losses.items():
            loss = loss + WEIGHTS[name] * each
        self._optimiser.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        nn.utils.clip_grad_norm_(self._tower.parameters(), 1.0)
        self._optimiser.step()
        self._run.advance_keeping(AVERAGE_KEPT if self._averaging else 0.0)
        self._averaging = done > AVERAGED_FROM
        return losses

    def _losses(self) -> dict[str, Tensor]:
        """Of a batch with sampled names and sampled words of the true texts."""
        sentences, keys, seen = self._sampler.batch()
        picked = [self._dice.randrange(len(self._names)) for _ in range(self._training.names)]
        anchors = self._dice.sample(self._anchored, min(MOST_ANCHORS, len(self._anchored)))
        names = [self._sampler.templated(self._names[number]) for number in picked]
        words = [self._sampler.templated(self._true.words[number]) for number in anchors]
        meaning, joint = self._read([*sentences, *names, *words])
        texts, of_names, of_words = torch.split(joint, [len(sentences), len(names), len(words)])
        scale = self._scale()
        clash = torch.tensor([[self._names[number] == key for number in picked] for key in keys])
        true_rows = self._true.rows
        right = torch.tensor([self._anchored.index(number) for number in anchors])
        return {
            "contrast": info_nce(texts, seen, equal_pairs(keys), scale),
            "against": against_names(texts, seen, of_names, clash, scale),
            "anchor": distance(of_words, true_rows[anchors]),
            "ranked": F.cross_entropy(50 * of_words @ true_rows[self._anchored].T, right),
            "pictured": distance(of_names, self._from_pictures[picked]),
            "taught": self._distance_to_teacher(sentences, meaning),
        }

    def _read(self, texts: Sequence[str]) -> tuple[Tensor, Tensor]:
        """Unit vectors of texts: their meaning, and in CLIP's text space."""
        sentence = self._sentences(texts)
        return F.normalize(sentence, dim=-1), F.normalize(self._tower.project(sentence), dim=-1)

    def _sentences(self, texts: Sequence[str]) -> Tensor:
        """(N, WIDTH), read in parts of about equal length: padding costs as much as words."""
        start, end = self._tokenizer.numbers[START], self._tokenizer.numbers[END]
        numbers = [self._tokenizer.encode(text)[:LONGEST_TRAINED] for text in texts]
        order = sorted(range(len(texts)), key=lambda place: len(numbers[place]))
        parts: list[Tensor] = []
        with torch.autocast("cpu", torch.bfloat16):
            for begin in range(0, len(order), PART):
                chosen = [numbers[place] for place in order[begin : begin + PART]]
                parts.append(self._tower.sentence(*batch_of(chosen, start, end)).float())
        return torch.cat(parts)[torch.tensor(order).argsort()]

    def _distance_to_teacher(self, sentences: Sequence[str], meaning: Tensor) -> Tensor:
        """Of some sentences from what MiniLM makes of them."""
        some = torch.randperm(len(sentences))[:MOST_TAUGHT].tolist()
        texts = [sentences[number] for number in some]
        new = [text for text in dict.fromkeys(texts) if text not in self._taught]
        if new:
            self._taught.update(zip(new, self._minilm.embed(new).half(), strict=True))
        return distance(meaning[some], torch.stack([self._taught[text] for text in texts]).float())

    def _keep(self) -> None:
        self._out.mkdir(parents=True, exist_ok=True)
        (self._out / "pieces.txt").write_text("\n".join(self._pieces))
        self._run.keep(self._out / "clip_text.pt")
        stored = stored_tower(self._run.average)
        fresh = self._out / "clip_text.part"
        save_file(stored, fresh)
        fresh.replace(self._out / "clip_text.safetensors")
        encoder = TextEncoder(self._pieces, restored_state(stored))
        print("   " + "; ".join(report(encoder, self._true, self._held, self._pairs)), flush=True)


class Scale(nn.Module):
    """What cosines are multiplied with before the softmax."""

    def __init__(self) -> None:
        super().__init__()
        self.log = nn.Parameter(torch.tensor(math.log(40.0)))

    def forward(self) -> Tensor:
        return self.log.exp().clamp(max=100)


def held_out(count: int) -> list[int]:
    """Every fifth of `count` words."""
    return list(range(2, count, HELD_OUT_EVERY))


def equal_pairs(keys: Sequence[str]) -> Tensor:
    """(B, B): whether the keys are the same."""
    numbers = {key: number for number, key in enumerate(dict.fromkeys(keys))}
    identity = torch.tensor([numbers[key] for key in keys])
    return identity[:, None] == identity[None]


def info_nce(texts: Tensor, seen: Tensor, same: Tensor, scale: Tensor) -> Tensor:
    """Cross-entropy in both directions of (B, D) sentences and pictures; `same` (B, B) marks equal sentences."""
    logits = scale * texts @ seen.T
    eye = torch.eye(len(logits), dtype=torch.bool)
    masked = logits.masked_fill(same & ~eye, FAR)
    target = torch.arange(len(logits))
    return F.cross_entropy(masked, target) + F.cross_entropy(masked.T, target)


def against_names(texts: Tensor, seen: Tensor, names: Tensor, clash: Tensor, scale: Tensor) -> Tensor:
    """Cross-entropy of each picture's own sentence among (N, D) names; `clash` (B, N) marks names that are its own."""
    others = (scale * seen @ names.T).masked_fill(clash, FAR)
    own = (scale * (texts * seen).sum(-1))[:, None]
    return F.cross_entropy(torch.cat([own, others], 1), torch.zeros(len(texts), dtype=torch.long))


def distance(one: Tensor, other: Tensor) -> Tensor:
    """The mean of 1 - cosine of unit rows."""
    return (1 - (one * other).sum(-1)).mean()


def report(encoder: TextEncoder, true_texts: TrueTexts, held: list[int], pairs: Mapping[str, Pairs]) -> list[str]:
    """Held-out words: nearest true text; drawings of an unseen vendor: which word of those that are known."""
    lines: list[str] = []
    if held:
        embedded = encoder.encode([f"a photo of {with_article(true_texts.words[number])}" for number in held])
        cosine = (embedded * true_texts.rows[held]).sum(-1).mean()
        lines.append(f"held-out words: cosine {cosine:.3f} {recall(embedded, true_texts.rows, held)}")
    if "unseen" in pairs:
        known = {word: place for place, word in enumerate(true_texts.words)}
        chosen = [number for number, texts in enumerate(pairs["unseen"].sentences) if texts[0] in known]
        right = [known[pairs["unseen"].sentences[number][0]] for number in chosen]
        ours = encoder.encode([f"a drawing of {with_article(word)}" for word in true_texts.words])
        for label, rows in (("ours", ours), ("true", true_texts.rows)):
            lines.append(f"unseen ({len(chosen)}) {label}: {recall(pairs['unseen'].seen[chosen], rows, right)}")
    return lines


def recall(queries: Tensor, rows: Tensor, right: Sequence[int]) -> str:
    """How often the right row is the nearest, and among the nearest five."""
    hits = (queries @ rows.T).argsort(descending=True) == torch.tensor(right, dtype=torch.long)[:, None]
    first, five = hits[:, :1].any(1).float().mean(), hits[:, :5].any(1).float().mean()
    return f"top-1 {first:.2f} top-5 {five:.2f}"
