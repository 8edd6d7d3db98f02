"""The computer's own health: one event at start, one measurement a minute."""

from collections.abc import Callable

import msgspec

from bench_agent.ports.clock import Clock
from bench_agent.ports.host import Host
from bench_agent.wire.envelope import Body
from bench_agent.wire.event import Event

MINUTE_S = 60.0


class SystemService:
    """Reports that the agent started and how the computer fares."""

    def __init__(
        self,
        host: Host,
        clock: Clock,
        emit: Callable[[Body], None],
        waiting_rows: Callable[[], int],
        version: str,
    ) -> None:
        """``waiting_rows`` counts what the outbox holds; ``version`` is the agent's."""
        self._host = host
        self._clock = clock
        self._emit = emit
        self._waiting_rows = waiting_rows
        self._version = version

    async def run(self) -> None:
        """Emit ``boot``, then one ``sys/1`` a minute."""
        self._emit(Event(kind="boot", text="Program bangku mulai bekerja.", facts={"version": self._version}))
        while True:
            await self._clock.sleep(MINUTE_S)
            minute = msgspec.structs.replace(self._host.read_minute(), outbox_rows=self._waiting_rows())
            self._emit(minute)
