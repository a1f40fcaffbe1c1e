"""A prompt as a scene: parsed (`read.py`), laid out (`compose.py`), its background drawn (`landscapes.py`)."""
