"""Strokes, which the styles painting and sketch are made of."""
