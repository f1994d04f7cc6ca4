"""Words about a person, planted through every door, are found where they belong and nowhere else."""

import json
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest
from browsers import FLAGS
from client_fixtures import Computer, a_computer
from routes import routes
from server_fixtures import Clinic, a_clinic, a_service, missing
from sqlalchemy import update

from engine.prescription import Draft, Message
from server_sync.clinic import passwords
from server_sync.clinic.account_rules import SELF
from server_sync.clinic.patients import Person
from server_sync.clinic.tables import Delivered
from server_sync.web.access import ANYONE

WHO = "p-zebrafinch"
CANARIES = {
    "pseudonym": WHO,
    "name": "Quillon Zebrafinch",
    "about": "left hemiplegia after a fall from the barn",
    "message": "Remember the quince by the window",
    "session": "the marmalade shelf is out of reach",
    "letter": "My sister Perpetua says it hurts",
    "login": "quillonz",
    "account": "Q. Zebrafinch at home",
}
"""What is planted."""
PASSWORD = "harbour lantern sedge"
BROKEN = "s-broken"


class Told(NamedTuple):
    """A clinic whose server logs all that it can, the log so far, and a computer that has delivered."""

    clinic: Clinic
    computer: Computer
    patient_id: str
    account_id: int

    def logged(self) -> str:
        """All that was logged."""
        return self.clinic.process.so_far().err


LOGGING = ("--log-level", "debug")
"""What has a server log all that it can."""


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    folder = tmp_path_factory.mktemp("canaries")
    with a_clinic(folder / "clinic", arguments=LOGGING) as clinic:
        with a_service(clinic.folder) as service:
            person = Person(pseudonym=WHO, name=CANARIES["name"], about=CANARIES["about"])
            patient_id = service.patients.add(person)
            service.prescriptions.save(WHO, Draft(messages=(Message(text=CANARIES["message"]),)), "Maja")
            for role in ("therapist", "admin", "auditor"):
                service.accounts.add(role if role != "therapist" else "maja", f"A {role}", role, PASSWORD)
            theirs = CANARIES["login"], CANARIES["account"], "patient", passwords.hashed(PASSWORD)
            account_id = service.accounts.make(*theirs, wards={patient_id: SELF})
        computer = a_computer(folder, clinic, [WHO])
        computer.plays("s-1", BROKEN, patient=WHO, headset_description=CANARIES["session"])
        assert computer.sync().complete
        with a_service(clinic.folder) as service:
            service.letters.write(patient_id, account_id, CANARIES["letter"])
            with service.store.writing() as db:
                damaged = update(Delivered).where(Delivered.id == BROKEN)
                db.execute(damaged.values(content=b"x" * 12 + CANARIES["session"].encode()))
        yield Told(clinic, computer, patient_id, account_id)


def found(text: str, *but: str) -> list[str]:
    """Which canaries are in a text, also as addresses and JSON write them."""
    written = (text, text.replace("+", " "), text.replace("%20", " "))
    return [kind for kind, words in CANARIES.items() if kind not in but and any(words in each for each in written)]


@contextmanager
def logged_in(told: Told, login: str) -> Iterator[httpx.Client]:
    """A client that shows the cookie of a login, by its form."""
    with httpx.Client(base_url=told.clinic.url, follow_redirects=True) as client:
        form = {"login": login, "password": PASSWORD, "_csrf_token": form_token(client)}
        assert client.post("/login", data=form).status_code == 200
        yield client


def form_token(client: httpx.Client) -> str:
    return client.get("/login").text.split('name="_csrf_token" value="')[1].split('"')[0]


def test_the_words_are_where_they_belong(told: Told) -> None:
    """Else the tests below would find nothing because nothing was planted."""
    with logged_in(told, "maja") as client:
        pages = client.get("/patients").text + client.get("/sessions/s-1").text
        pages += client.get(f"/patients/{told.patient_id}/prescription").text
    assert {"name", "about", "message"} <= set(found(pages))


def test_the_log_says_all_that_it_can_and_none_of_the_words(told: Told) -> None:
    with logged_in(told, "maja") as client:
        whose = f"/patients/{told.patient_id}"
        for path in ("/patients", whose, "/sessions/s-1", "/sessions/s-1/report", f"/sessions/{BROKEN}"):
            client.get(path)
        client.put(f"{whose}/prescription", content=CANARIES["message"])
        client.post(f"/patients/{told.patient_id}/prescription/messages", content=CANARIES["message"])
    with httpx.Client(base_url=told.clinic.url) as stranger:
        token = form_token(stranger)
        form = {"login": CANARIES["login"], "password": CANARIES["name"], "_csrf_token": token}
        assert "do not fit together" in stranger.post("/login", data=form).text
        stranger.post(f"/me/{told.patient_id}/letters", data={"text": CANARIES["letter"], "_csrf_token": token})
        for path in (f"/{CANARIES['name']}", f"/login?for={CANARIES['name']}", f"/patients/{told.patient_id}"):
            stranger.get(path, headers={"Referer": f"http://x/{WHO}", "User-Agent": CANARIES["name"]})
        stranger.request(CANARIES["login"].upper(), "/")
    told.computer.sync()
    log = told.logged()
    lines = [json.loads(line) for line in log.splitlines()]
    assert {"GET", "POST", "PUT"} <= {line.get("method") for line in lines}
    assert any(line["event"] == "trouble" for line in lines), "the damaged session gave no trouble"
    assert found(log) == []


def test_what_strangers_may_see_holds_none_of_the_words(told: Told) -> None:
    with httpx.Client(base_url=told.clinic.url) as stranger:
        for route in routes():
            if route.may == ANYONE and route.method == "GET" and "{" not in route.path:
                answer = stranger.get(route.path)
                assert found(answer.text + str(answer.headers)) == [], route.path


def test_an_error_says_nothing_about_anybody(told: Told) -> None:
    pages = []
    with logged_in(told, "maja") as client:
        pages += [client.get(f"/sessions/{BROKEN}"), client.get("/sessions/none"), client.get("/accounts")]
        assert [page.status_code for page in pages] == [500, 404, 403]
    with logged_in(told, "admin") as client:
        theirs = f"/patients/{told.patient_id}", "/sessions/s-1", f"/me/{told.patient_id}"
        pages += [client.get(path) for path in theirs]
        assert {page.status_code for page in pages[3:]} == {403}
    with httpx.Client(base_url=told.clinic.url) as stranger:
        pages += [stranger.get(f"/patients/{told.patient_id}"), stranger.get("/sessions/s-1")]
    for page in pages:
        assert found(page.text, "account", "login") == [], page.url


def test_no_answer_may_be_kept_and_none_tells_where_one_came_from(told: Told) -> None:
    with logged_in(told, "maja") as client:
        for path in ("/patients", f"/patients/{told.patient_id}", "/sessions/s-1", "/sessions/s-1/report"):
            headers = client.get(path).headers
            assert headers["Cache-Control"] == "no-store", path
            assert headers["Referrer-Policy"] == "no-referrer", path


class Browsed(NamedTuple):
    """The addresses with what was said of where one came from, what scripts could read, and the profile's folder."""

    asked: list[tuple[str, str]]
    kept: list[str]
    profile: Path


EVERYTHING_KEPT = """async () => JSON.stringify({
    local: {...localStorage}, session: {...sessionStorage}, cookies: document.cookie, name: window.name,
    databases: indexedDB.databases ? (await indexedDB.databases()).map(each => each.name) : [],
    caches: 'caches' in window ? await caches.keys() : [],
    workers: navigator.serviceWorker ? (await navigator.serviceWorker.getRegistrations()).length : 0,
})"""


@pytest.fixture(scope="module")
def browsed(told: Told, tmp_path_factory: pytest.TempPathFactory) -> Browsed:
    """What a browser with a profile on disk asked for and kept, after a therapist and an auditor used the pages."""
    program = shutil.which("chromium")
    if program is None or find_spec("playwright") is None:
        missing("browser", "there is no chromium, or no playwright")
    from playwright.sync_api import sync_playwright

    profile, asked, kept = tmp_path_factory.mktemp("profile"), list[tuple[str, str]](), list[str]()
    visits = {
        "maja": ("/patients", f"/patients/{told.patient_id}", "/sessions/s-1"),
        "auditor": ("/audit",),
        "admin": ("/accounts", f"/accounts/{told.account_id}"),
        CANARIES["login"]: ("/me", "/account"),
    }
    with sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(profile, executable_path=program, args=FLAGS)
        context.on("request", lambda request: asked.append((request.url, request.headers.get("referer", ""))))
        page = context.new_page()
        for login, paths in visits.items():
            page.goto(f"{told.clinic.url}/login")
            page.get_by_label("Name").fill(login)
            page.get_by_label("Password").fill(PASSWORD)
            page.get_by_role("button", name="Log in").click()
            for path in paths:
                page.goto(told.clinic.url + path)
                if login == "auditor":
                    page.get_by_label("Patient").select_option(label=CANARIES["name"])
                    page.get_by_role("button", name="Show").click()
                    page.get_by_text(f"of {CANARIES['name']}").first.wait_for()
                kept.append(page.evaluate(EVERYTHING_KEPT))
            page.get_by_role("button", name="Log out").click()
        kept.append(json.dumps(context.cookies()))
        context.close()
    return Browsed(asked, kept, profile)


def test_no_address_holds_a_word_and_none_is_told_to_the_next_page(browsed: Browsed) -> None:
    assert len(browsed.asked) > 10
    for url, referer in browsed.asked:
        assert found(url) == [], url
        assert referer == "", url


def test_a_browser_keeps_nothing_that_a_page_could_read(browsed: Browsed) -> None:
    for kept in browsed.kept[:-1]:
        nothing = {"local": {}, "session": {}, "cookies": "", "name": "", "databases": [], "caches": [], "workers": 0}
        assert json.loads(kept) == nothing
    assert found(browsed.kept[-1]) == []


def test_no_page_is_in_the_profile_of_a_browser(browsed: Browsed) -> None:
    """Not in its cache, nor in its history: what was shown is gone when the window is closed.

    The login that somebody types is remembered by their own browser, as passwords are: that is theirs to allow.
    """
    searched = 0
    for path in browsed.profile.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            searched += len(content)
            for text in (content.decode("utf-8", "replace"), content.decode("utf-16-le", "replace")):
                assert found(text, "login") == [], path
    assert searched > 100_000


def test_the_search_finds_a_word_however_it_is_written() -> None:
    for text in ("x Quillon Zebrafinch y", "/a?name=Quillon+Zebrafinch", "/Quillon%20Zebrafinch"):
        assert found(text) == ["name"]
    assert re.search("Zebrafinch", CANARIES["account"])


def test_an_erasure_that_was_stopped_is_finished_when_the_server_starts(tmp_path: Path) -> None:
    with a_service(tmp_path / "clinic") as service:
        patient_id = service.patients.add(Person(pseudonym=WHO))
        service.keychain.shred(patient_id)
    with a_clinic(tmp_path / "clinic"), a_service(tmp_path / "clinic") as service:
        end_s = time.monotonic() + 60.0
        while "a person is erased" not in {entry.action for entry in service.audit.listed()}:
            assert time.monotonic() < end_s, "nobody went on with it"
            time.sleep(0.05)
