"""The whole fleet in one command: broker, server, ingest, worker and simulated benches as real processes."""
