"""Both-way hysteresis, missing is unknown, one alarm at a time (fleet.md section 9)."""

from hypothesis import given
from hypothesis import strategies as st

from fleet_server.alarms.verdict import AlarmState, Patience, Phase, Verdict, next_state

MINUTE_MS = 60_000
PATIENCE = Patience(raise_s=15 * 60, clear_s=30 * 60)


def follow(verdicts: list[Verdict], patience: Patience = PATIENCE) -> list[AlarmState]:
    """States after each verdict, one a minute."""
    state, states = AlarmState(), []
    for minute, verdict in enumerate(verdicts):
        state = next_state(state, verdict, patience, minute * MINUTE_MS)
        states.append(state)
    return states


def test_opens_only_after_the_raise_time_without_a_break() -> None:
    states = follow([Verdict.BAD] * 16)
    assert [state.is_open for state in states] == [False] * 15 + [True]
    broken = follow([Verdict.BAD] * 10 + [Verdict.BETWEEN] + [Verdict.BAD] * 15)
    assert not broken[-1].is_open


def test_clears_only_after_the_clear_time_above_the_clear_level() -> None:
    opened = [Verdict.BAD] * 16
    assert follow(opened + [Verdict.BETWEEN] * 600)[-1].phase is Phase.OPEN
    states = follow(opened + [Verdict.GOOD] * 31)
    assert [state.is_open for state in states[16:]] == [True] * 30 + [False]
    dipped = follow(opened + [Verdict.GOOD] * 29 + [Verdict.BETWEEN] + [Verdict.GOOD] * 30)
    assert dipped[-1].is_open


def test_missing_data_never_opens_and_never_clears() -> None:
    assert not follow([Verdict.BAD] * 14 + [Verdict.UNKNOWN] + [Verdict.BAD] * 14)[-1].is_open
    assert follow([Verdict.BAD] * 16 + [Verdict.GOOD] * 29 + [Verdict.UNKNOWN] * 500)[-1].is_open


def test_an_alarm_that_only_a_person_ends_stays() -> None:
    assert follow([Verdict.BAD] + [Verdict.GOOD] * 1000, Patience(clear_s=None))[-1].is_open


def test_without_patience_opens_and_clears_at_once() -> None:
    states = follow([Verdict.BAD, Verdict.GOOD], Patience())
    assert [state.is_open for state in states] == [True, False]


@given(st.lists(st.sampled_from(Verdict), max_size=200))
def test_state_opens_on_bad_and_ends_on_good_only(verdicts: list[Verdict]) -> None:
    states = [AlarmState(), *follow(verdicts)]
    for verdict, before, after in zip(verdicts, states, states[1:], strict=False):
        if after.is_open and not before.is_open:
            assert verdict is Verdict.BAD
        if before.is_open and not after.is_open:
            assert verdict is Verdict.GOOD
