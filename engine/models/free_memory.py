"""Free memory of a device: as the system reports it, within the limits of a container."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import torch

# File names in Linux's control groups, versions 2 and 1: limit, usage, and the reclaimable part of it in memory.stat.
_NAMES: Final = (
    ("memory.max", "memory.current", "inactive_file"),
    ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
)


def available(device: torch.device) -> int | None:
    """Bytes available on `device`, including torch's unused cache; None if unknown."""
    if device.type == "cuda":
        free, _ = torch.cuda.mem_get_info(device)
        return free + torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
    return host_memory() if device.type == "cpu" else None


def host_memory(root: Path = Path("/")) -> int | None:
    """Bytes of main memory available without swapping on Linux; None elsewhere.

    `root` is the folder that contains `proc` and `sys`.
    """
    match = re.search(r"^MemAvailable:\s+(\d+) kB", _text(root / "proc/meminfo"), re.MULTILINE)
    if match is None:
        return None
    return max(0, min([int(match[1]) * 1024, *_left_in_groups(root)]))


def _left_in_groups(root: Path) -> Iterator[int]:
    """Bytes that each control group with a limit leaves to this process."""
    for folder in _group_folders(root):
        for limit_name, used_name, reclaimable_name in _NAMES:
            limit, used = _text(folder / limit_name).strip(), _text(folder / used_name).strip()
            if limit.isdecimal() and used.isdecimal():  # version 2 says "max" for none
                reclaimable = re.search(rf"^{reclaimable_name} (\d+)$", _text(folder / "memory.stat"), re.MULTILINE)
                yield int(limit) - int(used) + (int(reclaimable[1]) if reclaimable else 0)


def _group_folders(root: Path) -> Iterator[Path]:
    """The folders of the process's own group and of all groups above it, whose limits apply as well.

    Inside a container the group is at the mount point itself, whatever its path is outside.
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
    """The file's text, empty if it cannot be read."""
    try:
        return file.read_text()
    except (OSError, ValueError):
        return ""
