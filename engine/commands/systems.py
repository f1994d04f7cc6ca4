"""The clinic's commands about other systems: which may ask, what they ordered, and what they call a patient."""

import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

import typer
from msgspec import to_builtins

from engine.commands.answer import fail, tell
from engine.commands.clinic import Database, Folder, KeysUrl, opened
from engine.commands.play import Json

if TYPE_CHECKING:
    from server_sync.clinic.ordered import Ordered
    from server_sync.clinic.patients import Person
    from server_sync.clinic.service import Service
    from server_sync.clinic.systems import SystemLine

app = typer.Typer()
system = typer.Typer(help="At the clinic: other systems that may read the records of who agreed, and send orders.")
app.add_typer(system, name="system")
Name = Annotated[str, typer.Argument(help="what consents and the audit call it, such as hospital.example")]
Jwks = Annotated[Path | None, typer.Option(help="its public keys, a file that it gave you (JWKS)")]
Scopes = Annotated[str, typer.Option(help='what it may do, as "system/Patient.rs system/Observation.rs"')]
Base = Annotated[str, typer.Option("--at", help="the address at which it reaches this server's FHIR facade")]
HERE = "http://127.0.0.1:8765/fhir"
_IDENTIFIER = re.compile(r"[^|\s]+\|[^|]*[^|\s]")
_BORN = re.compile(r"\d{4}(-(0[1-9]|1[0-2])(-\d\d)?)?")


@system.command()
def add(
    name: Name,
    folder: Folder,
    jwks: Jwks = None,
    scopes: Scopes = "",
    base: Base = HERE,
    database: Database = "",
    keys: KeysUrl = "",
    as_json: Json = False,
) -> None:
    """Let a system in: it proves who it is with its key, and sees nobody who did not agree to `share with` it."""
    if jwks is None:
        fail("--jwks names the file with its public keys: without one nobody can prove to be it")
    with _clinic(folder, database, keys) as service:
        service.systems.add(name, base, _content(jwks), scopes)
        _tell_system(service, name, as_json)


@system.command()
def change(
    name: Name,
    folder: Folder,
    jwks: Jwks = None,
    scopes: Scopes = "",
    base: Base = "",
    database: Database = "",
    keys: KeysUrl = "",
    as_json: Json = False,
) -> None:
    """Give a system other keys, scopes or another address; tokens that it has end at once."""
    with _clinic(folder, database, keys) as service:
        service.systems.change(name, base, _content(jwks) if jwks else b"", scopes)
        _tell_system(service, name, as_json)


@system.command("list")
def list_command(folder: Folder, database: Database = "", keys: KeysUrl = "", as_json: Json = False) -> None:
    """List the systems, those that were revoked as well."""
    with _clinic(folder, database, keys) as service:
        found = service.systems.listed()
    tell([each._asdict() for each in found], as_json, "\n".join(map(_line, found)) or "No other system yet.")


@system.command()
def revoke(name: Name, folder: Folder, database: Database = "", keys: KeysUrl = "", as_json: Json = False) -> None:
    """Let a system in no more, at once and for good: its name stays taken."""
    with _clinic(folder, database, keys) as service:
        service.systems.revoke(name)
        _tell_system(service, name, as_json)


@app.command()
def drafts(
    folder: Folder,
    take: Annotated[str, typer.Option(metavar="ID", help="prescribe what this order asks for")] = "",
    decline: Annotated[str, typer.Option(metavar="ID", help="turn this order down")] = "",
    seen: Annotated[str, typer.Option(metavar="ID", help="note that you saw what its sender changed or ended")] = "",
    game: Annotated[
        list[str] | None, typer.Option(help="with --take: these games instead; several are allowed")
    ] = None,
    minutes: Annotated[float | None, typer.Option(help="with --take: minutes of one visit instead")] = None,
    if_match: Annotated[str, typer.Option(help="the hash of the version that you saw; none for the first")] = "",
    by: Annotated[str, typer.Option(help="with --take: who prescribes, by name")] = "",
    database: Database = "",
    keys: KeysUrl = "",
    as_json: Json = False,
) -> None:
    """At the clinic, list what other systems ordered, and prescribe it or turn it down."""
    from server_sync.clinic.ordered import practice_of

    if len([each for each in (take, decline, seen) if each]) > 1:
        fail("drafts takes --take, --decline or --seen")
    if take and not by.strip():
        fail("--by says who prescribes: every version is signed by somebody")
    with _clinic(folder, database, keys) as service:
        if take:
            asked = service.drafts.one(take).asked
            if not (asked.tasks or game):
                fail(f"order {take} names no game that is known here: say which with --game")
            practice = practice_of(asked, games=game, minutes=minutes)
            written = service.drafts.take(take, practice, by, if_match)
            said = f"version {written.prescription.version} of {written.prescription.patient} is prescribed"
            tell({"sha256": written.sha256, "prescription": to_builtins(written.prescription)}, as_json, said)
        elif decline:
            service.drafts.decline(decline)
            tell({"declined": decline}, as_json, "turned down: whoever sent it may read that")
        elif seen:
            service.drafts.seen(seen)
            tell({"seen": seen}, as_json, "noted: it is not listed any more")
        else:
            listed = (*service.drafts.news(), *service.drafts.waiting())
            found = [_told(service, each) for each in listed]
            tell(found, as_json, "\n".join(map(_order_line, found)) or "No order waits.")


@app.command()
def person(
    patient: Annotated[str, typer.Argument(help="the patient's pseudonym")],
    folder: Folder,
    name: Annotated[str | None, typer.Option(help='their name; "" for none')] = None,
    about: Annotated[str | None, typer.Option(help="one line, such as age and condition")] = None,
    born: Annotated[str | None, typer.Option(help="when they were born, as 1980-02-28, 1980-02 or 1980")] = None,
    zone: Annotated[str | None, typer.Option(help="where they live, as Europe/Berlin")] = None,
    identifier: Annotated[
        str | None, typer.Option(help="what other systems call them, as SYSTEM|VALUE: links the name")
    ] = None,
    database: Database = "",
    keys: KeysUrl = "",
    as_json: Json = False,
) -> None:
    """At the clinic, read or change the clinic's own words about a patient, which devices never learn."""
    from msgspec.structs import asdict, replace

    from server_sync.clinic.audit import COMMAND

    said = {"name": name, "about": about, "born": born, "zone": zone, "identifier": identifier}
    changes = {field: value.strip() for field, value in said.items() if value is not None}
    _check(changes)
    with _clinic(folder, database, keys) as service:
        patient_id = service.patients.id_of(patient)
        service.audit.note(COMMAND, "write about a patient" if changes else "read about a patient", patient_id)
        known = replace(service.patients.person(patient_id), **changes)
        if changes:
            service.patients.write(patient_id, known)
    tell(asdict(known), as_json, _words(known))


@contextmanager
def _clinic(folder: Path, database: str, keys: str) -> "Iterator[Service]":
    import msgspec

    from server_sync.client.patience import Refused
    from server_sync.clinic.drafts import NotTaken
    from server_sync.clinic.patients import Unknown
    from server_sync.clinic.prescriptions import Changed
    from server_sync.clinic.systems import SystemRefused, UnknownSystem

    try:
        with closing(opened(folder, database, keys=keys)) as service:
            yield service
    except Changed as reason:
        now = f" (--if-match {reason.current.sha256})" if reason.current else ""
        fail("\n  ".join([f"{reason}{now}", *reason.differences]))
    except (NotTaken, Refused, SystemRefused, Unknown, UnknownSystem, ValueError, msgspec.ValidationError) as reason:
        fail(str(reason))


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as reason:
        fail(f"{file} cannot be read: {reason.strerror}")


def _tell_system(service: "Service", name: str, as_json: bool) -> None:
    (known,) = (each for each in service.systems.listed() if each.id == name)
    tell(known._asdict(), as_json, _line(known))


def _line(known: "SystemLine") -> str:
    revoked = f", revoked {known.revoked_at:%Y-%m-%d %H:%M}" if known.revoked_at else ""
    return f"{known.id}  at {known.base}, {known.scopes}, keys {', '.join(known.keys)}{revoked}"


def _told(service: "Service", draft: "Ordered") -> dict[str, Any]:
    """An order with whose it is, and the version that whoever takes it up has to name."""
    from server_sync.clinic.audit import COMMAND
    from server_sync.clinic.ordered import lines

    pseudonym = service.patients.person(draft.patient_id).pseudonym
    service.audit.note(COMMAND, "read an order", draft.patient_id, draft.id)
    held = service.drafts.current(pseudonym)
    told = {"id": draft.name, "patient": pseudonym, "system": draft.system_id, "at": draft.at.isoformat()}
    told |= {"state": draft.state, "if_match": held.sha256 if held else ""}
    return {**draft.asked._asdict(), **told, "lines": lines(draft.asked), "changes": draft.changes}


def _order_line(told: dict[str, Any]) -> str:
    head = f"{told['id']}  for {told['patient']} from {told['system']}"
    if told["state"] != "waiting":
        became = "was taken up, and its sender changed or ended it since" if told["state"] == "changed" else "was ended"
        return "\n  ".join([f"{head} {became}: look at it, then --seen {told['id']}", *told["changes"]])
    asked = [*([] if told["tasks"] else ["no game that is known here"]), *told["lines"], *told["changes"]]
    if_match = [f"--if-match {told['if_match']}"] if told["if_match"] else []
    return "\n  ".join([head, *asked, *if_match])


def _check(changes: dict[str, str]) -> None:
    from server_sync.clinic.consents import last_birthday
    from server_sync.clinic.patients import Person

    born, zone = changes.get("born", ""), changes.get("zone", "")
    if born and (not _BORN.fullmatch(born) or last_birthday(Person(pseudonym="", born=born)) is None):
        fail(f"--born {born!r} must be a day, a month or a year that there is, as 1980-02-28, 1980-02 or 1980")
    identifier = changes.get("identifier", "")
    if identifier and not _IDENTIFIER.fullmatch(identifier):
        fail(f"--identifier {identifier!r} must be SYSTEM|VALUE, as https://hospital.example/mrn|4711")
    try:
        ZoneInfo(zone or "UTC")
    except (KeyError, OSError, ValueError):
        fail(f"--zone {zone!r} is no time zone; the IANA names them as Europe/Berlin")


def _words(known: "Person") -> str:
    from msgspec.structs import asdict

    return "\n".join(f"{name:10}  {value}" for name, value in asdict(known).items() if value)
