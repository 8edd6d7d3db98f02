"""Rules of docs/spec/signage.md section 12, with the real ffmpeg."""

import asyncio
import subprocess
from pathlib import Path

import pytest

from media.errors import MediaRejectedError
from media.pipeline import Processed, SourceLimits, process

SOUND = ["-f", "lavfi", "-i", "sine=440:sample_rate=48000"]


def film_at(
    path: Path, *, seconds: float = 3.5, size: str = "161x90", fps: int = 25, sound: bool = True
) -> Path:
    picture = ["-f", "lavfi", "-i", f"testsrc=size={size}:rate={fps}"]
    command = ["ffmpeg", "-v", "error", "-y", *picture, *(SOUND if sound else []), "-t", str(seconds)]
    command += ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv444p", "-movflags", "+faststart"]
    subprocess.run([*command, str(path)], check=True, timeout=60)
    return path


def rejection(source: Path, limits: SourceLimits | None = None) -> MediaRejectedError:
    target = source.parent / "store"
    target.mkdir(exist_ok=True)
    with pytest.raises(MediaRejectedError) as caught:
        asyncio.run(process(source, target, lambda _: None, limits))
    assert list(target.iterdir()) == []
    assert caught.value.message_id.count(".") >= 2
    assert caught.value.message_en.count(".") >= 2
    return caught.value


def probe_lines(path: Path) -> list[str]:
    entries = "stream=codec_name,profile,width,height,pix_fmt,r_frame_rate,sample_rate,channels"
    command = ["ffprobe", "-v", "error", "-show_entries", entries, "-of", "default=nk=0:nw=1", str(path)]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=30).stdout.split("\n")


def test_good_film_becomes_a_verified_asset_r53_r55(tmp_path: Path) -> None:
    source = film_at(tmp_path / "film.mp4", fps=50).rename(tmp_path / "-i $(rm -rf x) http:film.html")
    store = tmp_path / "store"
    store.mkdir()
    percents: list[int] = []

    asset = asyncio.run(process(source, store, percents.append))

    assert isinstance(asset, Processed)
    assert asset.path == store / f"{asset.sha256}.mp4"
    assert asset.size_bytes == asset.path.stat().st_size
    assert abs(asset.duration_ms - 3500) <= 100
    assert (asset.width, asset.height, asset.media_type) == (160, 90, "video/mp4")
    lines = probe_lines(asset.path)
    for expected in (
        "codec_name=h264",
        "pix_fmt=yuv420p",
        "r_frame_rate=30/1",
        "codec_name=aac",
        "sample_rate=48000",
    ):
        assert expected in lines
    assert "width=320" in probe_lines(asset.thumbnail)
    assert sorted(store.iterdir()) == sorted([asset.path, asset.thumbnail])
    assert percents == sorted(set(percents))
    assert (percents[0], percents[-1]) == (0, 100)
    assert len(percents) > 3


def test_large_film_without_sound_is_fitted_into_the_frame_r53(tmp_path: Path) -> None:
    source = film_at(tmp_path / "film.mkv", seconds=3, size="2000x1500", fps=5, sound=False)
    asset = asyncio.run(process(source, tmp_path, lambda _: None))
    assert (asset.width, asset.height) == (1440, 1080)
    assert "codec_name=aac" not in probe_lines(asset.path)


def test_same_source_gives_the_same_asset(tmp_path: Path) -> None:
    source = film_at(tmp_path / "film.mp4", seconds=3)
    first = asyncio.run(process(source, tmp_path, lambda _: None))
    second = asyncio.run(process(source, tmp_path, lambda _: None))
    assert first.sha256 == second.sha256


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty"),
        (b"<!DOCTYPE html><html><body>Silakan masuk</body></html>" * 50, "not_media"),
        (bytes(range(256)) * 64, "not_media"),
        (b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom", "damaged"),
        (b"#EXTM3U\n#EXTINF:10,\nfile:///etc/passwd\n", "playlist"),
        (b"ffconcat version 1.0\nfile /etc/passwd\n", "playlist"),
        (b"v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\n", "playlist"),
    ],
)
def test_file_that_is_no_film_is_refused_by_name_of_the_fault_r52(
    tmp_path: Path, content: bytes, code: str
) -> None:
    source = tmp_path / "film.mp4"
    source.write_bytes(content)
    assert rejection(source).code == code


def test_half_a_film_is_damaged_although_its_header_is_whole_r52(tmp_path: Path) -> None:
    whole = film_at(tmp_path / "whole.mp4", seconds=8).read_bytes()
    half = tmp_path / "half.mp4"
    half.write_bytes(whole[: len(whole) // 2])
    assert rejection(half).code == "damaged"


def test_half_a_matroska_film_is_damaged_r52(tmp_path: Path) -> None:
    whole = film_at(tmp_path / "whole.mkv", seconds=8).read_bytes()
    half = tmp_path / "half.mkv"
    half.write_bytes(whole[: len(whole) // 2])
    assert rejection(half).code == "damaged"


def test_sound_alone_has_no_picture_r52(tmp_path: Path) -> None:
    source = tmp_path / "sound.mp4"
    subprocess.run(["ffmpeg", "-v", "error", *SOUND, "-t", "4", str(source)], check=True, timeout=60)
    assert rejection(source).code == "no_picture"


def test_film_outside_the_limits_is_refused_with_numbers_r52(tmp_path: Path) -> None:
    source = film_at(tmp_path / "film.mp4", seconds=4)
    limits = {
        "too_long": SourceLimits(max_duration_ms=3_500),
        "too_short": SourceLimits(min_duration_ms=5_000),
        "too_big": SourceLimits(size_bytes=100),
        "too_many_pixels": SourceLimits(pixels=100),
        "too_many_streams": SourceLimits(streams=1),
    }
    for code, limit in limits.items():
        assert rejection(source, limit).code == code


def test_work_over_its_time_is_killed_r54(tmp_path: Path) -> None:
    source = film_at(tmp_path / "film.mp4", seconds=4)
    assert rejection(source, SourceLimits(wall_s=0.001)).code == "limit_breached"
