from __future__ import annotations

import base64
import itertools
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from bot.config import Config, ConfigError, load_config

ROOT = Path(__file__).parents[2]
TOKEN = (
    base64.urlsafe_b64encode(b"123456789012345678").decode().rstrip("=")
    + ".Gabcde.abcdefghijklmnopqrstuvwxyz0123456789AB"
)


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in list(os.environ):
        if name.startswith(("ATELIER_", "DISCORD_")):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def names() -> dict[str, object]:
    return {str(field.validation_alias): field for field in Config.model_fields.values()}


def test_example_lists_every_setting_with_its_default_and_a_line_of_why() -> None:
    lines = (ROOT / ".env.example").read_text().splitlines()
    listed = {}
    for before, line in itertools.pairwise(lines):
        if match := re.fullmatch(r"([A-Z_]+)=(.*)", line):
            assert before.startswith("# ") and before.endswith("."), f"{match[1]} has no line of why"
            listed[match[1]] = match[2]
    assert list(listed) == list(names())
    for field in Config.model_fields.values():
        written = listed[str(field.validation_alias)]
        if field.is_required() or field.default is None:
            assert written == ""
        elif isinstance(field.default, int | float):
            assert float(written) == field.default
        else:
            assert written == str(field.default)


def test_example_with_a_token_is_a_complete_configuration(tmp_path: Path) -> None:
    text = (ROOT / ".env.example").read_text().replace("DISCORD_TOKEN=", f"DISCORD_TOKEN={TOKEN}")
    (tmp_path / ".env").write_text(text)
    config = load_config()
    assert config.token.get_secret_value() == TOKEN
    assert config.discord_url is None
    assert config.data == Path("data")


def test_environment_wins_over_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".env").write_text(f"DISCORD_TOKEN={TOKEN}\nATELIER_JOBS_PER_PERSON=5\n")
    monkeypatch.setenv("ATELIER_JOBS_PER_PERSON", "7")
    assert load_config().jobs_per_person == 7


def test_token_is_not_shown() -> None:
    config = load_config(DISCORD_TOKEN=TOKEN)
    assert TOKEN not in repr(config) + str(config) + config.model_dump_json()


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({}, ["DISCORD_TOKEN", "not set", ".env"]),
        ({"DISCORD_TOKEN": "   "}, ["DISCORD_TOKEN"]),
        ({"DISCORD_TOKEN": "Bot " + TOKEN}, ["DISCORD_TOKEN", "without “Bot ”"]),
        ({"DISCORD_TOKEN": "two words"}, ["DISCORD_TOKEN", "spaces"]),
        ({"DISCORD_TOKEN": "0123456789abcdef0123456789abcdef"}, ["DISCORD_TOKEN", "three parts"]),
        ({"DISCORD_TOKEN": "a.b.c"}, ["DISCORD_TOKEN", "three parts"]),
        ({"DISCORD_TOKEN": TOKEN, "ATELIER_MODELS": "huge"}, ["ATELIER_MODELS", "auto, mini, full"]),
        ({"DISCORD_TOKEN": TOKEN, "ATELIER_DISCORD_URL": "localhost"}, ["ATELIER_DISCORD_URL", "http://"]),
        ({"DISCORD_TOKEN": TOKEN, "ATELIER_JOBS_PER_PERSON": "0"}, ["ATELIER_JOBS_PER_PERSON", "greater than"]),
        ({"DISCORD_TOKEN": TOKEN, "ATELIER_LEASE_SECONDS": "soon"}, ["ATELIER_LEASE_SECONDS", "number"]),
    ],
)
def test_unusable_settings_are_reported_in_one_sentence(
    values: dict[str, str], words: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ConfigError) as caught:
        load_config()
    sentence = str(caught.value)
    assert "\n" not in sentence and sentence.endswith(".")
    for word in words:
        assert word in sentence
    assert TOKEN not in sentence


def test_a_loopback_takes_any_token() -> None:
    assert load_config(DISCORD_TOKEN="loopback", ATELIER_DISCORD_URL="http://127.0.0.1:1/").discord_url == (
        "http://127.0.0.1:1"
    )


def test_program_ends_with_status_2_and_a_sentence(tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("DISCORD_", "ATELIER_"))}
    environment["PYTHONPATH"] = str(ROOT)
    ended = subprocess.run(
        [sys.executable, "-m", "bot"], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60
    )
    assert ended.returncode == 2
    assert "DISCORD_TOKEN is not set" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert len(ended.stderr.strip().splitlines()) == 1
