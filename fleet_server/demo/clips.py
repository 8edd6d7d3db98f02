"""Short public-service films for the demo, drawn by ffmpeg: a moving background, one message, a soft tone."""

import hashlib
import shutil
import subprocess
import tempfile
import threading
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

import msgspec

from fleet_server.demo.plan import DemoError

CLIP_S = 15
WIDTH_PX, HEIGHT_PX, RATE_FPS = 960, 540, 30
_FONTS = Path("/usr/share/fonts/truetype/dejavu")
_PLAIN, _BOLD = _FONTS / "DejaVuSans.ttf", _FONTS / "DejaVuSans-Bold.ttf"
_ACCENT = "0xfcd34d"
_FIRST_POINT_S, _NEXT_POINT_S = 1.6, 1.8
_POLL_S = 0.05
# A struck bell every 1.25 s that dies away, on five notes.
_TONE = "0.22*exp(-2.2*mod(t,1.25))*sin(2*PI*t*(261.63+65.4*mod(floor(t/1.25)*2,5)))"


class Film(msgspec.Struct, frozen=True, kw_only=True):
    """One sample film and the campaign it is for."""

    title: str
    owner: str
    share_pm: int
    icon: str
    """One large sign in the background; DejaVu Sans has it."""
    colours: tuple[str, str]
    """Ends of the background's gradient, as ffmpeg writes colours."""
    headline: str
    points: tuple[str, ...]

    @property
    def file_name(self) -> str:
        """Differs for every content, so that a changed film is drawn anew."""
        return f"{hashlib.sha256(msgspec.json.encode(self)).hexdigest()[:16]}.mp4"


def load_films() -> list[Film]:
    """The films of ``films.json``."""
    raw = files("fleet_server.demo").joinpath("films.json").read_bytes()
    return msgspec.json.decode(raw, type=list[Film])


class _Text(NamedTuple):
    text: str
    font: Path
    size_px: int
    x: str
    y: int
    start_s: float
    """It fades in and rises into its place from here on."""
    style: str = "fontcolor=white"
    opacity: float = 1.0


def draw_clip(film: Film, folder: Path, stop: threading.Event) -> Path:
    """Draw ``film`` into ``folder``, once; returns the file.

    Raises:
        DemoError: ffmpeg or its font is missing or failed, or ``stop`` was set; the message says what to do.
    """
    clip = folder / film.file_name
    if clip.exists():
        return clip
    if shutil.which("ffmpeg") is None or not _BOLD.exists():
        raise DemoError(
            "ffmpeg atau huruf DejaVu tidak ada. Pasang: sudo apt install ffmpeg fonts-dejavu-core"
        )
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as work:
        _run(_command(film, Path(work), clip.name), Path(work), stop)
        Path(work, clip.name).replace(clip)
    return clip


def _command(film: Film, work: Path, target: str) -> list[str]:
    return [
        "nice", "ffmpeg", "-nostdin", "-hide_banner", "-v", "error", "-y",  # the benches come first
        "-f", "lavfi", "-i", f"aevalsrc='{_TONE}':s=48000:d={CLIP_S}",
        "-filter_complex", _picture(film, work), "-map", "[picture]", "-map", "0:a",
        "-c:v", "libx264", "-preset", "ultrafast", "-crf", "20", "-c:a", "aac", "-t", str(CLIP_S), target,
    ]  # fmt: skip


def _picture(film: Film, work: Path) -> str:
    first, last = film.colours
    background = (
        f"gradients=s={WIDTH_PX // 4}x{HEIGHT_PX // 4}:r={RATE_FPS}:d={CLIP_S}:c0={first}:c1={last}"
        f":x0=0:y0=0:x1={WIDTH_PX // 4}:y1={HEIGHT_PX // 4}:speed=0.012:seed=3,scale={WIDTH_PX}:{HEIGHT_PX}"
    )
    texts = [_drawtext(text, Path(work, f"{number}.txt")) for number, text in enumerate(_texts(film))]
    fades = f"fade=in:st=0:d=0.4,fade=out:st={CLIP_S - 0.5}:d=0.5"
    bar = f"color=c={_ACCENT}:s={WIDTH_PX}x8:r={RATE_FPS}:d={CLIP_S}"
    slide = f"overlay=x='-W+W*t/{CLIP_S}':y=H-8:shortest=1,format=yuv420p"
    return f"{','.join([background, *texts, fades])}[message];{bar}[bar];[message][bar]{slide}[picture]"


def _texts(film: Film) -> list[_Text]:
    texts = [
        _Text(film.icon, _PLAIN, 420, "w-tw*0.86", 60, 0.2, opacity=0.14),
        _Text(
            film.owner, _PLAIN, 22, "66", 69, 0.2, "fontcolor=white:box=1:boxcolor=white@0.16:boxborderw=11"
        ),
        _Text(film.headline, _BOLD, 68, "54", 126, 0.5, "fontcolor=white:line_spacing=6"),
    ]
    for number, point in enumerate(film.points):
        y, start_s = 322 + number * 50, _FIRST_POINT_S + number * _NEXT_POINT_S
        texts.append(_Text("●", _PLAIN, 17, "58", y + 6, start_s, f"fontcolor={_ACCENT}"))
        texts.append(_Text(point, _PLAIN, 28, "88", y, start_s))
    return texts


def _drawtext(text: _Text, file: Path) -> str:
    # From a file in ffmpeg's own folder: its filter language would need escapes for many a sign and path.
    file.write_text(text.text, encoding="utf-8")
    risen = f"clip((t-{text.start_s})/0.6,0,1)"
    return (
        f"drawtext=textfile={file.name}:expansion=none:fontfile={text.font}:fontsize={text.size_px}:{text.style}"
        f":x={text.x}:y='{text.y}+18*pow(1-{risen},2)':alpha='{text.opacity}*{risen}'"
    )


def _run(command: list[str], work: Path, stop: threading.Event) -> None:
    with subprocess.Popen(command, cwd=work, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        while process.poll() is None:
            if stop.wait(_POLL_S):
                process.kill()
                raise DemoError("Film contoh tidak jadi dibuat: demo diakhiri.")
        if process.returncode != 0:
            told = b"" if process.stderr is None else process.stderr.read()
            raise DemoError(f"ffmpeg gagal membuat film contoh: {told.decode(errors='replace')[-300:]}")
