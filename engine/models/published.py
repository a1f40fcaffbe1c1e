"""The published weights: names, sources, and installed files. Without torch.

Files are in `$ATELIER_WEIGHTS`, or else in `atelier` in the user's cache folder.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from engine.errors import InputError
from engine.spec.presets import PRESETS, VQGANS


@dataclass(frozen=True, slots=True)
class Weight:
    """A published file of weights."""

    name: str  # as in the preset table
    kind: Literal["clip", "vqgan", "upscaler"]
    file: str  # its name in the cache folder
    size: int  # bytes, approximately
    sha256: str | None  # as published; None: the first download is pinned
    licence: str
    sources: tuple[str, ...]  # best first


def _clip(name: str, file: str, size: int, sha256: str) -> Weight:
    address = f"https://openaipublic.azureedge.net/clip/models/{sha256}/{file}"
    return Weight(name, "clip", file, size, sha256, "MIT (OpenAI)", (address,))


def _heibox(share: str) -> str:
    return f"https://heibox.uni-heidelberg.de/d/{share}/files/?p=%2Fckpts%2Flast.ckpt&dl=1"


_GITHUB: Final = "https://github.com"
_MIRROR: Final = f"{_GITHUB}/Eleiber/VQGAN-Mirrors/releases/download/0.0.1"

WEIGHTS: Final[tuple[Weight, ...]] = (
    # OpenAI's files: the folder in the address is the SHA-256 of the file.
    _clip("ViT-B/32", "ViT-B-32.pt", 354_000_000, "40d365715913c9da98579312b702a82c18be219cc2a73407c4526f58eba950af"),
    _clip("ViT-B/16", "ViT-B-16.pt", 351_000_000, "5806e77cd80f8b59890b7e101eabd078d9fb84e6937f9e85e4ecb61988df416f"),
    _clip("RN50", "RN50.pt", 256_000_000, "afeb0e10f9e5a86da6080e35cf09123aca3b358a0c3e3b6c78a7b63bc04b6762"),
    _clip("RN50x4", "RN50x4.pt", 422_000_000, "7e526bd135e493cef0776de27d5f42653e6b4c8bf9e0f653bb11773263205fdd"),
    _clip("ViT-L/14", "ViT-L-14.pt", 933_000_000, "b8cca3fd41ae0c99ba7e8951adf17d267cdb84cd88be6f7c2e0eca1737a03836"),
    # Taming-transformers' files and one fine-tuned from them, without published SHA-256.
    Weight(
        name="imagenet-f16-16384",
        kind="vqgan",
        file="vqgan_imagenet_f16_16384.ckpt",
        size=980_000_000,
        sha256=None,
        licence="MIT (CompVis)",
        sources=(
            f"{_GITHUB}/mehdidc/feed_forward_vqgan_clip/releases/download/0.1/vqgan_imagenet_f16_16384.ckpt",
            f"{_MIRROR}/vqgan_imagenet_f16_16384.ckpt",
            _heibox("a7530b09fed84f80a887"),
        ),
    ),
    Weight(
        name="imagenet-f16-1024",
        kind="vqgan",
        file="vqgan_imagenet_f16_1024.ckpt",
        size=958_000_000,
        sha256=None,
        licence="MIT (CompVis)",
        sources=(f"{_MIRROR}/vqgan_imagenet_f16_1024.ckpt", _heibox("8088892a516d4e3baf92")),
    ),
    Weight(
        name="wikiart-f16-16384",
        kind="vqgan",
        file="vqgan_wikiart_f16_16384.ckpt",
        size=1_005_000_000,
        sha256=None,
        licence="not stated; fine-tuned on WikiArt from an MIT model",
        sources=(
            f"{_GITHUB}/pixray/pixray/releases/download/v1.7.1/vqgan_wikiart_16384.ckpt",
            f"{_MIRROR}/wikiart_16384.ckpt",
            "https://eaidata.bmk.sh/data/Wikiart_16384/wikiart_f16_16384_8145600.ckpt",
        ),
    ),
    Weight(
        name="openimages-f8-8192",
        kind="vqgan",
        file="vqgan_openimages_gumbel_f8_8192.ckpt",
        size=376_000_000,
        sha256=None,
        licence="MIT (CompVis)",
        sources=(_heibox("2e5662443a6b4307b470"),),
    ),
    # Optional, for enlarging finished pictures. The SHA-256 is from Arch Linux's package and others, not its authors.
    Weight(
        name="realesrgan-x4plus",
        kind="upscaler",
        file="RealESRGAN_x4plus.pth",
        size=67_040_989,
        sha256="4fa0d38905f75ac06eb49a7951b426670021be3018265fd191d2125df9d682f1",
        licence="BSD-3-Clause (Xintao Wang)",
        sources=(f"{_GITHUB}/xinntao/Real-ESRGAN/releases/download/v0.1.0/RealESRGAN_x4plus.pth",),
    ),
)


def folder() -> Path:
    """The folder of the weights; not created here."""
    chosen = os.environ.get("ATELIER_WEIGHTS")
    if chosen:
        return Path(chosen).expanduser()
    cache = os.environ.get("XDG_CACHE_HOME")
    return (Path(cache) if cache and Path(cache).is_absolute() else Path.home() / ".cache") / "atelier"


def listing() -> tuple[tuple[Weight, Path | None], ...]:
    """All known weights, each with its file if it is installed."""
    return tuple((weight, installed(weight.name)) for weight in WEIGHTS)


def named(name: str) -> Weight:
    """The weights of that name. Raises `InputError` if there are none."""
    for weight in WEIGHTS:
        if weight.name == name:
            return weight
    raise _unknown(name, *(each.name for each in WEIGHTS))


def names_for(what: str) -> tuple[str, ...]:
    """The weights that a quality needs, all of them for "all", or the one of that name.

    Raises `InputError` for anything else.
    """
    if what == "all":
        return tuple(weight.name for weight in WEIGHTS)
    if what in PRESETS["full"]:
        return (VQGANS["full"], *PRESETS["full"][what].perceptors)
    if what not in {weight.name for weight in WEIGHTS}:
        raise _unknown(what, *PRESETS["full"], "all", *(weight.name for weight in WEIGHTS))
    return (what,)


def _unknown(name: str, *known: str) -> InputError:
    return InputError(
        "There are no weights named {name}; known are {known}.", name=repr(name[:60]), known=", ".join(known)
    )


def installed(name: str) -> Path | None:
    """The file of installed weights, or None. It is not verified: see `download.verify`."""
    path = folder() / named(name).file
    return path if path.is_file() else None


def require(name: str) -> Path:
    """The file of installed weights. Raises `InputError`, which has the command to get them."""
    path = installed(name)
    if path is None:
        raise InputError("The weights {name} are not installed: run `python -m engine models pull {name}`.", name=name)
    return path
