"""The bank of starts: codes of good pictures with the names and tags that lead to them."""

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
    """One concept: its pictures are the rows from `first` up to `first + len(sources)`."""

    name: str
    tags: tuple[str, ...]
    first: int
    sources: tuple[str, ...]  # who drew each picture


@dataclass(frozen=True)
class Bank:
    entries: tuple[Entry, ...]
    codes: NDArray[np.uint16]  # (pictures, GRID, GRID)


def pack(codes: NDArray[np.uint16]) -> bytes:
    """Codes below 4096, each a byte and half a byte, which lzma presses to less than 750 bytes a picture.

    Low bytes and high halves lie apart, since the compressor works on bytes.
    """
    low = (codes & 255).astype(np.uint8)
    high = (codes >> 8).astype(np.uint8).reshape(-1, 2)
    return lzma.compress(low.tobytes() + (high[:, 0] | high[:, 1] << 4).tobytes(), preset=9)


def unpack(packed: bytes) -> NDArray[np.uint16]:
    """The (pictures, GRID, GRID) codes that `pack` took."""
    raw = np.frombuffer(lzma.decompress(packed), np.uint8)
    count = len(raw) * 2 // 3
    low, joined = raw[:count].astype(np.uint16), raw[count:]
    high = np.stack([joined & 15, joined >> 4], 1).reshape(-1).astype(np.uint16)
    return np.asarray(low | high << 8, np.uint16).reshape(-1, GRID, GRID)


def write_bank(bank: Bank, folder: Path) -> None:
    packed = np.frombuffer(pack(bank.codes), np.uint8).copy()
    save_file({"codes": torch.from_numpy(packed)}, folder / "bank.safetensors")
    lines = ",\n".join(json.dumps(asdict(entry), separators=(",", ":")) for entry in bank.entries)
    (folder / "bank.json").write_text(f"[\n{lines}\n]\n")


def read_bank(folder: Path) -> Bank:
    packed: Tensor = load_file(folder / "bank.safetensors")["codes"]
    rows = json.loads((folder / "bank.json").read_text())
    entries = tuple(Entry(row["name"], tuple(row["tags"]), row["first"], tuple(row["sources"])) for row in rows)
    return Bank(entries, unpack(packed.numpy().tobytes()))
