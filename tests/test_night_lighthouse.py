"""Night Lighthouse: what the world is each time, what counts, that numbers are those of the head, and who is spared."""

import itertools
import math
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
from people import a_frame, rows_of
from visits import Kept, calibration, game, patient, play

from engine.envelope import Envelope
from engine.frame import Button, Frame
from engine.guard import Guard
from engine.motion import clean
from engine.precautions import barred
from engine.records import Precaution, Session
from engine.scene import Panel, Sound, Steady, Surround
from engine.simulated import SimulatedHeadset
from engine.task import REACHED, STOPPED, Trial

KNOWN = calibration()
ALL = {"conditions": "light, dark and stuck", "targets": 6, "hold_s": 10.0}
MIGRAINE = Precaution("visual_conflict", 0.0, "", "migraine", "Dr Wood")


def played(folder: Path, parameters: dict[str, Any], **more: Any) -> tuple[Session, Kept]:
    person = patient(KNOWN, **{"sway_dark": 1.5, "sway_conflict": 2.0, **more.pop("person", {})})
    headset = more.pop("headset", None) or SimulatedHeadset(person, 3, 30.0)
    return play(game("night_lighthouse", parameters), folder, KNOWN, headset, **more)


def trials(parameters: dict[str, Any], *rules: Precaution, posture: str = "standing") -> list[Trial]:
    bounds = Envelope(KNOWN, rules, posture=posture)
    return list(game("night_lighthouse", parameters).trials(bounds, Random(1), []))


def values(session: Session, name: str) -> list[float | None]:
    return [trial.measures[name].value for trial in session.blocks[0].trials]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Session, Kept]:
    """A round of all that there is to see, by somebody who sways half as much again in the dark and twice if stuck."""
    return played(tmp_path_factory.mktemp("whole"), ALL)


def test_the_world_changes_in_turn(whole: tuple[Session, Kept]) -> None:
    session, kept = whole
    assert [trial.outcome for trial in session.blocks[0].trials] == [REACHED] * 6
    seen = [
        next(((i.light, i.held) for i in scene.items if isinstance(i, Surround)), (1.0, "room"))
        for scene in kept.scenes
        if any(isinstance(i, Steady) and i.fill > 0.5 and i.state == "wanted" for i in scene.items)
    ]
    turns = [seen[0], *(b for a, b in itertools.pairwise(seen) if a != b)]
    assert turns == [(1.0, "room"), (0.0, "room"), (1.0, "head")] * 2


def test_the_ratios_are_how_many_times_as_much_the_person_sways(whole: tuple[Session, Kept]) -> None:
    dark, stuck = (values(whole[0], f"{name}_ratio") for name in ("dark", "stuck"))
    assert [value is None for value in dark] == [True, False, True, True, False, True]
    assert dark[4] == pytest.approx(1.5, rel=0.2)  # ten seconds of sway are never alike
    assert stuck[5] == pytest.approx(2.0, rel=0.2)
    note = whole[0].blocks[0].trials[5].measures["stuck_ratio"].note
    assert note == "mean of 2 over that of 2; 3 of each are advised"


def test_three_of_each_are_enough(tmp_path: Path) -> None:
    session, _ = played(tmp_path, {"conditions": "light and dark", "targets": 6, "hold_s": 6.0})
    assert session.blocks[0].trials[-1].measures["dark_ratio"].note == "mean of 3 over that of 3"


def test_sway_is_that_of_the_head_while_it_counted(whole: tuple[Session, Kept]) -> None:
    session, kept = whole
    first = session.blocks[0].trials[0]
    heads = np.array([f.head.position_m for f in kept.frames_given])
    time_s = np.array([f.time_ns * 1e-9 for f in kept.frames_given])
    within = (time_s >= first.start_s + 8.2) & (time_s <= first.end_s - 2.0)
    across, ahead = heads[within][:, 0], heads[within][:, 2]
    assert first.measures["light_ml_mm"].value == pytest.approx(1000 * across.std(), rel=0.06)
    assert first.measures["light_ap_mm"].value == pytest.approx(1000 * ahead.std(), rel=0.06)
    assert first.measures["light_velocity_mmps"].note == "10 s, 30 s are advised"


def test_a_time_says_nothing_of_a_world_that_it_did_not_have(whole: tuple[Session, Kept]) -> None:
    light, dark, _ = whole[0].blocks[0].trials[:3]
    assert light.measures["dark_velocity_mmps"].note == "this time the world was otherwise"
    assert dark.measures["light_area_mm2"].value is None
    assert dark.measures["dark_area_mm2"].value


def test_who_sways_far_keeps_what_was_collected_and_the_share_says_so(tmp_path: Path) -> None:
    session, _ = played(tmp_path, {"targets": 1, "conditions": "light"}, person={"sway_mm": 30.0})
    (trial,) = session.blocks[0].trials
    share = trial.measures["still_percent"].value
    assert share is not None
    assert 40 < share < 90


def test_nobody_is_compared_with_somebody_who_did_not_move_at_all() -> None:
    *_, dark = trials({"targets": 2})
    dark.values["before"] = {"light": (0.0, 0.0), "dark": ()}
    rows = [a_frame(round(1e9 * i / 30), (0.002 * math.sin(i), 1.6, 0.0)) for i in range(600)]
    dark.values["span"].begins_s, dark.values["span"].ends_s = 0.0, 20.0
    measures = game("night_lighthouse").measure(dark, clean(rows_of(rows))).measures
    assert measures["dark_velocity_mmps"].value
    assert measures["dark_ratio"].note == "nothing moved in the light"


def test_too_short_a_time_says_how_long_it_takes(tmp_path: Path) -> None:
    session, _ = played(tmp_path, {"targets": 1, "hold_s": 3.0})
    assert session.blocks[0].trials[0].measures["light_ap_mm"].note == "quiet for 3.0 s, 5 s are needed"


# Who is spared a world that goes along


def test_a_precaution_leaves_it_out_and_bars_nothing() -> None:
    asked = trials(ALL, MIGRAINE)
    assert [trial.values["condition"].name for trial in asked] == ["light", "dark", "light"] * 2
    kind = game("night_lighthouse", ALL)
    assert barred(kind, "standing", (MIGRAINE,)) == ""
    assert barred(kind, "standing", (), {"visual_conflict": 0.0}) == ""


@pytest.mark.parametrize(
    ("movement", "unit", "posture", "bars"),
    [
        ("standing", "", "standing", True),
        ("standing", "", "seated", False),
        ("weight_on_leg_left", "%", "standing", True),
        ("weight_on_leg_left", "%", "seated", False),
        ("sitting", "", "seated", True),
        ("lean_back", "deg", "standing", False),
        ("neck_rotation_left", "deg", "standing", False),
        ("knee_flexion_left", "deg", "standing", False),
    ],
)
def test_what_bars_it(movement: str, unit: str, posture: str, bars: bool) -> None:
    rule = Precaution(movement, 0.0, unit, "fracture", "Dr Wood")
    assert bool(barred(game("night_lighthouse"), posture, (rule,))) == bars


class Dizzy(SimulatedHeadset):
    """Somebody who says that they are dizzy in the third time, when the world is stuck."""

    pressed = False

    def _frame(self, index: int) -> Frame:
        frame = super()._frame(index)
        stuck = any(isinstance(item, Surround) and item.held == "head" for item in self._scene.items)
        if stuck and not self.pressed:
            self.pressed = True
            return frame._replace(buttons=int(Button.DIZZY))
        return frame


def test_after_the_first_word_of_dizziness_it_goes_on_without(tmp_path: Path) -> None:
    session, kept = played(tmp_path, ALL, headset=Dizzy(patient(KNOWN), 3, 30.0))
    outcomes = [trial.outcome for trial in session.blocks[0].trials]
    assert outcomes == [REACHED, REACHED, STOPPED, REACHED, REACHED, REACHED]
    shown = [any(isinstance(i, Surround) and i.held == "head" for i in scene.items) for scene in kept.scenes]
    assert 0 < sum(shown) < 10
    assert values(session, "stuck_ratio")[3:] == [None] * 3
    assert session.blocks[0].trials[5].measures["light_ap_mm"].value


def test_the_guard_lets_nothing_past_that_the_game_would_show() -> None:
    guard = Guard()
    guard.renew(Envelope(KNOWN, (MIGRAINE,)))
    assert guard.admit((Surround("stuck", held="head"),))


# How it is told


def words_of(kept: Kept) -> set[object]:
    return {words for scene in kept.scenes for i in scene.items if isinstance(i, Panel) for words in (i.title, *i.text)}


def test_feet_foam_and_counting_are_said_where_they_are_asked_for(tmp_path: Path) -> None:
    _, kept = played(tmp_path, {"targets": 1, "hold_s": 3.0, "surface": "foam", "count_by": 7})
    panel = next(i for scene in kept.scenes for i in scene.items if isinstance(i, Panel))
    assert {"night_lighthouse.foam", "night_lighthouse.count"} < words_of(kept)
    assert panel.values == ("7",)


def test_seated_it_speaks_of_no_feet(tmp_path: Path) -> None:
    _, kept = played(tmp_path, {"targets": 1, "hold_s": 3.0, "surface": "foam"}, posture="seated")
    assert "night_lighthouse.sit" in words_of(kept)
    assert not {words for words in words_of(kept) if "feet" in str(words) or "foam" in str(words)}


def test_in_the_dark_no_sound_tells_of_sway(whole: tuple[Session, Kept]) -> None:
    _, kept = whole
    dark = [scene for scene in kept.scenes if any(isinstance(i, Surround) for i in scene.items)]
    assert {item.name for scene in dark for item in scene.items if isinstance(item, Sound)} == {"appear"}
