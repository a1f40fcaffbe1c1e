"""Text of messages: translations, links, buttons as data, and the options of a spec in words."""
