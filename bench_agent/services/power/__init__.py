"""The power service: meters in, state of charge, plan and records out (docs/spec/power.md)."""

from bench_agent.services.power.service import WIB, PowerKnowledge, PowerService

__all__ = ["WIB", "PowerKnowledge", "PowerService"]
