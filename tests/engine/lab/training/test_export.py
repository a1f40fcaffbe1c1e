"""What the work folder has made is shipped, and what it has not made stays."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from engine.embedded.four_bits import restored_state
from engine.embedded.load import EmbeddedFiles
from engine.embedded.retrieval.index import Entry, Index, read_index, write_index
from engine.embedded.text_tower import END, START, UNKNOWN, TextEncoder, TextTower
from engine.lab.training import export
from engine.lab.training.export import record_training, stage_index, stage_towers, stage_vqgan
from engine.lab.training.rounding import stored_tower
from engine.lab.training.text_tower import RUNNING as TEXT_RUNNING

PIECES = [START, END, UNKNOWN, "red", "cat", "dog"]
ENTRIES = (Entry("red cat", ("pet",), 0, ("noto", "twemoji")), Entry("dog", (), 2, ("noto",)))
CODES = np.arange(3 * 32 * 32, dtype=np.uint16).reshape(3, 32, 32) % 1280


def text_tower(seed: int) -> dict[str, torch.Tensor]:
    torch.manual_seed(seed)
    return stored_tower(TextTower(len(PIECES)).state_dict())


def shipped_folder(folder: Path) -> EmbeddedFiles:
    """Files by name, of which the networks are no more than their names."""
    folder.mkdir()
    files = EmbeddedFiles(folder)
    for file in (files.vqgan, files.image_tower, files.config):
        file.write_text(f"shipped {file.name}")
    save_file(text_tower(0), files.text_tower)
    files.pieces.write_text("\n".join(PIECES))
    write_index(Index(ENTRIES, CODES, torch.randn(2, 384)), folder)
    return files


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """A work folder with towers, and no VQGAN."""
    made = tmp_path / "work"
    (made / "text").mkdir(parents=True)
    (made / "weights").mkdir()
    (made / "clip_image.safetensors").write_text("made")
    save_file(text_tower(1), made / "text/clip_text.safetensors")
    (made / "text/pieces.txt").write_text("\n".join(PIECES))
    return made


def test_the_index_keeps_its_codes_and_takes_the_meanings_of_the_new_tower(tmp_path: Path, work: Path) -> None:
    shipped = shipped_folder(tmp_path / "shipped")
    staged = EmbeddedFiles(work / "weights")
    stage_towers(work, staged, shipped.folder)
    assert staged.image_tower.read_text() == "made"
    assert stage_vqgan(work, staged, shipped.folder) is None
    assert staged.vqgan.read_text() == "shipped vqgan.safetensors"
    stage_index(work, None, staged, shipped.folder)
    index = read_index(staged.folder)
    assert index.entries == ENTRIES and np.array_equal(index.codes, CODES)
    expected = TextEncoder(PIECES, restored_state(text_tower(1))).sentences(["red cat", "dog"])
    torch.testing.assert_close(index.meanings, expected, atol=2e-3, rtol=0)


def test_the_record_takes_over_what_was_trained_elsewhere(
    tmp_path: Path, work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "read_pictures", lambda work: (None, [None] * 7))
    torch.save({"sentences": [("a",), ("b",)]}, work / "pairs_drawings.pt")
    torch.save({"sentences": [("a",)]}, work / "pairs_unseen.pt")  # the tower does not learn from these
    torch.save({"spent": 150.0, "step": 40}, work / "text" / TEXT_RUNNING)
    before, record = tmp_path / "before.json", tmp_path / "training.json"
    before.write_text(json.dumps({"minutes": 371, "steps": {"vqgan": 3300, "clip": 5977, "text tower": 1}}))
    record_training(work, "cpu", record, before)
    assert json.loads(record.read_text()) == {
        "device": "cpu",
        "pictures": 7,
        "minutes": {"text tower": 2},
        "steps": {"vqgan": 3300, "text tower": 40},
        "pairs": {"drawings": 2},
    }


def test_everything_goes_to_one_folder(tmp_path: Path, work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shipped = shipped_folder(tmp_path / "shipped")
    monkeypatch.setattr(export, "read_pictures", lambda work: (None, []))
    monkeypatch.setattr(export, "write_notice", lambda work, file: file.write_text("notice"))
    (work / "weights/of_another_time.txt").write_text("old")
    out = tmp_path / "out" / "weights"
    export.export(work, out, "cpu", shipped.folder)
    networks = {"clip_image.safetensors", "clip_text.safetensors", "config.json", "pieces.txt", "vqgan.safetensors"}
    assert {file.name for file in out.iterdir()} == {*networks, "index.json", "index.safetensors", "training.json"}
    assert (tmp_path / "out" / "NOTICE").read_text() == "notice"
