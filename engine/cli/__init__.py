"""The commands of `python -m engine`, a file for each group of them."""
