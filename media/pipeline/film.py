"""One film from upload to asset: probe, full decode, transcode, full decode again, hash (SIG-R52 to R55)."""

import asyncio
import hashlib
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from media.pipeline.limits import SourceLimits
from media.pipeline.probe import Stream, check_duration, probe
from media.pipeline.rejection import Code, reject
from media.pipeline.sandbox import input_of, run

MEDIA_TYPE = "video/mp4"
THUMBNAIL_WIDTH_PX = 320
_TOLERANCE_MS = 500
_OUTPUT_TOLERANCE_MS = 100
# Turned upright by ffmpeg itself; square pixels, inside 1920x1080, never enlarged, even sides.
_PICTURE_FILTER = (
    "scale=w='max(2,trunc(iw*if(sar,sar,1)/2)*2)':h='max(2,trunc(ih/2)*2)',setsar=1,"
    "scale=w='min(1920,iw)':h='min(1080,ih)':force_original_aspect_ratio=decrease:force_divisible_by=2,"
    "fps=30,format=yuv420p"
)
_H264 = [
    "-c:v",
    "libx264",
    "-preset",
    "veryfast",
    "-crf",
    "21",
    "-profile:v",
    "high",
    "-level:v",
    "4.1",
    "-g",
    "60",
    "-keyint_min",
    "60",
    "-sc_threshold",
    "0",
    "-flags",
    "+cgop",
    "-colorspace",
    "bt709",
    "-color_primaries",
    "bt709",
    "-color_trc",
    "bt709",
]
_LOUDNESS_FILTER = "loudnorm=I=-16:TP=-1.5:LRA=11"
_AAC = ["-c:a", "aac", "-b:a", "128k", "-ar", "48000", "-ac", "2"]

Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Processed:
    """A verified asset; ``path`` is named by its SHA-256."""

    sha256: str
    size_bytes: int
    duration_ms: int
    width: int
    height: int
    media_type: str
    thumbnail: Path
    path: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class _Decoded:
    duration_ms: int
    pictures: int


async def process(
    source: Path,
    target_dir: Path,
    on_progress: Progress,
    limits: SourceLimits | None = None,
) -> Processed:
    """Make an asset of the film ``source`` in ``target_dir``; leaves nothing behind on failure.

    Args:
        source: The upload; read only, its name means nothing.
        target_dir: Existing folder for ``<sha256>.mp4`` and ``<sha256>.jpg``.
        on_progress: Receives per cent, 0 to 100, never falling.
        limits: Settings; the defaults of SIG-R52 if left out.

    Raises:
        MediaRejectedError: The film cannot be shown; says what to do.
    """
    limits = limits or SourceLimits()
    report = _rising(on_progress)
    report(0)
    found = await probe(source, limits)
    real = await _decode(source, limits, _part(report, 0, 20, found.claimed_ms))
    allowed_ms = max(_TOLERANCE_MS, found.claimed_ms // 100)
    if abs(real.duration_ms - found.claimed_ms) > allowed_ms:
        raise reject(Code.DAMAGED, f"{real.duration_ms / 1000:.1f} s")
    if real.pictures == 0:
        raise reject(Code.NO_PICTURE)
    check_duration(real.duration_ms, limits)
    with tempfile.TemporaryDirectory(dir=target_dir, prefix=".work-") as folder:
        film, thumbnail = Path(folder, "film.mp4"), Path(folder, "thumbnail.jpg")
        await _transcode(source, film, limits, found.has_sound, _part(report, 20, 85, real.duration_ms))
        made = await _decode(film, limits, _part(report, 85, 98, real.duration_ms))
        if abs(made.duration_ms - real.duration_ms) > _OUTPUT_TOLERANCE_MS or made.pictures == 0:
            raise reject(Code.DAMAGED, f"{made.duration_ms} ms / {real.duration_ms} ms")
        await _draw_thumbnail(film, thumbnail, made.duration_ms, limits)
        picture = (await probe(film, limits)).streams[0]
        asset = await asyncio.to_thread(_store, film, thumbnail, target_dir, picture, made.duration_ms)
    report(100)
    return asset


async def _decode(source: Path, limits: SourceLimits, report: Progress) -> _Decoded:
    """Decode every picture and sample; a container's own word about its length proves nothing."""
    values: dict[str, str] = {}
    finished = await run(
        [
            *_ffmpeg("-xerror"), *input_of(source),
            "-map", "0:v:0", "-map", "0:a:0?", "-progress", "pipe:1", "-f", "null", "-",
        ],
        limits,
        _progress_reader(values, report),
    )  # fmt: skip
    duration_ms = _milliseconds(values)
    if finished.code != 0:
        raise reject(Code.DAMAGED, f"{duration_ms / 1000:.1f} s")
    return _Decoded(duration_ms=duration_ms, pictures=int(values.get("frame", "0")))


async def _transcode(source: Path, film: Path, limits: SourceLimits, sound: bool, report: Progress) -> None:  # noqa: FBT001
    tracks = ["-map", "0:v:0", "-vf", _PICTURE_FILTER, *_H264]
    if sound:
        tracks += ["-map", "0:a:0", "-af", _LOUDNESS_FILTER, *_AAC]
    finished = await run(
        [
            *_ffmpeg("-xerror"), *input_of(source), *tracks, "-map_metadata", "-1", "-bitexact",
            "-movflags", "+faststart", "-progress", "pipe:1", f"file:{film}",
        ],
        limits,
        _progress_reader({}, report),
    )  # fmt: skip
    if finished.code != 0:
        raise reject(Code.UNSUPPORTED, finished.errors.strip()[-200:])


async def _draw_thumbnail(film: Path, thumbnail: Path, duration_ms: int, limits: SourceLimits) -> None:
    finished = await run(
        [
            *_ffmpeg(), "-ss", f"{duration_ms / 2000:.3f}", *input_of(film), "-frames:v", "1",
            "-vf", f"scale={THUMBNAIL_WIDTH_PX}:-2", "-update", "1", f"file:{thumbnail}",
        ],
        limits,
    )  # fmt: skip
    if finished.code != 0:
        raise reject(Code.UNSUPPORTED, finished.errors.strip()[-200:])


def _store(film: Path, thumbnail: Path, target_dir: Path, picture: Stream, duration_ms: int) -> Processed:
    with film.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return Processed(
        sha256=digest,
        size_bytes=film.stat().st_size,
        duration_ms=duration_ms,
        width=picture.width,
        height=picture.height,
        media_type=MEDIA_TYPE,
        thumbnail=thumbnail.rename(target_dir / f"{digest}.jpg"),
        path=film.rename(target_dir / f"{digest}.mp4"),
    )


def _ffmpeg(*options: str) -> tuple[str, ...]:
    return ("ffmpeg", "-nostdin", "-hide_banner", "-v", "error", "-y", *options)


def _progress_reader(values: dict[str, str], report: Progress) -> Callable[[str], None]:
    def read(line: str) -> None:
        key, _, value = line.partition("=")
        values[key] = value.strip()
        if key == "out_time_us":
            report(_milliseconds(values))

    return read


def _milliseconds(values: dict[str, str]) -> int:
    text = values.get("out_time_us", "0")
    return int(text) // 1000 if text.lstrip("-").isdigit() else 0


def _part(report: Progress, first: int, last: int, whole_ms: int) -> Progress:
    def scaled(done_ms: int) -> None:
        share = min(max(done_ms, 0), whole_ms) / whole_ms if whole_ms else 1.0
        report(first + int((last - first) * share))

    return scaled


def _rising(on_progress: Progress) -> Progress:
    highest = -1

    def report(percent: int) -> None:
        nonlocal highest
        if percent > highest:
            highest = percent
            on_progress(percent)

    return report
