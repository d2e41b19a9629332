"""What gitreg is about, as values without I/O."""
