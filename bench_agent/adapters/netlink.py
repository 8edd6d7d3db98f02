"""The kernel's neighbour table over rtnetlink, by pyroute2 (HOT-R69)."""

from typing import Any

from pyroute2 import AsyncIPRoute
from pyroute2.netlink.exceptions import NetlinkError

from bench_agent.errors import GateError

# linux/neighbour.h: INCOMPLETE and FAILED entries hold no proven address.
_UNPROVEN = 0x01 | 0x20


class NetlinkNeighbours:
    """Neighbours on one interface in the network namespace of this process."""

    def __init__(self, interface: str) -> None:
        self._interface = interface

    async def mac_of(self, ip: str) -> str | None:
        """MAC of the neighbour ``ip`` on the interface; raises GateError when netlink fails."""
        try:
            async with AsyncIPRoute() as netlink:
                links = await netlink.link_lookup(ifname=self._interface)
                if not links:
                    raise GateError(f"interface {self._interface} does not exist")
                async for entry in await netlink.neigh("dump", ifindex=links[0]):
                    if entry.get_attr("NDA_DST") == ip and not entry["state"] & _UNPROVEN:
                        return _lower(entry.get_attr("NDA_LLADDR"))
        except (NetlinkError, OSError) as err:
            raise GateError("the neighbour table cannot be read") from err
        return None


def _lower(address: Any) -> str | None:  # noqa: ANN401 - pyroute2 has no types
    return str(address).lower() if address else None
