"""One sheet of every style: `python -m engine.lab.bench.gallery --out docs/styles.png`.

Five prompts in five styles by the embedded model, quality draft, one seed, one try each. For looking at after any
change to painting.
"""

from __future__ import annotations

import argparse
from itertools import product
from pathlib import Path
from typing import Final

import torch

from engine.images.sheets import contact_sheet
from engine.loop.loop import paint
from engine.registry import load_models
from engine.spec.artspec import STYLES, ArtSpec

PROMPTS: Final = ("a lighthouse in a storm", "a red fox", "a castle at sunset", "a bowl of fruit", "a sailing boat")
CELL: Final = 240  # pixels of a picture on the sheet: a whole number for each of the 40 cells of a pixel picture


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m engine.lab.bench.gallery", description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=3)
    parser.add_argument("--threads", type=int, default=None)
    chosen = parser.parse_args()
    if chosen.threads:
        torch.set_num_threads(chosen.threads)
    models, pictures, labels = load_models("mini"), [], []
    for prompt, style in product(PROMPTS, STYLES):
        *_, last = paint(ArtSpec(prompt, style=style, seed=chosen.seed), models)
        pictures.append(last.picture().resize((CELL, CELL)))
        labels.append(f"{style}: {prompt}")
        print(f"{labels[-1]}: CLIP score {last.scores()[0]:.1f}", flush=True)
    contact_sheet(pictures, labels, None, largest=1280).quantize(256).save(chosen.out, optimize=True)


if __name__ == "__main__":
    main()
