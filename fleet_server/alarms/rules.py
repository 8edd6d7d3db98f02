"""The alarm rules: what is looked at, both levels, how long, how loud, and what to do. Pure.

Levels are the defaults of docs/spec/fleet.md section 9 and docs/spec/power.md POW-R68.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bench_agent.wire.event import Severity
from fleet_server.alarms.facts import BenchFacts
from fleet_server.alarms.verdict import Patience, Verdict

_MINUTE_S, _HOUR_S, _DAY_S = 60, 3_600, 86_400
_AT_ONCE = Patience()
_UNSEEN_S = 15 * _MINUTE_S
_OVERDUE_S = 30 * _MINUTE_S
_RESTARTS_A_DAY = 3
_LOST_HARVEST, _FAIR_HARVEST = 0.30, 0.60
_POOR_DAYS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One thing that can be wrong with a bench."""

    id: str
    title: str
    """What is wrong, in a few Indonesian words."""
    runbook: str
    """What to do, in Indonesian."""
    severity: Severity
    judge: Callable[[BenchFacts], Verdict]
    patience: Patience = _AT_ONCE
    parents: tuple[str, ...] = ()
    """While one of these is open, this one is kept quiet: it only follows from it."""


def below(bad: float, good: float, read: Callable[[BenchFacts], float | None]) -> Callable[..., Verdict]:
    """Bad below ``bad``, good above ``good``."""

    def judge(facts: BenchFacts) -> Verdict:
        value = read(facts)
        if value is None:
            return Verdict.UNKNOWN
        if value < bad:
            return Verdict.BAD
        return Verdict.GOOD if value > good else Verdict.BETWEEN

    return judge


def above(bad: float, good: float, read: Callable[[BenchFacts], float | None]) -> Callable[..., Verdict]:
    """Bad above ``bad``, good below ``good``."""
    return below(-bad, -good, lambda facts: None if (value := read(facts)) is None else -value)


def told_by_bench(problem: str) -> Callable[[BenchFacts], Verdict]:
    """The bench judges by itself and reports the beginning and the end."""

    def judge(facts: BenchFacts) -> Verdict:
        if facts.bench_problems is None:
            return Verdict.UNKNOWN
        return Verdict.BAD if problem in facts.bench_problems else Verdict.GOOD

    return judge


def _unexpected_dark(facts: BenchFacts) -> Verdict:
    if facts.online:
        return Verdict.GOOD
    if facts.unseen_s is None:
        return Verdict.UNKNOWN
    if facts.is_dark_planned:
        return Verdict.BETWEEN
    return Verdict.BAD if facts.unseen_s >= _UNSEEN_S else Verdict.BETWEEN


def _overdue_wake(facts: BenchFacts) -> Verdict:
    if facts.online:
        return Verdict.GOOD
    if facts.overdue_s is None:
        return Verdict.UNKNOWN
    return Verdict.BAD if facts.overdue_s >= _OVERDUE_S else Verdict.BETWEEN


def _dirty_restarts(facts: BenchFacts) -> Verdict:
    if facts.dirty_restarts_24h is None:
        return Verdict.UNKNOWN
    if facts.dirty_restarts_24h > _RESTARTS_A_DAY:
        return Verdict.BAD
    return Verdict.GOOD if facts.dirty_restarts_24h == 0 else Verdict.BETWEEN


def _no_harvest(facts: BenchFacts) -> Verdict:
    if facts.bench_problems is not None and "no_harvest" in facts.bench_problems:
        return Verdict.BAD  # volts at the panel, but no watt for two hours at midday
    days = facts.trends.harvest_shares[:_POOR_DAYS]
    known = [share for share in days if share is not None]
    if known and known[0] > _FAIR_HARVEST and days[0] is not None:
        return Verdict.GOOD
    if len(known) < _POOR_DAYS:
        return Verdict.UNKNOWN
    return Verdict.BAD if max(known) < _LOST_HARVEST else Verdict.BETWEEN


RULES: tuple[Rule, ...] = (
    Rule(
        id="unexpected_dark",
        title="Padam tanpa pemberitahuan",
        runbook="Periksa sambungan internet dan daya di lokasi; lihat kejadian terakhir bangku ini.",
        severity=Severity.CRITICAL,
        judge=_unexpected_dark,
        patience=Patience(clear_s=5 * _MINUTE_S),
    ),
    Rule(
        id="overdue_wake",
        title="Tidak bangun pada waktunya",
        runbook="Bangku berpamitan tidur tetapi belum kembali. Periksa papan daya dan isi baterai di lokasi.",
        severity=Severity.CRITICAL,
        judge=_overdue_wake,
    ),
    Rule(
        id="charge_low",
        title="Baterai rendah",
        runbook="Bila cuaca cerah, periksa panel: kotor, tertutup bayangan, atau kabel lepas.",
        severity=Severity.WARNING,
        judge=below(30, 40, lambda facts: facts.soc_pct),
        patience=Patience(raise_s=15 * _MINUTE_S, clear_s=30 * _MINUTE_S),
        parents=("charge_critical", "unexpected_dark"),
    ),
    Rule(
        id="charge_critical",
        title="Baterai kritis",
        runbook="Bangku akan padam sendiri untuk menjaga baterai. Periksa panel dan pengisi bila berulang.",
        severity=Severity.CRITICAL,
        judge=below(15, 25, lambda facts: facts.soc_pct),
        patience=Patience(raise_s=2 * _MINUTE_S),
        parents=("unexpected_dark",),
    ),
    Rule(
        id="no_harvest",
        title="Panel hampir tidak menghasilkan",
        runbook="Bandingkan dengan tetangga. Periksa konektor panel, sekering, dan bayangan baru.",
        severity=Severity.CRITICAL,
        judge=_no_harvest,
        parents=("unexpected_dark",),
    ),
    Rule(
        id="soiling",
        title="Panel kotor",
        runbook="Hasil panel turun dibanding tetangga. Bersihkan panel, lalu tutup alarm ini.",
        severity=Severity.NOTICE,
        judge=above(0.15 - 1e-9, 0.05 + 1e-9, lambda facts: facts.trends.soiling_drop),
        parents=("no_harvest",),
    ),
    Rule(
        id="battery_fade",
        title="Baterai menua",
        runbook="Daya tampung kurang dari 70 persen. Jadwalkan baterai baru, lalu tutup alarm ini.",
        severity=Severity.WARNING,
        judge=below(0.70, 0.70, lambda facts: facts.trends.usable_share),
        patience=Patience(clear_s=None),
    ),
    Rule(
        id="not_full",
        title="Lama tidak terisi penuh",
        runbook="Baterai 30 hari tidak penuh: beban terlalu besar atau panel terlalu kecil atau kotor.",
        severity=Severity.WARNING,
        judge=above(30, 1, lambda facts: facts.trends.days_since_full),
        parents=("no_harvest",),
    ),
    Rule(
        id="soc_uncertain",
        title="Isi baterai tidak pasti",
        runbook="Periksa alat ukur arus: nilai shunt, arah kabel, dan sambungannya.",
        severity=Severity.NOTICE,
        judge=above(20, 15, lambda facts: facts.soc_sigma_pct),
        patience=Patience(raise_s=7 * _DAY_S, clear_s=_HOUR_S),
        parents=("meter_silent",),
    ),
    Rule(
        id="meter_silent",
        title="Alat ukur daya diam",
        runbook="Periksa kabel data alat ukur (VE.Direct, RS-485, I2C) dan sekeringnya.",
        severity=Severity.WARNING,
        judge=told_by_bench("meter_silent"),
        parents=("unexpected_dark",),
    ),
    Rule(
        id="current_sign",
        title="Arah arus terbalik",
        runbook="Kabel shunt tertukar. Tukar kabelnya, atau pasang invert=1 pada power.meters.",
        severity=Severity.WARNING,
        judge=told_by_bench("current_sign"),
    ),
    Rule(
        id="shunt_mismatch",
        title="Nilai shunt tidak cocok",
        runbook="Daya pengisi dan shunt berbeda jauh. Betulkan shunt_uohm pada power.meters.",
        severity=Severity.WARNING,
        judge=told_by_bench("shunt_mismatch"),
    ),
    Rule(
        id="boot_loop",
        title="Berulang kali gagal menyala",
        runbook="Periksa tegangan baterai saat menyala, kartu SD, dan catu 5 V.",
        severity=Severity.CRITICAL,
        judge=told_by_bench("boot_loop"),
    ),
    Rule(
        id="dirty_restarts",
        title="Sering mati mendadak",
        runbook="Lebih dari 3 kali sehari mati tanpa pamit: periksa catu 5 V, sekering, dan kabel baterai.",
        severity=Severity.WARNING,
        judge=_dirty_restarts,
    ),
    Rule(
        id="hot",
        title="Terlalu panas",
        runbook="Periksa kipas dan lubang udara; layar dimatikan sendiri sampai suhu turun.",
        severity=Severity.WARNING,
        judge=above(75, 68, lambda facts: facts.cpu_temperature_c),
        patience=Patience(raise_s=5 * _MINUTE_S, clear_s=10 * _MINUTE_S),
        parents=("unexpected_dark",),
    ),
)
RULE: Mapping[str, Rule] = {rule.id: rule for rule in RULES}
