"""The command line: `python -m engine paint "a lighthouse in a storm" --out lighthouse.png --film lighthouse.mp4`."""

from __future__ import annotations

import os
import sys
import traceback
from typing import Final

import typer

from engine.cli import derive, look, models, paint
from engine.errors import AtelierError, InputError

BAD_INPUT: Final = 2
FAILED: Final = 1
INTERRUPTED: Final = 130  # 128 + SIGINT, as shells have it
_STOPPED: Final = "Stopped."
_TRACEBACK: Final = "ATELIER_TRACEBACK"

app = typer.Typer(
    help="Paints what words say (VQGAN+CLIP).",
    add_completion=False,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
)
app.command()(paint.paint)
app.command()(paint.compare)
app.command()(derive.vary)
app.command("continue")(derive.go_on)
app.command()(derive.upscale)
app.command()(look.describe)
app.command()(look.show)
app.add_typer(models.app, name="models")


def main() -> int:
    """Run the command line; the exit status: 0, 2 for bad input, 130 after Ctrl-C, 1 for the rest."""
    try:
        status = int(app(standalone_mode=False, prog_name="python -m engine") or 0)
        # By its version, typer turns Ctrl-C into this status or into `Abort`.
        return _complain(_STOPPED, INTERRUPTED) if status == INTERRUPTED else status
    except InputError as error:
        return _complain(str(error), BAD_INPUT)
    except (KeyboardInterrupt, typer.Abort):
        return _complain(_STOPPED, INTERRUPTED)
    except AtelierError as error:
        return _complain(str(error), FAILED)
    except OSError as error:
        return _complain(f"{error.filename or 'A file'} cannot be used: {error.strerror or error}.", FAILED)
    except Exception as error:
        # Usage errors are known by their method: by its version, typer brings its own click or uses the installed one.
        if hasattr(error, "format_message"):
            return _complain(error.format_message(), BAD_INPUT)
        if os.environ.get(_TRACEBACK):
            traceback.print_exc()
        reason = str(error).strip().partition("\n")[0][:200]
        return _complain(f"Something unexpected went wrong ({type(error).__name__}: {reason}).", FAILED)


def _complain(sentence: str, status: int) -> int:
    print(" ".join(sentence.split()), file=sys.stderr)
    return status
