import asyncio
import threading

import pytest

from bench_agent.adapters.device_thread import DeviceThread


def test_gives_back_results_and_errors() -> None:
    async def scene() -> None:
        device = DeviceThread()
        assert await device.call(lambda: 7) == 7
        with pytest.raises(ZeroDivisionError):
            await device.call(lambda: 1 // 0)

    asyncio.run(scene())


def test_works_off_the_event_loop() -> None:
    async def scene() -> None:
        assert await DeviceThread().call(threading.get_ident) != threading.get_ident()

    asyncio.run(scene())


def test_two_callers_never_meet_on_the_device() -> None:
    inside, met = 0, False

    def job() -> None:
        nonlocal inside, met
        inside += 1
        met = met or inside > 1
        threading.Event().wait(0.01)
        inside -= 1

    async def scene() -> None:
        device = DeviceThread(within_s=5)
        await asyncio.gather(*(device.call(job) for _ in range(8)))

    asyncio.run(scene())
    assert not met


def test_a_late_error_is_nobodys_and_the_next_call_gets_its_own_answer() -> None:
    free = threading.Event()
    unraised: list[object] = []

    def late() -> None:
        free.wait(10)
        raise OSError("late")

    async def scene() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, context: unraised.append(context))
        device = DeviceThread(within_s=0.05)
        with pytest.raises(TimeoutError):
            await device.call(late)
        free.set()
        await device.settle()
        assert await device.call(lambda: 7) == 7

    asyncio.run(scene())
    assert unraised == []


def test_settle_waits_until_the_thread_is_free() -> None:
    done = threading.Event()

    def job() -> None:
        threading.Event().wait(0.2)
        done.set()

    async def scene() -> None:
        device = DeviceThread(within_s=0.01)
        with pytest.raises(TimeoutError):
            await device.call(job)
        await device.settle()
        assert done.is_set()

    asyncio.run(scene())


def test_a_cancelled_caller_leaves_the_device_in_order() -> None:
    free = threading.Event()

    async def scene() -> None:
        device = DeviceThread(within_s=5)
        caller = asyncio.create_task(device.call(lambda: free.wait(10)))
        await asyncio.sleep(0.01)
        caller.cancel()
        with pytest.raises(asyncio.CancelledError):
            await caller
        free.set()
        assert await device.call(lambda: 7) == 7

    asyncio.run(scene())
