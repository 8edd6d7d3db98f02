"""The captive portal as a process of its own, without rights and without the agent's libraries."""

import argparse
import asyncio
import contextlib
import signal
import time
from pathlib import Path
from urllib.parse import urlsplit

from bench_agent.portal.form_token import FormTokens, load_or_make_secret
from bench_agent.portal.gate_client import GateClient
from bench_agent.portal.pages import Pages
from bench_agent.portal.routes import Routes
from bench_agent.portal.server import PortalServer


def main(arguments: list[str] | None = None) -> None:
    """Serve until SIGTERM or SIGINT."""
    options = _parser().parse_args(arguments)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve(options))


def own_hosts(gateway_url: str, listen: str, *, local_demo: bool) -> frozenset[str]:
    """Values of Host that mean this portal; in the demo its listen address too."""
    gateway = urlsplit(gateway_url).netloc.lower()
    hosts = {gateway, gateway.removesuffix(":80"), gateway if ":" in gateway else f"{gateway}:80"}
    if local_demo:
        port = listen.rpartition(":")[2]
        hosts |= {listen, f"localhost:{port}", f"127.0.0.1:{port}"}
    return frozenset(hosts)


async def _serve(options: argparse.Namespace) -> None:
    host, _, port = options.listen.rpartition(":")
    gateway_url = options.gateway_url or f"http://{options.listen}/"
    routes = Routes(
        pages=Pages(options.bench_name),
        gate=GateClient(options.gate_socket),
        tokens=FormTokens(load_or_make_secret(options.secret_file), time.monotonic),
        gateway_url=gateway_url,
        own_hosts=own_hosts(gateway_url, options.listen, local_demo=options.local_demo),
    )
    async with PortalServer(routes, host, int(port)) as server:
        task = asyncio.current_task()
        if task is not None:
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
        print(f"portal listening on {host}:{server.port}", flush=True)  # noqa: T201 - tells the starter it is up
        with contextlib.suppress(asyncio.CancelledError):
            await server.serve_forever()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="bench-portal", description="Captive portal of a smart bench.")
    parser.add_argument("--listen", required=True, type=_address, metavar="ADDRESS:PORT")
    parser.add_argument("--gate-socket", required=True, type=Path, help="unix socket of the agent")
    parser.add_argument("--bench-name", required=True, help="shown to citizens")
    parser.add_argument(
        "--gateway-url", type=_gateway_url, help="where phones are sent; http://ADDRESS:PORT/"
    )
    parser.add_argument("--secret-file", type=Path, help="keeps forms valid over a restart; under /run")
    parser.add_argument("--local-demo", action="store_true", help="serve pages under the listen address too")
    return parser


def _address(text: str) -> str:
    host, colon, port = text.rpartition(":")
    if not host or not colon or not port.isdecimal() or int(port) not in range(1, 65536):
        raise argparse.ArgumentTypeError("ADDRESS:PORT, for example 10.77.0.1:8080")
    return text.lower()


def _gateway_url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme != "http" or not parts.netloc or parts.path not in {"", "/"} or not text.isascii():
        raise argparse.ArgumentTypeError("http://ADDRESS/, for example http://10.77.0.1/")
    return f"http://{parts.netloc}/"


if __name__ == "__main__":
    main()
