"""The recipes of docs/extending.md work as written, in a copy of the repository."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
RECIPES = ROOT / "docs" / "extending.md"
CREATE = re.compile(r"^Create `(?P<file>[^`]+)`:\n\n```python\n(?P<code>.*?)```$", re.DOTALL | re.MULTILINE)
ADD = re.compile(
    r"^In `(?P<file>[^`]+)`, (?P<where>above|below) (?:the|each) line that begins with `(?P<line>[^`]+)`, add:\n\n"
    r"```python\n(?P<code>.*?)```$",
    re.DOTALL | re.MULTILINE,
)
# What is done with each thing once it is there; `python -c` in the copy.
USES = {
    "A style": """
from engine.cli.main import main
sys.argv = ["engine", "paint", "a sea", "--models", "mini", "--style", "colourfield", "--size", "64x64",
            "--iterations", "2", "--out", str(folder / "sea.png")]
assert main() == 0 and (folder / "sea.png").is_file()

async def use(sandbox, client):
    alice, channel = sandbox.person("alice"), sandbox.channel
    art = next(command for command in sandbox.world.commands if command["name"] == "art")
    styles = next(option for option in art["options"] if option["name"] == "style")
    assert {"colourfield – large soft fields of colour"} <= {choice["name"] for choice in styles["choices"]}
    painted = await sandbox.type_command(alice, channel, "art", {"prompt": "a sea", "style": "colourfield"})
    await painted.until(lambda now: now.file("*.png"), within=240)
    shown = await sandbox.type_command(alice, channel, "gallery", {"style": "colourfield"})
    await shown.until(lambda now: "a sea" in now.text)
    given = await sandbox.press(alice, shown, "zip")
    await given.until(lambda now: now.file("*.zip"))
""",
    "A command with a button": """
async def use(sandbox, client):
    alice, channel = sandbox.person("alice"), sandbox.channel
    told = await (await sandbox.type_command(alice, channel, "help")).answer()
    assert "a piece of advice about prompts" in told.now.text
    tip = await (await sandbox.type_command(alice, channel, "tip")).answer()
    await (await sandbox.press(alice, tip, "atelier:tip:1")).answer()
    assert "Weigh your words" in tip.now.text
""",
    "A setting of a picture": """
from engine.cli.main import main
sys.argv = ["engine", "paint", "a sea", "--models", "mini", "--style", "photo", "--contrast", "0.5", "--size", "64x64",
            "--iterations", "2", "--out", str(folder / "sea.png")]
assert main() == 0
assert b'"contrast":0.5' in (folder / "sea.png").read_bytes()
sys.argv[sys.argv.index("0.5")] = "2"
assert main() == 2

async def use(sandbox, client):
    alice, channel = sandbox.person("alice"), sandbox.channel
    opened = await (await sandbox.type_command(alice, channel, "art", {"prompt": "a sea", "advanced": True})).answer()
    fields = {"settings": "contrast 0.5; cuts 2", "size": "64x64", "iterations": "2"}
    painted = await sandbox.submit(alice, opened, fields)
    done = await painted.until(lambda now: now.file("*.png"))
    assert "contrast 0.5" in done.text
""",
}
AROUND = """
import asyncio, sys
from pathlib import Path
folder = Path(sys.argv[1])
{use}
from bot.jobs.process_painter import ProcessPainter
from bot.loopback import Sandbox
from tests.bot.conftest import running_bot

async def main_():
    painter = ProcessPainter(models="mini", device="cpu")
    async with await Sandbox.start() as sandbox:
        async with running_bot(sandbox, folder / "data", painter) as client:
            await use(sandbox, client)
        await painter.close()

asyncio.run(main_())
"""


def sections() -> dict[str, str]:
    """The recipes by their headings."""
    parts = re.split(r"^## (.*)$", RECIPES.read_text("utf-8"), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def follow(recipe: str, copy: Path) -> list[str]:
    """Do what the recipe says; the files that it touched."""
    touched = []
    for step in sorted((*CREATE.finditer(recipe), *ADD.finditer(recipe)), key=lambda match: match.start()):
        file = copy / step["file"]
        touched.append(step["file"])
        if step.re is CREATE:
            assert not file.exists()
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(step["code"], "utf-8")
            continue
        lines = file.read_text("utf-8").splitlines(keepends=True)
        places = [place for place, line in enumerate(lines) if line.startswith(step["line"])]
        assert places, f"{step['file']} has no line that begins with {step['line']!r}"
        for place in reversed(places):
            lines.insert(place + (step["where"] == "below"), step["code"])
        file.write_text("".join(lines), "utf-8")
    return list(dict.fromkeys(touched))


def test_every_step_of_every_recipe_is_read() -> None:
    for recipe in sections().values():
        steps = len(CREATE.findall(recipe)) + len(ADD.findall(recipe))
        assert steps == recipe.count("```python") > 0
    assert set(sections()) == set(USES)


@pytest.mark.parametrize("name", list(USES))
def test_a_recipe_works_as_written(name: str, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    for folder in ("bot", "engine", "storage", "tests"):
        shutil.copytree(ROOT / folder, copy / folder, ignore=shutil.ignore_patterns("__pycache__", "weights"))
    (copy / "engine/embedded/weights").symlink_to(ROOT / "engine/embedded/weights")
    shutil.copy(ROOT / "pyproject.toml", copy)
    touched = follow(sections()[name], copy)
    tests = [file for file in touched if file.startswith("tests/")]
    run([sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *tests], copy)
    run([sys.executable, "-c", AROUND.format(use=USES[name]), str(tmp_path)], copy)


def run(command: list[str], folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
