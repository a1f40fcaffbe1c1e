"""How good the shipped files are: what `python -m engine.lab.evaluation` measures."""
