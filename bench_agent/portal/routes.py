"""From request to response: which page, which status. Every entitlement is the agent's word."""

from dataclasses import dataclass
from http import HTTPStatus

from bench_agent.domain.gate_messages import GateReply, Notice, Verb
from bench_agent.domain.hotspot import Refusal
from bench_agent.portal.form_token import FormTokens
from bench_agent.portal.gate_client import AgentAwayError, GateClient
from bench_agent.portal.pages import CONTENT_SECURITY_POLICY, Pages
from bench_agent.portal.request import Request

_REDIRECT_BODY_BYTES = 100
_RETRY_AFTER_S = "5"


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """A whole answer; the connection closes after it."""

    status: HTTPStatus
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()

    def render(self, *, with_body: bool = True) -> bytes:
        """Render the bytes for the wire."""
        lines = [
            f"HTTP/1.1 {self.status.value} {self.status.phrase}",
            "Content-Type: text/html; charset=utf-8",
            f"Content-Length: {len(self.body)}",
            "Connection: close",
            "Cache-Control: no-store",
            f"Content-Security-Policy: {CONTENT_SECURITY_POLICY}",
            "X-Content-Type-Options: nosniff",
            "Referrer-Policy: no-referrer",
            *(f"{name}: {value}" for name, value in self.headers),
        ]
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + (self.body if with_body else b"")


class Routes:
    """Answers requests for one bench; built from constants, never from the request (HOT-R27)."""

    def __init__(
        self,
        *,
        pages: Pages,
        gate: GateClient,
        tokens: FormTokens,
        gateway_url: str,
        own_hosts: frozenset[str],
    ) -> None:
        self._pages = pages
        self._gate = gate
        self._tokens = tokens
        self._own_hosts = own_hosts
        link = f'<a href="{gateway_url}">{gateway_url}</a>'.encode()
        self._to_gateway = Response(
            status=HTTPStatus.FOUND,
            body=link.ljust(_REDIRECT_BODY_BYTES),
            headers=(("Location", gateway_url),),
        )

    async def respond(self, request: Request, peer_ip: str) -> Response:
        """Answer one request of the station at ``peer_ip``."""
        if request.host not in self._own_hosts:
            if request.method in {"GET", "HEAD"}:
                return self._to_gateway
            return Response(status=HTTPStatus.NETWORK_AUTHENTICATION_REQUIRED, body=self._pages.unreadable())
        try:
            return await self._own_page(request, peer_ip)
        except AgentAwayError:
            return self._unavailable(self._pages.outage())

    def malformed(self) -> Response:
        """Answer bytes that are no request."""
        return Response(status=HTTPStatus.BAD_REQUEST, body=self._pages.unreadable())

    async def _own_page(self, request: Request, peer_ip: str) -> Response:  # noqa: PLR0911 - a route each
        match "GET" if request.method == "HEAD" else request.method, request.path:
            case "GET", "/":
                return await self._front(peer_ip)
            case "GET", "/tersambung":
                return await self._connected(peer_ip)
            case "GET", "/ketentuan":
                return Response(status=HTTPStatus.OK, body=self._pages.terms())
            case "GET", "/privasi":
                return Response(status=HTTPStatus.OK, body=self._pages.privacy())
            case "GET", "/gangguan":
                return self._unavailable(self._pages.outage())
            case "POST", "/masuk":
                return await self._enter(request, peer_ip)
            case "POST", "/putus":
                return await self._leave(request, peer_ip)
            case "GET" | "POST", _:
                return Response(status=HTTPStatus.NOT_FOUND, body=self._pages.missing())
            case _:
                return Response(
                    status=HTTPStatus.METHOD_NOT_ALLOWED,
                    body=self._pages.unreadable(),
                    headers=(("Allow", "GET, HEAD, POST"),),
                )

    async def _front(self, peer_ip: str) -> Response:
        reply = await self._gate.ask(Verb.STATUS, peer_ip)
        return self._status_page(reply, peer_ip) if reply.inside else self._welcome(peer_ip, reply.notice)

    async def _connected(self, peer_ip: str) -> Response:
        reply = await self._gate.ask(Verb.STATUS, peer_ip)
        return self._status_page(reply, peer_ip) if reply.inside else _see_other("/")

    async def _enter(self, request: Request, peer_ip: str) -> Response:
        if not self._tokens.is_valid(peer_ip, request.field("token")):
            return self._welcome(peer_ip)
        reply = await self._gate.ask(Verb.ADMIT, peer_ip)
        if reply.inside:
            return _see_other("/tersambung")
        match reply.refusal:
            case Refusal.FULL:
                return self._unavailable(self._pages.full())
            case Refusal.OFF:
                return self._unavailable(self._pages.closed(reply.notice))
            case _:
                return self._unavailable(self._pages.outage())

    async def _leave(self, request: Request, peer_ip: str) -> Response:
        if not self._tokens.is_valid(peer_ip, request.field("token")):
            return _see_other("/tersambung")
        await self._gate.ask(Verb.LEAVE, peer_ip)
        return _see_other("/")

    def _welcome(self, peer_ip: str, notice: Notice | None = None) -> Response:
        return Response(status=HTTPStatus.OK, body=self._pages.welcome(self._tokens.make(peer_ip), notice))

    def _status_page(self, reply: GateReply, peer_ip: str) -> Response:
        token = self._tokens.make(peer_ip)
        return Response(status=HTTPStatus.OK, body=self._pages.connected(reply, token))

    def _unavailable(self, body: bytes) -> Response:
        return Response(
            status=HTTPStatus.SERVICE_UNAVAILABLE, body=body, headers=(("Retry-After", _RETRY_AFTER_S),)
        )


def _see_other(path: str) -> Response:
    return Response(status=HTTPStatus.SEE_OTHER, headers=(("Location", path),))
