"""Energy of the benches: what they harvest and plan, and how operators override it (POW-R40, POW-R67)."""
