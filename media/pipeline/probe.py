"""What an upload is, by content and never by name (SIG-R52)."""

from pathlib import Path

import msgspec

from media.pipeline.limits import SourceLimits
from media.pipeline.rejection import Code, reject
from media.pipeline.sandbox import input_of, run

_PLAYLIST_STARTS = (b"#EXTM3U", b"ffconcat version", b"v=0\n", b"v=0\r\n", b"[playlist]", b"[Reference]")
_MATROSKA_START = b"\x1a\x45\xdf\xa3"
_TRANSPORT_STREAM_START = b"\x47"


class Stream(msgspec.Struct, frozen=True, kw_only=True):
    """One track, as ffprobe reports it."""

    codec_type: str = ""
    codec_name: str = "unknown"
    width: int = 0
    height: int = 0


class _Format(msgspec.Struct, frozen=True, kw_only=True):
    duration: str = "0"


class Probe(msgspec.Struct, frozen=True, kw_only=True):
    """What the container claims; only a full decode proves it."""

    streams: tuple[Stream, ...] = ()
    format: _Format = _Format()

    @property
    def claimed_ms(self) -> int:
        """Length the container claims, milliseconds."""
        return round(float(self.format.duration) * 1000)

    @property
    def has_sound(self) -> bool:
        """Whether there is a sound track."""
        return any(stream.codec_type == "audio" for stream in self.streams)


async def probe(source: Path, limits: SourceLimits) -> Probe:
    """Read the headers of ``source`` and hold them against ``limits``.

    Raises:
        MediaRejectedError: With the first reason found.
    """
    start = _read_start(source, limits)
    finished = await run(
        ["ffprobe", "-v", "error", "-of", "json", "-show_format", "-show_streams", *input_of(source)], limits
    )
    if finished.code != 0:
        raise reject(Code.DAMAGED if _looks_like_film(start) else Code.NOT_MEDIA)
    found = msgspec.json.decode(finished.output.encode(), type=Probe)
    if len(found.streams) > limits.streams:
        raise reject(Code.TOO_MANY_STREAMS, f"{len(found.streams)} > {limits.streams}")
    _check_picture(found, limits)
    check_duration(found.claimed_ms, limits)
    return found


def check_duration(duration_ms: int, limits: SourceLimits) -> None:
    """Raise ``too_long`` or ``too_short`` for a film of ``duration_ms``."""
    if duration_ms > limits.max_duration_ms:
        raise reject(Code.TOO_LONG, f"{duration_ms // 1000} s > {limits.max_duration_ms // 1000} s")
    if 0 < duration_ms < limits.min_duration_ms:
        raise reject(Code.TOO_SHORT, f"{duration_ms / 1000:.1f} s < {limits.min_duration_ms / 1000:.1f} s")


def _read_start(source: Path, limits: SourceLimits) -> bytes:
    size_bytes = source.stat().st_size
    if size_bytes == 0:
        raise reject(Code.EMPTY)
    if size_bytes > limits.size_bytes:
        raise reject(Code.TOO_BIG, f"{size_bytes} > {limits.size_bytes}")
    with source.open("rb") as file:
        start = file.read(512)
    text = start.removeprefix(b"\xef\xbb\xbf").lstrip()
    if text.startswith(_PLAYLIST_STARTS) or b"<MPD" in text:
        raise reject(Code.PLAYLIST)
    return start


def _looks_like_film(start: bytes) -> bool:
    return start[4:8] == b"ftyp" or start.startswith((_MATROSKA_START, _TRANSPORT_STREAM_START))


def _check_picture(found: Probe, limits: SourceLimits) -> None:
    pictures = [stream for stream in found.streams if stream.codec_type == "video"]
    if not pictures:
        raise reject(Code.NO_PICTURE)
    first = pictures[0]
    if first.codec_name == "unknown":
        raise reject(Code.UNSUPPORTED)
    if first.width * first.height > limits.pixels:
        raise reject(Code.TOO_MANY_PIXELS, f"{first.width}x{first.height}")
