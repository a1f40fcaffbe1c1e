"""Distils the word table from all-MiniLM-L6-v2: sums of rows shall lie where MiniLM puts the whole phrase."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from engine.embedded.text import PIECE, WordTable, split_words
from engine.lab.training.augment import COLOURS
from engine.lab.training.gather import read_pictures
from engine.lab.training.minilm import MiniLM
from engine.lab.training.sources import SOURCES, fetch


@dataclass(frozen=True)
class TextTraining:
    dim: int = 128
    phrases: int = 60_000  # made-up prompts that the table learns from
    steps: int = 3000
    batch: int = 2048
    seed: int = 0


_MANNERS = """
cute happy sad angry old new big small tiny giant shiny dark bright golden silver wooden ancient magic haunted sleeping
flying burning frozen cartoon funny beautiful scary colorful simple striped round little baby wild royal
"""
_PLACES = """
at night|in the rain|in a storm|on the moon|in space|under water|in the forest|on a hill|in winter|at sunset|in the city
on a beach|in the sky|with wings|with a hat|on fire|in a garden|by the sea|in the snow|at home
"""
MANNERS = _MANNERS.split()
PLACES = _PLACES.strip().replace("\n", "|").split("|")


def vocabulary(minilm: MiniLM, texts: list[str]) -> list[str]:
    """Words of the teacher and of the pictures' names, then pieces for all other words."""
    whole = {word for text in texts for word in split_words(text) if len(word) < 20}
    teacher = minilm.vocabulary()
    whole |= {word for word in teacher if word.isascii() and word.isalpha() and (len(word) > 1 or word in "ai")}
    whole |= {str(number) for number in range(101)} | set("abcdefghijklmnopqrstuvwxyz")
    pieces = {word for word in teacher if word.startswith(PIECE) and word[2:].isascii() and word[2:].isalnum()}
    return sorted(whole) + sorted(pieces)


def phrases(names: list[str], tags: list[str], count: int, seed: int) -> list[str]:
    """Names, tags, and prompts as people would type them."""
    dice = random.Random(seed)
    made = []
    colours = [*COLOURS, "grey", "golden", "turquoise", "magenta", "violet"]
    for _ in range(count):
        name = dice.choice(names) if dice.random() < 0.75 else dice.choice(tags)
        words = [name]
        if dice.random() < 0.5:
            words.insert(0, dice.choice(colours))
        elif dice.random() < 0.4:
            words.insert(0, dice.choice(MANNERS))
        if dice.random() < 0.2:
            words.append(dice.choice(PLACES))
        elif dice.random() < 0.15:
            words += [dice.choice(("and a", "on a", "with a", "under a", "in a")), dice.choice(names)]
        if dice.random() < 0.5:
            words.insert(0, dice.choice(("a", "the", "a picture of a", "one", "an image of")))
        made.append(" ".join(words))
    return names + tags + made


def distil(work: Path, training: TextTraining) -> None:
    """Leaves `words.pt` in `work`: the words and their float32 rows."""
    dice = torch.Generator().manual_seed(training.seed)
    package = next(source for source in SOURCES if source.name == "minilm")
    minilm = MiniLM(fetch(package, work))
    _, pictures = read_pictures(work)
    names = sorted({picture.name for picture in pictures})
    tags = sorted({tag for picture in pictures for tag in picture.tags})
    words = vocabulary(minilm, names + tags)
    start = time.perf_counter()
    teacher = minilm.vocabulary()
    single: list[Tensor] = []
    wholes = [word for word in words if not word.startswith(PIECE)]
    single.append(minilm.embed(wholes))
    piece_ids = torch.tensor([teacher[word] for word in words[len(wholes) :]])
    for ids in torch.split(piece_ids, 512):
        triples = torch.stack([torch.full_like(ids, 101), ids, torch.full_like(ids, 102)], 1)
        single.append(minilm.embed_ids(triples, torch.ones(triples.shape)))
    of_words = torch.cat(single)
    print(f"text: {len(words)} words embedded in {time.perf_counter() - start:.0f}s", flush=True)
    texts = phrases(names, tags, training.phrases, training.seed)
    of_texts = minilm.embed(texts)
    print(f"text: {len(texts)} phrases embedded in {time.perf_counter() - start:.0f}s", flush=True)

    # MiniLM's vectors share a common part; without it, and on the main axes, phrases differ more clearly.
    common = of_texts.mean(0)
    _, _, axes = torch.linalg.svd(of_texts - common, full_matrices=False)
    axes = axes[: training.dim]
    targets = F.normalize((of_texts - common) @ axes.T, dim=-1)
    rows = ((of_words - common) @ axes.T).clone().requires_grad_(True)
    table = WordTable({word: row for row, word in enumerate(words)}, rows)
    numbers = [table.row_numbers(text) for text in texts]
    held_out = torch.rand(len(texts), generator=dice) < 0.02
    initial = rows.detach().clone()

    def embed(indices: list[int]) -> Tensor:
        flat = torch.tensor([row for index in indices for row in numbers[index]])
        starts = torch.tensor([0] + [len(numbers[index]) for index in indices[:-1]]).cumsum(0)
        return F.normalize(F.embedding_bag(flat, rows, starts, mode="sum"), dim=-1)

    def agreement() -> float:
        with torch.no_grad():
            chosen = held_out.nonzero()[:, 0].tolist()
            return float((embed(chosen) * targets[chosen]).sum(-1).mean())

    print(f"text: agreement before {agreement():.4f}", flush=True)
    learn_from = (~held_out).nonzero()[:, 0]
    optimiser = torch.optim.Adam([rows], lr=4e-3)
    for step in range(training.steps):
        for group in optimiser.param_groups:
            group["lr"] = 4e-3 * (1 - step / training.steps)
        chosen = learn_from[torch.randint(0, len(learn_from), (training.batch,), generator=dice)].tolist()
        loss = 1 - (embed(chosen) * targets[chosen]).sum(-1).mean()
        loss = loss + 2e-6 * ((rows - initial) ** 2).sum()  # words that no phrase holds stay where MiniLM puts them
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        if step % 500 == 499:
            print(f"text: step {step + 1} {time.perf_counter() - start:.0f}s agreement {agreement():.4f}", flush=True)
    torch.save({"words": words, "rows": rows.detach()}, work / "words.pt")


def read_words(work: Path) -> WordTable:
    """The distilled table, from the work folder."""
    state = torch.load(work / "words.pt")
    return WordTable({word: row for row, word in enumerate(state["words"])}, state["rows"])
