"""Clinical tests at a desk: those that mouse and keys can go through, and the plain words of those that they cannot."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from beginner import Beginner
from test_assessments import results, taken
from typer.testing import CliRunner

from calibration import battery
from engine import headset
from engine.commands import play

BRIEF: Mapping[str, Mapping[str, object]] = {
    "functional_reach": {"practice": 0},
    "limits_of_stability": {"practice": 0},
    "neck_position": {"tries": 4, "practice": 0},
    "neck_range": {"practice": 0},
    "reach_envelope": {"rounds": 1, "practice": 0},
    "shoulder_range": {"practice": 0},
}
NOT_THERE = ("sensory_conditions", "single_leg", "tandem", "timed_up_and_go")


@pytest.mark.parametrize("name", [name for name in battery.names() if name not in NOT_THERE])
def test_somebody_at_a_desk_goes_through_it(name: str, tmp_path: Path) -> None:
    done, _ = taken(name, tmp_path, Beginner(), BRIEF.get(name, {}))
    assert done.ended_by == "finished"
    assert {trial.outcome for trial in done.blocks[0].trials} == {"reached"}
    found = results(done)
    missing = {key for key, number in found.items() if number.value is None}
    assert missing <= {"stability_reaction_s"}, {key: found[key].note for key in missing}  # a beginner leans at once


@pytest.mark.parametrize("name", NOT_THERE)
def test_what_a_desk_cannot_show_is_left_out_and_says_why(name: str, tmp_path: Path) -> None:
    done, _ = taken(name, tmp_path, Beginner())
    (block,) = done.blocks
    assert (done.ended_by, block.trials, block.measures) == ("finished", (), {})
    assert block.notes == (battery.load(name).why_not_on(headset.DESK),)
    assert battery.load(name).not_at_desk in block.notes[0]


def test_the_command_refuses_it_before_anything_is_measured_and_says_what_a_desk_tells_of_others(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(play, "open_headset", lambda *_: headset.Choice(Beginner(), {}))
    refused = CliRunner().invoke(play.app, ["play", "tandem", "--folder", str(tmp_path)])
    assert (refused.exit_code, list(tmp_path.iterdir())) == (1, [])
    assert "Tandem stance cannot be done at a desk: the body there" in refused.stderr
    asked = ["play", "five_stands", "tandem", "--measure", "nothing", "--folder", str(tmp_path)]
    done = CliRunner().invoke(play.app, asked)
    assert done.exit_code == 0, done.output
    assert "Tandem stance cannot be done at a desk" in done.stdout
    assert "nothing of this is about a person: it was played at a desk" in done.stdout
