"""POW-R54 and R59: frames, their vectors, and every way to damage one."""

from framing import (
    ACK,
    HALTED,
    HEARTBEAT,
    LIMIT,
    MAX_PAYLOAD,
    SLEEP,
    STATUS,
    UNFINISHED_MS,
    Decoder,
    crc16,
    encode,
)
from ticks import BEFORE_THE_WRAP, ticks_add, ticks_diff

VECTORS = (
    (HEARTBEAT, "", "7E 01 00 01 EB 8D"),
    (HALTED, "", "7E 01 00 02 DB EE"),
    (SLEEP, "00 00 62 70 00", "7E 01 05 03 00 00 62 70 00 3C F8"),
    (ACK, "03 00", "7E 01 02 82 03 00 56 5C"),
    (
        STATUS,
        "02 01 01 33 40 FF FF F6 6E 00 01 D6 19 00 01 CD B8 00 00 0E 10",
        "7E 01 15 81 02 01 01 33 40 FF FF F6 6E 00 01 D6 19 00 01 CD B8 00 00 0E 10 29 CD",
    ),
)


def raw(text):
    return bytes(int(byte, 16) for byte in text.split())


def decode(*chunks):
    """Frames of chunks that come at once; whatever is left is given up at the end."""
    decoder = Decoder(ticks_diff)
    frames = []
    for chunk in chunks:
        frames += decoder.feed(chunk, BEFORE_THE_WRAP)
    return frames + decoder.feed(b"", ticks_add(BEFORE_THE_WRAP, UNFINISHED_MS))


GOOD = encode(SLEEP, b"\x00\x00\x62\x70\x00")
GOOD_FRAME = (1, SLEEP, b"\x00\x00\x62\x70\x00")


def test_checksum_has_the_check_value_of_ccitt_false():
    assert crc16(b"123456789") == 0x29B1


def test_every_vector_is_written_and_read():
    for kind, payload, frame in VECTORS:
        assert encode(kind, raw(payload)) == raw(frame), frame
        assert decode(raw(frame)) == [(1, kind, raw(payload))], frame


def test_every_split_of_every_vector_gives_the_same_frames():
    stream = b"".join(raw(frame) for _, _, frame in VECTORS)
    whole = [(1, kind, raw(payload)) for kind, payload, _ in VECTORS]
    for cut in range(len(stream) + 1):
        assert decode(stream[:cut], stream[cut:]) == whole, cut
    assert decode(*[bytes((byte,)) for byte in stream]) == whole


def test_every_single_bit_flip_is_seen_and_the_good_frames_behind_it_are_read():
    for kind, _, text in VECTORS:
        frame = raw(text)
        for place in range(len(frame)):
            for bit in range(8):
                damaged = bytearray(frame)
                damaged[place] ^= 1 << bit
                assert decode(bytes(damaged) + GOOD + GOOD) == [GOOD_FRAME] * 2, (kind, place, bit)


def test_every_cut_frame_costs_only_itself():
    for length in range(1, len(GOOD)):
        assert decode(GOOD[:length] + GOOD + GOOD) == [GOOD_FRAME] * 2, length
        assert decode(GOOD[length:] + GOOD + GOOD) == [GOOD_FRAME] * 2, length


def test_start_bytes_inside_a_payload_do_no_harm():
    payload = b"\x7e\x01\x00\x01\x7e\x7e"
    assert decode(encode(LIMIT, payload) + GOOD) == [(1, LIMIT, payload), GOOD_FRAME]
    damaged = bytearray(encode(LIMIT, payload))
    damaged[-1] ^= 1
    assert decode(bytes(damaged) + GOOD) == [GOOD_FRAME]


def test_a_good_frame_inside_a_bad_one_is_read():
    assert decode(b"\x7e\x01\x10\x03" + GOOD + GOOD + GOOD) == [GOOD_FRAME] * 3


def test_the_longest_payload_passes_and_a_longer_one_is_no_frame():
    assert MAX_PAYLOAD == 64
    longest = bytes(range(MAX_PAYLOAD))
    assert decode(encode(LIMIT, longest) + GOOD) == [(1, LIMIT, longest), GOOD_FRAME]
    assert decode(encode(LIMIT, longest + b"\x00") + GOOD) == [GOOD_FRAME]


def test_half_a_frame_waits_100_ms_also_over_the_wrap():
    for half_ms, rest_ms in ((0, 99), (29_950, 30_049)):
        decoder = Decoder(ticks_diff)
        assert decoder.feed(GOOD[:5], ticks_add(BEFORE_THE_WRAP, half_ms)) == []
        assert decoder.feed(b"", ticks_add(BEFORE_THE_WRAP, rest_ms)) == []
        assert decoder.feed(GOOD[5:], ticks_add(BEFORE_THE_WRAP, rest_ms)) == [GOOD_FRAME]
        assert decoder.bad_frames == 0
        assert decoder.feed(GOOD[:5], ticks_add(BEFORE_THE_WRAP, rest_ms)) == []
        assert decoder.feed(b"", ticks_add(BEFORE_THE_WRAP, rest_ms + 100)) == []
        assert decoder.bad_frames == 1
        assert decoder.feed(GOOD[5:] + GOOD, ticks_add(BEFORE_THE_WRAP, rest_ms + 101)) == [GOOD_FRAME]


def test_a_pile_of_frames_that_only_began_is_given_up_at_once():
    decoder = Decoder(ticks_diff)
    assert decoder.feed(b"\x7e\x01\x40" * 10 + GOOD, 0) == []
    assert decoder.feed(b"", 100) == [GOOD_FRAME]
    assert decoder.bad_frames == 10


def test_another_protocol_is_handed_on_with_its_number():
    assert decode(encode(HEARTBEAT, b"", 2)) == [(2, HEARTBEAT, b"")]


def test_noise_is_counted_and_leaves_no_trace():
    decoder = Decoder(ticks_diff)
    state = 12_345
    for round_ in range(200):
        noise = bytearray()
        for _ in range(50):
            state = (state * 1_103_515_245 + 12_345) & 0x3FFFFFFF
            noise.append(state >> 16 & 0xFF)
        decoder.feed(bytes(noise), round_)
    decoder.feed(b"", 1_000)
    assert decoder.bad_frames > 10
    assert decoder.feed(GOOD, 1_001) == [GOOD_FRAME]
