"""Probes of films, by ffmpeg, and of child processes, for tests."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

import imageio_ffmpeg
import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class FilmInfo:
    seconds: float
    width: int
    height: int
    rate: float
    video: str  # ffmpeg's line about the stream


def look_at(film: Path) -> FilmInfo:
    """Length, size and rate of a film, as `ffmpeg -i` prints them."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-hide_banner", "-i", str(film)]
    output = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False).stderr
    duration = re.search(r"Duration: (\d+):(\d+):(\d+\.\d+)", output)
    video = re.search(r"Video: .*", output)
    assert duration and video, output
    size = re.search(r"(\d+)x(\d+)[ ,]", video[0])
    rate = re.search(r"([\d.]+) fps", video[0])
    assert size and rate, output
    hours, minutes, seconds = (float(each) for each in duration.groups())
    return FilmInfo(hours * 3600 + minutes * 60 + seconds, int(size[1]), int(size[2]), float(rate[1]), video[0])


def frames_of(film: Path) -> NDArray[np.uint8]:
    """All frames, (N, H, W, 3)."""
    info = look_at(film)
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-loglevel", "error", "-i", str(film), "-fps_mode", "passthrough"]
    raw = subprocess.run([*command, "-f", "rawvideo", "-pix_fmt", "rgb24", "-"], capture_output=True, timeout=60)
    assert raw.returncode == 0, raw.stderr
    return np.frombuffer(raw.stdout, np.uint8).reshape(-1, info.height, info.width, 3)


def children(parent: int) -> set[int]:
    """Process ids of the children of a process, including zombies."""
    found = set()
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == parent:
            found.add(int(status.parent.name))
    return found
