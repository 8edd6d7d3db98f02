"""One run of the agent: from its start until the computer goes dark or somebody stops the program."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass

import structlog

from bench_agent.app.machine import Machine
from bench_agent.app.power import PlanFollowers
from bench_agent.domain.energy_plan import EnergyPlan
from bench_agent.errors import PowerMeterError, SupplyBoardRefusedError
from bench_agent.ports.clock import Clock
from bench_agent.services.outbox import OutboxService
from bench_agent.services.power import Dark, Goodbye, PowerService
from bench_agent.services.uplink import UplinkService
from bench_agent.wire.envelope import Body
from bench_agent.wire.presence import StateReason

Loop = Callable[[], Coroutine[None, None, None]]

_LAST_WORDS_S = 5

_log = structlog.get_logger(__name__)


class DarkSwitch:
    """Where the power service says that the computer shall go dark."""

    def __init__(self) -> None:
        self._asked = asyncio.Event()
        self._dark: Dark | None = None

    def go_dark(self, dark: Dark) -> None:
        """Ask for it."""
        self._dark = dark
        self._asked.set()

    async def wait(self) -> Dark:
        """Wait until somebody asks."""
        await self._asked.wait()
        if self._dark is None:
            raise AssertionError("asked for nothing")
        return self._dark


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerListener:
    """What the power service speaks to: outbox, loads, dark switch."""

    outbox: OutboxService
    plans: PlanFollowers
    switch: DarkSwitch

    def emit(self, body: Body, age_ms: int = 0) -> None:
        """Take one record of ``age_ms`` ago."""
        self.outbox.emit(body, age_ms)

    def follow_plan(self, plan: EnergyPlan) -> None:
        """Switch the loads."""
        self.plans.tell(plan)

    def go_dark(self, dark: Dark) -> None:
        """End this run."""
        self.switch.go_dark(dark)


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """The services of one run of one bench, ready to go."""

    machine: Machine
    clock: Clock
    outbox: OutboxService
    uplink: UplinkService | None
    power: PowerService
    switch: DarkSwitch
    loops: Mapping[str, Loop]
    """Every endless loop by name."""

    async def run(self) -> Dark:
        """Run every service until the computer shall go dark; then say goodbye and tell the power board.

        One service that fails ends the agent, systemd starts it anew.
        """
        dark: Dark | None = None
        goodbye = Goodbye.NONE
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(loop(), name=name) for name, loop in self.loops.items()]
                dark = await self.switch.wait()
                await self._send_last_words()
                for task in tasks:
                    task.cancel()
            goodbye = dark.goodbye
        except asyncio.CancelledError:
            goodbye = Goodbye.STOP
            raise
        finally:
            self.power.remember(goodbye)
            self.outbox.flush()
            if self.uplink is not None:
                reason, wake_at_ms = (
                    (StateReason.RUN, None) if dark is None else (dark.reason, dark.wake_at_ms)
                )
                await self.uplink.leave(reason, wake_at_ms)
        await self._tell_board(dark)
        return dark

    async def _send_last_words(self) -> None:
        """Give what waits 5 s to reach the server; what does not is on disk."""
        self.outbox.flush()
        for _ in range(_LAST_WORDS_S * 10 if self.uplink is not None else 0):
            if not self.outbox.count():
                return
            await self.clock.sleep(0.1)

    async def _tell_board(self, dark: Dark) -> None:
        if self.machine.board is None or dark.sleep_s is None:
            return
        try:
            await self.machine.board.sleep(dark.sleep_s, critical=dark.goodbye is Goodbye.CRITICAL)
        except (PowerMeterError, SupplyBoardRefusedError) as err:
            _log.error("power_board_refused_sleep", cause=str(err))
