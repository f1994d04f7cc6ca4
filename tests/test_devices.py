"""Devices at the clinic: one-time codes, tokens that change, and what a revoked one may still do."""

import msgspec
import pytest
from server_fixtures import Clock, SignedDevice

from engine.sealing import key_id
from server_sync import wire
from server_sync.clinic import devices
from server_sync.clinic.codes import as_typed
from server_sync.clinic.devices import CodeRefused, KeyRefused, UnknownDevice
from server_sync.clinic.service import Service
from server_sync.wire import sha256


def test_a_code_makes_one_device_for_its_patients(service: Service) -> None:
    code, device = service.devices.new_code(("p-milo", "p-rosa")), SignedDevice(None)
    enrolled = service.devices.enrol(device.enrolment(code))
    known = service.devices.who(enrolled.token)
    assert known
    assert (known.id, service.patients.pseudonyms(known.patients)) == (enrolled.device, ("p-milo", "p-rosa"))
    with pytest.raises(CodeRefused):
        service.devices.enrol(SignedDevice(None).enrolment(code, "another"))


def test_a_device_whose_answer_was_lost_asks_again_and_is_still_one(service: Service, clock: Clock) -> None:
    code, device = service.devices.new_code(), SignedDevice(None)
    lost = service.devices.enrol(device.enrolment(code))
    clock.move(minutes=14)
    again = [service.devices.enrol(device.enrolment(code)) for _ in range(devices.TRIES + 1)][-1]
    assert again.device == lost.device
    assert service.devices.who(again.token)
    assert service.devices.who(lost.token) is None
    clock.move(minutes=1)
    with pytest.raises(CodeRefused):
        service.devices.enrol(device.enrolment(code))


def test_a_revoked_device_does_not_come_back_with_its_code(service: Service) -> None:
    code, device = service.devices.new_code(), SignedDevice(None)
    service.devices.revoke(service.devices.enrol(device.enrolment(code)).device)
    with pytest.raises(CodeRefused):
        service.devices.enrol(device.enrolment(code))


def test_a_code_is_too_old_after_fifteen_minutes(service: Service, clock: Clock) -> None:
    code = service.devices.new_code()
    clock.move(minutes=15)
    with pytest.raises(CodeRefused):
        service.devices.enrol(SignedDevice(None).enrolment(code))


def test_a_code_is_spent_after_five_wrong_tries(service: Service) -> None:
    code, device = service.devices.new_code(), SignedDevice(None)
    wrong = code[:6] + ("00000" if code[6:] != "00000" else "11111")
    for _ in range(devices.TRIES):
        with pytest.raises(CodeRefused):
            service.devices.enrol(device.enrolment(wrong))
    with pytest.raises(CodeRefused):
        service.devices.enrol(device.enrolment(code))


def test_a_code_may_be_misread() -> None:
    assert as_typed("o1kq4-lixd7 ") == "01KQ411XD7"


def test_a_key_that_is_none_is_refused_and_costs_no_code(service: Service) -> None:
    code, device = service.devices.new_code(), SignedDevice(None)
    with pytest.raises(KeyRefused, match="5 bytes"):
        service.devices.enrol(msgspec.structs.replace(device.enrolment(code), signing_key=b"short"))
    assert service.devices.enrol(device.enrolment(code)).token


@pytest.mark.parametrize("name", ["", "two words", "a/b", "x" * 65, "..", "milo\u200b", "\u202eolim", "100%"])
def test_a_code_for_what_is_no_pseudonym_is_not_made(service: Service, name: str) -> None:
    with pytest.raises(ValueError, match="cannot be a pseudonym"):
        service.devices.new_code((name,))


def test_both_tokens_work_until_the_new_one_is_shown(service: Service) -> None:
    device = SignedDevice(None).enrol(service)
    new = service.devices.rotate(device.id)
    assert service.devices.rotate(device.id) == new  # also for who asks again because an answer was lost
    assert service.devices.who(device.token)
    shown = service.devices.who(new)
    assert shown is not None
    assert shown.token_is_new
    assert service.devices.who(device.token)
    service.devices.settle(new)
    assert service.devices.who(device.token) is None
    assert service.devices.rotate(device.id) != new


def test_a_token_is_to_be_changed_a_month_after_it_was_first_shown(service: Service, clock: Clock) -> None:
    device = SignedDevice(None).enrol(service)
    assert service.archive.state(device.id).token_until == "2026-12-20T09:00:00+00:00"
    clock.move(days=29)
    service.devices.settle(service.devices.rotate(device.id))
    assert service.archive.state(device.id).token_until == "2027-01-18T09:00:00+00:00"


def test_a_revoked_device_delivers_nothing_more_and_stays_on_the_list(service: Service) -> None:
    device = SignedDevice(None).enrol(service)
    pending = service.devices.rotate(device.id)
    service.devices.revoke(device.id)
    assert service.devices.who(device.token) is None
    assert service.devices.who(pending) is None
    assert [line.revoked_at is not None for line in service.devices.listed()] == [True]
    with pytest.raises(UnknownDevice, match="there is no device 'none'"):
        service.devices.revoke("none")


def test_all_devices_seal_for_one_key_of_the_clinic(service: Service) -> None:
    keys = {service.devices.enrol(SignedDevice(None).enrolment(service.devices.new_code())).sealing_key for _ in "ab"}
    (public,) = keys
    assert service.keys().private(key_id(public)) is not None
    assert service.keys().private("0" * 16) is None


def test_a_signature_is_over_what_a_body_is_and_which_recording_it_names() -> None:
    told = {"Content-Type": wire.MSGPACK, wire.REPR_DIGEST: "sha-256=:x:"}
    assert len({wire.to_sign("POST", wire.UPLOADS, {name: told[name]}) for name in told} | {b""}) == 3
    assert wire.to_sign("POST", wire.UPLOADS, told) != wire.to_sign("POST", wire.UPLOADS, {})


def test_a_code_that_is_wrong_is_a_row_of_the_audit_and_none_is_guessed_from_the_database(service: Service) -> None:
    code = service.devices.new_code()
    with pytest.raises(CodeRefused):
        service.devices.enrol(SignedDevice(None).enrolment("00000-00000"))
    assert next((row.actor, row.action) for row in service.audit.listed()) == ("stranger", "fail to enrol")
    with service.store.reading() as db:
        kept = db.exec_driver_sql("SELECT secret_sha256 FROM enrolment_code").scalar_one()
    assert kept not in (sha256(as_typed(code).encode()), sha256(as_typed(code)[5:].encode()))
