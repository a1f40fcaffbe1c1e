"""What makes the files of the embedded model: run by `python -m engine.mini.train`, never by what paints."""
