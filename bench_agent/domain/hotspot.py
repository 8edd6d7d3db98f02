"""What the hotspot may do: its settings, who is let in, and the texts of gate and dnsmasq.

Decides admits and renders whole files; does not touch the kernel, a clock or a file.
Source of all texts: docs/spec/hotspot.md, HOT-R9, HOT-R12, HOT-R15.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Interface

_INTERFACE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,14}")
_HOST_NAME = re.compile(r"(?=.{4,253}\Z)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}")
_MAC_ADDRESS = re.compile(r"([0-9a-f]{2}:){5}[0-9a-f]{2}")
_MEBIBYTE = 1024 * 1024
_DEFAULT_GATEWAY = IPv4Interface("10.77.0.1/16")
_DEFAULT_UPSTREAM_DNS = (IPv4Address("9.9.9.9"),)
_LEASE_MARGIN_HOSTS = 256
"""The first 256 addresses stay free for the bench itself."""

GRACE_S = 5
"""How much longer downloads stay open than uploads, seconds (HOT-R18)."""


class HotspotConfigError(ValueError):
    """A hotspot setting is out of range; the message names it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HotspotConfig:
    """Settings of one hotspot, checked because the daemons check too little (HOT-R9, HOT-R13)."""

    lan_interface: str = "br-hotspot"
    wan_interface: str = "eth0"
    gateway: IPv4Interface = _DEFAULT_GATEWAY
    """Address of the bench towards the phones, private, /16 to /23."""
    portal_port: int = 8080
    """TCP port the portal listens on, 1024 to 65535."""
    session_s: int = 7200
    """Length of one session, 600 to 28800 s."""
    quota_down_bytes: int = 2048 * _MEBIBYTE
    """Download per session: 0 (no limit) or 50 MiB to 100 GiB, whole MiB."""
    station_cap: int = 100
    """Sessions at the same time, 1 to 2007."""
    lease_s: int = 1800
    """Length of a DHCP lease, 600 to 7200 s."""
    upstream_dns: tuple[IPv4Address, ...] = _DEFAULT_UPSTREAM_DNS
    portal_name: str | None = None
    """Name that resolves to the gateway inside the hotspot."""

    def __post_init__(self) -> None:
        for name in (self.lan_interface, self.wan_interface):
            _require(bool(_INTERFACE_NAME.fullmatch(name)), f"{name!r} is not an interface name")
        _require(self.lan_interface != self.wan_interface, "lan_interface equals wan_interface")
        _require(self.gateway.ip.is_private, "gateway must be a private address")
        _require(16 <= self.gateway.network.prefixlen <= 23, "gateway must be /16 to /23")  # noqa: PLR2004 - HOT-R9
        _require(
            int(self.gateway.ip) - int(self.gateway.network[0]) in range(1, _LEASE_MARGIN_HOSTS),
            "gateway must be among the first 255 addresses of its network",
        )
        _require(self.portal_port in range(1024, 65536), "portal_port must be 1024 to 65535")
        _require(self.session_s in range(600, 28801), "session_s must be 600 to 28800")
        _require(self.station_cap in range(1, 2008), "station_cap must be 1 to 2007")
        _require(self.lease_s in range(600, 7201), "lease_s must be 600 to 7200")
        _require(len(self.upstream_dns) in range(1, 4), "upstream_dns must hold 1 to 3 addresses")
        whole_mib, rest = divmod(self.quota_down_bytes, _MEBIBYTE)
        _require(
            rest == 0 and (whole_mib == 0 or whole_mib in range(50, 100 * 1024 + 1)),
            "quota_down_bytes must be 0 or 50 MiB to 100 GiB in whole MiB",
        )
        if self.portal_name is not None:
            _require(bool(_HOST_NAME.fullmatch(self.portal_name)), "portal_name is not a host name")


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """The right of one station, a pair of address and MAC, to use the internet (HOT-R38)."""

    ip: str
    mac: str
    remaining_s: int
    down_bytes: int = 0
    up_bytes: int = 0


class Refusal(StrEnum):
    """Why a station is not let in."""

    OFF = "off"
    """The plan of the bench keeps the hotspot off."""
    FULL = "full"
    """``station_cap`` sessions are open."""
    UNKNOWN_STATION = "unknown_station"
    """The kernel knows no such neighbour, or lease and neighbour differ (HOT-R40)."""


def decide_admit(
    config: HotspotConfig,
    *,
    hotspot_on: bool,
    neighbour_mac: str | None,
    lease_mac: str | None,
    open_sessions: int,
) -> Refusal | None:
    """Decide about a station without session; ``None`` lets it in (HOT-R40, HOT-R42)."""
    if not hotspot_on:
        return Refusal.OFF
    if neighbour_mac is None or neighbour_mac != lease_mac:
        return Refusal.UNKNOWN_STATION
    if open_sessions >= config.station_cap:
        return Refusal.FULL
    return None


def is_spent(session: Session, quota_down_bytes: int) -> bool:
    """Whether time or quota of a session is used up; the counter also counts refused bytes (HOT-R23)."""
    return session.remaining_s <= 0 or 0 < quota_down_bytes <= session.down_bytes


def is_mac_address(text: str) -> bool:
    """Whether ``text`` is a MAC in the one spelling used here: lower case, colons."""
    return _MAC_ADDRESS.fullmatch(text) is not None


def render_gate(config: HotspotConfig) -> str:
    """Render ``gate.nft``: idempotent, flushes chains, never sets (HOT-R15)."""
    lan, wan = config.lan_interface, config.wan_interface
    port, network, address = config.portal_port, config.gateway.network, config.gateway.ip
    quota = config.quota_down_bytes // _MEBIBYTE
    download = f"counter quota {quota} mbytes; " if quota else "counter; "
    private = "0.0.0.0/8, 10.0.0.0/8, 100.64.0.0/10, 127.0.0.0/8, 169.254.0.0/16, 172.16.0.0/12"
    return f"""\
add table inet gate
add set inet gate auth {{ typeof ip saddr . ether saddr; flags timeout; size 8192; counter; }}
add set inet gate dn {{ type ipv4_addr; flags timeout; size 8192; {download}}}
add set inet gate wg4 {{ type ipv4_addr; flags timeout; timeout 1h; size 1024; }}
add set inet gate wg6 {{ type ipv6_addr; flags timeout; timeout 1h; size 1024; }}
add set inet gate deny {{ type ether_addr; flags timeout; size 4096; }}
add set inet gate private {{ type ipv4_addr; flags interval; \
elements = {{ {private}, 192.168.0.0/16, 224.0.0.0/3 }}; }}
add set inet gate dnsq {{ type ether_addr; flags dynamic,timeout; timeout 10m; size 8192; }}
add set inet gate newc {{ type ether_addr; flags dynamic,timeout; timeout 1m; size 8192; }}
add chain inet gate prerouting {{ type nat hook prerouting priority dstnat; policy accept; }}
add chain inet gate postrouting {{ type nat hook postrouting priority srcnat; policy accept; }}
add chain inet gate input {{ type filter hook input priority filter; policy drop; }}
add chain inet gate forward {{ type filter hook forward priority filter; policy drop; }}
add chain inet gate refuse
flush chain inet gate prerouting
flush chain inet gate postrouting
flush chain inet gate input
flush chain inet gate forward
flush chain inet gate refuse
table inet gate {{
  chain prerouting {{
    iifname != "{lan}" accept
    meta l4proto {{ tcp, udp }} th dport 53 redirect to :53
    update @newc {{ ether saddr limit rate over 50/second burst 200 packets }} drop
    ip daddr {address} tcp dport 80 redirect to :{port}
    tcp dport 80 ip daddr != @wg4 ip saddr . ether saddr != @auth redirect to :{port}
  }}
  chain postrouting {{ oifname "{wan}" masquerade; }}
  chain input {{
    iifname != "{lan}" accept
    meta nfproto ipv6 drop
    udp dport 67 accept
    meta l4proto {{ tcp, udp }} th dport 53 ip saddr . ether saddr != @auth \
update @dnsq {{ ether saddr limit rate over 60/minute burst 200 packets }} drop
    udp dport 53 udp length > 160 ip saddr . ether saddr != @auth drop
    meta l4proto {{ tcp, udp }} th dport 53 accept
    ct state established,related accept
    ct status dnat tcp dport {port} accept
    icmp type echo-request limit rate 20/second accept
  }}
  chain forward {{
    ct state invalid drop
    iifname "{lan}" oifname "{lan}" drop
    meta nfproto ipv6 drop
    iifname "{lan}" ip saddr != {network} drop
    iifname "{lan}" ip daddr @wg4 tcp dport {{ 80, 443 }} accept
    iifname "{lan}" ip daddr @wg4 udp dport 443 accept
    oifname "{lan}" ip saddr @wg4 ct state established,related accept
    iifname "{lan}" ether saddr @deny goto refuse
    iifname "{lan}" ip saddr . ether saddr != @auth goto refuse
    iifname "{lan}" ip daddr @private goto refuse
    iifname "{lan}" tcp dport {{ 25, 135-139, 445, 853 }} goto refuse
    iifname "{lan}" oifname "{wan}" ip saddr . ether saddr @auth accept
    oifname "{lan}" ct state established,related ip daddr @dn accept
  }}
  chain refuse {{
    limit rate over 2000/second burst 4000 packets drop
    meta l4proto tcp reject with tcp reset
    reject with icmpx admin-prohibited
  }}
}}
"""


def render_dnsmasq(config: HotspotConfig, *, lease_file: str = "/run/smart-bench/dnsmasq.leases") -> str:
    """Render ``dnsmasq.conf`` without garden and option 114 (HOT-R12, HOT-R35)."""
    network = config.gateway.network
    first = network[_LEASE_MARGIN_HOSTS]
    last = min(network[-2], network[_LEASE_MARGIN_HOSTS] + 2041)
    name = [f"host-record={config.portal_name},{config.gateway.ip}"] if config.portal_name else []
    lines = [
        "port=53",
        f"interface={config.lan_interface}",
        "except-interface=lo",
        "bind-dynamic",
        "user=dnsmasq",
        "no-resolv",
        "no-hosts",
        "no-poll",
        *(f"server={address}" for address in config.upstream_dns),
        "domain-needed",
        "bogus-priv",
        "stop-dns-rebind",
        "cache-size=2000",
        "max-cache-ttl=300",
        "dns-forward-max=600",
        *name,
        "dhcp-authoritative",
        f"dhcp-range={first},{last},{network.netmask},{config.lease_s}",
        "dhcp-lease-max=2000",
        f"dhcp-leasefile={lease_file}",
        "dhcp-ignore-names",
        f"dhcp-option=option:router,{config.gateway.ip}",
        f"dhcp-option=option:dns-server,{config.gateway.ip}",
        "quiet-dhcp",
    ]
    return "\n".join(lines) + "\n"


def _require(holds: bool, message: str) -> None:  # noqa: FBT001 - reads as a sentence at the call
    if not holds:
        raise HotspotConfigError(message)
