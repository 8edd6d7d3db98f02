"""Which outbox batch goes next: go-back-N with a window of four (FL-W8).

Decides only; the service reads, sends and knows the time. The server answers every batch with the
highest number up to which it misses nothing, so one lost batch makes it repeat its old answer, and
the bench starts again from there.
"""

from dataclasses import dataclass, replace

WINDOW_BATCHES = 4
SEND_INTERVAL_MS = 100
"""At most 10 batches a second."""
STALL_MS = 5_000
"""No progress for this long with batches under way: send again from the commit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drain:
    """Where one session stands."""

    committed: int
    """Everything up to here is durable at the server or no longer held."""
    under_way: tuple[int, ...] = ()
    """Last number of each unconfirmed batch, ascending."""
    progress_at_ms: int
    """When the last commit moved, or the window was opened."""
    send_from_ms: int
    """No batch before this instant."""

    @property
    def sent(self) -> int:
        """Last number sent; the next batch starts after it."""
        return self.under_way[-1] if self.under_way else self.committed


def open_drain(committed: int, now_ms: int, wait_ms: int = 0) -> Drain:
    """Start a session whose first batch waits ``wait_ms``."""
    return Drain(committed=committed, progress_at_ms=now_ms + wait_ms, send_from_ms=now_ms + wait_ms)


def may_send(drain: Drain, now_ms: int) -> bool:
    """Whether one more batch may leave now."""
    return len(drain.under_way) < WINDOW_BATCHES and now_ms >= drain.send_from_ms


def after_send(drain: Drain, last: int, now_ms: int) -> Drain:
    """A batch that ends with number ``last`` left."""
    return replace(
        drain,
        under_way=(*drain.under_way, last),
        progress_at_ms=drain.progress_at_ms if drain.under_way else now_ms,
        send_from_ms=now_ms + SEND_INTERVAL_MS,
    )


def after_commit(drain: Drain, upto: int, now_ms: int) -> Drain:
    """The server confirmed everything up to ``upto``; an old answer changes nothing."""
    if upto <= drain.committed:
        return drain
    still = tuple(last for last in drain.under_way if last > upto)
    return replace(drain, committed=upto, under_way=still, progress_at_ms=now_ms)


def after_pause(drain: Drain, now_ms: int) -> Drain:
    """Forget what is under way when the server made no progress for ``STALL_MS``."""
    if not drain.under_way or now_ms - drain.progress_at_ms < STALL_MS:
        return drain
    return replace(drain, under_way=(), progress_at_ms=now_ms)
