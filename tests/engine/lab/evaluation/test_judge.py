"""The outside judge: how its files are read, how its rankings are counted, and that it may be absent."""

from __future__ import annotations

import importlib.util
import json
import os
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from safetensors.torch import save_file

from engine.embedded.networks import normalised, quantised_rows
from engine.errors import InputError
from engine.lab.evaluation.judge import (
    TOWER,
    WORDS,
    CachedTower,
    ImageTower,
    Pixels,
    ranking,
    read_tower,
    read_words,
)
from engine.models.clip import clip_module

# A folder with the real tower, which is no part of the repository.
JUDGE = Path(os.environ.get("ATELIER_SHARED", Path(__file__).parents[5] / "shared")) / "models"


def judge_folder(folder: Path, words: list[str]) -> Path:
    """The files of a judge with a small random tower that has the real one's keys, and random words."""
    torch.manual_seed(3)
    tower = clip_module("model").VisionTransformer(32, 16, 64, 2, 1, 24)
    stored: dict[str, torch.Tensor] = {}
    for key, value in tower.state_dict().items():
        if key.endswith("weight") and value.ndim == 2:
            numbers, scale = quantised_rows(value)
            stored[f"visual.{key}"], stored[f"visual.{key}.scale"] = numbers, scale.float()
        else:
            stored[f"visual.{key}"] = value.half() if key in ("proj", "conv1.weight") else value.clone()
    folder.mkdir(parents=True, exist_ok=True)
    save_file(stored, folder / TOWER)
    (folder / WORDS).write_text(json.dumps({word: torch.randn(24).tolist() for word in words}))
    return folder


def picture(seed: int, height: int = 32, width: int = 32) -> Pixels:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3)).astype(np.uint8)


def test_the_tower_is_read_as_the_files_say(tmp_path: Path) -> None:
    """Against a reading of the same file written the plain way."""
    folder = judge_folder(tmp_path, ["cat", "dog"])
    from safetensors.torch import load_file

    raw = load_file(folder / TOWER)
    state = {}
    for key, value in raw.items():
        if not key.endswith(".scale"):
            scale = raw.get(f"{key}.scale")
            state[key[len("visual.") :]] = value.float() if scale is None else value.float() * scale[:, None]
    plain = clip_module("model").VisionTransformer(32, 16, 64, 2, 1, 24)
    plain.load_state_dict(state)
    pictures = [picture(1), picture(2)]
    with torch.no_grad():
        pixels = torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2).float() / 255
        expected = F.normalize(plain(normalised(pixels)), dim=-1)
    assert torch.allclose(read_tower(folder).embed(pictures), expected, atol=1e-5)


def test_pictures_that_are_not_square_are_set_on_white(tmp_path: Path) -> None:
    tower = read_tower(judge_folder(tmp_path, ["cat"]))
    wide = picture(4, 16, 32)
    square = np.full((32, 32, 3), 255, np.uint8)
    square[8:24] = wide
    assert torch.allclose(tower.embed([wide]), tower.embed([square]), atol=1e-6)


def test_words_are_unit_vectors_in_the_order_of_the_file(tmp_path: Path) -> None:
    words, vectors = read_words(judge_folder(tmp_path, ["dog", "cat"]))
    assert words == ["dog", "cat"]
    assert torch.allclose(vectors.norm(dim=-1), torch.ones(2), atol=1e-6)


def test_files_that_are_absent_or_broken_are_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=TOWER):
        read_tower(tmp_path)
    with pytest.raises(InputError, match=WORDS):
        read_words(tmp_path)
    (tmp_path / TOWER).write_bytes(b"no safetensors at all")
    (tmp_path / WORDS).write_text("[]")
    with pytest.raises(InputError):
        read_tower(tmp_path)
    with pytest.raises(InputError):
        read_words(tmp_path)
    save_file({"visual.proj": torch.zeros(2, 2)}, tmp_path / TOWER)
    with pytest.raises(InputError):
        read_tower(tmp_path)


def test_a_look_is_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tower = read_tower(judge_folder(tmp_path, ["cat"]))
    first = CachedTower(tower, tmp_path).embed([picture(1), picture(2), picture(1)])
    assert torch.equal(first[0], first[2]) and not torch.equal(first[0], first[1])
    monkeypatch.setattr(ImageTower, "embed", lambda *_: pytest.fail("it looked again"))
    assert torch.equal(CachedTower(tower, tmp_path).embed([picture(2), picture(1)]), first[[1, 0]])


def test_ranks_are_counted() -> None:
    """Eight words on the axes; the first picture is its own word, the second has its word third, the third sixth."""
    words = torch.eye(8)
    second = torch.tensor([0.5, 0.6, 0.7, 0.1, 0, 0, 0, 0])
    third = torch.tensor([0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0, 0])
    found = ranking(torch.stack([words[7], second, third]), words, torch.tensor([7, 0, 5]))
    assert (found.pictures, found.words) == (3, 8)
    assert found.first == pytest.approx(1 / 3) and found.fifth == pytest.approx(2 / 3)
    assert found.similarity == pytest.approx((1 + 0.5 + 0.4) / 3)
    assert found.margin == pytest.approx((1 - 0.2 - 0.5) / 3)
    assert 0.3 < found.certainty < 0.34


def test_a_tie_counts_against_the_picture() -> None:
    same = torch.full((2, 4), 0.5)
    assert ranking(same[:1], same, torch.tensor([0])).first == 0


@pytest.mark.skipif(not (JUDGE / TOWER).exists(), reason="the judge's files are not beside the repository")
def test_the_real_tower_is_the_reference_one() -> None:
    spec = importlib.util.spec_from_file_location("reference", JUDGE / "clip_b16.py")
    assert spec is not None and spec.loader is not None
    reference = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(reference)
    state = {key.removeprefix("visual."): value for key, value in reference.image_tower_state().items()}
    tower = clip_module("model").VisionTransformer(224, 16, 768, 12, 12, 512)
    tower.load_state_dict(state)
    shown = picture(5, 224, 224)
    with torch.no_grad():
        pixels = torch.from_numpy(shown).permute(2, 0, 1)[None].float() / 255
        expected = F.normalize(tower.eval()(normalised(pixels)), dim=-1)
    assert torch.allclose(read_tower(JUDGE).embed([shown]), expected, atol=1e-4)
    words, vectors = read_words(JUDGE)
    known = reference.text_embeddings()
    assert words == list(known)
    assert torch.allclose(vectors, torch.stack(list(known.values())), atol=1e-6)
