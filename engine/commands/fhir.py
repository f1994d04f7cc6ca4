"""The clinic's commands for FHIR: bring records to another server, say how that stands, and write one as a file."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from engine.commands.answer import fail, tell
from engine.commands.clinic import Database, Folder, KeysUrl, opened
from engine.commands.play import Json

if TYPE_CHECKING:
    from server_sync.clinic.pushes import Pushes, Standing, Target
    from server_sync.clinic.service import Service
    from server_sync.fhir.pushing import Pushed
    from server_sync.fhir.smart import Signer

app = typer.Typer()
fhir = typer.Typer(help="At the clinic: records as HL7 FHIR R4, for other systems.")
app.add_typer(fhir, name="fhir")
MOST_TOLD = 10


@fhir.command()
def push(
    url: Annotated[str, typer.Argument(help="the other FHIR server, as https://hospital.example/fhir")],
    folder: Folder,
    patient: Annotated[str, typer.Option(help="one patient, by the pseudonym; all who agreed otherwise")] = "",
    system: Annotated[str, typer.Option(help="what consents call it, where that is not its host")] = "",
    client_id: Annotated[str, typer.Option(help="what it knows us by, where it asks for a token")] = "",
    key: Annotated[
        Path | None, typer.Option(help="our private key for it (PEM): steadyreach fhir key makes one")
    ] = None,
    token_url: Annotated[str, typer.Option(help="where it gives out tokens, where it does not say so itself")] = "",
    scope: Annotated[str, typer.Option(help="what to ask for there")] = "system/*.cruds",
    retry: Annotated[
        bool, typer.Option("--retry", help="send once more what is in doubt: somebody has looked")
    ] = False,
    once: Annotated[bool, typer.Option("--once", help="leave nothing behind: work brings nothing new later")] = False,
    database: Database = "",
    keys: KeysUrl = "",
    as_json: Json = False,
) -> None:
    """Bring what is not there yet of who agreed to share with it; `steadyreach work` brings what is new later."""
    from server_sync.clinic.pushes import Pushes, target_of

    if bool(client_id) != (key is not None):
        fail("--client-id and --key belong together: what the other server knows us by, and the key that proves it")
    with _clinic(folder, database, keys) as service, Pushes(service) as pushes:
        target = target_of(url, system, client_id, token_url, scope)
        pem = key.read_bytes() if key else b""
        pushes.reach(target, _signer(client_id, pem))
        if retry:
            pushes.look_again(target.url)
        if not once:
            pushes.keep(target, pem)
        whom = [service.patients.id_of(patient)] if patient else pushes.whom(target)
        _tell_pushed(_pushed(pushes, target, whom, as_json), target, as_json)


@fhir.command()
def status(folder: Folder, database: Database = "", keys: KeysUrl = "", as_json: Json = False) -> None:
    """Say what other servers have, what is in doubt there, and how what is new is getting on."""
    from server_sync.clinic.pushes import Pushes

    with _clinic(folder, database, keys) as service, Pushes(service) as pushes:
        found = [_standing(service, each) for each in pushes.standing()]
    tell(found, as_json, "\n".join(map(_line, found)) or "Nothing was brought anywhere yet.")


@fhir.command()
def stop(
    system: Annotated[str, typer.Argument(help="what consents call it")],
    folder: Folder,
    database: Database = "",
    keys: KeysUrl = "",
    as_json: Json = False,
) -> None:
    """Bring nothing more to a system, and forget our key for it; what it has stays there."""
    from server_sync.clinic.pushes import Pushes

    with _clinic(folder, database, keys) as service, Pushes(service) as pushes:
        pushes.end(system)
    tell({"stopped": system}, as_json, f"nothing more is brought to {system}; what it has stays there")


@fhir.command()
def export(
    patient: Annotated[str, typer.Argument(help="the patient's pseudonym")],
    folder: Folder,
    out: Annotated[Path, typer.Option(help="the .json to write; it must not be there")],
    database: Database = "",
    keys: KeysUrl = "",
    as_json: Json = False,
) -> None:
    """Write the whole record of a patient as one Bundle of FHIR, with their name."""
    from server_sync.clinic.audit import COMMAND
    from server_sync.clinic.fhir_records import FhirRecords
    from server_sync.clinic.private import make_file

    if out.exists():
        fail(f"{out} exists already: name another file, or move it away")
    with _clinic(folder, database, keys) as service:
        patient_id = service.patients.id_of(patient)
        content = FhirRecords(service).exported(patient_id)
        service.audit.note(COMMAND, "export a record as FHIR", patient_id)
        make_file(out)
        out.write_bytes(content)
    tell({"file": str(out), "bytes": len(content)}, as_json, f"the record of {patient} is in {out}: it is not sealed")


@fhir.command("key")
def key_command(out: Annotated[Path, typer.Argument(help="the file to write; it must not be there")]) -> None:
    """Make a private key (ES384), and print the public half that another system has to know (JWKS)."""
    from server_sync.clinic.private import make_file
    from server_sync.fhir.smart import jwks_text, new_pem

    if out.exists():
        fail(f"{out} exists already: name another file")
    pem = new_pem()
    make_file(out)
    try:
        out.write_bytes(pem)
    except OSError as reason:
        fail(f"{out} cannot be written: {reason.strerror}")
    typer.echo(jwks_text(pem))


@contextmanager
def _clinic(folder: Path, database: str, keys: str) -> "Iterator[Service]":
    from server_sync.client.patience import Refused
    from server_sync.clinic.patients import Unknown
    from server_sync.clinic.pushes import TargetRefused

    try:
        with closing(opened(folder, database, keys=keys)) as service:
            yield service
    except (Refused, TargetRefused, Unknown, ValueError) as reason:
        fail(str(reason))
    except OSError as reason:
        fail(f"{reason.filename or folder} cannot be used: {reason.strerror}")


def _signer(client_id: str, pem: bytes) -> "Signer | None":
    from server_sync.fhir.smart import signer

    return signer(client_id, pem) if client_id else None


def _pushed(pushes: "Pushes", target: "Target", whom: list[str], quiet: bool) -> "list[Pushed]":
    """What came of each patient; where the server takes nothing now, what arrived by then stays."""
    from engine.commands.archive import bar
    from server_sync.client.patience import Later

    done = []
    with bar("brought", not quiet) as told:
        for number, patient_id in enumerate(whom):
            told(number, len(whom))
            try:
                pushed = pushes.push(target, patient_id)
            except Later as reason:
                fail(f"{number} of {len(whom)} patients are brought, enter it again to go on: {reason}")
            if pushed is None:
                fail(f"nobody agreed for this patient: steadyreach consent PATIENT --kind 'share with {target.id}'")
            done.append(pushed)
            told(number + 1, len(whom))
    return done


def _tell_pushed(done: "list[Pushed]", target: "Target", as_json: bool) -> None:
    counts = {name: sum(getattr(each, name) for each in done) for name in ("written", "unchanged")}
    troubles = {
        name: [t._asdict() for each in done for t in getattr(each, name)] for name in ("quarantined", "held", "failed")
    }
    answer = {"url": target.url, "system": target.id, "patients": len(done), **counts, **troubles}
    lines = [
        f"{len(done)} patients at {target.url}: {counts['written']} resources written, {counts['unchanged']} there"
    ]
    for name, found in troubles.items():
        lines += [f"{len(found)} {name}"] if found else []
        lines += [f"  {each['path']}: {each['why']}" for each in found[:MOST_TOLD]]
    tell(answer, as_json, "\n".join(lines))


def _standing(service: "Service", each: "Standing") -> dict[str, Any]:
    names = {doubt.patient_id: service.patients.pseudonyms([doubt.patient_id]) for doubt in each.doubts}
    doubts = [
        {"patient": next(iter(names[d.patient_id]), ""), "resource": d.resource, "why": d.why} for d in each.doubts
    ]
    return {**each._asdict(), "doubts": doubts}


def _line(told: dict[str, Any]) -> str:
    goes_on = f"{told['agreed']} agreed, work goes on" if told["system"] else "nothing more is brought there"
    lines = [f"{told['url']}  {told['there']} resources, {goes_on}"]
    lines += [f"  {number} {state}" for state, number in sorted(told["jobs"].items())]
    lines += [f"  {error}" for error in told["errors"]]
    lines += [f"  in doubt: {d['resource']} of {d['patient']}: {d['why']}" for d in told["doubts"]]
    return "\n".join(lines)
