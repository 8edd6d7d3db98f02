"""Sign-in limit: a few wrong passwords per name and per address, then a wait. Kept in memory."""

from collections import deque
from threading import Lock

from fleet_server.operators.errors import TooManyAttemptsError

WINDOW_S = 300.0
MAX_FAILURES_PER_NAME = 5
MAX_FAILURES_PER_ADDRESS = 30
_MAX_KEYS = 10_000


class SignInLimit:
    """Counts wrong passwords in a sliding window; times are monotonic seconds handed in."""

    def __init__(self) -> None:
        self._failures: dict[tuple[str, str], deque[float]] = {}
        self._lock = Lock()

    def check(self, name: str, address: str, now_s: float) -> None:
        """Refuse when the window is full.

        Raises:
            TooManyAttemptsError: Names how many minutes to wait.
        """
        with self._lock:
            for key, allowed in self._keys(name, address):
                times = self._failures.get(key, deque())
                while times and times[0] <= now_s - WINDOW_S:
                    times.popleft()
                if len(times) >= allowed:
                    minutes = int((times[0] + WINDOW_S - now_s) // 60) + 1
                    raise TooManyAttemptsError(
                        "Terlalu banyak percobaan masuk. Coba lagi dalam %(minutes)s menit.", minutes=minutes
                    )

    def fail(self, name: str, address: str, now_s: float) -> None:
        """Count one wrong password."""
        with self._lock:
            if len(self._failures) >= _MAX_KEYS:
                self._failures = {
                    key: times
                    for key, times in self._failures.items()
                    if times and times[-1] > now_s - WINDOW_S
                }
            for key, _ in self._keys(name, address):
                self._failures.setdefault(key, deque()).append(now_s)

    def succeed(self, name: str) -> None:
        """Forget the wrong passwords of a name that has just signed in."""
        with self._lock:
            self._failures.pop(("name", name), None)

    @staticmethod
    def _keys(name: str, address: str) -> tuple[tuple[tuple[str, str], int], ...]:
        return (("name", name[:60]), MAX_FAILURES_PER_NAME), (("address", address), MAX_FAILURES_PER_ADDRESS)
