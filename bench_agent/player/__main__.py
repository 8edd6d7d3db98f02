"""``python -m bench_agent.player``: the film player's process.

Imports little, so that it is back within a second.
"""

import argparse
import os
import selectors
import socket
import sys
import time
from pathlib import Path

import msgspec

from bench_agent.player.backend import Backend, DummyBackend
from bench_agent.player.messages import Event, parse_command, render_line
from bench_agent.player.session import Session

ORPHAN_S = 30.0
"""Without the agent the last picture is held this long (SIG-R71)."""
WATCH_S = 0.02
_CHUNK_BYTES = 65_536
_MAX_LINE_BYTES = 65_536


class Connection:
    """The line to the agent; the player serves, so that it may outlive its agent for a while."""

    def __init__(self, path: Path) -> None:
        path.unlink(missing_ok=True)
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(str(path))
        path.chmod(0o660)
        self._listener.listen(1)
        self._listener.settimeout(0.0)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._agent: socket.socket | None = None
        self._received = b""

    @property
    def alive(self) -> bool:
        """Whether an agent is connected."""
        return self._agent is not None

    def read_lines(self, wait_s: float) -> list[bytes]:
        """Whole lines that arrived within ``wait_s``."""
        for key, _ in self._selector.select(wait_s):
            if key.fileobj is self._listener:
                self._accept()
            else:
                self._receive()
        *lines, self._received = self._received.split(b"\n")
        if len(self._received) > _MAX_LINE_BYTES:
            self._drop()
        return lines

    def send(self, event: Event) -> None:
        """Send one event; an agent that does not read is dropped rather than waited for."""
        if self._agent is None:
            return
        try:
            self._agent.sendall(render_line(event))
        except OSError:
            self._drop()

    def _accept(self) -> None:
        agent, _ = self._listener.accept()
        self._drop()
        agent.settimeout(0.0)
        self._selector.register(agent, selectors.EVENT_READ)
        self._agent = agent

    def _receive(self) -> None:
        if self._agent is None:
            return
        try:
            chunk = self._agent.recv(_CHUNK_BYTES)
        except OSError:
            chunk = b""
        if chunk:
            self._received += chunk
        else:
            self._drop()

    def _drop(self) -> None:
        if self._agent is not None:
            self._selector.unregister(self._agent)
            self._agent.close()
        self._agent, self._received = None, b""

    def close(self) -> None:
        """Close both sockets."""
        self._drop()
        self._selector.close()
        self._listener.close()


def serve(connection: Connection, backend: Backend, media_dir: Path, orphan_s: float = ORPHAN_S) -> None:
    """Obey the agent until it says quit or is gone for ``orphan_s``."""
    session = Session(backend, media_dir, connection.send)
    last_seen_s = time.monotonic()
    while True:
        lines = connection.read_lines(WATCH_S)
        now_s = time.monotonic()
        if connection.alive:
            last_seen_s = now_s
        elif now_s - last_seen_s > orphan_s:
            return
        for line in lines:
            try:
                command = parse_command(line)
            except msgspec.DecodeError as err:
                sys.stderr.write(f"bench-player: ignored a line that is no command: {err}\n")
                continue
            if not session.obey(command, int(now_s * 1000)):
                return
        session.watch(int(now_s * 1000))


def main() -> int:
    """Entry point; 0 after an orderly end, 2 when it may not run."""
    parser = argparse.ArgumentParser(prog="bench-player", description="Film player of a smart bench.")
    parser.add_argument("--socket", type=Path, required=True, help="Unix socket to serve")
    parser.add_argument("--backend", choices=("vlc", "dummy"), default="vlc")
    parser.add_argument("--media", type=Path, required=True, help="folder of verified films")
    parser.add_argument(
        "--orphan-s", type=float, default=ORPHAN_S, help="end this long after the agent is gone"
    )
    parser.add_argument("--allow-root", action="store_true", help="for development and tests")
    parser.add_argument("--vlc-option", action="append", default=[], help="passed to libvlc")
    options = parser.parse_args()
    if os.geteuid() == 0 and not options.allow_root:
        sys.stderr.write("bench-player: refuses to run as root; start it as user bench-player\n")
        return 2
    backend: Backend
    if options.backend == "vlc":
        from bench_agent.player.vlc_backend import VlcBackend

        backend = VlcBackend(*options.vlc_option)
    else:
        backend = DummyBackend()
    connection = Connection(options.socket)
    try:
        serve(connection, backend, options.media, options.orphan_s)
    finally:
        connection.close()
        backend.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
