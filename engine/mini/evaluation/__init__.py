"""How good the shipped files are: what `python -m engine.mini.evaluate` measures."""
