"""Whatever is asked of any address that the server describes, it is never the server that fails."""

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from routes import a_web
from server_fixtures import SignedDevice, a_service

from server_sync import wire
from server_sync.web import access
from server_sync.web.rates import Rates

schemathesis = pytest.importorskip("schemathesis", reason="schemathesis is not installed: pip install steadyreach[dev]")

QUICK = settings(max_examples=8, phases=[Phase.generate], suppress_health_check=list(HealthCheck), deadline=None)
BODIES = st.binary(max_size=200) | st.recursive(
    st.none() | st.booleans() | st.integers(-(2**40), 2**60) | st.text(max_size=20) | st.binary(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["v", "items", "lost", "id", "number"]), inner)
    ),
    max_leaves=8,
).map(msgspec.msgpack.encode)
NUMBERS = st.sampled_from(["", "0", "1", "-1", "99999999999999", "1e3", "x"])


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Any, SignedDevice]]:
    """The web of an empty clinic, with a therapist who has logged in and a device that may ask as often as it likes."""
    with a_service(tmp_path_factory.mktemp("clinic")) as service, a_web(service) as client:
        client.app.state.rates = {kind: Rates(1e9, 1.0) for kind in client.app.state.rates}
        account = service.accounts.log_in("maja", service.accounts.add("maja", "Maja"), "test")
        client.cookies.set(access.COOKIE, account)
        yield client, SignedDevice(client).enrol(service)


def test_no_address_makes_the_server_fail(server: tuple[Any, SignedDevice]) -> None:
    client, device = server
    schema = schemathesis.openapi.from_dict(client.get("/openapi.json").json())
    asked = list[str]()
    for operation in (result.ok() for result in schema.get_all_operations()):
        asked.append(operation.label)
        QUICK(given(case=operation.as_strategy(), data=st.data())(lambda case, data: _ask(device, case, data)))()
    assert len(asked) == len(set(asked)) > 20


def _ask(device: SignedDevice, case: Any, data: st.DataObject) -> None:
    method, address = case.method, case.formatted_path
    body = data.draw(BODIES) if method in ("POST", "PUT", "PATCH") else b""
    given = {
        "Content-Type": data.draw(st.sampled_from([wire.PARTIAL_UPLOAD, wire.MSGPACK, "application/json"])),
        "Content-Encoding": data.draw(st.sampled_from(["", "zstd"])),
        wire.UPLOAD_OFFSET: data.draw(NUMBERS),
        wire.UPLOAD_LENGTH: data.draw(NUMBERS),
        "Repr-Digest": wire.content_digest(b"a recording"),
    }
    request = device.client.build_request(method, address)
    headers = device.headers(method, request.url.raw_path.decode(), body, given)
    answer = device.client.request(method, address, content=body, headers=headers)
    assert answer.status_code < 500, f"{method} {address}"
