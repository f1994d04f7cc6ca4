"""The gallery: a picture of every game in every theme, and of every state of a session in every language."""

import math
import struct
import tempfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
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
from engine.commands import moments, visits
from engine.commands.answer import fail, tell
from engine.commands.difficulty import preset_parameters
from engine.commands.moments import Moment, Moments
from engine.frame import Button, Frame
from engine.headset import Headset, HeadsetUnavailable, Watched
from engine.plan import ASSESS, END, REST, SUMMARY, About, AnyStep, Step
from engine.settings import Settings
from engine.simulated import SimulatedHeadset
from engine.task import Move, Task, Trial

if TYPE_CHECKING:
    from engine.panda.graphics import Graphics
    from engine.panda.pictures import Photographer

app = typer.Typer()

TITLE = "title"
SHOWN_GAME = "fruit_ladder"
"""The game that states and languages are shown with."""
SIZE = (1200, 750)
THUMBNAIL_OF_SIZE, ACROSS, GAP = 3, 4, 6
SEED, RATE_HZ = 3, 45.0
SETTLES_NS = 3_000_000_000
AWAY_S, STOPS_S = (14.0, 17.0), 22.0

Pixels = NDArray[np.uint8]


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
        played = {name: found for name in chosen if (found := _played(name, Path(sessions)).get(moments.PLAY))}
        states = _states(Path(sessions))
        taken: dict[str, Pixels] = {}
        for theme in theme_names:
            photographer = _photographer(graphics, theme, languages[0], size)
            for name, moment in played.items():
                taken[f"{name}-{theme}"] = _photograph(photographer, moment)
        for language in languages:
            photographer = _photographer(graphics, theme_names[0], language, size)
            for state in moments.STATES:
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
    seen = Moments()
    plan = visits.plan("gallery", steps, visits.resolved(), SEED, anybody())
    about = About(f"gallery-{name}", "2026-01-05T09:00:00+00:00", visits.SOFTWARE)
    visits.play(plan, Watched(headset, seen), folder, about)
    return seen.kept


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
    return photographer.pixels(scene, frame, moments.eyes(scene, frame.head))


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
