"""VQGAN (Esser et al. 2021): pictures as a grid of codes, on taming-transformers' encoder and decoder.

Taming's modules hold the parameters, so that published checkpoints fit key by key; the forward passes are written
here, with fused attention and activation, and give the same numbers. Quantisation is a lookup, not a one-hot product.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import torch
import torch.nn.functional as F
from taming.modules.diffusionmodules.model import Decoder, Encoder
from torch import Tensor, nn

from engine.models.checkpoints import check_shapes


@dataclass(frozen=True, slots=True)
class VQGANConfig:
    """Hyperparameters of a checkpoint; names as in taming's `ddconfig`."""

    n_embed: int  # rows of the codebook
    embed_dim: int = 256  # of a codebook row
    z_channels: int = 256  # channels of the bottleneck
    ch: int = 128  # channels at full resolution; taming's group norms need a multiple of 32
    ch_mult: tuple[int, ...] = (1, 1, 2, 2, 4)  # times `ch` at each level; each level but the last halves the size
    num_res_blocks: int = 2
    decoder_res_blocks: int | None = None  # if the decoder has another number of them
    attn_resolutions: tuple[int, ...] = (16,)  # sides of levels with attention, for a picture of `resolution`
    resolution: int = 256  # side of the training pictures; the network takes other sizes, too
    norm_groups: int = 32  # of every group norm; taming fixes it, the embedded model has fewer
    gumbel: bool = False  # with Gumbel softmax quantisation (Jang et al. 2016)

    @property
    def factor(self) -> int:
        """The side of a code in pixels."""
        return int(2 ** (len(self.ch_mult) - 1))

    @classmethod
    def from_dict(cls, params: Mapping[str, Any]) -> VQGANConfig:
        """From the `params` of a taming model configuration: `embed_dim`, `n_embed`, `ddconfig`.

        Optional: `decoder_res_blocks`, `norm_groups`, `gumbel`. Raises KeyError or TypeError for other dictionaries.
        """
        shape = params["ddconfig"]
        return cls(
            n_embed=params["n_embed"],
            embed_dim=params["embed_dim"],
            z_channels=shape["z_channels"],
            ch=shape["ch"],
            ch_mult=tuple(shape["ch_mult"]),
            num_res_blocks=shape["num_res_blocks"],
            decoder_res_blocks=params.get("decoder_res_blocks"),
            attn_resolutions=tuple(shape["attn_resolutions"]),
            resolution=shape["resolution"],
            norm_groups=params.get("norm_groups", 32),
            gumbel=params.get("gumbel", False),
        )

    def to_dict(self) -> dict[str, Any]:
        """The `params` for `from_dict`."""
        return {
            "embed_dim": self.embed_dim,
            "n_embed": self.n_embed,
            "decoder_res_blocks": self.decoder_res_blocks,
            "norm_groups": self.norm_groups,
            "gumbel": self.gumbel,
            "ddconfig": self._tower(self.num_res_blocks),
        }

    def _tower(self, res_blocks: int) -> dict[str, Any]:
        return {
            "double_z": False,
            "z_channels": self.z_channels,
            "resolution": self.resolution,
            "in_channels": 3,
            "out_ch": 3,
            "ch": self.ch,
            "ch_mult": self.ch_mult,
            "num_res_blocks": res_blocks,
            "attn_resolutions": self.attn_resolutions,
            "dropout": 0.0,
        }

    def build_encoder(self) -> nn.Module:
        """Taming's encoder of this shape, with random weights."""
        encoder: nn.Module = Encoder(**self._tower(self.num_res_blocks))
        return encoder

    def build_decoder(self) -> nn.Module:
        """Taming's decoder of this shape, with random weights."""
        with contextlib.redirect_stdout(io.StringIO()):  # its constructor prints
            decoder: nn.Module = Decoder(**self._tower(self.decoder_res_blocks or self.num_res_blocks))
        return decoder


# As published with the checkpoints of taming-transformers; WikiArt was fine-tuned from the ImageNet model.
PUBLISHED_CONFIGS: Final[Mapping[str, VQGANConfig]] = {
    "imagenet-f16-1024": VQGANConfig(n_embed=1024),
    "imagenet-f16-16384": VQGANConfig(n_embed=16384),
    "wikiart-f16-16384": VQGANConfig(n_embed=16384),
    "openimages-f8-8192": VQGANConfig(n_embed=8192, ch_mult=(1, 1, 2, 4), attn_resolutions=(32,), gumbel=True),
}


class Codebook(nn.Module):
    """The codebook, with the key of taming's VectorQuantizer: `embedding.weight`."""

    def __init__(self, config: VQGANConfig) -> None:
        super().__init__()
        self.embedding = nn.Embedding(config.n_embed, config.embed_dim)

    @property
    def rows(self) -> Tensor:
        return self.embedding.weight


class GumbelCodebook(nn.Module):
    """The codebook and the projection to logits, with the keys of taming's GumbelQuantize: `embed.weight`, `proj.*`."""

    def __init__(self, config: VQGANConfig) -> None:
        super().__init__()
        self.proj = nn.Conv2d(config.embed_dim, config.n_embed, 1)
        self.embed = nn.Embedding(config.n_embed, config.embed_dim)

    @property
    def rows(self) -> Tensor:
        return self.embed.weight

    def choose(self, hidden: Tensor) -> Tensor:
        """(B, C, h, w) -> (B, C, h, w): at each place the row of the highest logit, as Gumbel softmax without noise."""
        chosen: Tensor = self.proj(hidden).argmax(dim=1)
        return rows_of(chosen, self.rows)


class VQGAN(nn.Module):
    """A VQGAN, frozen, in evaluation mode. Weights are random until `from_state` or `load_state_dict`.

    With `precision` bfloat16, weights of matrix products are stored and multiplied in bfloat16, all else is float32.
    Inputs and outputs are float32 either way.
    """

    def __init__(self, config: VQGANConfig) -> None:
        super().__init__()
        self.config = config
        self.precision = torch.float32
        self.encoder = config.build_encoder()
        self.decoder = config.build_decoder()
        self.quantize: Codebook | GumbelCodebook = GumbelCodebook(config) if config.gumbel else Codebook(config)
        self.quant_conv = nn.Conv2d(config.z_channels, config.embed_dim, 1)
        self.post_quant_conv = nn.Conv2d(config.embed_dim, config.z_channels, 1)
        for layer in self.modules():
            if isinstance(layer, nn.GroupNorm):
                layer.num_groups = config.norm_groups  # which does not change its parameters
        self.eval().requires_grad_(False)

    @classmethod
    def from_state(
        cls,
        config: VQGANConfig,
        state: Mapping[str, Tensor],
        device: torch.device | str = "cpu",
        precision: torch.dtype = torch.float32,
    ) -> VQGAN:
        """The network with the weights of a checkpoint, on `device`, ready to paint.

        `state` may have further keys (the loss network of a training checkpoint); they are ignored.
        Raises `PaintingError` for a missing key or a wrong shape.
        """
        vqgan = cls(config)
        needed = {key: tuple(value.shape) for key, value in vqgan.state_dict().items()}
        check_shapes(needed, state, "VQGAN")
        vqgan.load_state_dict({key: state[key] for key in needed})
        return vqgan.prepare(device, precision)

    def prepare(self, device: torch.device | str, precision: torch.dtype = torch.float32) -> VQGAN:
        """Freeze and move to `device`, in its fastest memory format."""
        self.precision = precision
        settle(self, device, torch.float32)
        for part in (self.encoder, self.decoder, self.quant_conv, self.post_quant_conv):  # the codebook stays float32
            settle(part, device, precision)
        return self

    @property
    def factor(self) -> int:
        """The side of a code in pixels: 8 or 16."""
        return self.config.factor

    @property
    def codebook(self) -> Tensor:
        """(N, C) float32 rows."""
        return self.quantize.rows

    def latents(self, images: Tensor) -> Tensor:
        """(B, 3, H, W) in [0, 1], sides multiples of `factor` -> (B, C, H/f, W/f) float32: the encoder's output."""
        with autocast(images.device, self.precision):
            hidden = self.quant_conv(_encode(self.encoder, images.mul(2).sub(1)))
        latents: Tensor = hidden.float()
        return latents

    @torch.no_grad()
    def encode(self, images: Tensor) -> Tensor:
        """As `latents`, without gradient. With a Gumbel codebook already quantised."""
        latents = self.latents(images)
        return self.quantize.choose(latents) if isinstance(self.quantize, GumbelCodebook) else latents

    def quantise(self, latents: Tensor) -> Tensor:
        """(B, C, h, w) -> the nearest rows, with the straight-through gradient."""
        return _StraightThrough.apply(latents, nearest_rows(latents.detach(), self.codebook))  # type: ignore[no-any-return, no-untyped-call]

    def decode(self, latents_q: Tensor) -> Tensor:
        """(B, C, h, w) quantised latents -> (B, 3, h·f, w·f) float32 pictures, about [0, 1] but not clamped."""
        with autocast(latents_q.device, self.precision):
            pictures = _decode(self.decoder, self.post_quant_conv(latents_q))
        return pictures.float().add(1).div(2)


def nearest_rows(latents: Tensor, codebook: Tensor) -> Tensor:
    """(B, C, h, w) latents, (N, C) rows -> (B, C, h, w): at each place the nearest row by Euclidean distance."""
    return rows_of(nearest_codes(latents, codebook), codebook)


def nearest_codes(latents: Tensor, codebook: Tensor) -> Tensor:
    """(B, C, h, w) latents, (N, C) rows -> (B, h, w) long: the indices of the nearest rows.

    By |c|² − 2x·c in float32, since |x|² is the same for every row.
    """
    batch, channels, height, width = latents.shape
    with torch.autocast(latents.device.type, enabled=False):
        places = latents.float().permute(0, 2, 3, 1).reshape(-1, channels)
        distances = torch.addmm(codebook.square().sum(dim=1), places, codebook.T, alpha=-2)
        return distances.argmin(dim=1).view(batch, height, width)


def rows_of(codes: Tensor, codebook: Tensor) -> Tensor:
    """(B, h, w) indices, (N, C) rows -> (B, C, h, w)."""
    return F.embedding(codes, codebook).permute(0, 3, 1, 2)


def settle(network: nn.Module, device: torch.device | str, precision: torch.dtype) -> None:
    """Freeze a network and move it to `device`, weights of matrix products in `precision`, everything else in float32.

    Autocast would convert frozen weights at every use; norms stay float32, where rounding would be visible.
    """
    network.eval().requires_grad_(False)
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            layer.to(precision)
        elif isinstance(layer, nn.MultiheadAttention):
            for projection in (layer.in_proj_weight, layer.in_proj_bias):
                projection.data = projection.data.to(precision)
    # Channels last is fastest on tensor cores; a CPU was 10 % (f16) to 20 % (f8 with 32 channels) slower with it.
    on_gpu = torch.device(device).type == "cuda"
    network.to(device, memory_format=torch.channels_last if on_gpu else torch.contiguous_format)  # type: ignore[call-overload]


def autocast(device: torch.device, precision: torch.dtype) -> torch.autocast:
    """Autocast to bfloat16 if that is the precision; without effect for float32."""
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=precision == torch.bfloat16)


class _StraightThrough(torch.autograd.Function):
    """Straight-through estimator (Bengio et al. 2013): the value is `rows`, exactly; the gradient goes to `latents`."""

    @staticmethod
    def forward(ctx: Any, latents: Tensor, rows: Tensor) -> Tensor:
        return rows.to(latents.dtype)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        return gradients[0], None


def _encode(encoder: Any, pictures: Tensor) -> Tensor:
    """Taming's `Encoder.forward`: (B, 3, H, W) in [-1, 1] -> (B, Z, H/f, W/f)."""
    hidden = encoder.conv_in(pictures)
    for level in encoder.down:
        hidden = _level(level, hidden)
        if hasattr(level, "downsample"):
            hidden = level.downsample(hidden)
    return _finish(encoder, _middle(encoder.mid, hidden))


def _decode(decoder: Any, hidden: Tensor) -> Tensor:
    """Taming's `Decoder.forward`: (B, Z, h, w) -> (B, 3, h·f, w·f), about [-1, 1]."""
    hidden = _middle(decoder.mid, decoder.conv_in(hidden))
    for level in reversed(decoder.up):
        hidden = _level(level, hidden)
        if hasattr(level, "upsample"):
            hidden = level.upsample(hidden)
    return _finish(decoder, hidden)


def _level(level: Any, hidden: Tensor) -> Tensor:
    """The blocks of one resolution, each followed by attention if the level has any."""
    for index, block in enumerate(level.block):
        hidden = _residual(block, hidden)
        if len(level.attn) > 0:
            hidden = _attention(level.attn[index], hidden)
    return hidden


def _middle(middle: Any, hidden: Tensor) -> Tensor:
    return _residual(middle.block_2, _attention(middle.attn_1, _residual(middle.block_1, hidden)))


def _finish(tower: Any, hidden: Tensor) -> Tensor:
    finished: Tensor = tower.conv_out(F.silu(tower.norm_out(hidden)))
    return finished


def _residual(block: Any, hidden: Tensor) -> Tensor:
    changed: Tensor = block.conv1(F.silu(block.norm1(hidden)))
    changed = block.conv2(F.silu(block.norm2(changed)))
    if block.in_channels != block.out_channels:
        hidden = block.conv_shortcut(hidden) if block.use_conv_shortcut else block.nin_shortcut(hidden)
    return hidden + changed


def _attention(block: Any, hidden: Tensor) -> Tensor:
    """Single-head self-attention over all places."""
    normed = block.norm(hidden)
    query, key, value = (layer(normed).flatten(2).transpose(1, 2).unsqueeze(1) for layer in (block.q, block.k, block.v))
    attended = F.scaled_dot_product_attention(query, key, value)  # (B, 1, h·w, C)
    attended = attended.squeeze(1).transpose(1, 2).reshape(hidden.shape)
    joined: Tensor = hidden + block.proj_out(attended)
    return joined
