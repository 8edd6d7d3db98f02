"""The next 24 hours of a bench as shapes of one drawing: expected harvest, charge, and what is on. Pure.

Decides where things stand in a drawing of 960 x 250 units; the template colours and labels them.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from bench_agent.wire.document import OutlookSlot

WIDTH, BASE_Y, TOP_Y = 960.0, 160.0, 12.0
ROWS_Y = {"tier": 172.0, "display": 194.0, "hotspot": 216.0}
SLOT_MS = 1_800_000
_WIB_OFFSET_MS = 7 * 3_600_000
_HOUR_MS = 3_600_000
_TICK_HOURS = 3
_DAY_HOURS = 24
_LEAST_SCALE_WH = 10.0


@dataclass(frozen=True, slots=True)
class Bar:
    """Expected harvest of one half hour."""

    x: float
    y: float
    width: float
    height: float
    wh: float


@dataclass(frozen=True, slots=True)
class Run:
    """Half hours in a row that are alike; ``word`` is a tier, ``on`` or ``off``."""

    x: float
    y: float
    width: float
    word: str


@dataclass(frozen=True, slots=True)
class Tick:
    """A full hour, by the bench's clock."""

    x: float
    hour: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """Everything that stands in the drawing."""

    bars: Sequence[Bar]
    charge: str
    """Points of the charge line, 0 to 100 % from base to top; empty when it is not known."""
    runs: Sequence[Run]
    ticks: Sequence[Tick]
    expected_wh: float
    """Of all slots together."""
    scale_wh: float
    """What a bar of full height stands for, per half hour."""


def draw(slots: Sequence[OutlookSlot]) -> Drawing | None:
    """Lay out the slots from left to right; None when there are none."""
    if not slots:
        return None
    width = WIDTH / len(slots)
    scale_wh = max(_LEAST_SCALE_WH, *(slot.expected_wh for slot in slots))
    height = BASE_Y - TOP_Y
    bars = [
        Bar(
            x=index * width + 1,
            y=BASE_Y - slot.expected_wh / scale_wh * height,
            width=width - 2,
            height=slot.expected_wh / scale_wh * height,
            wh=slot.expected_wh,
        )
        for index, slot in enumerate(slots)
    ]
    points = [
        f"{(index + 1) * width:.1f},{BASE_Y - slot.soc_pct / 100 * height:.1f}"
        for index, slot in enumerate(slots)
        if slot.soc_pct is not None
    ]
    return Drawing(
        bars=bars,
        charge=" ".join(points),
        runs=[
            *_runs(slots, width, ROWS_Y["tier"], lambda slot: slot.tier.value),
            *_runs(slots, width, ROWS_Y["display"], lambda slot: _word(on=slot.display)),
            *_runs(slots, width, ROWS_Y["hotspot"], lambda slot: _word(on=slot.hotspot)),
        ],
        ticks=list(_ticks(slots[0].at, slots[-1].at + SLOT_MS)),
        expected_wh=sum(slot.expected_wh for slot in slots),
        scale_wh=scale_wh,
    )


def _word(*, on: bool) -> str:
    return "on" if on else "off"


def _runs(
    slots: Sequence[OutlookSlot], width: float, y: float, word_of: Callable[[OutlookSlot], str]
) -> Iterable[Run]:
    index = 0
    for word, alike in groupby(slots, word_of):
        count = len(list(alike))
        yield Run(index * width, y, count * width, word)
        index += count


def _ticks(start_ms: int, end_ms: int) -> Iterable[Tick]:
    first_hour = -(-(start_ms + _WIB_OFFSET_MS) // _HOUR_MS)
    for hour in range(first_hour, (end_ms + _WIB_OFFSET_MS) // _HOUR_MS):
        if hour % _TICK_HOURS == 0:
            at_ms = hour * _HOUR_MS - _WIB_OFFSET_MS
            yield Tick((at_ms - start_ms) / (end_ms - start_ms) * WIDTH, hour % _DAY_HOURS)
