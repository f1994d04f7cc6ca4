"""The programme of a patient: looked at, changed and saved as the next version of what is prescribed, and printed.

The form holds all of it until it is saved: each button sends what is typed and shows it again, changed.
"""

from collections.abc import Sequence
from contextlib import suppress
from datetime import date, datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from litestar import Response, Router, get, post
from litestar.datastructures import State
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect

from engine.prescription import Draft, Prescription, draft_for
from engine.programme import CLINIC
from engine.programmes import ProgrammeError
from engine.records import RecordUnreadable
from server_sync.clinic.patients import Unknown
from server_sync.clinic.prescriptions import Changed, NothingPrescribed, Version, written_in
from server_sync.clinic.roles import Permission
from server_sync.clinic.service import Service
from server_sync.page import plan, plan_choices, plan_form
from server_sync.page.language import _
from server_sync.page.plan_form import NotWritten, Typed
from server_sync.page.plan_sheet import family_sheet, note_sheet
from server_sync.page.sheet import precaution_words
from server_sync.page.tune_words import chips_of
from server_sync.page.weeks import weeks_of
from server_sync.web import audited
from server_sync.web.access import Visitor
from server_sync.web.pages import Form, page

READING, PRESCRIBING = {"may": Permission.READ_PATIENTS}, {"may": Permission.PRESCRIBE}
LARGEST_PLAN_BYTES = 256 * 1024
FILLING = ("template", "copy", "earlier")
SHEETS = {"family": family_sheet, "note": note_sheet}


class Known(NamedTuple):
    """A patient, every version of what is prescribed for them, and the day it is where they live, or the clinic is."""

    patient_id: str
    pseudonym: str
    versions: Sequence[Version]
    zone: ZoneInfo
    today: date

    def version(self, number: int) -> Version | None:
        """One of the versions."""
        return next((each for each in self.versions if each.prescription.version == number), None)

    def draft(self, number: int) -> Draft:
        """What a version says; an empty draft where there is none."""
        found = self.version(number)
        return draft_for(self.pseudonym, found.prescription) if found else Draft()

    @property
    def last(self) -> int:
        """The number of the version that holds, 0 for none."""
        return self.versions[-1].prescription.version if self.versions else 0

    def in_force(self, day: date) -> Prescription | None:
        """What was prescribed on a day."""
        written = [each.prescription for each in self.versions if self._written_on(each.prescription) <= day]
        return written[-1] if written else None

    def _written_on(self, version: Prescription) -> date:
        return datetime.fromisoformat(version.written_at).date()


class Said(NamedTuple):
    """What is said above the form: a notice and what was `told` with it, a problem with its place, a conflict.

    `choosing` is for a list of the other patients, `template` the programme that was proposed. Where both changed the
    version `since`, `theirs` and `yours` say what each does, and `why` is their reason.
    """

    notice: str = ""
    told: tuple[str, ...] = ()
    problem: str = ""
    where: str = ""
    differences: tuple[str, ...] = ()
    choosing: bool = False
    template: str = ""
    since: int = 0
    theirs: tuple[str, ...] = ()
    yours: tuple[str, ...] = ()
    why: str = ""


NOTHING = Said()


@get("/patients/{patient_id:str}/plan", opt=READING, sync_to_thread=True)
def show(
    request: Visitor,
    state: State,
    patient_id: FromPath[str],
    saved: FromQuery[int] = 0,
    template: FromQuery[str] = "",
    place: FromQuery[str] = "",
) -> Response[str]:
    """What is prescribed now; with `template` a programme to begin with is proposed, and nothing is saved."""
    known = _known(state.service, patient_id)
    draft, said = known.draft(known.last), Said(template=template)
    if saved and saved == known.last:
        before = known.draft(saved - 1) if saved > 1 else None
        notice = _("Saved. Their headset takes it when it is started next.")
        said = Said(notice=notice, told=plan.effects(before, draft, known.today))
    with suppress(ProgrammeError):
        draft = plan_choices.proposed(template, known.today, draft, place == CLINIC) if template else draft
    return _page(request, state, known, plan_form.typed_of(draft, known.last), said)


@post("/patients/{patient_id:str}/plan", opt=PRESCRIBING, sync_to_thread=True, request_max_body_size=LARGEST_PLAN_BYTES)
def change(request: Visitor, state: State, patient_id: FromPath[str], data: Form) -> Response[Any]:
    """Do what the button says with what was typed: add or take away a row, propose, copy, look, or save."""
    known = _known(state.service, patient_id)
    typed, act = plan_form.read(data), data.get("do", "")
    if act == "save":
        return _save(request, state, known, typed)
    if act == "choose":
        return _page(request, state, known, typed, Said(choosing=True))
    try:
        if act in FILLING:
            typed = _filled(request, known, typed, data)
        said = Said(template=data.get("template", "") if act == "template" else "")
        return _page(request, state, known, plan_form.done(typed, act, request.user.name, known.today), said)
    except (NotWritten, ProgrammeError, Unknown, NothingPrescribed) as reason:
        said = Said(problem=str(reason), where=getattr(reason, "where", ""))
        return _page(request, state, known, typed, said, status=422)


@get("/patients/{patient_id:str}/plan/print", opt=READING, sync_to_thread=True)
def printed(
    request: Visitor, state: State, patient_id: FromPath[str], sheet: FromQuery[str] = "family"
) -> Response[str]:
    """What holds, on one sheet of paper: in the words of the family, or for the note."""
    known = _known(state.service, patient_id)
    draft, patient = known.draft(known.last), state.service.archive.patient(patient_id)
    content = SHEETS.get(sheet, family_sheet)(draft, known.today)
    audited.read(request, "print a plan", patient_id, f"version {known.last}")
    author = known.versions[-1].prescription.author if known.versions else ""
    return page(request, "plan_print.html", patient=patient, sheet=content, author=author, today=known.today)


ROUTES = [Router("/", route_handlers=[show, change, printed])]


def _known(service: Service, patient_id: str) -> Known:
    person = service.patients.person(patient_id)
    zone = service.zone_of(person)
    versions = written_in(zone, service.prescriptions.history(person.pseudonym))
    return Known(patient_id, person.pseudonym, versions, zone, service.now().astimezone(zone).date())


def _save(request: Visitor, state: State, known: Known, typed: Typed) -> Response[Any]:
    service: Service = state.service
    base, before = known.version(typed.base), known.draft(typed.base)
    why = typed.fields["why"]
    try:
        draft = plan_form.agreed(before, plan_form.draft_of(typed, before), known.today)
        if base and draft == before:
            return _page(request, state, known, typed, Said(notice=_("Nothing is changed, so nothing is saved.")))
        if any(held not in draft.precautions for held in before.precautions) and not why:
            raise NotWritten("why", _("Say why a precaution is lifted or changed."))
        author, by = request.user.name, audited.actor(request)
        tag = base.sha256 if base else ""
        saved = service.prescriptions.save(known.pseudonym, draft, author, tag, by, why=why)
    except NotWritten as reason:
        return _page(request, state, known, typed, Said(problem=str(reason), where=reason.where), status=422)
    except RecordUnreadable as reason:
        return _page(request, state, known, typed, Said(problem=str(reason)), status=422)
    except Changed as reason:
        return _changed(request, state, known, typed, reason)
    return Redirect(f"/patients/{known.patient_id}/plan?saved={saved.prescription.version}", status_code=303)


def _changed(request: Visitor, state: State, known: Known, typed: Typed, reason: Changed) -> Response[str]:
    """Both side by side: what somebody saved meanwhile holds until the form, now on top of it, is saved again."""
    known = _known(state.service, known.patient_id)
    before, theirs = known.draft(typed.base), known.draft(known.last)
    mine = plan_form.draft_of(typed, before)
    again = plan_form.typed_of(plan_form.merged(before, theirs, mine), known.last)
    again = again._replace(fields={**again.fields, "why": typed.fields["why"]})
    held = known.versions[-1].prescription
    said = Said(
        problem=_("%(who)s saved another version meanwhile, which holds until you save again.", who=held.author),
        differences=reason.differences,
        since=typed.base,
        theirs=plan.effects(before, theirs, known.today),
        yours=plan.effects(before, mine, known.today),
        why=held.why or "",
    )
    return _page(request, state, known, again, said, status=409)


def _page(
    request: Visitor, state: State, known: Known, typed: Typed, said: Said = NOTHING, status: int = 200
) -> Response[str]:
    """The form as it is typed, over the weeks that it gives, or those that hold where it is no plan yet."""
    service: Service = state.service
    before = known.draft(typed.base)
    draft = plan_form.shown_of(typed, before)
    patient, sessions = service.archive.patient(known.patient_id), service.archive.sessions(known.patient_id)
    audited.read(request, "read a plan", known.patient_id, f"version {known.last}")
    if said.choosing:
        audited.read(request, "list patients")
    return page(
        request, "plan.html", status,
        precaution_words=precaution_words,
        patient=patient, typed=typed, said=said, draft=draft, known=known, plan=plan, choices=plan_choices,
        parts_of=plan_form.parts_of(typed),
        chips=chips_of(known.draft(known.last).precautions),
        proposal=plan_choices.proposal(said.template), before=before,
        weeks=weeks_of(draft, known.in_force, sessions, known.today, _measured_on(service, known.patient_id)),
        effects=plan.effects(before if known.versions else None, draft, known.today),
        others=[each for each in service.archive.patients() if each.id != known.patient_id] if said.choosing else (),
        orders=sum(order.patient_id == known.patient_id for order in service.drafts.waiting()),
    )  # fmt: skip


def _measured_on(service: Service, patient_id: str) -> date | None:
    """The day on which the limit was measured whole for which that is longest ago, None for none."""
    session = service.archive.last_measured(patient_id)
    found = session.calibration if session else None
    days = [limit.measured_at or found.measured_at for limit in found.limits.values() if limit.n] if found else []
    return min((datetime.fromisoformat(day).date() for day in days if day), default=None)


def _filled(request: Visitor, known: Known, typed: Typed, data: dict[str, str]) -> Typed:
    """The form after a button that puts another programme in place of what is typed.

    Raises NotWritten, ProgrammeError, NothingPrescribed, and Unknown for a patient that there is not.
    """
    before = plan_form.draft_of(typed, known.draft(typed.base))
    match data.get("do"):
        case "template":
            return plan_form.typed_of(plan_choices.proposed(data.get("template", ""), known.today, before), typed.base)
        case "copy":
            other = _known(request.app.state.service, data.get("other", ""))
            audited.read(request, "read a plan", other.patient_id, f"version {other.last}")
            if not other.versions:
                raise NothingPrescribed(_("Nothing is prescribed for this patient yet: there is nothing to copy."))
            return plan_form.typed_of(plan_choices.copied(other.draft(other.last), known.today, before), typed.base)
        case _:
            number = data.get("version", "")
            found = known.version(int(number)) if number.isdigit() and len(number) < 9 else None
            if found is None:
                raise NothingPrescribed(_("There is no such version."))
            return plan_form.typed_of(draft_for(known.pseudonym, found.prescription), typed.base)
