"""Rounds the image tower to 4 bits: `python -m engine.lab.training.round_tower --work FOLDER --tower FILE`.

GPTQ (Frantar et al. 2022): the columns of a matrix are rounded one after the other, and each one's error is made up for
by the columns that are not rounded yet, as far as the pictures that the matrix sees call for it. The layers are rounded
in their order, so that each one sees what the rounded ones before it make.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final

import torch
import torch.nn.functional as F
import typer
from safetensors.torch import load_file, save_file
from torch import Tensor

from engine.embedded.four_bits import GROUP, restored, restored_state
from engine.embedded.load import EmbeddedFiles
from engine.lab.training.calibration import calibration_pictures
from engine.lab.training.rounding import in_bytes
from engine.models.clip import clip_module
from engine.models.vision_transformer import MEAN, STANDARD_DEVIATION, VisionTransformer, resampled

SIDES: Final = (224, 160)  # the sides of the pictures that it is rounded for
PICTURES: Final = 192  # that it is rounded for
DAMPING: Final = 0.01  # share of the Hessian's mean diagonal that is added to its diagonal
BATCH: Final = 16
MATRICES: Final = ("attn.in_proj_weight", "attn.out_proj.weight", "mlp.c_fc.weight", "mlp.c_proj.weight")


def tower_file(work: Path) -> Path:
    """Where the rounded tower is in the work folder."""
    return work / EmbeddedFiles().image_tower.name


def newest_tower(work: Path) -> Path:
    """The rounded tower of the work folder, or else the one in `weights/`."""
    made = tower_file(work)
    return made if made.exists() else EmbeddedFiles().image_tower


def make_tower(work: Path, published: Path, pictures: int = PICTURES) -> None:
    """Leaves OpenAI's tower, read from int8 rows, in the work folder, rounded for so many pictures."""
    seen = torch.cat(list(calibration_pictures(work, pictures, seed=0).values()))
    fresh = tower_file(work).with_suffix(".part")
    save_file(round_tower(published_tower(published), seen), fresh)
    fresh.replace(tower_file(work))


# --- one matrix ---------------------------------------------------------------------------------------------------


def group_range(weights: Tensor, importance: Tensor) -> tuple[Tensor, Tensor]:
    """Scale and least value (rows,), as float16, of one group (rows, GROUP), so that the rounding errors are small.

    `importance` (GROUP,): how much an error of each column matters. The range is tried from 70 % up to the whole.
    """
    low, high = weights.amin(1), weights.amax(1)
    best_error = torch.full_like(low, torch.inf)
    best_scale, best_least = torch.zeros_like(low).half(), low.half()
    for below in torch.linspace(0.7, 1, 7):
        for above in torch.linspace(0.7, 1, 7):
            least = (low * below).half()
            scale = ((high * above - least.float()) / 15).clamp_min(1e-6).half()
            numbers = _numbers(weights, scale[:, None], least[:, None])
            error = ((_values(numbers, scale[:, None], least[:, None]) - weights) ** 2 * importance).sum(1)
            better = error < best_error
            best_error = torch.where(better, error, best_error)
            best_scale, best_least = torch.where(better, scale, best_scale), torch.where(better, least, best_least)
    return best_scale, best_least


def rounded(weight: Tensor, hessian: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """`numbers`, `scale` and `least` of a (rows, columns) matrix whose inputs have the second moments `hessian`."""
    weight = weight.clone()
    diagonal, upper = hessian.diagonal(), _inverse_root(hessian)
    numbers, scales, leasts = [], [], []
    for start in range(0, weight.shape[1], GROUP):
        end = start + GROUP
        block = weight[:, start:end].clone()
        scale, least = group_range(block, diagonal[start:end])
        group, errors = _rounded_group(block, scale, least, upper[start:end, start:end])
        weight[:, end:] -= errors @ upper[start:end, end:]
        numbers.append(group)
        scales.append(scale)
        leasts.append(least)
    return in_bytes(torch.cat(numbers, 1)), torch.stack(scales, 1), torch.stack(leasts, 1)


def _inverse_root(hessian: Tensor) -> Tensor:
    """The upper Cholesky factor of the damped Hessian's inverse."""
    diagonal = hessian.diagonal()
    damped = hessian + torch.diag(torch.full_like(diagonal, DAMPING * float(diagonal.mean())))
    root: Tensor = torch.linalg.cholesky(torch.cholesky_inverse(torch.linalg.cholesky(damped)), upper=True)
    return root


def _rounded_group(block: Tensor, scale: Tensor, least: Tensor, upper: Tensor) -> tuple[Tensor, Tensor]:
    """The numbers (rows, GROUP) of a block, which is changed, and the errors that later columns have to make up for."""
    numbers, errors = torch.zeros(block.shape, dtype=torch.uint8), torch.zeros_like(block)
    for place in range(block.shape[1]):
        number = _numbers(block[:, place], scale, least)
        numbers[:, place] = number.byte()
        error = (block[:, place] - _values(number, scale, least)) / upper[place, place]
        block[:, place:] -= error[:, None] * upper[place, place:][None]
        errors[:, place] = error
    return numbers, errors


def _numbers(weights: Tensor, scale: Tensor, least: Tensor) -> Tensor:
    return ((weights - least.float()) / scale.float()).round().clamp(0, 15)


def _values(numbers: Tensor, scale: Tensor, least: Tensor) -> Tensor:
    return numbers * scale.float() + least.float()


# --- the tower ----------------------------------------------------------------------------------------------------


def published_tower(file: Path) -> dict[str, Tensor]:
    """The float32 state dict of a tower in int8 rows: `visual.X` with `visual.X.scale` where it is rounded."""
    raw = load_file(file)
    state: dict[str, Tensor] = {}
    for name, value in raw.items():
        if not name.endswith(".scale"):
            scale = raw.get(f"{name}.scale")
            state[name.removeprefix("visual.")] = value.float() if scale is None else value.float() * scale[:, None]
    return state


def openai_tower(state: Mapping[str, Tensor], side: int) -> Any:
    """clip-anytorch's ViT-B/16 image tower for pictures of `side` pixels."""
    place = resampled(state["positional_embedding"], side // 16)
    with torch.random.fork_rng(devices=[]):
        tower = clip_module("model").VisionTransformer(side, 16, 768, 12, 12, 512)
    tower.load_state_dict({**state, "positional_embedding": place}, assign=True)
    return tower.eval()


@torch.no_grad()
def round_tower(state: Mapping[str, Tensor], pictures: Tensor) -> dict[str, Tensor]:
    """What is stored of a tower: 4-bit matrices, the rest in float16. `pictures` (N, 3, 224, 224) in [0, 1]."""
    towers = [_Side(state, pictures, side) for side in SIDES]
    stored: dict[str, Tensor] = {}
    for number in range(towers[0].blocks):
        for name in MATRICES:
            weight = towers[0].matrix(number, name).float()
            moments = torch.zeros(weight.shape[1], weight.shape[1])
            for tower in towers:
                tower.add_moments(moments, number, name)
            parts = rounded(weight, moments)
            for tower in towers:
                tower.matrix(number, name).copy_(restored(*parts))
            key = f"transformer.resblocks.{number}.{name}"
            stored |= {f"{key}.{part}": value for part, value in zip(("numbers", "scale", "least"), parts, strict=True)}
        for tower in towers:
            tower.pass_on(number)
        print(f"block {number} rounded", flush=True)
    return stored | {key: value.half().contiguous() for key, value in state.items() if f"{key}.numbers" not in stored}


class _Side:
    """A copy of the tower for pictures of one side, rounded as it goes, and what its next block sees of them."""

    def __init__(self, state: Mapping[str, Tensor], pictures: Tensor, side: int) -> None:
        self._tower = openai_tower({key: value.clone() for key, value in state.items()}, side)
        self.blocks = len(self._tower.transformer.resblocks)
        mean, deviation = torch.tensor(MEAN).view(1, 3, 1, 1), torch.tensor(STANDARD_DEVIATION).view(1, 3, 1, 1)
        small = F.interpolate(pictures, size=(side, side), mode="bilinear", antialias=True, align_corners=False)
        parts = torch.split((small - mean) / deviation, BATCH)
        self._hidden = [_embedded(self._tower, part) for part in parts]

    def matrix(self, block: int, name: str) -> Tensor:
        """The weight itself, not a copy."""
        weight: Tensor = self._tower.transformer.resblocks[block].get_parameter(name)
        return weight

    def add_moments(self, total: Tensor, block: int, name: str) -> None:
        """Adds x xᵀ of all inputs x of a matrix."""
        for hidden in self._hidden:
            with torch.autocast("cpu", torch.bfloat16):
                seen = _inputs(self._tower.transformer.resblocks[block], hidden)[name]
            flat = seen.reshape(-1, len(total)).float()
            total += flat.T @ flat

    def pass_on(self, block: int) -> None:
        """From what this block sees to what the next one does."""
        with torch.autocast("cpu", torch.bfloat16):
            self._hidden = [self._tower.transformer.resblocks[block](hidden).float() for hidden in self._hidden]


def _embedded(tower: Any, pictures: Tensor) -> Tensor:
    """(L, N, D): the tokens before the first block."""
    patches = tower.conv1(pictures).flatten(2).permute(0, 2, 1)
    first = tower.class_embedding.expand(len(patches), 1, -1)
    tokens: Tensor = tower.ln_pre(torch.cat([first, patches], 1) + tower.positional_embedding)
    return tokens.permute(1, 0, 2).contiguous()


def _inputs(block: Any, hidden: Tensor) -> dict[str, Tensor]:
    """What each matrix of a block is multiplied with, for `hidden` (L, N, D)."""
    attended = block.ln_1(hidden)
    heads, (length, number, width) = block.attn.num_heads, attended.shape
    joined = F.linear(attended, block.attn.in_proj_weight, block.attn.in_proj_bias)
    query, key, value = (part.view(length, number, heads, -1).permute(1, 2, 0, 3) for part in joined.chunk(3, -1))
    seen = F.scaled_dot_product_attention(query, key, value).permute(2, 0, 1, 3).reshape(length, number, width)
    normed = block.ln_2(hidden + block.attn.out_proj(seen))
    wide = block.mlp.gelu(block.mlp.c_fc(normed))
    return dict(zip(MATRICES, (attended, seen, normed, wide), strict=True))


@torch.no_grad()
def agreement(tower: VisionTransformer, reference: VisionTransformer, pictures: Tensor) -> Tensor:
    """(N,) cosines of both towers' embeddings of pictures (N, 3, S, S), each at its own side."""
    cosines = []
    for part in torch.split(pictures, BATCH):
        one, other = (
            each(F.interpolate(part, [each.input_resolution] * 2, mode="bilinear", antialias=True, align_corners=False))
            for each in (tower, reference)
        )
        cosines.append(F.cosine_similarity(one, other))
    return torch.cat(cosines)


def main(
    work: Annotated[Path, typer.Option(help="The work folder of the training; the rounded tower goes there.")],
    tower: Annotated[Path, typer.Option(help="OpenAI's ViT-B/16 image tower in int8 rows, safetensors.")],
    pictures: Annotated[int, typer.Option(help="Pictures that it is rounded for.")] = PICTURES,
) -> None:
    """Round the tower, and print its cosines with the one that was given, of pictures that it was not rounded for."""
    make_tower(work, tower, pictures)
    file = tower_file(work)
    print(f"{file}: {file.stat().st_size / 1e6:.1f} MB")
    reference = VisionTransformer(published_tower(tower))
    for side in SIDES:
        rounded_tower = VisionTransformer(restored_state(load_file(file)), side=side)
        for kind, held_out in calibration_pictures(work, 96, seed=1).items():
            cosines = agreement(rounded_tower, reference, held_out)
            print(f"{side} px, {kind}: mean cosine {cosines.mean():.4f}, least {cosines.min():.4f}", flush=True)


if __name__ == "__main__":
    typer.run(main)
