"""The operator's config, from the environment and `.env`, with the purpose of each setting."""

from __future__ import annotations

import base64
import binascii
from pathlib import Path
from typing import Any, Final, Literal

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

Quality = Literal["draft", "normal", "better", "best"]
DEVELOPER_PORTAL: Final = "https://discord.com/developers/applications"


class ConfigError(Exception):
    """A setting is missing or wrong; `str(error)` is a sentence that says which one and what to do."""


class Config(BaseSettings):
    """The operator's config. `.env.example` lists the same settings in the same order."""

    model_config = SettingsConfigDict(
        env_file=".env",
        env_file_encoding="utf-8",
        env_ignore_empty=True,  # a copied `.env.example` has empty values for unset settings
        extra="ignore",
        hide_input_in_errors=True,
        frozen=True,
    )

    token: SecretStr = Field(validation_alias="DISCORD_TOKEN")  # the bot's password: Developer Portal → Bot → Token
    discord_url: str | None = Field(
        default=None, validation_alias="ATELIER_DISCORD_URL"
    )  # a server other than discord.com, such as the loopback of `python -m bot sandbox`
    data: Path = Field(default=Path("data"), validation_alias="ATELIER_DATA")  # folder for the database and all files
    models: Literal["auto", "mini", "full"] = Field(
        default="auto", validation_alias="ATELIER_MODELS"
    )  # auto: the full models where they are installed, the embedded model otherwise
    device: Literal["auto", "cpu", "cuda"] = Field(
        default="auto", validation_alias="ATELIER_DEVICE"
    )  # auto: the GPU where there is one
    jobs_per_person: int = Field(
        default=3, ge=1, le=100, validation_alias="ATELIER_JOBS_PER_PERSON"
    )  # waiting and running jobs of one person, so that nobody fills the queue
    jobs_in_all: int = Field(
        default=100, ge=1, le=10_000, validation_alias="ATELIER_JOBS_IN_ALL"
    )  # waiting and running jobs of everybody, so that waits stay bearable
    largest_quality: Quality = Field(
        default="best", validation_alias="ATELIER_LARGEST_QUALITY"
    )  # the most work a picture may take on this machine
    lease_seconds: float = Field(
        default=60.0, ge=5.0, le=3600.0, validation_alias="ATELIER_LEASE_SECONDS"
    )  # after this long without a heartbeat a job counts as abandoned
    progress_seconds: float = Field(
        default=2.5, ge=0.2, le=60.0, validation_alias="ATELIER_PROGRESS_SECONDS"
    )  # between two edits of a reply; Discord limits how often a message may change
    shutdown_seconds: float = Field(
        default=20.0, ge=1.0, le=600.0, validation_alias="ATELIER_SHUTDOWN_SECONDS"
    )  # how long a stop waits for the running job's checkpoint; service managers kill after some time
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        default="INFO", validation_alias="ATELIER_LOG_LEVEL"
    )  # DEBUG shows every request to Discord, with tokens redacted

    @field_validator("token")
    @classmethod
    def _check_token(cls, value: SecretStr) -> SecretStr:
        text = value.get_secret_value().strip()
        if text.lower().startswith("bot "):
            raise ValueError("must be the token alone, without “Bot ” before it")
        if not text or any(letter.isspace() or not letter.isprintable() or ord(letter) > 126 for letter in text):
            raise ValueError("must be the token alone, without spaces or other signs around it")
        return SecretStr(text)

    @field_validator("discord_url")
    @classmethod
    def _check_url(cls, value: str | None) -> str | None:
        if value is None:
            return None
        if not value.startswith(("http://", "https://")):
            raise ValueError("must be an address such as http://127.0.0.1:8000")
        return value.rstrip("/")

    @field_validator("log_level", mode="before")
    @classmethod
    def _upper_case_level(cls, value: Any) -> Any:
        return value.upper() if isinstance(value, str) else value


def load_config(**values: Any) -> Config:
    """Read the config. Raises `ConfigError` for the first setting that is missing, wrong or implausible."""
    try:
        config = Config(**values)
    except ValidationError as error:
        raise ConfigError(_sentence(error)) from None
    except UnicodeDecodeError:
        raise ConfigError("The file .env is not UTF-8 text: save it as UTF-8.") from None
    if config.discord_url is None and not _plausible(config.token.get_secret_value()):
        raise ConfigError(
            "DISCORD_TOKEN is not a bot token, which has three parts between dots: copy it again from "
            f"{DEVELOPER_PORTAL} → your application → Bot → Reset Token (not the client secret or public key)."
        )
    return config


def _plausible(token: str) -> bool:
    """Whether this has the form of a bot token: the application's id in Base64, a timestamp, a signature."""
    parts = token.split(".")
    if len(parts) != 3 or not all(parts):
        return False
    try:
        return base64.urlsafe_b64decode(parts[0] + "=" * (-len(parts[0]) % 4)).isdigit()
    except (binascii.Error, ValueError):
        return False


def _sentence(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False, include_context=True)[0]
    name = str(first["loc"][0]) if first["loc"] else "A setting"
    if first["type"] == "missing":
        return (
            f"{name} is not set: write it in the file .env (start from .env.example) or in the environment; "
            f"the token is at {DEVELOPER_PORTAL} → your application → Bot."
        )
    reason = first["msg"].removeprefix("Value error, ")
    if first["type"] in {"literal_error", "enum"}:
        reason = "must be one of " + str(first["ctx"]["expected"]).replace("'", "").replace(" or ", ", ")
    elif reason.startswith("Input should be "):
        reason = "must be " + reason.removeprefix("Input should be ")
    return f"{name} {reason}: correct it in .env or in the environment."
