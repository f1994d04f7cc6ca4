"""What is handed over of a patient: a note as a page, text and PDF, exports, and the clocks of remote monitoring."""

from datetime import timedelta
from typing import Any

from litestar import Response, Router, get, post
from litestar.datastructures import State
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect

from server_sync.clinic.contacts import ContactRefused
from server_sync.clinic.export_choice import KINDS
from server_sync.clinic.fhir_records import FhirRecords
from server_sync.clinic.minutes import TALKING, Contact, Kind
from server_sync.clinic.monitoring import monitoring
from server_sync.clinic.played import played
from server_sync.clinic.prescriptions import written_in
from server_sync.clinic.roles import Permission
from server_sync.clinic.service import Service
from server_sync.page import words
from server_sync.page.language import N_
from server_sync.page.note import PERIODS, About, Note, as_text, note
from server_sync.page.pdf import pdf
from server_sync.web import audited
from server_sync.web.access import Visitor
from server_sync.web.pages import LARGEST_FORM_BYTES, Form, page

READING, WRITING = {"may": Permission.READ_PATIENTS}, {"may": Permission.WRITE_PATIENTS}
LONGEST_OWN = 4000
CONTACTS = {
    Kind.CALL: N_("a call"), Kind.VIDEO: N_("a video call"), Kind.MESSAGE: N_("messages"),
    Kind.REVIEW: N_("looking at the data"), Kind.OTHER: N_("something else"),
}  # fmt: skip
NO_VALUES = {"minutes": "", "kind": Kind.CALL.value, "realtime": "", "note": ""}


@get("/patients/{patient_id:str}/report", opt=READING, sync_to_thread=True)
def patient_report(
    request: Visitor, state: State, patient_id: FromPath[str], days: FromQuery[int] = PERIODS[0]
) -> Response[str]:
    """A note about the last days, all there is with 0; exports, and the monitoring of the patient."""
    return _report(request, state, patient_id, _days(days))


@post(
    "/patients/{patient_id:str}/report/{kind:str}",
    opt=READING,
    sync_to_thread=True,
    request_max_body_size=LARGEST_FORM_BYTES,
)
def patient_note(
    request: Visitor, state: State, patient_id: FromPath[str], kind: FromPath[str], data: Form
) -> Response[Any]:
    """The note with the therapist's own words, which are kept nowhere: as PDF, else as text."""
    days, own = _days(data.get("days", "")), data.get("own", "").replace("\r\n", "\n")[:LONGEST_OWN]
    said = _note(state.service, patient_id, days)
    audited.read(request, "save a report", patient_id)
    as_pdf = kind == "pdf"
    content: bytes | str = pdf(said, request.user.name, own) if as_pdf else as_text(said, own)
    media_type = "application/pdf" if as_pdf else "text/plain; charset=utf-8"
    headers = {"Content-Disposition": f'attachment; filename="steadyreach-note.{"pdf" if as_pdf else "txt"}"'}
    return Response(content, media_type=media_type, headers=headers, status_code=200)


@get("/patients/{patient_id:str}/fhir", opt=READING, sync_to_thread=True)
def patient_fhir(request: Visitor, state: State, patient_id: FromPath[str]) -> Response[bytes]:
    """All that is kept of a patient for another system (HL7 FHIR R4)."""
    service: Service = state.service
    service.patients.person(patient_id)
    audited.read(request, "export", patient_id)
    headers = {"Content-Disposition": 'attachment; filename="steadyreach-fhir.json"'}
    return Response(FhirRecords(service).exported(patient_id), media_type="application/fhir+json", headers=headers)


@post("/patients/{patient_id:str}/contacts", opt=WRITING, sync_to_thread=True, request_max_body_size=LARGEST_FORM_BYTES)
def note_contact(request: Visitor, state: State, patient_id: FromPath[str], data: Form) -> Response[Any]:
    """Note time that was spent on a patient, which ends now."""
    service: Service = state.service
    given = {name: data.get(name, usual).strip() for name, usual in NO_VALUES.items()}
    try:
        seconds = 60 * _minutes(given["minutes"])
        at, who = service.now() - timedelta(seconds=seconds), service.accounts.of(request.user.id).login
        realtime = bool(given["realtime"]) and given["kind"] in TALKING
        contact = Contact(at, seconds, given["kind"], realtime, who, given["note"])
        service.contacts.add(patient_id, contact, audited.actor(request))
    except ContactRefused as reason:
        return _report(request, state, patient_id, PERIODS[0], status=422, problem=str(reason), given=given)
    return Redirect(f"/patients/{patient_id}/report#monitoring", status_code=303)


# One router: handlers of the same address that Litestar gets one by one are prepared twice, and then fail.
ROUTES = [Router("/", route_handlers=[patient_report, patient_note, patient_fhir, note_contact])]


def _report(
    request: Visitor,
    state: State,
    patient_id: str,
    days: int,
    status: int = 200,
    problem: str = "",
    given: dict[str, str] | None = None,
) -> Response[str]:
    service: Service = state.service
    patient = service.archive.patient(patient_id)
    audited.read(request, "read a report", patient_id)
    zone, now = service.contacts.zone(), service.now()
    sessions = played(service.store, service.patients, patient_id)
    counted = monitoring(sessions, service.contacts.listed(patient_id), zone, now)
    said = _note(service, patient_id, days)
    return page(
        request,
        "patient_report.html",
        status,
        patient=patient,
        said=said,
        text=as_text(said),
        days=days,
        periods=PERIODS,
        kinds=KINDS,
        counted=counted,
        contact_kinds=CONTACTS,
        given=given or NO_VALUES,
        problem=problem,
        longest=LONGEST_OWN,
        month=f"{now.astimezone(zone):%Y-%m}",
    )


def _note(service: Service, patient_id: str, days: int) -> Note:
    patient = service.archive.patient(patient_id)
    zone = service.contacts.zone()
    versions = written_in(zone, service.prescriptions.history(patient.pseudonym))
    history = [version.prescription for version in versions]
    letters = [letter._replace(at=letter.at.astimezone(zone)) for letter in service.letters.of(patient_id)]
    about = About(patient.name, words.about(patient), history, letters)
    gists = [each.gist for each in service.gists.of(patient_id)]
    return note(about, gists, service.now().astimezone(zone).date(), days)


def _days(said: object) -> int:
    """The days that a note is about: one of the periods that are offered, 0 for all there is."""
    return next((each for each in (0, *PERIODS) if str(each) == str(said)), PERIODS[0])


def _minutes(said: str) -> float:
    try:
        minutes = float(said.replace(",", "."))
        timedelta(minutes=minutes)
        return minutes
    except (ValueError, OverflowError):
        raise ContactRefused(f"minutes: {said[:20]!r} is no number") from None
