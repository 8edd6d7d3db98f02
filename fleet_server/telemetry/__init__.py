"""What benches report: measurements, events and plays."""
