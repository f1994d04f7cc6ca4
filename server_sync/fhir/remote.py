"""One question to another system's server over HTTPS, asked until it is answered or patience ends.

Nothing is sent to where a redirect points, and only JSON is an answer: a page with status 200 is a portal.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Protocol, TypeVar

import httpx
import msgspec

from server_sync.client.patience import Later, Patience, Refused, wish_s

LARGEST_ANSWER_BYTES = 16 * 1024 * 1024
FEW_TRIES = 3
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_AGAIN = frozenset({408, 409, 425, 429})

T = TypeVar("T")


class Answer(NamedTuple):
    """What a server said: `body` is empty where it said nothing more."""

    status: int
    headers: Mapping[str, str]
    body: Mapping[str, Any]

    @property
    def why(self) -> str:
        """Why it refused, as far as it says so, without what it may quote of a person."""
        codes = [str(issue.get("code", "")) for issue in _list(self.body.get("issue")) if isinstance(issue, dict)]
        said = ", ".join(filter(None, codes)) or str(self.body.get("error", ""))[:100]
        return f"status {self.status}" + (f": {said}" if said else "")

    @property
    def etag(self) -> str:
        """What names the version of the resource that was answered, for If-Match; "" where nothing does."""
        meta = self.body.get("meta")
        version = meta.get("versionId") if isinstance(meta, dict) else None
        return self.headers.get("ETag", "") or etag_of(version)

    def read(self, kind: type[T]) -> T:
        """The body as what it should be; raises Later where it is not, as a portal or a proxy may answer anything."""
        try:
            return msgspec.convert(self.body, kind)
        except msgspec.ValidationError as reason:
            raise Later(f"this is no answer of a FHIR server ({self.why}): {reason}", tries=FEW_TRIES) from None


class Tokens(Protocol):
    """Where access tokens come from."""

    def token(self) -> str:
        """A token that holds."""

    def forget(self) -> None:
        """Ask for another one next time."""


def checked(url: str) -> str:
    """An address that personal data may be sent to: HTTPS, or this computer; raises Refused."""
    try:
        parts = httpx.URL(url)
    except httpx.InvalidURL as reason:
        raise Refused(f"{url!r} is no address: {reason}") from None
    if parts.scheme == "https" or (parts.scheme == "http" and parts.host in _LOOPBACK):
        return url.rstrip("/")
    raise Refused(f"{url!r} must begin with https://, because what is sent is about people")


class Remote:
    """Another system's server at an address; `tokens` says who we are, None where nobody asks."""

    def __init__(
        self, base: str, http: httpx.Client, patience: Patience | None = None, tokens: Tokens | None = None
    ) -> None:
        """Speak to `base`; raises Refused where that is no address for personal data."""
        self.base, self._http, self._tokens = checked(base), http, tokens
        self._patience = patience or Patience()

    def ask(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        kind: str = "application/fhir+json",
        if_match: str = "",
        before: Callable[[], None] = lambda: None,
    ) -> Answer:
        """What the server says to a question; raises Later or Refused where that is no answer.

        An answer may be a refusal of what was asked: statuses 400 to 499 are the asker's to read, but those that say
        who may ask, and those that say to ask again. `if_match` names the version that may be written over, "" for
        any; `before` is called each time before anything is sent, and may raise.
        """

        def once() -> Answer:
            before()
            return self._once(method, path, body, {"Content-Type": kind} if body else {}, if_match)

        return self._patience.keep_trying(once)

    def _once(self, method: str, path: str, body: bytes, about: Mapping[str, str], if_match: str) -> Answer:
        headers = {"Accept": "application/fhir+json, application/json;q=0.9", **about}
        if if_match:
            headers["If-Match"] = if_match
        if self._tokens is not None:
            headers["Authorization"] = f"Bearer {self._tokens.token()}"
        said, content = self._exchanged(method, f"{self.base}/{path}".rstrip("/"), body, headers)
        return self._read(said, content)

    def _exchanged(
        self, method: str, url: str, body: bytes, headers: Mapping[str, str]
    ) -> tuple[httpx.Response, bytes]:
        try:
            with self._http.stream(method, url, content=body, headers=headers, follow_redirects=False) as said:
                parts, size = [], 0
                for part in said.iter_bytes():
                    parts.append(part)
                    size += len(part)
                    if size > LARGEST_ANSWER_BYTES:
                        raise Later(f"{self.base} answers without an end; check the address", tries=FEW_TRIES)
                return said, b"".join(parts)
        except (httpx.HTTPError, httpx.InvalidURL) as reason:
            raise Later(f"{self.base} cannot be reached ({type(reason).__name__}); nothing is lost") from None

    def _read(self, said: httpx.Response, content: bytes) -> Answer:
        status = said.status_code
        if 300 <= status < 400:
            raise Refused(f"{self.base} points elsewhere (status {status}), where nothing is sent; check the address")
        answer = Answer(status, said.headers, self._json(said, content))
        if status == 401 and self._tokens is not None:
            self._tokens.forget()
            raise Later(f"{self.base} does not know us any more ({answer.why})", status=status, tries=FEW_TRIES)
        if status in (401, 403):
            raise Refused(f"{self.base} does not let us do this ({answer.why}): ask who runs it for the right to")
        if status in _AGAIN or status >= 500:
            tries = FEW_TRIES if status in (409, 500) else 0
            raise Later(f"{self.base} cannot take it now ({answer.why})", wish_s(said.headers), status, tries)
        return answer

    def _json(self, said: httpx.Response, content: bytes) -> Mapping[str, Any]:
        """The body as JSON; of a refusal it may be anything else, of what was done it may be missing."""
        if not content and said.status_code in (200, 201, 204):
            return {}
        kind = said.headers.get("content-type", "").partition(";")[0].strip().lower()
        try:
            body = msgspec.json.decode(content) if kind.endswith("json") else None
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            body = None
        if isinstance(body, dict):
            return body
        if said.status_code < 400:
            why = f"{self.base} does not answer like a FHIR server (status {said.status_code}, {kind or 'no type'})"
            raise Later(f"{why}; check the address", tries=FEW_TRIES)
        return {}


def etag_of(version: object) -> str:
    """The ETag of a version of a resource (R4, RESTful API, 3.1.0.5); "" where its id is not known."""
    return f'W/"{version}"' if isinstance(version, str) and version else ""


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
