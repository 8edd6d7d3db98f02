"""What runs on a bench: hotspot, power, playback and reports, on solar power."""
