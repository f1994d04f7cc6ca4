"""Chair Rocket by itself: sitting down, clean stands and missed ones, what is measured of them, who may not rise."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import numpy as np
import pytest
from people import HEAD_M, STEP_NS, a_body, a_frame, played, rows_of
from visits import Kept, calibration, game, patient, play

from calibration.knobs import next_step
from engine.adaptation import Adaptation
from engine.envelope import Envelope
from engine.frame import Frame
from engine.limits import OutsideEnvelope
from engine.metrics.standing import sit_to_stand
from engine.motion import clean
from engine.precautions import barred
from engine.records import KnobState, Measured, Precaution, Session, Stance, TrialRecord
from engine.scene import Panel, Progress, Rise, Sound
from engine.simulated import SimulatedHeadset
from engine.task import Trial

KNOWN = calibration()
STANDING_M, SEATED_M = HEAD_M[1], 0.71 * KNOWN.stature_m.value
NO_PAUSE = {"targets": 5, "pause_s": 0.0, "hold_s": 0.0}


def lived(values: Mapping[str, object], folder: Path, posture: str = "standing", **more: Any) -> tuple[Session, Kept]:
    """A session of somebody who rises as far as `rise` says."""
    person = replace(patient(KNOWN, lapse=0.0, **more))
    return play(game("chair_rocket", values), folder, KNOWN, SimulatedHeadset(person, 1, 45.0), posture=posture)


def trials(posture: str = "standing", *precautions: Precaution, done: tuple[TrialRecord, ...] = ()) -> Iterator[Trial]:
    return game("chair_rocket").trials(Envelope(KNOWN, precautions, posture=posture), Random(0), done)


def record(outcome: str = "reached", **measures: float) -> TrialRecord:
    found = {name: Measured(value, "") for name, value in measures.items()}
    return TrialRecord(1, "", 0.0, 6.0, outcome, measures=found)


def at_most(movement: str, degrees: float) -> Precaution:
    return Precaution(movement, degrees, "deg", "new knee", "Dr Wood")


def shown(session: Kept, kind: type) -> list[Any]:
    return [item for scene in session.scenes for item in scene.items if isinstance(item, kind)]


def risen(aside_m: float = 0.0, up_to: float = 1.0, rise_s: float = 1.5) -> np.ndarray:
    """Somebody who sits for 3 s, rises, stands for 1 s and sits down; they go aside by so much half way up and down."""
    frames = []
    for index in range(round(9e9 / STEP_NS)):
        now_s = index * STEP_NS * 1e-9
        t = min(1.0, max(0.0, (now_s - 3) / rise_s)) - min(1.0, max(0.0, (now_s - 4 - rise_s) / rise_s))
        share = up_to * t**3 * (10 + t * (6 * t - 15))
        aside = aside_m * math.sin(math.pi * min(1.0, share))
        frames.append(a_frame(index * STEP_NS, (aside, SEATED_M + share * (STANDING_M - SEATED_M), 0.0)))
    return rows_of(frames)


def measured(rows: np.ndarray) -> Mapping[str, Measured]:
    task = game("chair_rocket")
    return task.measure(next(trials()), clean(rows)).measures


def test_the_seat_is_found_where_somebody_sits(tmp_path: Path) -> None:
    session, _ = lived({"targets": 1}, tmp_path)
    assert session.blocks[0].trials[0].measures["seat_m"].value == pytest.approx(SEATED_M, abs=0.01)


def test_a_stand_is_measured_as_it_was_done() -> None:
    found = {name: value.value for name, value in measured(risen()).items()}
    assert (found["rise_s"], found["descent_s"]) == pytest.approx((0.365 * 1.5,) * 2, abs=0.05)
    peak_mps = 1.875 * (STANDING_M - SEATED_M) / 1.5
    assert (found["peak_rise_mps"], found["peak_descent_mps"]) == pytest.approx((peak_mps,) * 2, abs=0.02)
    assert found["risen_percent"] == pytest.approx(100, abs=1)


@pytest.mark.parametrize("aside_m", [-0.06, 0.0, 0.06])
def test_who_rises_over_one_leg_is_seen_to_lean_to_it(aside_m: float) -> None:
    mean_m = 0.78 * aside_m  # of the half wave, between 20 and 80 % of a smooth rise
    truth_deg = math.degrees(math.atan2(mean_m, (SEATED_M + STANDING_M) / 2))
    assert measured(risen(aside_m))["lean_side_deg"].value == pytest.approx(truth_deg, abs=0.5)


def test_half_a_stand_is_told_as_one() -> None:
    found = measured(risen(up_to=0.6))
    assert found["risen_percent"].value == pytest.approx(60, abs=2)
    assert (found["rise_s"].note, found["stand_s"].note) == ("nobody rose", "not all the way up")


def test_five_clean_stands_are_timed_with_the_fifth_and_called_no_more_than_like_the_test(tmp_path: Path) -> None:
    session, kept = lived(NO_PAUSE, tmp_path)
    five = [trial.measures["five_stands_s"] for trial in session.blocks[0].trials]
    heights_m = np.array([frame.head.position_m[1] for frame in kept.frames_given])
    time_s = np.array([frame.time_ns for frame in kept.frames_given]) * 1e-9
    called_s = time_s[next(i for i, s in enumerate(kept.scenes) if any(item.key == "stand 0" for item in s.items))]
    truth = sit_to_stand(time_s, heights_m, SEATED_M, STANDING_M, called_s)
    assert [found.value is None for found in five] == [True] * 4 + [False]
    assert five[4].value == pytest.approx(truth.five_times_s, abs=0.3)
    assert "like 5xSTS" in five[4].note


def test_only_five_clean_stands_in_a_row_are_timed() -> None:
    four = [msgspec.structs.replace(record(pause_s=1.0), start_s=6.0 * i, end_s=6.0 * (i + 1)) for i in range(4)]
    missed = (*four[:3], msgspec.structs.replace(four[3], outcome="not yet"))
    rested = (*four[:3], msgspec.structs.replace(four[3], start_s=48.0, end_s=54.0))
    before_s = [next(trials(done=done)).values["before_fifth_s"] for done in (tuple(four), missed, rested)]
    assert before_s == [23.0, None, None]


def test_who_stays_half_way_is_not_there_yet_and_has_more_time_after_two_of_them(tmp_path: Path) -> None:
    session, _ = lived({"targets": 5, "limit_s": 2.0}, tmp_path, rise=0.7)
    records = session.blocks[0].trials
    assert {trial.outcome for trial in records} == {"not yet"}
    assert [trial.measures["allowed_s"].value for trial in records] == [2.0, 2.0, 3.0, 3.0, 4.5]


def test_more_time_stays_when_it_helped() -> None:
    missed, done = record("not yet"), record()
    given = [next(trials(done=d)).values["limit_s"] for d in ((missed,), (missed, missed), (missed, missed, done))]
    assert given == [4.0, 6.0, 6.0]


def test_nobody_is_scolded_who_drops_but_hears_next_time_how_to_sit_down() -> None:
    for drop_mps, words in ((1.2, "chair_rocket.sit_gently"), (0.7, "chair_rocket.next")):
        last = record(seat_m=SEATED_M, peak_descent_mps=drop_mps)
        trial = list(islice(trials(done=(last,)), 2))[1]
        panel = next(item for item in next(game("chair_rocket").play(trial)) if isinstance(item, Panel))
        assert panel.text == (words,)


def test_who_does_not_find_the_chair_is_not_kept_waiting() -> None:
    outcome, taken = played(game("chair_rocket").play(next(trials())), [a_body()] * 400)
    assert outcome == "not yet"
    assert taken * 0.1 == pytest.approx(15.0, abs=0.2)


def test_the_guard_is_told_in_every_scene_that_somebody_rises_and_sits(tmp_path: Path) -> None:
    session, kept = lived({"targets": 2}, tmp_path)
    assert all(any(isinstance(item, Rise) for item in scene.items) for scene in kept.scenes if scene.trial)
    assert not session.events


def test_the_rocket_takes_off_when_the_round_is_done_whatever_was_missed(tmp_path: Path) -> None:
    for rise in (1.0, 0.5):
        _, kept = lived({"targets": 2, "limit_s": 2.0}, tmp_path, rise=rise)
        assert shown(kept, Progress)[-1].share == 1.0
        assert [sound.name for sound in shown(kept, Sound)][-1] == "launch"


def test_a_stance_that_was_taken_on_the_chair_is_no_standing_height() -> None:
    seated = msgspec.structs.replace(KNOWN, stance=Stance((0.0, 1.25, 0.0), 0.0))
    trial = next(game("chair_rocket").trials(Envelope(seated), Random(0), ()))
    assert trial.values["rise"].high_m == pytest.approx(STANDING_M, abs=0.01)


def test_who_plays_seated_leans_forward_and_stays_on_the_chair(tmp_path: Path) -> None:
    session, kept = lived({"targets": 3}, tmp_path, "seated")
    assert {trial.outcome for trial in session.blocks[0].trials} == {"reached"}
    assert all(rise.high_m == rise.low_m and rise.lean_deg == 15.0 for rise in shown(kept, Rise))
    last = session.blocks[0].trials[-1].measures
    assert last["risen_percent"].value == pytest.approx(105, abs=3)  # as far as a simulated patient goes
    assert last["rise_s"].note.startswith("played seated")


@pytest.mark.parametrize("movement", ["knee_flexion_left", "hip_flexion_right", "trunk_flexion", "weight_on_leg_left"])
def test_a_leg_or_back_that_may_not_do_it_bars_standing_up(movement: str) -> None:
    unit = "%" if movement.startswith("weight") else "deg"
    limit = Precaution(movement, 40.0, unit, "new knee", "Dr Wood")
    assert "Dr Wood" in barred(game("chair_rocket"), "standing", (limit,))


def test_a_new_hip_bars_it_in_both_postures_and_a_new_knee_only_where_somebody_stands() -> None:
    hip, knee = at_most("hip_flexion_left", 90.0), at_most("knee_flexion_left", 90.0)
    assert "leans forward over the toes" in barred(game("chair_rocket"), "seated", (hip,))
    assert "seated, bends further, too" in barred(game("chair_rocket"), "standing", (hip,))
    assert barred(game("chair_rocket"), "seated", (knee,)) == ""
    assert barred(game("chair_rocket"), "standing", (knee,)).endswith("play it seated")


def test_a_back_that_may_bend_a_little_leans_a_little_when_seated() -> None:
    assert next(trials("seated", at_most("trunk_flexion", 15.0))).values["rise"].lean_deg == pytest.approx(9.0, abs=1.5)
    with pytest.raises(OutsideEnvelope, match="Dr Wood"):
        next(trials("seated", at_most("trunk_flexion", 5.0)))


def test_a_stand_that_is_stopped_ends_the_block_with_what_was_done(tmp_path: Path) -> None:
    class Leaving(SimulatedHeadset):
        def frames(self) -> Iterator[Frame]:
            return islice(super().frames(), 700)

    session, _ = play(game("chair_rocket"), tmp_path, KNOWN, Leaving(patient(KNOWN, lapse=0.0), 1))
    assert [trial.outcome for trial in session.blocks[0].trials] == ["reached", "stopped"]


def test_stands_that_go_well_leave_less_time_at_the_next_visit(tmp_path: Path) -> None:
    session, _ = lived({"targets": 20, "pause_s": 0.0}, tmp_path)
    kind = game("chair_rocket")
    state = next_step(KnobState(), session.blocks[0], type(kind), kind.p, Adaptation(knobs=("distance", "time")))
    assert state.levels == {"time": 1}
    assert "20 of 20 were reached" in state.reason
