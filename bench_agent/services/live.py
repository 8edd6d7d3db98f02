"""Live samples for the page that somebody looks at; they may be lost (QoS 0), the minutes may not."""

from collections.abc import Callable, Mapping

import msgspec

from bench_agent.ports.clock import Clock
from bench_agent.ports.uplink import Uplink, UplinkError
from bench_agent.wire.envelope import Body
from bench_agent.wire.topics import Channel

PERIOD_S = 5.0


class LiveService:
    """Publishes what each section reads right now, every 5 s while there is a session."""

    def __init__(
        self, uplink: Uplink, clock: Clock, sections: Mapping[str, Callable[[], Body | None]]
    ) -> None:
        """``sections`` maps a leaf of ``topics.TELE_SECTIONS`` to its reading; ``None`` = nothing known."""
        self._uplink = uplink
        self._clock = clock
        self._sections = sections

    async def run(self) -> None:
        """Publish until cancelled."""
        while True:
            await self._clock.sleep(PERIOD_S)
            self.publish()

    def publish(self) -> None:
        """Publish each known section once; without a session, nothing."""
        for leaf, read in self._sections.items():
            body = read()
            if body is None:
                continue
            try:
                self._uplink.publish(Channel.TELE, msgspec.json.encode(body), leaf)
            except UplinkError:
                return
