"""Sample campaigns: films drawn here go through upload, pipeline and publishing like an operator's own.

Runs beside the demo, so that the console and the benches need not wait for the films.
"""

import sys
import threading
import time
from datetime import date, timedelta
from typing import Any

import httpx
import typer
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from fleet_server.campaigns import service
from fleet_server.campaigns.schemas import CampaignIn, CampaignOut
from fleet_server.demo.clips import Film, draw_clip, load_films
from fleet_server.demo.plan import DemoError, Plan
from fleet_server.demo.seed import OPERATOR, SignIn
from fleet_server.errors import FleetError
from fleet_server.kit.database import open_engine, open_sessions
from fleet_server.kit.media_store import MediaStore
from fleet_server.settings import Settings

_VALID_DAYS = 30
_LOOK_S = 0.3
_HTTP_TIMEOUT_S = 60.0
_DRAWN_SHARE = 30
"""Drawing a film is about so many percent of the work on it; the pipeline is the rest."""


class SampleCampaigns:
    """Makes the films and publishes a campaign for each, in a thread of its own."""

    def __init__(self, plan: Plan, sign_in: SignIn, stop: threading.Event) -> None:
        self._plan = plan
        self._api_token = sign_in.api_token
        self._stop = stop
        self._thread = threading.Thread(target=self._run, name="sample-campaigns")

    def start(self) -> None:
        """Begin; the console must be ready."""
        self._thread.start()

    def join(self) -> None:
        """Wait for the end, which ``stop`` hastens."""
        self._thread.join()

    def _run(self) -> None:
        try:
            films = [film for film in load_films() if film.title not in self._known_titles()]
            if films:
                self._publish(self._bring_in(films))
        except (FleetError, httpx.HTTPError, OSError) as err:
            if not self._stop.is_set():
                typer.echo(f"Film contoh tidak tampil; yang lain berjalan terus. {err}", err=True)

    def _known_titles(self) -> set[str]:
        """Titles of campaigns that run or were withdrawn: nobody wants those back at the next start."""
        with self._open_console() as console:
            campaigns = _read_all(console, "/api/v1/campaigns")
        today = service.today(time.time_ns() // 1_000_000)
        return {one["title"] for one in campaigns if one["until_date"] > today and one["state"] != "draft"}

    def _bring_in(self, films: list[Film]) -> dict[str, Film]:
        """Draw and upload every film and wait until it is ready; returns them by asset id."""
        columns = (
            TextColumn("Film contoh"),
            BarColumn(),
            TextColumn("{task.description}"),
            TimeElapsedColumn(),
        )
        with (
            Progress(*columns, transient=True, disable=not sys.stdout.isatty()) as progress,
            self._open_console() as console,
        ):
            bar = progress.add_task("", total=100 * len(films))
            assets: dict[str, Film] = {}
            for number, film in enumerate(films, start=1):
                progress.update(bar, description=f"{number} dari {len(films)} digambar: {film.title}")
                assets[self._upload(console, film)] = film
                progress.advance(bar, _DRAWN_SHARE)
            self._wait_until_ready(console, assets, progress, bar)
        return assets

    def _upload(self, console: httpx.Client, film: Film) -> str:
        clip = draw_clip(film, self._plan.options.data / "films", self._stop)
        with clip.open("rb") as file:
            answer = console.post(
                "/api/v1/assets", data={"title": film.title}, files={"film": (clip.name, file)}
            )
        answer.raise_for_status()
        return str(answer.json()["id"])

    def _wait_until_ready(
        self, console: httpx.Client, assets: dict[str, Film], progress: Progress, bar: TaskID
    ) -> None:
        told: set[str] = set()
        while len(told) < len(assets):
            if self._stop.wait(_LOOK_S):
                raise DemoError("Demo diakhiri.")
            ours = [one for one in _read_all(console, "/api/v1/assets") if one["id"] in assets]
            for asset in ours:
                if asset["stage"] == "rejected":
                    raise DemoError(f"Film «{asset['title']}» ditolak: {asset['reason']}")
                if asset["stage"] == "ready" and asset["id"] not in told:
                    told.add(asset["id"])
                    seconds, size_mb = asset["duration_ms"] / 1000, asset["size_bytes"] / 1e6
                    progress.print(
                        f"Film     {asset['title']:<28} {seconds:.0f} detik, {size_mb:.1f} MB, siap"
                    )
            done_pct = sum(asset["progress_pct"] for asset in ours)
            done = len(ours) * _DRAWN_SHARE + done_pct * (100 - _DRAWN_SHARE) / 100
            progress.update(bar, completed=done, description=f"{len(told)} dari {len(assets)} siap")

    def _publish(self, assets: dict[str, Film]) -> None:
        """Publish all in one transaction, so that each bench gets one programme with every film."""
        settings = Settings.model_validate(self._plan.settings)
        store = MediaStore(settings.data_dir / "media")
        engine = open_engine(settings.sql_url)
        try:
            with open_sessions(engine).begin() as session:
                now_ms = time.time_ns() // 1_000_000
                for asset, film in assets.items():
                    draft = service.create(session, self._wish(asset, film, now_ms), OPERATOR, now_ms)
                    self._tell(service.publish(session, store, draft.id, now_ms))
        finally:
            engine.dispose()

    def _wish(self, asset: str, film: Film, now_ms: int) -> CampaignIn:
        today = date.fromisoformat(service.today(now_ms))
        return CampaignIn(
            title=film.title,
            owner=film.owner,
            asset_id=asset,
            share_pm=film.share_pm,
            # The days that the benches have lived through are part of it.
            from_date=today - timedelta(days=self._plan.options.history_days),
            until_date=today + timedelta(days=_VALID_DAYS),
            benches=[bench.id for bench in self._plan.benches],
        )

    def _tell(self, campaign: CampaignOut) -> None:
        typer.echo(f"Kampanye {campaign.title:<28} {self._plan.url}/kampanye/{campaign.id}")

    def _open_console(self) -> httpx.Client:
        headers = {"Authorization": f"Bearer {self._api_token}"}
        return httpx.Client(base_url=self._plan.url, headers=headers, timeout=_HTTP_TIMEOUT_S)


def _read_all(console: httpx.Client, path: str) -> list[dict[str, Any]]:
    answer = console.get(path)
    answer.raise_for_status()
    items: list[dict[str, Any]] = answer.json()["items"]
    return items
