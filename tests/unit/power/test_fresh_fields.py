"""Each field of a reading keeps its own age (POW-R2)."""

from bench_agent.domain.fresh_fields import FreshFields
from bench_agent.domain.power_reading import CurrentScope, PowerReading, ReadingQuality

MAX_AGE_MS = 10_000


def part(
    at_ms: int, *, volts: float | None = None, amperes: float | None = None, **others: float
) -> PowerReading:
    return PowerReading(
        measured_at_ms=at_ms,
        quality=ReadingQuality.STALE,
        battery_voltage_v=volts,
        battery_current_a=amperes,
        current_scope=CurrentScope.NONE if amperes is None else CurrentScope.BATTERY,
        reported_soc_pct=others.get("soc"),
    )


def known(fields: FreshFields, now_ms: int) -> PowerReading:
    reading = fields.reading(now_ms)
    assert reading is not None
    return reading


def test_messages_add_up_and_the_reading_is_as_old_as_the_older_of_voltage_and_current() -> None:
    fields = FreshFields(MAX_AGE_MS)
    fields.take(part(1000, volts=13.1))
    fields.take(part(3000, amperes=-2.0))
    fields.take(part(4000, soc=71))
    reading = known(fields, 5000)
    assert (reading.battery_voltage_v, reading.battery_current_a, reading.reported_soc_pct) == (
        13.1,
        -2.0,
        71,
    )
    assert (reading.measured_at_ms, reading.quality) == (1000, ReadingQuality.GOOD)


def test_a_field_that_fell_silent_is_forgotten_alone() -> None:
    fields = FreshFields(MAX_AGE_MS)
    fields.take(part(0, amperes=-2.0))
    fields.take(part(8000, volts=13.1))
    reading = known(fields, 10_001)
    assert (reading.battery_voltage_v, reading.battery_current_a) == (13.1, None)
    assert (reading.quality, reading.current_scope) == (ReadingQuality.PARTIAL, CurrentScope.NONE)
    assert reading.measured_at_ms == 8000


def test_a_field_lives_to_its_last_millisecond() -> None:
    fields = FreshFields(MAX_AGE_MS)
    fields.take(part(0, volts=13.1))
    assert known(fields, MAX_AGE_MS).battery_voltage_v == 13.1
    assert fields.reading(MAX_AGE_MS + 1) is None


def test_a_measured_zero_is_known() -> None:
    fields = FreshFields(MAX_AGE_MS)
    fields.take(part(0, volts=0.0, amperes=0.0))
    assert known(fields, 0).quality is ReadingQuality.GOOD


def test_without_voltage_and_current_the_newest_field_gives_the_age() -> None:
    fields = FreshFields(MAX_AGE_MS)
    fields.take(part(1000, soc=71))
    assert (known(fields, 2000).measured_at_ms, known(fields, 2000).quality) == (1000, ReadingQuality.STALE)


def test_faults_of_one_source_replace_each_other_and_those_of_others_stay() -> None:
    fields = FreshFields(MAX_AGE_MS)
    fields.take(PowerReading(measured_at_ms=0, quality=ReadingQuality.STALE, faults=("hot", "cold")), "a")
    fields.take(PowerReading(measured_at_ms=5, quality=ReadingQuality.STALE, faults=("hot",)), "b")
    fields.take(part(5, volts=13.0), "c")
    assert known(fields, 10).faults == ("hot", "cold")
    fields.take(PowerReading(measured_at_ms=6, quality=ReadingQuality.STALE), "a")
    assert known(fields, 10).faults == ("hot",)
    assert known(fields, MAX_AGE_MS + 5).faults == ("hot",)


def test_nothing_is_known_before_the_first_message_and_after_clear() -> None:
    fields = FreshFields(MAX_AGE_MS)
    assert fields.reading(0) is None
    fields.take(part(0, volts=13.1))
    fields.clear()
    assert fields.reading(0) is None
