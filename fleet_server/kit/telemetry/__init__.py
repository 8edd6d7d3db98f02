"""Telemetry stores behind one port (FL-T1)."""
