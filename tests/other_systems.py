"""Other systems for tests: one that is let in, patients who agree to share with it, and what it asks."""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from fhir_fixtures import a_visit
from server_fixtures import SignedDevice, an_item, recorded

from server_sync import wire
from server_sync.clinic.consents import SELF, SHARE, Given, kind_of
from server_sync.clinic.patients import Person
from server_sync.clinic.service import Service
from server_sync.fhir.bundles import JSON
from server_sync.fhir.naming import CODES
from server_sync.fhir.smart import JWT_BEARER, Signer, assertion

HOSPITAL = Signer("hospital.example", ec.generate_private_key(ec.SECP384R1()))
BASE = "http://127.0.0.1/fhir"
ALL = "system/*.rs system/ServiceRequest.crs system/AuditEvent.rs"
MRN = "urn:example:mrn"


def jwks(*signers: Signer) -> bytes:
    return json.dumps({"keys": [who.jwk for who in signers]}).encode()


def let_in(service: Service, who: Signer = HOSPITAL, scopes: str = ALL, base: str = BASE) -> None:
    service.systems.add(who.client_id, base, jwks(who), scopes)


def share(service: Service, pseudonym: str, system_id: str = HOSPITAL.client_id, **words: str) -> str:
    """A patient who agrees to share their record with a system; gives their id."""
    service.patients.add(Person(pseudonym=pseudonym))
    patient_id = service.patients.id_of(pseudonym)
    service.patients.write(patient_id, Person(pseudonym=pseudonym, born="1980-02-28", **words))
    kind = f"{SHARE}{system_id}"
    service.consents.give("command", patient_id, kind, Given("Ada Byron", SELF, kind_of(kind).version))
    return patient_id


def end_sharing(service: Service, patient_id: str, system_id: str = HOSPITAL.client_id) -> None:
    kind = f"{SHARE}{system_id}"
    service.consents.withdraw("command", patient_id, kind, Given("Ada Byron", SELF, kind_of(kind).version))


def deliver(device: SignedDevice, pseudonym: str, seeds: Iterable[int], **changes: object) -> list[str]:
    """Have a device bring visits of a patient, with their recordings; gives the ids of the sessions."""
    names = []
    for seed in seeds:
        content = f"VREC {pseudonym} {seed}".encode()
        visit = recorded(a_visit(seed, id=f"{pseudonym}-{seed}", patient=pseudonym, **changes), content)
        device.upload(content)
        (receipt,) = device.deliver(an_item(visit, number=0)).receipts
        assert receipt.state == wire.CREATED, receipt
        names.append(visit.id)
    return names


def proof(who: Signer = HOSPITAL, now: datetime | None = None, base: str = BASE) -> str:
    return assertion(who, f"{base}/token", now or datetime.now(UTC))


def ask_token(client: Any, signed: str, scope: str = ALL, **form: str) -> Any:
    """Ask a server for a token."""
    asked = {
        "grant_type": "client_credentials", "scope": scope, "client_assertion_type": JWT_BEARER,
        "client_assertion": signed, **form,
    }  # fmt: skip
    return client.post("/fhir/token", data=asked)


class SystemClient:
    """Another system that has a token."""

    def __init__(self, client: Any, who: Signer = HOSPITAL, scope: str = ALL, now: datetime | None = None) -> None:
        """Get one."""
        self.client = client
        said = ask_token(client, proof(who, now), scope)
        assert said.status_code == 200, said.text
        self.headers = {"Authorization": f"Bearer {said.json()['access_token']}"}

    def get(self, path: str, **headers: str) -> Any:
        return self.client.get(path.removeprefix("http://127.0.0.1"), headers=self.headers | headers)

    def order(self, content: bytes, kind: str = JSON, **headers: str) -> Any:
        given = (
            self.headers | {"Content-Type": kind} | {name.replace("_", "-"): value for name, value in headers.items()}
        )
        return self.client.post("/fhir/ServiceRequest", content=content, headers=given)

    def all(self, search: str) -> list[dict[str, Any]]:
        """Every match of a search, page by page."""
        found, to = [], f"/fhir/{search}"
        while to:
            page = self.get(to).json()
            found += [one["resource"] for one in page.get("entry", ()) if one["search"]["mode"] == "match"]
            to = next((link["url"] for link in page["link"] if link["relation"] == "next"), "")
        return found


def an_order(patient: str = f"{MRN}|4711", number: str = "7", **changes: object) -> bytes:
    """A ServiceRequest for whom the other system calls so, with fields changed, or left out where they are None."""
    system, _, value = patient.rpartition("|")
    by: Mapping[str, Any] = {"identifier": {"system": system, "value": value} if system else {"value": value}}
    subject = {"reference": patient} if patient.startswith("Patient/") else by
    order: dict[str, Any] = {
        "resourceType": "ServiceRequest",
        "identifier": [{"system": "urn:example:orders", "value": number}],
        "status": "active",
        "intent": "order",
        "code": {"coding": [{"system": CODES, "code": "games.fruit_ladder"}], "text": "Shoulder"},
        "subject": subject,
        "occurrenceTiming": {
            "repeat": {"duration": 15, "durationUnit": "min", "frequency": 2, "period": 1, "periodUnit": "d",
                       "dayOfWeek": ["mon"]}
        },
        "requester": {"display": "Dr Okafor"},
    }  # fmt: skip
    return json.dumps({name: value for name, value in {**order, **changes}.items() if value is not None}).encode()
