"""Kite Painter by itself: where ribbons may hang, how they are followed, and what is measured of it."""

import math
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from random import Random

import msgspec
import numpy as np
import pytest
from people import a_body
from visits import calibration, game, patient, play

from calibration.adaptation import Followers
from engine import tracing
from engine.body import Body
from engine.envelope import Envelope
from engine.frame import LOST, SIDES, Frame, Hand, Vector
from engine.guard import Guard
from engine.limits import OutsideEnvelope
from engine.places import seen_from_shoulder
from engine.precautions import barred
from engine.records import Calibration, Precaution
from engine.scene import Follow, Panel
from engine.simulated import SimulatedHeadset
from engine.task import Move, Trial
from games import kite_painter

KNOWN = calibration()
LINE = tuple((0.01 * step, 1.2, -0.5) for step in range(61))


def envelope(known: Calibration = KNOWN, *precautions: Precaution) -> Envelope:
    return Envelope(known, precautions, difficulties=Followers()(known.limits))


def precaution(movement: str, at_most: float, unit: str = "deg") -> Precaution:
    return Precaution(movement, at_most, unit, "sling", "Dr Wood")


def trials(values: dict[str, object], *precautions: Precaution, known: Calibration = KNOWN) -> list[Trial]:
    return list(game("kite_painter", values).trials(envelope(known, *precautions), Random(1), []))


def after(move: Move, body: Body) -> tuple[object, ...] | None:
    """What is shown after a body was seen, None when the move has ended."""
    with suppress(StopIteration):
        return move.send(body)
    return None


def led(path: Follow, hands: Sequence[Vector | None], hold_s: float = 0.0, dt_s: float = 0.1) -> list[Follow]:
    """What is shown while a right hand goes from place to place, until the move ends or the places do."""
    move, shown = tracing.trace(path, hold_s), []
    items: tuple[object, ...] | None = next(move)
    for place_m in (*hands, None):
        if items is None:
            break
        (item,) = items
        assert isinstance(item, Follow)
        shown.append(item)
        items = after(move, a_body(dt_s=dt_s, right_m=place_m))
    return shown


PATH = Follow("ribbon", LINE, 0.05, "right", seconds=3.0)


def test_a_hand_that_goes_along_all_of_it_reaches_its_end_and_the_light_goes_at_its_own_tempo() -> None:
    shown = led(PATH, LINE[::2])
    assert [item.reached for item in shown] == sorted(item.reached for item in shown)
    assert len(shown) == len(LINE[::2])
    assert shown[15].pace == pytest.approx(0.5, abs=0.02)


def test_who_leaves_it_loses_nothing_and_goes_on_where_they_left() -> None:
    away = (0.3, 1.5, -0.5)
    shown = led(PATH, [*LINE[:31:2], away, away, *LINE[50::2], *LINE[30::2]])
    assert shown[17].reached == shown[18].reached == pytest.approx(0.5, abs=0.05)
    assert shown[17].fill == 0.0
    assert shown[20].reached == shown[17].reached  # further on is no way to cut it short
    assert shown[-1].reached > 0.9


def test_a_figure_that_crosses_itself_has_to_be_gone_all_along() -> None:
    points = tracing.evenly(
        [(0.1 * x, 1.2 + 0.1 * y, -0.5) for x, y in map(tracing.FIGURES["eight"], np.linspace(0, 1, 90))]
    )
    tracer = tracing.Tracer(points, 0.02)
    for place_m in (*points[:2], points[30], points[-1]):
        tracer.step(place_m)
    assert tracer.at <= 2 + tracing.AHEAD


def test_a_hand_that_is_not_seen_for_a_moment_has_not_left() -> None:
    shown = led(PATH, [*LINE[:20], None, *LINE[20:25]], dt_s=0.02)
    assert shown[21].fill > 0


def test_measures_are_those_of_a_hand_that_keeps_a_distance_at_a_tempo() -> None:
    times = np.arange(0.0, 3.0 + 1e-9, 0.01)
    along = 0.6 * times / 3.0
    hand = np.stack([along, np.full_like(along, 1.23), np.full_like(along, -0.5)], axis=1)
    found = tracing.traced(LINE, 0.1, hand, times)
    assert found.error_m == pytest.approx(0.03, abs=0.001)
    assert found.inside_percent == 100.0
    assert found.seconds == pytest.approx(3.0, abs=0.1)
    assert math.isnan(tracing.traced(LINE, 0.02, hand, times).error_m)


@pytest.mark.parametrize("figure", tracing.FIGURES)
def test_every_ribbon_lies_within_the_arm_and_comes_as_high_as_asked(figure: str) -> None:
    bounds = envelope()
    for trial in trials({"targets": 2, "figure": figure}):
        assert not tracing.refuses(bounds, trial.values["points_m"], trial.side)
        shoulder = trial.values["shoulder_m"]
        tops = [seen_from_shoulder(shoulder, 0.0, place)[1] for place in trial.values["points_m"]]
        assert trial.request is not None
        assert trial.request.amplitude < max(tops) <= 110.0


def test_the_second_arm_has_the_mirror_image_of_the_first() -> None:
    left, right = trials({"targets": 2, "figure": "spiral"})
    assert (left.side, right.side) == SIDES
    mirrored = [(-x, y, z) for x, y, z in left.values["points_m"]]
    assert np.array(mirrored)[:, 0] == pytest.approx(np.array(right.values["points_m"])[:, 0], abs=0.02)


def test_where_hardly_any_raise_is_asked_for_it_is_said_that_too_little_is_left() -> None:
    bounds = envelope(calibration(26.0))
    for achieved in (0.0, 0.0):
        bounds.learn(bounds.request("shoulder_elevation_right"), achieved, success=False)
    with pytest.raises(OutsideEnvelope, match="right hand: too little is left to raise it"):
        tracing.lay(bounds, "right", tracing.FIGURES["arc"], (40.0, 30.0), 0.0, 0.08, 0.9)


@pytest.mark.parametrize(
    ("aside_deg", "ahead_deg", "azimuth_deg", "lower"),
    [(180, 180, 10.0, False), (45, 180, 0.0, False), (45, 45, 10.0, True)],
    ids=["smaller", "right ahead", "lower"],
)
def test_a_ribbon_is_smaller_then_ahead_then_lower_where_less_was_seen(
    aside_deg: float, ahead_deg: float, azimuth_deg: float, lower: bool
) -> None:
    seen = tuple(
        cell
        for cell in KNOWN.reach["right"]
        if cell.elevation_deg <= (aside_deg if cell.azimuth_deg > 0 else ahead_deg) and abs(cell.azimuth_deg) <= 15
    )
    known = msgspec.structs.replace(KNOWN, reach={"right": seen})
    (trial,) = trials({"targets": 1, "arms": "right", "figure": "arc"}, known=known)
    ways = [seen_from_shoulder(trial.values["shoulder_m"], 0.0, place)[:2] for place in trial.values["points_m"]]
    across = [azimuth for azimuth, _ in ways]
    assert (min(across) + max(across)) / 2 == pytest.approx(azimuth_deg, abs=1.0)
    assert trial.request is not None
    assert (trial.request.code == "ENVELOPE") is lower
    assert trial.values["long_m"] < trials({"targets": 1, "arms": "right", "figure": "arc"})[0].values["long_m"]
    assert not tracing.refuses(envelope(known), trial.values["points_m"], "right")


def test_a_pendulum_hangs_and_asks_for_no_limit(tmp_path: Path) -> None:
    session, kept = play(game("kite_painter", {"mode": "pendulum", "targets": 2}), tmp_path)
    panels = [item for scene in kept.scenes for item in scene.items if isinstance(item, Panel)]
    asked = [panel.text[:2] for panel in panels if panel.title in ("kite_painter.next", "kite_painter.lead")]
    hands = {f"kite_painter.hand_{trial.side}" for trial in session.blocks[0].trials}
    assert set(asked) == {(hand, "kite_painter.hang") for hand in hands}
    for trial in session.blocks[0].trials:
        assert trial.outcome == "reached"
        assert trial.request is None
        assert trial.measures["elevation_deg"].value == pytest.approx(25, abs=12)


def test_two_hands_are_asked_for_only_where_both_may_be_used() -> None:
    assert {trial.side for trial in trials({"mode": "two hands"})} == set(SIDES)
    with pytest.raises(OutsideEnvelope, match="only one may be used"):
        trials({"mode": "two hands"}, precaution("use_of_arm_left", 0.0, ""))
    with pytest.raises(OutsideEnvelope, match="only one may be used"):
        trials({"mode": "two hands", "arms": "right"}, precaution("use_of_arm_left", 0.0, ""))


class Clasped(SimulatedHeadset):
    """Somebody whose hands hold each other, and whose controllers of some are not seen."""

    def __init__(self, *lost: str) -> None:
        super().__init__(patient(KNOWN, lapse=0.0), 1, 45.0)
        self._lost = {side: Hand(LOST) for side in lost}

    def frames(self) -> Iterator[Frame]:
        for frame in super().frames():
            both = max(frame.left, frame.right, key=lambda hand: hand.grip.position_m[1])
            yield frame._replace(**({"left": both, "right": both} | self._lost))


def test_hands_that_hold_each_other_are_measured_by_the_one_that_is_seen(tmp_path: Path) -> None:
    values = {"mode": "two hands", "targets": 2, "figure": "arc"}
    with_one = play(game("kite_painter", values), tmp_path, KNOWN, Clasped("left"), seed=1)[0].blocks[0]
    assert [(trial.side, trial.outcome) for trial in with_one.trials] == [("left", "reached"), ("right", "reached")]
    for trial in with_one.trials:
        assert trial.achieved is not None
        assert trial.measures["path_error_m"].value is not None
        assert all(number.note.endswith(kite_painter.BY_ONE) for number in trial.measures.values())
    with_both = play(game("kite_painter", values), tmp_path, KNOWN, Clasped(), seed=2)[0].blocks[0]
    assert not [n for trial in with_both.trials for n in trial.measures.values() if kite_painter.BY_ONE in n.note]
    alone = play(game("kite_painter", {**values, "mode": "one hand"}), tmp_path, KNOWN, Clasped("left"), seed=3)
    assert {trial.achieved is None for trial in alone[0].blocks[0].trials if trial.side == "left"} == {True}
    with_none = play(game("kite_painter", values), tmp_path, KNOWN, Clasped("left", "right"), seed=4)[0].blocks[0]
    assert "0 % of frames" in with_none.trials[0].measures["path_error_m"].note


@pytest.mark.parametrize(
    ("movement", "at_most", "unit"), [("shoulder_elevation_left", 50.0, "deg"), ("use_of_arm_left", 0.0, "")]
)
def test_a_precaution_bounds_it_and_two_may_bar_it(movement: str, at_most: float, unit: str) -> None:
    found = trials({}, precaution(movement, at_most, unit))
    if unit:
        amplitudes = [trial.request.amplitude for trial in found if trial.side == "left" and trial.request]
        assert max(amplitudes) < at_most
    else:
        assert {trial.side for trial in found} == {"right"}
    both = [precaution(f"use_of_arm_{side}", 0.0, "") for side in SIDES]
    assert "asks for a hand" in barred(kite_painter.Game, "standing", both)


def test_the_guard_shows_no_ribbon_that_leaves_the_envelope() -> None:
    guard = Guard()
    guard.renew(envelope())
    inside = Follow("ribbon", trials({"targets": 1})[0].values["points_m"], 0.1, "left")
    assert guard.admit((inside,)) == ""
    assert "is beyond" in guard.admit((inside._replace(points_m=(*inside.points_m, (-0.3, 2.4, -0.2))),))


def test_an_arm_that_is_raised_less_than_the_ribbon_wants_is_measured_and_not_yet_there(tmp_path: Path) -> None:
    limits = {name: 0.5 * found.value for name, found in KNOWN.limits.items()}
    person = replace(patient(KNOWN, lapse=0.0), limits_deg=limits)
    session, _ = play(game("kite_painter", {"targets": 1}), tmp_path, KNOWN, SimulatedHeadset(person, 1, 45.0))
    (trial,) = session.blocks[0].trials
    assert trial.outcome == "not yet"
    assert trial.measures["path_s"].value is None
    assert trial.measures["path_s"].note
