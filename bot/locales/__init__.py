"""Translations, a folder for each language; `python -m bot.locales` keeps the catalogues up to date."""
