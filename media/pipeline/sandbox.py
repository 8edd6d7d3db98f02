"""Runs ffmpeg on hostile files: limits on CPU, memory, output and time, no network protocol (SIG-R54)."""

import asyncio
import contextlib
import os
import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from media.pipeline.limits import SourceLimits
from media.pipeline.rejection import Code, reject

KEPT_ERROR_BYTES = 4_096
KEPT_OUTPUT_BYTES = 1_048_576

# Demuxers that open other files (hls, concat, sdp, dash) must not even be tried.
INPUT_GUARD = ("-protocol_whitelist", "file,pipe", "-format_whitelist", "mov,matroska,mpegts")


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """How a process ended by itself."""

    code: int
    output: str
    errors: str


def input_of(path: Path) -> tuple[str, ...]:
    """Arguments that open ``path``; its name can be read neither as an option nor as a protocol."""
    return (*INPUT_GUARD, "-i", f"file:{path.resolve()}")


async def run(
    command: Sequence[str],
    limits: SourceLimits,
    on_line: Callable[[str], None] | None = None,
) -> Finished:
    """Run ``command`` within ``limits`` and kill it with all its children on any breach or cancellation.

    Args:
        command: Argument list.
        limits: What it may cost.
        on_line: Receives each line of standard output, which is then not kept.

    Raises:
        MediaRejectedError: ``limit_breached``.
    """
    process = await asyncio.create_subprocess_exec(
        "prlimit",
        f"--cpu={limits.cpu_s}",
        f"--as={limits.memory_bytes}",
        f"--fsize={limits.output_bytes}",
        "--core=0",
        *command,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
        env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8"},
    )
    if process.stdout is None or process.stderr is None:
        raise RuntimeError("the pipes asked for were not made")
    try:
        async with asyncio.timeout(limits.wall_s):
            output, errors, code = await asyncio.gather(
                _read_output(process.stdout, on_line), _read_errors(process.stderr), process.wait()
            )
    except TimeoutError as err:
        raise reject(Code.LIMIT_BREACHED, f"{limits.wall_s:.0f} s") from err
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
    if code < 0:
        raise reject(Code.LIMIT_BREACHED, signal.Signals(-code).name)
    return Finished(code=code, output=output, errors=errors)


async def _read_output(stream: asyncio.StreamReader, on_line: Callable[[str], None] | None) -> str:
    kept = bytearray()
    while line := await stream.readline():
        if on_line is not None:
            on_line(line.decode("utf-8", "replace").strip())
        elif len(kept) < KEPT_OUTPUT_BYTES:
            kept += line
    return kept.decode("utf-8", "replace")


async def _read_errors(stream: asyncio.StreamReader) -> str:
    kept = b""
    while chunk := await stream.read(KEPT_ERROR_BYTES):
        kept = (kept + chunk)[-KEPT_ERROR_BYTES:]
    return kept.decode("utf-8", "replace")
