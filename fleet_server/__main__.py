"""Command line of the fleet server; each command imports what only it needs."""

from pathlib import Path
from typing import Annotated

import typer

from fleet_server.demo.options import Options, PlayerKind
from fleet_server.errors import FleetError
from fleet_server.operators.roles import Role
from fleet_server.settings import load_settings

app = typer.Typer(no_args_is_help=True, help="Server armada bangku surya.", pretty_exceptions_enable=False)
ConfigFile = Annotated[Path | None, typer.Option("--config", help="Berkas pengaturan TOML.")]
_STREAMS_END_S = 3
"""Open event streams would hold a shutdown for ever."""


@app.command()
def serve(config: ConfigFile = None) -> None:
    """Layani konsol web dan API."""
    import uvicorn

    from fleet_server.app import create_app

    settings = load_settings(config)
    uvicorn.run(
        create_app(settings),
        host=settings.listen_host,
        port=settings.listen_port,
        timeout_graceful_shutdown=_STREAMS_END_S,
        server_header=False,
    )


@app.command()
def ingest(config: ConfigFile = None) -> None:
    """Terima kiriman bangku dari broker MQTT."""
    from fleet_server.ingest_process import run

    run(load_settings(config))


@app.command()
def worker(config: ConfigFile = None) -> None:
    """Olah film yang diunggah satu per satu, dan jaga alarm."""
    from fleet_server.worker_process import run

    run(load_settings(config))


@app.command()
def operator(
    name: str,
    password: Annotated[str, typer.Option(prompt=True, hide_input=True, confirmation_prompt=True)],
    role: Annotated[Role, typer.Option()] = Role.VIEWER,
    config: ConfigFile = None,
    *,
    token: Annotated[bool, typer.Option(help="Cetak juga sebuah token API.")] = False,
) -> None:
    """Buat operator, atau ganti kata sandi dan perannya."""
    from fleet_server.kit.clock import SystemClock
    from fleet_server.kit.database import open_engine, open_sessions, upgrade_schema
    from fleet_server.operators import service

    settings = load_settings(config)
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    engine = open_engine(settings.sql_url)
    try:
        upgrade_schema(engine)
        with open_sessions(engine).begin() as db:
            row = service.set_operator(db, name, password, role)
            if token:
                typer.echo(service.issue_api_token(db, row, "cli", SystemClock().now_ms()))
    finally:
        engine.dispose()


@app.command()
def demo(
    benches: Annotated[int, typer.Option(min=1, max=100, help="Banyaknya bangku tiruan.")] = 6,
    port: Annotated[int, typer.Option(min=0, max=65_535, help="Port konsol; 0 = sembarang.")] = 8000,
    data: Annotated[Path, typer.Option(help="Folder untuk semua berkas demo.")] = Path("demo-data"),
    history: Annotated[int, typer.Option(min=0, max=90, help="Hari lampau yang dijalani dahulu.")] = 3,
    player: Annotated[
        PlayerKind,
        typer.Option(
            help="Pemutar film: dummy tanpa layar, vlc di layar ini, simulated tanpa proses sendiri."
        ),
    ] = PlayerKind.DUMMY,
    seconds: Annotated[float | None, typer.Option("--for", help="Berhenti sesudah sekian detik.")] = None,
) -> None:
    """Jalankan armada lengkap dengan bangku tiruan di komputer ini."""
    from fleet_server.demo.command import run

    run(Options(port, data, benches, history, player, seconds))


def main() -> None:
    """Run the command line; expected errors end it with one sentence."""
    try:
        app()
    except FleetError as err:
        typer.echo(f"fleet-server: {err}", err=True)
        raise SystemExit(1) from err


if __name__ == "__main__":
    main()
