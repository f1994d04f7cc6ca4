"""What the clinic holds of a patient's sessions, as monitoring counts them."""

import logging
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import select

from engine.plan import ASSESS
from server_sync import wire
from server_sync.clinic.data_days import Played
from server_sync.clinic.packing import unpacked
from server_sync.clinic.patients import Patients
from server_sync.clinic.store import Store
from server_sync.clinic.tables import Delivered

_LOG = logging.getLogger("steadyreach.server")


class _Block(msgspec.Struct, frozen=True):
    kind: str
    trials: tuple[msgspec.Raw, ...] = ()


class _Told(msgspec.Struct, frozen=True):
    """What a session's record says; the rest of it is passed over."""

    started_at: str
    seconds: float
    ended_by: str
    headset: str
    blocks: tuple[_Block, ...] = ()


def played(store: Store, patients: Patients, patient_id: str) -> list[Played]:
    """All sessions of a patient, the first one first, without those that are damaged; raises Shredded."""
    columns = Delivered.id, Delivered.content, Delivered.prescription, Delivered.recording_sha256
    query = select(*columns, Delivered.clock_offset_s).where(Delivered.patient_id == patient_id)
    found = []
    for row in store.look(query.order_by(Delivered.started_at, Delivered.id)):
        try:
            found.append(_read(patients, patient_id, row))
        except (ValueError, msgspec.DecodeError):
            _LOG.warning("session %s is damaged, and does not count for monitoring", row.id)
    return found


def _read(patients: Patients, patient_id: str, row: Any) -> Played:
    content = unpacked(patients.unseal(patient_id, row.content, f"session {row.id}"), wire.LARGEST_SESSION_BYTES)
    told = msgspec.json.decode(content, type=_Told)
    at = datetime.fromisoformat(told.started_at)
    trials = sum(len(block.trials) for block in told.blocks if block.kind in ("play", ASSESS))
    what = told.seconds, told.ended_by, row.prescription, row.recording_sha256, row.clock_offset_s, told.headset
    return Played(row.id, at, *what, trials)
