"""The catalogues of `bot.language`, a folder for each language; `python -m bot.locales` keeps them up to date."""
