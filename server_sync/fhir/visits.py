"""A session as resources of FHIR: what was done, measured and said, with what, and where it comes from."""

import base64

from engine.records import Session
from engine.task import tried
from server_sync.fhir import codes
from server_sync.fhir.datatypes import Attachment, CodeableConcept, Coding, Identifier, Reference
from server_sync.fhir.naming import CODES, QUESTIONNAIRE, Naming, identifier, refer, tagged
from server_sync.fhir.observations import RATED, Visit, of_answers, of_blocks, of_calibration
from server_sync.fhir.resources import (
    Answer,
    Content,
    Device,
    DeviceName,
    DeviceVersion,
    DiagnosticReport,
    DocumentReference,
    Encounter,
    Item,
    Observation,
    Procedure,
    Provenance,
    ProvenanceAgent,
    Questionnaire,
    QuestionnaireResponse,
    Resource,
    ResponseItem,
    Source,
)

FINISHED = "finished"
_URI = "urn:ietf:rfc:3986"  # the system of what is a URI itself
QUESTIONNAIRE_ID, QUESTIONNAIRE_VERSION = "86a677bd-a036-48f8-b342-b29c2f487895", "1"


def of_session(
    naming: Naming, session: Session, patient_id: str, *, live: bool = False, care_plan: str = ""
) -> tuple[Resource, ...]:
    """All of a session but its patient, what others refer to first.

    `live` says that a therapist was there from another place, and `care_plan` is the id of the CarePlan that it was
    played by, where that was written too (see `prescribed.plan_id`).
    """
    headset, software = devices(naming, session, patient_id)
    procedure = refer("Procedure", naming.id("procedure", patient_id, session=session.id))
    visit = Visit(naming, session, patient_id, refer("Device", str(headset.id)), procedure)
    encounter = _encounter(visit) if live else None
    visit = visit._replace(encounter=refer("Encounter", str(encounter.id)) if encounter else None)
    recording = _recording(visit)
    visit = visit._replace(recording=refer("DocumentReference", str(recording.id)) if recording else None)
    plan = refer("CarePlan", care_plan) if care_plan else None
    response = _response(visit)
    first = tuple(one for one in (headset, software, encounter, recording) if one)
    done: list[Resource] = [_procedure(visit, (headset, software), plan)]
    measured = [*of_calibration(visit), *of_blocks(visit)]
    if response:
        done.append(response)
        measured += of_answers(visit, refer("QuestionnaireResponse", str(response.id)))
    done += measured
    if measured:
        done.append(_report(visit, measured, plan))
    return (*first, *done, _provenance(visit, done, software))


def devices(naming: Naming, session: Session, patient_id: str) -> tuple[Device, Device]:
    """The headset and the software of a session; the same ones of a patient's others have the same ids."""
    return _headset(naming, session, patient_id), _software(naming, session, patient_id)


def questionnaire() -> Questionnaire:
    """What a person is asked about themselves; one for all patients, and its id is the same everywhere."""
    own = codes.table().own
    items = tuple(
        Item(
            link_id=kind,
            code=(Coding(system=CODES, code=f"answers.{kind}", display=own[f"answers.{kind}"].words),),
            text=_asked(kind),
            type="decimal",
            repeats=True,
        )
        for kind in RATED
    )
    return Questionnaire(
        id=QUESTIONNAIRE_ID,
        meta=tagged(QUESTIONNAIRE_ID),
        url=QUESTIONNAIRE,
        version=QUESTIONNAIRE_VERSION,
        name="HowAreYou",
        title="How are you?",
        status="active",
        subject_type=("Patient",),
        date="2026-11-22",
        description="Asked before, during and after play: in words, with faces, or by what somebody says unasked.",
        item=items,
    )


def _asked(kind: str) -> str:
    return f"{codes.table().own[f'answers.{kind}'].words}, from 0 for none to 10"


def _headset(naming: Naming, session: Session, patient_id: str) -> Device:
    own_id = naming.id("device", patient_id, session.headset, session.headset_description)
    called = DeviceName(name=session.headset_description or session.headset, type="user-friendly-name")
    return Device(
        id=own_id, identifier=(identifier(own_id),), device_name=(called,), type=codes.concept("parts.headset"),
        patient=refer("Patient", naming.patient(patient_id)),
    )  # fmt: skip


def _software(naming: Naming, session: Session, patient_id: str) -> Device:
    """The software of the visit: one for each patient, so that nothing is shared that two could write at once."""
    name, _, version = session.software.partition(" ")
    own_id = naming.id("device", patient_id, session.software)
    return Device(
        id=own_id, identifier=(identifier(own_id),), device_name=(DeviceName(name=name, type="model-name"),),
        type=codes.concept("parts.software"), version=(DeviceVersion(value=version),) if version else (),
        patient=refer("Patient", naming.patient(patient_id)),
    )  # fmt: skip


def _encounter(visit: Visit) -> Encounter:
    own_id = visit.id("encounter")
    return Encounter(
        id=own_id, identifier=(identifier(own_id),), status="finished", class_=codes.other("virtual"),
        subject=visit.subject, period=visit.lasting(visit.session),
    )  # fmt: skip


def _procedure(visit: Visit, devices: tuple[Device, ...], plan: Reference | None) -> Procedure:
    session, own_id = visit.session, visit.id("procedure")
    played = any(block.kind == "play" and block.trials for block in session.blocks)
    whole = session.ended_by == FINISHED
    return Procedure(
        id=own_id,
        identifier=(identifier(own_id),),
        based_on=(plan,) if plan else (),
        status="completed" if whole else "stopped",
        status_reason=None if whole else CodeableConcept(text=session.ended_by or "nobody knows why"),
        code=codes.concept("parts.visit" if played else "parts.assessment"),
        subject=visit.subject,
        encounter=visit.encounter,
        performed_period=visit.lasting(session),
        used_reference=tuple(refer("Device", str(device.id)) for device in devices),
    )


def _recording(visit: Visit) -> DocumentReference | None:
    """The recording by its hash, as a name that says so (RFC 6920); never its bytes, nor a way to them."""
    kept = visit.session.recording
    if kept is None or not kept.sha256:
        return None
    own_id = visit.id("recording")
    hashed = base64.urlsafe_b64encode(bytes.fromhex(kept.sha256)).decode().rstrip("=")
    file = Attachment(
        content_type="application/octet-stream", size=kept.bytes, title=kept.file, creation=visit.at(None)
    )
    return DocumentReference(
        id=own_id,
        master_identifier=Identifier(system=_URI, value=f"ni:///sha-256;{hashed}"),
        identifier=(identifier(own_id),),
        status="current",
        type=codes.concept("parts.recording"),
        subject=visit.subject,
        date=visit.at(visit.session.seconds),
        security_label=(CodeableConcept(coding=(codes.other("restricted"),)),),
        content=(Content(attachment=file),),
    )


def _response(visit: Visit) -> QuestionnaireResponse | None:
    told = [answer for answer in visit.session.told if answer.kind in RATED]
    if not told:
        return None
    items = tuple(
        ResponseItem(link_id=kind, text=_asked(kind), answer=tuple(Answer(value_decimal=v) for v in values))
        for kind in RATED
        if (values := [answer.value for answer in told if answer.kind == kind])
    )
    own_id = visit.id("response")
    return QuestionnaireResponse(
        id=own_id,
        identifier=identifier(own_id),
        part_of=(visit.part_of,),
        questionnaire=f"{QUESTIONNAIRE}|{QUESTIONNAIRE_VERSION}",
        subject=visit.subject,
        encounter=visit.encounter,
        authored=visit.at(visit.session.seconds),
        source=visit.subject,
        item=items,
    )


def _report(visit: Visit, measured: list[Observation], plan: Reference | None) -> DiagnosticReport:
    """What the visit found, as groups where there are some. Nobody has signed it, so it is preliminary."""
    members = {str(member.reference) for one in measured for member in one.has_member}
    session, own_id = visit.session, visit.id("report")
    counted = tried(trial for block in session.blocks for trial in block.trials)
    reached = sum(trial.outcome == "reached" for trial in counted)
    said = [f"{reached} of {len(counted)} targets reached."] if counted else []
    return DiagnosticReport(
        id=own_id,
        identifier=(identifier(own_id),),
        based_on=(plan,) if plan else (),
        status="preliminary",
        code=codes.concept("parts.report"),
        subject=visit.subject,
        encounter=visit.encounter,
        effective_period=visit.lasting(session),
        issued=visit.at(session.seconds),
        result=tuple(refer("Observation", str(one.id)) for one in measured if one.path not in members),
        conclusion=" ".join([*said, f"The visit: {session.ended_by}."]),
    )


def _provenance(visit: Visit, made: list[Resource], software: Device) -> Provenance:
    agent = ProvenanceAgent(
        type=CodeableConcept(coding=(codes.other("assembler"),)), who=refer("Device", str(software.id))
    )
    own_id = visit.id("provenance")
    return Provenance(
        id=own_id,
        meta=tagged(own_id),
        target=tuple(Reference(reference=one.path) for one in made),
        recorded=visit.at(visit.session.seconds),
        agent=(agent,),
        entity=(Source(role="source", what=visit.recording),) if visit.recording else (),
    )
