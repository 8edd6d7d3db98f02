"""A guard with its meter, a battery and a clock that starts half a minute before it wraps."""

from guard import BOOTING, HALTING, OFF, RUN, Guard, Limits
from meter import Meter
from ticks import BEFORE_THE_WRAP, ticks_add, ticks_diff

SECOND, MINUTE, HOUR = 1_000, 60_000, 3_600_000


class Scene:
    """Every wait lets the board take its samples: 500 ms apart, or 10 s in a wait longer than 5 min."""

    def __init__(self, mv=13_200, attempts=0, start=BEFORE_THE_WRAP):
        self.mv = mv
        self.passed_ms = 0
        self.now = start
        self.limits = Limits()
        self.starts = []
        """When the rail went on, in ms since the beginning."""
        self.begin(attempts)

    def begin(self, attempts):
        """The board gets its supply."""
        self.meter = Meter(ticks_diff)
        self.guard = Guard(self.limits, attempts, ticks_diff)
        self._sample()

    @property
    def state(self):
        return self.guard.state

    def wait(self, ms, beats=False, step=500):
        """Let time pass, with a heartbeat every 10 s if the Pi is well."""
        end = self.passed_ms + ms
        while self.passed_ms < end:
            self._pass(end - self.passed_ms, beats, step)

    def wait_for(self, state, longest_ms):
        """Wait until the state is reached; how many ms that took."""
        begun = self.passed_ms
        while self.guard.state != state:
            assert self.passed_ms < begun + longest_ms, ("never reached", state)
            self._pass(begun + longest_ms - self.passed_ms)
        return self.passed_ms - begun

    def boot(self):
        """From OFF to BOOTING."""
        assert self.state == OFF
        self.wait(61 * SECOND)
        assert self.state == BOOTING

    def run(self, ms=0):
        """From OFF to RUN, and on for some time."""
        self.boot()
        self.wait(30 * SECOND)
        self.guard.heartbeat(self.now)
        assert self.state == RUN
        self.wait(ms, beats=True)
        assert self.state == RUN

    def _pass(self, left_ms, beats=False, step=500):
        step = 10_000 if left_ms > 5 * MINUTE else min(left_ms, step)
        self.passed_ms += step
        self.now = ticks_add(self.now, step)
        if beats and self.passed_ms % 10_000 < step:
            self.guard.heartbeat(self.now)
        self._sample()

    def _sample(self):
        self.meter.add(self.now, None if self.mv is None else (self.mv, 0), None)
        if self.guard.step(self.now, self.meter.fast_mv, self.meter.slow_mv):
            self.meter.restart()
            if self.guard.state == BOOTING:
                self.starts.append(self.passed_ms)


def begin_sleep(scene):
    scene.run()
    scene.guard.sleep(scene.now, 3_600, False)


def begin_critical(scene):
    scene.run()
    scene.guard.sleep(scene.now, 3_600, True)


def begin_low(scene):
    scene.run()
    scene.mv = 12_500
    scene.wait_for(HALTING, MINUTE)


def sleep_then_halted(scene):
    begin_sleep(scene)
    scene.guard.halted(scene.now)


def sleep_then_timeout(scene):
    begin_sleep(scene)
    scene.wait_for(OFF, MINUTE)


def critical_then_halted(scene):
    begin_critical(scene)
    scene.guard.halted(scene.now)


def poweroff(scene):
    scene.run()
    scene.guard.halted(scene.now)


def low_then_halted(scene):
    begin_low(scene)
    scene.guard.halted(scene.now)


def boot_in_vain(scene):
    scene.boot()
    scene.wait_for(OFF, 3 * MINUTE)


def hang(scene):
    scene.run()
    scene.wait_for(OFF, 4 * MINUTE)


def collapse(scene):
    scene.run()
    scene.mv = 11_000
    scene.wait_for(OFF, MINUTE)
