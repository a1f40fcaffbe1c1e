"""How much memory can be had: what the system says is free, within what a container is allowed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import torch

# Names in the versions 2 and 1 of Linux's control groups: the limit, what is used, and what of it can be given back.
_NAMES: Final = (
    ("memory.max", "memory.current", "inactive_file"),
    ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
)


def available(device: torch.device) -> int | None:
    """Bytes that can be had on `device`, those included that torch keeps there unused; None where nobody knows."""
    if device.type == "cuda":
        free, _ = torch.cuda.mem_get_info(device)
        return free + torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
    return host_memory() if device.type == "cpu" else None


def host_memory(root: Path = Path("/")) -> int | None:
    """Bytes of main memory that can be had without swapping, as Linux tells; None elsewhere.

    `root` is the folder below which `proc` and `sys` lie.
    """
    said = re.search(r"^MemAvailable:\s+(\d+) kB", _text(root / "proc/meminfo"), re.MULTILINE)
    if said is None:
        return None
    return max(0, min([int(said[1]) * 1024, *_left_to_groups(root)]))


def _left_to_groups(root: Path) -> Iterator[int]:
    """What each control group that has a limit leaves to this process."""
    for folder in _group_folders(root):
        for limit_name, used_name, returned_name in _NAMES:
            limit, used = _text(folder / limit_name).strip(), _text(folder / used_name).strip()
            if limit.isdecimal() and used.isdecimal():  # version 2 says "max" for none
                returned = re.search(rf"^{returned_name} (\d+)$", _text(folder / "memory.stat"), re.MULTILINE)
                yield int(limit) - int(used) + (int(returned[1]) if returned else 0)


def _group_folders(root: Path) -> Iterator[Path]:
    """The process's own group and all above it: a limit holds for everything below.

    Inside of a container its group lies at the mount point itself, whatever its path is called outside.
    """
    for line in _text(root / "proc/self/cgroup").splitlines():
        number, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if number == "0" and not controllers:
            mount = root / "sys/fs/cgroup"
        elif "memory" in controllers.split(","):
            mount = root / "sys/fs/cgroup/memory"
        else:
            continue
        parts = [part for part in path.split("/") if part not in ("", "..")]
        for depth in range(len(parts), -1, -1):
            yield mount.joinpath(*parts[:depth])


def _text(file: Path) -> str:
    """Nothing where it cannot be read."""
    try:
        return file.read_text()
    except (OSError, ValueError):
        return ""
