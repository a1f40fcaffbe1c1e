"""`python -m bot.locales` updates the catalogues from the source; `… check` only reports what is missing or wrong."""

from __future__ import annotations

import asyncio

import typer

from bot.locales.catalogues import missing, mistakes, read, template, update
from bot.text.language import TRANSLATED, catalogue_file

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.callback(invoke_without_command=True)
def extract(context: typer.Context) -> None:
    """Update the catalogues of all languages, and report how many texts are to be translated."""
    if context.invoked_subcommand is not None:
        return
    texts = asyncio.run(template())
    for language in TRANSLATED:
        untranslated = missing(update(language, texts), texts)
        print(f"{catalogue_file(language)}: {len(untranslated)} of {len(texts)} texts to translate")


@app.command()
def check() -> None:
    """Report what is missing or wrong in the catalogues, with exit status 1 if anything is."""
    texts = asyncio.run(template())
    failed = False
    for language in TRANSLATED:
        catalogue = read(language)
        problems = ["there is no catalogue"] if catalogue is None else mistakes(catalogue, texts)
        problems += [] if catalogue is None else [f"“{text}” is not translated." for text in missing(catalogue, texts)]
        for problem in problems:
            print(f"{language}: {problem}")
        failed = failed or bool(problems)
    raise typer.Exit(1 if failed else 0)


if __name__ == "__main__":
    app()
