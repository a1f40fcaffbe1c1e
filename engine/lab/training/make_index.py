"""Turns the chosen pictures into the index of drawings: names, tags, meanings of the names, and VQGAN codes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from engine.embedded.retrieval.index import Entry, Index, read_index, write_index
from engine.embedded.text_tower import TextEncoder
from engine.lab.training.augment import premultiplied
from engine.lab.training.everyday import everyday_names
from engine.lab.training.gather import read_pictures
from engine.lab.training.index_choice import choose
from engine.models.vqgan import VQGAN, nearest_codes


@torch.no_grad()
def encode(vqgan: VQGAN, rgba: Tensor) -> Tensor:
    """(B, 4, 256, 256) uint8 -> (B, 32, 32) codes of the pictures on white."""
    pictures = premultiplied(rgba)
    return nearest_codes(vqgan.encode(pictures[:, :3] + 1 - pictures[:, 3:]), vqgan.codebook)


def encode_rows(work: Path, rows: list[int], vqgan: VQGAN) -> np.ndarray[tuple[int, ...], np.dtype[np.uint16]]:
    """(len(rows), 32, 32) codes of the pictures on disk."""
    pixels, _ = read_pictures(work)
    codes = []
    for start in range(0, len(rows), 8):
        rgba = torch.from_numpy(np.stack([pixels[row] for row in rows[start : start + 8]])).permute(0, 3, 1, 2)
        codes.append(encode(vqgan, rgba).numpy().astype(np.uint16))
        if start % 400 == 0:
            print(f"index: {start} of {len(rows)}", flush=True)
    return np.concatenate(codes)


def entries_of_bank(work: Path) -> tuple[list[Entry], list[int]]:
    """The index's entries and the rows of the pictures on disk that they count through.

    Everyday words are entries of their own over the same pictures.
    """
    _, pictures = read_pictures(work)
    entries: list[Entry] = []
    rows: list[int] = []
    for item in choose(pictures):
        entries.append(Entry(item.name, item.tags, len(rows), item.sources))
        rows += item.rows
    by_name = {entry.name: entry for entry in entries}
    for word, names in everyday_names().items():
        entries += [replace(by_name[name], name=word) for name in names if name in by_name and name != word]
    return entries, rows


def meanings_of(entries: Iterable[Entry], texts: TextEncoder) -> Tensor:
    """(entries, D) unit vectors: the names as the text tower reads them."""
    names = [entry.name for entry in entries]
    return torch.cat([texts.sentences(names[start : start + 256]) for start in range(0, len(names), 256)])


def make_index(work: Path, vqgan: VQGAN, texts: TextEncoder) -> Index:
    """Codes of all chosen pictures, made by the encoder as it will be shipped."""
    entries, rows = entries_of_bank(work)
    return Index(tuple(entries), encode_rows(work, rows, vqgan), meanings_of(entries, texts))


def refresh_meanings(folder: Path, texts: TextEncoder) -> None:
    """Gives the index in a folder the meanings of another text tower; entries and codes stay."""
    index = read_index(folder)
    write_index(replace(index, meanings=meanings_of(index.entries, texts)), folder)
