"""What the shipped files are made of: their sizes, and the sources of the pictures that went into them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path

from safetensors import safe_open

from engine.embedded.load import WEIGHTS
from engine.embedded.retrieval.index import read_index
from engine.lab.training.drawings import Picture
from engine.lab.training.sources import SOURCES


@dataclass(frozen=True)
class File:
    """One file of weights/."""

    name: str
    bytes: int
    numbers: int  # in its tensors


@dataclass(frozen=True)
class SourceShare:
    """One package, and how much of it went in."""

    name: str
    package: str
    version: str
    licence: str
    use: str
    trained: int | None  # pictures that were trained on; None where the training pictures are absent
    stored: int  # pictures whose codes are shipped


@dataclass(frozen=True)
class Contents:
    files: tuple[File, ...]
    sources: tuple[SourceShare, ...]
    names: int  # concepts with stored pictures


def measure_contents(pictures: Sequence[Picture] | None, folder: Path = WEIGHTS) -> Contents:
    """`pictures` are the records of the training pictures where they are at hand."""
    trained = None if pictures is None else Counter(picture.source for picture in pictures)
    stored: Counter[str] = Counter()
    names = 0
    if (folder / "index.json").exists():
        entries = read_index(folder).entries
        # Everyday names lead to pictures that another entry has already.
        stored.update(
            {entry.first + place: source for entry in entries for place, source in enumerate(entry.sources)}.values()
        )
        names = len({entry.first for entry in entries})
    sources = tuple(
        SourceShare(
            source.name,
            source.package,
            source.version,
            source.licence,
            source.use,
            None if trained is None else trained[source.name],
            stored[source.name],
        )
        for source in SOURCES
    )
    files = tuple(File(file.name, file.stat().st_size, _numbers(file)) for file in sorted(folder.iterdir()))
    return Contents(files, sources, names)


def _numbers(file: Path) -> int:
    if file.suffix != ".safetensors":
        return 0
    with safe_open(file, "pt") as tensors:
        return sum(prod(tensors.get_slice(key).get_shape()) for key in tensors.keys())  # noqa: SIM118  # safetensors' file is no mapping
