"""Lasting problems of meters, wiring, battery and starts: judged each step, told when they begin and end.

The verdicts are ``domain.power_checks``' and the plan's; here they become events ``problem.began`` and
``problem.ended`` (POW-R5, R38, R44, R68, R69).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bench_agent.domain import power_checks as checks
from bench_agent.domain.battery_estimate import Estimate
from bench_agent.domain.energy_plan import EnergyAlarm, EnergyPlan
from bench_agent.domain.power_reading import ChargeStage, CurrentScope, PowerReading
from bench_agent.wire.event import Event, Severity

Fact = str | int | float | bool | None
BOOT_LOOP_ATTEMPTS = 3
_MIDDAY_HOURS = range(10, 14)
_FILLED = frozenset({ChargeStage.ABSORPTION, ChargeStage.FLOAT, ChargeStage.STORAGE})
_SENTENCES = {
    "meter_silent": ("Alat ukur listrik tidak menjawab", Severity.WARNING),
    "current_sign": ("Arah arus baterai tampaknya terbalik", Severity.WARNING),
    "shunt_mismatch": ("Arus shunt tidak cocok dengan pengisi daya", Severity.WARNING),
    "meters_disagree": ("Alat ukur berbeda lebih dari 15 poin selama sehari", Severity.WARNING),
    "no_harvest": ("Panel bertegangan tetapi tidak memberi daya di tengah hari", Severity.WARNING),
    "charging_cold": ("Baterai pada 0 °C atau lebih dingin", Severity.WARNING),
    "hot_battery": ("Baterai atau kotak pada 45 °C atau lebih", Severity.CRITICAL),
    "soc_uncertain": ("Isi baterai tidak pasti selama tujuh hari", Severity.NOTICE),
    "not_full": ("Baterai tidak pernah penuh selama tiga puluh hari", Severity.NOTICE),
    "boot_loop": ("Bangku berulang kali gagal menyala", Severity.CRITICAL),
}
"""Problem: Indonesian without a full stop, and how loud it is."""


@dataclass(slots=True)
class ProblemNotes:
    """What is kept of problems over a restart."""

    told: list[str] = field(default_factory=list)
    """Problems that have begun and not ended."""
    disagree: checks.Check = field(default_factory=checks.Check)
    uncertain: checks.Check = field(default_factory=checks.Check)
    watched_since_ms: int | None = None
    """First look ever, monotonic ms: a battery that never was full has not been so for that long."""

    def shifted(self, shift_ms: int) -> "ProblemNotes":
        """The same on another boot's clock (``moment.shift_between_ms``)."""
        since = self.watched_since_ms
        return ProblemNotes(
            told=list(self.told),
            disagree=self.disagree.shifted(shift_ms),
            uncertain=self.uncertain.shifted(shift_ms),
            watched_since_ms=None if since is None else since + shift_ms,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """Everything problems are judged by, at one instant."""

    now_ms: int
    local: datetime
    truth: PowerReading | None
    readings: Mapping[str, PowerReading]
    """What is fresh, by meter, the truth included."""
    picture: PowerReading
    estimate: Estimate | None
    plan: EnergyPlan
    loads_w: float
    """What the loads that are on are known to take."""
    boot_attempts: int
    """Starts since the computer last ran for 30 min."""


class Problems:
    """Judges, remembers, tells."""

    def __init__(self, emit: Callable[[Event], None], notes: ProblemNotes | None = None) -> None:
        self._emit = emit
        self.notes = notes or ProblemNotes()
        self._remembered = set(self.notes.told)
        self._sign = checks.SignCheck()
        self._ratio = checks.Check()
        self._harvest = checks.Check()

    def judge(self, scene: Scene) -> None:
        """Look once; call it each step."""
        if self.notes.watched_since_ms is None:
            self.notes.watched_since_ms = scene.now_ms
        self._tell("meter_silent", EnergyAlarm.METER_SILENT in scene.plan.alarms, {})
        self._judge_warmth(scene)
        self._judge_wiring(scene)
        self._judge_panel(scene)
        if scene.estimate is not None:
            self._judge_count(scene, scene.estimate)
        attempts = scene.boot_attempts
        self._tell("boot_loop", attempts >= BOOT_LOOP_ATTEMPTS, {"attempts": attempts})

    def _judge_warmth(self, scene: Scene) -> None:
        found = (scene.picture.battery_temperature_c, scene.picture.case_temperature_c)
        measured = [celsius for celsius in found if celsius is not None]
        if not measured:
            return
        alarms = scene.plan.alarms
        self._tell("hot_battery", EnergyAlarm.HOT in alarms, {"temperature_c": max(measured)})
        self._tell("charging_cold", EnergyAlarm.CHARGING_COLD in alarms, {"temperature_c": min(measured)})

    def _judge_wiring(self, scene: Scene) -> None:
        truth, now_ms = scene.truth, scene.now_ms
        shunt = truth if truth is not None and truth.current_scope is CurrentScope.BATTERY else None
        shunt_a = None if shunt is None else shunt.battery_current_a
        shunt_w = None if shunt is None else shunt.battery_power_w
        self._sign = checks.next_sign(self._sign, scene.picture.panel_power_w, shunt_a, now_ms)
        self._tell("current_sign", self._sign.wrong, {"battery_current_a": shunt_a})
        charger_w = _charger_w(scene.readings)
        off = checks.shunt_disagrees(charger_w, shunt_w, scene.loads_w)
        self._ratio = checks.next_check(self._ratio, off, now_ms, checks.RATIO_SPAN_MS)
        facts: dict[str, Fact] = {"charger_w": charger_w, "shunt_w": shunt_w, "loads_w": scene.loads_w}
        self._tell("shunt_mismatch", self._ratio.wrong, facts)

    def _judge_panel(self, scene: Scene) -> None:
        picture = scene.picture
        dead = checks.panel_is_dead(
            picture.panel_voltage_v,
            picture.panel_power_w,
            midday=scene.local.hour in _MIDDAY_HOURS,
            filled=picture.charge_stage in _FILLED,
        )
        self._harvest = checks.next_check(self._harvest, dead, scene.now_ms, checks.NO_HARVEST_SPAN_MS)
        self._tell("no_harvest", self._harvest.wrong, {"panel_voltage_v": picture.panel_voltage_v})

    def _judge_count(self, scene: Scene, estimate: Estimate) -> None:
        notes, now_ms, soc_pct = self.notes, scene.now_ms, round(estimate.soc_pct, 1)
        far, name = _farthest(scene.readings, soc_pct)
        differs = None if far is None else abs(far) > checks.DISAGREE_PCT
        notes.disagree = checks.next_check(notes.disagree, differs, now_ms, checks.DISAGREE_SPAN_MS)
        self._tell("meters_disagree", notes.disagree.wrong, {"meter": name[:80], "points": far})
        unsure = estimate.sigma_pct > checks.UNCERTAIN_SIGMA_PCT
        notes.uncertain = checks.next_check(notes.uncertain, unsure, now_ms, checks.UNCERTAIN_SPAN_MS)
        facts: dict[str, Fact] = {"soc_pct": soc_pct, "sigma_pct": round(estimate.sigma_pct, 1)}
        self._tell("soc_uncertain", notes.uncertain.wrong, facts)
        full_at_ms = estimate.last_full_at_ms
        since_ms = notes.watched_since_ms if full_at_ms is None else full_at_ms
        waited_ms = 0 if since_ms is None else now_ms - since_ms
        self._tell("not_full", waited_ms >= checks.NOT_FULL_SPAN_MS, {"days": waited_ms // checks.DAY_MS})

    def _tell(self, problem: str, wrong: bool | None, facts: dict[str, Fact]) -> None:  # noqa: FBT001 - a verdict
        told = problem in self.notes.told
        if wrong is None or (wrong is told and problem not in self._remembered):
            return
        # One that lasted before a restart is told again: whoever listens learns that it still holds.
        self._remembered.discard(problem)
        text, severity = _SENTENCES[problem]
        if wrong:
            if not told:
                self.notes.told.append(problem)
            self._say("began", problem, f"{text}.", severity, facts)
        elif told:
            self.notes.told.remove(problem)
            self._say("ended", problem, f"Berakhir: {text}.", Severity.NOTICE, facts)

    def _say(self, what: str, problem: str, text: str, severity: Severity, facts: dict[str, Fact]) -> None:
        self._emit(
            Event(kind=f"problem.{what}", severity=severity, text=text, facts={"problem": problem, **facts})
        )


def _charger_w(readings: Mapping[str, PowerReading]) -> float | None:
    """Out of the charge controller, where one is a meter of its own."""
    found = (one.battery_power_w for one in readings.values() if one.current_scope is CurrentScope.CHARGER)
    return next((watts for watts in found if watts is not None), None)


def _farthest(readings: Mapping[str, PowerReading], soc_pct: float) -> tuple[float | None, str]:
    """The device whose own opinion of the charge is farthest from ours: points, + = it says more."""
    apart = [
        (round(one.reported_soc_pct - soc_pct, 1), name)
        for name, one in readings.items()
        if one.reported_soc_pct is not None
    ]
    return max(apart, key=lambda pair: abs(pair[0]), default=(None, ""))
