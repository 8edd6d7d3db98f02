"""How the board that owns the Pi's supply is spoken to (POW-R47 to R55)."""

from typing import Protocol

from bench_agent.domain.supply import HaltRequest, SupplyLimit, SupplyStatus, SupplyVersion


class SupplyBoard(Protocol):
    """Every call may raise the errors of ``PowerMeter.read``, and each but ``heartbeat`` waits for an answer.

    Raises:
        PowerMeterUnreachableError: No port, busy or forbidden.
        PowerMeterSilentError: The board does not answer.
        SupplyBoardRefusedError: The board will not: a value out of range, or not in its present state.
    """

    @property
    def status(self) -> SupplyStatus | None:
        """The board's last word; None when it is too old or there is none."""
        ...

    @property
    def halt_request(self) -> HaltRequest | None:
        """The halt the board asks for; None when it asks for none."""
        ...

    async def heartbeat(self) -> None:
        """Tell that the agent is well; due every 10 s."""
        ...

    async def sleep(self, seconds: int, *, critical: bool) -> None:
        """Ask to be dark for ``seconds``, a day at most; the Pi then has 45 s to halt."""
        ...

    async def halted(self) -> None:
        """Tell that the file systems are read-only: the supply ends here."""
        ...

    async def maintenance(self, minutes: int) -> None:
        """Announce silence of up to ``minutes``, 0 to 240; 0 ends it."""
        ...

    async def set_limit(self, limit: SupplyLimit, value: int) -> None:
        """Move a limit and keep it in the board's flash."""
        ...

    async def version(self) -> SupplyVersion:
        """Ask what the board is and how often it tried to boot."""
        ...

    async def close(self) -> None:
        """Let the device go; may be called twice."""
        ...
