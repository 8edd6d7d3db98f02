"""Alarms: rules on what benches report, with hysteresis; one open alarm per bench and rule (fleet.md §9)."""
