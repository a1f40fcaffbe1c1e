"""The index of drawings, and search in it by name."""
