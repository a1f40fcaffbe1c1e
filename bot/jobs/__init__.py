"""Jobs: submission, limits, the worker and its painter, progress, delivery."""
