"""Prompts in German, Spanish, French, Portuguese, Russian, Japanese, Chinese and emoji, read as English."""
