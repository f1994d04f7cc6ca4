"""Prescriptions for tests: a clinic's web in this process, devices that ask it, and what is written for a patient."""

from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import msgspec
from routes import Client
from server_fixtures import SignedDevice

from engine.keys import Keys
from engine.prescription import Draft, Practice, Prescription, content_of
from engine.records import Precaution
from engine.sealing import RECIPIENTS
from server_sync.client.exchange import Credentials, Exchange
from server_sync.client.home import DEVICE, Device, Home, device_of, home_of, keep
from server_sync.client.patience import Patience

KNEE = Precaution("lean_forward", 4.0, "deg", "a new knee", "Dr Okafor", "2027-01-15")
ARM = Precaution("shoulder_elevation_left", 90.0, "deg", "cuff repair", "Dr Okafor")


def a_draft(**changes: Any) -> Draft:
    values: dict[str, Any] = {
        "preset": "balance",
        "plan": {"limits": {"lean_back": {"ceiling": 2.0}}},
        "precautions": (KNEE,),
        "programme": (Practice(games=("fruit_ladder",), days=("mon", "thu"), minutes=10),),
        "goal": "to stand at the sink",
    }
    return Draft(**{**values, **changes})


def a_version(version: int = 1, patient: str = "ada", **changes: Any) -> Prescription:
    draft = a_draft(**{name: changes.pop(name) for name in list(changes) if name in Draft.__struct_fields__})
    fields = {name: getattr(draft, name) for name in Draft.__struct_fields__}
    more = {"author": "Maja", "written_at": f"2026-03-0{version}T09:00:00+00:00", **changes}
    return Prescription(**fields, patient=patient, version=version, **more)


class Web(httpx.BaseTransport):
    """The way to a web in this process."""

    def __init__(self, client: Client) -> None:
        self.client = client

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        headers = {name: value for name, value in request.headers.items() if name != "host"}
        said = self.client.request(
            request.method, request.url.raw_path.decode(), content=request.read(), headers=headers
        )
        return httpx.Response(said.status_code, headers=said.headers, stream=httpx.ByteStream(said.content))


def a_home(folder: Path, clinic: str = "0123456789abcdef", enrolled_at: str = "") -> Home:
    """A computer that is enrolled, as far as its folder shows it."""
    home = home_of(folder)
    if not (home.client / RECIPIENTS).exists():
        made = Keys().make()
        listed = {"recipients": [{"key": made.key, "public": made.public}]}
        keep(home.client / RECIPIENTS, msgspec.json.encode(listed))
    (own,) = msgspec.json.decode((home.client / RECIPIENTS).read_bytes())["recipients"]
    known = Device("http://127.0.0.1", "d", "headset", "", own["key"], clinic, enrolled_at)
    keep(home.clinic / DEVICE, msgspec.json.encode(known))
    return home


def folder_of(home: Home, patient: str = "ada") -> Path:
    """Where a computer keeps what its clinic prescribed for a patient."""
    return home.clinic / "prescriptions" / device_of(home).clinic_key / sha256(patient.encode()).hexdigest()[:16]


def an_exchange(device: SignedDevice, way: httpx.BaseTransport, seconds: float = 0.0) -> Exchange:
    credentials = Credentials((device.token,), device._signing.sign)
    return Exchange("http://127.0.0.1", Patience(seconds, sleep=lambda _: None), credentials, way)


def put_away(home: Home, *versions: Prescription) -> None:
    """Have versions on a computer, as a sync leaves them."""
    from server_sync.client.prescriptions import Shelf

    for version in versions:
        Shelf(home).add(version.patient, content_of(version))
