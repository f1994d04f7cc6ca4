"""The commands about a person's own data: consents, how long things are kept, handing over, and erasing."""

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from engine.commands import patients
from engine.commands.answer import fail, tell
from engine.commands.clinic import Database, Folder, KeysUrl, Recordings, opened
from engine.commands.play import Json, Records

if TYPE_CHECKING:
    from server_sync.clinic.consents import Consent
    from server_sync.clinic.erasure import Done
    from server_sync.clinic.retention import Due, Ran, Rules

app = typer.Typer()
Patient = Annotated[str, typer.Argument(help="the patient's pseudonym")]
PATIENCE_S = 60.0
_MOMENT = timedelta(microseconds=1)
"""From the end of the last day on which something holds, back into that day."""


@app.command()
def erase(
    patient: Patient,
    folder: Annotated[Path | None, typer.Option(help="at the clinic: the server's folder")] = None,
    client: Annotated[Path | None, typer.Option(help="on the patient's computer: its sessions")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="it is meant: nobody brings it back")] = False,
    records: Records = patients.FOLDER,
    database: Database = "",
    recordings: Recordings = "",
    keys: KeysUrl = "",
    as_json: Json = False,
) -> None:
    """Erase a person for good: at the clinic with --folder, on the patient's computer with --client."""
    if (folder is None) == (client is None):
        fail("say where: --folder CLINIC at the clinic, or --client FOLDER on the patient's computer")
    if not yes:
        fail(f"nobody brings back what is erased: enter it again with --yes to erase {patient}")
    if client is not None:
        _forget(patient, client, records, as_json)
    elif folder is not None:
        from server_sync.clinic.audit import COMMAND

        with _refused(), closing(opened(folder, database, recordings, keys)) as service:
            done = service.erasing.erase(COMMAND, patient)
        tell(done._asdict(), as_json, _erased(done))


@app.command("hand-over")
def hand_over_command(
    patient: Patient,
    folder: Folder,
    out: Annotated[Path, typer.Option(help="the .zip to write; it must not be there")],
    database: Database = "",
    recordings: Recordings = "",
    keys: KeysUrl = "",
    as_json: Json = False,
) -> None:
    """At the clinic, write all that is kept of a person into one file for them, with their recordings opened."""
    from server_sync.clinic.audit import COMMAND
    from server_sync.clinic.fhir_records import FhirRecords
    from server_sync.clinic.hand_over import hand_over

    with _refused(), closing(opened(folder, database, recordings, keys)) as service:
        done = hand_over(service, COMMAND, patient, out, FhirRecords(service).exported)
    tell(
        {"file": str(out), **done._asdict()}, as_json, f"{done.files} files of {patient} are in {out}: it is not sealed"
    )
    for name, why in done.unopened.items():
        typer.echo(f"recording {name} could not be opened: {why}", err=True)


@app.command()
def retention(
    folder: Folder,
    recordings_days: Annotated[
        int | None, typer.Option(min=1, max=36_525, help="keep recordings of motion so long from now on")
    ] = None,
    child_recordings_days: Annotated[
        int | None, typer.Option(min=1, max=36_525, help="the same for those of children")
    ] = None,
    records_years: Annotated[
        int | None, typer.Option(min=1, max=100, help="keep the record of who comes no more so long")
    ] = None,
    run: Annotated[bool, typer.Option("--run", help="remove now what is due; the server does so each hour")] = False,
    what: Annotated[bool, typer.Option("--what", help="say what would go, and remove nothing")] = False,
    database: Database = "",
    recordings: Recordings = "",
    keys: KeysUrl = "",
    as_json: Json = False,
) -> None:
    """At the clinic, say how long things are kept, look what is due, or remove it."""
    changes = {
        "recordings_days": recordings_days,
        "child_recordings_days": child_recordings_days,
        "records_years": records_years,
    }
    said = {name: value for name, value in changes.items() if value is not None}
    if bool(said) + run + what > 1:
        fail("retention takes new rules, --run or --what")
    with _refused(), closing(opened(folder, database, recordings, keys)) as service:
        if run:
            _tell_ran(service.retention.run(), as_json)
        elif what:
            _tell_due(service.retention.due(), as_json)
        else:
            _tell_rules(_changed(service.retention, said), as_json)


@app.command()
def age_of_consent(
    folder: Folder,
    years: Annotated[int | None, typer.Argument(help="from this age on patients consent for themselves")] = None,
    database: Database = "",
    keys: KeysUrl = "",
    as_json: Json = False,
) -> None:
    """At the clinic, say until which age a guardian consents for a patient, or set it."""
    from server_sync.clinic.audit import COMMAND

    with _refused(), closing(opened(folder, database, keys=keys)) as service:
        if years is not None:
            service.consents.set_age(COMMAND, years)
        age = service.consents.age()
    tell({"years": age}, as_json, f"Who is under {age} has a guardian who consents; their recordings go sooner.")


@app.command()
def consent(
    patient: Patient,
    folder: Folder,
    kind: Annotated[str, typer.Option(help="what they agree to; without it, list what they did")] = "",
    by: Annotated[str, typer.Option(help="the name of who agrees")] = "",
    relation: Annotated[str, typer.Option(help="what they are to the patient: self, mother, guardian ...")] = "self",
    until: Annotated[str, typer.Option(help="the last day on which it holds, as 2027-11-20")] = "",
    note: Annotated[str, typer.Option(help="such as where the signed paper lies")] = "",
    withdraw: Annotated[bool, typer.Option("--withdraw", help="end what was agreed to, at once")] = False,
    refuse: Annotated[bool, typer.Option("--refuse", help="write down that they do not want it")] = False,
    database: Database = "",
    keys: KeysUrl = "",
    as_json: Json = False,
) -> None:
    """At the clinic, write down that a patient, or who speaks for them, agreed to something, or does not any more."""
    from server_sync.clinic.audit import COMMAND
    from server_sync.clinic.consents import Given, kind_of

    if (withdraw and refuse) or ((withdraw or refuse) and not kind):
        fail("consent takes --kind, and with it --withdraw or --refuse")
    with _refused(), closing(opened(folder, database, keys=keys)) as service:
        patient_id = service.patients.id_of(patient)
        if kind:
            given = Given(by, relation, kind_of(kind).version, note)
            if withdraw:
                service.consents.withdraw(COMMAND, patient_id, kind, given)
            elif refuse:
                service.consents.refuse(COMMAND, patient_id, kind, given)
            else:
                service.consents.give(COMMAND, patient_id, kind, given, _end(until))
        else:
            service.audit.note(COMMAND, "read consents", patient_id)
        found = service.consents.of(patient_id)
    tell([each._asdict() for each in found], as_json, "\n".join(map(_line, found)) or "Nothing was asked yet.")


@contextmanager
def _refused() -> Iterator[None]:
    import msgspec

    from server_sync.clinic.consents import ConsentRefused
    from server_sync.clinic.hand_over import NothingHandedOver
    from server_sync.clinic.keys import KeyMissing, StillRead
    from server_sync.clinic.patients import Unknown

    try:
        yield
    except StillRead as reason:
        fail(f"{reason}: the erasure goes on within an hour of the server, or by steadyreach retention --run")
    except (Unknown, NothingHandedOver, ConsentRefused, KeyMissing, msgspec.ValidationError) as reason:
        fail(str(reason))


def _forget(patient: str, client: Path, records: Path, as_json: bool) -> None:
    from engine.commands.forgetting import BeingPlayed, forget
    from server_sync.client.turns import Busy

    try:
        done = forget(patient, client, records, PATIENCE_S)
    except (BeingPlayed, Busy) as reason:
        fail(str(reason))
    except OSError as reason:
        fail(f"{reason.filename or client} cannot be removed ({reason.strerror}): enter the command again")
    said = (
        f"{len(done.sessions)} sessions and {len(done.files)} other files of {patient} are removed from this computer"
    )
    tell(done._asdict(), as_json, said)
    if done.unread:
        typer.echo(f"whose these are cannot be read here, they stay: {_some(done.unread)}", err=True)


def _erased(done: "Done") -> str:
    lines = [f"Erased: {done.sessions} sessions, {done.recordings} recordings, and all else that was kept"]
    lines += [f"revoked, because it was for nobody else: device {each}" for each in done.devices_revoked]
    lines += [f"closed, because it saw nobody else: account {each}" for each in done.accounts_closed]
    lines += [f"their key is gone from the copy in {each}" for each in done.copies_rewritten]
    lines += [f"not reached, their key is still in the copy of the keys: {each}" for each in done.copies_unreached]
    return "\n".join([*lines, "What is not erased by this:", *(f"  {each}" for each in done.stays)])


def _changed(of: Any, said: dict[str, int]) -> "Rules":
    from msgspec.structs import replace

    from server_sync.clinic.audit import COMMAND

    rules: Rules = of.rules()
    if said:
        rules = replace(rules, **said)
        of.set_rules(COMMAND, rules)
    return rules


def _tell_rules(rules: "Rules", as_json: bool) -> None:
    tell(
        rules,
        as_json,
        f"Recordings of motion are kept for {rules.recordings_days} days, those of children for "
        f"{rules.child_recordings_days}, and the record of who comes no more for {rules.records_years} years",
    )


def _tell_due(due: "Due", as_json: bool) -> None:
    said = f"{len(due.recordings)} recordings, {len(due.strays)} of no session, and {len(due.persons)} persons are due"
    tell(due._asdict(), as_json, "\n".join(filter(None, (said, due.waits))))


def _tell_ran(ran: "Ran", as_json: bool) -> None:
    said = f"{ran.recordings} recordings, {ran.strays} of no session, and {len(ran.erased)} persons were removed"
    answer = {**ran._asdict(), "erased": [each._asdict() for each in ran.erased]}
    tell(answer, as_json, "\n".join(filter(None, (said, ran.waits))))


def _end(until: str) -> datetime | None:
    if not until:
        return None
    try:
        return datetime.fromisoformat(until).replace(tzinfo=UTC) + timedelta(days=1)
    except ValueError:
        fail(f"--until {until} is no day; write it as 2027-11-20")


def _line(consent: "Consent") -> str:
    until = f" until {consent.until - _MOMENT:%Y-%m-%d}" if consent.until else ""
    ended = f", withdrawn {consent.withdrawn_at:%Y-%m-%d %H:%M}" if consent.withdrawn_at else ""
    by = f"{consent.given.by} ({consent.given.relation})" if consent.given.by else consent.given.relation
    return f"{consent.kind}: {by}, {consent.given_at:%Y-%m-%d %H:%M}{until}{ended}"


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - 10} more" if len(names) > 10 else ""
    return ", ".join(names[:10]) + more
