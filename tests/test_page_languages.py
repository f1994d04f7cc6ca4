"""The catalogues of the pages: all that can be read is translated, once, with the same blanks, and nothing else is."""

import ast
import random
import re
import shutil
from collections.abc import Iterator
from html.parser import HTMLParser
from itertools import product
from pathlib import Path
from urllib.parse import unquote

import msgspec
import pytest
from demo_clinics import PASSWORD
from hands import Way, a_site
from routes import Client, a_web, form_token
from server_fixtures import ROOT, a_service
from visits import calibration

import games
from calibration import battery
from engine import words as spoken_words
from engine.clinical import ClinicalTest
from engine.envelope import Envelope
from engine.headset import DESK
from engine.limits import OutsideEnvelope
from engine.movements import MOVEMENTS
from engine.precautions import barred
from engine.records import Precaution
from server_sync.clinic.service import Service
from server_sync.page.catalogue import lacking, read, template, updated, write
from server_sync.page.language import CATALOGUES, PSEUDO, dated, languages, speaking
from server_sync.page.translated import translated

BLANK = re.compile(r"%\((\w+)\)s|(%%)|</?(\w+)>")
ACCENTED = re.compile(r"\b(?=\w*[aceinosuyACEINOSUY])[A-Za-z']{3,}\b")
"""Words that are written otherwise in the pseudo-language."""
NO_WORDS = {"min", "href", "Steadyreach", "steadyreach", "UTC", "SHA", "PDF", "OMNI", "NRS", "https"}
BREAKS = re.compile(r"(?<![\u00a0\u202f])[;:!?»](?=\s|$|[<.,)»…])|«(?![\u00a0\u202f])")
"""French marks of two parts, and quotations, without the space before or within them that never breaks a row."""
CATALOGUE = pytest.mark.parametrize("path", sorted(CATALOGUES.glob("*.po")), ids=lambda path: path.stem)


def forms(said: object) -> tuple[str, ...]:
    return tuple(said) if isinstance(said, tuple | list) else (str(said),)


def blanks(said: str) -> list[str]:
    return sorted(found[0] for found in BLANK.finditer(said))


def test_the_pages_speak_the_languages_of_the_games() -> None:
    assert set(languages()) == set(spoken_words.languages())


@CATALOGUE
def test_a_catalogue_holds_what_there_is_to_read_and_nothing_else(path: Path, tmp_path: Path) -> None:
    found = updated(path)
    assert lacking(found) == []
    write(tmp_path / path.name, found)
    assert (tmp_path / path.name).read_text("utf-8") == path.read_text("utf-8"), (
        f"bring {path.name} up to date: python -m server_sync.page.catalogue"
    )


def test_no_sentence_hides_where_extraction_does_not_look() -> None:
    there = {message.id for message in template()}
    for path in [*(ROOT / "server_sync").rglob("*.py")]:
        for call in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in ("_", "N_"):
                said = call.args[0]
                assert not isinstance(said, ast.Constant) or said.value in there, f"{path}: {said.value} in an f-string"


@CATALOGUE
def test_a_translation_has_the_blanks_of_its_sentence_in_every_form(path: Path) -> None:
    catalogue = read(path)
    for message in catalogue:
        if not message.id:
            continue
        assert not message.fuzzy, message.id
        said, expected = forms(message.string), forms(message.id)
        if len(expected) > 1:
            assert len(said) == catalogue.num_plurals, message.id
        for number, form in enumerate(said):
            original = blanks(expected[min(number, len(expected) - 1)])
            without = [blank for blank in original if blank != "%(num)s"]
            assert blanks(form) == original or (number == 0 and blanks(form) == without), (message.id, form)


def test_no_row_of_french_begins_with_a_mark_or_ends_with_a_quotation() -> None:
    said = [form for message in read(CATALOGUES / "fr.po") if message.id for form in forms(message.string)]
    assert sum("\u00a0:" in form for form in said) > 100
    assert [form for form in said if BREAKS.search(form)] == []


@CATALOGUE
def test_a_game_is_called_as_in_the_headset(path: Path) -> None:
    known = spoken_words.load(path.stem)
    with speaking(path.stem):
        for game in games.names():
            assert translated(games.load(game).title) == known.say(f"{game}.title")


def test_what_a_record_says_is_put_into_the_language_piece_by_piece() -> None:
    said = "time: time to get to the buoy, before staying there, 12 s → 10.5 s, because 8 of 8 were reached"
    with speaking("de"):
        assert translated(said) == (
            "Zeit: Zeit bis zur Boje, bevor dort geblieben wird, 12 s → 10,5 s: 8 von 8 erreicht"
        )
        assert translated("leant left: 5.4° is 46 % more than on 27 October: measure again") == (
            "Neigen nach links: 5,4° sind 46\u00a0% mehr als am 27. Oktober: neu messen"
        )
        assert translated("what nobody translates") == "what nobody translates"
    assert translated(said) == said


def whys_not_done(test: type[ClinicalTest]) -> Iterator[str]:
    """Why a test is not done, under any one bound of a precaution or a preset, on one side or on both."""
    yield from (f"{test.title}: nobody stood up for it", f"{test.title}: nobody sat down for it")
    yield test.why_not_on(DESK)
    for (movement, about), share, both in product(MOVEMENTS.items(), (0.0, 0.1, 0.6), (False, True)):
        other = movement.replace("_left", "_right") if both else movement
        caps = dict.fromkeys((movement, other), share * about.largest)
        rules = tuple(Precaution(name, most, about.unit, "TORN", "MOSS") for name, most in caps.items())
        for posture, (precautions, ceilings) in product(test.postures, ((rules, {}), ((), caps))):
            yield barred(test, posture, precautions, ceilings)
            envelope = Envelope(calibration(), precautions, ceilings, posture=posture)
            try:
                next(test(test.Parameters()).trials(envelope, random.Random(1), ()), None)
            except OutsideEnvelope as reason:
                yield str(reason)


@pytest.mark.parametrize("name", battery.names())
def test_why_a_test_was_not_done_goes_through_the_catalogue_as_a_whole(name: str) -> None:
    whys = {why for why in whys_not_done(battery.load(name)) if why}
    assert len(whys) > 4
    with speaking(PSEUDO):
        left = {why: words for why in whys if (words := set(ACCENTED.findall(translated(why))) - {"TORN", "MOSS"})}
    assert not left


def test_a_reason_not_to_reach_is_said_in_german() -> None:
    said = "a level arm is raised 90°, beyond 80°, the precaution of Dr. Moss: a fresh suture"
    with speaking("de"):
        assert translated(said) == (
            "ein waagerechter Arm ist um 90° gehoben, weiter als 80°, Vorsichtsmaßnahme laut Dr. Moss: a fresh suture"
        )


class Text(HTMLParser):
    """What can be read on a page, and where its links lead; code and what is said to be English are left out."""

    def __init__(self) -> None:
        super().__init__()
        self.said, self.links = list[str](), list[str]()
        self._open = list[str]()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self._open.append("" if tag in ("style", "script", "code", "option") or values.get("lang") == "en" else tag)
        named = ("aria-label", "aria-valuetext", "alt", "title", "placeholder", "data-name")
        self.said += [value for name in named if (value := values.get(name))]
        if tag == "a":
            self.links.append((values.get("href") or "").partition("#")[0])
        if tag in ("br", "hr", "img", "input", "link", "meta"):
            self._open.pop()

    def handle_endtag(self, tag: str) -> None:
        if self._open and tag not in ("br", "hr", "img", "input", "link", "meta"):
            self._open.pop()

    def handle_data(self, data: str) -> None:
        if "" not in self._open:
            self.said.append(data)


@pytest.fixture(scope="module")
def service(demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = shutil.copytree(demo, tmp_path_factory.mktemp("languages"), dirs_exist_ok=True)
    with a_service(folder / "clinic") as opened:
        yield opened


def logged_in(client: Client, login: str) -> None:
    client.post("/login", data={"login": login, "password": PASSWORD, "_csrf_token": form_token(client)})


def every_page(client: Client, language: str, most: int = 2) -> Iterator[tuple[str, Text]]:
    """All that links lead to, a few of each kind, in a language."""
    seen, kinds, waiting = set[str](), dict[str, int](), ["/", "/account"]
    while waiting:
        path = waiting.pop(0)
        kind = re.sub(r"(?<=/)[0-9a-f]{8}[^/?]*|(?<=/sessions/)[^/?]+|=[^&]*|\d+", "*", path)
        if path in seen or kinds.get(kind, 0) >= most or re.search(r"/export|/fhir|/report/|/static", path):
            continue
        seen.add(path)
        kinds[kind] = kinds.get(kind, 0) + 1
        answer = client.get(unquote(path), headers={"Accept-Language": language})
        assert answer.status_code == 200, path
        text = Text()
        text.feed(answer.text)
        waiting += [link for link in text.links if link.startswith("/")]
        yield path, text


def typed_words(service: Service) -> set[str]:
    """Words that somebody typed: names, goals, reasons, messages."""
    typed = list[str]()
    for line in service.archive.patients():
        typed += [line.name, line.pseudonym, line.condition or "", line.about]
        for version in service.prescriptions.history(line.pseudonym):
            typed.append(msgspec.json.encode(version.prescription).decode())
        typed += [letter.text for letter in service.letters.of(line.id)]
    typed += [f"{account.name} {account.login}" for account in service.accounts.listed()]
    typed += [device.name for device in service.devices.listed()]
    typed.append(f"{service.folder} recordings")
    with speaking(PSEUDO):
        days = [
            dated(service.now().replace(month=month, day=day), "EEEE EEE MMMM MMM")
            for month in range(1, 13)
            for day in range(1, 8)
        ]
    return {word for text in (*typed, *days) for word in ACCENTED.findall(text)}


@pytest.mark.parametrize("login", ["maja", "ana", "tove", "kofi", "rosa", "funmi"])
def test_every_word_of_a_page_goes_through_the_catalogue(service: Service, login: str) -> None:
    known = typed_words(service) | NO_WORDS
    with a_web(service) as client:
        logged_in(client, login)
        found = {
            f"{path}: {said.strip()}"
            for path, text in every_page(client, PSEUDO)
            for said in text.said
            if set(ACCENTED.findall(said)) - known
        }
    assert not found, "\n".join(sorted(found))


@pytest.mark.parametrize("language", [each for each in languages() if each != "en"])
def test_every_page_is_there_in_every_language(service: Service, language: str) -> None:
    with a_web(service) as client:
        logged_in(client, "maja")
        assert len(list(every_page(client, language, most=1))) > 15


def test_the_widest_pages_fit_a_telephone_in_german(demo: Path, tmp_path: Path) -> None:
    with a_site(demo, tmp_path / "demo") as site:
        patient = f"/patients/{site.patients['Rosa Lindqvist']}"
        for path in ("/today", patient, f"{patient}/tune", f"{patient}/plan", f"{patient}/report"):
            page = site.at(path, "maja", Way(width=320, language="de")).page
            assert page.locator("html").get_attribute("lang") == "de"
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
