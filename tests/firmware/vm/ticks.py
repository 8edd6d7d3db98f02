"""Time that wraps: the virtual machine's own arithmetic, or that of a board where Python has none."""

try:
    from time import ticks_add, ticks_diff
except ImportError:
    _PERIOD = 1 << 30

    def ticks_add(ticks, delta):
        return (ticks + delta) % _PERIOD

    def ticks_diff(later, earlier):
        return (later - earlier + _PERIOD // 2) % _PERIOD - _PERIOD // 2


BEFORE_THE_WRAP = ticks_add(0, -30_000)
"""Half a minute before the counter starts anew."""
