"""A throw-away PostgreSQL 15 cluster for tests: real, on a free port, without fsync."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from tests.broker import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

BIN = Path("/usr/lib/postgresql/15/bin")
_FAST = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off"


def _as_postgres(*command: str) -> None:
    subprocess.run(
        ["runuser", "-u", "postgres", "--", *command], check=True, stdout=subprocess.DEVNULL, cwd="/"
    )


@contextlib.contextmanager
def running_postgres() -> Iterator[str]:
    """Run a cluster and give the URL of its empty database; it vanishes afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    shutil.chown(folder, "postgres")
    cluster, port = str(folder / "cluster"), free_port()
    options = f"-p {port} -c listen_addresses= -c unix_socket_directories={folder} {_FAST}"
    try:
        _as_postgres(str(BIN / "initdb"), "-D", cluster, "-A", "trust", "-E", "UTF8", "--no-sync")
        _as_postgres(
            str(BIN / "pg_ctl"), "-D", cluster, "-o", options, "-l", str(folder / "log"), "-w", "start"
        )
        try:
            yield f"postgresql://postgres@/postgres?host={folder}&port={port}"
        finally:
            _as_postgres(str(BIN / "pg_ctl"), "-D", cluster, "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
