"""The embedded model: a small VQGAN, a small CLIP and a bank of starts, all in 25 MB.

`model.py` is what the engine runs. The rest makes the files: `python -m engine.mini.train`.
"""
