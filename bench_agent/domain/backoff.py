"""How long to wait before the next try: exponential with full jitter (FL-W2).

Source: M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
"""

FIRST_DELAY_S = 1.0
LONGEST_DELAY_S = 300.0
_LAST_DOUBLING = 9
"""2**9 s is beyond the longest delay; stops the power from growing for ever."""


def next_delay_s(failures: int, jitter: float) -> float:
    """Wait after ``failures`` (>= 1) failed tries in a row.

    Args:
        failures: Tries that failed since the last success.
        jitter: Uniform random number, 0 to 1, from the caller.

    Returns:
        Seconds, 0 to 300.
    """
    ceiling = FIRST_DELAY_S * (1 << min(max(failures - 1, 0), _LAST_DOUBLING))
    return jitter * min(ceiling, LONGEST_DELAY_S)
