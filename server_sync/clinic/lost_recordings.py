"""Recordings that sessions name and that the store has lost, as after a backup without them: devices bring them again.

The number of a session whose recording is lost is not accounted for (`wire.State.missing`) until it is held again.
"""

from sqlalchemy import Connection, bindparam, delete, func, select, union_all, update

from server_sync.clinic.objects import TIERS, Objects
from server_sync.clinic.store import Delivered, Device, SameSession, Store

_RECORDING = Delivered.recording_sha256
_LOST_SESSIONS = select(Delivered.id).where(Delivered.recording_lost)


def note(store: Store, objects: Objects) -> int:
    """Write down which sessions lack their recording, and which have it again; gives the number of lost recordings."""
    with store.reading() as db:
        named = set(db.execute(select(_RECORDING).distinct().where(_RECORDING != "")).scalars())
        known = set(db.execute(select(_RECORDING).distinct().where(Delivered.recording_lost)).scalars())
    # Looked at after the names: a session comes after its recording.
    held = {each.key.rpartition("/")[2] for tier in TIERS for each in objects.listed(tier)}
    lost = named - held
    if lost != known:
        with store.writing() as db:
            _write(db, {name: name in lost for name in lost ^ known})
    return len(lost)


def _write(db: Connection, lost: dict[str, bool]) -> None:
    # Devices are locked first and in order, as where sessions are taken.
    db.execute(select(Device.id).order_by(Device.id).with_for_update()).all()
    mark = update(Delivered.__table__).values(recording_lost=bindparam("lost"))  # type: ignore[arg-type]
    rows = [{"name": name, "lost": lost[name]} for name in sorted(lost)]
    db.execute(mark.where(Delivered.recording_sha256 == bindparam("name")), rows)
    same = SameSession.session_id.in_(_LOST_SESSIONS)
    wanted = union_all(
        select(Delivered.device_id, Delivered.number).where(Delivered.recording_lost, Delivered.number > 0),
        select(SameSession.device_id, SameSession.number).where(same),
    ).subquery()
    first = select(wanted.c.device_id, func.min(wanted.c.number).label("number")).group_by(wanted.c.device_id)
    for device, number in db.execute(first).all():
        through = Device.id == device, Device.acked_through >= number
        db.execute(update(Device).where(*through).values(acked_through=number - 1))
    db.execute(delete(SameSession).where(same))
