"""The bench of pictures: what every game costs in every theme, in scenes of real play by a simulated patient.

Draw calls and triangles are counted (`engine.panda.budget`). Processor time is that of the main thread for bringing the
stage to what a scene says, held against moving as many bare nodes as may be drawn, in the same run: what drawing costs
the processor on top depends on the driver, and is told without a bound. GPU time is bounded where a graphics card is.
"""

import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from panda3d.core import Camera, GraphicsOutput, NodePath, PerspectiveLens

import games
from engine import theme as themes
from engine import words
from engine.commands import visits
from engine.commands.bench.gpu import Timer
from engine.commands.bench.rows import Row, row
from engine.frame import UPRIGHT, Frame
from engine.headset import Watched
from engine.panda.axes import to_panda, turn_to_panda
from engine.panda.budget import MOST_DRAW_CALLS, MOST_TRIANGLES, Load, load_of
from engine.panda.graphics import Graphics
from engine.panda.stage import Stage
from engine.plan import About
from engine.scene import Progress, Scene
from engine.simulated import SimulatedHeadset

Moment = tuple[Scene, Frame]
SEED, RATE_HZ, COUNTED_EVERY = 3, 45.0, 15
MID_PLAY, FRAMES = 0.4, 90
SMALL, FULL, SAMPLES, EYES = (64, 64), (2064, 2208), 4, 2
FIELD_OF_VIEW_DEG = 100.0  # of one eye, as wide as headsets have it
MOST_GPU_MS, MOST_OF_PEER, GPU_FRAMES = 3.0, 2.0, 20
SOFTWARE = ("llvmpipe", "softpipe", "SwiftShader")
READS = Path("/proc/self/io")
PEER = f"{MOST_DRAW_CALLS} bare nodes moved"


class Film:
    """An onlooker that keeps a whole session."""

    def __init__(self) -> None:
        self.moments: list[Moment] = []

    def see(self, frame: Frame, scene: Scene) -> None:
        """Keep a moment."""
        self.moments.append((scene, frame))

    def within(self, place: str) -> list[Moment]:
        """What was in a place, measuring for the game in it included."""
        return [moment for moment in self.moments if moment[0].place == place]

    def mid_play(self) -> list[Moment]:
        """Some frames in a row, from when the round is nearly half done."""
        begins = next(number for number, (scene, _) in enumerate(self.moments) if _share(scene) >= MID_PLAY)
        return self.moments[begins : begins + FRAMES]


class Eye(NamedTuple):
    """A camera in a stage, and what it draws into."""

    node: NodePath
    film: GraphicsOutput


def run(chosen: Sequence[str] = (), theme_names: Sequence[str] = (), *, drawing: bool = True) -> list[Row]:
    """The rows of every game (or those chosen) in every theme (or those named), with those of `drawing` or without.

    Raises engine.headset.HeadsetUnavailable where there is no OpenGL.
    """
    played = {name: film_of(name) for name in chosen or games.names()}
    with closing(Graphics.offscreen()) as graphics:
        peer_ms = _peer_ms()
        rows = [row("main thread, the peer", peer_ms, "ms", PEER)]
        for name in theme_names or themes.names():
            stage = Stage(graphics, themes.load(name), words.load(theme=name), visits.CACHE)
            rows += _theme(stage, name, played, peer_ms)
            rows += _drawing(graphics, stage, name, played) if drawing else []
        return rows


def film_of(name: str) -> Film:
    """A session with one game, measuring included, as a simulated patient plays it."""
    film, holds = Film(), visits.resolved()
    plan = visits.plan("bench", visits.steps_for([name], holds), holds, SEED)
    with tempfile.TemporaryDirectory() as folder:
        watched = Watched(SimulatedHeadset(seed=SEED, rate_hz=RATE_HZ), film)
        visits.play(plan, watched, Path(folder), About("bench", "2026-01-05T09:00:00+00:00", visits.SOFTWARE))
    return film


def _theme(stage: Stage, theme: str, played: Mapping[str, Film], peer_ms: float) -> list[Row]:
    stage.prepare(themes.PLACES)
    before, read = _reads(), _reads()
    counting = (read or 0) - (before or 0)
    for film in played.values():
        for scene, frame in film.moments[::COUNTED_EVERY]:
            stage.show(scene, frame)
    rows = [] if read is None else [
        row(f"reads after preparing, {theme}", (_reads() or 0) - read - counting, "reads", "of any file", at_most=0.0)
    ]  # fmt: skip
    shown = {name: film.within(games.load(name).place) for name, film in played.items()}
    shown["lobby"] = next(iter(played.values())).within("lobby")
    for name, moments in shown.items():
        load = most(stage, moments)
        rows += [
            row(f"draw calls, {name}, {theme}", load.draw_calls, "a view", "", at_most=MOST_DRAW_CALLS),
            row(f"triangles, {name}, {theme}", load.triangles, "a view", "", at_most=MOST_TRIANGLES),
        ]
    return rows + [
        row(f"main thread, {name}, {theme}", _shown_ms(stage, film.mid_play()) / peer_ms, "of the peer", PEER,
            at_most=MOST_OF_PEER)
        for name, film in played.items()
    ]  # fmt: skip


def most(stage: Stage, moments: Sequence[Moment]) -> Load:
    """The most that an eye has to draw of some moments: the largest number of calls, and of triangles."""
    eye = stage.root.attach_new_node(Camera("counted", _lens(FULL)))
    loads = list(_loads(stage, eye, moments[::COUNTED_EVERY]))
    eye.remove_node()
    return Load(max(load.draw_calls for load in loads), max(load.triangles for load in loads))


def gpu_ms(graphics: Graphics, stage: Stage, moments: Sequence[Moment]) -> float:
    """GPU time of both eyes of a frame, the median of some, at full size: on any machine with EGL."""
    eyes = [_eye(graphics, stage, f"eye {number}", FULL, SAMPLES) for number in range(EYES)]
    timer = Timer()
    spent_ms = []
    for scene, frame in moments[:GPU_FRAMES]:
        stage.show(scene, frame)
        for eye in eyes:
            _aim(eye.node, frame)
        with timer:
            graphics.engine.render_frame()
        spent_ms.append(timer.milliseconds())
    for eye in eyes:
        _drop(graphics, eye)
    return median(spent_ms[1:])


def _drawing(graphics: Graphics, stage: Stage, theme: str, played: Mapping[str, Film]) -> list[Row]:
    """What drawing costs the main thread, and the card; a processor that pretends to be one is told of one game."""
    renderer = graphics.describe()
    pretends = any(name.lower() in renderer.lower() for name in SOFTWARE)
    bound = {} if pretends else {"at_most": MOST_GPU_MS}
    some = list(played.items())[:1] if pretends else list(played.items())
    rows = [
        row(f"main thread and driver, {name}, {theme}", _drawn_ms(graphics, stage, film.mid_play()), "ms", renderer)
        for name, film in some
    ]
    return rows + [
        row(f"GPU, {name}, {theme}", gpu_ms(graphics, stage, film.mid_play()[: 3 if pretends else None]), "ms",
            renderer, **bound)
        for name, film in some
    ]  # fmt: skip


def _shown_ms(stage: Stage, moments: Sequence[Moment]) -> float:
    """Processor time of the main thread for bringing the stage to a frame: the median."""
    return _median_ms(lambda moment: stage.show(*moment), moments)


def _drawn_ms(graphics: Graphics, stage: Stage, moments: Sequence[Moment]) -> float:
    """The same with drawing one small picture of it, whatever the driver does for that on this thread."""
    eye = _eye(graphics, stage, "small", SMALL, 0)

    def draw(moment: Moment) -> None:
        stage.show(*moment)
        _aim(eye.node, moment[1])
        graphics.engine.render_frame()

    spent_ms = _median_ms(draw, moments)
    _drop(graphics, eye)
    return spent_ms


def _peer_ms() -> float:
    """What Python and Panda3D take to move as many nodes as may be drawn, each to a place and a turn of its own."""
    room = NodePath("room")
    nodes = [room.attach_new_node(f"node {number}") for number in range(MOST_DRAW_CALLS)]
    turn = turn_to_panda(UPRIGHT)

    def move(time_s: float) -> None:
        for number, node in enumerate(nodes):
            node.set_pos_quat(to_panda((0.01 * number, time_s, -1.0)), turn)

    return _median_ms(move, [number / RATE_HZ for number in range(2 * FRAMES)])


def _median_ms(work: Callable[[Any], None], over: Sequence[Any]) -> float:
    spent_s = []
    for each in over:
        begun_s = time.thread_time()
        work(each)
        spent_s.append(time.thread_time() - begun_s)
    return 1000 * median(spent_s)


def _loads(stage: Stage, eye: NodePath, moments: Sequence[Moment]) -> Iterator[Load]:
    for scene, frame in moments:
        stage.show(scene, frame)
        _aim(eye, frame)
        yield load_of(eye)


def _eye(graphics: Graphics, stage: Stage, name: str, size: tuple[int, int], samples: int) -> Eye:
    node = stage.root.attach_new_node(Camera(name, _lens(size)))
    film = graphics.buffer(name, size, samples)
    film.make_display_region().set_camera(node)
    return Eye(node, film)


def _drop(graphics: Graphics, eye: Eye) -> None:
    graphics.engine.remove_window(eye.film)
    eye.node.remove_node()


def _aim(node: NodePath, frame: Frame) -> None:
    node.set_pos_quat(to_panda(frame.head.position_m), turn_to_panda(frame.head.orientation))


def _lens(size: tuple[int, int]) -> PerspectiveLens:
    lens = PerspectiveLens()
    lens.set_aspect_ratio(size[0] / size[1])
    lens.set_min_fov(FIELD_OF_VIEW_DEG)
    lens.set_near_far(0.05, 400.0)
    return lens


def _share(scene: Scene) -> float:
    return max((item.share for item in scene.items if isinstance(item, Progress)), default=0.0)


def _reads() -> int | None:
    """How often this process has read from anything so far; None where the system does not tell (it is Linux's)."""
    if not READS.exists():
        return None
    return next(int(line.split()[1]) for line in READS.read_text().splitlines() if line.startswith("syscr"))
