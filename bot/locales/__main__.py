"""`python -m bot.locales` writes what there is to translate into the catalogues; `… check` only says what is wrong."""

from __future__ import annotations

import asyncio

import typer

from bot.language import TRANSLATED, catalogue_file
from bot.locales.catalogues import missing, mistakes, read, template, update

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.callback(invoke_without_command=True)
def extract(context: typer.Context) -> None:
    """Bring the catalogues of all languages up to date with the texts, and say what is left to translate."""
    if context.invoked_subcommand is not None:
        return
    wanted = asyncio.run(template())
    for language in TRANSLATED:
        left = missing(update(language, wanted), wanted)
        print(f"{catalogue_file(language)}: {len(left)} of {len(wanted)} texts to translate")


@app.command()
def check() -> None:
    """Say what is missing or wrong in the catalogues; exit status 1 where anything is."""
    wanted = asyncio.run(template())
    wrong = False
    for language in TRANSLATED:
        catalogue = read(language)
        found = ["there is no catalogue"] if catalogue is None else mistakes(catalogue, wanted)
        found += [] if catalogue is None else [f"“{text}” is not translated." for text in missing(catalogue, wanted)]
        for sentence in found:
            print(f"{language}: {sentence}")
        wrong = wrong or bool(found)
    raise typer.Exit(1 if wrong else 0)


if __name__ == "__main__":
    app()
