"""What the shipped files and one draft of them cost."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from engine.embedded.load import WEIGHTS
from engine.errors import PaintingError

PROMPT: Final = "a red apple"
# Linux counts what a process held before it became another program: a small one must start what is measured.
WAIT: Final = """
import os, subprocess, sys
process = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL)
_, status, usage = os.wait4(process.pid, 0)
print(os.waitstatus_to_exitcode(status), usage.ru_maxrss)
"""


@dataclass(frozen=True)
class Cost:
    """Of the weights as they lie on disk, and of one draft with its film from the start of Python to the files."""

    bytes: int
    seconds: float
    peak: int  # bytes of resident memory, of the largest process
    cores: int  # of the machine
    load: float  # processes that wanted a core in the last minute before, this measure not among them


def measure_cost(*more: str) -> Cost:
    """Paints one draft in a process of its own; `more` are further arguments of `engine paint`.

    Raises `PaintingError` with the last line of what it complained of when it fails.
    """
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder, "picture.png")
        command = [sys.executable, "-m", "engine", "paint", PROMPT, "--models", "mini", "--quality", "draft"]
        command += ["--seed", "1", "--out", str(out), "--film", str(out.with_suffix(".mp4")), "--json", *more]
        begun = time.perf_counter()
        waited = subprocess.run([sys.executable, "-c", WAIT, *command], capture_output=True, text=True, check=True)
        seconds = time.perf_counter() - begun
        status, most = map(int, waited.stdout.split())
        if status != 0 or not out.exists():
            lines = waited.stderr.strip().splitlines()
            raise PaintingError(f"The draft for the measure of speed failed: {lines[-1][:200] if lines else status}")
    peak = most * (1 if sys.platform == "darwin" else 1024)
    return Cost(weights_bytes(), seconds, peak, os.cpu_count() or 1, load)


def weights_bytes() -> int:
    """Of all files in weights/."""
    return sum(file.stat().st_size for file in WEIGHTS.iterdir())
