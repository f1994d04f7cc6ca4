"""Films of sessions: a recording is played again, and shown from the person's eyes, from their side, or both."""

import math
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import typer

from engine import recording, words
from engine import theme as themes
from engine.commands import visits
from engine.commands.answer import fail, tell
from engine.commands.replaying import played, replayed
from engine.commands.video import Video, VideoRefused
from engine.frame import Frame
from engine.headset import Watched
from engine.plan import About
from engine.records import Session
from engine.scene import Scene
from engine.sealing import recipients_in
from engine.session_folder import FRAMES, read_session
from engine.settings import USUAL, Settings

if TYPE_CHECKING:
    from engine.panda.film import FilmCamera

SIZE = (1280, 720)
VIEWS = ("both", "eyes", "side")
LEAST, MOST = 64, 4096
ADULT_M = 1.71
LEAD_S, EARLY_S = 3.0, 0.25
"""What comes before the first picture is followed, too, because a panel stays where it appeared: at last at the rate of
the film, before that with so long between."""


@dataclass(frozen=True)
class Cut:
    """Which seconds of a session a film shows, how many of them a second, and in how many pictures a second."""

    from_s: float = 0.0
    until_s: float = math.inf
    speed: float = 1.0
    rate_hz: float = 30.0


class Shot(NamedTuple):
    """A moment of a session, and how many pictures of a film show it; with none it is only followed."""

    frame: Frame
    scene: Scene
    pictures: int


@dataclass
class Reel:
    """An onlooker that keeps the moments of which a film is made."""

    cut: Cut
    shots: list[Shot] = field(default_factory=list)
    _begun_ns: int | None = None
    _last: int | None = None
    _followed_s: float = -math.inf

    def see(self, frame: Frame, scene: Scene) -> None:
        """Keep this moment, if it is time for a picture."""
        if self._begun_ns is None:
            self._begun_ns = frame.time_ns
        now_s = (frame.time_ns - self._begun_ns) * 1e-9
        if now_s < self.cut.from_s - LEAD_S:
            if now_s >= self._followed_s + EARLY_S:
                self.shots.append(Shot(frame, scene, 0))
                self._followed_s = now_s
            return
        number = math.floor(min(self._number(now_s), self._number(self.cut.until_s) - 1))
        if self._last is None or number > self._last:
            before = -1 if self._last is None else self._last
            self.shots.append(Shot(frame, scene, max(number, -1) - max(before, -1)))
            self._last = number

    def _number(self, now_s: float) -> float:
        """Which picture is due; times are in nanoseconds, so a little more or less is nothing."""
        return round((now_s - self.cut.from_s) * self.cut.rate_hz / self.cut.speed, 5)

    @property
    def pictures(self) -> int:
        """How many pictures the film has."""
        return sum(shot.pictures for shot in self.shots)


class Filmed(NamedTuple):
    """What came of it; `same` says whether the session came out again byte for byte."""

    video: str
    pictures: int
    seconds: float
    encoder: str
    same: bool


def film(
    session: Path,
    video: Path,
    cut: Cut = Cut(),
    view: str = VIEWS[0],
    size: tuple[int, int] = SIZE,
    settings: Settings = USUAL,
    samples: int = 4,
) -> Filmed:
    """Film a finished session, without sound; the file appears whole or not at all.

    The session is played to its end before the first picture is drawn, so that nothing that goes wrong with a picture
    can end the session. Raises VideoRefused, engine.headset.HeadsetUnavailable where there is no OpenGL, ThemeError,
    WordsError, RecordUnreadable and RecordingUnreadable.
    """
    done, reel, same = reel_of(session, cut)
    if not reel.pictures:
        raise VideoRefused(f"nothing of {session}, which lasts {done.seconds:.1f} s, lies between --from and --until")
    with Video(video, size, cut.rate_hz) as file, camera(size, view, settings, samples, done) as eye:
        expose(reel.shots, eye, file)
    return Filmed(str(video), reel.pictures, round(reel.pictures / cut.rate_hz, 3), file.codec, same)


def reel_of(session: Path, cut: Cut) -> tuple[Session, Reel, bool]:
    """Play a finished session again: its record, the moments of a cut, and whether the same session came out."""
    before = read_session(session)
    frames = recording.read(session / FRAMES)
    headset, recipients = replayed(before, frames), recipients_in(session.parent)
    reel, about = Reel(cut), About(before.id, before.started_at, before.software)
    with tempfile.TemporaryDirectory() as folder:
        plan = visits.plan_of(before)
        done, _ = visits.play(plan, Watched(headset, reel), Path(folder), about, recipients=recipients)
    return before, reel, played(before) == played(done)


def stature_m(done: Session) -> float:
    """How tall the person is, as far as the session knows."""
    known = done.calibration or done.known
    return known.stature_m.value if known else ADULT_M


@contextmanager
def camera(size: tuple[int, int], view: str, settings: Settings, samples: int, done: Session) -> "Iterator[FilmCamera]":
    """A camera before a stage of its own, for a film of a session."""
    from engine.panda.film import FilmCamera
    from engine.panda.graphics import Graphics
    from engine.panda.stage import Stage

    theme, said = themes.load(settings.theme), words.load(settings.language, theme=settings.theme)
    with closing(Graphics.offscreen()) as graphics:
        stage, seated = Stage(graphics, theme, said, visits.CACHE, settings), done.posture == "seated"
        yield FilmCamera(graphics, stage, size, view, samples, stature_m(done), seated)


def expose(shots: Sequence[Shot], eye: "FilmCamera", file: Video) -> None:
    """Draw and write every shot, and tell how far it has come."""
    with typer.progressbar(shots, label="filming", file=sys.stderr) as told:
        for frame, scene, pictures in told:
            if pictures:
                file.write(eye.picture(scene, frame), pictures)
            else:
                eye.follow(scene, frame)


def film_command(
    session: Path, video: Path, cut: Cut, view: str, size: str, theme: str, language: str, as_json: bool
) -> None:
    """What `steadyreach replay SESSION --video FILE` does."""
    try:
        if view not in VIEWS:
            raise VideoRefused(f"--view {view!r} must be {', '.join(VIEWS)}")
        settings = Settings(theme=theme, language=language)
        done = film(session, video, cut, view, pixels(size), settings)
    except VideoRefused as reason:
        fail(str(reason))
    if not done.same:
        typer.echo(f"{session} came out differently: another version recorded it, or files were changed", err=True)
    sentence = f"{done.video}: {done.pictures} pictures, {done.seconds:.1f} s, without sound, by {done.encoder}"
    tell(done._asdict(), as_json, sentence)


def pixels(size: str) -> tuple[int, int]:
    """Width and height of a size such as 1280x720; raises VideoRefused."""
    wide, _, high = size.partition("x")
    if not (wide.isdecimal() and high.isdecimal() and LEAST <= int(wide) <= MOST and LEAST <= int(high) <= MOST):
        raise VideoRefused(f"--size {size!r} must look like 1280x720, each from {LEAST} to {MOST}")
    return int(wide), int(high)
