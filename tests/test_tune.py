"""Tune: what a form says becomes a version, what it asks is shown beside before, and nobody writes over anybody."""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from browsers import a_browser
from msgspec.structs import replace
from routes import Client, a_web, begin_visit, form_token, show_cookie
from server_fixtures import Clinic, SignedDevice, a_clinic, a_service, a_session, an_item
from visits import calibration

from engine.commands.previewing import of_drafts
from engine.prescription import Draft, Message, Practice, held_on
from engine.records import Precaution, from_json, to_json
from server_sync import wire
from server_sync.clinic.known_tasks import tasks
from server_sync.clinic.previewing import NotPreviewed
from server_sync.clinic.service import Service
from server_sync.page.arc import Bounded, Dots, arc, dial_of
from server_sync.page.asking import asks
from server_sync.page.plan import dose
from server_sync.page.plan_choices import choice_of_games
from server_sync.page.tune_form import leaves, merged, resolved, wished
from server_sync.page.tuning import past, shown_value
from server_sync.web import access

ARM, CEILING, SUCCESS = "shoulder_elevation_left", "limits.shoulder_elevation_left.ceiling", "adaptation.target_success"
FLOOR = "limits.shoulder_elevation_left.floor"
SPICA = Precaution(ARM, 120.0, "deg", "spica", "hip surgeon", "2027-01-15")
SAVED = Draft(
    preset="child-8-12",
    plan={"limits": {ARM: {"ceiling": 100.0}}},
    precautions=(SPICA,),
    programme=(Practice(games=("fruit_ladder",)),),
)
DAY = date(2026, 11, 21)
PLAYED = replace(a_session(), calibration=replace(calibration(87.0), measured_at="2026-11-20"))


# What a form says


def test_a_field_that_nobody_touched_follows_the_preset() -> None:
    wish = wished({"preset": "standard", SUCCESS: "80", CEILING: "100"}, SAVED)
    assert (wish.preset, wish.plan, wish.problems) == ("standard", SAVED.plan, {})


def test_a_value_has_the_unit_in_which_it_is_kept() -> None:
    said = {key: shown_value(resolved("standard", {}), key) for key in ("games.fruit_ladder.radius_m", SUCCESS)}
    assert said == {"games.fruit_ladder.radius_m": "0.08 m", SUCCESS: "75 %"}


def test_what_differs_is_kept_and_what_is_the_presets_again_is_not() -> None:
    wish = wished({SUCCESS: "85", CEILING: "90", "games.fruit_ladder.targets": "9"}, SAVED)
    assert leaves(wish.plan) == {SUCCESS: 0.85, CEILING: 90.0, "games.fruit_ladder.targets": 9}
    assert wished({SUCCESS: "80", CEILING: ""}, replace(SAVED, plan=wish.plan)).plan == {
        "games": {"fruit_ladder": {"targets": 9}}
    }


def test_a_short_name_of_the_plan_is_each_of_its_movements() -> None:
    both = replace(SAVED, plan={"limits": {"shoulder_elevation": {"ceiling": 100.0}}})
    said = leaves(wished({CEILING: "90"}, both).plan)
    assert said == {CEILING: 90.0, "limits.shoulder_elevation_right.ceiling": 100.0}


def test_an_order_of_what_gets_harder_is_read_back_as_it_is_kept() -> None:
    kept = from_json(to_json(replace(SAVED, plan={"adaptation": {"knobs": ("hold", "size")}})), Draft)
    assert leaves(wished({}, kept).plan) == {"adaptation.knobs": ("hold", "size")}
    assert leaves(wished({"adaptation.knobs": "size, hold"}, kept).plan) == {"adaptation.knobs": ("size", "hold")}


@pytest.mark.parametrize(
    ("said", "where", "why"),
    [
        ({CEILING: "130"}, CEILING, "130° is above 120°, barred until 15 Jan 2027 (hip surgeon, spica)"),
        ({CEILING: "ninety"}, CEILING, "“ninety” is not a number"),
        ({SUCCESS: "95"}, SUCCESS, "95 is outside 60 to 90"),
        ({"games.fruit_ladder.targets": "2.5"}, "games.fruit_ladder.targets", "whole number"),
        ({"adaptation.knobs": "distance, distance"}, "adaptation.knobs", "each once"),
        ({"adaptation.speed": "reckless"}, "adaptation.speed", "slow, normal, fast"),
        ({"limits.shoulder_elevation_left.floor": "110"}, "limits.shoulder_elevation_left.floor", "above the ceiling"),
        ({"adaptation.pain_stop_nrs": "3"}, "", "pain_hold_nrs = 4"),
    ],
)
def test_what_cannot_be_is_said_at_its_field(said: dict[str, str], where: str, why: str) -> None:
    wish = wished(said, SAVED)
    assert list(wish.problems) == [where]
    assert why in wish.problems[where]


def test_a_ceiling_that_a_preset_locked_is_only_lowered() -> None:
    locked = replace(SAVED, preset="shoulder-surgery", plan={}, precautions=())
    assert "locked by the preset" in wished({CEILING: "170"}, locked).problems[CEILING]


def test_two_changes_of_one_version_are_both_in_what_is_merged() -> None:
    theirs = replace(SAVED, plan={"limits": {ARM: {"ceiling": 95.0}}})
    assert merged(SAVED, theirs, wished({SUCCESS: "85"}, SAVED)) == (
        "child-8-12",
        {"limits": {ARM: {"ceiling": 95.0}}, "adaptation": {"target_success": 0.85}},
    )
    assert merged(SAVED, theirs, wished({CEILING: "90"}, SAVED))[1] == {"limits": {ARM: {"ceiling": 90.0}}}


# What it asks


def test_an_easier_plan_asks_for_less_of_the_same_person() -> None:
    easier = replace(SAVED, plan={"limits": {ARM: {"ceiling": 60.0}}})
    found = of_drafts(PLAYED, easier, SAVED, DAY)
    assert found.old is not None
    now, was = (next(each for each in said.movements if each.movement == ARM) for said in (found.new, found.old))
    assert now.highest.median <= 60.0 < was.highest.median


def test_the_time_of_the_tests_of_a_programme_stands_beside_that_of_its_games() -> None:
    def told(*games: str) -> dict[str, str]:
        draft = replace(SAVED, programme=(Practice(games=games),), precautions=())
        holds = resolved(draft.preset, draft.plan)
        return {row.title: row.now for row in asks(of_drafts(PLAYED, draft, None, DAY), ARM, holds, holds, ()).rows}

    alone, both = told("fruit_ladder"), told("fruit_ladder", "tandem", "shoulder_range")
    assert both.keys() - alone.keys() == {"Time for clinical tests"}
    assert both["Time for clinical tests"] == "about 4 min"
    assert both["Targets"] == alone["Targets"]


def test_a_test_is_tuned_like_a_game() -> None:
    wish = wished({"games.tandem.dark": "no", "games.tandem.tries": "9"}, SAVED)
    assert (wish.plan["games"], set(wish.problems)) == ({"tandem": {"dark": False}}, {"games.tandem.tries"})


def test_games_and_tests_are_chosen_from_apart_and_by_posture() -> None:
    chosen, *others = choice_of_games({"game.tandem": "on", "game.gone": "on", "game.fruit_ladder": "on"})
    assert [game.name for game in chosen.games] == ["tandem", "gone", "fruit_ladder"]
    assert {shelf.title: shelf.games[0].title for shelf in others} == {
        "Games, standing or seated": "Bell Tower",
        "Games, standing": "Flamingo Garden",
        "Clinical tests, standing or seated": "Neck position sense",
        "Clinical tests, standing": "Five times sit to stand",
    }
    named = [game.name for shelf in (chosen, *others) for game in shelf.games]
    assert sorted(named) == sorted([*tasks(), "gone"]), "each once"
    assert dose(Practice(games=("tandem", "single_leg", "fruit_ladder"), minutes=5.0)) == (
        "every day · 5 min · tests about 14 min · at home"
    )


def test_what_cuts_is_named_the_ceiling_or_what_allows_less_than_it() -> None:
    for ceiling, said in ((60.0, "The ceiling of 60° cuts"), (170.0, "The ceiling of 170° cuts no target")):
        draft = replace(SAVED, plan={"limits": {ARM: {"ceiling": ceiling}}}, precautions=())
        holds = resolved(draft.preset, draft.plan)
        told = asks(of_drafts(PLAYED, draft, None, DAY), ARM, holds, holds, ())
        assert any(reason.words.startswith(said) for reason in told.reasons), told.reasons
    barred = replace(SPICA, at_most=50.0)
    holds = resolved(SAVED.preset, SAVED.plan)
    told = asks(of_drafts(PLAYED, replace(SAVED, precautions=(barred,)), None, DAY), ARM, holds, holds, (barred,))
    assert any("at most 50° may be asked" in reason.words for reason in told.reasons), told.reasons


def test_nothing_is_said_of_who_was_never_measured() -> None:
    with pytest.raises(NotPreviewed, match="nothing was measured"):
        of_drafts(a_session(calibration=None), SAVED, None, DAY)


def test_a_left_arm_faces_left_and_its_right_one_right() -> None:
    for side, right in (("left", False), ("right", True)):
        drawn = arc(f"shoulder_elevation_{side}", None, Bounded(None, 90.0, None, None), Dots((), (), None))
        ceiling = drawn.split(f'data-field="limits.shoulder_elevation_{side}.ceiling"')[1]
        handle_x, joint_x = (
            float(text.split('"')[1]) for text in (ceiling[ceiling.index("cx=") :], drawn[drawn.index("data-x=") :])
        )
        assert (handle_x > joint_x) is right


def test_an_angle_lies_where_a_therapist_looks_for_it() -> None:
    hanging, ahead, up = (dial_of("shoulder_elevation_right").at(100, angle) for angle in (0, 90, 180))
    assert hanging[1] > ahead[1] > up[1]
    assert ahead[0] - hanging[0] == pytest.approx(100)
    assert math.isclose(dial_of("neck_rotation_right").at(100, 0)[0], up[0], abs_tol=0.2)


# The page


@pytest.fixture
def clinic(tmp_path: Path) -> Iterator[Service]:
    with a_service(tmp_path / "clinic") as service:
        fill(service)
        yield service


def fill(service: Service) -> None:
    """Milo, who played and has a prescription, and Nora, of whom nothing is known."""
    device = SignedDevice(None).enrol(service, ["p-milo"])
    service.archive.take(device.id, wire.Batch(items=(an_item(PLAYED, 1),)))
    service.prescriptions.save("p-milo", SAVED, "Jonas")
    service.prescriptions.save("p-nora", Draft(), "Jonas")


@pytest.fixture
def client(clinic: Service) -> Iterator[Client]:
    with a_web(clinic, previewing=of_drafts) as opened:
        show_cookie(opened, begin_visit(clinic, clinic.accounts.make("maja", "Maja Bergström", "therapist")))
        yield opened


class Page:
    """The page of one patient."""

    def __init__(self, client: Client, service: Service, patient: str = "p-milo") -> None:
        self.client, self.service, self.patient = client, service, patient
        self.address = f"/patients/{service.patients.id_of(patient)}/tune"

    @property
    def holds(self) -> Any:
        """The version that holds."""
        return self.service.prescriptions.current(self.patient)

    def send(self, to: str = "", **said: str) -> Any:
        form = {"_csrf_token": form_token(self.client), "if_match": self.holds.sha256, **said}
        return self.client.post(self.address + to, data=form, follow_redirects=False)


def test_the_page_shows_what_holds_and_what_it_asks(client: Client, clinic: Service) -> None:
    page = client.get(Page(client, clinic).address).text
    for said in ('value="100"', "Usual target", "What the next session asks", 'role="slider"', "Barred above 120°"):
        assert said in page
    assert page.count('aria-label="Ceiling"') == 1


def test_a_save_is_a_version_with_its_reason_and_everything_else_stays(client: Client, clinic: Service) -> None:
    page = Page(client, clinic)
    answer = page.send(do="save", why=" Tired in both sessions. ", **{CEILING: "90", SUCCESS: "85"})
    assert (answer.status_code, answer.headers["location"]) == (303, f"{page.address}?saved=2")
    now = page.holds.prescription
    assert (now.author, now.why, now.precautions) == ("Maja Bergström", "Tired in both sessions.", (SPICA,))
    assert leaves(now.plan) == {CEILING: 90.0, SUCCESS: 0.85}
    told = client.get(answer.headers["location"]).text
    assert "Saved as version 2." in told
    assert "100° → 90°" in told
    assert "“Tired in both sessions.”" in told


def test_looking_saves_nothing_and_keeps_what_was_typed(client: Client, clinic: Service) -> None:
    page = Page(client, clinic)
    answer = page.send(do="look", why="Tired", **{CEILING: "90"})
    assert answer.status_code == 200
    assert 'value="Tired"' in answer.text
    assert "1 change" in answer.text
    assert page.holds.prescription.version == 1


def test_what_cannot_be_saved_is_shown_with_why(client: Client, clinic: Service) -> None:
    page = Page(client, clinic)
    answer = page.send(do="save", **{CEILING: "130"})
    assert answer.status_code == 422
    assert "lift the precaution first" in answer.text
    assert 'value="130"' in answer.text
    assert page.holds.prescription.version == 1


def test_for_today_only_leaves_every_other_day_as_it_was(client: Client, clinic: Service) -> None:
    page = Page(client, clinic)
    page.send(do="today", **{CEILING: "80"})
    now = page.holds.prescription
    today = clinic.now().date()
    assert held_on(now, today)[1]["limits"][ARM]["ceiling"] == 80.0
    assert now.plan == SAVED.plan
    assert "Today alone something else holds" in client.get(page.address).text


def test_a_ceiling_that_is_lowered_is_lower_today_too_whatever_today_alone_asks(
    client: Client, clinic: Service
) -> None:
    page, today = Page(client, clinic), clinic.now().date()
    page.send(do="today", **{CEILING: "110", FLOOR: "60", SUCCESS: "70"})
    page.send(do="save", **{CEILING: "50"})
    assert leaves(held_on(page.holds.prescription, today)[1]) == {CEILING: 50.0, FLOOR: 50.0, SUCCESS: 0.70}
    page.send(do="save", **{CEILING: "90"})
    assert leaves(held_on(page.holds.prescription, today)[1])[CEILING] == 50.0, "nothing gets higher today by it"
    assert leaves(page.holds.prescription.plan) == {CEILING: 90.0}


def test_undo_brings_back_what_was_tuned_and_keeps_what_was_said(client: Client, clinic: Service) -> None:
    page = Page(client, clinic)
    page.send(do="save", **{CEILING: "90"})
    clinic.prescriptions.tell("p-milo", Message(text="See you on Thursday."), "Jonas")
    assert page.send("/undo").status_code == 303
    now = page.holds.prescription
    assert (now.version, now.plan) == (4, SAVED.plan)
    assert [message.text for message in now.messages] == ["See you on Thursday."]
    assert "Told: “See you on Thursday.”" in client.get(page.address).text


def test_versions_of_before_an_update_are_told_as_far_as_they_are_known(clinic: Service) -> None:
    first = clinic.prescriptions.current("p-milo")
    old, new = (
        first._replace(prescription=replace(first.prescription, version=number, preset=preset))
        for number, preset in ((2, "of-before"), (3, "standard"))
    )
    told = past([first, old, new])
    assert [each.changes for each in told[:2]] == [("Values that this software does not know any more",)] * 2


def test_there_is_nothing_to_undo_before_the_first_change(client: Client, clinic: Service) -> None:
    answer = Page(client, clinic).send("/undo")
    assert answer.status_code == 409
    assert "nothing to undo" in answer.text


def test_of_two_who_change_the_same_both_are_shown_and_the_saved_one_holds(client: Client, clinic: Service) -> None:
    page = Page(client, clinic)
    seen = page.holds.sha256
    theirs = replace(SAVED, plan={"limits": {ARM: {"ceiling": 95.0}}})
    clinic.prescriptions.save("p-milo", theirs, "Jonas", seen, why="Passive range 112°")
    answer = page.send(do="save", if_match=seen, why="Tired", **{CEILING: "70"})
    assert answer.status_code == 409
    for said in ("Two people changed", "95°", "70°", "Passive range 112°", "Tired", "what Jonas saved is in force"):
        assert said in answer.text
    assert page.holds.prescription.plan == theirs.plan
    assert page.send(do="save", why="Tired", **{CEILING: "70"}).status_code == 303
    assert leaves(page.holds.prescription.plan) == {CEILING: 70.0}


def test_who_only_looks_is_told_of_the_other_too_and_loses_nothing(client: Client, clinic: Service) -> None:
    page = Page(client, clinic)
    seen = page.holds.sha256
    clinic.prescriptions.save("p-milo", replace(SAVED, preset="standard"), "Jonas", seen)
    answer = page.send(do="look", if_match=seen, **{CEILING: "130", SUCCESS: "85"})
    assert answer.status_code == 409
    assert "Two people changed" in answer.text
    for typed in ('value="130"', 'value="85"'):
        assert typed in answer.text


def test_the_preview_is_parts_of_the_page_and_writes_nothing(client: Client, clinic: Service) -> None:
    page = Page(client, clinic)
    told = page.send("/preview", **{CEILING: "80"}).text
    for part in ('id="drawn"', 'id="asked"', 'id="changed"', 'data-field="limits.shoulder_elevation_left.ceiling"'):
        assert part in told
    assert page.holds.prescription.version == 1


def test_who_was_never_measured_has_a_page_that_says_so(client: Client, clinic: Service) -> None:
    page = client.get(Page(client, clinic, "p-nora").address)
    assert page.status_code == 200
    assert "Nothing was measured yet" in page.text


def test_leans_are_a_plot_of_eight_directions(client: Client, clinic: Service) -> None:
    page = client.get(Page(client, clinic).address, params={"movement": "lean_forward"}).text
    assert page.count('role="slider"') == 8
    assert page.count('class="ways"') == 1


# Presets


def test_presets_are_listed_and_one_is_read_beside_another(client: Client) -> None:
    page = client.get("/presets").text
    assert "80 in 100 reached" in page
    assert 'href="/presets/child-8-12"' in page
    one = client.get("/presets/child-8-12", params={"other": "standard"}).text
    assert '<th scope="row">Hits aimed at</th><td><b>80 %</b></td><td>75 %</td>' in one
    assert client.get("/presets/none").status_code == 404


# In a browser


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clinic]:
    """A server with Milo and Nora."""
    with a_clinic(tmp_path_factory.mktemp("clinic")) as clinic:
        with a_service(clinic.folder) as service:
            fill(service)
        yield clinic


@contextmanager
def a_page(running: Clinic, **context: Any) -> Iterator[Any]:
    """The page of Milo, as a therapist who is logged in has it."""
    with a_browser() as browser, a_service(running.folder) as service:
        account_id = service.accounts.make(f"maja-{count(service)}", "Maja Bergström", "therapist")
        cookie = {"name": access.COOKIE, "value": begin_visit(service, account_id), "url": running.url}
        opened = browser.new_context(reduced_motion="reduce", **context)
        opened.add_cookies([cookie])
        page = opened.new_page()
        page.set_default_timeout(20_000)
        page.goto(f"{running.url}/patients/{service.patients.id_of('p-milo')}/tune")
        yield page


def count(service: Service) -> int:
    return len(service.accounts.listed())


def value(page: Any, key: str = CEILING) -> str:
    return str(page.locator(f'[name="{key}"]').input_value())


def following(page: Any, act: Callable[[], object]) -> None:
    """Do something, and wait until the preview has followed."""
    with page.expect_response(lambda answer: answer.url.endswith("/preview")):
        act()
    page.wait_for_function("document.querySelector('#summary').textContent !== ''")


def test_a_handle_its_field_and_the_preview_are_one_value(running: Clinic) -> None:
    with a_page(running) as page:
        handle = page.locator(f'.handle[data-field="{CEILING}"]')
        following(page, lambda: handle.press("ArrowDown"))
        assert (value(page), handle.get_attribute("aria-valuetext")) == ("99", "99°")
        following(page, lambda: handle.press("PageDown"))
        assert value(page) == "94"
        assert "1 change" in page.locator("#changed").inner_text()
        assert "was 100" in page.locator(".knob.changed").inner_text()
        following(page, lambda: page.fill(f'[name="{CEILING}"]', "60"))
        assert handle.get_attribute("aria-valuenow") == "60"
        assert "ceiling of 60°" in page.locator("#asked").inner_text()
        circle = handle.locator("circle").bounding_box()
        figure = page.locator("#figure").bounding_box()
        page.mouse.move(circle["x"] + circle["width"] / 2, circle["y"] + circle["height"] / 2)
        page.mouse.down()
        following(page, lambda: page.mouse.move(figure["x"] + 5, figure["y"] + figure["height"] / 2, steps=4))
        page.mouse.up()
        assert 85 <= float(value(page)) <= 95
        following(page, lambda: page.fill(f'[name="{CEILING}"]', "130"))
        assert "lift the precaution first" in page.locator(".knob.wrong").inner_text()
        following(page, lambda: page.locator(".stepper button").first.click())
        assert value(page) == "129"
        page.context.set_offline(True)
        page.fill(f'[name="{CEILING}"]', "80")
        page.locator("#lost").wait_for(state="visible")
        assert "What you typed is still in the form" in page.locator("#lost").inner_text()


@pytest.mark.parametrize("typed", ["6e", "sixty", "60°"])
def test_a_ceiling_that_is_mistyped_is_refused_and_not_taken_away(running: Clinic, typed: str) -> None:
    with a_page(running) as page:
        field = page.locator(f'[name="{CEILING}"]')
        field.press("Control+a")
        page.keyboard.type(typed)
        for _again in range(2):
            page.locator(".save-bar button[value=save]").click()
            page.locator(".why-not").wait_for()
            assert "is not a number" in page.locator(".knob.wrong").inner_text()
            assert value(page) == typed
        field.fill("62,2")
        page.locator(".knob", has=field).get_by_role("button", name="+").click()
        assert value(page) == "63"


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "none"])
def test_what_is_saved_is_told_and_undone_with_and_without_scripts(running: Clinic, scripts: bool) -> None:
    with a_page(running, java_script_enabled=scripts, viewport={"width": 320, "height": 700}) as page:
        page.fill(f'[name="{CEILING}"]', "90")
        if not scripts:
            page.locator("#asked + .no-script button").click()
            assert "1 change" in page.locator("#changed").inner_text()
        page.fill("#why", "Tired")
        page.locator(".save-bar button[value=save]").click()
        page.wait_for_url("**saved=*")
        assert "100° → 90°" in page.locator(".saved").inner_text()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        page.locator(".save-bar .link").click()
        page.wait_for_url("**saved=*")
        assert "90° → 100°" in page.locator(".saved").inner_text()
        assert value(page) == "100"
