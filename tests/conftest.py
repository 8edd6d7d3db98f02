"""Guards for every test: what a test starts, it ends."""

import threading
from collections.abc import Iterator

import pytest

collect_ignore = ["drivers"]
"""Needs a kernel of its own: ``make test-drivers``."""


@pytest.fixture(autouse=True)
def no_thread_outlives_its_test() -> Iterator[None]:
    """A thread that goes on after its test would disturb another one."""
    before = set(threading.enumerate())
    yield
    left = [thread for thread in threading.enumerate() if thread not in before and not thread.daemon]
    for thread in left:
        thread.join(timeout=5)
    assert not [thread.name for thread in left if thread.is_alive()]
