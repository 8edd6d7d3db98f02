"""The demo as a person starts it, for tests: one command, real processes, a way in for scripts."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import httpx

READY_S = 90.0
END_S = 40.0
T = TypeVar("T")


class Demo(NamedTuple):
    """A running demo."""

    process: subprocess.Popen[str]
    way_in: dict[str, Any]
    """``demo.json``."""

    @property
    def url(self) -> str:
        """Address of the console."""
        return str(self.way_in["url"])

    def open_api(self) -> httpx.Client:
        """A client of the API with the demo's token."""
        token = {"Authorization": f"Bearer {self.way_in['api_token']}"}
        return httpx.Client(base_url=self.url, headers=token, timeout=30)


def start_demo(
    data: Path, *options: str, environment: Mapping[str, str] | None = None
) -> subprocess.Popen[str]:
    """Start the demo with its output in pipes; the caller ends it."""
    command = [sys.executable, "-m", "fleet_server", "demo", "--data", str(data), *options]
    environment = {**os.environ, **(environment or {})}
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment
    )


@contextlib.contextmanager
def running_demo(data: Path, *options: str, environment: Mapping[str, str] | None = None) -> Iterator[Demo]:
    """A demo on a free port that is ready; Ctrl-C ends it unless the test did."""
    process = start_demo(data, "--port", "0", *options, environment=environment)
    try:
        file = data / "demo.json"
        wait_for(lambda: True if file.exists() else None)
        yield Demo(process, json.loads(file.read_text()))
        if process.poll() is None:
            os.kill(process.pid, signal.SIGINT)
        process.communicate(timeout=END_S)
    finally:
        process.kill()
        process.communicate()


def wait_for(what: Callable[[], T | None], seconds: float = READY_S) -> T:
    """The first answer of ``what`` that is not None."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = what()
        if found is not None:
            return found
        time.sleep(0.2)
    raise AssertionError(f"{what} gave nothing within {seconds} s")
