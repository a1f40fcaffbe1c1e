"""The embedded model: a small VQGAN, a small CLIP and an index of drawings for init images, all in 25 MB.

`load.py` loads its files, `prior.py` proposes init images. `python -m engine.lab.training` makes the files.
"""
