"""Films: as long as they should be, from the eyes and from the side, and whole files or none."""

import itertools
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from visits import calibration, game, patient

from engine import theme, words
from engine.commands import film as films
from engine.commands import visits as visited
from engine.commands.film import Cut, Reel
from engine.commands.video import Video, VideoRefused
from engine.frame import LOST, Frame, Hand, Pose, from_yaw_pitch
from engine.plan import About, Step
from engine.scene import Footing, Middle, Panel, Rise, Scene, Target, Walk
from engine.simulated import SimulatedHeadset

pytest.importorskip("panda3d.core", reason="Panda3D is not installed: pip install steadyreach[panda]")
pytest.importorskip("av", reason="PyAV is not installed: pip install steadyreach[video]")

import av

from engine.panda.film import BOTH, EYES, EYES_SHARE, SIDE, FilmCamera
from engine.panda.graphics import Graphics
from engine.panda.pictures import Photographer
from engine.panda.stage import Stage

ROOT = Path(__file__).resolve().parent.parent
SIZE = (192, 108)
COLUMN = round(EYES_SHARE * SIZE[0])
HEAD = Pose((0.05, 1.6, 0.0), from_yaw_pitch(0.2, 0.05))
SCENE = Scene("harbour", (Target("t", (0.2, 1.5, -0.6), 0.06), Panel("p", "stand.title", ("stand.text",))))


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two fruits, picked."""
    known = calibration()
    step = Step("fruit_ladder", game("fruit_ladder", {"targets": 2, "hold_s": 0.2, "pause_s": 0.5}), "play")
    plan = visited.plan("film", (step,), visited.resolved(), 1, known)
    headset = SimulatedHeadset(patient(known), 1, rate_hz=45.0)
    about = About("film", "2026-01-05T09:00:00+00:00", "steadyreach test")
    return visited.play(plan, headset, tmp_path_factory.mktemp("sessions"), about)[1]


@pytest.fixture(scope="module")
def new_stage(graphics: Graphics, models: Path) -> Callable[[], Stage]:
    return lambda: Stage(graphics, theme.load(), words.load(), models)


def frame(head: Pose = HEAD, right: Pose = LOST, time_s: float = 1.0) -> Frame:
    return Frame(round(time_s * 1e9), head, Hand(LOST), Hand(right))


def differs(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Where two pictures differ by more than the sky's dither."""
    return np.abs(one.astype(int) - other.astype(int)).max(axis=2) > 12


def watched(path: Path) -> tuple[list[np.ndarray], float]:
    """The pictures of a video, and how many seconds it lasts."""
    with av.open(str(path)) as file:
        return [picture.to_ndarray(format="rgb24") for picture in file.decode(video=0)], file.duration / 1e6


@pytest.mark.parametrize(("speed", "pictures"), [(1.0, 40), (4.0, 10), (0.5, 80)])
def test_a_film_lasts_as_long_as_what_it_shows(speed: float, pictures: int) -> None:
    reel = Reel(Cut(2.0, 6.0, speed, 10.0))
    for number in range(900):  # with a second and a half without any frame, which is shown all the same
        if not 300 < number < 435:
            reel.see(frame(time_s=100 + number / 90), SCENE)
    assert reel.pictures == pictures
    assert [shot.pictures for shot in reel.shots if shot.frame.time_ns < 102e9] == [0] * round(20 / speed)


def test_what_came_long_before_a_film_is_followed() -> None:
    reel = Reel(Cut(8.0, 9.0, 1.0, 10.0))  # a panel stays where the eyes were when it came
    for number in range(100):
        reel.see(frame(time_s=number / 10), SCENE)
    followed = [shot.frame.time_ns for shot in reel.shots if not shot.pictures]
    assert followed[:3] == [0, 300_000_000, 600_000_000]
    assert followed[-31:] == [round(number * 1e8) for number in (48, *range(50, 80))]


def test_a_session_is_filmed_and_a_hand_moves_in_it(
    graphics: Graphics, new_stage: Callable[[], Stage], session: Path, tmp_path: Path
) -> None:
    cut = Cut(1.0, 5.0, 2.0, 5.0)
    _, reel, same = films.reel_of(session, cut)
    camera = FilmCamera(graphics, new_stage(), SIZE, BOTH, 0)
    with Video(tmp_path / "new" / "film.mp4", SIZE, cut.rate_hz) as file:
        films.expose(reel.shots, camera, file)
    pictures, seconds = watched(tmp_path / "new" / "film.mp4")
    assert (same, len(pictures), seconds) == (True, 10, pytest.approx(2.0))
    moved = np.array([differs(a, b) for a, b in itertools.pairwise(pictures)]).any(axis=0)
    assert moved[:, COLUMN:].mean() > 0.01  # the arm of the figure
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["film.mp4"]


@pytest.mark.usefixtures("graphics")
def test_replay_films_a_session(session: Path, tmp_path: Path) -> None:
    # In a process of its own: a second OpenGL would end the first.
    options = ["--from", "1", "--until", "2", "--rate", "4", "--size", "96x64", "--view", "side", "--theme", "contrast"]
    command = [sys.executable, "-m", "steadyreach", "replay", session, "--video", tmp_path / "film.webm", *options]
    told = subprocess.run([*map(str, command), "--json"], cwd=ROOT, capture_output=True, text=True, check=True)
    answer = json.loads(told.stdout)
    assert (answer["pictures"], answer["seconds"], answer["same"]) == (4, 1.0, True)
    assert (tmp_path / "film.webm").stat().st_size > 1000


@pytest.mark.parametrize("ending", ["webm", "webp"])
def test_other_kinds_of_video_are_written(ending: str, tmp_path: Path) -> None:
    with Video(tmp_path / f"film.{ending}", (64, 48), 10.0) as file:
        for level in (0, 128, 255):
            file.write(np.full((48, 64, 3), level, np.uint8), 2)
    assert {"webm": b"\x1a\x45\xdf\xa3", "webp": b"RIFF"}[ending] == (tmp_path / f"film.{ending}").read_bytes()[:4]


def test_the_eyes_see_what_a_photograph_shows(graphics: Graphics, new_stage: Callable[[], Stage]) -> None:
    seen = frame(right=Pose((0.2, 1.4, -0.5)))
    photograph = Photographer(graphics, new_stage(), SIZE, samples=0).pixels(SCENE, seen)
    picture = FilmCamera(graphics, new_stage(), SIZE, EYES, 0).picture(SCENE, seen)
    assert np.ptp(picture) > 100
    assert differs(picture, photograph).mean() < 0.001


@pytest.mark.parametrize("samples", [0, 4])
def test_the_side_stands_beside_the_eyes(graphics: Graphics, new_stage: Callable[[], Stage], samples: int) -> None:
    both = FilmCamera(graphics, new_stage(), SIZE, BOTH, samples).picture(SCENE, frame())
    eyes = FilmCamera(graphics, new_stage(), (COLUMN, SIZE[1]), EYES, samples).picture(SCENE, frame())
    side = FilmCamera(graphics, new_stage(), (SIZE[0] - COLUMN, SIZE[1]), SIDE, samples).picture(SCENE, frame())
    assert min(np.ptp(eyes), np.ptp(side)) > 100
    assert differs(both[:, :COLUMN], eyes).mean() < 0.02
    assert differs(both[:, COLUMN:], side).mean() < 0.02


def figure(camera: FilmCamera, scene: Scene, shown: Frame) -> np.ndarray:
    """The pixels of the figure: where a picture differs from one in which nobody is."""
    nobody = camera.picture(scene, shown._replace(head=shown.head._replace(valid=False)))
    return differs(camera.picture(scene, shown), nobody)


def test_the_side_shows_who_sits_low_and_who_leans_ahead(graphics: Graphics, new_stage: Callable[[], Stage]) -> None:
    camera, scene = FilmCamera(graphics, new_stage(), SIZE, SIDE, 0), Scene("still")
    places = ((0.0, 1.6, 0.0), (0.0, 1.2, 0.0), (0.0, 1.58, -0.25))
    stands, sits, leans = (np.nonzero(figure(camera, scene, frame(Pose(place)))) for place in places)
    assert sits[0].min() > stands[0].min() + 10
    assert leans[1][leans[0] < 40].mean() > stands[1][stands[0] < 40].mean() + 5


def test_who_rises_has_a_chair_of_one_size_behind_them(graphics: Graphics, new_stage: Callable[[], Stage]) -> None:
    camera, rise = FilmCamera(graphics, new_stage(), SIZE, SIDE, 0), Scene("still", (Rise("r", 1.2, 1.6, "up"),))
    up, half = frame(Pose((0.0, 1.6, 0.0))), frame(Pose((0.0, 1.4, 0.17)))
    whole, none, half_way = figure(camera, rise, up), figure(camera, Scene("still"), up), figure(camera, rise, half)
    chair = whole & ~none
    rows, columns = np.nonzero(chair)
    assert columns.mean() < np.nonzero(none)[1].mean() - 10, "behind the person"
    assert 0.4 < np.ptp(rows) / np.ptp(np.nonzero(none)[0]) < 0.6, "84 cm high beside 1.71 m"
    assert (chair & half_way).sum() / chair.sum() > 0.9, "where it was"


def test_who_sits_has_a_chair_and_who_bends_has_none(graphics: Graphics, new_stage: Callable[[], Stage]) -> None:
    camera, scene = FilmCamera(graphics, new_stage(), SIZE, SIDE, 0), Scene("still")
    sits, bends = (figure(camera, scene, frame(Pose((0.0, height_m, 0.0)))) for height_m in (1.2, 1.4))
    on_floor = [np.ptp(np.nonzero(seen[np.nonzero(seen)[0].max() - 6 :])[1]) for seen in (sits, bends)]
    assert on_floor[0] > 1.5 * on_floor[1], "the legs of the chair"


def test_the_side_goes_with_the_middle_of_the_room(graphics: Graphics, new_stage: Callable[[], Stage]) -> None:
    camera = FilmCamera(graphics, new_stage(), SIZE, SIDE, 0)
    here = figure(camera, Scene("still"), frame(Pose((0.0, 1.6, 0.0))))
    turned = Scene("still", middle=Middle(1.0, 2.0, 90.0))
    there = figure(camera, turned, frame(Pose((1.0, 1.6, 2.0), from_yaw_pitch(np.pi / 2, 0.0))))
    assert here.sum() > 500
    assert (here & there).sum() / (here | there).sum() > 0.9


def test_who_stands_on_one_leg_lifts_the_other_and_nobody_is_where_a_headset_lies(
    graphics: Graphics, new_stage: Callable[[], Stage]
) -> None:
    camera, shown = FilmCamera(graphics, new_stage(), SIZE, SIDE, 0), frame(Pose((0.0, 1.6, 0.0)))
    goal = Footing("f", "one leg", "left")
    both, lifted, ready = (
        figure(camera, Scene("still", items), shown) for items in ((), (goal,), (goal._replace(state="ready"),))
    )
    moved = np.nonzero(both != lifted)[0]
    assert moved.size > 50
    assert moved.min() > np.nonzero(both)[0].mean(), "of the legs alone"
    assert (both != ready).mean() < 0.001
    assert not figure(camera, Scene("still", (Walk("w", "right", 3.0),)), shown).any()


def test_who_stands_heel_to_toe_has_one_foot_before_the_other(
    graphics: Graphics, new_stage: Callable[[], Stage]
) -> None:
    camera, shown = FilmCamera(graphics, new_stage(), SIZE, SIDE, 0), frame(Pose((0.0, 1.6, 0.0)))
    together, tandem = (
        figure(camera, Scene("still", (Footing("f", feet),)), shown) for feet in ("together", "heel to toe")
    )
    low = np.nonzero(together)[0].max() - 6
    long, longer = (np.ptp(np.nonzero(stands[low:])[1]) for stands in (together, tandem))
    assert longer > 1.4 * long


def test_who_walks_away_leaves_no_shadow(graphics: Graphics, new_stage: Callable[[], Stage]) -> None:
    walk = Scene("lobby", (Walk("w", "right", 3.0),))
    camera = FilmCamera(graphics, new_stage(), SIZE, SIDE, 0)
    for time_s in (1.0, 3.0):  # what comes takes a moment
        near = camera.picture(walk, frame(right=Pose((0.2, 0.8, 0.1)), time_s=time_s))
    far = camera.picture(walk, frame(right=Pose((0.2, 0.8, 50.0)), time_s=3.0))
    assert not differs(near, far).any()


def test_a_hand_that_is_lost_hangs(graphics: Graphics, new_stage: Callable[[], Stage]) -> None:
    camera = FilmCamera(graphics, new_stage(), SIZE, SIDE, 0)
    lost, reaches = (
        figure(camera, Scene("still"), frame(Pose((0.0, 1.6, 0.0)), grip)) for grip in (LOST, Pose((0.2, 1.5, -0.6)))
    )
    assert np.nonzero(reaches)[1].max() > np.nonzero(lost)[1].max() + 10


def test_a_film_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="numpy array"), Video(tmp_path / "film.mp4", SIZE, 10.0) as file:
        file.write(np.zeros((SIZE[1], SIZE[0]), np.uint8))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "size", "reason"),
    [("film.avi", SIZE, "must end in .mp4, .webm, .webp"), ("film.mp4", (63, 48), "width and height must be even")],
)
def test_a_video_that_cannot_be_is_refused(tmp_path: Path, name: str, size: tuple[int, int], reason: str) -> None:
    with pytest.raises(VideoRefused, match=reason):
        Video(tmp_path / name, size, 10.0)
    assert list(tmp_path.iterdir()) == []


def test_a_cut_without_a_moment_is_refused(session: Path, tmp_path: Path) -> None:
    with pytest.raises(VideoRefused, match="lies between --from and --until"):
        films.film(session, tmp_path / "film.mp4", Cut(from_s=1000.0))


@pytest.mark.parametrize("size", ["1280", "1280x", "32x720", "axb", "9999x720"])
def test_a_size_that_is_none_is_refused(size: str) -> None:
    with pytest.raises(VideoRefused, match="must look like 1280x720"):
        films.pixels(size)
