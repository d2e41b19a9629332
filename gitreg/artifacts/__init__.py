"""Content-addressed model files: what a version pins, where the bytes are, how they get here."""
