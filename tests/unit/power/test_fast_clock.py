import asyncio

from bench_agent.simulated.clock import SimulatedClock
from bench_agent.simulated.fast_clock import FastClock

START_MS = 1_789_000_000_000


def test_an_hour_passes_in_a_minute_at_sixty_times() -> None:
    slow = SimulatedClock(START_MS)
    slow.advance(5000)
    fast = FastClock(slow, 60)
    assert (fast.now_ms(), fast.monotonic_ms()) == (START_MS + 5000, 5000)
    slow.advance(60_000)
    assert (fast.now_ms(), fast.monotonic_ms()) == (START_MS + 5000 + 3_600_000, 3_605_000)
    assert fast.quality() is slow.quality()


def test_its_sleepers_wake_by_its_own_time() -> None:
    async def scene() -> None:
        slow = SimulatedClock(START_MS)
        fast = FastClock(slow, 60)
        asleep = asyncio.create_task(fast.sleep(60))
        await slow.run_until(START_MS + 999)
        assert not asleep.done()
        await slow.run_until(START_MS + 1000)
        await asleep
        assert fast.monotonic_ms() == 60_000

    asyncio.run(scene())
