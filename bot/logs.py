"""Logging to stderr, with all tokens redacted."""

from __future__ import annotations

import logging
import re
import sys
from typing import Final

REDACTED: Final = "[token]"
_IN_ADDRESSES: Final = re.compile(r"(/(?:webhooks|interactions)/\d+/)[^/\s?'\"]+")
_IN_JSON: Final = re.compile(r"""(["']token["']:\s*["'])[^"']+""")


class TokenlessFormatter(logging.Formatter):
    """Redacts tokens in the formatted text, tracebacks included: those in URLs and payloads, and `secrets`."""

    def __init__(self, *secrets: str) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")
        self._secrets = tuple(secret for secret in secrets if secret)

    def format(self, record: logging.LogRecord) -> str:
        text = _IN_JSON.sub(rf"\g<1>{REDACTED}", _IN_ADDRESSES.sub(rf"\g<1>{REDACTED}", super().format(record)))
        for secret in self._secrets:
            text = text.replace(secret, REDACTED)
        return text


def set_up_logging(level: str, *secrets: str) -> None:
    """Log everything at or above `level` to stderr."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(TokenlessFormatter(*secrets))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    if level == "DEBUG":
        for chatty in ("asyncio", "aiosqlite", "PIL", "filelock"):
            logging.getLogger(chatty).setLevel(logging.INFO)
