"""The CLIP perceptor against clip-anytorch's own forward passes, on small networks of both kinds."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
import torch
import torch.nn.functional as F

from engine.errors import PaintingError
from engine.models import clip as clip_perceptor
from engine.models.clip import CLIPPerceptor, clip_module, tokenize

START, END = 49406, 49407
MEAN = torch.tensor([0.48145466, 0.4578275, 0.40821073]).view(3, 1, 1)
DEVIATION = torch.tensor([0.26862954, 0.26130258, 0.27577711]).view(3, 1, 1)


@pytest.fixture(autouse=True)
def _one_thread_and_one_seed() -> None:
    torch.set_num_threads(1)
    torch.manual_seed(0)


def small_clip(kind: str = "vit") -> Any:
    """A CLIP with all parts of the published ones: 32 pixels, 16 numbers; text of width 64 as heads are 64 wide."""
    tower = (1, 64, 8) if kind == "vit" else ((1, 1, 1, 1), 16, None)
    return clip_module("model").CLIP(16, 32, *tower, 77, 49408, 64, 1, 2).eval()


def perceptor_of(clip: Any, precision: torch.dtype = torch.float32) -> CLIPPerceptor:
    return CLIPPerceptor.from_state("small", clip.half().float().state_dict(), "cpu", precision)


@pytest.mark.parametrize("kind", ["vit", "resnet"])
def test_pictures_and_words_are_seen_as_by_clip(kind: str) -> None:
    clip = small_clip(kind)
    perceptor = perceptor_of(clip)
    images = torch.rand(3, 3, 32, 32)
    texts = ["a red apple", "fog over a castle"]

    with torch.no_grad():
        seen = F.normalize(clip.encode_image((images - MEAN) / DEVIATION), dim=-1)
        read = F.normalize(clip.encode_text(tokenize(texts)), dim=-1)

    assert (perceptor.input_size, perceptor.dimensions) == (32, 16)
    torch.testing.assert_close(perceptor.encode_image(images), seen, atol=1e-5, rtol=0)
    torch.testing.assert_close(perceptor.encode_text(texts), read, atol=1e-5, rtol=0)


def test_the_gradient_for_the_picture_is_clips_in_any_memory_layout() -> None:
    clip = small_clip()
    perceptor = perceptor_of(clip)
    images = torch.rand(2, 3, 32, 32)
    direction = torch.randn(16)

    def gradient(see: Any, layout: torch.memory_format) -> torch.Tensor:
        leaf = images.to(memory_format=layout, copy=True).requires_grad_()
        return torch.autograd.grad((F.normalize(see(leaf), dim=-1) @ direction).sum(), leaf)[0]

    clips = gradient(lambda leaf: clip.encode_image((leaf - MEAN) / DEVIATION), torch.contiguous_format)
    for layout in (torch.contiguous_format, torch.channels_last):
        torch.testing.assert_close(gradient(perceptor.encode_image, layout), clips, atol=1e-6, rtol=1e-4)


@pytest.mark.parametrize("kind", ["vit", "resnet"])
@pytest.mark.parametrize("precision", [torch.float32, torch.bfloat16])
def test_seeing_has_a_gradient_for_the_picture_and_none_for_the_weights(kind: str, precision: torch.dtype) -> None:
    clip = small_clip(kind)
    exact, perceptor = perceptor_of(clip), perceptor_of(clip, precision)
    images = torch.rand(2, 3, 32, 32, requires_grad=True)

    seen = perceptor.encode_image(images)
    (seen @ torch.randn(16)).sum().backward()

    assert seen.dtype == torch.float32
    torch.testing.assert_close(seen.norm(dim=-1), torch.ones(2))
    assert float(F.cosine_similarity(seen, exact.encode_image(images)).detach().min()) > 0.99
    assert images.grad is not None and float(images.grad.abs().max()) > 0
    assert all(parameter.grad is None for parameter in perceptor.image_tower.parameters())
    assert perceptor.encode_text(["a cat"]).dtype == torch.float32


def test_words_become_the_published_token_numbers() -> None:
    tokens = tokenize(["a red apple"])
    assert tokens.shape == (1, 77)
    assert tokens[0, :5].tolist() == [START, 320, 736, 3055, END]
    assert not tokens[0, 5:].any()


def test_a_long_text_is_cut_before_its_end_mark_and_told() -> None:
    perceptor = perceptor_of(small_clip())
    fits, long = "apple " * 75, "apple " * 76
    assert not perceptor.truncated(fits)
    assert perceptor.truncated(long)
    assert tokenize([long])[0, -1] == END
    assert torch.equal(perceptor.encode_text([long]), perceptor.encode_text([fits]))


@pytest.mark.parametrize(
    "text", ["", "\U0001f9d9" * 300, "x" * 1000, "<|endoftext|>" * 40, "&lt;" * 200, "\ud800", "ﷺ" * 400]
)
def test_hostile_text_is_read(text: str) -> None:
    embedding = perceptor_of(small_clip()).encode_text([text.encode("utf-8", "replace").decode()])
    torch.testing.assert_close(embedding.norm(dim=-1), torch.ones(1))


def test_a_written_end_mark_does_not_end_the_text() -> None:
    perceptor = perceptor_of(small_clip())
    one, other = perceptor.encode_text(["a cat <|endoftext|> on a mat", "a cat <|endoftext|> in a hat"])
    assert not torch.equal(one, other)


def test_a_text_is_read_once_and_the_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clip_perceptor, "CACHED_TEXTS", 2)
    perceptor = perceptor_of(small_clip())
    read: list[str] = []
    once = perceptor.read
    monkeypatch.setattr(perceptor, "read", lambda texts: read.extend(texts) or once(texts))

    first = perceptor.encode_text(["cat", "dog", "cat"])
    assert torch.equal(first[0], first[2])
    assert torch.equal(perceptor.encode_text(["cat"])[0], first[0])
    assert read == ["cat", "dog"]
    perceptor.encode_text(["bird"])  # the dog, unused for longest, goes
    perceptor.encode_text(["cat"])
    perceptor.encode_text(["dog"])
    assert read == ["cat", "dog", "bird", "dog"]


def test_a_text_is_the_same_whatever_it_comes_with() -> None:
    clip = small_clip()
    alone = perceptor_of(clip).encode_text(["a cat"])
    together = perceptor_of(clip).encode_text(["a house on a hill", "a cat", "fog"])
    assert torch.equal(alone[0], together[1])


def test_weights_of_something_else_are_refused() -> None:
    with pytest.raises(PaintingError, match=r"^The weights of ViT-B/32 are not those of a CLIP: .* is missing\.$"):
        CLIPPerceptor.from_state("ViT-B/32", {"encoder.conv_in.weight": torch.zeros(1)})
    state = small_clip().state_dict()
    state["visual.ln_post.weight"] = torch.zeros(3)
    with pytest.raises(PaintingError, match=r"names or shapes differ\.$"):
        CLIPPerceptor.from_state("ViT-B/32", state)


def test_nothing_here_imports_torchvision_or_lightning() -> None:
    program = (
        "import sys, torch\n"
        "import engine.registry\n"
        "from engine.lab.random_models import random_models\n"
        "from engine.spec.presets import VQGANS\n"
        "resident = random_models()\n"
        "resident.perceptor('ViT-B/32').encode_text(['a red apple'])\n"
        "resident.vqgan(VQGANS['full']).decode(torch.zeros(1, 16, 2, 2))\n"
        "print(sorted({'torchvision', 'pytorch_lightning', 'lightning', 'pkg_resources'} & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120)
    assert done.stdout == "[]\n", done.stderr


def test_weights_and_presets_do_not_import_torch() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import sys, engine.models.download; print('torch' in sys.modules)"],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.stdout == "False\n", done.stderr
