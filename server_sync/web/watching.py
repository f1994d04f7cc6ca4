"""How the server does: health, metrics, and a log of one line a request, without anything personal."""

import json
import logging
import os
import sys
import time
import traceback
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from litestar import Request, Response, get
from litestar.datastructures import State
from litestar.exceptions import HTTPException
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from server_sync.clinic.objects import is_full
from server_sync.clinic.service import Service
from server_sync.clinic.version import SOFTWARE
from server_sync.web.access import ANYONE
from server_sync.web.exchange import Exchange

COUNTED_TOGETHER = "PROMETHEUS_MULTIPROC_DIR"
"""The environment variable that tells prometheus_client where workers count together; set before it is imported."""
RELAYED = ("X-Forwarded-For", "Forwarded", "X-Real-IP", "Via")
"""Headers by which a relay says that somebody else asks through it."""
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
_LOG = logging.getLogger("steadyreach.server")


class Metrics:
    """What is counted: requests by route, method and status, and how long they took."""

    def __init__(self) -> None:
        """Begin at nothing."""
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "steadyreach_requests", "requests answered", ("route", "method", "status"), registry=self._registry
        )
        self._seconds = Histogram(
            "steadyreach_request_seconds", "time to answer", ("route", "method"), registry=self._registry,
            buckets=_SECONDS,
        )  # fmt: skip

    def note(self, route: str, method: str, status: int, seconds: float) -> None:
        """Count a request."""
        self._requests.labels(route, method, str(status)).inc()
        self._seconds.labels(route, method).observe(seconds)

    def text(self) -> bytes:
        """All workers' counts as Prometheus reads them."""
        registry = self._registry
        if os.environ.get(COUNTED_TOGETHER):
            registry = CollectorRegistry()
            MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        return generate_latest(registry)


@get("/health", opt={"may": ANYONE}, sync_to_thread=True)
def health(state: State) -> Response[dict[str, str]]:
    """Whether the server can work, and in which version."""
    service: Service = state.service
    parts = service.health()
    parts |= {part: "full" for part, folder in _local(service) if parts[part] == "ok" and is_full(folder)}
    well = all(part == "ok" for part in parts.values())
    said = {"status": "ok" if well else "ill", **parts, "schema": service.store.schema, "software": SOFTWARE}
    if parts["database"] == "ok":
        said["retention"] = "waits" if service.retention.waits() else "ok"
    return Response(said, status_code=200 if well else 503)


@get("/metrics", opt={"may": ANYONE}, sync_to_thread=True)
def metrics(request: Request[Any, Any, State], state: State) -> Response[bytes]:
    """Counts and times, for who asks from this computer itself, without a relay, or shows the token for it."""
    _, _, token = request.headers.get("Authorization", "").partition("Bearer ")
    relayed = any(name in request.headers for name in RELAYED)
    if (relayed or not _is_loopback(request)) and token != state.service.metrics_token():
        raise HTTPException(status_code=403, detail="the metrics are for this computer, or for who shows their token")
    return Response(state.metrics.text(), media_type=CONTENT_TYPE_LATEST)


@get("/openapi.json", opt={"may": ANYONE}, sync_to_thread=True, include_in_schema=False)
def description(request: Request[Any, Any, State]) -> dict[str, Any]:
    """Which addresses there are, as OpenAPI has it."""
    return request.app.openapi_schema.to_schema()


ROUTES = [health, metrics, description]


class Lines(logging.Formatter):
    """Each entry as a JSON object on a line of its own.

    Of other libraries' entries it keeps the words that are in their source, never what was put into them, and of an
    error where it happened.
    """

    def format(self, record: logging.LogRecord) -> str:
        """One line; `known` are the fields of our own entries."""
        known = getattr(record, "known", {"logger": record.name})
        if record.exc_info and record.exc_info[1]:
            known = known | _error(record.exc_info[1])
        entry = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created)) + f".{int(record.msecs):03}Z",
            "level": record.levelname.lower(),
            "event": str(record.msg),
        }
        return json.dumps(entry | known)


def log_to_stderr(level: str) -> None:
    """Log as JSON from now on, from `level` (debug, info, warning, error); others speak from `warning` on."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Lines())
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logging.getLogger("steadyreach").setLevel(level.upper())


def note(scope: Any, exchange: Exchange, metrics: Metrics) -> None:
    """Write down a request that was answered: its route as it is declared, never what was asked for in it."""
    about = _about(scope)
    metrics.note(about["route"], about["method"], exchange.status, exchange.seconds)
    if _LOG.isEnabledFor(logging.INFO):
        known = about | {"id": exchange.id, "status": exchange.status, "ms": round(1e3 * exchange.seconds, 1)}
        _LOG.info("request", extra={"known": known})


def note_trouble(scope: Any, reason: Exception) -> None:
    """Write down an error with where it happened, and without its message, which may hold anything."""
    _LOG.error("trouble", extra={"known": _about(scope) | _error(reason)})


def note_waiting() -> None:
    """Write down that what goes by its time waits until somebody looks, as /health says, too."""
    _LOG.warning("retention waits: enter steadyreach retention --what")


def _error(reason: BaseException) -> dict[str, Any]:
    places = [f"{frame.name} {frame.filename}:{frame.lineno}" for frame in traceback.extract_tb(reason.__traceback__)]
    return {"error": type(reason).__name__, "trace": places}


def _about(scope: Any) -> dict[str, Any]:
    device = scope["user"].id if getattr(scope.get("user"), "signing_key", None) else ""
    # A method is any word that a stranger sends.
    method = scope["method"] if scope["method"] in _METHODS else "other"
    return {"method": method, "route": scope.get("path_template", ""), "device": device}


_METHODS = frozenset({"", "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def _local(service: Service) -> Iterator[tuple[str, Path]]:
    """The parts of the server that lie on disks of this computer, and where."""
    url = service.store.engine.url
    if url.get_backend_name() == "sqlite" and url.database:
        yield "database", Path(url.database).parent
    if service.objects.folder is not None:
        yield "recordings", service.objects.folder


def _is_loopback(request: Request[Any, Any, State]) -> bool:
    try:
        return request.client is not None and ip_address(request.client.host).is_loopback
    except ValueError:
        return False
