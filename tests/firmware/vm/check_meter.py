"""POW-R48 and R53: fast and slow voltage, charge, and which sensor is believed."""

from meter import Meter
from ticks import BEFORE_THE_WRAP, ticks_add, ticks_diff


class Bench:
    def __init__(self, start=BEFORE_THE_WRAP):
        self.meter = Meter(ticks_diff)
        self.now = start

    def add(self, ina, divider_mv=None, samples=1, step=500):
        for _ in range(samples):
            self.now = ticks_add(self.now, step)
            self.meter.add(self.now, ina, divider_mv)
        return self.meter


def test_fast_is_the_mean_of_the_last_three_samples():
    bench = Bench()
    assert bench.add((12_000, 0)).fast_mv == 12_000
    assert bench.add((12_300, 0)).fast_mv == 12_150
    assert bench.add((12_600, 0)).fast_mv == 12_300
    assert bench.add((12_900, 0)).fast_mv == 12_600


def test_fast_lives_with_a_sample_that_comes_a_little_late_or_early():
    for step in (480, 520, 560):
        bench = Bench()
        bench.add((12_000, 0), step=step)
        bench.add((12_300, 0), step=step)
        bench.add((12_600, 0), step=step)
        assert bench.add((12_900, 0), step=step).fast_mv == 12_600


def test_fast_is_what_came_in_the_last_second_and_a_half():
    bench = Bench()
    bench.add((12_000, 0), samples=3)
    assert bench.add(None).fast_mv == 12_000
    assert bench.add((12_600, 0)).fast_mv == 12_300
    assert bench.add(None, samples=2).fast_mv == 12_600
    assert bench.add(None).fast_mv is None


def test_slow_is_the_mean_of_30_s_and_known_after_20_s():
    bench = Bench()
    assert bench.add((12_000, 0), samples=40).slow_mv is None
    assert bench.add((12_000, 0)).slow_mv == 12_000
    bench.add((12_000, 0), samples=60)
    assert bench.add((13_000, 0), samples=30).slow_mv == 12_500
    assert bench.add((13_000, 0), samples=30).slow_mv == 13_000


def test_slow_starts_anew_with_each_state():
    bench = Bench()
    bench.add((12_000, 0), samples=80)
    bench.meter.restart()
    assert bench.meter.slow_mv is None
    assert bench.meter.fast_mv == 12_000
    assert bench.add((13_000, 0), samples=39).slow_mv is None
    assert bench.add((13_000, 0)).slow_mv == 13_000


def test_slow_is_not_known_from_one_lonely_sample():
    bench = Bench()
    bench.add(None, samples=50)
    assert bench.add((12_000, 0)).slow_mv is None


def test_steps_of_10_s_are_fine():
    bench = Bench()
    assert bench.add((12_000, 0), step=10_000).fast_mv == 12_000
    assert bench.add((12_300, 0), step=10_000).slow_mv is None
    meter = bench.add((12_600, 0), step=10_000)
    assert (meter.fast_mv, meter.slow_mv) == (12_600, 12_300)


def test_an_hour_of_one_ampere_is_a_thousand_mah():
    bench = Bench()
    bench.add((13_000, 0))
    bench.add((13_000, 1_000), samples=7_200)
    bench.add((13_000, -2_450), samples=7_200)
    assert (bench.meter.in_mah, bench.meter.out_mah) == (1_000, 2_450)


def test_a_missing_sample_is_bridged_but_not_a_long_outage():
    bench = Bench()
    bench.add((13_000, 0))
    for _ in range(1_800):
        bench.add(None)
        bench.add((13_000, 3_600))
    assert bench.meter.in_mah == 1_800
    bench.add(None, samples=7_200)
    assert bench.add((13_000, 3_600)).in_mah == 1_802


def test_current_is_not_known_without_the_ina226():
    bench = Bench()
    assert bench.add((13_000, -700)).ma == -700
    assert bench.add(None, 13_000).ma is None


def test_the_divider_speaks_when_the_ina226_is_lost_for_30_s_and_no_longer_than_that():
    bench = Bench()
    bench.add((13_000, 0))
    meter = bench.add(None, 12_900, samples=59)
    assert (meter.fast_mv, meter.on_divider) == (None, False)
    meter = bench.add(None, 12_900)
    assert (meter.fast_mv, meter.on_divider) == (12_900, True)
    meter = bench.add((13_100, 50), 12_900)
    assert (meter.fast_mv, meter.on_divider, meter.ma) == (13_000, False, 50)


def test_both_sensors_lost_is_not_known():
    bench = Bench()
    meter = bench.add(None, None, samples=100)
    assert (meter.fast_mv, meter.slow_mv, meter.on_divider) == (None, None, True)


def test_the_divider_learns_from_the_ina226_while_that_one_answers():
    bench = Bench()
    bench.add((13_000, 0), 12_600, samples=300)
    fast = bench.add(None, 12_600, samples=70).fast_mv
    assert 12_990 <= fast <= 13_010, fast


def test_one_odd_sample_does_not_mislead_the_divider():
    bench = Bench()
    bench.add((13_000, 0), 13_000, samples=100)
    bench.add((13_600, 0), 13_000)
    fast = bench.add(None, 13_000, samples=70).fast_mv
    assert 12_990 <= fast <= 13_020, fast


def test_a_divider_that_is_broken_teaches_nothing():
    bench = Bench()
    bench.add((13_000, 0), 11_000, samples=300)
    assert bench.add(None, 11_000, samples=70).fast_mv == 11_000
