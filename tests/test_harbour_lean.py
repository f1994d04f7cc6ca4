"""Harbour Lean by itself: which ways it leans, and which it leaves out."""

from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from people import STANCE, STEP_NS, a_body, a_frame, rows_of
from visits import calibration, game, patient, play

from calibration.adaptation import Followers
from engine.envelope import Envelope
from engine.limits import OutsideEnvelope
from engine.motion import clean
from engine.movements import LEANS, MAIN_LEANS
from engine.records import Precaution
from engine.scene import Buzz, Lean, Panel, Progress, Tone
from engine.simulated import SimulatedHeadset
from engine.task import Trial

KNOWN = calibration(lean_deg=6.0)


def asked(ways: str, *precautions: Precaution, tolerance_deg: float = 0.8) -> list[str]:
    """The movements of a round in which every way could come twice."""
    task = game("harbour_lean", {"ways": ways, "targets": 16, "tolerance_deg": tolerance_deg})
    bounds = Envelope(KNOWN, precautions, difficulties=Followers()(KNOWN.limits))
    return [trial.request.movement for trial in task.trials(bounds, Random(1), []) if trial.request]


def at_most(movement: str, degrees: float) -> Precaution:
    return Precaution(movement, degrees, "deg", "dizzy", "Dr Wood")


def test_all_eight_ways_come_once_before_any_comes_again() -> None:
    movements = asked("all eight")
    assert set(movements[:8]) == set(movements[8:]) == set(LEANS)


def test_a_way_that_is_forbidden_is_left_out() -> None:
    assert set(asked("all four", at_most("lean_back", 0.0))) == set(MAIN_LEANS) - {"lean_back"}


def test_a_way_with_less_room_than_the_buoy_is_wide_is_left_out() -> None:
    assert "lean_back" in asked("all four", at_most("lean_back", 2.0))
    assert "lean_back" not in asked("all four", at_most("lean_back", 2.0), tolerance_deg=2.0)


def test_it_says_why_no_way_is_left() -> None:
    with pytest.raises(OutsideEnvelope, match=r"lean_left may be 0.5° at most, the precaution of Dr Wood"):
        asked("sideways", at_most("lean_left", 0.5), at_most("lean_right", 0.5))


def test_who_only_sways_away_has_not_leant_which_is_a_miss_to_learn_from() -> None:
    rows = rows_of([a_frame(i * STEP_NS, (0.0, 1.6, 0.00003 * i)) for i in range(720)])
    trial = Trial(values={"goal": Lean("buoy", 0.0, 4.0, 0.8), "stance": STANCE})
    assert game("harbour_lean").measure(trial, clean(rows)).achieved == 0.0


def wished(stance: str, posture: str = "standing") -> dict[str, float]:
    """What the first trials ask for in a stance, by movement."""
    bounds = Envelope(KNOWN, difficulties=Followers()(KNOWN.limits), posture=posture)
    task = game("harbour_lean", {"stance": stance, "ways": "all eight"})
    return {t.request.movement: t.request.amplitude for t in task.trials(bounds, Random(1), []) if t.request}


@pytest.mark.parametrize(("stance", "sideways"), [("together", 0.65), ("one ahead", 0.5)])
def test_a_narrow_stance_is_asked_for_less_to_the_side_and_as_much_ahead(stance: str, sideways: float) -> None:
    narrow, apart = wished(stance), wished("apart")
    assert {m: narrow[m] / apart[m] for m in ("lean_left", "lean_right")} == pytest.approx(
        dict.fromkeys(("lean_left", "lean_right"), sideways), abs=0.01
    )
    assert (narrow["lean_forward"], narrow["lean_back"]) == (apart["lean_forward"], apart["lean_back"])
    assert narrow["lean_left"] < narrow["lean_forward_left"] < apart["lean_forward_left"]


def test_seated_the_stance_of_the_feet_means_nothing() -> None:
    assert wished("together", "seated") == wished("apart", "seated")


def test_the_feet_are_told_how_to_stand() -> None:
    bounds = Envelope(KNOWN, difficulties=Followers()(KNOWN.limits))
    said = set()
    for stance in ("apart", "together"):
        task = game("harbour_lean", {"stance": stance})
        items = next(task.play(next(task.trials(bounds, Random(1), []))))
        said |= {item.text for item in items if isinstance(item, Panel)}
    assert len(said) == 2


def test_arriving_is_felt_and_the_way_there_is_heard() -> None:
    task = game("harbour_lean", {"ways": "sideways", "hold_s": 0.5})
    trial = next(task.trials(Envelope(KNOWN, difficulties=Followers()(KNOWN.limits)), Random(1), []))
    right_deg = trial.values["goal"].angle_deg * (1 if trial.values["goal"].direction_deg == 90 else -1)
    move, seen = task.play(trial), []
    seen += next(move)
    with suppress(StopIteration):
        for share in [0.0] * 15 + [0.5] * 5 + [1.0] * 30:
            seen += move.send(a_body(lean_deg=(0.0, share * right_deg)))
    pulses = dict.fromkeys(item.key for item in seen if isinstance(item, Buzz))
    assert list(pulses) == ["buoy 0 entered", "buoy 0 arrival"]
    assert sorted({round(i.height, 3) for i in seen if isinstance(i, Tone)}) == [0.0, 0.5, 1.0]


def test_the_boat_comes_home_with_the_round(tmp_path: Path) -> None:
    headset = SimulatedHeadset(replace(patient(KNOWN, lapse=0.0), limits_deg=dict.fromkeys(LEANS, 9.0)))
    _, kept = play(game("harbour_lean", {"targets": 2}), tmp_path, KNOWN, headset)
    shares = [item.share for scene in kept.scenes for item in scene.items if isinstance(item, Progress)]
    assert list(dict.fromkeys(shares)) == [0.0, 0.5, 1.0]
