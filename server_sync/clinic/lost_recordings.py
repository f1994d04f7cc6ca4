"""Recordings that sessions name and that the store has lost, as after a backup without them: devices bring them again.

The number of a session whose recording is lost is not accounted for (`wire.State.missing`) until it is held again.
"""

from itertools import cycle, islice

from sqlalchemy import Connection, bindparam, delete, func, select, union_all, update

from server_sync.clinic.objects import TIERS, Objects
from server_sync.clinic.store import Store
from server_sync.clinic.tables import Delivered, Device, RecordingKey, SameSession
from server_sync.clinic.vault import LET_GO

SHARES = tuple(f"{number:02x}" for number in range(256))
"""How the hashes of recordings begin, and what the folders of the store are called."""
AT_ONCE = 8
_RECORDING = Delivered.recording_sha256
_LOST_SESSIONS = select(Delivered.id).where(Delivered.recording_lost)


class Rounds:
    """Looking again and again: at all recordings first, then at AT_ONCE of the 256 SHARES each time, in turn."""

    def __init__(self, store: Store, objects: Objects) -> None:
        """Look at what this database names, in this store."""
        self._store, self._objects = store, objects
        self._shares = cycle(SHARES)
        self._looked = False

    def look(self) -> int:
        """Look once; gives the number of recordings that were looked for and are lost."""
        shares = islice(self._shares, AT_ONCE) if self._looked else ("",)
        lost = sum(note(self._store, self._objects, share) for share in shares)
        self._looked = True
        return lost


def note(store: Store, objects: Objects, share: str = "") -> int:
    """Write down which sessions lack their recording, and which have it again; gives the number of lost recordings.

    Looked at are those whose hashes begin with `share`.
    """
    query = select(_RECORDING).distinct().where(_RECORDING.between(share or "0", f"{share}g"))  # its digits end with f
    with store.reading() as db:
        named = set(db.execute(query).scalars())
        known = set(db.execute(query.where(Delivered.recording_lost)).scalars())
        let_go = set(db.execute(select(RecordingKey.sha256).where(RecordingKey.sealed == LET_GO)).scalars())
    # Looked at after the names: a session comes after its recording.
    found = (each for tier in TIERS for each in objects.listed(f"{tier}/{share}"))
    lost = named - let_go - {each.key.rpartition("/")[2] for each in found}
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
