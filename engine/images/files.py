"""Files that appear under their name only when they are complete."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replacing(target: Path, limit_bytes: int | None = None) -> Iterator[Path]:
    """A temporary path next to `target`; at the end its file is synced to disk and replaces `target`.

    On an exception, or if the file is larger than `limit_bytes`, it is deleted and `target` stays as it was.
    """
    # With the process id: an ffmpeg that outlived a killed painter may still be writing to another one.
    temporary = target.with_name(f"{target.stem}.{os.getpid()}.part{target.suffix}")
    try:
        yield temporary
        if limit_bytes is None or temporary.stat().st_size <= limit_bytes:
            with temporary.open("rb") as file:
                os.fsync(file.fileno())
            temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)
