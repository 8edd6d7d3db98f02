"""Which device an address was lent to."""

from typing import Protocol


class LeaseBook(Protocol):
    """The DHCP leases in force."""

    def mac_of(self, ip: str) -> str | None:
        """MAC (lower case, colons) that holds the lease of ``ip``; ``None`` without a lease."""
        ...
