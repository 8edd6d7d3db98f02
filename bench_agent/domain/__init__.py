"""Pure rules of the bench: no clock, file, network or thread."""
