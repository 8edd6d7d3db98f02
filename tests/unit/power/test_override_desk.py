"""An operator's override from the desired document to the plan (POW-R40)."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone

import pytest

from bench_agent.domain.energy import EnergyState, next_energy
from bench_agent.domain.energy_facts import EnergyFacts, EnergyRules
from bench_agent.domain.energy_tiers import Tiers
from bench_agent.domain.override_refusal import OverrideRefusal, refusal_of
from bench_agent.ports.clock import ClockQuality
from bench_agent.services.power.override_desk import OverrideDesk, OverrideNote
from bench_agent.wire.event import Event
from bench_agent.wire.presence import Desired, EnergyOverride, Load
from bench_agent.wire.telemetry import EnergyTier

WIB = timezone(timedelta(hours=7))
NOON = datetime(2026, 11, 25, 12, tzinfo=WIB)
NOON_MS = round(NOON.timestamp() * 1000)
HOUR_MS = 3_600_000
NORMAL = EnergyOverride(
    id="a", who="ani", why="Pasar malam", until_ms=NOON_MS + 2 * HOUR_MS, lasts_s=7200, tier=EnergyTier.NORMAL
)


@dataclass
class SetClock:
    wall_ms: int = NOON_MS
    up_ms: int = 0
    trusted: bool = True

    def now_ms(self) -> int:
        return self.wall_ms

    def monotonic_ms(self) -> int:
        return self.up_ms

    def quality(self) -> ClockQuality:
        return ClockQuality.NTP if self.trusted else ClockQuality.NONE

    async def sleep(self, seconds: float) -> None:
        raise AssertionError(seconds)

    def pass_ms(self, elapsed_ms: int) -> None:
        self.wall_ms += elapsed_ms
        self.up_ms += elapsed_ms


@dataclass
class Bench:
    """Desk and rules, stepped by hand."""

    soc_pct: float = 50.0
    rest_v: float = 13.2
    clock: SetClock = field(default_factory=SetClock)
    events: list[Event] = field(default_factory=list)
    state: EnergyState = field(default_factory=EnergyState)

    def __post_init__(self) -> None:
        self.desk = OverrideDesk(self.clock, self.events.append)

    def take(self, wish: EnergyOverride | None) -> None:
        desired = Desired(rev=1) if wish is None else Desired(rev=1, energy_override=wish)
        self.state = replace(self.state, overrides=self.desk.take(desired, self.state.overrides))

    def step(self) -> None:
        local = datetime.fromtimestamp(self.clock.wall_ms / 1000, WIB)
        facts = EnergyFacts(local=local, now_ms=self.clock.up_ms, soc_pct=self.soc_pct, rest_v=self.rest_v)
        self.state = next_energy(self.state, facts, EnergyRules())
        assert self.state.plan is not None
        overrides = self.state.overrides
        refusal = None
        if overrides:
            refusal = refusal_of(overrides[0], self.state.tiers, self.state.plan, facts)
        self.desk.follow(overrides, refusal)

    def tier(self) -> str:
        return self.state.tier.value

    @property
    def told(self) -> list[tuple[str, object]]:
        return [
            (one.kind.removeprefix("energy.override_"), one.facts.get("how", one.facts.get("reason")))
            for one in self.events
        ]


def test_an_override_lifts_the_tier_says_so_and_ends_by_itself() -> None:
    bench = Bench()
    bench.step()
    assert bench.tier() == "eco"
    bench.take(NORMAL)
    bench.step()
    assert bench.tier() == "normal"
    assert bench.events[0].facts == {"id": "a", "who": "ani", "what": "tingkat normal", "left_s": 7200}
    bench.clock.pass_ms(2 * HOUR_MS)
    bench.step()
    assert bench.tier() == "eco"
    assert bench.told == [("began", None), ("ended", "expired")]


def test_the_same_document_again_neither_prolongs_nor_revives_it() -> None:
    bench = Bench()
    bench.take(NORMAL)
    bench.clock.pass_ms(HOUR_MS)
    bench.take(NORMAL)
    bench.clock.pass_ms(HOUR_MS)
    bench.step()
    bench.take(NORMAL)
    bench.step()
    assert bench.state.overrides == ()
    assert bench.told == [("began", None), ("ended", "expired")]


def test_the_operator_ends_it_and_a_later_wish_replaces_it() -> None:
    bench = Bench()
    bench.take(NORMAL)
    bench.take(replace_wish(NORMAL, id="b", tier=None, load=Load.DISPLAY, on=False))
    bench.step()
    assert bench.state.plan is not None
    assert not bench.state.plan.display_on
    bench.take(None)
    bench.take(None)
    assert bench.told == [("began", None), ("ended", "replaced"), ("began", None), ("ended", "withdrawn")]


def replace_wish(wish: EnergyOverride, **changes: object) -> EnergyOverride:
    values = {name: getattr(wish, name) for name in wish.__struct_fields__} | changes
    return EnergyOverride(**values)


def test_one_that_comes_after_its_end_is_refused_where_the_clock_can_be_trusted() -> None:
    bench = Bench()
    bench.clock.pass_ms(3 * HOUR_MS)
    bench.take(NORMAL)
    bench.take(NORMAL)
    assert bench.told == [("refused", "invalid")]


def test_without_a_clock_its_own_length_ends_it_and_a_clock_set_right_ends_it_earlier() -> None:
    bench = Bench(clock=SetClock(wall_ms=1000, trusted=False))
    bench.take(NORMAL)
    bench.clock.pass_ms(2 * HOUR_MS - 1000)
    bench.step()
    assert bench.state.overrides
    bench.clock.pass_ms(1000)
    bench.step()
    assert not bench.state.overrides

    bench = Bench(clock=SetClock(wall_ms=1000, trusted=False))
    bench.take(NORMAL)
    bench.clock.wall_ms = NOON_MS + 2 * HOUR_MS
    bench.step()
    assert not bench.state.overrides


@pytest.mark.parametrize(
    ("soc_pct", "rest_v", "wish", "reason"),
    [
        (10.0, 13.2, NORMAL, OverrideRefusal.CRITICAL),
        (50.0, 12.9, NORMAL, OverrideRefusal.LOW_VOLTAGE),
        (18.0, 13.2, NORMAL, OverrideRefusal.CHARGE_BELOW_20),
        (
            18.0,
            13.2,
            EnergyOverride(
                id="c", who="a", why="b", until_ms=NOON_MS + HOUR_MS, lasts_s=3600, load=Load.DISPLAY, on=True
            ),
            OverrideRefusal.CHARGE_BELOW_20,
        ),
    ],
)
def test_what_nobody_may_lift_is_refused_once_with_its_reason(
    soc_pct: float, rest_v: float, wish: EnergyOverride, reason: OverrideRefusal
) -> None:
    bench = Bench(soc_pct=soc_pct, rest_v=rest_v)
    bench.take(wish)
    for _ in range(3):
        bench.step()
        bench.clock.pass_ms(10_000)
    assert bench.told == [("began", None), ("refused", reason.value)]
    assert bench.desk.note.refusal is reason


def test_a_refusal_that_passes_may_come_again() -> None:
    bench = Bench(soc_pct=18.0)
    bench.take(NORMAL)
    bench.step()
    bench.soc_pct = 60.0
    bench.clock.pass_ms(10_000)
    bench.step()
    assert bench.desk.note.refusal is None
    assert bench.state.plan is not None
    assert bench.state.plan.tier is EnergyTier.NORMAL


def test_it_survives_a_restart_and_is_not_begun_again() -> None:
    bench = Bench()
    bench.take(NORMAL)
    bench.step()
    bench.clock.pass_ms(HOUR_MS)
    restarted = Bench(clock=SetClock(wall_ms=bench.clock.wall_ms, up_ms=5000))
    restarted.desk = OverrideDesk(restarted.clock, restarted.events.append, bench.desk.note)
    restarted.state = bench.state.shifted(5000 - HOUR_MS)
    restarted.take(NORMAL)
    restarted.step()
    assert restarted.state.tier is EnergyTier.NORMAL
    assert restarted.events == []
    restarted.clock.pass_ms(HOUR_MS)
    restarted.step()
    assert restarted.told == [("ended", "expired")]


@pytest.mark.parametrize(
    "wish",
    [
        replace_wish(NORMAL, tier=EnergyTier.UNKNOWN),
        replace_wish(NORMAL, tier=None),
        replace_wish(NORMAL, load=Load.AUDIO),
        replace_wish(NORMAL, tier=None, load=Load.UNKNOWN),
        replace_wish(NORMAL, who=" "),
        replace_wish(NORMAL, lasts_s=0),
    ],
)
def test_a_wish_the_bench_does_not_understand_is_refused_once(wish: EnergyOverride) -> None:
    bench = Bench()
    bench.take(wish)
    bench.take(wish)
    assert bench.told == [("refused", "invalid")]
    assert bench.desk.note == OverrideNote(over="a")


def test_the_reserve_of_a_silent_meter_is_not_lifted() -> None:
    bench = Bench(state=EnergyState(tiers=Tiers(silent=True)))
    bench.take(NORMAL)
    facts = EnergyFacts(local=NOON, now_ms=0, soc_pct=90.0, rest_v=13.3, age_ms=20 * 60_000)
    state = next_energy(bench.state, facts, EnergyRules())
    assert state.plan is not None
    assert refusal_of(state.overrides[0], state.tiers, state.plan, facts) is OverrideRefusal.METER_SILENT
