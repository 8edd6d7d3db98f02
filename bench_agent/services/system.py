"""The computer's own health: one event at start, one measurement a minute."""

from collections.abc import Callable, Mapping

import msgspec

from bench_agent.ports.clock import Clock
from bench_agent.ports.host import Host
from bench_agent.wire.envelope import Body
from bench_agent.wire.event import Event, Severity

MINUTE_S = 60.0
Facts = Mapping[str, str | int | float | bool | None]


class SystemService:
    """Reports that the agent started and how the computer fares."""

    def __init__(
        self,
        host: Host,
        clock: Clock,
        emit: Callable[[Body], None],
        waiting_rows: Callable[[], int],
        start: Facts,
    ) -> None:
        """``waiting_rows`` counts what the outbox holds; ``start`` says how this run came about."""
        self._host = host
        self._clock = clock
        self._emit = emit
        self._waiting_rows = waiting_rows
        self._start = start

    async def run(self) -> None:
        """Emit ``boot``, then one ``sys/1`` a minute."""
        self._emit(boot_event(self._start))
        while True:
            await self._clock.sleep(MINUTE_S)
            minute = msgspec.structs.replace(self._host.read_minute(), outbox_rows=self._waiting_rows())
            self._emit(minute)


def boot_event(start: Facts) -> Event:
    """The agent runs; ``start`` has ``version``, ``reason``, ``dirty`` and, if known, ``brown_out``.

    ``dirty`` = the run before did not say goodbye.
    """
    dirty = bool(start.get("dirty"))
    ended = " setelah berhenti tanpa pamit" if dirty else ""
    return Event(
        kind="boot",
        severity=Severity.WARNING if dirty else Severity.NOTICE,
        text=f"Program bangku mulai bekerja{ended}.",
        facts=dict(start),
    )
