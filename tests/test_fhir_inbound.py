"""An order from another system becomes a draft, with what nobody here knows in words, or is refused with the reason."""

import json
from contextlib import suppress
from typing import Any

import pytest
from fhir_fixtures import NAMING, PERSON, a_prescription
from hypothesis import given
from hypothesis import strategies as st

import games
from server_sync.fhir.datatypes import to_json
from server_sync.fhir.inbound import LARGEST_BYTES, DraftProgramme, OrderRefused, draft_of
from server_sync.fhir.naming import CODES
from server_sync.fhir.prescribed import of_prescriptions

OURS, SNOMED = CODES, "http://snomed.info/sct"
ORDER: dict[str, Any] = {
    "resourceType": "ServiceRequest",
    "id": "order-7",
    "identifier": [{"system": "https://hospital.example/orders", "value": "2026-0815"}],
    "text": {"status": "generated", "div": "<div xmlns='http://www.w3.org/1999/xhtml'><script>1</script></div>"},
    "status": "active",
    "intent": "order",
    "priority": "routine",
    "code": {
        "coding": [
            {"system": SNOMED, "code": "229065009", "display": "Exercise therapy"},
            {"system": OURS, "code": "games.fruit_ladder"},
        ],
        "text": "Shoulder exercises in VR",
    },
    "orderDetail": [{"coding": [{"system": SNOMED, "code": "386464006"}], "text": "ice afterwards"}],
    "subject": {"identifier": {"system": "https://hospital.example/mrn", "value": "4711"}},
    "occurrenceTiming": {
        "repeat": {
            "boundsPeriod": {"start": "2026-11-23", "end": "2027-01-31"}, "duration": 0.25, "durationUnit": "h",
            "frequency": 2, "period": 1, "periodUnit": "d", "dayOfWeek": ["wed", "mon"],
        }
    },
    "requester": {"reference": "Practitioner/12", "display": "Dr Okafor"},
    "reasonCode": [{"coding": [{"system": SNOMED, "code": "202852009", "display": "Frozen shoulder"}]}],
    "note": [{"text": "not above the shoulder for two weeks"}],
    "patientInstruction": "stop when it hurts",
}  # fmt: skip


def order(**changes: object) -> bytes:
    """The order with fields changed, or left out where they are None."""
    return json.dumps({name: value for name, value in {**ORDER, **changes}.items() if value is not None}).encode()


def draft(**changes: object) -> DraftProgramme:
    return draft_of(order(**changes), games.names())


def timing(**repeat: object) -> DraftProgramme:
    return draft(occurrenceTiming={"repeat": repeat})


def test_an_order_becomes_a_draft_with_all_that_it_says() -> None:
    assert draft() == DraftProgramme(
        order="https://hospital.example/orders|2026-0815",
        patient=("https://hospital.example/mrn|4711",),
        tasks=("fruit_ladder",),
        days=("mon", "wed"),
        minutes=15.0,
        times_a_day=2,
        until="2027-01-31",
        requester="Dr Okafor",
        reason="Frozen shoulder",
        text=(
            "Shoulder exercises in VR (Exercise therapy)",
            "ice afterwards",
            "bounds: from 2026-11-23",
            "stop when it hurts",
            "not above the shoulder for two weeks",
        ),
        unknown=(f"{SNOMED}|386464006",),
        status="active",
        replaces=(),
        said={name: value for name, value in ORDER.items() if name != "text"},
    )


def test_what_we_export_reads_back_as_it_was_prescribed() -> None:
    prescription = a_prescription()
    orders = [
        draft_of(to_json(one), games.names())
        for one in of_prescriptions(NAMING, PERSON.id, [prescription])
        if type(one).__name__ == "ServiceRequest"
    ]
    assert [one.tasks for one in orders] == [("fruit_ladder",), ("harbour_lean",), ("owl_watch",)]
    first = prescription.programme[0]
    assert (orders[0].days, orders[0].minutes, orders[0].times_a_day) == (first.days, first.minutes, first.times_a_day)
    assert {one.patient for one in orders} == {(f"Patient/{NAMING.patient(PERSON.id)}",)}
    assert len({one.order for one in orders}) == len(orders)
    assert not any(one.unknown for one in orders)


def test_a_game_that_nobody_here_has_is_unknown_and_no_other_is_guessed() -> None:
    strange = {"coding": [{"system": OURS, "code": "games.moon_walk"}, {"system": OURS, "code": "parts.headset"}]}
    found = draft(code=strange, orderDetail=None)
    assert found.tasks == ()
    assert found.unknown == (f"{OURS}|games.moon_walk", f"{OURS}|parts.headset")
    assert draft_of(order(), ["owl_watch"]).tasks == ()
    test = {"coding": [{"system": OURS, "code": "tests.five_stands"}]}
    assert draft_of(order(code=test, orderDetail=None), ["five_stands"]).tasks == ("five_stands",)
    assert draft(code={"text": "Fruit Ladder, please"}, orderDetail=None).tasks == ()


def test_our_code_in_another_system_is_not_ours() -> None:
    found = draft(code={"coding": [{"system": SNOMED, "code": "games.fruit_ladder"}]}, orderDetail=None)
    assert (found.tasks, found.unknown) == ((), (f"{SNOMED}|games.fruit_ladder",))


@pytest.mark.parametrize(
    ("repeat", "times_a_day", "said"),
    [
        ({"frequency": 3, "period": 1, "periodUnit": "wk"}, None, "3 times every 1 wk"),
        ({"frequency": 1, "period": 2, "periodUnit": "d"}, None, "1 times every 2 d"),
        ({"frequency": 40, "period": 1, "periodUnit": "d"}, None, "40 times every 1 d"),
        ({"frequency": 1, "period": 1, "periodUnit": "d"}, 1, ""),
        ({}, None, ""),
    ],
)
def test_how_often_is_a_number_only_where_it_is_so_many_times_a_day(
    repeat: dict[str, object], times_a_day: int | None, said: str
) -> None:
    found = timing(**repeat)
    assert found.times_a_day == times_a_day
    assert [text for text in found.text if "times every" in text] == ([said] if said else [])


def test_minutes_in_a_unit_that_is_no_time_of_a_day_are_left_to_the_words() -> None:
    assert timing(duration=2, durationUnit="wk").minutes is None
    assert timing(duration=90, durationUnit="s").minutes == 1.5


@pytest.mark.parametrize("hours", [-1, 0, 2, 1e308])
def test_minutes_that_no_programme_can_have_are_left_to_the_words(hours: float) -> None:
    asked = timing(duration=hours, durationUnit="h")
    assert (asked.minutes, f"duration: {hours}" in asked.text) == (None, True)


@pytest.mark.parametrize(
    ("changes", "code", "why"),
    [
        ({"resourceType": "MedicationRequest"}, "not-supported", "MedicationRequest"),
        ({"status": "so-so"}, "business-rule", "so-so"),
        ({"occurrenceTiming": {"modifierExtension": [{"url": "x"}]}}, "extension", "modifierExtension"),
        ({"extension": json.loads('[{"extension":' * 30 + "[]" + "}]" * 30)}, "structure", "deep"),
        ({"intent": "whim"}, "business-rule", "whim"),
        ({"doNotPerform": True}, "not-supported", "doNotPerform"),
        ({"modifierExtension": [{"url": "https://hospital.example/negated"}]}, "extension", "modifierExtension"),
        ({"implicitRules": "https://hospital.example/rules"}, "extension", "implicitRules"),
        ({"subject": None}, "structure", "subject"),
        ({"subject": {"display": "the boy in room 4"}}, "required", "subject"),
        ({"subject": {"reference": "Group/3"}}, "required", "subject"),
        ({"identifier": None, "id": None}, "required", "identifier"),
        ({"status": 7}, "structure", "status"),
        ({"occurrenceTiming": {"repeat": {"frequency": "often"}}}, "structure", "frequency"),
        ({"note": [{"text": "x" * LARGEST_BYTES}]}, "too-long", str(LARGEST_BYTES)),
    ],
)
def test_what_must_be_understood_and_is_not_refuses_the_order(changes: dict[str, Any], code: str, why: str) -> None:
    with pytest.raises(OrderRefused, match=why) as refused:
        draft(**changes)
    assert refused.value.code == code


@pytest.mark.parametrize(
    "content", [b"", b"null", b"[]", b'"x"', b"<xml/>", b"\xff\xfe", b"[" * 100_000, b'{"a":' * 20_000]
)
def test_what_is_no_order_is_refused(content: bytes) -> None:
    with pytest.raises(OrderRefused):
        draft_of(content, games.names())


def test_long_words_and_many_are_all_kept() -> None:
    notes = [f"{number} " + "x" * 3000 for number in range(60)]
    assert [text for text in draft(note=[{"text": text} for text in notes]).text if "xxx" in text] == notes


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"bodySite": [{"coding": [{"system": SNOMED, "code": "91775009", "display": "Left shoulder"}]}]},
         "body site: Left shoulder"),
        ({"bodySite": [{"coding": [{"system": SNOMED, "code": "91775009"}], "text": "left"}]},
         f"body site: left ({SNOMED}|91775009)"),
        ({"performer": [{"reference": "Practitioner/3", "display": "Dr Berg"}]}, "performer: Dr Berg (Practitioner/3)"),
        ({"supportingInfo": [{"reference": "Observation/9"}]}, "supporting info: Observation/9"),
        ({"occurrenceTiming": None, "occurrenceDateTime": "2026-12-01"}, "occurrence: 2026-12-01"),
        ({"occurrenceTiming": None, "occurrencePeriod": {"start": "2026-12-01", "end": "2026-12-24"}},
         "occurrence: from 2026-12-01 until 2026-12-24"),
        ({"occurrenceTiming": {"repeat": {"boundsDuration": {"value": 6, "unit": "weeks"}}}},
         "bounds duration: 6 weeks"),
        ({"occurrenceTiming": {"repeat": {"boundsRange": {"low": {"value": 4}, "high": {"value": 6, "code": "wk"}}}}},
         "bounds: 4 to 6 wk"),
        ({"occurrenceTiming": {"repeat": {"count": 12}}}, "count: 12"),
        ({"occurrenceTiming": {"repeat": {"frequency": 2, "frequencyMax": 4, "period": 1, "periodUnit": "d"}}},
         "frequency max: 4"),
        ({"occurrenceTiming": {"repeat": {"duration": 2, "durationUnit": "wk"}}}, "duration: 2"),
        ({"occurrenceTiming": {"code": {"coding": [{"code": "BID"}]}}}, "BID"),
        ({"occurrenceTiming": {"event": ["2026-12-01"]}}, "event: 2026-12-01"),
        ({"quantityQuantity": {"value": 3, "unit": "visits"}}, "quantity: 3 visits"),
        ({"authoredOn": "2026-11-20"}, "authored on: 2026-11-20"),
        ({"replaces": [{"identifier": {"system": "urn:orders", "value": "6"}}]}, "replaces: urn:orders|6"),
        ({"extension": [{"url": "urn:load", "valueString": "no weights"}]},
         "extension: url urn:load; value no weights"),
        ({"note": [{"text": "slowly", "authorString": "Dr Berg"}]}, "slowly (author: Dr Berg)"),
        ({"text": {"status": "additional", "div": "<div>Not <b>above</b> 90</div>"}}, "Not above 90"),
        ({"somethingNew": {"of": ["R6", True]}}, "something new: of R6, yes"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_what_is_no_field_of_ours_is_kept_in_words(changes: dict[str, Any], line: str) -> None:
    assert line in draft(**changes).text


@pytest.mark.parametrize(
    ("changes", "first"),
    [
        ({"asNeededBoolean": True}, "as needed: yes"),
        ({"asNeededCodeableConcept": {"text": "when it aches"}}, "as needed: when it aches"),
        ({"priority": "stat"}, "priority: stat"),
        ({"intent": "proposal"}, "intent: proposal"),
        ({"status": "draft"}, "status: draft"),
    ],
)
def test_what_changes_the_meaning_of_all_the_rest_is_said_first(changes: dict[str, Any], first: str) -> None:
    assert draft(**changes).text[0] == first


def test_our_own_address_before_a_reference_is_left_out() -> None:
    base = "https://clinic.example/fhir"
    found = draft_of(
        order(subject={"reference": f"{base}/Patient/1"}, replaces=[{"reference": f"{base}/ServiceRequest/2"}]),
        games.names(),
        base,
    )
    assert (found.patient, found.replaces) == (("Patient/1",), ("ServiceRequest/2",))
    for elsewhere in ("https://elsewhere.example/fhir", "", "https://clinic.example"):
        with pytest.raises(OrderRefused):
            draft_of(order(subject={"reference": f"{base}/Patient/1"}), games.names(), elsewhere)


def _inside(value: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.lists(value, max_size=3) | st.dictionaries(st.sampled_from([*ORDER, "x"]), value, max_size=4)


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.text(max_size=8), _inside))
def test_no_json_does_anything_but_become_a_draft_or_be_refused(value: Any) -> None:
    content = {**ORDER, **value} if isinstance(value, dict) else value
    with suppress(OrderRefused):
        found = draft_of(json.dumps(content).encode(), games.names())
        assert found.order
        assert found.patient
