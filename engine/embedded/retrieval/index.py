"""The index: VQGAN codes of drawings, with names and tags."""

from __future__ import annotations

import json
import lzma
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file
from torch import Tensor

GRID = 32  # codes along a side: a picture of 256 pixels


@dataclass(frozen=True)
class Entry:
    """A concept, whose drawings are the rows from `first` to `first + len(sources) - 1`."""

    name: str
    tags: tuple[str, ...]
    first: int
    sources: tuple[str, ...]  # the icon set of each drawing


@dataclass(frozen=True)
class Index:
    """All entries, and the VQGAN codes of their drawings, by row."""

    entries: tuple[Entry, ...]
    codes: NDArray[np.uint16]  # (pictures, GRID, GRID)
    meanings: Tensor  # (entries, D): the names as the text tower reads them


def pack(codes: NDArray[np.uint16]) -> bytes:
    """(pictures, GRID, GRID) codes below 4096 as 12 bits each, compressed by lzma to under 750 bytes a picture.

    Low bytes and high half-bytes are stored apart, since lzma works on bytes.
    """
    low = (codes & 255).astype(np.uint8)
    high = (codes >> 8).astype(np.uint8).reshape(-1, 2)
    return lzma.compress(low.tobytes() + (high[:, 0] | high[:, 1] << 4).tobytes(), preset=9)


def unpack(packed: bytes) -> NDArray[np.uint16]:
    """The inverse of `pack`: (pictures, GRID, GRID) codes."""
    raw = np.frombuffer(lzma.decompress(packed), np.uint8)
    count = len(raw) * 2 // 3
    low, joined = raw[:count].astype(np.uint16), raw[count:]
    high = np.stack([joined & 15, joined >> 4], 1).reshape(-1).astype(np.uint16)
    return np.asarray(low | high << 8, np.uint16).reshape(-1, GRID, GRID)


def write_index(index: Index, folder: Path) -> None:
    """Write names and tags to `index.json`, packed codes to `index.safetensors`."""
    packed = np.frombuffer(pack(index.codes), np.uint8).copy()
    scale = index.meanings.abs().amax(1).clamp_min(1e-8) / 127
    numbers = (index.meanings / scale[:, None]).round().to(torch.int8)
    stored = {"codes": torch.from_numpy(packed), "meanings": numbers, "scale": scale.half()}
    save_file(stored, folder / "index.safetensors")
    lines = ",\n".join(json.dumps(asdict(entry), separators=(",", ":")) for entry in index.entries)
    (folder / "index.json").write_text(f"[\n{lines}\n]\n")


def read_index(folder: Path) -> Index:
    """The index in a folder. Raises FileNotFoundError for a missing file."""
    stored = load_file(folder / "index.safetensors")
    rows = json.loads((folder / "index.json").read_text())
    entries = tuple(Entry(row["name"], tuple(row["tags"]), row["first"], tuple(row["sources"])) for row in rows)
    meanings = stored["meanings"].float() * stored["scale"].float()[:, None]
    return Index(entries, unpack(stored["codes"].numpy().tobytes()), meanings)
