"""What is free: the least of what the system has and what a container is allowed."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from engine.models.free_memory import available, host_memory

MEMINFO = "MemTotal:       16000000 kB\nMemFree:          500000 kB\nMemAvailable:    8000000 kB\n"


def write(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


def test_without_a_container_it_is_what_linux_says_is_available(tmp_path: Path) -> None:
    assert host_memory(write(tmp_path, {"proc/meminfo": MEMINFO})) == 8_192_000_000


def test_where_nobody_knows_it_is_unknown(tmp_path: Path) -> None:
    assert host_memory(tmp_path) is None
    assert host_memory(write(tmp_path, {"proc/meminfo": "nonsense"})) is None
    assert available(torch.device("meta")) is None


@pytest.mark.parametrize(
    ("cgroup", "files"),
    [
        (  # version 2, seen from inside of the container
            "0::/\n",
            {
                "sys/fs/cgroup/memory.max": "3000000000\n",
                "sys/fs/cgroup/memory.current": "2500000000\n",
                "sys/fs/cgroup/memory.stat": "anon 1\ninactive_file 400000000\nactive_file 7\n",
            },
        ),
        (  # version 2, the limit two groups above
            "0::/a.slice/b.scope/c\n",
            {
                "sys/fs/cgroup/a.slice/memory.max": "3000000000\n",
                "sys/fs/cgroup/a.slice/memory.current": "2500000000\n",
                "sys/fs/cgroup/a.slice/memory.stat": "inactive_file 400000000\n",
                "sys/fs/cgroup/a.slice/b.scope/memory.max": "max\n",
                "sys/fs/cgroup/a.slice/b.scope/memory.current": "2400000000\n",
            },
        ),
        (  # version 1, its path unknown inside of the container
            "12:cpu,cpuacct:/docker/x\n4:memory:/docker/x\n0::/\n",
            {
                "sys/fs/cgroup/memory/memory.limit_in_bytes": "3000000000\n",
                "sys/fs/cgroup/memory/memory.usage_in_bytes": "2500000000\n",
                "sys/fs/cgroup/memory/memory.stat": "inactive_file 1\ntotal_inactive_file 400000000\n",
            },
        ),
    ],
)
def test_a_containers_limit_counts_and_its_cached_files_do_not(
    tmp_path: Path, cgroup: str, files: dict[str, str]
) -> None:
    write(tmp_path, {"proc/meminfo": MEMINFO, "proc/self/cgroup": cgroup, **files})
    assert host_memory(tmp_path) == 900_000_000


@pytest.mark.parametrize("limit", ["max", "9223372036854771712", "", "nonsense"])
def test_a_container_without_a_limit_is_none(tmp_path: Path, limit: str) -> None:
    files = {"sys/fs/cgroup/memory.max": limit, "sys/fs/cgroup/memory.current": "2500000000"}
    write(tmp_path, {"proc/meminfo": MEMINFO, "proc/self/cgroup": "0::/\n", **files})
    assert host_memory(tmp_path) == 8_192_000_000


def test_a_container_over_its_limit_has_nothing(tmp_path: Path) -> None:
    files = {"sys/fs/cgroup/memory.max": "1000", "sys/fs/cgroup/memory.current": "5000"}
    write(tmp_path, {"proc/meminfo": MEMINFO, "proc/self/cgroup": "0::/\n", **files})
    assert host_memory(tmp_path) == 0


def test_this_machine_tells() -> None:
    if not Path("/proc/meminfo").exists():
        pytest.skip("no Linux")
    free = available(torch.device("cpu"))
    assert free is not None and 50e6 < free < 1e14


def test_what_torch_keeps_unused_on_a_gpu_can_be_had(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (5_000, 24_000))
    monkeypatch.setattr(torch.cuda, "memory_reserved", lambda device: 3_000)
    monkeypatch.setattr(torch.cuda, "memory_allocated", lambda device: 1_000)
    assert available(torch.device("cuda")) == 7_000
