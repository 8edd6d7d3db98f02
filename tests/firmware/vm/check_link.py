"""POW-R54: what each frame does and what is answered."""

from framing import (
    ACK,
    HALT_REQUEST,
    HALTED,
    HEARTBEAT,
    LIMIT,
    MAINTENANCE,
    PROTOCOL,
    QUERY,
    SLEEP,
    STATUS,
    VERSION,
    Decoder,
)
from guard import BOOTING, HALTING, OFF, RUN
from link import BACKS_OFF, CURRENT, DIVIDER, FIRMWARE, FLASH_FAILED, IN_MAINTENANCE, WAITS_FOR_WAKE, Link
from scene import MINUTE, SECOND, Scene
from ticks import ticks_diff

OK, UNKNOWN, LENGTH, RANGE, NOT_NOW = 0, 1, 2, 3, 4


class Talk:
    """A scene whose guard is spoken to in frames."""

    def __init__(self, keeps=True):
        self.scene = Scene()
        self.kept = []
        self.keeps = keeps
        self.link = Link(self.scene.guard, self.scene.limits, self.scene.meter, self._keep, 3)

    def _keep(self):
        self.kept.append(self.scene.limits.values)
        return self.keeps

    def say(self, kind, payload=b"", protocol=PROTOCOL):
        """The answer as (kind, payload)."""
        return read(self.link.answer((protocol, kind, payload), self.scene.now))


def read(frame):
    ((protocol, kind, payload),) = Decoder(ticks_diff).feed(frame, 0)
    assert protocol == PROTOCOL
    return kind, payload


def ack(kind, result):
    return ACK, bytes((kind, result))


def test_heartbeat_starts_run_and_is_refused_without_supply():
    talk = Talk()
    assert talk.say(HEARTBEAT) == ack(HEARTBEAT, NOT_NOW)
    talk.scene.boot()
    assert talk.say(HEARTBEAT) == ack(HEARTBEAT, OK)
    assert talk.scene.state == RUN


def test_sleep_halts_and_sets_the_time_to_wake():
    talk = Talk()
    talk.scene.run()
    assert talk.say(SLEEP, b"\x00\x00\x02\x58\x00") == ack(SLEEP, OK)
    assert (talk.scene.state, talk.scene.guard.reason) == (HALTING, 4)
    assert talk.say(HALTED) == ack(HALTED, OK)
    assert talk.scene.state == OFF
    assert talk.scene.wait_for(BOOTING, 3_600 * SECOND) == 10 * MINUTE


def test_a_critical_sleep_says_so_and_a_third_kind_is_out_of_range():
    talk = Talk()
    talk.scene.run()
    assert talk.say(SLEEP, b"\x00\x00\x02\x58\x02") == ack(SLEEP, RANGE)
    assert talk.scene.state == RUN
    assert talk.say(SLEEP, b"\x00\x00\x02\x58\x01") == ack(SLEEP, OK)
    assert talk.scene.guard.reason == 5


def test_what_does_not_fit_the_state_is_refused():
    talk = Talk()
    for kind, payload in ((SLEEP, bytes(5)), (HALTED, b""), (MAINTENANCE, bytes(2))):
        assert talk.say(kind, payload) == ack(kind, NOT_NOW), kind
    assert talk.say(QUERY, bytes((HALT_REQUEST,))) == ack(QUERY, NOT_NOW)


def test_a_short_payload_is_refused_and_a_long_one_is_read():
    talk = Talk()
    talk.scene.run()
    for kind, length in ((SLEEP, 5), (LIMIT, 5), (QUERY, 1), (MAINTENANCE, 2)):
        assert talk.say(kind, bytes(length - 1)) == ack(kind, LENGTH), kind
    assert talk.say(MAINTENANCE, b"\x00\x3c\xff\xff") == ack(MAINTENANCE, OK)
    assert talk.scene.guard.in_maintenance
    assert talk.say(HEARTBEAT, b"more") == ack(HEARTBEAT, OK)


def test_an_unknown_type_is_told_so():
    talk = Talk()
    for kind in (0, 7, 0x7F, STATUS, ACK, 0xFF):
        assert talk.say(kind) == ack(kind, UNKNOWN), kind


def test_another_protocol_is_answered_with_ours_and_not_obeyed():
    talk = Talk()
    talk.scene.boot()
    kind, payload = talk.say(HEARTBEAT, b"", 2)
    assert (kind, payload[0]) == (VERSION, PROTOCOL)
    assert talk.scene.state == BOOTING


def test_maintenance_takes_240_minutes_and_no_more():
    talk = Talk()
    talk.scene.run()
    assert talk.say(MAINTENANCE, b"\x00\xf1") == ack(MAINTENANCE, RANGE)
    assert not talk.scene.guard.in_maintenance
    assert talk.say(MAINTENANCE, b"\x00\xf0") == ack(MAINTENANCE, OK)


def test_a_limit_is_kept_in_flash_or_not_taken_at_all():
    talk = Talk()
    assert talk.say(LIMIT, b"\x00\x00\x00\x31\x6a") == ack(LIMIT, OK)
    assert talk.kept[-1][0] == talk.scene.limits.values[0] == 12_650
    assert talk.say(LIMIT, b"\x00\x00\x00\x00\x01") == ack(LIMIT, RANGE)
    assert talk.say(LIMIT, b"\x63\x00\x00\x31\x6a") == ack(LIMIT, RANGE)
    assert talk.say(LIMIT, b"\x00\xff\xff\xff\xff") == ack(LIMIT, RANGE)
    assert len(talk.kept) == 1
    talk.keeps = False
    assert talk.say(LIMIT, b"\x00\x00\x00\x31\x38") == ack(LIMIT, NOT_NOW)
    assert talk.scene.limits.values[0] == 12_650


def test_status_has_the_layout_of_the_specification():
    talk = Talk()
    scene = talk.scene
    scene.run()
    scene.meter.add(scene.now, (13_120, -2_450), None)
    scene.meter.fast_mv, scene.meter.in_mah, scene.meter.out_mah, talk.link.uptime_s = (
        13_120,
        120_345,
        118_200,
        3_600,
    )
    kind, payload = talk.say(QUERY, bytes((STATUS,)))
    assert (kind, payload) == (
        STATUS,
        b"\x02\x02\x01\x33\x40\xff\xff\xf6\x6e\x00\x01\xd6\x19\x00\x01\xcd\xb8\x00\x00\x0e\x10",
    )


def test_status_says_zero_for_what_is_not_known_and_flags_it():
    talk = Talk()
    talk.scene.mv = None
    talk.scene.wait(40 * SECOND)
    payload = read(talk.link.status())[1]
    assert payload[2] == DIVIDER
    assert payload[3:9] == bytes(6)


def test_status_flags_tell_what_is_pending():
    talk = Talk()

    def flags():
        return read(talk.link.status())[1][2]

    assert flags() == CURRENT
    talk.scene.run()
    talk.say(MAINTENANCE, b"\x00\x0a")
    assert flags() == CURRENT | IN_MAINTENANCE
    talk.say(SLEEP, b"\x00\x00\x02\x58\x00")
    assert flags() == CURRENT | WAITS_FOR_WAKE
    talk.scene.wait_for(BOOTING, 60 * MINUTE)
    talk.scene.wait_for(OFF, 3 * MINUTE)
    talk.link.flash_failed = True
    assert flags() == CURRENT | BACKS_OFF | FLASH_FAILED


def test_halt_request_tells_why_and_how_long():
    talk = Talk()
    talk.scene.run()
    talk.say(SLEEP, b"\x00\x00\x02\x58\x01")
    talk.scene.wait(10 * SECOND)
    assert read(talk.link.halt_request()) == (HALT_REQUEST, b"\x05\x00\x23")
    assert talk.say(QUERY, bytes((HALT_REQUEST,))) == (HALT_REQUEST, b"\x05\x00\x23")


def test_version_tells_resets_attempts_and_the_last_darkness():
    talk = Talk()
    talk.scene.boot()
    talk.scene.wait_for(OFF, 3 * MINUTE)
    talk.scene.wait_for(BOOTING, 20 * MINUTE)
    kind, payload = talk.say(QUERY, bytes((VERSION,)))
    assert kind == VERSION
    assert payload == bytes((PROTOCOL,) + FIRMWARE + (3, 2, 8))


def test_a_query_for_something_else_is_out_of_range():
    talk = Talk()
    assert talk.say(QUERY, bytes((HEARTBEAT,))) == ack(QUERY, RANGE)
