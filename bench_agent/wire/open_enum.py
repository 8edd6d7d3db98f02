"""Enumerations that survive newer peers."""

from enum import Enum

from typing_extensions import override


class OpenEnum(Enum):
    """An enumeration whose unknown words read as its member ``UNKNOWN`` (FL-W6)."""

    @classmethod
    @override
    def _missing_(cls, value: object) -> "OpenEnum":
        del value
        return cls["UNKNOWN"]
