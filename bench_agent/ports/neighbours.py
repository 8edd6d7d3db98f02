"""Which device the kernel sees behind an address."""

from typing import Protocol


class Neighbours(Protocol):
    """The neighbour table of the hotspot's side."""

    async def mac_of(self, ip: str) -> str | None:
        """MAC (lower case, colons) of the reachable neighbour ``ip``; ``None`` if there is none."""
        ...
