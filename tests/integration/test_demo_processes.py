import sys
import time
from pathlib import Path

from fleet_server.demo.processes import Processes

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]
SAY_PID_AND_SLEEP = "import os,time; print(os.getpid(), flush=True); time.sleep(60)"
STUBBORN_PARENT = """
import signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
print(child.pid, flush=True)
time.sleep(60)
"""


def alive(pid: int) -> bool:
    stat = Path(f"/proc/{pid}/stat")
    try:
        return stat.read_text().rsplit(")", 1)[1].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def wait_for_text(path: Path) -> str:
    end = time.monotonic() + 20
    while time.monotonic() < end:
        if path.exists() and path.read_text().endswith("\n"):
            return path.read_text()
        time.sleep(0.02)
    raise AssertionError(f"nothing in {path}")


def test_leaving_the_block_ends_every_child(tmp_path: Path) -> None:
    with Processes(tmp_path) as processes:
        processes.start(
            "a", [sys.executable, "-c", "import os,time; print(os.getpid(), flush=True); time.sleep(60)"]
        )
        processes.start("b", SLEEP)
        pid = int(wait_for_text(tmp_path / "a.log"))
        assert processes.first_ended() is None
        assert alive(pid)
    assert not alive(pid)


def test_a_child_that_ends_by_itself_is_named_with_the_end_of_its_log(tmp_path: Path) -> None:
    with Processes(tmp_path) as processes:
        processes.start("ingest", [sys.executable, "-c", "print('no broker'); raise SystemExit(3)"])
        end = time.monotonic() + 20
        while (ended := processes.first_ended()) is None and time.monotonic() < end:
            time.sleep(0.02)
    assert ended == ("ingest", 3, "no broker")


def test_what_a_stubborn_child_started_ends_with_it(tmp_path: Path) -> None:
    with Processes(tmp_path) as processes:
        processes.start("stubborn", [sys.executable, "-c", STUBBORN_PARENT])
        grandchild = int(wait_for_text(tmp_path / "stubborn.log"))
        assert alive(grandchild)
    end = time.monotonic() + 5  # the group was killed; init reaps it in its own time
    while alive(grandchild) and time.monotonic() < end:
        time.sleep(0.02)
    assert not alive(grandchild)
