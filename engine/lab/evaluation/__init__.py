"""How good the shipped files are, measured beside what is promised: `python -m engine.lab.evaluation`."""
