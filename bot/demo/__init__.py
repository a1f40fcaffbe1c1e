"""The bot in front of the loopback Discord: the demo, a terminal to type in, messages as pictures."""
