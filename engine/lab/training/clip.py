"""Trains the embedded CLIP: pictures against sampled names, against colours, against tags, under small attacks.

The attacks (L2 projected gradient, Madry et al. 2018) are what make the tower's gradients look like shapes: without
them guidance paints textured noise in the right colours.
"""

from __future__ import annotations

import math
import random
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.embedded.networks import TextHead, TowerShape, image_tower, normalised
from engine.embedded.text import WordTable
from engine.lab.training.augment import COLOURS, backgrounds, colour_shares, hue_turned, moved
from engine.lab.training.drawings import Picture
from engine.lab.training.gather import read_pictures, vendors_by_name
from engine.lab.training.run import TrainingRun
from engine.lab.training.vqgan import sampling_weights
from engine.lab.training.word_table import read_words

RUNNING = "clip_running.pt"  # where the training goes on from
SMALL = 96  # pictures are kept at this size for training


@dataclass(frozen=True)
class ClipTraining:
    minutes: float = 55.0
    batch: int = 128
    names: int = 1400  # sampled names that a batch is told apart from
    learning_rate: float = 2e-3
    attack: float = 1.5  # L2 length of the attack on a 64x64 picture in [0, 1]
    three_from: float = 0.6  # share of the training after which a batch is used three times instead of twice
    held_out: int = 100  # concepts that are never shown, for evaluation
    seed: int = 0


KEPT_IN = (  # concepts that people try first are never held out
    "apple|cat|dog|fish|rocket|tree|house|star|sun|heart|car|moon|flower|pizza|umbrella|butterfly|mushroom|castle"
    "|penguin|guitar|dragon|bird|boat|ship|face|cloud|robot|owl|cake|ball|train|bus|plane|horse|lion|tiger|bear|rose"
)


def held_out_names(pictures: list[Picture], count: int) -> list[str]:
    """Concepts drawn by at least five vendors, chosen by a fixed die."""
    people = {"man", "woman", "person", "men", "women", "people", "family", "hand", "hands", "boy", "girl"}
    kept = KEPT_IN.split("|")
    names = sorted(
        name
        for name, vendors in vendors_by_name(pictures).items()
        if len(vendors) >= 5 and not people & set(name.split()) and not any(word in name for word in kept)
    )
    return sorted(random.Random(0).sample(names, min(count, len(names))))


def small_pictures(work: Path) -> Tensor:
    """(N, 4, SMALL, SMALL) uint8, colour times alpha. Made once."""
    file = work / "small.npy"
    if not file.exists():
        pixels, _ = read_pictures(work)
        out = np.zeros((len(pixels), 4, SMALL, SMALL), np.uint8)
        for start in range(0, len(pixels), 64):
            rgba = torch.from_numpy(pixels[start : start + 64].copy()).permute(0, 3, 1, 2).float() / 255
            rgba[:, :3] *= rgba[:, 3:]
            shrunk = F.interpolate(rgba, size=(SMALL, SMALL), mode="bilinear", antialias=True, align_corners=False)
            out[start : start + 64] = (shrunk * 255 + 0.5).clamp(0, 255).byte().numpy()
        np.save(file, out)
    return torch.from_numpy(np.load(file))


class EmbeddedClip(nn.Module):
    """The image tower and the text head in training."""

    def __init__(self, shape: TowerShape, static_dim: int) -> None:
        super().__init__()
        self.visual = image_tower(shape)
        self.text = TextHead(static_dim, 256, shape.output_dim)
        self.log_scale = nn.Parameter(torch.tensor(math.log(15.0)))
        for name, parameter in self.visual.named_parameters():
            if name.endswith("bn3.weight"):
                nn.init.constant_(parameter, 0.3)  # residual branches start small
            elif "attnpool" in name and name.endswith("proj.weight"):
                nn.init.normal_(parameter, std=parameter.shape[1] ** -0.5)

    def pictures(self, pictures: Tensor) -> Tensor:
        """[0, 1] -> unit vectors."""
        with torch.autocast(pictures.device.type, torch.bfloat16):
            seen = self.visual(normalised(pictures))
        return F.normalize(seen.float(), dim=-1)

    def texts(self, sentences: Tensor) -> Tensor:
        return F.normalize(self.text(sentences).float(), dim=-1)

    def scale(self) -> Tensor:
        return self.log_scale.exp().clamp(max=50)


@dataclass(frozen=True)
class Texts:
    """Everything that a batch compares pictures with, as static sentence vectors."""

    names: list[str]
    of_names: Tensor  # (names, D)
    of_colours: Tensor  # (names, 12, D): the name with each colour before it
    tags: list[str]
    of_tags: Tensor


def static_texts(pictures: list[Picture], table: WordTable) -> Texts:
    names = sorted({picture.name for picture in pictures})
    tags = sorted({tag for picture in pictures for tag in picture.tags})
    coloured = table.embed([f"{colour} {name}" for name in names for colour in COLOURS])
    of_colours = coloured.view(len(names), len(COLOURS), -1)
    return Texts(names, table.embed(names), of_colours, tags, table.embed(tags))


@dataclass(frozen=True)
class Batch:
    pictures: Tensor  # (B, 3, S, S) in [0, 1]
    chosen: list[int]  # which pictures
    colours: Tensor  # (B, 12) shares of the main colours, rows sum to 1 or 0
    coloured: Tensor  # (B,) 1 where a main colour stands out


def make_batch(small: Tensor, weights: Tensor, size: int, side: int) -> Batch:
    """`size` pictures of `small` (N, 4, SMALL, SMALL), chosen by `weights` (N,), on the device where these lie."""
    device = small.device

    def die(*shape: int) -> Tensor:
        return torch.rand(size, *shape, device=device)

    chosen = torch.multinomial(weights, size)
    rgba = small[chosen].float() / 255
    turned = torch.where(die() < 0.35, die() * 2 * math.pi, 0.0)
    colour = torch.minimum(hue_turned(rgba[:, :3], turned).clamp(0, 1), rgba[:, 3:])
    tinted = die() < 0.06  # greys: hue turning never makes black, white or grey subjects
    grey = colour.mean(1, keepdim=True).expand(-1, 3, -1, -1)
    tone = die(1, 1, 1)
    toned = torch.where(
        tone < 0.4, grey * 0.3, torch.where(tone < 0.7, grey, rgba[:, 3:] - (rgba[:, 3:] - grey) * 0.25)
    )
    colour = torch.where(tinted[:, None, None, None], toned, colour)
    rgba = torch.cat([colour, rgba[:, 3:]], 1)
    coarse = rgba[:, :, ::3, ::3]
    shares = colour_shares(coarse[:, :3] / coarse[:, 3:].clamp_min(1e-3), coarse[:, 3])
    shares = torch.where(shares >= 0.18, shares, torch.zeros_like(shares))
    stands_out = (shares.sum(1) > 0.25).float()
    shares = shares / shares.sum(1, keepdim=True).clamp_min(1e-6)
    rgba = moved(rgba, side, scale=(0.65, 1.45), degrees=20, shift=0.2)
    pictures = rgba[:, :3] + backgrounds(size, side, 0.45, device) * (1 - rgba[:, 3:])
    noise = die(1, 1, 1) * 0.25 * (die(1, 1, 1) < 0.5)
    pictures = pictures + torch.randn_like(pictures) * noise
    blurred = die() < 0.2
    if blurred.any():
        halved = F.avg_pool2d(pictures[blurred], 2)
        pictures[blurred] = F.interpolate(halved, scale_factor=2, mode="bilinear", align_corners=False)
    return Batch(pictures, chosen.tolist(), shares, stands_out)


def name_and_colour_loss(
    seen: Tensor, scale: Tensor, names: Tensor, wanted: Tensor, colours: Tensor, batch_colours: Tensor, coloured: Tensor
) -> Tensor:
    """Cross entropy over sampled names (soft targets) and over the twelve colours of the picture's own name."""
    by_name = -(wanted * F.log_softmax(scale * seen @ names.T, 1)).sum(1).mean()
    logits = scale * torch.einsum("bd,bcd->bc", seen, colours)
    by_colour = -(batch_colours * F.log_softmax(logits, 1)).sum(1)
    return by_name + 0.5 * (by_colour * coloured).sum() / coloured.sum().clamp_min(1)


def train_clip(work: Path, training: ClipTraining, device: torch.device) -> None:
    """Leaves `clip.pt` in `work`. Goes on from where it was stopped, up to its minutes."""
    torch.manual_seed(training.seed)
    dice = random.Random(training.seed)
    _, pictures = read_pictures(work)
    small = small_pictures(work).to(device)
    table = read_words(work)
    shape = TowerShape()
    texts = static_texts(pictures, table)
    name_row = {name: row for row, name in enumerate(texts.names)}
    tag_row = {tag: row for row, tag in enumerate(texts.tags)}
    of_picture = torch.tensor([name_row[picture.name] for picture in pictures])
    tags_of = [[tag_row[tag] for tag in picture.tags] for picture in pictures]
    secret = set(held_out_names(pictures, training.held_out))
    often = Counter(picture.name for picture in pictures)
    weights = sampling_weights(pictures) / torch.tensor([often[picture.name] ** 0.4 for picture in pictures])
    weights *= torch.tensor([0.0 if picture.name in secret else 1.0 for picture in pictures])
    weights = weights.to(device)
    open_names = torch.tensor([row for row, name in enumerate(texts.names) if name not in secret])

    model = EmbeddedClip(shape, texts.of_names.shape[1]).to(device)
    model.visual.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    matrices = [p for p in model.parameters() if p.ndim > 1]
    vectors = [p for p in model.parameters() if p.ndim <= 1]
    optimiser = torch.optim.AdamW(
        [{"params": matrices, "weight_decay": 0.05}, {"params": vectors, "weight_decay": 0.0}],
        lr=training.learning_rate,
        betas=(0.9, 0.98),
    )
    run = TrainingRun(work / RUNNING, training.minutes, model, {"optimiser": optimiser}, device)
    recent: dict[str, list[float]] = defaultdict(list)
    while run.done < 1:
        for group in optimiser.param_groups:
            group["lr"] = run.rate(training.learning_rate, warm=100)
        batch = make_batch(small, weights, training.batch, shape.input_resolution)
        mine = of_picture[batch.chosen]
        sampled = open_names[torch.randint(0, len(open_names), (training.names,))]
        pool, position = torch.unique(torch.cat([mine, sampled]), return_inverse=True)
        position = position[: training.batch]
        static = texts.of_names[pool].to(device)
        position = position.to(device)
        alike = F.softmax(20 * static[position] @ static.T, 1)
        wanted = 0.85 * F.one_hot(position, len(pool)).float() + 0.15 * alike
        of_colours = texts.of_colours[mine].to(device)
        tagged = [(row, dice.choice(tags_of[index])) for row, index in enumerate(batch.chosen) if tags_of[index]]
        tag_rows = torch.tensor([row for row, _ in tagged], device=device)
        kinds, tag_wanted = torch.unique(torch.tensor([tag for _, tag in tagged]), return_inverse=True)
        of_tags, tag_wanted = texts.of_tags[kinds].to(device), tag_wanted.to(device)
        clean = batch.pictures.contiguous(memory_format=torch.channels_last)

        # Each batch is learned from several times. The backward pass that teaches the weights also says which small
        # change of the picture would hurt most; that change is made before the next pass ("free" adversarial
        # training, Shafahi et al. 2019: half the price of attacking first and learning afterwards).
        length = training.attack * min(1.0, run.done / 0.15 + 0.1)
        change = torch.randn_like(clean)
        change *= 0.5 * length * torch.rand(len(clean), 1, 1, 1, device=device) / lengths(change)
        replays = 3 if run.done > training.three_from else 2
        for replay in range(replays):
            attacked = (clean + change).requires_grad_(replay + 1 < replays)
            seen = model.pictures(attacked)
            scale = model.scale()
            names = model.texts(static)
            colours = model.texts(of_colours.flatten(0, 1)).view(training.batch, len(COLOURS), -1)
            loss = name_and_colour_loss(seen, scale, names, wanted, colours, batch.colours, batch.coloured)
            by_tag = F.cross_entropy(scale * seen[tag_rows] @ model.texts(of_tags).T, tag_wanted, label_smoothing=0.05)
            optimiser.zero_grad(set_to_none=True)
            torch.autograd.backward(loss + 0.2 * by_tag)
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimiser.step()
            if attacked.grad is not None:
                slope = attacked.grad
                change = change + slope / lengths(slope) * length
                change = change * (length / lengths(change)).clamp(max=1)
            recent[f"loss {replay}"].append(loss.item())
        recent["tags"].append(by_tag.item())
        run.advance(0.997)
        if run.step % 25 == 0:
            means = {key: round(sum(values) / len(values), 3) for key, values in recent.items()}
            recent.clear()
            print(f"clip {run.step} {run.spent:.0f}s {means} scale {scale.item():.1f}", flush=True)
        if run.step % 100 == 0 or run.done >= 1:
            run.keep(work / "clip.pt")


def lengths(pictures: Tensor) -> Tensor:
    """(B, 1, 1, 1): the L2 length of each."""
    norms: Tensor = pictures.flatten(1).norm(dim=1)
    return norms.clamp_min(1e-9)[:, None, None, None]
