"""Records brought to other FHIR servers, of those patients who agreed to just that, and how far that has come."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from types import TracebackType
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from sqlalchemy import delete, func, insert, select, update

from server_sync.client.patience import Later, Patience, Refused
from server_sync.clinic import tables
from server_sync.clinic.audit import COMMAND
from server_sync.clinic.fhir_ledger import SentLedger
from server_sync.clinic.fhir_records import SENDING, TELLING_THE_END, FhirRecords
from server_sync.clinic.jobs import FAILED, POSTPONED, RUNNING, Hopeless, Jobs, Postponed, Work, Writing
from server_sync.clinic.keys import Shredded
from server_sync.clinic.patients import Unknown
from server_sync.clinic.service import Service
from server_sync.clinic.systems import NAME
from server_sync.clinic.tables import Job, Sent
from server_sync.fhir.push import push
from server_sync.fhir.pushing import Pushed, Withdrawn, digest
from server_sync.fhir.remote import Remote, checked
from server_sync.fhir.resources import Resource
from server_sync.fhir.smart import Signer, reaching, signer

PUSHING = "fhir push"
"""The kind of jobs that bring a record to a target; their keys are the target, the patient, and how the record is."""
AGAIN_S = 300.0
"""How long a target that takes nothing now is left alone, where it does not wish for longer."""


class TargetRefused(ValueError):
    """A target that cannot be known like that; the message says why."""


class Unfinished(RuntimeError):
    """Some of a record did not arrive, and may the next time."""


class Target(NamedTuple):
    """Another FHIR server: the system that consents name, its address, and how it knows us; see `tables.Target`."""

    id: str
    url: str
    client_id: str
    token_url: str
    scope: str


class Doubt(NamedTuple):
    """A resource that is not as it should be at a target, whose it is, and why somebody has to look."""

    resource: str
    patient_id: str
    why: str


class Standing(NamedTuple):
    """Where we stand with an address: how many resources it has, what is not sure, and how its jobs are.

    `system` is "" for one that records are not brought to any more; `agreed` counts who agreed to it.
    """

    url: str
    system: str
    agreed: int
    there: int
    doubts: tuple[Doubt, ...]
    jobs: Mapping[str, int]
    errors: tuple[str, ...]


class Pushes:
    """What one clinic brings to others; a context manager, after which nothing is connected any more."""

    def __init__(self, service: Service, patience_s: float = 30.0) -> None:
        """Bring records of this clinic, and wait so long for a server that takes nothing."""
        self._service, self._records, self._patience_s = service, FhirRecords(service), patience_s
        self._remotes, self._opened = dict[Target, Remote](), ExitStack()

    def __enter__(self) -> "Pushes":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._opened.close()

    def reach(self, target: Target, who: Signer | None) -> None:
        """Connect to a target as somebody who is not kept; raises Later and Refused."""
        asked = reaching(target.url, who, target.token_url, target.scope, Patience(self._patience_s))
        self._remotes[target] = self._opened.enter_context(asked)

    def keep(self, target: Target, pem: bytes, by: str = COMMAND) -> None:
        """Have what is new brought to a target from now on, in place of what the system had before."""
        self._service.keychain.change(_key(target.id), lambda _: pem.decode())
        values = target._asdict() | {"created_at": self._service.now()}
        with self._service.store.writing() as db:
            db.execute(delete(tables.Target).where(tables.Target.id == target.id))
            db.execute(insert(tables.Target).values(**values))
            self._service.audit.append(db, by, "add a target", thing=target.id)

    def end(self, system_id: str, by: str = COMMAND) -> None:
        """Bring nothing more to a target, and forget the key for it; raises TargetRefused where there is none."""
        with self._service.store.writing() as db:
            if not db.execute(delete(tables.Target).where(tables.Target.id == system_id)).rowcount:
                raise TargetRefused(f"nothing is brought to a system {system_id!r}")
            db.execute(delete(Job).where(Job.kind == PUSHING, Job.key.startswith(f"{system_id} ")))
            self._service.audit.append(db, by, "end a target", thing=system_id)
        self._service.keychain.change(_key(system_id), lambda _: "")

    def targets(self) -> list[Target]:
        """Where what is new is brought."""
        table = tables.Target
        columns = table.id, table.url, table.client_id, table.token_url, table.scope
        found: Sequence[Any] = self._service.store.look(select(*columns).order_by(table.id))
        return [Target(*row) for row in found]

    def push(self, target: Target, patient_id: str) -> Pushed | None:
        """Bring what is not there yet of a patient; None for who did not agree. Raises Later and Refused.

        It ends the moment that they withdraw it, also in the middle; the end of their consent is all that is sent then.
        """
        service, ledger = self._service, self._ledger(target, patient_id)

        def may() -> bool:
            return service.links.holds(patient_id, target.id)

        with ledger.alone():  # who read the record before another one brought a newer one would set it back
            with suppress(Withdrawn, Shredded, Unknown):
                if may():
                    service.audit.note(COMMAND, SENDING, patient_id, target.id)
                    return push(self._remote(target), ledger, self._records.whole(patient_id, target.id), may)
            ended = self._ended(target, patient_id)
            if not ended:
                return None
            service.audit.note(COMMAND, TELLING_THE_END, patient_id, target.id)
            return push(self._remote(target), ledger, ended)

    def whom(self, target: Target) -> list[str]:
        """Of whom something may be sent to a target: who agreed, and who did before, until its end is told."""
        agreed = list(self._service.links.of(target.id))
        sent = select(Sent.patient_id).distinct().where(Sent.target == target.url).order_by(Sent.patient_id)
        before = (row.patient_id for row in self._service.store.look(sent))
        return agreed + [each for each in before if each not in agreed and self._ended(target, each)]

    def look_again(self, url: str) -> int:
        """Have what is in doubt at an address sent again, after somebody looked; gives how much that is.

        Where it was in doubt who somebody is there, that is all of theirs, in its place: it may refer to another now.
        """
        doubted = Sent.target == url, Sent.doubt != ""
        whose = select(Sent.patient_id).where(*doubted, Sent.resource.startswith("Patient/"))
        with self._service.store.writing() as db:
            db.execute(update(Sent).where(Sent.target == url, Sent.patient_id.in_(whose)).values(sha256=""))
            return db.execute(delete(Sent).where(*doubted)).rowcount

    def add(self, jobs: Jobs) -> None:
        """Have every record that is another one since be brought: one job for each target and patient."""
        for target in self.targets():
            for patient_id in self.whom(target):
                with suppress(Shredded, Unknown):  # erased at this moment
                    key = f"{target.id} {patient_id} {self._records.state(patient_id)}"
                    before = Job.kind == PUSHING, Job.key.startswith(f"{target.id} {patient_id} "), Job.key != key
                    with self._service.store.writing() as db:
                        db.execute(delete(Job).where(*before, Job.state != RUNNING))
                    jobs.add(PUSHING, [key])

    def work(self) -> Work:
        """How a worker brings a record; the ledger is what is written of it."""

        def bring(key: str) -> Writing:
            system_id, patient_id, _ = key.split(" ")
            for target in self.targets():
                if target.id == system_id:
                    self._bring(target, patient_id)
            return lambda _: None

        return bring

    def standing(self) -> list[Standing]:
        """Where we stand with each address that anything was or is to be brought to."""
        known = {target.url: target.id for target in self.targets()}
        rows = self._service.store.look(select(Sent.target, func.count().label("there")).group_by(Sent.target))
        there = {row.target: row.there for row in rows}
        return [self._standing(url, known.get(url, ""), there.get(url, 0)) for url in sorted({*known, *there})]

    def _standing(self, url: str, system_id: str, there: int) -> Standing:
        look = self._service.store.look
        doubted = select(Sent.resource, Sent.patient_id, Sent.doubt).where(Sent.target == url, Sent.doubt != "")
        doubts: Sequence[Any] = look(doubted.order_by(Sent.patient_id, Sent.resource))
        mine = Job.kind == PUSHING, Job.key.startswith(f"{system_id} ")
        counted = look(select(Job.state, func.count().label("jobs")).where(*mine).group_by(Job.state))
        failing = select(Job.error).distinct().where(*mine, Job.state.in_((FAILED, POSTPONED)), Job.error != "")
        errors = tuple(row.error for row in look(failing.order_by(Job.error)))
        agreed = sum(1 for _ in self._service.links.of(system_id)) if system_id else 0
        jobs = {row.state: row.jobs for row in counted}
        return Standing(url, system_id, agreed, there - len(doubts), tuple(Doubt(*row) for row in doubts), jobs, errors)

    def _bring(self, target: Target, patient_id: str) -> None:
        try:
            pushed = self.push(target, patient_id)
        except Later as reason:
            raise Postponed(str(reason), max(reason.wait_s, AGAIN_S)) from None
        except Refused as reason:
            raise Hopeless(str(reason)) from None
        if pushed and pushed.failed:
            raise Unfinished(f"{len(pushed.failed)} resources did not arrive, the first: {pushed.failed[0].why}")

    def _ledger(self, target: Target, patient_id: str) -> SentLedger:
        service = self._service
        return SentLedger(service.store, service.folder, target.url, patient_id, service.now)

    def _ended(self, target: Target, patient_id: str) -> list[Resource]:
        """The consents that a target does not know the end of, of a patient whom it knows and may know no more of."""
        ledger, patient = self._ledger(target, patient_id), self._service.links.naming.patient(patient_id)
        there = ledger.known(f"Patient/{patient}")
        if there is None or not there.remote:
            return []
        try:
            ended = self._records.ended(patient_id, target.id)
        except (Shredded, Unknown):  # erased: there is nobody to speak of, and the erasure says who has their data
            return []
        known = {one.path: ledger.known(one.path) for one in ended}
        return [one for one in ended if (noted := known[one.path]) is None or noted.sha256 != digest(one)]

    def _remote(self, target: Target) -> Remote:
        """The connection to a target, kept with its token."""
        if target not in self._remotes:
            pem = self._service.keychain.known(_key(target.id)) or ""
            self.reach(target, signer(target.client_id, pem.encode()) if target.client_id else None)
        return self._remotes[target]


def target_of(
    url: str, system_id: str = "", client_id: str = "", token_url: str = "", scope: str = "system/*.cruds"
) -> Target:
    """A target as somebody writes it, whose system is called by its host unless they say otherwise.

    Raises TargetRefused, or Refused for an address that nothing personal is sent to.
    """
    named = system_id or urlsplit(url).hostname or ""
    if not NAME.fullmatch(named):
        raise TargetRefused(f"{named[:60]!r} must be small letters, digits, dots and dashes: name it with --system")
    return Target(named, checked(url), client_id, checked(token_url) if token_url else "", scope)


def _key(system_id: str) -> str:
    return f"fhir key {system_id}"
