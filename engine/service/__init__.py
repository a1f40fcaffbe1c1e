"""The painter process: it keeps the models loaded and paints what the bot sends it."""
