"""Streams as VE.Direct devices send them, in the shape of public captures (POW-R15).

``python -m tests.vedirect_streams`` writes the files in ``tests/data/vedirect``; a test holds them equal.
"""

import random
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

FOLDER = Path(__file__).parent / "data" / "vedirect"
MPPT_BLOCKS, BMV_PAIRS = 360, 150
_COLON = 0x3A
Draw = Callable[[random.Random], dict[str, str]]


def raw_block(fields: Mapping[str, object], checksum: int | None = None) -> bytes:
    """Spell a block; the checksum byte is the right one unless given."""
    text = "".join(f"\r\n{name}\t{value}" for name, value in fields.items()) + "\r\nChecksum\t"
    body = text.encode("ascii")
    return body + bytes([-sum(body) & 0xFF if checksum is None else checksum])


def mppt_blocks(seed: int = 1, count: int = MPPT_BLOCKS) -> list[dict[str, str]]:
    """A charge controller in the sun; 19 fields, some blocks without LOAD and IL, some without OR."""
    dice = random.Random(seed)
    total = 1234
    blocks = []
    for number in range(count):
        total += dice.random() < 0.02
        fields = {
            "PID": "0xA05F",
            "FW": "161",
            "SER#": "HQ0000TEST1",
            "V": str(13120 + dice.randint(-60, 900)),
            "I": str(dice.randint(-900, 5800)),
            "VPV": str(dice.randint(17500, 20500)),
            "PPV": str(dice.randint(0, 92)),
            "CS": dice.choice(["3", "3", "3", "4", "5", "0"]),
            "MPPT": dice.choice("0122"),
            "OR": "0x00000000",
            "ERR": "0",
            "LOAD": dice.choice(["ON", "ON", "OFF"]),
            "IL": str(dice.randint(0, 1900)),
            "H19": str(total),
            "H20": str(total - 1222),
            "H21": "61",
            "H22": "38",
            "H23": "74",
            "HSDS": "27",
        }
        for name in {4: ("LOAD", "IL"), 9: ("OR",)}.get(number % 10, ()):
            del fields[name]
        blocks.append(fields)
    return blocks


def bmv_blocks(seed: int = 2, pairs: int = BMV_PAIRS) -> list[dict[str, str]]:
    """A battery monitor's live and history blocks in turn; every fifth live one has the checksum ``:``."""
    dice = random.Random(seed)
    blocks = []
    for number in range(pairs):
        live = _live(dice)
        while number % 5 == 0 and raw_block(live)[-1] != _COLON:
            live = _live(dice)
        blocks += [live, _history(number)]
    return blocks


def _live(dice: random.Random) -> dict[str, str]:
    amps = dice.randint(-6000, 6000)
    return {
        "PID": "0xA381",
        "V": str(dice.randint(12600, 13600)),
        "I": str(amps),
        "P": str(amps * 13 // 1000),
        "CE": str(-dice.randint(0, 30000)),
        "SOC": str(dice.randint(400, 1000)),
        "TTG": dice.choice(["-1", "842"]),
        "Alarm": "OFF",
        "Relay": "OFF",
        "AR": "0",
        "BMV": "712 Smart",
        "FW": "0413",
    }


def _history(number: int) -> dict[str, str]:
    values = (-32100, -5200, -11800, 7, 0, -482100, 11020, 14410, 3600 + number, 41, 0, 0)
    named = {f"H{place}": str(value) for place, value in enumerate(values, 1)}
    return {**named, "H17": str(6120 + number // 9), "H18": str(7010 + number // 8)}


def mppt_stream(seed: int = 1) -> bytes:
    """The controller's blocks from the middle of the first on, HEX frames behind checksums and inside."""
    dice = random.Random(seed)
    return b"".join(_with_frames(mppt_blocks(seed), dice))[83:]


def bmv_stream(seed: int = 2) -> bytes:
    """The monitor's blocks from the middle of the first on."""
    return b"".join(raw_block(block) for block in bmv_blocks(seed))[41:]


def _with_frames(blocks: list[dict[str, str]], dice: random.Random) -> Iterator[bytes]:
    for number, block in enumerate(blocks):
        raw = raw_block(block)
        frame = b":A501" + bytes(dice.choices(b"0123456789ABCDEF", k=dice.randint(4, 73))) + b"\n"
        if number % 7 == 3:
            yield raw + frame
        elif number % 31 == 5:
            place = dice.randrange(len(raw) - 1)
            yield raw[:place] + frame + raw[place:]
        else:
            yield raw


STREAMS = {"mppt.dump": mppt_stream, "bmv.dump": bmv_stream}

if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, stream in STREAMS.items():
        (FOLDER / name).write_bytes(stream())
