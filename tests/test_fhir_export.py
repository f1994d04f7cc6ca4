"""What leaves as FHIR: valid to three validators, whole, the same every time, and with nobody's name in it."""

import copy
import json
import math
import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import pytest
from commands import entered
from fhir_fixtures import NAMING, PERSON, FhirServer, a_prescription, a_visit, errors_by_fhirkit, everything
from server_fixtures import a_session

from calibration import battery
from engine.plan import ASSESS
from engine.prescription import Message, Practice, Prescription
from engine.records import Answer, BlockRecord, Limit, Measured, Prescribed, Session, TrialRecord, read
from server_sync.fhir.bundles import capability, collection, found, refusal
from server_sync.fhir.datatypes import CodeableConcept, Coding, Quantity, Reference, moment, plain, to_json
from server_sync.fhir.naming import CODES, IDS, criterion, refer
from server_sync.fhir.people import of_person
from server_sync.fhir.prescribed import of_prescriptions, plan_id, plans
from server_sync.fhir.push import in_order
from server_sync.fhir.pushing import references
from server_sync.fhir.resources import Observation, Resource
from server_sync.fhir.visits import of_session

SESSIONS = 200
UNSEEN = "the hand was not seen"
_VALUE = re.compile(rb'(?<!"resourceType":)(?<=[:\[,])(?:"(?:[^"\\]|\\.)*+"(?!:)|-?\d[\d.e+-]*)')
_SAME_AGAIN = re.compile(rb"(\{[^{}]*\})(?:,\1)+")
LOINC, OURS = "http://loinc.org", CODES
GOOD = {
    "resourceType": "Observation",
    "status": "final",
    "code": {"text": "Arm raised to"},
    "effectiveDateTime": "2026-11-20T16:42:00.000+01:00",
    "valueQuantity": {"value": 95.0, "unit": "deg", "system": "http://unitsofmeasure.org", "code": "deg"},
}
MUTANTS: Mapping[str, Mapping[str, Any]] = {
    "a status that there is not": {"status": "finished"},
    "no code": {"code": ...},
    "a number in quotes": {"valueQuantity": {"value": "95"}},
    "an unknown element": {"steadiness": 1},
    "null": {"note": None},
    "two values": {"valueString": "95"},
    "a date that there is not": {"effectiveDateTime": "2026-13-45"},
    "an empty array": {"note": []},
    "a comparator that there is not": {"valueQuantity": {"value": 95, "comparator": "=>"}},
    "a value and a reason for none (obs-6)": {"dataAbsentReason": {"text": "not seen"}},
}


def shape(content: bytes) -> bytes:
    """What a resource is made of, whatever it says: those of equal shape are judged alike but for their values."""
    return _with_one_of_each(_VALUE.sub(b"", content))


@cache
def _with_one_of_each(bare: bytes) -> bytes:
    while (fewer := _SAME_AGAIN.sub(rb"\1", bare)) != bare:
        bare = fewer
    return bare


def by_type(resources: tuple[Resource, ...], kind: str) -> list[dict[str, Any]]:
    return [plain(one) for one in resources if type(one).__name__ == kind]


def observed(resources: tuple[Resource, ...], path: str) -> list[dict[str, Any]]:
    """The observations with a code of ours."""
    return [
        one
        for one in by_type(resources, "Observation")
        if any(coding["system"] == OURS and coding["code"] == path for coding in one["code"].get("coding", []))
    ]


def visit(**changes: object) -> tuple[Resource, ...]:
    return of_session(NAMING, a_visit(1, **changes), PERSON.id)


def with_calibration(limit: Limit, known: Limit | None = None) -> tuple[Resource, ...]:
    base = a_session()
    assert base.calibration is not None
    before = msgspec.structs.replace(base.calibration, limits={"knee_flexion_left": known} if known else {})
    now = msgspec.structs.replace(base.calibration, limits={"knee_flexion_left": limit})
    session = msgspec.structs.replace(base, calibration=now, known=before if known else None)
    return of_session(NAMING, session, PERSON.id)


@pytest.mark.parametrize("name", MUTANTS)
def test_the_validators_together_catch_what_is_wrong(fhir_server: FhirServer, name: str) -> None:
    wrong = {key: value for key, value in {**copy.deepcopy(GOOD), **MUTANTS[name]}.items() if value is not ...}
    assert not any(fhir_server.issues(GOOD).values())
    assert any(fhir_server.issues(wrong).values())


def test_everything_that_can_leave_is_valid(fhir_server: FhirServer) -> None:
    resources = everything()
    others = (
        collection(resources[:3], "2026-11-20T17:00:00Z"),
        found(
            [plain(one) for one in resources[:3]], "https://clinic.example/fhir",
            {"self": "https://clinic.example/fhir/Patient", "next": "https://clinic.example/fhir/Patient?_after=1.0"},
            "_sort is not known here",
        ),
        refusal("not-found", "there is no such patient"),
        capability(
            "https://clinic.example/fhir", "0.1.0", "2026-11-22",
            {"Patient": ("read",), "Observation": ("read", "search-type")}, {"Observation": {"patient": "reference"}},
        ),
    )  # fmt: skip
    for one in (*resources, *others):
        assert not any(fhir_server.issues(plain(one)).values()), (one, fhir_server.issues(plain(one)))


def test_hundreds_of_sessions_are_valid(fhir_server: FhirServer) -> None:
    shapes: dict[bytes, bytes] = {}
    count = 0
    for seed in range(SESSIONS):
        contents = [to_json(one) for one in of_session(NAMING, a_visit(seed), PERSON.id, live=seed % 5 == 0)]
        assert not any(errors_by_fhirkit(content) for content in contents)
        shapes |= {shape(content): content for content in contents}
        count += len(contents)
    for content in shapes.values():
        assert not any(fhir_server.issues(json.loads(content)).values()), content
    assert count > 40 * SESSIONS
    assert len(shapes) > 30


def test_every_number_of_a_visit_that_was_played_has_a_code_and_is_valid(
    fhir_server: FhirServer, tmp_path: Path
) -> None:
    """A whole visit of a simulated patient, as a device writes it."""
    assert entered(["simulate", "--folder", str(tmp_path)], tmp_path).code == 0
    (folder,) = (path.parent for path in tmp_path.glob("*/session.json"))
    played = of_session(NAMING, read(folder / "session.json", Session), PERSON.id)
    for one in played:
        assert not any(fhir_server.issues(plain(one)).values()), one
    numbers = by_type(played, "Observation")
    assert len(numbers) > 40
    for one in numbers:
        assert one["code"].get("coding"), one["code"]
        assert "valueQuantity" not in one or one["valueQuantity"]["system"], one
    assert set().union(*(references(plain(one)) for one in played)) <= {
        *(one.path for one in played), f"Patient/{NAMING.patient(PERSON.id)}",
    }  # fmt: skip


def test_the_same_session_gives_the_same_bytes_and_ids() -> None:
    first, second = (of_session(NAMING, a_visit(4), PERSON.id, live=True) for _ in range(2))
    assert [to_json(one) for one in first] == [to_json(one) for one in second]
    assert len({one.path for one in first}) == len(first)


def test_another_session_patient_or_clinic_shares_no_id() -> None:
    mine = {one.path for one in of_session(NAMING, a_visit(4), PERSON.id)}
    elsewhere = NAMING._replace(clinic=NAMING.clinic.__class__(int=NAMING.clinic.int + 1))
    for resources in (of_session(NAMING, a_visit(4), "another"), of_session(elsewhere, a_visit(4), PERSON.id)):
        assert not mine & {one.path for one in resources}
    again = {one.path for one in of_session(NAMING, a_visit(5), PERSON.id)}
    assert {path.partition("/")[0] for path in mine & again} == {"Device"}


def test_names_with_slashes_and_quotes_name_different_things() -> None:
    assert NAMING.id("a", "b/c") != NAMING.id("a", "b", "c") != NAMING.id("a/b", "c")
    assert NAMING.id("a", 1) != NAMING.id("a", "1")
    assert NAMING.id('a","b') != NAMING.id("a", "b")


def test_a_session_names_nobody() -> None:
    session = a_visit(2)
    said = b"".join(to_json(one) for one in of_session(NAMING, session, PERSON.id))
    for word in (session.patient, PERSON.pseudonym, PERSON.name, PERSON.id, str(NAMING.clinic)):
        assert word.encode() not in said


def test_a_name_and_a_birthday_leave_only_where_the_clinic_links_them() -> None:
    said = plain(of_person(NAMING, PERSON))
    assert not {"name", "birthDate"} & said.keys()
    assert "Milo" not in json.dumps(said)
    linked = plain(of_person(NAMING, PERSON._replace(link_name=True)))
    assert linked["name"] == [{"text": PERSON.name}]
    assert linked["birthDate"] == PERSON.born
    assert linked["id"] == said["id"]


def test_the_recording_leaves_as_its_hash_and_never_as_bytes() -> None:
    (document,) = by_type(visit(), "DocumentReference")
    attachment = document["content"][0]["attachment"]
    assert not {"data", "url", "hash"} & attachment.keys()  # R4's hash is SHA-1
    assert document["masterIdentifier"]["value"].startswith("ni:///sha-256;")
    assert len(document["masterIdentifier"]["value"]) == len("ni:///sha-256;") + 43
    assert all("derivedFrom" in one for one in observed(visit(), "movements.lean_forward"))


def test_everything_that_is_referred_to_is_there() -> None:
    resources = everything()
    assert set().union(*(references(plain(one)) for one in resources)) <= {one.path for one in resources}


def test_every_reference_in_a_file_is_resolved_there_as_r4_says() -> None:
    """What is at no server's address is referred to by its full URL (https://hl7.org/fhir/R4/bundle.html#references)."""
    file = plain(collection(everything(), "2026-11-20T17:00:00Z"))
    there = {entry["fullUrl"]: entry["resource"] for entry in file["entry"]}
    assert len(there) == len(file["entry"]) == len(everything())
    for url, resource in there.items():
        assert str(UUID(url.removeprefix("urn:uuid:"))) == resource["id"], url
        for reference in references(resource):
            assert reference in there, (resource["resourceType"], reference)
    assert any(there[one].get("resourceType") == "Patient" for one in references(there))
    (asked,) = [one for one in there.values() if one["resourceType"] == "Questionnaire"]
    answered = [one["questionnaire"] for one in there.values() if one["resourceType"] == "QuestionnaireResponse"]
    assert set(answered) == {f"{asked['url']}|{asked['version']}"}


def test_what_others_refer_to_comes_first() -> None:
    before: set[str] = set()
    resources = in_order(reversed(everything()))
    for one in resources:
        assert references(plain(one)) <= before
        before.add(one.path)
    assert before == {one.path for one in everything()}


def test_two_that_refer_to_each_other_are_refused() -> None:
    names = [NAMING.id("observation", name) for name in "ab"]
    one, other = (
        Observation(
            id=own, identifier=(), category=(), code=CodeableConcept(text="x"), subject=Reference(),
            has_member=(refer("Observation", to),),
        )
        for own, to in zip(names, reversed(names), strict=True)
    )  # fmt: skip
    with pytest.raises(ValueError, match="refer to each other"):
        in_order([one, other])


def test_a_limit_leaves_with_both_ends_of_its_interval_its_efforts_and_its_place() -> None:
    limit = Limit(
        112.0, 108.0, 116.0, "deg", 3, "open reaches", best=113.5, efforts=(111.0, 113.5, 112.0), posture="seated",
        doubts=("the efforts differ",), measured_at="2026-11-19T10:00:00+01:00",
    )  # fmt: skip
    (one,) = observed(with_calibration(limit), "movements.knee_flexion_left")
    parts = {part["code"]["text"]: part["valueQuantity"]["value"] for part in one["component"]}
    assert parts == {
        "Low end of the 95 % interval": 108.0, "High end of the 95 % interval": 116.0, "Furthest that was done": 113.5,
    }  # fmt: skip
    assert one["code"]["coding"][0] == {"system": LOINC, "code": "41343-5"}
    assert one["bodySite"]["text"] == "left knee"
    assert one["effectiveDateTime"] == "2026-11-19T10:00:00.000+01:00"
    assert one["status"] == "preliminary"
    assert [note["text"] for note in one["note"]] == ["posture: seated", "the efforts differ"]
    (arm,) = observed(of_session(NAMING, _raised(limit), PERSON.id), "movements.shoulder_elevation_left")
    efforts = [part["valueQuantity"]["value"] for part in arm["component"] if part["code"]["text"] == "Arm raised to"]
    assert efforts == [111.0, 113.5, 112.0]


def test_a_limit_that_a_stop_line_ended_leaves_as_at_least_so_far() -> None:
    note = "3 of 3 efforts ended at the stop line at 50°: it is at least this far"
    ended = Limit(50.0, 46.0, 54.0, "deg", 3, "open gazes", note, measured_at="2026-11-01")
    (one,) = observed(with_calibration(ended), "movements.knee_flexion_left")
    assert (one["valueQuantity"]["comparator"], one["valueQuantity"]["value"]) == (">=", 50.0)
    assert one["note"][0]["text"] == note
    ends = [part["code"]["text"] for part in one["component"]]
    assert ends == ["Low end of the 95 % interval"], "nobody knows how far it may go"
    (own,) = observed(with_calibration(msgspec.structs.replace(ended, note="")), "movements.knee_flexion_left")
    assert "comparator" not in own["valueQuantity"]


def test_a_limit_that_was_known_before_the_visit_does_not_leave_again() -> None:
    limit = Limit(112.0, 108.0, 116.0, "deg", 3, "open reaches", measured_at="2026-11-01")
    later = msgspec.structs.replace(limit, checked_at="2026-11-20T16:42:00+01:00")
    assert not observed(with_calibration(later, known=limit), "movements.knee_flexion_left")
    other = msgspec.structs.replace(limit, value=115.0)
    assert observed(with_calibration(other, known=limit), "movements.knee_flexion_left")


def test_a_guessed_length_is_no_measurement() -> None:
    guessed = Limit(1.2, 1.1, 1.3, "m", 0, "assumed")
    base = a_session()
    assert base.calibration is not None
    calibration = msgspec.structs.replace(base.calibration, stature_m=guessed)
    resources = of_session(NAMING, msgspec.structs.replace(base, calibration=calibration), PERSON.id)
    assert not observed(resources, "lengths.stature_m")
    assert observed(resources, "lengths.arm_left_m")


def test_of_several_trials_the_middle_leaves_with_lowest_highest_number_and_error() -> None:
    values = (41.0, 47.0, None, 44.0)
    (one,) = observed(_played("elevation_deg", "deg", values), "measures.fruit_ladder.elevation_deg")
    assert one["valueQuantity"] == {"value": 44.0, "unit": "deg", "system": "http://unitsofmeasure.org", "code": "deg"}
    parts = {part["code"]["text"]: part["valueQuantity"]["value"] for part in one["component"]}
    assert parts == {
        "Lowest of the trials": 41.0, "Highest of the trials": 47.0, "Trials with a value": 3,
        "Half width of the 95 % interval of one value": 1.5,
    }  # fmt: skip
    assert one["method"]["text"] == "middle of 3 of 4 trials"
    assert one["bodySite"]["coding"][0]["code"] == "91775009"


@pytest.mark.parametrize("nothing", [None, math.nan, math.inf])
def test_what_could_not_be_measured_has_a_reason_instead_of_a_value(nothing: float | None) -> None:
    (one,) = observed(_played("elevation_deg", "deg", (nothing,)), "measures.fruit_ladder.elevation_deg")
    assert "valueQuantity" not in one
    assert (one["dataAbsentReason"]["text"], one["dataAbsentReason"]["coding"][0]["code"]) == (UNSEEN, "unknown")


@pytest.mark.parametrize(
    ("whys", "code"),
    [
        (("the pose was not matched",), "not-applicable"),
        (("the pose was not matched", "the pose was one of one arm"), "not-applicable"),
        (("the pose was not matched", UNSEEN), "unknown"),
        (("",), "unknown"),
    ],
)
def test_what_no_number_could_be_is_not_applicable(whys: Sequence[str], code: str) -> None:
    trials = tuple(
        TrialRecord(number, "", 1.0, 5.0, "not yet", measures={"match_s": Measured(None, "s", None, why)})
        for number, why in enumerate(whys, 1)
    )
    block = BlockRecord("mirror_friends", "Mirror Friends", 1, "play", 0.0, 60.0, trials=trials)
    resources = of_session(NAMING, a_session(blocks=(block,)), PERSON.id)
    (one,) = observed(resources, "measures.mirror_friends.match_s")
    assert [coding["code"] for coding in one["dataAbsentReason"]["coding"]] == [code]


@pytest.mark.parametrize("name", battery.names())
def test_a_clinical_test_leaves_with_its_results_alone_and_why_one_is_missing(name: str) -> None:
    test = battery.load(name)
    missing, *_ = test.results
    found = {key: Measured(None if key == missing else 3.2, one.unit, 0.4, "the head rose: the heels were lifted")
             for key, one in test.results.items()}  # fmt: skip
    trials = (TrialRecord(1, "", 0.0, 9.0, "reached", practice=True, measures={"only_a_trials": Measured(1.0, "s")}),)
    block = BlockRecord(name, test.title, test.version, ASSESS, 0.0, 60.0, trials=trials, measures=found)
    resources = of_session(NAMING, a_session(blocks=(block,)), PERSON.id)
    assert not any(errors_by_fhirkit(to_json(one)) for one in resources)
    for key in found:
        (one,) = observed(resources, f"measures.{name}.{key}")
        assert one["category"][0]["coding"][0]["code"] == "exam"
        absent = one.get("dataAbsentReason", {})
        assert ("valueQuantity" in one, absent.get("text", "")) == (key != missing, found[key].note * (key == missing))
        assert "valueQuantity" not in one or one["valueQuantity"]["code"], "a unit of UCUM"
    (group,) = observed(resources, "parts.tested")
    assert group["valueCodeableConcept"]["coding"][0]["code"] == f"tests.{name}"
    assert (len(group["hasMember"]), "component" in group) == (len(found), False)
    assert not [one for one in by_type(resources, "Observation") if "only_a_trials" in json.dumps(one)]


def test_how_far_somebody_reaches_over_their_feet_is_of_the_arm_that_reached() -> None:
    ids = set[str]()
    for side in ("left", "right"):
        trials = (TrialRecord(1, side, 0.0, 9.0, "reached"),)
        found = {"functional_reach_m": Measured(0.37, "m", 0.03, "mean of 3")}
        block = BlockRecord("functional_reach", "", 1, ASSESS, 0.0, 60.0, trials=trials, measures=found)
        resources = of_session(NAMING, a_session(blocks=(block,)), PERSON.id)
        (one,) = observed(resources, "measures.functional_reach.functional_reach_m")
        assert one["bodySite"]["text"] == f"{side} arm"
        assert [note["text"] for note in one["note"]] == [f"{side} side", "mean of 3"]
        ids.add(one["id"])
    assert len(ids) == 1, "it is the result that left before the arm was said"


def test_how_far_a_joint_moves_is_said_of_limits_alone() -> None:
    """Nobody goes to the end of a joint in a game: neither is what they reached such a number, nor what was asked."""
    coded = set[str]()
    for seed in range(30):
        for one in by_type(of_session(NAMING, a_visit(seed), PERSON.id), "Observation"):
            said = {each["system"]: each["code"] for each in one["code"].get("coding", [])}
            if "364564000" in said.values():
                coded.add(said[OURS].partition(".")[0])
            assert "364564000" not in json.dumps(one.get("component", []))
    assert coded == {"movements"}


def test_movements_of_a_game_are_apart() -> None:
    found = observed(of_session(NAMING, a_session(), PERSON.id), "measures.fruit_ladder.peak_speed_mps")
    assert len(found) == 1
    leans = [one for one in by_type(visit(), "Observation") if "Leant" in json.dumps(one.get("component", []))]
    assert len({one["id"] for one in leans}) == len(leans) > 4


def test_the_loinc_code_of_pain_is_for_a_number_and_not_for_words_faces_or_a_button() -> None:
    scales = {}
    for scale in ("words", "faces"):
        asked = BlockRecord("pain", "Asked: pain", 1, "question", 50.0, 60.0, parameters={"scale": scale})
        told = (Answer("pain", 3), Answer("pain", 4, 55.0), Answer("pain", 4, 99.0))
        resources = of_session(NAMING, a_session(blocks=(asked,), told=told), PERSON.id)
        scales[scale] = [
            any(coding["system"] == LOINC for coding in one["code"]["coding"])
            for one in observed(resources, "answers.pain")
        ]
    assert scales == {"words": [True, False, False], "faces": [True, False, False]}


def test_a_stop_is_no_rating() -> None:
    resources = of_session(NAMING, a_session(told=(Answer("stop", 1, 3.0),)), PERSON.id)
    assert not by_type(resources, "QuestionnaireResponse")
    assert "stop" not in json.dumps(by_type(resources, "Observation"))


def test_a_live_visit_has_an_encounter_and_another_has_none() -> None:
    assert not by_type(visit(), "Encounter")
    (encounter,) = by_type(of_session(NAMING, a_visit(1), PERSON.id, live=True), "Encounter")
    assert encounter["class"]["code"] == "VR"
    assert encounter["period"] == {"start": "2026-11-20T16:42:00.000+01:00", "end": "2026-11-20T16:55:00.000+01:00"}


def test_a_visit_that_ended_early_says_why() -> None:
    (early,) = by_type(visit(ended_by="the person said stop"), "Procedure")
    assert (early["status"], early["statusReason"]) == ("stopped", {"text": "the person said stop"})
    (whole,) = by_type(visit(ended_by="finished"), "Procedure")
    assert (whole["status"], "statusReason" in whole) == ("completed", False)


def test_a_visit_without_games_is_no_exercise() -> None:
    (one,) = by_type(of_session(NAMING, a_session(blocks=()), PERSON.id), "Procedure")
    assert "229065009" not in json.dumps(one)


def test_a_visit_is_based_on_the_plan_that_it_was_played_by() -> None:
    used = Prescribed("p-milo", 3, "0" * 64, "2027-01-31", "current")
    plan = plan_id(NAMING, PERSON.id, used.version)
    resources = of_session(NAMING, a_visit(1, prescribed=used), PERSON.id, care_plan=plan)
    for kind in ("Procedure", "DiagnosticReport"):
        assert by_type(resources, kind)[0]["basedOn"] == [{"reference": f"CarePlan/{plan}"}]
    assert f"CarePlan/{plan}" in {one.path for one in of_prescriptions(NAMING, PERSON.id, [a_prescription()])}


def test_a_programme_becomes_an_order_for_each_exercise() -> None:
    first, second, third = by_type(of_prescriptions(NAMING, PERSON.id, [a_prescription()]), "ServiceRequest")
    assert first["occurrenceTiming"]["repeat"] == {
        "boundsPeriod": {"end": "2027-01-31"}, "duration": 10.0, "durationUnit": "min", "frequency": 2, "period": 1.0,
        "periodUnit": "d", "dayOfWeek": ["mon", "wed"],
    }  # fmt: skip
    for order in (second, third):  # 20 minutes are those of both together
        assert "duration" not in order["occurrenceTiming"]["repeat"]
    assert [order["orderDetail"][0]["text"] for order in (first, second, third)] == [
        "Fruit Ladder", "Harbour Lean", "Owl Watch",
    ]  # fmt: skip
    assert [order["code"]["coding"][0]["code"] for order in (first, second, third)] == ["229065009"] * 3


def test_a_clinical_test_that_is_prescribed_is_no_exercise_and_has_its_own_code() -> None:
    asked = msgspec.structs.replace(a_prescription(), programme=(Practice(games=("five_stands",)),))
    (order,) = by_type(of_prescriptions(NAMING, PERSON.id, [asked]), "ServiceRequest")
    assert order["orderDetail"][0]["coding"][0]["code"] == "tests.five_stands"
    assert order["code"]["coding"][0]["code"] == "parts.assessment"


def test_a_plan_says_what_is_forbidden_and_which_version_it_replaces() -> None:
    versions = [msgspec.structs.replace(a_prescription(2), precautions=()), a_prescription(3)]
    before, plan = by_type(of_prescriptions(NAMING, PERSON.id, versions), "CarePlan")
    assert [each["status"] for each in (before, plan)] == ["revoked", "active"]
    assert [note["text"] for note in plan["note"]] == [
        "left arm raised: at most 90 deg until 2027-01-15 (cuff repair, week 9, Dr Okafor)",
        "right arm used: not allowed (fracture)",
    ]
    assert plan["replaces"] == [{"reference": f"CarePlan/{before['id']}"}]
    assert before["id"] == plan_id(NAMING, PERSON.id, 2)


def _told(*versions: Prescription, over: bool = False) -> dict[str, list[tuple[str, str]]]:
    """What plans, orders and goals of these versions are called, with their status."""
    found: dict[str, list[tuple[str, str]]] = {"CarePlan": [], "ServiceRequest": [], "Goal": [], "Communication": []}
    for one in map(plain, of_prescriptions(NAMING, PERSON.id, versions, over)):
        found[one["resourceType"]].append((one["id"], one.get("status") or one["lifecycleStatus"]))
    return found


def test_a_message_to_the_patient_changes_nothing_that_is_prescribed() -> None:
    first = a_prescription(1)
    more = (*first.messages, Message(text="Well done!", id="2-2", at="2026-11-21T09:00:00+01:00", by="Dr Lind"))
    second = msgspec.structs.replace(
        first, version=2, messages=more, author="Dr Lind", written_at="2026-11-21T09:00:00+01:00"
    )
    before, after = (of_prescriptions(NAMING, PERSON.id, some) for some in ([first], [first, second]))
    assert [to_json(one) for one in after[: len(before)]] == [to_json(one) for one in before]
    assert [type(one).__name__ for one in after[len(before) :]] == ["Communication"]
    assert plans([first, second]) == {1: 1, 2: 1}


def test_what_stays_in_a_programme_is_the_same_order_and_goal_and_what_goes_is_revoked() -> None:
    first = a_prescription(1)
    second = msgspec.structs.replace(first, version=2, programme=first.programme[1:], goal="to dance")
    third = msgspec.structs.replace(second, version=3, goal=first.goal)
    one, two, three = (_told(*versions) for versions in ([first], [first, second], [first, second, third]))
    orders = [order for order, _ in one["ServiceRequest"]]
    assert two["ServiceRequest"] == list(zip(orders, ["revoked", "active", "active"], strict=True))
    assert [status for _, status in two["CarePlan"]] == ["revoked", "active"]
    assert [status for _, status in two["Goal"]] == ["cancelled", "active"]
    assert [status for _, status in three["Goal"]] == ["active", "cancelled"], "the first goal is one again"
    assert [goal for goal, _ in three["Goal"]] == [goal for goal, _ in two["Goal"]]
    over = _told(first, second, over=True)
    assert [status for _, status in over["ServiceRequest"]] == ["revoked", "completed", "completed"]
    assert [status for _, status in over["CarePlan"]] == ["revoked", "completed"]


def test_an_exercise_that_another_system_ordered_is_based_on_that_and_is_the_same_one() -> None:
    first, *_ = (version := a_prescription()).programme
    theirs = {first: (refer("ServiceRequest", "their-order"),)}
    plain_ones, told = (
        by_type(of_prescriptions(NAMING, PERSON.id, [version], based_on=based_on), "ServiceRequest")
        for based_on in ({}, theirs)
    )
    assert [one.get("basedOn") for one in told] == [[{"reference": "ServiceRequest/their-order"}], None, None]
    assert [one["id"] for one in told] == [one["id"] for one in plain_ones]


def test_two_practices_that_say_the_same_are_two_orders() -> None:
    twice = msgspec.structs.replace(a_prescription(), programme=a_prescription().programme[:1] * 2)
    assert len(dict(_told(twice)["ServiceRequest"])) == 2


def test_a_withdrawn_consent_is_inactive_and_a_refused_one_denies() -> None:
    given, refused, withdrawn = by_type(everything(), "Consent")
    assert (given["status"], given["provision"]["type"], given["performer"]) == (
        "active", "permit", [{"type": "RelatedPerson", "display": "guardian"}],
    )  # fmt: skip
    assert (refused["status"], refused["provision"]["type"]) == ("rejected", "deny")
    assert list(refused["provision"]["period"]) == ["start"], "what was refused has no end"
    assert withdrawn["status"] == "inactive"
    assert withdrawn["provision"]["period"]["end"] == "2026-11-01T08:00:00.000+01:00"


def test_a_consent_names_who_is_told_and_codes_what_it_is_about_and_not_its_scope() -> None:
    kept, _, shared = by_type(everything(), "Consent")
    (actor,) = shared["provision"]["actor"]
    assert actor["role"]["coding"][0]["code"] == "IRCP"
    assert actor["reference"] == {"type": "Organization", "display": "hospital.example"}
    assert "actor" not in kept["provision"]
    for one, ours in ((kept, "consents.treatment_recordings"), (shared, "consents.share")):
        assert one["category"][0]["coding"] == [{"system": LOINC, "code": "59284-0"}]
        assert [coding["code"] for coding in one["provision"]["code"][0]["coding"]] == [ours]
        assert [coding["system"].rpartition("/")[2] for coding in one["scope"]["coding"]] == ["consentscope"]


def test_every_resource_can_be_found_by_what_it_is_known_by() -> None:
    found_by = {type(one).__name__: criterion(plain(one)).partition("=")[0] for one in everything()}
    assert {kind for kind, by in found_by.items() if by == "_tag"} == {"Provenance", "AuditEvent", "Questionnaire"}
    for one in everything():
        by, _, value = criterion(plain(one)).partition("=")
        system, _, code = value.partition("|")
        known = plain(one)["meta"]["tag"] if by == "_tag" else plain(one)["identifier"]
        first = known if isinstance(known, dict) else known[0]
        assert {first["system"], first.get("value", first.get("code"))} == {system, code} == {IDS, one.id}


def test_a_field_that_fhir_does_not_have_cannot_be_written() -> None:
    with pytest.raises(TypeError, match="steadiness"):
        Coding(code="x", steadiness=1)  # type: ignore[call-arg]


def test_nothing_empty_and_no_control_character_is_written() -> None:
    concept = CodeableConcept(coding=(Coding(), Coding(code="x")), text=" bell\x07 and\x00 null\ud800 ")
    assert to_json(concept) == b'{"coding":[{"code":"x"}],"text":"bell and null"}'


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_a_number_that_is_not_finite_is_never_written(number: float) -> None:
    with pytest.raises(ValueError, match="cannot hold the number"):
        to_json(Quantity(value=number))


@pytest.mark.parametrize(
    ("at", "said"),
    [
        ("2026-11-20T16:42:00+01:00", "2026-11-20T16:42:02.500+01:00"),
        ("2026-11-20T16:42:00", "2026-11-20"),  # nobody said in which time zone
        ("2026-11-20", "2026-11-20"),
        ("", ""),
        ("yesterday", ""),
    ],
)
def test_a_moment_is_said_as_far_as_it_is_known(at: str, said: str) -> None:
    assert moment(at, 2.5) == said


def _raised(limit: Limit) -> Session:
    base = a_session()
    assert base.calibration is not None
    limits = {"shoulder_elevation_left": limit}
    return msgspec.structs.replace(base, calibration=msgspec.structs.replace(base.calibration, limits=limits))


def _played(name: str, unit: str, values: Sequence[float | None]) -> tuple[Resource, ...]:
    """A visit in which one measure of the left arm came to these values."""
    trials = tuple(
        TrialRecord(
            number, "left", 10.0 * number, 10.0 * number + 5, "reached",
            measures={name: Measured(value, unit, 1.5 if number == 1 else 0.5, "" if number == 2 else UNSEEN)},
        )
        for number, value in enumerate(values, 1)
    )  # fmt: skip
    block = BlockRecord("fruit_ladder", "Fruit Ladder", 3, "play", 0.0, 60.0, trials=trials)
    return of_session(NAMING, a_session(blocks=(block,)), PERSON.id)
