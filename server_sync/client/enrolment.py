"""A computer's enrolment with a clinic: its keys, the secret that it shows, and for whom its folder is sealed.

The folder holds nothing secret: keys are kept elsewhere (engine.keys), and the token is sealed for them.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import msgspec
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from engine.keys import KeyMissing, Keys, MadeKey
from engine.sealing import RECIPIENTS, Recipient, Unopened, key_id, opened, sealed
from server_sync import wire
from server_sync.client.exchange import Credentials, Exchange
from server_sync.client.home import DEVICE, ENROLLING, STATUS, Device, Home, NotEnrolled, device_of, keep
from server_sync.client.patience import Later, Patience, Refused


class _Pending(msgspec.Struct, frozen=True):
    """The keys that an enrolment was begun with; asked again with them, a clinic knows the device."""

    server: str
    signing_key: str
    signing_public: bytes
    sealing_key: str
    sealing_public: bytes


class _Tokens(msgspec.Struct, frozen=True):
    """The token to show, and the one before it, which still holds where an answer came late."""

    tokens: tuple[str, ...]


wire.meet(_Pending, _Tokens, Device)


def enrol(
    home: Home,
    server: str,
    code: str,
    name: str,
    software: str,
    keys: Keys,
    patience: Patience,
    transport: httpx.BaseTransport | None = None,
    insecure_http: bool = False,
) -> Device:
    """Exchange a one-time code for a place at a clinic, and keep what is needed, whole or not at all.

    After a lost answer the same code works again. Keys of an enrolment before stay, for what was sealed for them.
    Without TLS only a server on this computer is spoken to, or where `insecure_http` allows it: whoever stands between
    could give a key of their own to seal for.

    Raises Refused, Later, engine.keys.KeysUnkept or OSError with one sentence.
    """
    server = _address(server, insecure_http)
    begun_before = (home.clinic / ENROLLING).exists()
    pending = _pending(home, server, keys)
    asked = wire.Enrolment(
        code=code,
        device=name,
        software=software,
        signing_key=pending.signing_public,
        sealing_key=pending.sealing_public,
    )
    try:
        with Exchange(server, patience, transport=transport) as exchange:
            given = exchange.ask("POST", wire.ENROL, wire.Enrolled, msgspec.msgpack.encode(asked))
    except Refused:
        if not begun_before:  # else an answer to it may have been lost, and the right code still works with its keys
            _leave_nothing(home)
        raise
    if len(given.sealing_key) != len(pending.sealing_public):
        raise Later(f"{server} gave no key to seal for; check the address")
    return _kept(home, pending, given, name)


def _kept(home: Home, pending: _Pending, given: wire.Enrolled, name: str) -> Device:
    """Keep a place at a clinic; what was there before holds until all of it is kept."""
    device = Device(
        server=pending.server,
        device=given.device,
        name=name,
        signing_key=pending.signing_key,
        sealing_key=pending.sealing_key,
        clinic_key=key_id(given.sealing_key),
        enrolled_at=datetime.now(UTC).isoformat(timespec="seconds"),
        **_settings(home),
    )
    own = Recipient(pending.sealing_key, pending.sealing_public)
    _keep_tokens(home, own, device, (given.token,))
    with _recipients_or_those_before(home):
        _keep_recipients(home, own, Recipient(device.clinic_key, given.sealing_key))
        keep_device(home, device)  # from here on it is enrolled
    for past in (ENROLLING, STATUS):  # how it stood was by the enrolment before
        (home.clinic / past).unlink(missing_ok=True)
    return device


def keep_device(home: Home, device: Device) -> None:
    """Write down what this computer is at its clinic; raises OSError."""
    keep(home.clinic / DEVICE, msgspec.json.format(msgspec.json.encode(device), indent=1) + b"\n")


def credentials_of(home: Home, device: Device, keys: Keys) -> Credentials:
    """What the device shows; raises NotEnrolled where its secrets are not to be had."""
    tokens = _tokens(home, device, keys)

    def sign(content: bytes) -> bytes:
        return keys.sign(device.signing_key, content)

    try:
        sign(b"")
    except KeyMissing as reason:
        raise NotEnrolled(str(reason)) from None
    return Credentials(tokens, sign)


def renew_token(home: Home, device: Device, keys: Keys, exchange: Exchange) -> None:
    """Take a new token; the one before is kept, too, as it holds until the new one was shown.

    Where there is no answer, or the disk does not take it, the present one stays in use.
    """
    with suppress(Later, OSError):
        shown = exchange.token
        token = exchange.ask("POST", wire.TOKEN, wire.Token).token
        private = X25519PrivateKey.from_private_bytes(keys.private(device.sealing_key) or b"")
        own = Recipient(device.sealing_key, private.public_key().public_bytes_raw())
        _keep_tokens(home, own, device, (token, shown))
        exchange.renew(credentials_of(home, device, keys))


def _address(server: str, insecure_http: bool) -> str:
    """A server's address as it is used from now on; raises Refused for what is none, or is not protected."""
    if why := _no_address(server):
        raise Refused(
            f"the address of the clinic's server {why}: it looks like https://clinic.example, or "
            "http://127.0.0.1:8765 on the computer of the server itself"
        )
    if not (insecure_http or _is_safe(server)):
        raise Refused(
            f"{server} is not protected: whoever stands between this computer and the clinic could read what is sent, "
            "and be taken for the clinic; name the address that begins with https://, or allow it with --insecure-http"
        )
    return server.rstrip("/")


def _no_address(server: str) -> str:
    """What is wrong with an address, "" where nothing is; a password in it is not said again."""
    if not server.isprintable() or " " in server:
        return "holds a blank"
    scheme, between, _ = server.partition("://")
    if not between:
        return "does not begin with https://"
    if scheme.lower() not in ("https", "http"):
        return f"begins with {scheme}://, and not with https://"
    try:
        parts = urlsplit(server)
        host, _ = parts.hostname, parts.port
    except ValueError as reason:
        return f"cannot be read ({reason})"
    if "@" in parts.netloc:
        return "holds a name or a password, which the code stands for"
    if "?" in server or "#" in server:
        return "holds ? or #, which belong to a page"
    return "" if host else "names no computer"


def _is_safe(server: str) -> bool:
    parts = urlsplit(server)
    if parts.scheme == "https":
        return True
    with suppress(ValueError):
        return ip_address(parts.hostname or "").is_loopback
    return parts.hostname == "localhost"


def _pending(home: Home, server: str, keys: Keys) -> _Pending:
    """The keys of an enrolment that was begun, or new ones."""
    path = home.clinic / ENROLLING
    with suppress(OSError, msgspec.DecodeError, UnicodeDecodeError):
        begun = msgspec.json.decode(path.read_bytes(), type=_Pending)
        if begun.server == server and keys.private(begun.sealing_key) is not None:
            return begun
    signing: MadeKey = keys.make_signing(home.client)
    sealing = keys.make(home.client)
    begun = _Pending(server, signing.key, signing.public, sealing.key, sealing.public)
    keep(path, msgspec.json.encode(begun))
    return begun


def _leave_nothing(home: Home) -> None:
    """Remove what was written for an enrolment that the clinic refused."""
    (home.clinic / ENROLLING).unlink(missing_ok=True)
    with suppress(OSError):  # it holds more: the computer is enrolled already
        home.clinic.rmdir()


def _tokens(home: Home, device: Device, keys: Keys) -> tuple[str, ...]:
    path = _tokens_path(home, device)
    try:
        known = msgspec.json.decode(opened(path.read_bytes(), keys), type=_Tokens)
    except (OSError, Unopened, msgspec.DecodeError, UnicodeDecodeError) as reason:
        raise NotEnrolled(
            f"{path} does not give this computer's token ({reason}): nothing is lost; ask the clinic for a code, and "
            "enrol it once more"
        ) from None
    return known.tokens


def _keep_tokens(home: Home, own: Recipient, device: Device, tokens: tuple[str, ...]) -> None:
    keep(_tokens_path(home, device), sealed(msgspec.json.encode(_Tokens(tokens)), [own]))


def _tokens_path(home: Home, device: Device) -> Path:
    """A file for each enrolment, so that the one before holds until the next is whole."""
    return home.clinic / f"tokens-{device.signing_key}.json"


def _keep_recipients(home: Home, *recipients: Recipient) -> None:
    """From now on sessions are sealed for these; also where they lie in a folder of their own."""
    listed = [{"key": each.key, "public": each.public} for each in recipients]
    content = msgspec.json.encode({"recipients": listed})
    for path in _lists(home):
        keep(path, content)


@contextmanager
def _recipients_or_those_before(home: Home) -> Iterator[None]:
    """Seal for whom it was before where the disk fails: recipients that the enrolment does not name stop all play."""
    before = {path: path.read_bytes() for path in _lists(home) if path.is_file()}
    try:
        yield
    except OSError:
        for path in _lists(home):
            with suppress(OSError):
                keep(path, before[path]) if path in before else path.unlink(missing_ok=True)
        raise


def _lists(home: Home) -> list[Path]:
    return [folder / RECIPIENTS for folder in dict.fromkeys((home.client, home.sessions))]


def _settings(home: Home) -> dict[str, float]:
    """What was chosen on this computer before, and holds on."""
    with suppress(NotEnrolled):
        return {"budget_gb": device_of(home).budget_gb}
    return {}
