"""What changed on the fleet page since a browser last heard: readings are numbered, changes keep the number.

A mark names a reading of this process. A browser holds the mark of its page, so that its live stream starts
with what changed since then, also after a lost connection; a mark of another process means everything.
"""

import secrets
from collections.abc import Iterable
from threading import Lock
from typing import NamedTuple

from fleet_server.web.bench_card import BenchCard


class Change(NamedTuple):
    """Difference between a mark and the newest reading."""

    mark: str
    cards: list[BenchCard]
    """All benches, in the order of the reading."""
    changed: list[BenchCard]
    """Those that look different."""
    whole: bool
    """Benches came or went, or the mark is strange: the list has to be drawn anew."""


class FleetReading:
    """The newest reading of all benches; safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._process = secrets.token_hex(4)
        self._number = 0
        self._cards: dict[str, BenchCard] = {}
        self._changed_in: dict[str, int] = {}
        """Reading in which each bench last changed."""
        self._listed_in = 0
        """Reading in which benches last came or went."""

    def take(self, cards: Iterable[BenchCard]) -> str:
        """Note a reading; returns its mark, which moves only when something changed."""
        new = {card.id: card for card in cards}
        with self._lock:
            if new != self._cards:
                self._number += 1
                if new.keys() != self._cards.keys():
                    self._listed_in = self._number
                self._changed_in = {
                    bench: self._changed_in[bench] if self._cards.get(bench) == card else self._number
                    for bench, card in new.items()
                }
                self._cards = new
            return self._mark()

    def since(self, mark: str) -> Change:
        """What changed after ``mark``; everything when it is of another process or no mark at all."""
        with self._lock:
            process, _, digits = mark.partition("-")
            known = process == self._process and digits.isascii() and digits.isdigit()
            number = int(digits) if known else -1
            return Change(
                mark=self._mark(),
                cards=list(self._cards.values()),
                changed=[card for card in self._cards.values() if self._changed_in[card.id] > number],
                whole=number < self._listed_in,
            )

    def _mark(self) -> str:
        return f"{self._process}-{self._number}"
