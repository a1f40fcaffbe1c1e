"""The embedded model: what it promises to the engine, checked on the files that are shipped."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from torch import Tensor

from engine.embedded.load import WEIGHTS, load_embedded
from engine.embedded.perceptor import EmbeddedPerceptor
from engine.embedded.prior import EmbeddedPrior
from engine.embedded.retrieval.index import pack, unpack
from engine.models.vqgan import VQGAN
from engine.registry import choose_precision

Loaded = tuple[VQGAN, EmbeddedPerceptor, EmbeddedPrior]


@pytest.fixture(scope="module")
def embedded() -> Iterator[Loaded]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # on a busy machine several threads wait for each other most of the time
    model = load_embedded("cpu", choose_precision(torch.device("cpu")))
    yield model.vqgan, model.perceptor, model.prior
    torch.set_num_threads(threads)


def propose(embedded: Loaded, text: str, seed: int = 0, width: int = 256, height: int = 256) -> Tensor:
    vqgan, _, prior = embedded
    generator = torch.Generator().manual_seed(seed)
    return prior.propose(text, width=width, height=height, generator=generator, vqgan=vqgan).picture[None]


def test_texts_are_unit_vectors(embedded: Loaded) -> None:
    _, perceptor, _ = embedded
    texts = perceptor.encode_text(["a red apple", "a blue fish", "xyzzyqua blorptang"])
    assert texts.shape == (3, perceptor.dimensions) and texts.dtype == torch.float32
    assert torch.allclose(texts.norm(dim=-1), torch.ones(3), atol=1e-4)


def test_pictures_are_unit_vectors_with_a_gradient(embedded: Loaded) -> None:
    _, perceptor, _ = embedded
    pictures = torch.rand(2, 3, perceptor.input_size, perceptor.input_size, requires_grad=True)
    seen = perceptor.encode_image(pictures)
    assert seen.shape == (2, perceptor.dimensions)
    assert torch.allclose(seen.norm(dim=-1), torch.ones(2), atol=1e-4)
    (gradient,) = torch.autograd.grad(seen[:, 0].sum(), pictures)
    assert gradient.abs().sum() > 0


def test_a_picture_is_nearer_to_its_name_than_to_another(embedded: Loaded) -> None:
    _vqgan, perceptor, _ = embedded
    names = ["red apple", "blue fish", "yellow star", "green tree", "house", "rocket"]
    side = perceptor.input_size
    pictures = torch.cat([propose(embedded, name) for name in names])
    small = torch.nn.functional.interpolate(pictures, size=(side, side), mode="bilinear", antialias=True)
    nearest = (perceptor.encode_image(small) @ perceptor.encode_text(names).T).argmax(1)
    assert (nearest == torch.arange(len(names))).float().mean() >= 0.6


def test_the_engine_decodes_as_it_was_trained(embedded: Loaded) -> None:
    """White codes give white: fails when the group norms are taming's and not the configuration's."""
    white = propose(embedded, "banana")[..., :16, :16]
    assert white.min() > 0.85


def test_the_perceptor_tells_what_it_reads(embedded: Loaded) -> None:
    _, perceptor, _ = embedded
    assert perceptor.truncated("word " * 100) and not perceptor.truncated("a red apple")


def test_codes_survive_packing() -> None:
    import numpy as np

    codes = np.random.default_rng(0).integers(0, 4096, (5, 32, 32)).astype(np.uint16)
    assert (unpack(pack(codes)) == codes).all()


def test_files_are_small_and_nothing_is_pickled() -> None:
    sizes = {file.name: file.stat().st_size for file in WEIGHTS.iterdir()}
    assert sizes["clip_image.safetensors"] <= 48_000_000
    assert sizes["clip_text.safetensors"] + sizes["pieces.txt"] <= 8_000_000
    assert sum(sizes.values()) <= 68_000_000
    assert {Path(name).suffix for name in sizes} <= {".safetensors", ".json", ".txt", ".gz"}
