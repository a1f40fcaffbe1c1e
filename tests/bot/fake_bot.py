"""The real bot as a process of its own, with the fake painter: `python -m tests.bot.fake_bot STEPS PAUSE`."""

from __future__ import annotations

import asyncio
import sys

from bot.app import StartError, run_bot
from bot.config import load_config
from bot.logs import set_up_logging
from tests.bot.fake_painter import FakePainter


def main() -> int:
    config = load_config()
    set_up_logging(config.log_level, config.token.get_secret_value())
    try:
        return asyncio.run(run_bot(config, FakePainter(int(sys.argv[1]), float(sys.argv[2]))))
    except StartError as error:
        print(error, file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
