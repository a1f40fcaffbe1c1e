"""Command line: `python -m bot` runs the bot; `python -m bot sandbox` and `python -m bot demo` need no Discord."""

from __future__ import annotations

import asyncio
import logging
import sys

import typer

from bot.app import BROKEN, MISCONFIGURED, StartError, run_bot
from bot.config import ConfigError, load_config
from bot.jobs.process_painter import ProcessPainter
from bot.logs import set_up_logging

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.callback(invoke_without_command=True)
def bot(context: typer.Context) -> None:
    """Run the bot on Discord, with the settings from the environment and the file .env."""
    if context.invoked_subcommand is None:
        raise typer.Exit(run())


def run() -> int:
    """Load the config, run the bot and return its exit status; a failure to start is one sentence on stderr."""
    try:
        config = load_config()
        set_up_logging(config.log_level, config.token.get_secret_value())
        return asyncio.run(run_bot(config, ProcessPainter(models=config.models, device=config.device)))
    except (ConfigError, StartError) as error:
        print(error, file=sys.stderr)
        return MISCONFIGURED
    except Exception:
        logging.getLogger(__name__).critical("the bot broke", exc_info=True)
        return BROKEN


@app.command()
def sandbox() -> None:
    """Run the bot against a small Discord on this machine, and type commands in the terminal."""
    from bot.demo.terminal import main

    main()


@app.command()
def demo() -> None:
    """Show the bot painting one picture, from the typed command to the delivered file."""
    from bot.demo.demo import main

    main()


if __name__ == "__main__":
    app()
