from dataclasses import replace
from ipaddress import IPv4Interface
from pathlib import Path
from typing import Any

import pytest

from bench_agent.domain.hotspot import (
    HotspotConfig,
    HotspotConfigError,
    Refusal,
    Session,
    decide_admit,
    is_spent,
    render_dnsmasq,
    render_gate,
)

CONFIG = HotspotConfig(portal_name="wifi.trenggalekkab.go.id")

GOLDEN_DNSMASQ = """\
port=53
interface=br-hotspot
except-interface=lo
bind-dynamic
user=dnsmasq
no-resolv
no-hosts
no-poll
server=9.9.9.9
domain-needed
bogus-priv
stop-dns-rebind
cache-size=2000
max-cache-ttl=300
dns-forward-max=600
host-record=wifi.trenggalekkab.go.id,10.77.0.1
dhcp-authoritative
dhcp-range=10.77.1.0,10.77.8.249,255.255.0.0,1800
dhcp-lease-max=2000
dhcp-leasefile=/run/smart-bench/dnsmasq.leases
dhcp-ignore-names
dhcp-option=option:router,10.77.0.1
dhcp-option=option:dns-server,10.77.0.1
quiet-dhcp
"""


def test_renders_the_golden_dnsmasq_file() -> None:
    """HOT-R12."""
    assert render_dnsmasq(CONFIG) == GOLDEN_DNSMASQ


def test_gate_flushes_chains_but_never_sets_or_the_table() -> None:
    """HOT-R15, HOT-R3."""
    text = render_gate(CONFIG)
    assert text.count("flush chain") == 5
    assert "flush set" not in text
    assert "delete" not in text


def test_dns_limits_stand_before_established_traffic() -> None:
    """HOT-R16."""
    text = render_gate(CONFIG)
    assert text.index("update @dnsq") < text.index("ct state established")


def test_rendering_is_deterministic_and_follows_the_names() -> None:
    """HOT-R10."""
    other = replace(
        CONFIG, lan_interface="lan0", wan_interface="wan0", gateway=IPv4Interface("192.168.40.1/22")
    )
    text = render_gate(other)
    assert text == render_gate(other)
    assert "br-hotspot" not in text
    assert "10.77." not in text
    assert "192.168.40.0/22" in text


def test_quota_zero_only_counts() -> None:
    """HOT-R9."""
    assert "mbytes" not in render_gate(replace(CONFIG, quota_down_bytes=0))
    assert "counter quota 2048 mbytes" in render_gate(CONFIG)


@pytest.mark.parametrize(
    "wrong",
    [
        {"lan_interface": 'x" accept; #'},
        {"wan_interface": "br-hotspot"},
        {"gateway": IPv4Interface("8.8.8.8/16")},
        {"gateway": IPv4Interface("10.77.0.1/24")},
        {"session_s": 599},
        {"quota_down_bytes": 1},
        {"station_cap": 0},
        {"portal_port": 80},
        {"portal_name": "a b.example"},
        {"upstream_dns": ()},
        {"lease_s": 7201},
    ],
)
def test_refuses_what_the_daemons_would_let_through(wrong: dict[str, Any]) -> None:
    """HOT-R9, HOT-R13."""
    with pytest.raises(HotspotConfigError):
        replace(CONFIG, **wrong)


MAC = "02:00:00:00:00:01"


@pytest.mark.parametrize(
    ("hotspot_on", "neighbour", "lease", "open_sessions", "expected"),
    [
        (True, MAC, MAC, 0, None),
        (True, MAC, MAC, 99, None),
        (True, MAC, MAC, 100, Refusal.FULL),
        (False, MAC, MAC, 0, Refusal.OFF),
        (True, None, None, 0, Refusal.UNKNOWN_STATION),
        (True, MAC, None, 0, Refusal.UNKNOWN_STATION),
        (True, MAC, "02:00:00:00:00:02", 0, Refusal.UNKNOWN_STATION),
    ],
)
def test_decides_who_is_let_in(
    hotspot_on: bool, neighbour: str | None, lease: str | None, open_sessions: int, expected: Refusal | None
) -> None:
    """HOT-R40, HOT-R42."""
    decision = decide_admit(
        CONFIG, hotspot_on=hotspot_on, neighbour_mac=neighbour, lease_mac=lease, open_sessions=open_sessions
    )
    assert decision == expected


def test_session_is_spent_by_time_or_by_quota() -> None:
    """HOT-R23."""
    session = Session(ip="10.77.1.1", mac=MAC, remaining_s=10, down_bytes=1000)
    assert not is_spent(session, 1001)
    assert not is_spent(session, 0)
    assert is_spent(session, 1000)
    assert is_spent(replace(session, remaining_s=0), 0)


def test_renders_the_golden_gate_file() -> None:
    """HOT-R15, HOT-R71."""
    golden = Path(__file__).parent / "golden" / "gate.nft"
    assert render_gate(CONFIG) == golden.read_text("utf-8")
