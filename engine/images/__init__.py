"""Pictures as files: reading and writing them, sheets, metadata, films."""
