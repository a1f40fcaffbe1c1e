"""The VQGAN against taming-transformers' own forward passes and quantisers, on narrow networks."""

from __future__ import annotations

import dataclasses
import json

import pytest
import torch
from taming.modules.vqvae.quantize import GumbelQuantize, VectorQuantizer2
from torch import Tensor

from engine.errors import PaintingError
from engine.models.vqgan import (
    PUBLISHED_CONFIGS,
    VQGAN,
    VQGANConfig,
    nearest_rows,
)

# The published f16 and f8 networks, narrower; 4 and 8 are where their narrowest level attends at this resolution.
SMALL_F16 = VQGANConfig(n_embed=48, embed_dim=24, z_channels=32, ch=32, attn_resolutions=(4,), resolution=64)
SMALL_F8 = dataclasses.replace(SMALL_F16, ch_mult=(1, 1, 2, 4), attn_resolutions=(8,), gumbel=True)
SMALL_MINI = dataclasses.replace(
    SMALL_F16, ch_mult=(1, 1, 2, 4), num_res_blocks=2, decoder_res_blocks=1, attn_resolutions=()
)


@pytest.fixture(autouse=True)
def _one_thread_and_one_seed() -> None:
    torch.set_num_threads(1)
    torch.manual_seed(0)


def lively(config: VQGANConfig) -> VQGAN:
    """Random weights with norms that do something, so that a wrong order of operations shows."""
    vqgan = VQGAN(config)
    for name, parameter in vqgan.named_parameters():
        if "norm" in name:
            parameter.copy_(torch.randn_like(parameter) * 0.3 + (1.0 if name.endswith("weight") else 0.0))
    return vqgan


@pytest.mark.parametrize("config", [SMALL_F16, SMALL_F8, SMALL_MINI], ids=["f16", "gumbel", "mini"])
def test_decoding_is_tamings_with_its_gradient(config: VQGANConfig) -> None:
    vqgan = lively(config)
    latents = torch.randn(2, config.embed_dim, 3, 5, requires_grad=True)

    ours = vqgan.decode(latents)
    (ours_gradient,) = torch.autograd.grad(ours.square().sum(), latents)
    tamings = (vqgan.decoder(vqgan.post_quant_conv(latents)) + 1) / 2
    (tamings_gradient,) = torch.autograd.grad(tamings.square().sum(), latents)

    assert ours.shape == (2, 3, 3 * config.factor, 5 * config.factor)
    torch.testing.assert_close(ours, tamings, atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(ours_gradient, tamings_gradient, atol=1e-3 * float(tamings_gradient.abs().max()), rtol=0)


@pytest.mark.parametrize("config", [SMALL_F16, SMALL_MINI], ids=["f16", "mini"])
def test_encoding_is_tamings(config: VQGANConfig) -> None:
    vqgan = lively(config)
    images = torch.rand(2, 3, 4 * config.factor, 3 * config.factor)

    ours = vqgan.encode(images)

    assert ours.shape == (2, config.embed_dim, 4, 3)
    assert not ours.requires_grad
    torch.testing.assert_close(ours, vqgan.quant_conv(vqgan.encoder(images * 2 - 1)), atol=1e-5, rtol=1e-4)


def test_a_configuration_survives_its_dictionary() -> None:
    for config in (SMALL_F16, SMALL_F8, SMALL_MINI):
        assert VQGANConfig.from_dict(json.loads(json.dumps(config.to_dict()))) == config


def test_latents_have_a_gradient_where_a_network_learns() -> None:
    vqgan = lively(SMALL_MINI).requires_grad_(True)
    vqgan.latents(torch.rand(1, 3, 16, 16)).square().sum().backward()
    gradient = vqgan.encoder.conv_in.weight.grad
    assert gradient is not None and float(gradient.abs().max()) > 0


def test_a_gumbel_encoding_is_the_rows_that_tamings_quantiser_chooses() -> None:
    vqgan = lively(SMALL_F8)
    quantiser = GumbelQuantize(SMALL_F8.z_channels, SMALL_F8.embed_dim, SMALL_F8.n_embed).eval()
    quantiser.proj = torch.nn.Conv2d(SMALL_F8.embed_dim, SMALL_F8.n_embed, 1)
    quantiser.load_state_dict(vqgan.quantize.state_dict())
    images = torch.rand(1, 3, 32, 24)

    chosen = quantiser.proj(vqgan.quant_conv(vqgan.encoder(images * 2 - 1))).argmax(dim=1)
    rows = quantiser.get_codebook_entry(chosen.flatten(), (1, 4, 3, SMALL_F8.embed_dim))

    torch.testing.assert_close(vqgan.encode(images), rows, atol=0, rtol=0)


def test_quantising_is_tamings_without_its_rounding() -> None:
    vqgan = VQGAN(SMALL_F16)
    quantiser = VectorQuantizer2(SMALL_F16.n_embed, SMALL_F16.embed_dim, beta=0.25)
    quantiser.load_state_dict(vqgan.quantize.state_dict())
    latents = torch.randn(2, SMALL_F16.embed_dim, 6, 4)

    ours, (theirs, _, _) = vqgan.quantise(latents), quantiser(latents)

    torch.testing.assert_close(ours, theirs, atol=1e-5, rtol=0)
    places = ours.permute(0, 2, 3, 1).reshape(-1, SMALL_F16.embed_dim)
    assert all(any(torch.equal(place, row) for row in vqgan.codebook) for place in places)


def test_the_gradient_goes_straight_through_the_codebook() -> None:
    vqgan = VQGAN(SMALL_F16)
    latents = torch.randn(1, SMALL_F16.embed_dim, 2, 2, requires_grad=True)
    upstream = torch.randn_like(latents)

    vqgan.quantise(latents).backward(upstream)

    assert latents.grad is not None
    assert torch.equal(latents.grad, upstream)


def test_the_nearest_row_is_the_one_at_the_least_distance() -> None:
    codebook, latents = torch.randn(40, 8), torch.randn(2, 8, 3, 5)
    distances = torch.cdist(latents.permute(0, 2, 3, 1).reshape(-1, 8), codebook)
    by_distance: Tensor = codebook[distances.argmin(1)].view(2, 3, 5, 8).permute(0, 3, 1, 2)
    assert torch.equal(nearest_rows(latents, codebook), by_distance)


@pytest.mark.parametrize(
    ("config", "factor", "shapes"),
    [
        (
            PUBLISHED_CONFIGS["imagenet-f16-16384"],
            16,
            {
                "encoder.conv_in.weight": (128, 3, 3, 3),
                "encoder.down.3.downsample.conv.bias": (256,),
                "encoder.down.4.attn.1.q.weight": (512, 512, 1, 1),
                "encoder.conv_out.weight": (256, 512, 3, 3),
                "decoder.conv_in.weight": (512, 256, 3, 3),
                "decoder.mid.attn_1.proj_out.bias": (512,),
                "decoder.up.4.attn.2.proj_out.weight": (512, 512, 1, 1),
                "decoder.up.3.block.0.nin_shortcut.weight": (256, 512, 1, 1),
                "decoder.up.1.upsample.conv.weight": (128, 128, 3, 3),
                "decoder.conv_out.weight": (3, 128, 3, 3),
                "quantize.embedding.weight": (16384, 256),
                "quant_conv.weight": (256, 256, 1, 1),
                "post_quant_conv.bias": (256,),
            },
        ),
        (
            PUBLISHED_CONFIGS["openimages-f8-8192"],
            8,
            {
                "encoder.down.3.attn.1.k.weight": (512, 512, 1, 1),
                "decoder.up.3.attn.2.norm.weight": (512,),
                "quantize.embed.weight": (8192, 256),
                "quantize.proj.weight": (8192, 256, 1, 1),
                "quantize.proj.bias": (8192,),
            },
        ),
        (PUBLISHED_CONFIGS["imagenet-f16-1024"], 16, {"quantize.embedding.weight": (1024, 256)}),
    ],
    ids=["imagenet-f16-16384", "openimages-f8-8192", "imagenet-f16-1024"],
)
def test_the_published_shapes_have_the_published_keys(
    config: VQGANConfig, factor: int, shapes: dict[str, tuple[int, ...]]
) -> None:
    with torch.device("meta"):
        vqgan = VQGAN(config)
    state = vqgan.state_dict()
    assert vqgan.factor == factor
    assert {key: tuple(state[key].shape) for key in shapes} == shapes
    prefixes = {key.split(".")[0] for key in state}
    assert prefixes == {"encoder", "decoder", "quantize", "quant_conv", "post_quant_conv"}


def test_a_state_with_a_loss_network_beside_it_is_taken_over() -> None:
    source = lively(SMALL_F16)
    state = dict(source.state_dict()) | {"loss.discriminator.main.0.weight": torch.zeros(1)}
    latents = torch.randn(1, SMALL_F16.embed_dim, 2, 2)

    vqgan = VQGAN.from_state(SMALL_F16, state)

    torch.testing.assert_close(vqgan.decode(latents), source.decode(latents), atol=1e-6, rtol=0)
    assert not any(parameter.requires_grad for parameter in vqgan.parameters())
    assert not vqgan.training


def test_a_state_of_another_network_is_refused_with_the_key_that_differs() -> None:
    state = dict(VQGAN(SMALL_F16).state_dict())
    with pytest.raises(PaintingError, match=r"“quantize\.embedding\.weight” is 48×24, not 64×24\.$"):
        VQGAN.from_state(dataclasses.replace(SMALL_F16, n_embed=64), state)
    del state["decoder.conv_out.bias"]
    with pytest.raises(PaintingError, match=r"“decoder\.conv_out\.bias” is missing\.$"):
        VQGAN.from_state(SMALL_F16, state)


def test_bfloat16_is_near_float32_and_comes_out_as_float32() -> None:
    exact, narrow = lively(SMALL_F16), VQGAN(SMALL_F16)
    narrow.load_state_dict(exact.state_dict())
    narrow.prepare("cpu", torch.bfloat16)
    latents = torch.randn(1, SMALL_F16.embed_dim, 4, 4, requires_grad=True)

    pictures = narrow.decode(narrow.quantise(latents))
    pictures.sum().backward()

    assert pictures.dtype == torch.float32
    assert latents.grad is not None and latents.grad.dtype == torch.float32
    assert narrow.codebook.dtype == torch.float32
    assert narrow.decoder.get_parameter("conv_in.weight").dtype == torch.bfloat16
    assert float((pictures - exact.decode(exact.quantise(latents))).detach().abs().mean()) < 0.02
    assert narrow.encode(torch.rand(1, 3, 32, 32)).dtype == torch.float32


def test_a_taming_configuration_is_read() -> None:
    params = {
        "embed_dim": 256,
        "n_embed": 1024,
        "decoder_res_blocks": 1,
        "ddconfig": {
            "double_z": False,
            "z_channels": 256,
            "resolution": 256,
            "in_channels": 3,
            "out_ch": 3,
            "ch": 128,
            "ch_mult": [1, 1, 2, 2, 4],
            "num_res_blocks": 2,
            "attn_resolutions": [16],
            "dropout": 0.0,
        },
    }
    assert VQGANConfig.from_dict(params) == dataclasses.replace(
        PUBLISHED_CONFIGS["imagenet-f16-1024"], decoder_res_blocks=1
    )


def test_building_one_prints_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    VQGAN(SMALL_MINI)
    assert capsys.readouterr() == ("", "")
