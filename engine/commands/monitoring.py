"""The clinic's commands for remote therapeutic monitoring: note a contact, and count data days and minutes."""

import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from engine.commands.answer import fail, tell
from engine.commands.clinic import Database, Folder, opened
from engine.commands.play import Json
from server_sync.clinic.minutes import Kind

if TYPE_CHECKING:
    from server_sync.clinic.contacts import Contacts, Noted
    from server_sync.clinic.monitoring import Line, Monitoring
    from server_sync.clinic.service import Service

app = typer.Typer()
Patient = Annotated[str, typer.Argument(help="the patient's pseudonym")]
_MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])")


class Opened(NamedTuple):
    """A clinic, the contacts with its patients, and the id of one of them."""

    service: "Service"
    contacts: "Contacts"
    patient_id: str


@app.command("monitoring")
def monitoring_command(
    patient: Patient,
    folder: Folder,
    month: Annotated[str, typer.Option(help="only this month, as 2026-11, and the windows with a day in it")] = "",
    start: Annotated[str, typer.Option("--from", help="the first day of the first window; else that with data")] = "",
    out: Annotated[Path | None, typer.Option(help="write every row that was counted, as .csv")] = None,
    database: Database = "",
    as_json: Json = False,
) -> None:
    """At the clinic, count a patient's days with data and the minutes of each month, with the rows that count."""
    from server_sync.clinic.audit import COMMAND
    from server_sync.clinic.monitoring import monitoring, write_csv
    from server_sync.clinic.played import played
    from server_sync.clinic.private import make_file
    from server_sync.clinic.service import utc_now

    if month and not _MONTH.fullmatch(month):
        fail(f"--month {month} is no month; write it as 2026-11")
    if out is not None and out.suffix != ".csv":
        fail(f"{out} must end in .csv")
    if out is not None and out.exists():
        fail(f"{out} exists already: name another file or move it away")
    begins = _day(start) if start else None
    with _opened(folder, database, patient) as (service, contacts, patient_id):
        sessions = played(service.store, service.patients, patient_id)
        service.audit.note(COMMAND, "read monitoring", patient_id)
        found = monitoring(sessions, contacts.listed(patient_id), contacts.zone(), utc_now(), begins, month)
    if out is not None:
        try:
            make_file(out)
            with out.open("w", encoding="utf-8", newline="") as file:
                write_csv(found, file)
        except OSError as reason:
            fail(f"{out} cannot be written: {reason.strerror}")
    tell(found, as_json, _said(patient, found))


@app.command("contact")
def contact_command(
    patient: Patient,
    folder: Folder,
    minutes: Annotated[
        float | None, typer.Option(min=0, help="how long it was; without it, list what is noted")
    ] = None,
    kind: Annotated[Kind, typer.Option(help="what it was")] = Kind.CALL,
    realtime: Annotated[bool, typer.Option("--realtime", help="both talked with each other at once")] = False,
    who: Annotated[str, typer.Option(help="the login of who spent the time")] = "",
    note: Annotated[str, typer.Option(help="one line about it, sealed for the patient")] = "",
    at: Annotated[str, typer.Option(help="when it began, by the clinic's time; without it, it ends now")] = "",
    replaces: Annotated[
        str, typer.Option(help="the id of the contact that this corrects; 0 minutes takes it back")
    ] = "",
    database: Database = "",
    as_json: Json = False,
) -> None:
    """At the clinic, note time that somebody spent on a patient, or list what is noted."""
    from server_sync.clinic.audit import COMMAND
    from server_sync.clinic.contacts import ContactRefused
    from server_sync.clinic.minutes import Contact
    from server_sync.clinic.service import utc_now

    with _opened(folder, database, patient) as (service, contacts, patient_id):
        zone = contacts.zone()
        if minutes is not None:
            began_at = _moment(at) if at else utc_now() - timedelta(minutes=minutes)
            began_at = began_at.replace(tzinfo=began_at.tzinfo or zone)
            try:
                contact = Contact(began_at, minutes * 60, kind.value, realtime, who, note)
                contacts.add(patient_id, contact, COMMAND, replaces)
            except ContactRefused as reason:
                fail(str(reason))
        service.audit.note(COMMAND, "read contacts", patient_id)
        history = contacts.history(patient_id)
    told = [{**noted._asdict(), "contact": noted.contact._asdict()} for noted in history]
    lines = [_line(noted, noted.contact.at.astimezone(zone)) for noted in history]
    tell({"patient": patient, "contacts": told}, as_json, "\n".join(lines) or "No contact yet.")


@app.command("zone")
def zone_command(
    folder: Folder,
    name: Annotated[str, typer.Argument(help="such as Europe/Berlin; without it, say which it is")] = "",
    database: Database = "",
) -> None:
    """At the clinic, say in which time zone it is: its months are those of its minutes."""
    from server_sync.clinic.audit import COMMAND
    from server_sync.clinic.contacts import ContactRefused

    with closing(opened(folder, database)) as service:
        contacts = service.contacts
        try:
            if name:
                contacts.set_zone(name, COMMAND)
        except ContactRefused as reason:
            fail(str(reason))
        typer.echo(contacts.zone().key)


@contextmanager
def _opened(folder: Path, database: str, patient: str) -> Iterator[Opened]:
    from server_sync.clinic.keys import Shredded
    from server_sync.clinic.patients import Unknown

    with closing(opened(folder, database)) as service:
        try:
            yield Opened(service, service.contacts, service.patients.id_of(patient))
        except (Unknown, Shredded) as reason:
            fail(str(reason))


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        fail(f"--from {text} is no day; write it as 2026-11-20")


def _moment(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        fail(f"--at {text} is no time; write it as 2026-11-20T10:30")


def _said(patient: str, found: "Monitoring") -> str:
    from server_sync.clinic.monitoring import rows

    return "\n".join([f"{patient}, months by {found.zone}", *map(_row, rows(found))])


def _row(line: "Line") -> str:
    if line.row in ("about", "sum"):
        return ": ".join(filter(None, (line.period, line.says)))
    counted = {"yes": "+", "no": "-", "part": "~"}[line.counted]
    spent = f"{line.who}, {line.kind}{' in real time' if line.realtime == 'yes' else ''}, " if line.who else ""
    return f"  {counted} {line.began_at}  {line.seconds:g} s  {line.id}: {spent}{line.says}"


def _line(noted: "Noted", began_at: datetime) -> str:
    contact = noted.contact
    state = ["replaced by a later one"] if noted.replaced else [] if contact.seconds else ["taken back"]
    state += [f"in place of {noted.replaces}"] if noted.replaces else []
    realtime = " in real time" if contact.realtime else ""
    what = f"{contact.seconds / 60:g} min, {contact.kind}{realtime}, {contact.who}"
    said = "; ".join([what, *state, *([contact.note] if contact.note else [])])
    return f"{contact.id}  {began_at.isoformat(timespec='minutes')}  {said}"
