"""How a server may be reached: by which names, and over TLS alone."""

from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.response.base import ASGIResponse
from litestar.types import ASGIApp, Receive, Scope, Send


class KnownHosts(ASGIMiddleware):
    """Refuses requests for any other host than those named, whatever the port: it may be that of a relay before us.

    A page of another site can point a name of its own at this computer (DNS rebinding); it cannot choose ours.
    """

    scopes = (ScopeType.HTTP,)

    def __init__(self, hosts: tuple[str, ...]) -> None:
        self._hosts = {host.lower() for host in hosts}

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Pass a request on, or refuse it."""
        if _host(scope) in self._hosts:
            await next_app(scope, receive, send)
            return
        refused = ASGIResponse(body=b"this server is not called by that name", status_code=400)
        await refused(scope, receive, send)


class OnlyHttps(ASGIMiddleware):
    """Refuses requests that did not come over TLS, as far as the relay says that is believed about them."""

    scopes = (ScopeType.HTTP,)

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Pass a request on, or refuse it."""
        if scope["scheme"] == "https":
            await next_app(scope, receive, send)
            return
        refused = ASGIResponse(body=b"this server is reached over https alone", status_code=400)
        await refused(scope, receive, send)


def _host(scope: Scope) -> str:
    """The Host header without its port, in lower case; an IPv6 address keeps its brackets."""
    named = next((value for name, value in scope["headers"] if name == b"host"), b"").decode("latin-1").lower()
    host, colon, port = named.rpartition(":")
    return host if colon and port.isdigit() else named
