"""Child processes of the demo: started with a log each, watched, and ended together."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, Self

_GRACE_S = 8.0


class Ended(NamedTuple):
    """A child that ended although nobody asked it to."""

    name: str
    returncode: int
    log_end: str
    """Last ten lines of its log."""


class Processes:
    """A group of child processes; leaving the ``with`` block ends every one of them.

    Each child is the leader of its own session, so that what it started itself ends with it, and so that
    Ctrl-C reaches only the demo, which then stops them in order.
    """

    def __init__(self, log_folder: Path) -> None:
        self._log_folder = log_folder
        self._children: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> Self:
        self._log_folder.mkdir(parents=True, exist_ok=True)
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(
        self, name: str, arguments: Sequence[str | Path], environment: Mapping[str, str] | None = None
    ) -> None:
        """Start ``arguments`` as child ``name``; its output goes to ``<name>.log``."""
        with (self._log_folder / f"{name}.log").open("ab") as log:
            self._children[name] = subprocess.Popen(
                arguments,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, **(environment or {})},
                start_new_session=True,
            )

    def first_ended(self) -> Ended | None:
        """The first child that is no longer running, or None while all are."""
        for name, child in self._children.items():
            returncode = child.poll()
            if returncode is not None:
                lines = (self._log_folder / f"{name}.log").read_text(errors="replace").splitlines()
                return Ended(name, returncode, "\n".join(lines[-10:]))
        return None

    def stop(self) -> None:
        """End all in reverse order of their start: SIGTERM, 8 s for the whole group, then SIGKILL."""
        children = list(reversed(self._children.values()))
        for child in children:
            _signal_group(child, signal.SIGTERM)
        end = time.monotonic() + _GRACE_S
        for child in children:
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(max(0.0, end - time.monotonic()))
            _signal_group(child, signal.SIGKILL)
            child.wait()
        self._children.clear()


def _signal_group(child: subprocess.Popen[bytes], number: signal.Signals) -> None:
    # The group outlives its leader as long as one member lives.
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, number)
