"""Failures of the demo. `make demo` itself, which takes minutes, is the test that it succeeds."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from bot.demo.demo import DemoFailed, run_demo


async def test_a_demo_without_pictures_fails_and_leaves_no_process(tmp_path: Path) -> None:
    out, folder = io.StringIO(), tmp_path / "demo"
    folder.mkdir()
    (folder / "old.png").write_bytes(b"x")
    with pytest.raises(DemoFailed, match="After 0.2 s there are no pictures; the first answer says: "):
        await run_demo(Console(file=out, width=200), folder, seconds=0.2)
    said = out.getvalue()
    assert 'alice types /art prompt:"a red apple" quality:"draft" film:"both"' in said
    assert "alice's /art → " in said and "bob's /art → " in said
    log = (folder / "bot.log").read_text()
    assert "event-loop lag" in log  # which the bot logs in an orderly shutdown
    assert not (folder / "old.png").exists()
