"""How measurements lie in a store: everything follows from the wire's own declaration of a schema.

A measurement's fields become columns, in order: a number is stored as an integer, scaled by the unit
at the end of its name (FL-W6 puts it there), a flag as 0 or 1, a word as its place in its
enumeration. So a new field of a known schema costs no line here, and a new schema costs its name in
``port.Measurement``.
"""

from __future__ import annotations

import typing
from dataclasses import dataclass
from enum import Enum
from types import NoneType
from typing import TYPE_CHECKING, Any

from bench_agent.wire.envelope import SCHEMAS
from fleet_server.kit.telemetry.port import Measurement

if TYPE_CHECKING:
    from collections.abc import Callable

    RowMaker = Callable[[Measurement], tuple[int | None, ...]]

_SCALES = {"v": 100, "a": 100, "w": 10, "wh": 10, "ah": 100, "pct": 10, "c": 10, "s": 1}
"""Unit -> factor a fraction is stored with: finer than any sensor of a bench resolves."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Table:
    """One schema's table."""

    name: str
    """Of the schema, without its version."""
    schema: str
    scales: dict[str, int]
    """Numbers and flags, with the factor they are stored with; each has a roll-up."""
    words: dict[str, type[Enum]]
    """Fields stored as a place in an enumeration, which therefore only ever grows at its end."""
    row_of: RowMaker
    """Values of a measurement in the order of ``columns``."""

    @property
    def columns(self) -> tuple[str, ...]:
        """All value columns in order."""
        return (*self.scales, *self.words)


def table_of(body: type[Measurement]) -> Table:
    """Derive the table of one measurement.

    Raises:
        TypeError: A field of a type, or in a unit, that no column is known for.
    """
    scales: dict[str, int] = {}
    words: dict[str, type[Enum]] = {}
    fractions: set[str] = set()
    for field, hint in typing.get_type_hints(body).items():
        kinds = set(typing.get_args(hint) or (hint,)) - {NoneType}
        kind = kinds.pop() if len(kinds) == 1 else None
        if kind is float:
            scales[field] = _scale(body, field)
            fractions.add(field)
        elif kind in {int, bool}:
            scales[field] = 1
        elif isinstance(kind, type) and issubclass(kind, Enum):
            words[field] = kind
        else:
            raise TypeError(f"{body.__name__}.{field}: no column is known for {hint}")
    schema = next(name for name, known in SCHEMAS.items() if known is body)
    return Table(
        name=schema.partition("/")[0],
        schema=schema,
        scales=scales,
        words=words,
        row_of=_row_maker(scales, words, fractions),
    )


def _scale(body: type[Measurement], field: str) -> int:
    unit = field.rpartition("_")[2]
    if unit not in _SCALES:
        raise TypeError(f"{body.__name__}.{field}: give the unit {unit!r} a factor in {__name__}._SCALES")
    return _SCALES[unit]


def _row_maker(scales: dict[str, int], words: dict[str, type[Enum]], fractions: set[str]) -> RowMaker:
    """Write out and compile ``lambda m: (…, …)``: a loop over names costs four times as much per record."""
    cells = [
        f"None if (x := m.{field}) is None else round(x * {scale})" if field in fractions else f"m.{field}"
        for field, scale in scales.items()
    ]
    cells += [f"{field}_places[m.{field}]" for field in words]
    places = {
        f"{field}_places": {None: None, **{word: place for place, word in enumerate(kind)}}
        for field, kind in words.items()
    }
    maker: RowMaker = eval(f"lambda m: ({', '.join(cells)},)", dict[str, Any](places))  # noqa: S307 - names of fields
    return maker


TABLES: dict[type[Measurement], Table] = {body: table_of(body) for body in typing.get_args(Measurement)}
FIELDS = {field: table for table in TABLES.values() for field in table.scales}
