"""Pictures of play: a still of every game and clinical test, and a short animated one of games; all are simulated."""

import math
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from engine.commands import visits
from engine.commands.answer import fail, tell
from engine.commands.film import Cut, camera, reel_of
from engine.commands.video import Pixels, Video, VideoRefused
from engine.frame import Pose, forward, from_yaw_pitch
from engine.headset import HeadsetUnavailable
from engine.plan import ASSESS, About
from engine.records import Session
from engine.session_folder import read_session
from engine.settings import Settings
from engine.simulated import SimulatedHeadset

app = typer.Typer()

STILL, ANIMATED, RATE_HZ = (1200, 750), (480, 300), 10.0
SHARPER = 2
"""How many times as wide and high a picture is drawn, so that its edges are smooth."""
MOST_BYTES, QUALITIES = 700_000, (80, 72, 64, 56)
"""How large a file may be, and the qualities that are tried for it."""
SEEN_HZ = 45.0


@dataclass(frozen=True)
class Moment:
    """Some seconds of the round that a simulated patient of this seed plays: `from_s` after the beginning of a trial.

    The still is taken `still_s` after them; what lasts 0 s is not animated. The eyes turn this share of the way that
    the head does, and then up by `up_deg`, so that panel and target are both in view. `view` is one of films.
    """

    game: str
    seed: int
    trial: int
    from_s: float
    lasts_s: float
    still_s: float
    speed: float = 1.0
    turns: float = 0.3
    up_deg: float = 0.0
    theme: str = "day"
    view: str = "eyes"


MOMENTS: Mapping[str, Moment] = {
    "fruit_ladder": Moment("fruit_ladder", 3, 5, 1.0, 4.8, 3.9),
    "harbour_lean": Moment("harbour_lean", 3, 5, 3.0, 4.2, 3.2),
    "chair_rocket": Moment("chair_rocket", 3, 4, 0.9, 4.6, 2.4),
    "owl_watch": Moment("owl_watch", 3, 7, 1.0, 3.7, 2.7, turns=0.5),
    "mirror_friends": Moment("mirror_friends", 2, 6, 1.8, 4.4, 2.9),
    "mirror_friends-dragon": Moment("mirror_friends", 3, 2, 1.8, 4.4, 3.4, theme="dragon"),
    "kite_painter": Moment("kite_painter", 3, 3, 4.9, 4.6, 1.7, turns=0.5, up_deg=12.0),
    "compass_home": Moment("compass_home", 3, 3, 1.0, 9.8, 1.2, speed=2.5),
    "flamingo_garden": Moment("flamingo_garden", 3, 3, 6.0, 11.5, 8.5, speed=2.5, up_deg=-4.0),
    "night_lighthouse": Moment("night_lighthouse", 3, 0, 4.0, 10.0, 8.0, speed=2.5),
    "block_ferry": Moment("block_ferry", 3, 3, 1.0, 4.6, 2.0, turns=0.0, up_deg=-27.0),
    "bell_tower": Moment("bell_tower", 3, 5, 1.4, 3.6, 1.8),
    "dragon_rowing": Moment("dragon_rowing", 3, 5, 0.2, 4.2, 1.15, up_deg=-20.0),
    "low_shelf_cafe": Moment("low_shelf_cafe", 3, 3, 0.6, 3.6, 1.8, turns=0.0, up_deg=-36.0),
    "treasure_relay": Moment("treasure_relay", 3, 3, 2.4, 10.4, 3.4, speed=2.0, up_deg=12.0),
    "stepping_stones": Moment("stepping_stones", 3, 5, 0.6, 3.2, 1.6, up_deg=-68.0),
    "calm_tide": Moment("calm_tide", 3, 1, 3.0, 10.5, 9.5, speed=2.5),
}
"""What each picture of a game shows: see that target, hand and panel are in view when a game has changed."""
TESTS: Mapping[str, Moment] = {
    "five_stands": Moment("five_stands", 3, 1, 0.0, 0.0, 9.8, view="both"),
    "functional_reach": Moment("functional_reach", 3, 3, 0.0, 0.0, 6.5, view="both"),
    "limits_of_stability": Moment("limits_of_stability", 3, 12, 0.0, 0.0, 5.0, turns=0.0, view="both"),
    "neck_position": Moment("neck_position", 3, 4, 0.0, 0.0, 1.4, view="both"),
    "neck_range": Moment("neck_range", 3, 9, 0.0, 0.0, 3.0, view="both"),
    "reach_envelope": Moment("reach_envelope", 3, 8, 0.0, 0.0, 4.0, view="both"),
    "sensory_conditions": Moment("sensory_conditions", 3, 0, 0.0, 0.0, 2.0, view="both"),
    "shoulder_range": Moment("shoulder_range", 3, 5, 0.0, 0.0, 2.8, turns=0.0, view="both"),
    "single_leg": Moment("single_leg", 3, 0, 0.0, 0.0, 20.0, view="both"),
    "tandem": Moment("tandem", 3, 0, 0.0, 0.0, 20.0, up_deg=-4.0, view="both"),
    "thirty_second_stands": Moment("thirty_second_stands", 3, 1, 0.0, 0.0, 16.9, view="both"),
    "timed_up_and_go": Moment("timed_up_and_go", 3, 0, 0.0, 0.0, 0.9, view="both"),
}
"""What each picture of a clinical test shows."""
PAGES: Mapping[str, Mapping[str, Moment]] = {"games": MOMENTS, "assessments": TESTS}
"""The pictures by the folder that they are in, beside the page that shows them."""


def pictures_of_play(folder: Path, chosen: Mapping[str, Moment]) -> list[Path]:
    """Write NAME.webp of each moment, and NAME-play.webp of those that last.

    Raises VideoRefused and engine.headset.HeadsetUnavailable where there is no PyAV and no OpenGL.
    """
    written = []
    with tempfile.TemporaryDirectory() as sessions:
        for name, moment in chosen.items():
            session = _visited(moment, Path(sessions) / name)
            begins_s = _begins_s(read_session(session), moment)
            taken_s = begins_s + moment.still_s
            still = Cut(taken_s, taken_s + 1 / RATE_HZ, 1.0, RATE_HZ)
            written.append(_write(folder / f"{name}.webp", _filmed(session, moment, still, STILL)))
            if moment.lasts_s:
                play = Cut(begins_s, begins_s + moment.lasts_s, moment.speed, RATE_HZ)
                written.append(_write(folder / f"{name}-play.webp", _filmed(session, moment, play, ANIMATED)))
    return written


def _visited(moment: Moment, folder: Path) -> Path:
    """A visit of a simulated patient: who is measured, warms up and plays."""
    holds = visits.resolved()
    plan = visits.plan("simulated", visits.steps_for([moment.game], holds), holds, moment.seed)
    about = About(moment.game, "2026-01-05T09:00:00+00:00", visits.SOFTWARE)
    return visits.play(plan, SimulatedHeadset(seed=moment.seed, rate_hz=SEEN_HZ), folder, about)[1]


def _begins_s(done: Session, moment: Moment) -> float:
    (played,) = [block for block in done.blocks if block.task == moment.game and block.kind in ("play", ASSESS)]
    return played.trials[moment.trial].start_s + moment.from_s


def _filmed(session: Path, moment: Moment, cut: Cut, size: tuple[int, int]) -> list[Pixels]:
    done, reel, _ = reel_of(session, cut)
    drawn = (SHARPER * size[0], SHARPER * size[1])
    taken = []
    with camera(drawn, moment.view, Settings(theme=moment.theme, captions=False), 0, done) as eye:
        for frame, scene, pictures in reel.shots:
            if pictures:
                picture = _smaller(eye.picture(scene, frame, _eyes(frame.head, moment)))
                taken += [picture] * pictures
            else:
                eye.follow(scene, frame)
    return taken


def _write(path: Path, pictures: Sequence[Pixels]) -> Path:
    """Write a picture that moves, or does not, in the best quality that is small enough."""
    high, wide, _ = pictures[0].shape
    for quality in QUALITIES:
        with Video(path, (wide, high), RATE_HZ, quality) as file:
            for picture in pictures:
                file.write(picture)
        if path.stat().st_size <= MOST_BYTES:
            break
    return path


def _eyes(head: Pose, moment: Moment) -> Pose:
    x, y, z = forward(head.orientation)
    up_rad = moment.turns * math.asin(y) + math.radians(moment.up_deg)
    return Pose(head.position_m, from_yaw_pitch(moment.turns * math.atan2(x, -z), up_rad))


def _smaller(drawn: Pixels) -> Pixels:
    """Each pixel is the mean of those that it is drawn as."""
    high, wide, colours = drawn.shape
    blocks = drawn.reshape(high // SHARPER, SHARPER, wide // SHARPER, SHARPER, colours)
    smaller: Pixels = blocks.mean(axis=(1, 3)).round().astype(np.uint8)
    return smaller


@app.command("animations")
def animations_command(
    folder: Annotated[Path, typer.Option(help="where the folders of pictures are")] = Path("docs"),
    name: Annotated[list[str] | None, typer.Option(help="only this one; may be given again")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="print JSON for programs")] = False,
) -> None:
    """Take a still picture of every game and clinical test, and an animated one of games, for their pages."""
    known = [each for moments in PAGES.values() for each in moments]
    if unknown := set(name or ()) - set(known):
        fail(f"there is no moment {', '.join(sorted(unknown))}; there are {', '.join(known)}")
    written = []
    try:
        for page, moments in PAGES.items():
            chosen = {key: moment for key, moment in moments.items() if key in (name or known)}
            written += pictures_of_play(folder / page, chosen)
    except (HeadsetUnavailable, VideoRefused) as reason:
        fail(str(reason))
    answer: dict[str, Any] = {str(path): path.stat().st_size for path in written}
    tell(answer, as_json, "\n".join(f"{size / 1000:6.0f} kB  {path}" for path, size in answer.items()))


if __name__ == "__main__":
    app()
