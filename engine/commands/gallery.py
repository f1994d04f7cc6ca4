"""The gallery: a picture of every game in every theme, and of every state of a session in every language."""

import math
import struct
import tempfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer
from numpy.typing import NDArray

import games
from calibration.anybody import anybody
from engine import theme as themes
from engine import words
from engine.commands import visits
from engine.commands.answer import fail, tell
from engine.commands.difficulty import preset_parameters
from engine.frame import Button, Frame, Pose, Vector, from_yaw_pitch
from engine.headset import Headset, HeadsetUnavailable, Watched
from engine.plan import ASSESS, END, REST, SUMMARY, About, AnyStep, Step
from engine.scene import (
    Bend,
    Breath,
    Follow,
    Footing,
    Friend,
    Gaze,
    Item,
    Lean,
    Lift,
    Panel,
    Progress,
    Reach,
    Rise,
    Scene,
    Steady,
    Stone,
    Surround,
    Target,
)
from engine.settings import Settings
from engine.simulated import SimulatedHeadset
from engine.task import Move, Task, Trial

if TYPE_CHECKING:
    from engine.panda.graphics import Graphics
    from engine.panda.pictures import Photographer

app = typer.Typer()

TITLE, PLAY, REST_, PAUSE, STOP, ERROR, SUMMARY_ = STATES = (
    "title", "play", "rest", "pause", "stop", "error", "summary",
)  # fmt: skip
SHOWN_GAME = "fruit_ladder"
"""The game that states and languages are shown with."""
SIZE = (1200, 750)
THUMBNAIL_OF_SIZE, ACROSS, GAP = 3, 4, 6
SEED, RATE_HZ = 3, 45.0
SETTLES_NS = 3_000_000_000
AWAY_S, STOPS_S = (14.0, 17.0), 22.0
_STATE_OF_PANEL = {"rest": REST_, "summary": SUMMARY_, "stopped": STOP, "error": ERROR, "paused": PAUSE}
_BEST_FILL, _BEST_DONE, _BEST_YAW_DEG, _BEST_LEAN_DEG, _BEST_PITCH_DEG, _BEST_NEAR_M = 0.55, 0.4, 18.0, 60.0, 30.0, 0.12
_WORDS_ALONE = -20.0
_TO_THE_FEET_RAD = math.radians(72.0)
_TABLE_RAD, _OF_TABLE, _OF_SHELF = math.radians(30.0), 0.7, 0.75

Pixels = NDArray[np.uint8]
Moment = tuple[Scene, Frame]


class Moments:
    """An onlooker that keeps, of each state of a session, the moment that makes the best picture."""

    def __init__(self) -> None:
        self.kept: dict[str, Moment] = {}
        self._worth: dict[str, float] = {}

    def see(self, frame: Frame, scene: Scene) -> None:
        """Keep this moment if there was none better."""
        state, worth = _state_of(scene, frame)
        if state and worth >= self._worth.get(state, -math.inf):
            self.kept[state], self._worth[state] = (scene, frame), worth


class CalledAway:
    """A headset whose wearer opens a system menu for a while, and later presses stop."""

    def __init__(self, headset: Headset) -> None:
        self._headset = headset
        self.kind, self.description = headset.kind, headset.description
        self.show, self.close = headset.show, headset.close

    def frames(self) -> Iterator[Frame]:
        """The frames of the headset behind, with what happens to its wearer."""
        for frame in self._headset.frames():
            seconds = frame.time_ns * 1e-9
            yield frame._replace(
                focused=not AWAY_S[0] <= seconds < AWAY_S[1], buttons=int(Button.STOP) if seconds > STOPS_S else 0
            )


def gallery(
    folder: Path,
    theme_names: Sequence[str],
    languages: Sequence[str],
    chosen: Sequence[str],
    size: tuple[int, int] = SIZE,
) -> list[Path]:
    """Take all pictures, and a contact sheet of them; the sheet is the last of the files returned.

    States are shown in the first theme. Raises engine.headset.HeadsetUnavailable where there is no OpenGL.
    """
    from engine.panda.graphics import Graphics

    with closing(Graphics.offscreen()) as graphics, tempfile.TemporaryDirectory() as sessions:
        played = {name: found for name in chosen if (found := _played(name, Path(sessions)).get(PLAY))}
        states = _states(Path(sessions))
        taken: dict[str, Pixels] = {}
        for theme in theme_names:
            photographer = _photographer(graphics, theme, languages[0], size)
            for name, moment in played.items():
                taken[f"{name}-{theme}"] = _photograph(photographer, moment)
        for language in languages:
            photographer = _photographer(graphics, theme_names[0], language, size)
            for state in STATES:
                if state in states:
                    taken[f"{state}-{language}"] = _photograph(photographer, states[state])
        photographer.take_title(folder / f"{TITLE}.png")
    return [*_kept(folder, taken), folder / f"{TITLE}.png", _contact_sheet(folder, list(taken.values()))]


def _played(name: str, folder: Path) -> Mapping[str, Moment]:
    """The best moments of a round of a game."""
    return _moments(name, (_step(name),), _headset(), folder)


def _states(folder: Path) -> Mapping[str, Moment]:
    """A moment of every state that a session can be in."""
    whole: tuple[AnyStep, ...] = (_step(SHOWN_GAME), REST, SUMMARY, END)
    faulty = Step(SHOWN_GAME, _faulty(games.load(SHOWN_GAME))(), "play")
    found = {**_moments("stopped", (_step(SHOWN_GAME),), CalledAway(_headset()), folder)}
    found |= _moments("faulty", (faulty,), _headset(), folder)
    return {**found, **_moments("whole", whole, _headset(), folder)}


def _headset() -> SimulatedHeadset:
    return SimulatedHeadset(seed=SEED, rate_hz=RATE_HZ)


def _moments(name: str, steps: tuple[AnyStep, ...], headset: Headset, folder: Path) -> Mapping[str, Moment]:
    moments = Moments()
    plan = visits.plan("gallery", steps, visits.resolved(), SEED, anybody())
    about = About(f"gallery-{name}", "2026-01-05T09:00:00+00:00", visits.SOFTWARE)
    visits.play(plan, Watched(headset, moments), folder, about)
    return moments.kept


def _step(name: str) -> Step:
    """A game as it is played, or a clinical test as it is taken; raises games.UnknownGame."""
    kind = "play" if name in games.names() else ASSESS
    return Step(name, visits.task_kind(name)(preset_parameters(name, visits.resolved())), kind)


def _faulty(game: type[Task]) -> type[Task]:
    """The same game with a fault in it."""

    class Faulty(game):  # type: ignore[misc,valid-type] # which game it is, is only known now
        def play(self, trial: Trial) -> Move:
            yield from super().play(trial)
            raise RuntimeError("a fault made on purpose, for its picture")

    return Faulty


def _state_of(scene: Scene, frame: Frame) -> tuple[str, float]:
    """Which state a scene is, "" for none of them, and how good a picture it makes."""
    for item in scene.items:
        if isinstance(item, Panel) and item.key in _STATE_OF_PANEL:
            return _STATE_OF_PANEL[item.key], 0.0
    if not scene.trial or scene.dim or any(isinstance(item, Surround) for item in scene.items):
        return "", 0.0
    done = max((_done(item) for item in scene.items), default=0.0)
    worth = max((_worth(item, frame) for item in scene.items), default=-math.inf)
    return (PLAY, worth - abs(done - _BEST_DONE)) if worth > -math.inf else ("", 0.0)


def _done(item: Item) -> float:
    return item.share if isinstance(item, Progress) else 0.0


def _worth(item: Item, frame: Frame) -> float:
    """How well an item shows what its game asks for: half full, or a hand just before it, and clear of the panel."""
    if isinstance(item, Target):
        return _near(item, frame)
    shows = _WORTH.get(type(item))
    return -math.inf if shows is None or getattr(item, "state", "wanted") != "wanted" else shows(item)


def _near(item: Target, frame: Frame) -> float:
    if item.state != "wanted":
        return -math.inf
    x, _, z = (place - head for place, head in zip(item.place_m, frame.head.position_m, strict=True))
    hands = [hand.grip.position_m for hand in (frame.left, frame.right) if hand.grip.valid]
    near_m = min((math.dist(hand, item.place_m) for hand in hands), default=math.inf)
    aside_deg = abs(math.degrees(math.atan2(x, -z)) - _BEST_YAW_DEG)
    return -4 * abs(near_m - _BEST_NEAR_M) - aside_deg / 90


def _leant(item: Lean) -> float:
    return _settled(item.fill) + math.cos(math.radians(item.direction_deg - _BEST_LEAN_DEG))


def _looked(item: Gaze) -> float:
    return _settled(item.fill) - math.hypot(item.yaw_deg, item.pitch_deg - _BEST_PITCH_DEG) / 45


def _shown(item: Friend) -> float:
    raised_deg = max(abs(item.arms.left_deg[1]), abs(item.arms.right_deg[1]))
    return raised_deg / 180 if item.mood == "shows" else -math.inf


def _eye(scene: Scene, head: Pose) -> Pose:
    """Eyes that see both the panel and what is asked for: turned part of the way to an owl or a table, or less."""
    from engine.panda.pictures import looking_ahead

    gaze = next((item for item in scene.items if isinstance(item, Gaze) and item.state == "wanted"), None)
    low = next((item for item in scene.items if isinstance(item, Target | Bend) and item.state == "wanted"), None)
    if gaze is None and low is not None and (down := _down_rad(head, low.place_m)) > _TABLE_RAD:
        share = _OF_SHELF if isinstance(low, Bend) else _OF_TABLE
        return Pose(head.position_m, from_yaw_pitch(0.0, -share * down))
    if gaze is None and any(isinstance(item, Stone) for item in scene.items):
        return Pose(head.position_m, from_yaw_pitch(0.0, -_TO_THE_FEET_RAD))
    if gaze is None:
        return looking_ahead(head)
    half = from_yaw_pitch(math.radians(gaze.yaw_deg / 2), math.radians(gaze.pitch_deg / 2))
    return Pose(head.position_m, half)


def _down_rad(head: Pose, place_m: Vector) -> float:
    x, y, z = (a - b for a, b in zip(place_m, head.position_m, strict=True))
    return math.atan2(-y, math.hypot(x, z))


def _settled(fill: float) -> float:
    return -abs(fill - _BEST_FILL)


_WORTH: Mapping[type, Callable[[Any], float]] = {
    Follow: lambda item: _settled(item.reached) + (item.fill > 0),
    Reach: lambda item: _settled(item.reached),
    Lean: _leant,
    Gaze: _looked,
    Stone: lambda item: _settled(item.fill) + math.cos(math.radians(item.direction_deg)),
    Bend: lambda item: _settled(item.fill) - 0.3 * item.share,
    Lift: lambda item: _settled(item.fill) + item.now_deg / item.angle_deg,
    Rise: lambda item: _settled(item.fill) + item.share if item.goal == "up" else -math.inf,
    Footing: lambda item: _settled(item.fill),
    Steady: lambda item: _settled(item.fill) + item.steadiness,
    Friend: _shown,
    Breath: lambda item: item.full,
    Panel: lambda _: _WORDS_ALONE,
}
"""What makes a good picture of what a game asks for, by the kind of item."""


def _photographer(graphics: "Graphics", theme: str, language: str, size: tuple[int, int]) -> "Photographer":
    from engine.panda.pictures import Photographer
    from engine.panda.stage import Stage

    settings = Settings(theme=theme, language=language)
    stage = Stage(graphics, themes.load(theme), words.load(language, theme=theme), visits.CACHE, settings)
    return Photographer(graphics, stage, size)


def _photograph(photographer: "Photographer", moment: Moment) -> Pixels:
    scene, frame = moment
    before = frame._replace(time_ns=frame.time_ns - SETTLES_NS)
    photographer.pixels(scene, before)  # what appears takes a moment
    return photographer.pixels(scene, frame, _eye(scene, frame.head))


def _kept(folder: Path, taken: Mapping[str, Pixels]) -> list[Path]:
    return [_write_png(folder / f"{name}.png", pixels) for name, pixels in taken.items()]


def _contact_sheet(folder: Path, taken: Sequence[Pixels]) -> Path:
    """All pictures small, row by row in the order that they were taken in."""
    step = THUMBNAIL_OF_SIZE
    high, wide = (side // step for side in taken[0].shape[:2])
    rows = math.ceil(len(taken) / ACROSS)
    sheet = np.full((rows * (high + GAP) + GAP, ACROSS * (wide + GAP) + GAP, 3), 255, np.uint8)
    for number, pixels in enumerate(taken):
        top, left = (number // ACROSS) * (high + GAP) + GAP, (number % ACROSS) * (wide + GAP) + GAP
        blocks = pixels[: high * step, : wide * step].reshape(high, step, wide, step, 3)
        sheet[top : top + high, left : left + wide] = blocks.mean(axis=(1, 3)).round()
    return _write_png(folder / "contact.png", sheet)


def _write_png(path: Path, pixels: Pixels) -> Path:
    """Write height x width x 3 as a PNG (ISO/IEC 15948)."""
    high, wide, _ = pixels.shape
    rows = np.concatenate([np.zeros((high, 1), np.uint8), pixels.reshape(high, -1)], axis=1)  # 0: rows are unfiltered
    chunks = (
        (b"IHDR", struct.pack(">IIBBBBB", wide, high, 8, 2, 0, 0, 0)),
        (b"IDAT", zlib.compress(rows.tobytes(), 9)),
        (b"IEND", b""),
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    written = b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + written)
    return path


@app.command("gallery")
def gallery_command(
    folder: Annotated[Path, typer.Option("--folder", help="where the pictures go")],
    theme: Annotated[list[str] | None, typer.Option("--theme", help="only this theme; may be given again")] = None,
    language: Annotated[list[str] | None, typer.Option("--language", help="only this one; may be given again")] = None,
    game: Annotated[list[str] | None, typer.Option("--game", help="only this game; may be given again")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="print JSON for programs")] = False,
) -> None:
    """Take a picture of every game in every theme, and of every state of a session in every language."""
    try:
        taken = gallery(folder, theme or themes.names(), language or words.languages(), game or games.names())
    except (HeadsetUnavailable, themes.ThemeError, words.WordsError, games.UnknownGame) as reason:
        fail(str(reason))
    answer: dict[str, Any] = {"pictures": [str(path) for path in taken]}
    tell(answer, as_json, f"{len(taken)} pictures in {folder}; {taken[-1].name} shows them all")
