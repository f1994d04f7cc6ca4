"""What a search means: dates as ranges, codes with their systems, and that anything else is refused in words."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server_sync.fhir.scopes import OFFERED, UnknownScope, asked, parse, written
from server_sync.fhir.search import MOST_COUNT, SEARCHES, SearchRefused, fits, search

AT = "2026-11-20T16:42:00.000+01:00"
OBSERVED: dict[str, Any] = {
    "resourceType": "Observation",
    "id": "o-1",
    "identifier": [{"system": "urn:a", "value": "7"}, {"value": "8"}],
    "code": {"coding": [{"system": "urn:codes", "code": "x,y"}, {"system": "http://loinc.org", "code": "55411-3"}]},
    "effectivePeriod": {"start": AT, "end": "2026-11-20T16:52:00.000+01:00"},
}
ANY_VALUE = st.text(max_size=40) | st.from_regex(
    r"(ge|sa|ap)?\d{4}(-\d\d(-\d\dT\d\d:\d\d)?)?(Z|\+14:00)?", fullmatch=True
)


def finds(*given: tuple[str, str], kind: str = "Observation", there: dict[str, Any] = OBSERVED) -> bool:
    return fits(there, search(kind, given, strict=True))


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("2026-11-20", True),
        ("2026-11", True),
        ("2026", True),
        ("2026-11-21", False),
        ("2026-11-20T16:42", False),  # it lasts longer than that minute
        ("ap2026-11-20T16:42", True),
        ("ge2026-11-20T16:42:00+01:00", True),
        ("ge2026-11-20T15:42:00Z", True),
        ("ge2026-11-20T15:52:00Z", False),
        ("gt2026-11-20T16:45:00+01:00", True),
        ("gt2026-11-20", False),
        ("lt2026-11-20T16:45:00+01:00", True),
        ("le2026-11-19", False),
        ("le2026-11-20", True),
        ("sa2026-11-19", True),
        ("sa2026-11-20T16:41", True),
        ("sa2026-11-20T16:42:00+01:00", False),
        ("eb2026-11-21", True),
        ("eb2026-11-20", False),
        ("ne2026-11-20", False),
        ("ne2026-11-21", True),
        ("2026-11-21,2026-11-20", True),
        ("ge2026-11-20T16:42:00 01:00", True),  # a plus that nobody escaped
    ],
)
def test_a_date_is_the_time_that_it_names(value: str, found: bool) -> None:
    assert finds(("date", value)) is found


def test_a_day_is_one_of_the_records_own_zone() -> None:
    late = {**OBSERVED, "effectivePeriod": {"start": "2026-11-20T23:30:00-05:00", "end": "2026-11-20T23:40:00-05:00"}}
    assert finds(("date", "2026-11-20"), there=late)
    assert not finds(("date", "2026-11-21"), there=late)
    assert finds(("date", "ge2026-11-21T04:30:00Z"), there=late)


def test_what_has_no_end_lasts_for_ever_and_what_has_no_date_is_never_found() -> None:
    plan = {"resourceType": "CarePlan", "id": "c", "period": {"start": AT}}
    assert finds(("date", "ge2999"), kind="CarePlan", there=plan)
    assert not finds(("date", "2026"), kind="CarePlan", there=plan)
    assert not finds(("date", "ap2026"), kind="CarePlan", there={"resourceType": "CarePlan", "id": "c"})
    assert finds(("date", "ap0001"), kind="CarePlan", there={"period": {"end": "0001-01-01"}})
    assert finds(("date", "eb9999-12-31"), kind="CarePlan", there={"period": {"end": "2026-01-01"}})


@pytest.mark.parametrize(
    ("name", "value", "found"),
    [
        ("code", "55411-3", True),
        ("code", "http://loinc.org|55411-3", True),
        ("code", "http://loinc.org|", True),
        ("code", "urn:other|55411-3", False),
        ("code", "|55411-3", False),
        ("code", r"x\,y", True),
        ("code", "x,y", False),
        ("code", "nothing,55411-3", True),
        ("code", "%", False),
        ("code", "5541_-3", False),
        ("identifier", "urn:a|7", True),
        ("identifier", "7", True),
        ("identifier", "|7", False),
        ("identifier", "|8", True),
        ("_id", "o-1", True),
        ("_id", "o-2,o-1", True),
        ("_id", "O-1", False),
    ],
)
def test_a_token_is_a_code_with_its_system_or_of_any(name: str, value: str, found: bool) -> None:
    assert finds((name, value)) is found


def test_all_parameters_must_fit_and_of_one_any_value() -> None:
    assert finds(("code", "55411-3"), ("date", "2026-11-20"), ("date", "ge2026-11-01"))
    assert not finds(("code", "55411-3"), ("date", "2026-11-20"), ("date", "ge2027"))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("date", "20-11-2026"), ("date", "2026-13"), ("date", "2026-11-31"), ("date", "2026-11-20T25:00"),
        ("date", "zz2026"), ("date", "0000"), ("date", "2026-11-20T16:42:00.1234567890Z"), ("date", "٢٠٢٦"),
        ("_count", "-1"), ("_count", "many"), ("_count", "٣"), ("_after", "../x"), ("_after", "1.2.3"),
        ("code:text", "x"), ("date:missing", "true"), ("patient:Patient", "x"),
    ],
)  # fmt: skip
def test_what_is_no_value_is_refused_in_words(name: str, value: str) -> None:
    with pytest.raises(SearchRefused) as refused:
        search("Observation", [(name, value)], strict=False)
    assert name.partition(":")[0] in str(refused.value) or "date" in str(refused.value)
    assert refused.value.code in ("invalid", "not-supported")


def test_what_is_not_known_is_left_out_and_said_or_refused_where_that_is_asked_for() -> None:
    given = [("_sort", "date"), ("date", "2026"), ("_sort", "-date"), ("color", "red")]
    assert search("Observation", given, strict=False).ignored == ("_sort", "color")
    with pytest.raises(SearchRefused, match="_sort is none of"):
        search("Observation", given, strict=True)


def test_a_parameter_without_a_value_says_nothing() -> None:
    assert search("Observation", [("date", ""), ("color", "")], strict=True).criteria == ()


def test_a_page_holds_so_many_at_most() -> None:
    assert search("Observation", [("_count", "7")], strict=True).most == 7
    assert search("Observation", [("_count", "9" * 30)], strict=True).most == MOST_COUNT


def test_a_count_is_asked_for_in_two_ways() -> None:
    for asked_so in (("_count", "0"), ("_summary", "count")):
        assert search("Observation", [asked_so], strict=True).counted
    assert not search("Observation", [("_summary", "false")], strict=True).counted
    assert search("Observation", [("_summary", "text")], strict=False).ignored == ("_summary",)


def test_a_patient_may_be_named_by_the_address_at_which_they_are() -> None:
    base = "https://clinic.example/fhir"
    named = [("patient", f"{base}/Patient/7,Patient/8,https://other.example/fhir/Patient/9")]
    wanted = search("Observation", named, strict=True, base=base)
    assert wanted.of("patient") == ("Patient/7", "Patient/8", "https://other.example/fhir/Patient/9")


def test_more_ids_than_there_may_be_are_refused() -> None:
    ids = [("_id", ",".join(map(str, range(MOST_COUNT)))), ("identifier", "urn:a|7")]
    assert search("Observation", ids[:1], strict=True).criteria
    with pytest.raises(SearchRefused, match="200 values at most, and these are 201"):
        search("Observation", ids, strict=True)


@given(
    st.sampled_from(sorted(SEARCHES)),
    st.lists(
        st.tuples(
            st.sampled_from(["_id", "identifier", "date", "code", "patient", "_count", "_after"]) | st.text(), ANY_VALUE
        )
    ),
)
def test_whatever_is_asked_it_fits_or_not_or_is_refused(kind: str, given: Sequence[tuple[str, str]]) -> None:
    try:
        wanted = search(kind, given, strict=False)
    except SearchRefused:
        return
    assert fits({**OBSERVED, "period": {}, "recorded": AT, "sent": "2026"}, wanted) in (True, False)


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        ("system/Observation.rs", {("Observation", "r"), ("Observation", "s")}),
        ("system/Observation.read", {("Observation", "r"), ("Observation", "s")}),
        ("system/Observation.cruds", {("Observation", "r"), ("Observation", "s")}),
        ("system/ServiceRequest.c", {("ServiceRequest", "c")}),
        ("system/ServiceRequest.write", {("ServiceRequest", "c")}),
        ("system/Patient.r system/Patient.s", {("Patient", "r"), ("Patient", "s")}),
        ("patient/Patient.rs user/*.* openid", set()),
        ("system/Patient.rs?_id=1", set()),
        ("system/Medication.rs system/Patient.d", set()),
        ("system/Patient.sr", set()),  # SMART has them in one order
        ("", set()),
    ],
)
def test_of_what_is_asked_for_only_what_there_is_can_be_granted(text: str, pairs: set[tuple[str, str]]) -> None:
    assert asked(text) == pairs


def test_all_types_are_never_the_audit_unless_it_is_named() -> None:
    everything = asked("system/*.*")
    assert {kind for kind, _ in OFFERED - everything} == {"AuditEvent"}
    assert asked("system/*.cruds system/AuditEvent.rs") == OFFERED


def test_a_scope_is_written_in_one_way_and_read_back() -> None:
    assert (
        written(asked("system/Patient.read system/ServiceRequest.crs")) == "system/Patient.rs system/ServiceRequest.crs"
    )
    assert parse(written(OFFERED)) == OFFERED


@pytest.mark.parametrize("text", ["system/Nothing.rs", "system/Patient.rs admin", "system/Patient.u", " "])
def test_a_system_is_given_nothing_that_there_is_not(text: str) -> None:
    with pytest.raises(UnknownScope, match="scope"):
        parse(text)
