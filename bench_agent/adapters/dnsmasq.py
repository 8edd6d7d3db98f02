"""Leases as dnsmasq writes them: ``expiry mac ip name client-id`` per line."""

from pathlib import Path

from bench_agent.domain.hotspot import is_mac_address

_FIELDS = 5


class DnsmasqLeaseBook:
    """Reads the lease file anew for each question; dnsmasq removes what has ended."""

    def __init__(self, lease_file: Path) -> None:
        self._lease_file = lease_file

    def mac_of(self, ip: str) -> str | None:
        """MAC that holds the lease of ``ip``; a torn last line counts for nothing (HOT-R40)."""
        try:
            text = self._lease_file.read_text("utf-8", errors="replace")
        except FileNotFoundError:
            return None
        complete, _, _ = text.rpartition("\n")
        for line in complete.split("\n"):
            fields = line.split(" ")
            if len(fields) == _FIELDS and fields[2] == ip and is_mac_address(fields[1].lower()):
                return fields[1].lower()
        return None
