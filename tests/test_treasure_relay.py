"""Treasure Relay by itself: who hides where, how it is found, and that an adult is asked for."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import pytest
from fhir_fixtures import NAMING
from people import a_body
from visits import calibration, game, patient, play

from calibration.adaptation import Followers
from calibration.knobs import next_step
from engine import relaying
from engine.adaptation import Adaptation
from engine.commands import answer
from engine.commands.flow import whole_visit
from engine.envelope import Envelope
from engine.frame import Vector
from engine.guard import Guard
from engine.places import from_shoulder, seen_from_shoulder
from engine.plan import END, START, Step
from engine.precautions import barred
from engine.profile import ADULT
from engine.questions import Question
from engine.records import KnobState, Precaution, Session
from engine.relaying import Hidden
from engine.scene import Item, Prop, Reach, Target, Tone
from engine.simulated import SimulatedHeadset
from engine.task import Move, Trial
from games import treasure_relay
from server_sync.clinic.gist import gist_of
from server_sync.clinic.intake import summary_of
from server_sync.fhir.resources import DiagnosticReport
from server_sync.fhir.visits import of_session
from server_sync.page.sheet import sheet

KNOWN = calibration()
SHOULDER = (0.19, 1.4, 0.08)


def at(up_deg: float) -> Vector:
    return from_shoulder(SHOULDER, 0.0, 0.0, up_deg, 0.6)


LINE = Reach("way", at(20.0), at(100.0), "right", helper="right")


def envelope(*precautions: Precaution) -> Envelope:
    return Envelope(KNOWN, precautions, difficulties=Followers()(KNOWN.limits))


def trials(values: dict[str, object], *precautions: Precaution) -> list[Trial]:
    return list(game("treasure_relay", values).trials(envelope(*precautions), Random(1), []))


def moved(move: Move, hands: Sequence[Vector]) -> list[tuple[Item, ...]]:
    """What is shown while a right hand is at some places, a tenth of a second each, until the move ends."""
    shown = [next(move)]
    for place_m in hands:
        try:
            items = move.send(a_body(dt_s=0.1, right_m=place_m))
        except StopIteration:
            return shown
        shown.append(items)
    return shown


def up_deg_of(place_m: Vector) -> float:
    return seen_from_shoulder(SHOULDER, 0.0, place_m)[1]


def test_a_hand_that_is_led_up_and_kept_still_hides_something_there() -> None:
    hidden = Hidden()
    way = [at(20.0 + 5.0 * step) for step in range(14)]
    moved(relaying.guide(LINE, SHOULDER, 1.0, lambda _: True, hidden), [*way, *[at(85.0)] * 12])
    assert hidden.place_m is not None
    assert up_deg_of(hidden.place_m) == pytest.approx(85.0, abs=0.1)
    assert hidden.still_s == pytest.approx(1.0, abs=0.11)


def test_a_hand_that_rests_low_or_where_it_may_not_hides_nothing() -> None:
    for place_m, allowed in ((at(25.0), True), (at(80.0), False)):
        hidden = Hidden()
        moved(relaying.guide(LINE, SHOULDER, 1.0, lambda _, may=allowed: may, hidden), [place_m] * 40)  # type: ignore[misc]
        assert hidden.place_m is None


def test_a_note_gets_warmer_towards_what_is_hidden_and_nothing_shows_where_it_is() -> None:
    hidden = Hidden(place_m=at(80.0), seek_s=0.0)
    way = [at(20.0 + 5.0 * step) for step in range(13)]
    shown = moved(relaying.seek(LINE, 0.08, 0.5, hidden), [*way, *[at(80.0)] * 8])
    notes = [item.height for items in shown for item in items if isinstance(item, Tone)]
    assert notes == sorted(notes)
    assert notes[-1] == 1.0
    assert not [item for items in shown for item in items if isinstance(item, Prop)]
    assert hidden.found_s == pytest.approx(1.7, abs=0.25)


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Session:
    return play(game("treasure_relay"), tmp_path_factory.mktemp("relay"))[0]


def test_both_ends_are_measured_and_the_gap_is_what_they_differ_by(played: Session) -> None:
    found = [trial for trial in played.blocks[0].trials if trial.outcome == "reached"]
    assert found
    for trial in found:
        passive, active, gap = (trial.measures[f"{name}_deg"] for name in ("passive", "active", "gap"))
        assert passive.value is not None
        assert active.value is not None
        assert gap.value == pytest.approx(passive.value - active.value, abs=0.1)
        assert gap.error == 7.0
        assert trial.measures["freeze_s"].value == pytest.approx(1.0, abs=0.1)
        assert trial.request is not None
        assert trial.achieved == (active.value if passive.value >= trial.request.amplitude else None)


def test_an_arm_that_can_be_led_further_than_it_comes_alone_shows_it(tmp_path: Path) -> None:
    limits = {name: 0.75 * found.value for name, found in KNOWN.limits.items()}
    person = replace(patient(KNOWN, lapse=0.0, passive_more_deg=30.0, slope_deg=0.5), limits_deg=limits)
    session, _ = play(game("treasure_relay", {"targets": 1}), tmp_path, KNOWN, SimulatedHeadset(person, 1, 45.0))
    (trial,) = session.blocks[0].trials
    active = limits["shoulder_elevation_left"]
    assert trial.measures["active_deg"].value == pytest.approx(active, abs=4)
    assert trial.measures["gap_deg"].value == pytest.approx((trial.measures["passive_deg"].value or 0) - active, abs=4)


def test_what_was_hidden_nearer_than_asked_for_is_found_and_cheered_and_no_limit_learns_of_it(tmp_path: Path) -> None:
    limits = {name: 0.55 * found.value for name, found in KNOWN.limits.items()}
    person = replace(patient(KNOWN, lapse=0.0, passive_more_deg=0.0, slope_deg=0.5), limits_deg=limits)
    session, kept = play(game("treasure_relay", {"targets": 3}), tmp_path, KNOWN, SimulatedHeadset(person, 1, 45.0))
    first, _, third = session.blocks[0].trials
    assert (first.outcome, first.achieved, third.achieved) == ("reached", None, None)
    assert first.measures["active_deg"].value is not None
    assert third.limit_after == first.limit_after
    assert third.request == first.request
    assert any(isinstance(item, Prop) and item.open == 1.0 for scene in kept.scenes for item in scene.items)


class Unled(SimulatedHeadset):
    """Somebody beside whom no adult leads anything."""

    def _reach_to(self, item: Target | Reach, *more: Any) -> None:
        if isinstance(item, Target) or not item.helper:
            super()._reach_to(item, *more)


def test_an_adult_who_hides_nothing_makes_nothing_easier_or_harder_for_the_person(tmp_path: Path) -> None:
    task = game("treasure_relay", {"targets": 2, "adult_s": 8.0, "arms": "right"})
    session, _ = play(task, tmp_path, KNOWN, Unled(patient(KNOWN), 1, 45.0))
    block = session.blocks[0]
    assert [(trial.outcome, trial.limit_after) for trial in block.trials] == [("stopped", None)] * 2
    assert len({trial.request.amplitude for trial in block.trials if trial.request}) == 1
    assert {trial.measures["guide_s"].note for trial in block.trials} == {relaying.NOT_HIDDEN}
    state = next_step(KnobState(), block, treasure_relay.Game, task.p, Adaptation())
    assert (state.outcomes, state.levels) == ((), {})
    assert (answer.summary(session, tmp_path)["trials"], gist_of(session).trials) == (0, 0)
    assert (sheet(session).parts[0].finding, len(sheet(session).parts[0].rows)) == ("2 trials", 2)


def test_a_turn_that_a_stop_cut_off_is_not_counted_among_those_that_could_be_found(played: Session) -> None:
    block = played.blocks[0]
    found, *_, last = block.trials
    found = msgspec.structs.replace(found, outcome="reached")
    last = msgspec.structs.replace(last, outcome="stopped", achieved=None, limit_after=None)
    cut = msgspec.structs.replace(played, blocks=(msgspec.structs.replace(block, trials=(found, last)),))
    assert sheet(cut).parts[0].finding == "1 of 1 reached"
    assert [row.outcome for row in sheet(cut).parts[0].rows] == ["reached", "stopped"]
    for line in (gist_of(cut), summary_of(cut)):
        assert (line.reached, line.trials) == (1, 1)
    assert gist_of(cut).aims["shoulder_elevation_left"].trials == 1
    counts = answer.summary(cut, Path())
    assert (counts["reached"], counts["trials"], counts["success_rate"]) == (1, 1, 1.0)
    (report,) = (one for one in of_session(NAMING, cut, "p-1") if isinstance(one, DiagnosticReport))
    assert "1 of 1 targets reached." in report.conclusion


def test_the_way_up_ends_at_a_stop_line_whoever_moves_the_arm() -> None:
    sling = Precaution("shoulder_elevation_right", 60.0, "deg", "sling", "Dr Wood")
    bounds = envelope(sling)
    for trial in trials({"arms": "right", "beyond_deg": 60.0}, sling):
        line = trial.values["line"]
        assert seen_from_shoulder(trial.values["shoulder_m"], 0.0, line.stop_m)[1] <= 60.5
        guard = Guard()
        guard.renew(bounds)
        assert guard.admit((line,)) == ""
        beyond_m = from_shoulder(trial.values["shoulder_m"], 0.0, 0.0, 75.0, 0.6)
        assert "beyond 60" in guard.admit((line._replace(stop_m=beyond_m),))


def test_a_controller_hides_only_where_the_hand_may_be_asked_to_go(tmp_path: Path) -> None:
    session, kept = play(game("treasure_relay", {"targets": 2, "leads": "a controller"}), tmp_path)
    lines = {item.helper for scene in kept.scenes for item in scene.items if isinstance(item, Reach)}
    assert lines == {"left", "right", ""}
    for trial in session.blocks[0].trials:
        assert trial.measures["passive_deg"].note == "a controller hid the treasure, and not the arm"
    asked = trials({"leads": "a controller"})[0]
    allowed = treasure_relay.may_hide(asked, "a controller")
    assert allowed(asked.values["line"].start_m)
    assert not allowed((0.0, 2.6, -0.5))


def test_a_forbidden_arm_leaves_the_other_and_both_bar_it() -> None:
    left = Precaution("use_of_arm_left", 0.0, "", "fracture", "Dr Wood")
    assert {trial.side for trial in trials({}, left)} == {"right"}
    both = [left, Precaution("use_of_arm_right", 0.0, "", "fracture", "Dr Wood")]
    assert "asks for a hand" in barred(treasure_relay.Game, "lying", both)


@pytest.mark.parametrize(("name", "asked"), [("treasure_relay", True), ("fruit_ladder", False)])
def test_an_adult_is_asked_for_before_a_visit_with_it_and_not_for_others(name: str, asked: bool) -> None:
    steps = whole_visit((START, Step(name, game(name), "play"), END), ADULT, "seated", None, None, None)
    assert ("adult" in {step.kind for step in steps if isinstance(step, Question)}) == asked
