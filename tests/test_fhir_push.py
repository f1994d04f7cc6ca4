"""What is brought to another system is there once: whatever is lost, killed, doubled or answered wrongly on the way."""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from commands import begun_program
from fhir_fixtures import (
    LOST,
    NAMING,
    PERSON,
    Between,
    FhirServer,
    FileLedger,
    Hurried,
    Said,
    a_remote,
    to_push,
)

from server_sync.client.patience import Later, Refused
from server_sync.fhir.datatypes import plain
from server_sync.fhir.people import Person, of_person
from server_sync.fhir.push import abilities, push
from server_sync.fhir.pushing import Pushed, Withdrawn, references
from server_sync.fhir.resources import Observation, Resource

MODES = pytest.mark.parametrize("mode", ["put", "create"])
ALL = to_push()
FEW = tuple(one for one in ALL if not isinstance(one, Observation))[:12]
COUNTS = Counter(type(one).__name__ for one in ALL)
FHIR_JSON = {"Content-Type": "application/fhir+json"}
PUSHER = """
import sys
sys.path.insert(0, "tests")
from pathlib import Path
from threading import Event
import httpx
from fhir_fixtures import FileLedger, a_remote, to_push
from server_sync.fhir.push import push

class Stopping(FileLedger):
    noted = 0
    def note(self, path, noted):
        if self.noted == int(sys.argv[3]):
            print("sent, and not written down", flush=True)
            Event().wait()
        self.noted += 1
        super().note(path, noted)

push(a_remote(httpx.Client(trust_env=False), sys.argv[1]), Stopping(Path(sys.argv[2])), to_push())
"""


@pytest.fixture
def between(fhir_server: FhirServer) -> Iterator[Between]:
    with Between(fhir_server.url) as standing:
        yield standing


@pytest.fixture
def http() -> Iterator[httpx.Client]:
    with httpx.Client(trust_env=False, timeout=20.0) as client:
        yield client


@pytest.fixture
def ledger(tmp_path: Path) -> FileLedger:
    return FileLedger(tmp_path / "ledger.jsonl")


def counts(fhir_server: FhirServer, base: str, of: Counter[str] = COUNTS) -> Counter[str]:
    return Counter({kind: fhir_server.total(base, f"{kind}?_count=1") for kind in of})


def stored(fhir_server: FhirServer, base: str) -> list[dict[str, Any]]:
    """All that is on a server."""
    bundles = [fhir_server.remote(base).ask("GET", f"{kind}?_count=1000").body for kind in COUNTS]
    return [entry["resource"] for bundle in bundles for entry in bundle.get("entry", [])]


def clean(pushed: Pushed) -> bool:
    return not (pushed.quarantined or pushed.held or pushed.failed)


def answering(status: int, headers: dict[str, str] | None = None, body: bytes = b"", kind: str = "") -> Said:
    outcome = body or b'{"resourceType":"OperationOutcome","issue":[{"severity":"error","code":"conflict"}]}'
    return status, {"Content-Type": kind or "application/fhir+json", **(headers or {})}, outcome


def first_time(path: str, said: Said) -> Callable[[str, str, bytes], Said | None]:
    """Answer the first question about a path, and pass on all others."""
    asked: list[str] = []

    def say(method: str, asked_for: str, _: bytes) -> Said | None:
        if method != "GET" and path in asked_for and not asked:
            asked.append(asked_for)
            return said
        return None

    return say


@MODES
def test_everything_arrives_once_and_finds_what_it_refers_to(
    fhir_server: FhirServer, ledger: FileLedger, mode: str
) -> None:
    base = f"{mode}-whole"
    pushed = push(fhir_server.remote(base), ledger, ALL[::-1])
    assert clean(pushed)
    assert (pushed.mode, pushed.written, pushed.unchanged) == (mode, len(ALL), 0)
    assert counts(fhir_server, base) == COUNTS
    there = stored(fhir_server, base)
    paths = {f"{one['resourceType']}/{one['id']}" for one in there}
    assert set().union(*map(references, there)) <= paths
    assert (paths == {one.path for one in ALL}) == (mode == "put")


@MODES
def test_what_is_there_is_not_sent_again(fhir_server: FhirServer, ledger: FileLedger, mode: str) -> None:
    base = f"{mode}-again"
    push(fhir_server.remote(base), ledger, FEW)
    fhir_server.asked()
    pushed = push(fhir_server.remote(base), ledger, FEW)
    assert (pushed.written, pushed.unchanged) == (0, len(FEW))
    assert fhir_server.asked() == [f"GET /{base}/metadata"]


@MODES
def test_a_lost_ledger_doubles_nothing(fhir_server: FhirServer, tmp_path: Path, mode: str) -> None:
    base = f"{mode}-lost"
    for time in range(3):
        pushed = push(fhir_server.remote(base), FileLedger(tmp_path / f"{time}.jsonl"), ALL)
        assert clean(pushed)
        assert pushed.written == len(ALL)
        assert counts(fhir_server, base) == COUNTS


@MODES
def test_what_changed_is_changed_where_it_is(fhir_server: FhirServer, tmp_path: Path, mode: str) -> None:
    base = f"{mode}-changed"
    for time, ledger in enumerate(("kept", "kept", "lost")):
        person = of_person(NAMING, PERSON._replace(name=f"Milo {time}", link_name=True))
        pushed = push(fhir_server.remote(base), FileLedger(tmp_path / f"{ledger}.jsonl"), [person, *FEW[1:]])
        assert clean(pushed)
        (patient,) = stored_of(fhir_server, base, "Patient")
        assert patient["name"] == [{"text": f"Milo {time}"}]
    assert counts(fhir_server, base)["CarePlan"] == 1


@MODES
@pytest.mark.parametrize("after", [0, 20])
def test_killed_in_the_middle_and_resumed_everything_is_there_once(
    fhir_server: FhirServer, tmp_path: Path, mode: str, after: int
) -> None:
    base, path = f"{mode}-killed-{after}", tmp_path / "ledger.jsonl"
    killed = begun_program(PUSHER, f"{fhir_server.url}/{base}", path, after)
    killed.line("sent, and not written down")
    killed.kill()
    killed.said()
    assert 0 < counts(fhir_server, base).total() < len(ALL)
    pushed = push(fhir_server.remote(base), FileLedger(path), ALL)
    assert clean(pushed)
    assert pushed.unchanged == after
    assert counts(fhir_server, base) == COUNTS


@MODES
def test_two_at_once_bring_a_patient_one_after_the_other(fhir_server: FhirServer, tmp_path: Path, mode: str) -> None:
    base = f"{mode}-two"

    def one(_: int) -> Pushed:
        return push(fhir_server.remote(base), FileLedger(tmp_path / "ledger.jsonl"), FEW)

    with ThreadPoolExecutor(2) as both:
        pushed = list(both.map(one, range(2)))
    assert sorted(one.written for one in pushed) == [0, len(FEW)]
    assert counts(fhir_server, base) == Counter(type(one).__name__ for one in FEW) | Counter(dict.fromkeys(COUNTS, 0))


@MODES
def test_an_answer_that_is_lost_doubles_nothing(
    fhir_server: FhirServer, between: Between, http: httpx.Client, ledger: FileLedger, mode: str
) -> None:
    base, asked = f"{mode}-unheard", [0]

    def say(method: str, _path: str, _body: bytes) -> Said | None:
        asked[0] += 1
        return LOST if method != "GET" and asked[0] % 3 == 0 else None

    between.say = say
    pushed = push(a_remote(http, f"{between.url}/{base}", seconds=1e6), ledger, FEW)
    assert clean(pushed)
    assert asked[0] > 6
    assert counts(fhir_server, base).total() == len(FEW)


@MODES
def test_a_server_that_asks_to_wait_is_waited_for(
    between: Between, http: httpx.Client, ledger: FileLedger, mode: str
) -> None:
    between.say = first_time("", answering(429, {"Retry-After": "7"}))
    time = Hurried()
    pushed = push(a_remote(http, f"{between.url}/{mode}-wait", seconds=60.0, time=time), ledger, FEW)
    assert clean(pushed)
    assert [round(waited) >= 7 for waited in time.waited] == [True]


@MODES
def test_a_server_that_is_down_stops_the_push_and_the_next_one_goes_on(
    fhir_server: FhirServer, between: Between, http: httpx.Client, ledger: FileLedger, mode: str
) -> None:
    base, asked = f"{mode}-down", [0]

    def say(method: str, _path: str, _body: bytes) -> Said | None:
        asked[0] += method != "GET"
        return answering(503) if asked[0] > 1 else None

    between.say = say
    with pytest.raises(Later, match="503"):
        push(a_remote(http, f"{between.url}/{base}"), ledger, FEW)
    pushed = push(fhir_server.remote(base), ledger, FEW)
    assert clean(pushed)
    assert 0 < pushed.unchanged < len(FEW)
    assert counts(fhir_server, base).total() == len(FEW)


@MODES
@pytest.mark.parametrize("status", [409, 500])
def test_a_fault_that_one_resource_has_stops_no_other_and_is_tried_the_next_time(
    fhir_server: FhirServer, between: Between, http: httpx.Client, ledger: FileLedger, mode: str, status: int
) -> None:
    base = f"{mode}-fault-{status}"
    goal = next(one for one in FEW if type(one).__name__ == "Goal")
    between.say = lambda method, path, body: answering(status) if goes(goal, method, path, body) else None
    pushed = push(a_remote(http, f"{between.url}/{base}"), ledger, FEW)
    assert [trouble.path for trouble in pushed.failed] == [goal.path]
    assert "CarePlan" in pushed.held[0].path
    assert goal.path in pushed.held[0].why
    assert not pushed.quarantined
    assert clean(push(fhir_server.remote(base), ledger, FEW))
    assert counts(fhir_server, base).total() == len(FEW)


@MODES
@pytest.mark.parametrize("status", [400, 404, 405, 410, 412, 422])
def test_what_a_server_will_never_take_is_put_aside_until_it_is_another(
    fhir_server: FhirServer, between: Between, http: httpx.Client, ledger: FileLedger, mode: str, status: int
) -> None:
    base = f"{mode}-never-{status}"
    patient, *others = (one for one in FEW if type(one).__name__ in ("Patient", "Questionnaire", "Goal"))
    goal = others[0]
    between.say = lambda method, path, body: answering(status) if goes(goal, method, path, body) else None
    pushed = push(a_remote(http, f"{between.url}/{base}"), ledger, [patient, *others])
    assert [(trouble.path, str(status) in trouble.why) for trouble in pushed.quarantined] == [(goal.path, True)]
    assert counts(fhir_server, base).total() == len(others)
    fhir_server.asked()
    pushed = push(fhir_server.remote(base), ledger, [patient, *others])
    assert [trouble.path for trouble in pushed.quarantined] == [goal.path]
    assert fhir_server.asked() == [f"GET /{base}/metadata"]
    mended = msgspec.structs.replace(goal, start_date="2026-11-21")
    assert clean(push(fhir_server.remote(base), ledger, [patient, mended]))


# Whom the other system knows itself


MRN = "urn:example:mrn"
MILO = PERSON._replace(link_name=True, known_as=f"{MRN}|4711")
THEIRS: dict[str, Any] = {
    "resourceType": "Patient", "identifier": [{"system": MRN, "value": "4711"}], "birthDate": MILO.born,
    "name": [{"family": "Fernández"}],
}  # fmt: skip


def theirs(fhir_server: FhirServer, base: str, **changes: object) -> str:
    """A patient of the hospital's own; gives where it is."""
    made = fhir_server.remote(base).ask("POST", "Patient", json.dumps(THEIRS | changes).encode())
    return f"Patient/{made.body['id']}"


@MODES
def test_the_patient_that_a_hospital_has_is_referred_to_and_never_written(
    fhir_server: FhirServer, ledger: FileLedger, mode: str
) -> None:
    base = f"{mode}-theirs"
    path = theirs(fhir_server, base)
    before = fhir_server.remote(base).ask("GET", path).body
    fhir_server.asked()
    for time, person in enumerate((MILO, MILO, MILO._replace(name="Milo F."))):
        pushed = push(fhir_server.remote(base), ledger, [of_person(NAMING, person), *ALL[1:]])
        assert clean(pushed)
        assert pushed.written == (0 if time else len(ALL) - 1)
    assert "4711" not in " ".join(fhir_server.asked())
    assert fhir_server.total(base, "Patient?_count=1") == 1
    assert fhir_server.remote(base).ask("GET", path).body == before
    referred = set().union(*map(references, stored(fhir_server, base)))
    assert {each for each in referred if each.startswith("Patient/")} == {path}


@MODES
def test_whom_a_hospital_does_not_know_is_made_once_also_when_the_ledger_is_lost(
    fhir_server: FhirServer, tmp_path: Path, mode: str
) -> None:
    base = f"{mode}-unknown"
    theirs(fhir_server, base, identifier=[{"system": MRN, "value": "4712"}])
    theirs(fhir_server, base, identifier=[{"system": "urn:example:other", "value": "4711"}])
    theirs(fhir_server, base, active=False)
    for time in range(2):
        ledger = FileLedger(tmp_path / f"{time}.jsonl")
        pushed = push(fhir_server.remote(base), ledger, [of_person(NAMING, MILO), *FEW[1:]])
        assert clean(pushed)
        assert fhir_server.total(base, "Patient?_count=1") == 4


@MODES
@pytest.mark.parametrize(
    ("others", "why"),
    [([{}, {}], "2 patients there"), ([{"birthDate": "2015-04-29"}], "born on another day")],
    ids=["two", "born on another day"],
)
def test_where_it_is_not_sure_who_is_meant_nothing_is_sent(
    fhir_server: FhirServer, ledger: FileLedger, mode: str, others: list[dict[str, Any]], why: str
) -> None:
    base, person = f"{mode}-{len(others)}-unsure", of_person(NAMING, MILO)
    for changes in others:
        theirs(fhir_server, base, **changes)
    for _ in range(2):
        pushed = push(fhir_server.remote(base), ledger, [person, *FEW[1:]])
        assert [(trouble.path, why in trouble.why) for trouble in pushed.quarantined] == [(person.path, True)]
        assert len(pushed.held) == len([one for one in FEW if person.path in references(plain(one))])
        assert fhir_server.total(base, "Patient?_count=1") == len(others)


@MODES
@pytest.mark.parametrize("before", [PERSON, MILO], ids=["named later", "registered there later"])
def test_one_who_is_there_twice_since_ours_was_made_is_for_somebody_to_look_at(
    fhir_server: FhirServer, ledger: FileLedger, mode: str, before: Person
) -> None:
    base = f"{mode}-later-{before.known_as[-4:]}"
    assert clean(push(fhir_server.remote(base), ledger, [of_person(NAMING, before), *FEW[1:]]))
    theirs(fhir_server, base)
    person = of_person(NAMING, MILO)
    pushed = push(fhir_server.remote(base), ledger, [person, goal(start_date="2026-11-21")])
    assert [trouble.path for trouble in pushed.quarantined] == [person.path]
    assert (pushed.written, pushed.held) == (1, ())


@MODES
@pytest.mark.parametrize("what", ["taken away", "corrected", "merged"])
def test_nothing_goes_to_the_patient_of_a_hospital_any_more_who_may_be_another_one(
    fhir_server: FhirServer, ledger: FileLedger, mode: str, what: str
) -> None:
    base = f"{mode}-was-{what.replace(' ', '-')}"
    path, person = theirs(fhir_server, base), MILO
    assert clean(push(fhir_server.remote(base), ledger, [of_person(NAMING, MILO), goal()]))
    if what == "merged":
        content = json.dumps({**THEIRS, "id": path.partition("/")[2], "active": False}).encode()
        fhir_server.remote(base).ask("PUT", path, content)
        theirs(fhir_server, base)
    elif what == "corrected":
        theirs(fhir_server, base, identifier=[{"system": MRN, "value": "4712"}])
        person = MILO._replace(known_as=f"{MRN}|4712")
    else:
        person = PERSON
    before = stored_of(fhir_server, base, "Patient")
    for day in ("2026-11-21", "2026-11-22"):
        changed = goal(start_date=day)
        pushed = push(fhir_server.remote(base), ledger, [of_person(NAMING, person), changed])
        assert [trouble.path for trouble in pushed.quarantined] == [of_person(NAMING, person).path]
        assert ([trouble.path for trouble in pushed.held], pushed.written) == ([changed.path], 0)
    assert stored_of(fhir_server, base, "Patient") == before


@MODES
def test_what_a_server_has_is_still_known_when_it_does_not_take_a_later_version(
    fhir_server: FhirServer, between: Between, http: httpx.Client, ledger: FileLedger, mode: str
) -> None:
    base = f"{mode}-had"
    assert clean(push(fhir_server.remote(base), ledger, FEW[:1]))
    there = ledger.known(FEW[0].path)
    between.say = lambda method, _path, _body: answering(422) if method == "PUT" else None
    pushed = push(
        a_remote(http, f"{between.url}/{base}"), ledger, [of_person(NAMING, PERSON._replace(pseudonym="p-m"))]
    )
    assert [trouble.path for trouble in pushed.quarantined] == [FEW[0].path]
    noted = ledger.known(FEW[0].path)
    assert there is not None
    assert noted is not None
    assert (noted.remote, noted.etag) == (there.remote, there.etag)


def test_a_server_that_answers_with_everybody_is_not_believed(
    between: Between, fhir_server: FhirServer, http: httpx.Client, ledger: FileLedger
) -> None:
    everybody = {"resourceType": "Bundle", "entry": [{"resource": THEIRS | {"id": "1", "identifier": []}}]}
    between.say = lambda _method, path, _body: (
        answering(200, body=json.dumps(everybody).encode()) if path.endswith("_search") else None
    )
    assert clean(push(a_remote(http, f"{between.url}/put-lenient"), ledger, [of_person(NAMING, MILO)]))
    assert fhir_server.total("put-lenient", "Patient?_count=1") == 1


def test_a_server_that_cannot_be_asked_by_a_form_gets_nothing(
    between: Between, fhir_server: FhirServer, http: httpx.Client, ledger: FileLedger
) -> None:
    between.say = lambda _method, path, _body: answering(405) if path.endswith("_search") else None
    with pytest.raises(Refused, match="_search: status 405"):
        push(a_remote(http, f"{between.url}/put-formless"), ledger, [of_person(NAMING, MILO)])
    assert fhir_server.total("put-formless", "Patient?_count=1") == 0


# What the other system changed


def changed_there(fhir_server: FhirServer, base: str, kind: str, **changes: object) -> dict[str, Any]:
    """The hospital writes into what is there."""
    (there,) = stored_of(fhir_server, base, kind)
    content = json.dumps({**there, **changes}).encode()
    said = fhir_server.remote(base).ask("PUT", f"{kind}/{there['id']}", content)
    assert said.status == 200
    return dict(said.body)


@MODES
def test_what_the_other_system_changed_is_told_and_not_written_over(
    fhir_server: FhirServer, ledger: FileLedger, mode: str
) -> None:
    base = f"{mode}-conflict"
    push(fhir_server.remote(base), ledger, FEW)
    goals = [one for one in FEW if type(one).__name__ == "Goal"]
    plans = [one for one in FEW if type(one).__name__ == "CarePlan"]
    theirs = changed_there(fhir_server, base, "Goal", description={"text": "to hang out the washing, alone"})
    moved = [msgspec.structs.replace(one, start_date="2026-11-21") for one in goals]
    moved += [msgspec.structs.replace(one, title="Programme") for one in plans]
    for time in range(2):
        pushed = push(fhir_server.remote(base), ledger, moved)
        assert [(each.path, "changed there" in each.why) for each in pushed.quarantined] == [(goals[0].path, True)]
        assert (pushed.written, pushed.held, pushed.failed) == ((0, (), ()) if time else (1, (), ()))
    assert stored_of(fhir_server, base, "Goal") == [theirs]
    assert stored_of(fhir_server, base, "CarePlan")[0]["title"] == "Programme"
    later = [msgspec.structs.replace(one, start_date="2026-11-22") for one in goals]
    assert len(push(fhir_server.remote(base), ledger, later).quarantined) == 1
    assert stored_of(fhir_server, base, "Goal") == [theirs]


@MODES
def test_an_answer_to_a_change_that_is_lost_is_no_conflict(
    fhir_server: FhirServer, between: Between, http: httpx.Client, ledger: FileLedger, mode: str
) -> None:
    base = f"{mode}-unheard-change"
    push(fhir_server.remote(base), ledger, FEW)
    goal = next(one for one in FEW if type(one).__name__ == "Goal")
    between.say = first_time("Goal/", LOST)
    for day in ("2026-11-21", "2026-11-22"):
        changed = msgspec.structs.replace(goal, start_date=day)
        pushed = push(a_remote(http, f"{between.url}/{base}", seconds=1e6), ledger, [changed])
        assert (clean(pushed), pushed.written) == (True, 1)
        assert stored_of(fhir_server, base, "Goal")[0]["startDate"] == day


# Who may be told no more


@MODES
def test_a_push_ends_in_the_middle_when_it_may_go_on_no_more(
    fhir_server: FhirServer, between: Between, http: httpx.Client, ledger: FileLedger, mode: str
) -> None:
    base, writes = f"{mode}-withdrawn", list[str]()

    def say(method: str, path: str, _body: bytes) -> Said | None:
        writes.extend([path] if method != "GET" else [])
        return answering(503, {"Retry-After": "1"}) if len(writes) == 2 else None

    between.say = say
    with pytest.raises(Withdrawn):  # also while a server is waited for
        push(a_remote(http, f"{between.url}/{base}", seconds=60.0), ledger, ALL, lambda: len(writes) < 2)
    assert len(writes) == 2
    assert 0 < counts(fhir_server, base).total() < len(ALL)
    assert clean(push(fhir_server.remote(base), ledger, ALL))
    assert counts(fhir_server, base) == COUNTS


def test_what_is_there_twice_is_reported_and_never_touched(fhir_server: FhirServer, ledger: FileLedger) -> None:
    base = "create-twice"
    device = next(one for one in ALL if type(one).__name__ == "Device")
    twice = {name: value for name, value in plain(device).items() if name not in ("id", "patient")}
    for _ in range(2):
        fhir_server.remote(base).ask("POST", "Device", json.dumps(twice).encode())
    pushed = push(fhir_server.remote(base), ledger, [ALL[0], device])
    assert [trouble.path for trouble in pushed.quarantined] == [device.path]
    assert fhir_server.total(base, "Device?_count=1") == 2


def test_one_that_another_made_meanwhile_is_found_by_counting(
    fhir_server: FhirServer, between: Between, http: httpx.Client, ledger: FileLedger
) -> None:
    """A server that does not keep its own condition: the same comes in beside ours, as from a second exporter."""
    base, patient = "create-race", ALL[0]

    def say(method: str, path: str, body: bytes) -> Said | None:
        if method == "POST" and path.rstrip("/") == f"/{base}":
            other = {name: value for name, value in plain(patient).items() if name != "id"}
            answer = http.post(f"{between.url}/{base}/Patient", content=json.dumps(other).encode(), headers=FHIR_JSON)
            assert answer.status_code == 201
            bundle = json.loads(body)
            del bundle["entry"][0]["request"]["ifNoneExist"]
            made = http.post(f"{fhir_server.url}/{base}/", content=json.dumps(bundle).encode(), headers=FHIR_JSON)
            return made.status_code, dict(FHIR_JSON), made.content
        return None

    between.say = say
    pushed = push(a_remote(http, f"{between.url}/{base}"), ledger, [patient])
    assert [(trouble.path, "2 times" in trouble.why) for trouble in pushed.quarantined] == [(patient.path, True)]


@pytest.mark.parametrize(
    "said",
    [
        answering(200, body=b"<html>Please log in to the guest network</html>", kind="text/html"),
        answering(200, body=b"<html>", kind="application/fhir+json"),
        answering(200, body=b'["so"]', kind="application/json"),
        answering(201, body=b"ok", kind="text/plain"),
    ],
    ids=["a portal", "broken JSON", "other JSON", "text"],
)
@MODES
def test_a_page_with_status_200_is_no_answer(
    fhir_server: FhirServer, between: Between, http: httpx.Client, ledger: FileLedger, mode: str, said: Said
) -> None:
    base = f"{mode}-portal-{len(said[2])}"
    between.say = lambda method, _path, _body: None if method == "GET" else said
    with pytest.raises(Later, match="check the address"):
        push(a_remote(http, f"{between.url}/{base}"), ledger, FEW)
    assert ledger.known(FEW[0].path) is None
    assert counts(fhir_server, base).total() == 0


@MODES
def test_nothing_is_sent_to_where_a_redirect_points(
    fhir_server: FhirServer, between: Between, http: httpx.Client, ledger: FileLedger, mode: str
) -> None:
    elsewhere = f"{fhir_server.url}/{mode}-elsewhere"
    between.say = lambda method, path, _: None if method == "GET" else answering(307, {"Location": elsewhere + path})
    fhir_server.asked()
    with pytest.raises(Refused, match="points elsewhere"):
        push(a_remote(http, f"{between.url}/{mode}-redirected"), ledger, FEW)
    assert not [address for address in fhir_server.asked() if "elsewhere" in address]


def test_who_is_not_let_is_told_so_and_nothing_is_put_aside(
    between: Between, http: httpx.Client, ledger: FileLedger
) -> None:
    between.say = lambda method, *_: None if method == "GET" else answering(403)
    with pytest.raises(Refused, match="403"):
        push(a_remote(http, f"{between.url}/put-forbidden"), ledger, FEW)
    assert ledger.known(FEW[0].path) is None


@pytest.mark.parametrize(
    ("statement", "why"),
    [
        (b'{"resourceType":"CapabilityStatement","fhirVersion":"5.0.0"}', "5.0.0"),
        (b'{"resourceType":"CapabilityStatement","fhirVersion":7}', "fhirVersion"),
        (b'{"resourceType":"CapabilityStatement","fhirVersion":"4.0.1","rest":[7]}', "rest"),
        (b'{"resourceType":"Patient"}', "what it can do"),
    ],
)
def test_a_server_of_another_kind_gets_nothing(
    between: Between, http: httpx.Client, ledger: FileLedger, statement: bytes, why: str
) -> None:
    between.say = lambda *_: answering(200, body=statement)
    with pytest.raises((Refused, Later), match=why):
        push(a_remote(http, f"{between.url}/put-other"), ledger, FEW)


def test_a_type_that_a_server_does_not_take_is_held_with_what_refers_to_it(
    between: Between, http: httpx.Client, ledger: FileLedger
) -> None:
    kinds = [{"type": kind, "updateCreate": True} for kind in COUNTS if kind != "Goal"]
    statement = {
        "resourceType": "CapabilityStatement",
        "fhirVersion": "4.0.1",
        "rest": [{"mode": "server", "resource": kinds}],
    }
    answer = answering(200, body=json.dumps(statement).encode())
    between.say = lambda _method, path, _body: answer if path.endswith("metadata") else None
    pushed = push(a_remote(http, f"{between.url}/put-no-goals"), ledger, FEW)
    assert {trouble.path.partition("/")[0] for trouble in pushed.held} == {"Goal", "CarePlan"}
    assert pushed.mode == "put"
    assert not pushed.quarantined


def test_a_server_that_lets_clients_choose_some_ids_only_chooses_all(
    between: Between, http: httpx.Client, ledger: FileLedger
) -> None:
    kinds = [{"type": kind, "updateCreate": kind != "Patient"} for kind in COUNTS]
    rest = [{"mode": "client", "resource": []}, {"mode": "server", "resource": kinds}]
    statement = {"resourceType": "CapabilityStatement", "fhirVersion": "4.0.1", "rest": rest}
    answer = answering(200, body=json.dumps(statement).encode())
    between.say = lambda _method, path, _body: answer if path.endswith("metadata") else None
    remote = a_remote(http, f"{between.url}/create-some")
    assert abilities(remote)["Patient"] is False
    assert push(remote, ledger, FEW).mode == "create"


@MODES
def test_addresses_name_nobody_and_transactions_are_small(
    fhir_server: FhirServer, between: Between, http: httpx.Client, ledger: FileLedger, mode: str
) -> None:
    sizes: list[int] = []
    person = of_person(NAMING, PERSON._replace(link_name=True))

    def say(method: str, _path: str, body: bytes) -> Said | None:
        sizes.extend([len(json.loads(body)["entry"])] if method == "POST" else [])
        return None

    between.say = say
    fhir_server.asked()
    push(a_remote(http, f"{between.url}/{mode}-quiet"), ledger, [person, *ALL[1:]])
    asked = " ".join(fhir_server.asked())
    for word in (PERSON.pseudonym, "Milo", PERSON.born, PERSON.id, "Okafor", "Thursday"):
        assert word not in asked
    assert (max(sizes, default=0) == 8) == (mode == "create")


def goes(resource: Resource, method: str, path: str, body: bytes) -> bool:
    """Whether a question writes a resource: alone, or in a transaction."""
    return method != "GET" and (
        path.endswith(str(resource.id)) or f'"fullUrl":"urn:uuid:{resource.id}"'.encode() in body
    )


def goal(**changes: object) -> Resource:
    """What the person wants to be able to do, which refers to nobody but them."""
    return msgspec.structs.replace(next(one for one in FEW if type(one).__name__ == "Goal"), **changes)


def stored_of(fhir_server: FhirServer, base: str, kind: str) -> Sequence[dict[str, Any]]:
    return [one for one in stored(fhir_server, base) if one["resourceType"] == kind]
