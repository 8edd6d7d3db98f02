"""What people on the bench are told of its energy (POW-R39, R42)."""

from dataclasses import replace
from datetime import datetime, timedelta

from bench_agent.domain.energy_hours import WIB
from bench_agent.domain.energy_notice import PORTAL_WARNS, SCREEN_WARNS, ends_soon, notice_of
from bench_agent.domain.energy_plan import HotspotMode, PowerOff
from bench_agent.wire.energy_reason import EnergyReason, ReasonCode
from tests.unit.power.plans import CLOSED, NORMAL

TEN_PM = datetime(2026, 9, 1, 22, tzinfo=WIB)
NIGHT = PowerOff(begins_at=TEN_PM, wakes_at=TEN_PM + timedelta(hours=6, minutes=55), critical=False)


def test_nothing_is_said_while_all_is_well() -> None:
    assert notice_of(NORMAL, TEN_PM) is None
    assert notice_of(replace(NORMAL, power_off=NIGHT), TEN_PM - timedelta(minutes=16)) is None


def test_the_end_is_told_a_quarter_of_an_hour_before_and_on_the_screen_ten_minutes() -> None:
    plan = replace(NORMAL, power_off=NIGHT)
    notice = notice_of(plan, TEN_PM - PORTAL_WARNS)
    assert notice is not None
    assert notice.id == (
        "Bangku dan Wi-Fi mati pukul 22.00 untuk menghemat baterai; menyala lagi pukul 04.55."
    )
    assert notice.en == "The bench and its Wi-Fi go off at 22:00 to save the battery; back at 04:55."
    assert ends_soon(plan, TEN_PM - timedelta(minutes=11), SCREEN_WARNS) is None
    assert ends_soon(plan, TEN_PM - SCREEN_WARNS, SCREEN_WARNS) == notice


def test_a_critical_battery_promises_the_sun_and_no_hour() -> None:
    plan = replace(NORMAL, power_off=replace(NIGHT, critical=True))
    notice = notice_of(plan, TEN_PM)
    assert notice is not None
    assert "bersama matahari" in notice.id
    assert "04" not in notice.en


def test_a_closed_or_slow_hotspot_says_why() -> None:
    closed = notice_of(CLOSED, TEN_PM)
    assert closed is not None
    assert closed.id.startswith("Wi-Fi sedang mati untuk menghemat daya. Bangku tidur sampai 04.55")
    slow = notice_of(
        replace(
            NORMAL,
            hotspot=HotspotMode.LIMITED,
            reason=EnergyReason(code=ReasonCode.ECO_OFF, soc_pct=38, until="15:30"),
        ),
        TEN_PM,
    )
    assert slow is not None
    assert slow.id == "Wi-Fi dibatasi untuk menghemat daya. Layar mati sampai 15.30: baterai 38 %."
    assert slow.en == "Wi-Fi is limited to save energy. Screen off until 15:30: battery 38 %."
