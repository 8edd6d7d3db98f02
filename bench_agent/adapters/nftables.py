"""The gate in the kernel, through libnftables in this process (HOT-R6, HOT-R24).

python3-nftables comes from the distribution, not from PyPI, so it is found by path. A quota
that differs per session needs raw netlink (HOT-R22); this adapter knows one quota for all.
"""

import importlib.util
import json
from ipaddress import AddressValueError, IPv4Address
from pathlib import Path
from typing import Any

from bench_agent.domain.hotspot import GRACE_S, HotspotConfig, Session, is_mac_address, render_gate
from bench_agent.errors import GateError

_DISTRIBUTION_PACKAGE = Path("/usr/lib/python3/dist-packages/nftables/nftables.py")
_CURE = "python3-nftables is missing; cure: apt install python3-nftables"


class NftablesGate:
    """Sessions as elements of nft sets in the network namespace of this process."""

    def __init__(self, library_file: Path = _DISTRIBUTION_PACKAGE) -> None:
        """Load libnftables; raises GateError naming the cure when it is absent."""
        self._nft = _load_libnftables(library_file)
        self._quota_down_bytes: int | None = None

    def prepare(self, config: HotspotConfig) -> None:
        """Load the gate's rules; flushes chains only, so sessions stay (HOT-R3)."""
        self._run(render_gate(config))
        self._quota_down_bytes = config.quota_down_bytes

    def admit(self, ip: str, mac: str, timeout_s: int, quota_down_bytes: int) -> None:
        """Open or renew a session in one transaction (HOT-R18, HOT-R19)."""
        if quota_down_bytes != self._quota_down_bytes:
            raise GateError(f"quota {quota_down_bytes} B differs from the gate's {self._quota_down_bytes} B")
        pair = _pair(ip, mac)
        # add, delete, add: an element that is already there would keep its old timeout on some kernels.
        self._run(
            f"add element inet gate auth {{ {pair} timeout 1s }}\n"
            f"delete element inet gate auth {{ {pair} }}\n"
            f"add element inet gate auth {{ {pair} timeout {timeout_s:d}s }}\n"
            + _replace_download(ip, timeout_s + GRACE_S)
        )

    def remove(self, ip: str, mac: str) -> None:
        """End a session: uploads at once, downloads after the grace, so apps see a reset (HOT-R18)."""
        pair = _pair(ip, mac)
        self._run(
            f"add element inet gate auth {{ {pair} timeout 1s }}\n"
            f"delete element inet gate auth {{ {pair} }}\n" + _replace_download(ip, GRACE_S)
        )

    def sessions(self) -> tuple[Session, ...]:
        """Read both sets and join them by address."""
        down = {element["val"]: _bytes_of(element) for element in self._elements("dn")}
        return tuple(
            Session(
                ip=element["val"]["concat"][0],
                mac=element["val"]["concat"][1],
                remaining_s=int(element["expires"]),
                down_bytes=down.get(element["val"]["concat"][0], 0),
                up_bytes=_bytes_of(element),
            )
            for element in self._elements("auth")
        )

    def _elements(self, set_name: str) -> list[dict[str, Any]]:
        listing = json.loads(self._run(f"list set inet gate {set_name}", as_json=True))
        content = next(item["set"] for item in listing["nftables"] if "set" in item)
        return [entry["elem"] for entry in content.get("elem", [])]

    def _run(self, command: str, *, as_json: bool = False) -> str:
        self._nft.set_json_output(as_json)
        code, output, complaint = self._nft.cmd(command)
        if code != 0:
            reason = str(complaint).strip().splitlines()
            raise GateError(f"nft refused: {reason[0] if reason else 'no reason given'}")
        return str(output)


def _load_libnftables(library_file: Path) -> Any:  # noqa: ANN401 - the library has no types
    spec = importlib.util.spec_from_file_location("nftables", library_file)
    if spec is None or spec.loader is None or not library_file.is_file():
        raise GateError(_CURE)
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
        return module.Nftables()
    except (ImportError, OSError) as err:
        raise GateError(_CURE) from err


def _pair(ip: str, mac: str) -> str:
    """Check both before they become part of a command; nothing else ever enters one."""
    try:
        address = IPv4Address(ip)
    except AddressValueError as err:
        raise GateError("not an IPv4 address") from err
    if not is_mac_address(mac):
        raise GateError("not a MAC address")
    return f"{address} . {mac}"


def _replace_download(ip: str, timeout_s: int) -> str:
    return (
        f"add element inet gate dn {{ {ip} timeout 1s }}\n"
        f"delete element inet gate dn {{ {ip} }}\n"
        f"add element inet gate dn {{ {ip} timeout {timeout_s:d}s }}\n"
    )


def _bytes_of(element: dict[str, Any]) -> int:
    return int(element.get("counter", {}).get("bytes", 0))
