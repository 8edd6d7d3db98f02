"""Command line of the agent: ``bench-agent run --config FILE``, ``bench-agent board halted``, ``--version``.

Each command imports what it needs: ``board halted`` runs while the machine goes down and must not need more.
"""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from bench_agent.errors import AgentError, SettingsError

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
board = typer.Typer(no_args_is_help=True, help="Speak to the power board.")
app.add_typer(board, name="board")


def _print_version(wanted: bool) -> None:  # noqa: FBT001 - typer calls it so
    if wanted:
        from bench_agent.app import agent_version

        typer.echo(f"bench-agent {agent_version()}")
        raise typer.Exit


@app.callback()
def bench_agent(
    *,
    version: Annotated[
        bool, typer.Option("--version", help="Show the version.", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    """Run a smart bench: power, hotspot, display and reports."""
    del version


@app.command()
def run(
    config: Annotated[Path | None, typer.Option(help="TOML file with the settings.")] = None,
    power: Annotated[
        str | None, typer.Option(help="Power meter, e.g. vedirect:///dev/ttyUSB0; beats the file.")
    ] = None,
    history: Annotated[
        int, typer.Option(min=0, max=90, help="A simulated bench first lives through so many past days.")
    ] = 0,
) -> None:
    """Run the agent until SIGTERM; exit 2 when a setting is wrong, 1 when the disk is."""
    from bench_agent.app import run_agent
    from bench_agent.settings import load_settings

    try:
        settings = load_settings(config, {"power": power} if power else None)
    except SettingsError as err:
        typer.echo(str(err), err=True)
        raise typer.Exit(2) from err
    try:
        asyncio.run(run_agent(settings, history))
    except SettingsError as err:
        typer.echo(str(err), err=True)
        raise typer.Exit(2) from err
    except AgentError as err:
        typer.echo(str(err), err=True)
        raise typer.Exit(1) from err


@board.command()
def halted(
    device: Annotated[str, typer.Option(help="Serial port of the board.")] = "/dev/ttyAMA0",
) -> None:
    """Tell the board that the file systems are read-only, so that it ends the supply; exit 1 if mute."""
    from bench_agent.adapters.power_board import PowerBoard
    from bench_agent.adapters.system_clock import SystemClock

    try:
        asyncio.run(PowerBoard(device, SystemClock()).halted())
    except AgentError as err:
        typer.echo(str(err), err=True)
        raise typer.Exit(1) from err


def main() -> None:
    """Entry point of the console script."""
    app()


if __name__ == "__main__":
    main()
