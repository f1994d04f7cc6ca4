"""What came in, written down: each session once, why one was refused, and which numbers are accounted for."""

import math
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from operator import itemgetter
from typing import Any, NamedTuple

import msgspec
from msgspec.structs import replace
from sqlalchemy import BindParameter, Connection, bindparam, exists, inspect, select, union, union_all, update

from engine.prescription import PSEUDONYM
from server_sync import wire
from server_sync.clinic import news
from server_sync.clinic.audit import Audit, Note, by_device
from server_sync.clinic.brakes import Brakes
from server_sync.clinic.devices import TOKEN_VALID
from server_sync.clinic.gist import packed
from server_sync.clinic.gists import bound
from server_sync.clinic.glance import forget
from server_sync.clinic.intake import NOT_A_SESSION, Checked, Taken, receipt
from server_sync.clinic.news import News
from server_sync.clinic.patients import NO_PSEUDONYM, Patients
from server_sync.clinic.store import Store
from server_sync.clinic.tables import (
    Delivered,
    Device,
    LostSession,
    Refusal,
    SameSession,
    SessionGist,
    SessionNews,
    Table,
)
from server_sync.clinic.vault import Vault
from server_sync.clinic.version import SOFTWARE

OTHER_BYTES, OTHER_PATIENT, ERASED = "other bytes", "other patient", "erased"
OFFERING = "offer what is another patient's"
MOST_MISSING = 1000
# Statements are made once: what SQLAlchemy makes of them is kept with them.
_IDS: BindParameter[Any] = bindparam("ids", expanding=True)
_DEVICES = (
    select(
        *(Device.id, Device.patients, Device.acked_through, Device.token_at, Device.enrolled_at),
        *(Device.clock_offset_s, Device.clock_within_s),
    )
    .where(Device.id.in_(_IDS))
    .order_by(Device.id)
)
_LOCKED_DEVICES = _DEVICES.with_for_update()
_HELD = select(
    *(Delivered.id, Delivered.sha256, Delivered.patient_id),
    *(Delivered.device_id, Delivered.number, Delivered.recording_lost),
).where(Delivered.id.in_(_IDS))
_HELD_AGAIN = (
    update(Delivered.__table__)  # type: ignore[arg-type]
    .where(Delivered.id == bindparam("session"))
    .values(recording_lost=False)
)
_NUMBERS = union_all(
    *(
        select(table.device_id, table.number)
        .join(Device, Device.id == table.device_id)
        .where(Device.id.in_(_IDS), table.number > Device.acked_through, *whole)
        for table, *whole in ((Delivered, ~Delivered.recording_lost), (Refusal,), (LostSession,), (SameSession,))
    )
)
_TOLD = union(
    *(
        select(table.number).where(table.device_id == bindparam("device", type_=Device.id.type), table.number > 0)
        for table in (Refusal, LostSession)
    )
).subquery()
_FIRST_UNHELD = (
    select(_TOLD.c.number)
    .where(
        *(
            ~exists().where(table.device_id == bindparam("device"), table.number == _TOLD.c.number, *whole)
            for table, *whole in ((Delivered, ~Delivered.recording_lost), (SameSession,))
        )
    )
    .order_by(_TOLD.c.number)
    .limit(wire.MOST_UNHELD)
)
_SEEN = (
    update(Device.__table__)  # type: ignore[arg-type]
    .where(Device.id == bindparam("device"))
    .values(
        seen_at=bindparam("now"),
        acked_through=bindparam("through"),
        clock_offset_s=bindparam("clock_offset_s"),
        clock_within_s=bindparam("clock_within_s"),
    )
)


class Offer(NamedTuple):
    """What one device brings at once."""

    device: str
    checked: tuple[Checked, ...]
    lost: tuple[wire.Lost, ...]
    clock: wire.Clock | None


class Whose(NamedTuple):
    """Whose sessions are offered: the ids of pseudonyms, and of those without one who was erased here."""

    ids: Mapping[str, str]
    erased: Collection[str]


class Place(NamedTuple):
    """Where it is written: the database, whose patients, their recordings, the audit, and what bounds its rows."""

    store: Store
    patients: Patients
    vault: Vault
    audit: Audit
    brakes: Brakes


def take(place: Place, db: Connection, offers: Sequence[Offer], now: datetime) -> list[wire.Receipts]:
    """Take what was offered, each session once; the same bytes again are welcome, others are refused and remembered.

    Devices are locked in the order of their ids, and sessions and notes written in the order of their keys, so that two
    servers on one PostgreSQL never wait for each other.
    """
    ids = sorted({offer.device for offer in offers})
    devices: dict[str, Any] = {row.id: row for row in db.execute(_LOCKED_DEVICES, {"ids": ids})}
    whose = _whose(place.patients, db, offers, devices)
    allowed = [[_allowed(each, devices[offer.device], whose) for each in offer.checked] for offer in offers]
    allowed = _unmixed(place.vault.claim(db, _recordings(allowed, whose.ids)), allowed)
    taking = _Taking(place, db, now, whose.ids)
    taking.insert([(offer, each) for offer, checked in zip(offers, allowed, strict=True) for each in checked])
    receipts = []
    for offer, checked in zip(offers, allowed, strict=True):
        taking.theirs = frozenset(devices[offer.device].patients.split())
        receipts.append(tuple(taking.settle(each, offer.device) for each in checked))
        taking.note_lost(offer)
    taking.finish()
    clocks = {offer.device: _clock(offer.clock) for offer in offers if offer.clock}
    states = _settle(db, place.patients, devices, clocks, now)
    place.audit.extend(db, taking.noted)
    return [
        wire.Receipts(receipts=given, state=states[offer.device]) for given, offer in zip(receipts, offers, strict=True)
    ]


def state(db: Connection, patients: Patients, device: str) -> wire.State:
    """Where this server stands with a device."""
    row: Any = db.execute(_DEVICES, {"ids": [device]}).one()
    accounted = _accounted(row.acked_through, _numbers(db, [device]).get(device, set()))
    return replace(
        _state(row, patients, *accounted), unheld=tuple(db.execute(_FIRST_UNHELD, {"device": device}).scalars())
    )


class _Taking:
    """One transaction: what is here by now, and what is to be noted at its end."""

    def __init__(self, place: Place, db: Connection, now: datetime, patients: Mapping[str, str]) -> None:
        self._place, self._db, self._now, self._patients = place, db, now, patients
        self.noted = list[Note]()
        self.theirs = frozenset[str]()
        self._created = set[str]()
        self._held = dict[str, Any]()
        self._held_again = set[str]()
        self._notes: dict[type[Table], list[dict[str, Any]]] = {Refusal: [], SameSession: [], LostSession: []}

    def insert(self, wanted: Sequence[tuple[Offer, Checked]]) -> None:
        """Write sessions that are not here, and look at all that are."""
        rows: dict[str, dict[str, Any]] = {}
        for offer, each in wanted:
            if each.receipt is None and each.taken is not None:
                came = {"device_id": offer.device, "received_at": self._now, **_clock(offer.clock)}
                rows.setdefault(each.item.id, self._sealed(each.item, each.taken) | came)
        if not rows:
            return
        ordered = [rows[session] for session in sorted(rows)]
        once = self._place.store.once(Delivered).returning(Delivered.id)
        self._created = set(self._db.execute(once, ordered).scalars())
        self._held = {row.id: row for row in self._db.execute(_HELD, {"ids": list(rows)})}
        forget(self._db, {self._held[session].patient_id for session in self._created})
        self._tell([each.taken for _, each in wanted if each.taken and each.item.id in self._created])

    def _tell(self, created: Sequence[Taken]) -> None:
        """Write what is followed of sessions that came now, and what they bring for the clinic to read."""
        rows, gists, seal = {}, {}, self._place.patients.seal
        for taken in created:
            session, patient_id = taken.row["id"], self._patients[taken.pseudonym]
            sealed = seal(patient_id, packed(taken.gist), bound(session))
            gists[session] = {"patient_id": patient_id, "session_id": session, "sealed": sealed}
            if taken.news != News():
                rows[session] = {
                    "session_id": session,
                    "patient_id": patient_id,
                    "at": taken.row["started_at"],
                    "read_at": None if taken.news.waits else self._now,
                    "sealed": seal(patient_id, news.packed(taken.news), f"news {session}"),
                }
        if gists:
            self._db.execute(self._place.store.once(SessionGist), [gists[session] for session in sorted(gists)])
        if rows:
            self._db.execute(self._place.store.once(SessionNews), [rows[session] for session in sorted(rows)])

    def _sealed(self, item: wire.Item, taken: Taken) -> dict[str, Any]:
        """A row, what is personal in it sealed under its patient's key."""
        patient_id, seal = self._patients[taken.pseudonym], self._place.patients.seal
        return taken.row | {
            "patient_id": patient_id,
            "summary": seal(patient_id, msgspec.msgpack.encode(taken.summary), f"summary {item.id}"),
            "content": seal(patient_id, item.content, f"session {item.id}"),
        }

    def settle(self, each: Checked, device: str) -> wire.Receipt:
        """What became of one item."""
        item = each.item
        if each.receipt is not None:
            if each.receipt.code == OTHER_PATIENT and each.taken:
                self._place.brakes.refuse(self._db, device, OFFERING, self._patients.get(each.taken.pseudonym, ""))
            return self._refused(each.receipt, item.number, device)
        held = self._held[item.id]
        if held.sha256 != item.sha256 and self.theirs and held.patient_id not in self.theirs:
            self._place.brakes.refuse(self._db, device, OFFERING, held.patient_id)
            detail = f"session {item.id} has an id that is not free; a person must look at it"
            return self._refused(receipt(item, wire.REFUSED, OTHER_PATIENT, detail), item.number, device)
        if held.sha256 != item.sha256:
            detail = (
                f"the clinic holds session {item.id} with other content (SHA-256 {held.sha256[:12]}, not "
                f"{item.sha256[:12]}); the first one stays, this one is set aside for a person to look at"
            )
            return self._refused(receipt(item, wire.REFUSED, OTHER_BYTES, detail), item.number, device)
        if held.recording_lost:  # and its recording is held, or it had been judged otherwise before
            self._held_again.add(item.id)
        if item.number and (held.device_id, held.number) != (device, item.number):
            self._notes[SameSession].append(
                {"device_id": device, "number": item.number, "session_id": item.id, "at": self._now}
            )
        if item.id in self._created:
            self._created.remove(item.id)  # once, however often it came at this moment
            self.noted.append(Note(by_device(device), "deliver a session", held.patient_id, item.id))
            return receipt(item, wire.CREATED)
        return receipt(item, wire.HELD)

    def note_lost(self, offer: Offer) -> None:
        """Keep what a device says it has lost."""
        for each in offer.lost:
            told = {"session_id": _named(each.id, wire.NAME), "at": self._now}
            if 0 < each.number < 2**31:
                self._notes[LostSession].append({"device_id": offer.device, "number": each.number, **told})

    def finish(self) -> None:
        """Write the notes, each once."""
        for table, rows in self._notes.items():
            if rows:
                key = itemgetter(*(column.name for column in inspect(table).primary_key))
                self._db.execute(self._place.store.once(table), sorted(rows, key=key))
        if self._held_again:
            self._db.execute(_HELD_AGAIN, [{"session": session} for session in sorted(self._held_again)])

    def _refused(self, refused: wire.Receipt, number: int, device: str) -> wire.Receipt:
        """A receipt, which is kept where it is for ever."""
        if refused.state != wire.REFUSED:
            return refused
        self._notes[Refusal].append(
            {
                "session_id": _named(refused.id, wire.NAME),
                "sha256": _named(refused.sha256, wire.SHA256),
                "device_id": device,
                "at": self._now,
                "number": number if 0 <= number < 2**31 else 0,
                "code": refused.code,
            }
        )
        return refused


def _whose(patients: Patients, db: Connection, offers: Sequence[Offer], devices: Mapping[str, Any]) -> Whose:
    """Whose the sessions are; a device for anybody brings new patients, one for certain patients brings nobody.

    What cannot be a pseudonym is nobody new; who had such a name before stays.
    """
    names: dict[bool, set[str]] = {True: set(), False: set()}
    for offer in offers:
        for pseudonym in (each.taken.pseudonym for each in offer.checked if each.taken):
            names[not devices[offer.device].patients and bool(PSEUDONYM.fullmatch(pseudonym))].add(pseudonym)
    found = {**patients.known(db, names[False]), **patients.admitted(db, names[True])}
    lacking = names[True].union(names[False]).difference(found)
    return Whose(found, patients.erased(db, lacking))


def _allowed(each: Checked, device: Any, whose: Whose) -> Checked:
    """An item, refused when its patient is none of the device's: a device writes into nobody else's record."""
    if each.taken is None or each.receipt is not None:
        return each
    pseudonym, theirs = each.taken.pseudonym, device.patients.split()
    if pseudonym in whose.erased:
        detail = (
            f"session {each.item.id} is of a person whom the clinic has erased; nothing of theirs is taken any more "
            "(steadyreach erase removes it here, too)"
        )
        return each._replace(receipt=receipt(each.item, wire.REFUSED, ERASED, detail))
    if not theirs and pseudonym not in whose.ids:
        detail = f"session {each.item.id}: patient {pseudonym[:70]!r} {NO_PSEUDONYM}"
        return each._replace(receipt=receipt(each.item, wire.REFUSED, NOT_A_SESSION, detail))
    if not theirs or whose.ids.get(pseudonym) in theirs:
        return each
    detail = (
        f"session {each.item.id} is of a patient whom this device is not for; it stays on the device until the clinic "
        "enrols it for them (steadyreach enrol --patient)"
    )
    return each._replace(receipt=receipt(each.item, wire.REFUSED, OTHER_PATIENT, detail))


def _recordings(allowed: Sequence[Sequence[Checked]], patients: Mapping[str, str]) -> dict[str, str]:
    """The patients of the recordings that are named; of one named for two, the first."""
    whose = dict[str, str]()
    for checked in allowed:
        for each in checked:
            if each.taken and each.receipt is None and each.item.recording_sha256:
                whose.setdefault(each.item.recording_sha256, patients[each.taken.pseudonym])
    return whose


def _unmixed(others: Mapping[str, str], allowed: list[list[Checked]]) -> list[list[Checked]]:
    """The items, those refused whose recording is another patient's already."""
    detail = "session {} names the recording of another patient's session; a person must look at it"
    return [
        [
            each._replace(receipt=receipt(each.item, wire.REFUSED, OTHER_PATIENT, detail.format(each.item.id)))
            if each.receipt is None and each.item.recording_sha256 in others
            else each
            for each in checked
        ]
        for checked in allowed
    ]


def _settle(
    db: Connection,
    patients: Patients,
    devices: Mapping[str, Any],
    clocks: Mapping[str, dict[str, Any]],
    now: datetime,
) -> dict[str, wire.State]:
    """Bring the devices up to date: what is accounted for by now, their clocks, and that they were here."""
    numbers, states, rows = _numbers(db, list(devices)), dict[str, wire.State](), []
    for device, row in devices.items():
        through, missing = _accounted(row.acked_through, numbers.get(device, set()))
        states[device] = _state(row, patients, through, missing)
        known = {"clock_offset_s": row.clock_offset_s, "clock_within_s": row.clock_within_s}
        rows.append({"device": device, "through": through, "now": now, **known, **clocks.get(device, {})})
    db.execute(_SEEN, rows)
    return states


def _numbers(db: Connection, devices: list[str]) -> dict[str, set[int]]:
    """By device, the numbers that came after those that are accounted for."""
    found = dict[str, set[int]]()
    for device, number in db.execute(_NUMBERS, {"ids": devices}):
        found.setdefault(device, set()).add(number)
    return found


def _accounted(through: int, numbers: set[int]) -> tuple[int, tuple[int, ...]]:
    """Up to which number all are accounted for, and the holes after it."""
    while through + 1 in numbers:
        through += 1
    return through, tuple(islice(_holes(numbers, through), MOST_MISSING))


def _holes(numbers: set[int], through: int) -> Iterator[int]:
    return (number for number in range(through + 1, max(numbers, default=0)) if number not in numbers)


def _state(device: Any, patients: Patients, through: int, missing: tuple[int, ...]) -> wire.State:
    return wire.State(
        device=device.id,
        acked_through=through,
        missing=missing,
        patients=patients.pseudonyms(device.patients.split()),
        token_until=((device.token_at or device.enrolled_at) + TOKEN_VALID).isoformat(timespec="seconds"),
        software=SOFTWARE,
    )


def _clock(clock: wire.Clock | None) -> dict[str, float | None]:
    known = clock is not None and math.isfinite(clock.offset_s) and math.isfinite(clock.within_s)
    return {
        "clock_offset_s": clock.offset_s if clock and known else None,
        "clock_within_s": clock.within_s if clock and known else None,
    }


def _named(text: str, usual: re.Pattern[str]) -> str:
    """An id or a hash that somebody sent, or the hash of what is none: words about a person are not kept open."""
    return text if usual.fullmatch(text) else wire.sha256(text.encode("utf-8", "replace"))
