"""VE.Direct text protocol: bytes in, checked blocks out (POW-R9 to R12). Never raises, bounded memory.

Source: Victron "VE.Direct Protocol" white paper, and captures of its quirks.
"""

import re
from collections.abc import Mapping
from enum import Enum, auto

Block = Mapping[str, str]
"""Names and values of one block, in order, without ``Checksum``."""

MAX_NAME, MAX_VALUE, MAX_FIELDS, MAX_HEX = 8, 32, 64, 128
_CR, _LF, _TAB, _COLON, _NOT_ASCII = 0x0D, 0x0A, 0x09, 0x3A, 0x80
_HEX_DIGITS = frozenset(b"0123456789ABCDEFabcdef")
_CHECKSUM = b"Checksum"
_NAME = re.compile(r"[A-Za-z0-9#]{1,8}")
_NUMBER = re.compile(r"-?[0-9]{1,9}|---")
_NUMERIC = frozenset(
    {"V", "VPV", "I", "IL", "PPV", "CS", "MPPT", "ERR", "SOC", "CE", "TTG", "P", "T", "HSDS"}
)
_NUMERIC_HISTORY = re.compile(r"H[0-9]{1,2}")
_PRINTABLE = re.compile(r"[ -~]*")
_HEX_NUMBER = re.compile(r"0x[0-9A-Fa-f]{1,8}")
_HEX_NUMERIC = frozenset({"PID", "OR"})
_IDENTITY = ("PID", "SER#", "FW")
_MAX_SHAPES = 16
_ESTABLISH_AFTER = 3


class _At(Enum):
    GAP = auto()
    NAME = auto()
    VALUE = auto()
    CHECKSUM = auto()


class BlockParser:
    """Cuts a byte stream into blocks whose sum is right."""

    def __init__(self) -> None:
        self.bad_sums = 0
        """Blocks dropped, without the first of a stream, which is usually cut."""
        self.begin()

    def begin(self) -> None:
        """Expect the start of another stream."""
        self._at = _At.GAP
        self._hex_length = 0
        self._sum = 0
        self._name = bytearray()
        self._value = bytearray()
        self._fields: list[tuple[str, str]] = []
        self._first = True

    def feed(self, chunk: bytes) -> list[Block]:
        """Read more bytes; any cut gives the same blocks."""
        blocks: list[Block] = []
        for byte in chunk:
            block = self._step(byte)
            if block is not None:
                blocks.append(block)
        return blocks

    def _step(self, byte: int) -> Block | None:
        if self._hex_length and self._swallow_hex(byte):
            return None
        if self._at is _At.CHECKSUM:
            return self._close(byte)
        if byte == _COLON:
            self._hex_length = 1
        else:
            self._read_text(byte)
        return None

    def _swallow_hex(self, byte: int) -> bool:
        """Whether ``byte`` belongs to the open HEX frame (POW-R10)."""
        self._hex_length += 1
        if byte == _LF or byte >= _NOT_ASCII:
            self._hex_length = 0
            return True
        if byte in _HEX_DIGITS and self._hex_length <= MAX_HEX:
            return True
        self._hex_length = 0
        return False

    def _read_text(self, byte: int) -> None:
        if byte == _CR:
            self._end_field()
        elif self._at is _At.NAME and byte == _TAB:
            self._at = _At.CHECKSUM if self._name == _CHECKSUM else _At.VALUE
        elif self._at is _At.NAME:
            # One more than allowed is kept, so that a longer name is not taken for "Checksum".
            if len(self._name) <= MAX_NAME and (byte != _LF or self._name):
                self._name.append(byte)
        elif self._at is _At.VALUE and len(self._value) < MAX_VALUE:
            self._value.append(byte)
        self._sum = (self._sum + byte) & 0xFF

    def _end_field(self) -> None:
        if self._at is _At.GAP or not (self._fields or self._name):
            # A second CR before any field: the one before was a checksum byte seen from a cold start.
            self._sum = 0
        elif len(self._fields) < MAX_FIELDS:
            name = self._name[:MAX_NAME].decode("latin-1")
            self._fields.append((name, self._value.decode("latin-1")))
        self._at = _At.NAME
        self._name.clear()
        self._value.clear()

    def _close(self, byte: int) -> Block | None:
        total = (self._sum + byte) & 0xFF
        fields, self._fields = self._fields, []
        first, self._first = self._first, False
        self._at, self._sum = _At.GAP, 0
        self._name.clear()
        if total == 0 and fields:
            block = dict(fields)
            if len(block) == len(fields) < MAX_FIELDS:
                return block
        self.bad_sums += not first
        if byte == _CR:
            self._read_text(byte)  # perhaps the checksum was lost and the next block begins
        return None


class BlockGate:
    """Second gate behind the weak 8-bit sum (POW-R11)."""

    def __init__(self) -> None:
        self.rejected = 0
        """Blocks with a right sum that were not believed."""
        self.begin()

    def begin(self) -> None:
        """Expect another device."""
        self._shapes: dict[frozenset[str], None] = {}
        self._identity: dict[str, str] = {}
        self._claimed: dict[str, str] = {}
        self._claims = 0

    def accept(self, block: Block) -> bool:
        """Whether ``block`` looks like the ones before; the first of its shape never does."""
        accepted = _is_well_formed(block) and self._is_known_shape(block) and self._is_same_device(block)
        self.rejected += not accepted
        return accepted

    def _is_known_shape(self, block: Block) -> bool:
        shape = frozenset(block)
        known = shape in self._shapes
        self._shapes.pop(shape, None)
        self._shapes[shape] = None
        if len(self._shapes) > _MAX_SHAPES:
            del self._shapes[next(iter(self._shapes))]
        return known

    def _is_same_device(self, block: Block) -> bool:
        """Without a name in it, as every second one of a battery monitor, a block has no say here."""
        identity = {name: block[name] for name in _IDENTITY if name in block}
        if not identity:
            return True
        if all(self._identity.get(name, text) == text for name, text in identity.items()):
            self._identity |= identity
            self._claims = 0
            return True
        self._claims = self._claims + 1 if identity == self._claimed else 1
        self._claimed = identity
        if self._claims < _ESTABLISH_AFTER:
            return False
        self._identity, self._claims = identity, 0
        return True


def _is_well_formed(block: Block) -> bool:
    return all(
        _NAME.fullmatch(name) is not None and _pattern_of(name).fullmatch(value) is not None
        for name, value in block.items()
    )


def _pattern_of(name: str) -> re.Pattern[str]:
    """How the value of field ``name`` is written."""
    if name in _NUMERIC or _NUMERIC_HISTORY.fullmatch(name) is not None:
        return _NUMBER
    return _HEX_NUMBER if name in _HEX_NUMERIC else _PRINTABLE
