"""Between computers nothing passes in the clear: certificates, relays that end TLS, and what is refused without."""

import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest
from commands import entered
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat
from server_fixtures import ROOT, Clinic, a_clinic

from server_sync.clinic.invitations import WRONG_CODES
from server_sync.web.reach import CannotServe, Reach


class Files(NamedTuple):
    """A certificate authority of our own, and a certificate that it gave to 127.0.0.1, with its key."""

    authority: Path
    certificate: Path
    private_key: Path
    locked_key: Path


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    folder = tmp_path_factory.mktemp("certificates")
    made = Files(*(folder / f"{name}.pem" for name in Files._fields))
    root_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    root = _named("A clinic's own authority"), root_key
    made.authority.write_bytes(_signed(root, *root, x509.BasicConstraints(ca=True, path_length=0)))
    made.certificate.write_bytes(
        _signed(root, _named("clinic"), key, x509.BasicConstraints(ca=False, path_length=None))
    )
    for path, locked in ((made.private_key, NoEncryption()), (made.locked_key, BestAvailableEncryption(b"secret"))):
        path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, locked))
    return made


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])


def _signed(
    by: tuple[x509.Name, ec.EllipticCurvePrivateKey],
    name: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    constraints: x509.BasicConstraints,
) -> bytes:
    now, (issuer, issuers_key) = datetime.now(UTC), by
    here = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    usage = x509.KeyUsage(*(True, False, False, False, False), constraints.ca, constraints.ca, *(False, False))
    builder = x509.CertificateBuilder(issuer, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(hours=1)).not_valid_after(now + timedelta(hours=1))
    builder = builder.add_extension(constraints, critical=True).add_extension(usage, critical=True)
    for identifier in (
        x509.SubjectKeyIdentifier.from_public_key(key.public_key()),
        x509.AuthorityKeyIdentifier.from_issuer_public_key(issuers_key.public_key()),
        here,
    ):
        builder = builder.add_extension(identifier, critical=False)
    return builder.sign(issuers_key, hashes.SHA256()).public_bytes(Encoding.PEM)


@pytest.fixture(scope="module")
def protected(tmp_path_factory: pytest.TempPathFactory, files: Files) -> Iterator[Clinic]:
    """A server with a certificate of its own."""
    arguments = ["--certificate", str(files.certificate), "--private-key", str(files.private_key)]
    with a_clinic(tmp_path_factory.mktemp("clinic"), arguments=arguments) as running:
        yield running


@pytest.fixture(scope="module")
def relayed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clinic]:
    """A server behind a relay on this computer."""
    with a_clinic(tmp_path_factory.mktemp("clinic"), arguments=["--behind-proxy"]) as running:
        yield running


def trusting(files: Files) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(files.authority))


def test_a_server_with_a_certificate_speaks_tls_alone(protected: Clinic, files: Files) -> None:
    assert protected.url.startswith("https://127.0.0.1:")
    answer = httpx.get(f"{protected.url}/login", verify=trusting(files))
    assert answer.status_code == 200
    assert "strict-transport-security" in answer.headers
    assert answer.headers["set-cookie"].startswith("__Host-steadyreach-form=")
    with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
        httpx.get(f"{protected.url}/login")
    with pytest.raises(httpx.TransportError):
        httpx.get(f"{protected.url}/login".replace("https", "http"))


@pytest.mark.parametrize(
    ("version", "good"),
    [(ssl.TLSVersion.TLSv1_1, False), (ssl.TLSVersion.TLSv1_2, True), (ssl.TLSVersion.TLSv1_3, True)],
)
@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated")
def test_nothing_older_than_tls_1_2_is_spoken(
    protected: Clinic, files: Files, version: ssl.TLSVersion, good: bool
) -> None:
    context = trusting(files)
    context.set_ciphers("ALL:@SECLEVEL=0")  # so that this side could speak what is old
    context.minimum_version = context.maximum_version = version
    if good:
        assert httpx.get(f"{protected.url}/health", verify=context).status_code == 200
        return
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{protected.url}/health", verify=context)


def test_a_device_enrols_where_the_certificate_holds_and_nowhere_else(
    protected: Clinic, files: Files, tmp_path: Path
) -> None:
    code = entered(["enrol", "--folder", protected.folder], ROOT).out.strip()
    words = ["enrol", code, "--server", protected.url, "--folder", tmp_path / "sessions", "--patience", "1"]
    environment = {"HOME": str(tmp_path), "STEADYREACH_KEYS": str(tmp_path / "keys")}
    refused = entered(words, ROOT, **environment)
    assert refused.code == 1
    assert "its certificate does not hold" in refused.err
    done = entered(words, ROOT, **environment, SSL_CERT_FILE=str(files.authority))
    assert (done.code, "enrolled at https://127.0.0.1" in done.out) == (0, True), done.err


# Behind a relay


def relay_says(proto: str, address: str = "203.0.113.9") -> dict[str, str]:
    """The headers that a relay adds."""
    return {"X-Forwarded-Proto": proto, "X-Forwarded-For": address, "Host": "clinic.example"}


def test_behind_a_relay_only_what_came_over_tls_is_answered(relayed: Clinic) -> None:
    assert httpx.get(f"{relayed.url}/login").status_code == 400
    assert httpx.get(f"{relayed.url}/login", headers=relay_says("http")).status_code == 400
    answer = httpx.get(f"{relayed.url}/login", headers=relay_says("https"))
    assert answer.status_code == 200
    assert answer.headers["set-cookie"].startswith("__Host-steadyreach-form=")
    assert "strict-transport-security" in answer.headers


def guesses(url: str, headers: dict[str, str], tries: int) -> list[int]:
    """Try invitation codes, and give the statuses."""
    page = httpx.get(f"{url}/invitation", headers=headers)
    cookie, token = page.headers["set-cookie"].partition(";")[0], re.search(r'_csrf_token" value="([^"]+)', page.text)
    form = {"code": "00000-00000", "new": "x", "again": "x", "_csrf_token": token[1] if token else ""}
    said = {**headers, "Cookie": cookie}
    return [httpx.post(f"{url}/invitation", data=form, headers=said).status_code for _ in range(tries)]


def test_the_brake_goes_by_the_address_that_the_relay_tells(relayed: Clinic) -> None:
    assert guesses(relayed.url, relay_says("https"), WRONG_CODES + 1)[-2:] == [422, 429]
    assert guesses(relayed.url, relay_says("https", "203.0.113.10"), 1) == [422]


def test_a_relay_that_was_not_named_is_not_believed(tmp_path: Path) -> None:
    with a_clinic(tmp_path, arguments=["--behind-proxy", "--proxy", "10.0.0.7"]) as clinic:
        assert httpx.get(f"{clinic.url}/login", headers=relay_says("https")).status_code == 400


def test_without_a_relay_nobody_chooses_the_address_they_come_from(clinic: Clinic) -> None:
    headers = [{"X-Forwarded-For": f"203.0.113.{number}"} for number in range(WRONG_CODES + 1)]
    statuses = [status for each in headers for status in guesses(clinic.url, each, 1)]
    assert statuses == [422] * WRONG_CODES + [429]


# What is refused at the start


@contextmanager
def refused(words: str) -> Iterator[None]:
    with pytest.raises(CannotServe, match=words):
        yield


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "clinic.example"])
def test_a_server_for_other_computers_does_not_start_without_tls(host: str, files: Files) -> None:
    with refused(f"--host {host} is reached from other computers.*--certificate FILE and --private-key FILE"):
        Reach().check(host)
    Reach(files.certificate, files.private_key).check(host)
    Reach(behind_proxy=True).check(host)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
def test_on_this_computer_alone_nothing_is_asked(host: str) -> None:
    reach = Reach()
    reach.check(host)
    assert (reach.https, reach.from_elsewhere(host)) == (False, False)
    assert Reach(behind_proxy=True).from_elsewhere(host)


def test_certificates_that_cannot_be_used_are_said_before_the_start(files: Files, tmp_path: Path) -> None:
    other = tmp_path / "other.pem"
    other.write_bytes(
        ec.generate_private_key(ec.SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    for certificate, key, words in (
        (files.certificate, None, "belong together"),
        (None, files.private_key, "belong together"),
        (files.certificate, tmp_path / "none.pem", "there is no file"),
        (files.certificate, other, "belong together"),
        (files.certificate, files.locked_key, "the key without a password"),
        (other, files.private_key, "must be PEM files"),
    ):
        with refused(words):
            Reach(certificate, key).check("127.0.0.1")


@pytest.mark.parametrize("proxy", ["*", "", "relay.example", "10.0.0.300"])
def test_a_relay_is_named_by_its_address(proxy: str) -> None:
    with refused("must be an IP address or a network"):
        Reach(behind_proxy=True, proxies=(proxy,)).check("127.0.0.1")
    Reach(behind_proxy=True, proxies=("10.0.0.0/24", "::1")).check("127.0.0.1")


def test_the_command_says_what_to_do(tmp_path: Path) -> None:
    done = entered(["serve", "--folder", tmp_path / "clinic", "--host", "0.0.0.0"], ROOT)
    assert (done.code, "--behind-proxy where a relay" in done.err) == (1, True)
    assert not (tmp_path / "clinic").exists()
