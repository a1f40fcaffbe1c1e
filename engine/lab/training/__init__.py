"""What makes the files of the embedded model: run by `python -m engine.lab.training`, never by what paints."""
