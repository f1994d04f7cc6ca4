"""From where a server is reached, and that nothing passes in the clear between computers."""

import ssl
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path

LOOPBACK = {"127.0.0.1": "127.0.0.1", "::1": "[::1]", "localhost": "localhost"}


class CannotServe(Exception):
    """The server cannot start; the message says why and what to do about it."""


@dataclass(frozen=True)
class Reach:
    """What protects requests from other computers: a certificate with its key (PEM), or a relay that ends TLS.

    `proxies` are the addresses, or networks, of relays that are believed about where a request came from.
    """

    certificate: Path | None = None
    private_key: Path | None = None
    behind_proxy: bool = False
    proxies: tuple[str, ...] = ("127.0.0.1",)

    @property
    def scheme(self) -> str:
        """How this server itself is spoken to."""
        return "https" if self.certificate else "http"

    @property
    def https(self) -> bool:
        """Whether browsers and devices speak TLS, with this server or with the relay before it."""
        return self.behind_proxy or self.certificate is not None

    def from_elsewhere(self, host: str) -> bool:
        """Whether requests come from other computers, where it listens on this address."""
        return self.behind_proxy or host not in LOOPBACK

    def check(self, host: str) -> None:
        """Raise CannotServe for what cannot work, or is not protected."""
        if (self.certificate is None) != (self.private_key is None):
            raise CannotServe("--certificate and --private-key belong together: give both, as PEM files")
        if self.from_elsewhere(host) and not self.https:
            raise CannotServe(
                f"--host {host} is reached from other computers, and passwords would pass in the clear: give "
                "--certificate FILE and --private-key FILE, or --behind-proxy where a relay before this server ends TLS"
            )
        if self.certificate is not None:
            _check_certificate(self.certificate, self.private_key)
        for proxy in self.proxies:
            _check_proxy(proxy)


UNPROTECTED = Reach()
"""What is enough for a server that is reached from its own computer alone."""


def _check_certificate(certificate: Path, private_key: Path | None) -> None:
    for path in filter(None, (certificate, private_key)):
        if not path.is_file():
            raise CannotServe(f"there is no file {path} (--certificate and --private-key name PEM files)")
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, private_key, password="")
    except (OSError, ValueError) as reason:
        why = getattr(reason, "reason", None) or reason
        raise CannotServe(
            f"--certificate {certificate} and --private-key {private_key} cannot be used ({why}): they must be PEM "
            "files that belong together, the key without a password"
        ) from None


def _check_proxy(proxy: str) -> None:
    try:
        ip_network(proxy, strict=False)
    except ValueError:
        raise CannotServe(
            f"--proxy {proxy} must be an IP address or a network, such as 10.0.0.7 or 10.0.0.0/24"
        ) from None
