"""Trains the VQGAN: first all of it with a codebook kept by moving averages, then the decoder alone against a critic.

The second part leaves encoder and codebook as they are, so that codes made after the first part stay valid.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from engine.lab.training.augment import backgrounds, hue_turned, moved, premultiplied
from engine.lab.training.drawings import Picture
from engine.lab.training.gather import read_pictures
from engine.lab.training.run import Stateful, TrainingRun
from engine.lab.training.scenery import read_scenery
from engine.lab.training.sources import SILHOUETTES
from engine.models.vqgan import VQGAN, VQGANConfig, nearest_codes, nearest_rows, rows_of

SHAPE: Final = VQGANConfig(
    n_embed=1280,
    embed_dim=16,
    z_channels=32,
    ch=32,  # taming's group norms need multiples of 32
    ch_mult=(1, 1, 2, 4),  # four levels: one code for 8x8 pixels
    num_res_blocks=1,
    attn_resolutions=(),  # the middle block attends once, at the lowest resolution
    norm_groups=4,  # taming's 32 would norm each of 32 channels alone, which erases how bright it is
)
SCENES = 0.3  # of the pictures stand before scenery
RUNNING = "vqgan_running.pt"  # where the two parts go on from
SHARP_RUNNING = "vqgan_sharp_running.pt"


@dataclass(frozen=True)
class VQGANTraining:
    minutes: float = 40.0
    batch: int = 8
    side: int = 80  # pixels of a training picture
    learning_rate: float = 1e-3
    commitment: float = 0.25
    codebook_decay: float = 0.99
    warm_steps: int = 250  # the autoencoder runs unquantised first, so that the codebook starts from real latents
    critic_minutes: float = 25.0  # the second part
    critic_learning_rate: float = 3e-4
    critic_side: int = 96
    critic_batch: int = 8
    critic_weight: float = 0.08
    feature_weight: float = 0.5
    seed: int = 0


def sampling_weights(pictures: list[Picture]) -> Tensor:
    """How often each picture is shown: objects more than flags and signs, many colours more than one."""
    share = {"emoji": 1.0, "icon": 0.8, "clipart": 0.6, "flag": 0.15, "symbol": 0.15}
    return torch.tensor([0.3 if picture.source in SILHOUETTES else share[picture.kind] for picture in pictures])


def composites(work: Path, side: int, batch: int, device: torch.device, white: float) -> Iterator[Tensor]:
    """Endless batches (batch, 3, side, side) in [0, 1]: whole objects and pieces of objects at 256 pixels.

    Of the objects a share of `white` stands on white, the others on colours or before a piece of scenery.
    """
    pixels, pictures = read_pictures(work)
    scenery = read_scenery(work)
    weights = sampling_weights(pictures)
    while True:
        chosen = torch.multinomial(weights, batch).numpy()
        rows = torch.from_numpy(np.stack([pixels[index] for index in chosen])).permute(0, 3, 1, 2)
        rgba = premultiplied(rows.to(device))
        if torch.rand(()) < 0.25:  # half as large, whole
            small = F.avg_pool2d(rgba, 2)
            rgba = moved(small, side, scale=(0.8, 1.5), degrees=10, shift=0.15)
        else:  # as large as in the finished picture, in part
            zoom = 256 / side
            rgba = moved(rgba, side, scale=(0.75 * zoom, 1.4 * zoom), degrees=10, shift=0.55)
        colour, alpha = rgba[:, :3], rgba[:, 3:]
        turned = torch.rand(batch, device=device) < 0.3
        turn = torch.where(turned, torch.rand(batch, device=device) * 2 * math.pi, 0.0)
        colour = torch.minimum(hue_turned(colour, turn).clamp(0, 1), alpha)
        background = backgrounds(batch, side, white, device)
        before = torch.from_numpy(pieces_of(scenery, side, batch)).to(device).permute(0, 3, 1, 2).float() / 255
        background = torch.where(torch.rand(batch, 1, 1, 1, device=device) < SCENES, before, background)
        picture = colour + background * (1 - alpha)
        yield picture.clamp(0, 1)


def pieces_of(scenery: NDArray[np.uint8], side: int, count: int) -> NDArray[np.uint8]:
    """(count, side, side, 3) cut from random places of random pictures, as often as not from their very edge."""
    room = scenery.shape[1] - side
    corners = np.clip(np.random.randint(-room // 2, room + room // 2 + 1, (count, 2)), 0, room)
    chosen = np.random.randint(len(scenery), size=count)
    return np.stack(
        [scenery[row, top : top + side, left : left + side] for row, (top, left) in zip(chosen, corners, strict=True)]
    )


def slopes(pictures: Tensor) -> tuple[Tensor, Tensor]:
    """Differences between neighbours, across and down."""
    return pictures[..., 1:] - pictures[..., :-1], pictures[..., 1:, :] - pictures[..., :-1, :]


def reconstruction_loss(made: Tensor, wanted: Tensor) -> Tensor:
    """Absolute error, error of the edges, and error of the picture seen from far."""
    difference = 2 * (made - wanted)
    across, down = slopes(difference)
    far = F.avg_pool2d(difference, 4)
    loss: Tensor = (
        difference.abs().mean()
        + (difference**2).mean()
        + 0.5 * (across.abs().mean() + down.abs().mean())
        + 0.5 * far.abs().mean()
    )
    return loss


class CodebookAverages:
    """Keeps each row at the mean of the latents that chose it, and moves rows that nothing chooses."""

    def __init__(self, rows: Tensor, decay: float) -> None:
        self.rows = rows
        self.decay = decay
        self.counts = torch.ones(len(rows), device=rows.device)
        self.sums = rows.clone()

    def state_dict(self) -> dict[str, Tensor]:
        return {"counts": self.counts, "sums": self.sums}

    def load_state_dict(self, state_dict: dict[str, Tensor]) -> None:
        self.counts, self.sums = state_dict["counts"], state_dict["sums"]

    def start_from(self, latents: Tensor) -> None:
        chosen = latents[torch.randint(0, len(latents), (len(self.rows),))]
        self.rows.copy_(chosen + 0.01 * torch.randn_like(chosen))
        self.sums, self.counts = self.rows.clone(), torch.ones_like(self.counts)

    @torch.no_grad()
    def update(self, latents: Tensor, indices: Tensor) -> None:
        """latents (P, D) float32, indices (P,) long."""
        ones = torch.ones(len(indices), device=latents.device)
        counts = torch.zeros_like(self.counts).index_add_(0, indices, ones)
        sums = torch.zeros_like(self.sums).index_add_(0, indices, latents)
        self.counts.mul_(self.decay).add_(counts, alpha=1 - self.decay)
        self.sums.mul_(self.decay).add_(sums, alpha=1 - self.decay)
        unused = self.counts < 0.05
        self.rows.copy_(self.sums / self.counts.clamp_min(1e-4)[:, None])
        if unused.any():
            fresh = latents[torch.randint(0, len(latents), (int(unused.sum()),))]
            self.rows[unused] = fresh
            self.sums[unused] = fresh
            self.counts[unused] = 1.0


class Critic(nn.Module):
    """Tells pictures from reconstructions patch by patch; its features are compared as well."""

    def __init__(self) -> None:
        super().__init__()
        widths = (3, 32, 64, 96, 96)
        strides = (2, 2, 2, 1)
        self.stages = nn.ModuleList(
            nn.Sequential(
                nn.utils.parametrizations.spectral_norm(nn.Conv2d(before, after, 4 if stride == 2 else 3, stride, 1)),
                nn.LeakyReLU(0.2),
            )
            for before, after, stride in zip(widths[:-1], widths[1:], strides, strict=True)
        )
        self.verdict = nn.Conv2d(widths[-1], 1, 3, 1, 1)

    def forward(self, pictures: Tensor) -> tuple[Tensor, list[Tensor]]:
        features = []
        for stage in self.stages:
            pictures = stage(pictures)
            features.append(pictures)
        return self.verdict(pictures), features


def new_vqgan(device: torch.device) -> VQGAN:
    """A network that learns, with random weights; products are in bfloat16, the weights themselves in float32."""
    vqgan = VQGAN(SHAPE)
    vqgan.precision = torch.bfloat16
    with torch.no_grad():
        for name, module in vqgan.named_modules():
            if isinstance(module, nn.Conv2d):
                # Signals keep their size through the whole depth and residual branches start small: after 160 steps
                # the error was 0.12 instead of 0.19 with torch's own initial weights.
                branch = name.endswith(("conv2", "proj_out"))
                spread = module.weight[0].numel() ** -0.5
                module.weight.normal_(std=0.1 * spread if branch else spread)
                if module.bias is not None:
                    module.bias.zero_()
    return vqgan.train().requires_grad_(True).to(device)


def train_autoencoder(work: Path, training: VQGANTraining, device: torch.device) -> None:
    """First part: leaves `vqgan.pt` in `work`. Goes on from where it was stopped, up to its minutes."""
    torch.manual_seed(training.seed)
    vqgan = new_vqgan(device)
    rows = vqgan.codebook.requires_grad_(False)
    averages = CodebookAverages(rows.data, training.codebook_decay)
    learned = [p for p in vqgan.parameters() if p.requires_grad]
    optimiser = torch.optim.AdamW(learned, lr=training.learning_rate, betas=(0.9, 0.98), weight_decay=0.01)
    parts: dict[str, Stateful] = {"averages": averages, "optimiser": optimiser}
    run = TrainingRun(work / RUNNING, training.minutes, vqgan, parts, device)
    if run.done < 1:
        (work / SHARP_RUNNING).unlink(missing_ok=True)  # it belongs to codes that will be no more
    for wanted in composites(work, training.side, training.batch, device, white=0.7):
        if run.done >= 1:
            break
        for group in optimiser.param_groups:
            group["lr"] = run.rate(training.learning_rate, warm=100, least=0.01)
        latent = vqgan.latents(wanted)
        flat = latent.permute(0, 2, 3, 1).reshape(-1, latent.shape[1])
        if run.step == training.warm_steps:
            averages.start_from(flat.detach())
        quantised, commitment = latent, latent.new_zeros(())
        if run.step >= training.warm_steps:
            indices = nearest_codes(latent.detach(), rows)
            nearest = rows_of(indices, rows)
            commitment = F.mse_loss(latent, nearest)
            quantised = latent + (nearest - latent).detach()
        made = vqgan.decode(quantised)
        error = reconstruction_loss(made, wanted)
        optimiser.zero_grad(set_to_none=True)
        torch.autograd.backward(error + training.commitment * commitment)
        torch.nn.utils.clip_grad_norm_(learned, 1.0)
        optimiser.step()
        if run.step > training.warm_steps:
            averages.update(flat.detach(), indices.flatten())
        run.advance(0.998)
        if run.step % 100 == 0:
            used = len(torch.unique(indices)) if run.step > training.warm_steps else 0
            print(
                f"vqgan {run.step} {run.spent:.0f}s loss {error.item():.4f} "
                f"L1 {(made - wanted).abs().mean().item():.4f} commitment {commitment.item():.4f} "
                f"codes in batch {used}",
                flush=True,
            )
        if run.step % 500 == 0:
            run.keep(work / "vqgan.pt")
    run.average["quantize.embedding.weight"] = rows.data.clone()
    run.keep(work / "vqgan.pt")


def sharpen_decoder(work: Path, training: VQGANTraining, device: torch.device) -> None:
    """Second part: `vqgan.pt` -> `vqgan_sharp.pt`, likewise. Only the decoder's weights differ."""
    torch.manual_seed(training.seed + 1)
    vqgan = new_vqgan(device)
    vqgan.load_state_dict(torch.load(work / "vqgan.pt", map_location=device))
    vqgan.requires_grad_(False)
    learned = [*vqgan.decoder.parameters(), *vqgan.post_quant_conv.parameters()]
    for parameter in learned:
        parameter.requires_grad_(True)
    critic = Critic().to(device)
    optimiser = torch.optim.AdamW(learned, betas=(0.5, 0.95), weight_decay=0.01)
    critic_optimiser = torch.optim.AdamW(critic.parameters(), lr=4e-4, betas=(0.5, 0.95))
    parts: dict[str, Stateful] = {"critic": critic, "optimiser": optimiser, "critic_optimiser": critic_optimiser}
    run = TrainingRun(work / SHARP_RUNNING, training.critic_minutes, vqgan, parts, device)
    for wanted in composites(work, training.critic_side, training.critic_batch, device, white=0.65):
        if run.done >= 1:
            break
        for group in optimiser.param_groups:
            group["lr"] = run.rate(training.critic_learning_rate, warm=50, least=0.02)
        made = vqgan.decode(nearest_rows(vqgan.encode(wanted), vqgan.codebook))
        critic.requires_grad_(True)
        with torch.autocast(device.type, torch.bfloat16):
            real, _ = critic(wanted)
            fake, _ = critic(made.detach())
        critic_loss = F.relu(1 - real.float()).mean() + F.relu(1 + fake.float()).mean()
        critic_optimiser.zero_grad(set_to_none=True)
        torch.autograd.backward(critic_loss)
        critic_optimiser.step()
        critic.requires_grad_(False)
        with torch.autocast(device.type, torch.bfloat16):
            fake, fake_features = critic(made)
            with torch.no_grad():
                _, real_features = critic(wanted)
        matching = torch.stack(
            [(a.float() - b.float()).abs().mean() for a, b in zip(fake_features, real_features, strict=True)]
        ).mean()
        error = reconstruction_loss(made, wanted)
        weight = training.critic_weight * min(1, run.step / 300)
        loss = error + training.feature_weight * matching - weight * fake.float().mean()
        optimiser.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        torch.nn.utils.clip_grad_norm_(learned, 1.0)
        optimiser.step()
        run.advance(0.995)
        if run.step % 100 == 0:
            print(
                f"sharpen {run.step} {run.spent:.0f}s loss {error.item():.4f} "
                f"features {matching.item():.4f} critic {critic_loss.item():.3f}",
                flush=True,
            )
        if run.step % 500 == 0:
            run.keep(work / "vqgan_sharp.pt")
    run.keep(work / "vqgan_sharp.pt")
