"""Technology without business: database, broker, telemetry store, clock."""
