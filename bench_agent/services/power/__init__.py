"""The power service: meters in, state of charge, plan and records out (docs/spec/power.md)."""

from bench_agent.domain.energy_hours import WIB
from bench_agent.services.power.darkness import Dark
from bench_agent.services.power.memory import Goodbye
from bench_agent.services.power.meters import Meters, MeterWatch
from bench_agent.services.power.service import Listener, PowerService, PowerSetup
from bench_agent.services.power.supply import SupplyService

__all__ = [
    "WIB",
    "Dark",
    "Goodbye",
    "Listener",
    "MeterWatch",
    "Meters",
    "PowerService",
    "PowerSetup",
    "SupplyService",
]
