"""The tables of docs/precautions.md, row by row: what each precaution does to each game and each clinical test."""

from pathlib import Path

import pytest

import games
from calibration import battery
from engine.frame import SIDES
from engine.movements import GAZES, LEANS, MOVEMENTS
from engine.precautions import barred, effect
from engine.records import Precaution

PAGE = (Path(__file__).parent.parent / "docs" / "precautions.md").read_text("utf-8")
TASKS = {**{name: games.load(name) for name in games.names()}, **{name: battery.load(name) for name in battery.names()}}
ACTS = {"—": "none", "within": "bounds", "barred": "bars"}


def both(*stems: str) -> tuple[str, ...]:
    return tuple(f"{stem}_{side}" for stem in stems for side in SIDES)


NAMED: dict[str, tuple[float, tuple[str, ...]]] = {
    "standing": (0.0, ("standing",)),
    "sitting": (0.0, ("sitting",)),
    "weight on a leg": (50.0, both("weight_on_leg")),
    "leans": (3.0, tuple(LEANS)),
    "leant forward": (3.0, ("lean_forward",)),
    "other leans": (3.0, tuple(name for name in LEANS if name != "lean_forward")),
    "hip bent": (80.0, both("hip_flexion")),
    "knee bent": (80.0, both("knee_flexion")),
    "knee straightened, thigh raised": (20.0, both("knee_extension", "thigh_raise")),
    "ankle bent up": (10.0, both("ankle_dorsiflexion")),
    "ankle bent down": (10.0, both("ankle_plantarflexion")),
    "bent forward": (30.0, ("trunk_flexion",)),
    "trunk turned": (10.0, ("trunk_rotation",)),
    "arm raised, elbow straightened": (60.0, both("shoulder_elevation", "elbow_extension")),
    "shoulder turned outward, arm across the body": (60.0, both("shoulder_external_rotation", "cross_body_adduction")),
    "one arm used": (0.0, both("use_of_arm")),
    "head": (30.0, tuple(GAZES)),
    "world with the head": (0.0, ("visual_conflict",)),
}


def told(posture: str) -> dict[str, dict[str, str]]:
    """The table of a posture: of each task what each column says."""
    table = PAGE.split(f"played {posture}\n", 1)[1].split("\n## ", 1)[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines() if line[:1] == "|"]
    return {row[0].strip("`"): dict(zip(rows[0][1:], row[1:], strict=True)) for row in rows[2:]}


def does(movement: str, at_most: float, task: str, posture: str) -> str:
    rule = Precaution(movement, at_most, MOVEMENTS[movement].unit, "surgery", "Dr. Moss")
    return "bars" if barred(TASKS[task], posture, (rule,)) else effect(rule, TASKS[task], posture).act


@pytest.mark.parametrize("posture", ["standing", "seated"])
def test_every_precaution_does_to_every_game_and_test_what_the_table_says(posture: str) -> None:
    table = told(posture)
    assert set(table) == {name for name, task in TASKS.items() if posture in task.postures}
    for task, row in table.items():
        assert {movement for column in row for movement in NAMED[column][1]} == set(MOVEMENTS) - {"lying"}
        for column, said in row.items():
            at_most, movements = NAMED[column]
            found = {movement: does(movement, at_most, task, posture) for movement in movements}
            assert set(found.values()) == {ACTS[said]}, (task, column, found)


def test_who_plays_lying_is_bounded_as_seated_by_arms_and_head_and_by_nothing_else() -> None:
    seated = told("seated")
    lying = [name for name, task in TASKS.items() if "lying" in task.postures]
    assert lying == ["fruit_ladder", "kite_painter", "treasure_relay"]
    for task in lying:
        assert does("lying", 0.0, task, "lying") == "bars"
        for column, said in seated[task].items():
            expected = {"within": "bounds"}.get(said, "none")
            assert {does(name, NAMED[column][0], task, "lying") for name in NAMED[column][1]} == {expected}
    assert {does("lying", 0.0, task, posture) for task in lying for posture in ("standing", "seated")} == {"none"}
