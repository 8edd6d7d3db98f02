"""The rules' levels (fleet.md section 9, POW-R68)."""

import pytest

from fleet_server.alarms.facts import BenchFacts, Trends
from fleet_server.alarms.rules import RULE, RULES
from fleet_server.alarms.verdict import Verdict


def judge(rule: str, **facts: object) -> Verdict:
    slow = {name: facts.pop(name) for name in list(facts) if name in Trends.__slots__}
    given = {"online": True, "trends": Trends(**slow), **facts}  # type: ignore[arg-type]  # by name
    return RULE[rule].judge(BenchFacts(**given))  # type: ignore[arg-type]  # by name


def test_every_rule_has_words_for_people_and_known_parents() -> None:
    for rule in RULES:
        assert rule.title
        assert rule.runbook.endswith(".")
        assert set(rule.parents) <= set(RULE) - {rule.id}


def test_nothing_known_judges_nothing() -> None:
    """Missing = unknown, never ok."""
    blank = BenchFacts(online=False)
    assert {rule.judge(blank) for rule in RULES} == {Verdict.UNKNOWN}


@pytest.mark.parametrize(
    ("rule", "field", "bad", "between", "good"),
    [
        ("charge_low", "soc_pct", 29.9, 35.0, 40.1),
        ("charge_critical", "soc_pct", 14.9, 20.0, 25.1),
        ("hot", "cpu_temperature_c", 75.1, 70.0, 67.9),
        ("soc_uncertain", "soc_sigma_pct", 20.1, 17.0, 14.9),
        ("not_full", "days_since_full", 30.1, 5.0, 0.5),
        ("soiling", "soiling_drop", 0.15, 0.10, 0.05),
        ("dirty_restarts", "dirty_restarts_24h", 4, 1, 0),
    ],
)
def test_levels_apart(rule: str, field: str, bad: float, between: float, good: float) -> None:
    assert judge(rule, **{field: bad}) is Verdict.BAD
    assert judge(rule, **{field: between}) is Verdict.BETWEEN
    assert judge(rule, **{field: good}) is Verdict.GOOD


def test_planned_dark_is_not_unexpected() -> None:
    """POW-R42: planned and unexpected dark are told apart."""
    dark = {"online": False, "unseen_s": 3 * 3600.0}
    assert judge("unexpected_dark", **dark) is Verdict.BAD
    assert judge("unexpected_dark", **dark, is_dark_planned=True) is Verdict.BETWEEN
    assert judge("unexpected_dark", online=False, unseen_s=899.0) is Verdict.BETWEEN
    assert judge("unexpected_dark", online=True) is Verdict.GOOD


def test_overdue_half_an_hour_after_the_announced_return() -> None:
    """POW-R42."""
    assert judge("overdue_wake", online=False, overdue_s=1799.0) is Verdict.BETWEEN
    assert judge("overdue_wake", online=False, overdue_s=1800.0) is Verdict.BAD
    assert judge("overdue_wake", online=True, overdue_s=9000.0) is Verdict.GOOD


def test_no_harvest_needs_two_poor_days_and_clears_after_one_fair_day() -> None:
    assert judge("no_harvest", harvest_shares=(0.1, 0.2)) is Verdict.BAD
    assert judge("no_harvest", harvest_shares=(0.1, 0.5)) is Verdict.BETWEEN
    assert judge("no_harvest", harvest_shares=(0.7, 0.1)) is Verdict.GOOD
    assert judge("no_harvest", harvest_shares=(0.1, None)) is Verdict.UNKNOWN
    assert judge("no_harvest", harvest_shares=(None, 0.9)) is Verdict.UNKNOWN
    assert judge("no_harvest", bench_problems=frozenset({"no_harvest"})) is Verdict.BAD


def test_what_the_bench_judges_itself_is_taken_over() -> None:
    assert judge("meter_silent", bench_problems=frozenset({"meter_silent"})) is Verdict.BAD
    assert judge("meter_silent", bench_problems=frozenset()) is Verdict.GOOD
