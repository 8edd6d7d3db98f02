"""Security headers and request metrics around every answer."""

import time
from urllib.parse import urlsplit

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fleet_server.health import Metrics


def render_policy(map_tiles_url: str | None) -> str:
    """Content security policy: everything from here, pictures also from the map's tile server."""
    host = urlsplit((map_tiles_url or "").replace("{s}", "*")).netloc
    tiles = f" https://{host}" if host else ""
    return (
        "default-src 'self'; script-src 'self'; style-src 'self'; connect-src 'self'; "
        f"img-src 'self' data:{tiles}; object-src 'none'; base-uri 'none'; form-action 'self'; "
        "frame-ancestors 'none'"
    )


class GuardHeaders:
    """ASGI middleware; plain, because the framework's own would hold back event streams."""

    def __init__(self, app: ASGIApp, metrics: Metrics, policy: str) -> None:
        self._app = app
        self._metrics = metrics
        self._policy = policy

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._metrics.requests.labels(scope["method"], str(message["status"])).inc()
                self._metrics.request_s.observe(time.perf_counter() - started)
                headers = MutableHeaders(scope=message)
                headers["content-security-policy"] = self._policy
                headers["x-content-type-options"] = "nosniff"
                headers["referrer-policy"] = "same-origin"
                headers["cross-origin-opener-policy"] = "same-origin"
                # Assets keep their names, so a browser asks whether they changed.
                caching = "no-cache" if scope["path"].startswith("/assets/") else "no-store"
                headers.setdefault("cache-control", caching)
            await send(message)

        await self._app(scope, receive, send_guarded)
