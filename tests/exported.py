"""A clinic with sessions and recordings to export, and what its exports say in whatever format."""

import csv
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from msgspec.structs import replace
from recordings import moving
from server_fixtures import SignedDevice, a_service, a_session, an_item

from engine import recording, sealing
from engine.commands.exporting import WRITING
from engine.records import BlockRecord, Measured, Recording, Session
from server_sync import wire
from server_sync.clinic.account_rules import SELF
from server_sync.clinic.consents import MEASURES, MOTION, Given, kind_of
from server_sync.clinic.export_choice import KINDS, Which
from server_sync.clinic.exports import Exports
from server_sync.clinic.objects import recording_key
from server_sync.clinic.patients import Person
from server_sync.clinic.service import Service

EVERYBODY = Which()
MOTION_KINDS = [kind for kind in KINDS if kind != "trials"]
FRAMES = 200
COMMAND = "command"
AGES = {"p-milo": "1980-02-03", "p-nora": "1951", "p-otto": "1947-06", "p-none": "", r"=p\..\up": "1988"}
AGREED = {"p-milo": (MEASURES, MOTION), "p-nora": (MEASURES,), "p-otto": (MOTION,), r"=p\..\up": (MEASURES, MOTION)}
SESSIONS = {
    "s-1": "p-milo", "s-2": "p-milo", "s-3": "p-nora", "s-4": "p-otto", "s-5": "p-none", "s-6": r"=p\..\up",
}  # fmt: skip
"""Whose each session is; each has a recording."""


def exports(service: Service) -> Exports:
    """As the command line makes them."""
    return Exports(service, WRITING)


def fill(service: Service) -> SignedDevice:
    """Patients who play, and what they agreed to."""
    device = SignedDevice(None).enrol(service)
    with service.store.writing() as db:  # some were admitted before there was a rule for pseudonyms
        service.patients.admitted(db, AGES)
    for number, (session_id, pseudonym) in enumerate(SESSIONS.items(), 1):
        begun = f"2026-{9 + number // 3:02d}-{10 + number}T23:30:00+01:00"
        deliver(service, device, a_visit(session_id, pseudonym, number, begun), number, recorded(service, number))
    for pseudonym, born in AGES.items():
        person = Person(pseudonym=pseudonym, name="Somebody", born=born)
        service.patients.write(service.patients.id_of(pseudonym), person)
        for kind in AGREED.get(pseudonym, ()):
            agree(service, pseudonym, kind)
    return device


def agree(service: Service, pseudonym: str, kind: str, by: str = "", relation: str = SELF) -> None:
    """Have somebody agree."""
    given = Given(by or pseudonym, relation, kind_of(kind).version)
    service.consents.give(COMMAND, service.patients.id_of(pseudonym), kind, given)


def a_visit(session_id: str, pseudonym: str, seed: int = 1, started_at: str = "2026-11-20T16:42:00+01:00") -> Session:
    """A session with few trials, of games as they are, and something a spreadsheet takes for a formula."""
    session = a_session(session_id, pseudonym, seed, started_at=started_at)
    blocks = [_as_played(block) for block in session.blocks]
    return replace(session, blocks=tuple(blocks), preset="=SUM(1)" if seed == 1 else "balance")


def _as_played(block: BlockRecord) -> BlockRecord:
    if block.task not in ("fruit_ladder", "harbour_lean"):
        return block
    own = "elevation_deg" if block.task == "fruit_ladder" else "excursion_deg"
    measures = {
        own: Measured(71.25, "deg", 0.5),
        "reaction_s": Measured(None, "s", note="=the hand was not seen"),
    }
    words: Mapping[str, Any] = {"arms": "left"} if block.task == "fruit_ladder" else {"ways": "all four"}
    trials = tuple(replace(trial, measures=measures, traces=()) for trial in block.trials[:3])
    parameters = {"targets": 3, "hold_s": 1.5, "note": "mother: Zaphodina", **words}
    return replace(block, trials=trials, parameters=parameters, preset="")


def recorded(service: Service, seed: int, sealed: bool = False, frames: int = FRAMES) -> bytes:
    """A recording of somebody who moves, in the store; its headset has a name."""
    path = service.folder / "made.vrec"
    rows = moving(np.arange(frames, dtype=np.int64) * 11_000_000 + seed * 10**12)
    rows["head_y_m"] = 1.6 + np.random.default_rng(seed).normal(0, 0.001, frames)
    keys = service.keys()
    cipher = sealing.new_cipher([sealing.Recipient(sealing.key_id(keys.public), keys.public)]) if sealed else None
    about = {"session": f"s-{seed}", "software": "steadyreach", "headset": "headset of Zaphodina"}
    with recording.Writer(path, about, cipher) as writer:
        for row in rows:
            writer.write(row.tobytes())
    content = path.read_bytes()
    path.unlink()
    service.vault.write(recording_key(wire.sha256(content)), [content])
    return content


def deliver(service: Service, device: SignedDevice, session: Session, number: int, content: bytes = b"") -> None:
    """Bring a session, and say that it has this recording."""
    if content:
        file = Recording("frames.vrec", wire.sha256(content), len(content), FRAMES)
        session = replace(session, recording=file)
    receipts = service.archive.take(device.id, wire.Batch(items=(an_item(session, number),)))
    assert receipts.receipts[0].state == wire.CREATED, receipts


def a_filled_clinic(folder: Path) -> Path:
    """The folder of a clinic with all of them."""
    with a_service(folder / "clinic") as service:
        fill(service)
    return folder / "clinic"


def written(service: Service, out: Path, kind: str = "trials", which: Which = EVERYBODY, study: str = "") -> Path:
    """An export, as a folder."""
    taken = exports(service)
    taken.write(taken.choose(which, kind, study), out, COMMAND)
    return out


def table(folder: Path) -> list[dict[str, str]]:
    """The rows of trials."""
    with (folder / "trials.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def contents(folder: Path) -> dict[str, bytes]:
    """The bytes of each file by its name."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def manifest(folder: Path) -> dict[str, Any]:
    """What an export says of itself."""
    found: dict[str, Any] = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    return found


def said(folder: Path) -> Iterator[str]:
    """All that an export says: names of files, and their content unpacked, as text."""
    from mcap.reader import make_reader
    from pyarrow import parquet

    for name, content in contents(folder).items():
        yield name
        if not name.endswith((".parquet", ".mcap")):
            yield content.decode("latin-1")
        if name.endswith(".parquet"):
            table = parquet.read_table(folder / name)
            yield f"{table.schema.metadata} {table.column_names}"
            yield str([column.to_pylist() for column in table.columns if str(column.type) == "string"])
        if name.endswith(".mcap"):
            with (folder / name).open("rb") as file:
                reader = make_reader(file)
                yield str([one.metadata for one in reader.iter_metadata()])
                yield str([message.data for _, _, message in reader.iter_messages()])


def planted(session: Session, word: str) -> Session:
    """A session in which whatever can be a word is this one."""

    def plant(value: Any) -> Any:
        if isinstance(value, msgspec.Struct):
            return replace(value, **{name: plant(getattr(value, name)) for name in value.__struct_fields__})
        if isinstance(value, Mapping):
            return {f"{word} {name}": plant(each) for name, each in value.items()}
        if isinstance(value, tuple):
            return tuple(map(plant, value))
        return word if isinstance(value, str) else value

    planted: Session = plant(session)
    return replace(planted, id=session.id, patient=session.patient, started_at=session.started_at)
