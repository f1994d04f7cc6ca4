"""The demo: one whole session, from a person's movement to the therapist's page, on this computer alone."""

import json
import math
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import msgspec
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from calibration import imported
from engine import replay, words
from engine import theme as themes
from engine.commands import visits
from engine.commands.answer import summary
from engine.frame import SIDES, Frame
from engine.headset import HeadsetUnavailable, Watched
from engine.keys import Keys
from engine.plan import About
from engine.records import Calibration, Session, to_json
from engine.scene import Lean, Panel, Scene, Target
from engine.simulated import SimulatedHeadset
from engine.simulated_patient import patient_like
from engine.theme import ASSETS

if TYPE_CHECKING:
    from server_sync.clinic.service import Service

GAMES = ["fruit_ladder", "harbour_lean"]
PRESET = "standard"
PATIENT = "demo-patient"
SEED = 5
LOGIN = "therapist"
SERVER_STARTS_S = 30.0
BEST_YAW_DEG, BEST_PITCH_DEG = 18.0, -10.0  # the panel is on the left, and the sleeve comes from below
SETTLED_FILL = 0.35  # how full a target is when its picture is taken
APPEARS_S = 3.0  # what comes into a basket takes a moment
STAGES = (
    "a person's recording",
    "the session",
    "pictures",
    "the report",
    "the clinic server",
    "delivery",
)


class DemoStopped(Exception):
    """The demo could not go on; the message says where and why."""


class Progressing:
    """A progress bar on standard error; silent when told so."""

    def __init__(self, quiet: bool) -> None:
        self._bar = Progress(
            TextColumn("{task.description:22}"),
            BarColumn(bar_width=40),
            TextColumn("{task.percentage:3.0f} %"),
            TimeElapsedColumn(),
            console=Console(stderr=True),
            disable=quiet,
        )
        self._task: TaskID = self._bar.add_task("", total=len(STAGES))

    def __enter__(self) -> "Progressing":
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def begin(self, stage: str) -> None:
        """Go on to a stage."""
        self._bar.update(self._task, description=stage, completed=STAGES.index(stage))

    def within(self, stage: str, share: float) -> None:
        """How far a stage is, from 0 to 1."""
        self._bar.update(self._task, completed=STAGES.index(stage) + share)

    def done(self) -> None:
        """All is done."""
        self._bar.update(self._task, description="done", completed=len(STAGES))

    def say(self, sentence: str) -> None:
        """A sentence above the bar."""
        self._bar.console.print(sentence, highlight=False, soft_wrap=True)


class Advance:
    """An onlooker that moves the bar while a session goes on, by the trials' clock."""

    expected_s = 270.0

    def __init__(self, progress: Progressing) -> None:
        self._progress, self._seen = progress, 0

    def see(self, frame: Frame, scene: Scene) -> None:  # noqa: ARG002 (what every onlooker is given)
        """Count frames, and move the bar once in a while."""
        self._seen += 1
        if self._seen % 900 == 0:
            self._progress.within("the session", min(0.99, frame.time_ns * 1e-9 / self.expected_s))


class Moments:
    """An onlooker that keeps the moments worth a picture: mid-game in each game, and the end."""

    def __init__(self) -> None:
        self.kept: dict[str, tuple[Scene, Frame]] = {}
        self._worth: dict[str, float] = {}

    def see(self, frame: Frame, scene: Scene) -> None:
        """Keep the best frame of each moment that has come."""
        name, worth = _moment(scene, frame)
        if name and worth > self._worth.get(name, -math.inf):
            self.kept[name], self._worth[name] = (scene, frame), worth


def run(out: Path, recording: Path | None, keep: bool, tell: Callable[[dict[str, Any]], None] | None = None) -> None:
    """Everything, into a folder.

    What a program wants to know of it goes to `tell`, or to a person in words without one; then, with `keep`, the
    server runs on. Raises DemoStopped and refusals.
    """
    from server_sync.clinic.service import Service
    from server_sync.page.report import write_report

    _prepare(out)
    with Progressing(quiet=tell is not None) as progress:
        progress.begin(STAGES[0])
        source, known = _measured(out, recording, progress)
        progress.begin("the session")
        moments = Moments()
        session, folder = _session(out, known, (Advance(progress), moments))
        progress.begin("pictures")
        pictures = _pictures(out / "pictures", moments, progress)
        progress.begin("the report")
        write_report(session, out / "report.html", pictures)
        progress.begin("the clinic server")
        clinic = Clinic(Service(out / "clinic"), out / "clinic")
        with clinic:
            progress.begin("delivery")
            delivery = clinic.receive(out / "sessions")
            progress.done()
            answer = {
                "source": source,
                "measured": _measures(known),
                **summary(session, folder),
                "report": str(out / "report.html"),
                "pictures": [str(path) for path in pictures],
                "delivery": delivery,
                "server_sessions": clinic.sessions(),
                "page": f"{clinic.url}/sessions/{session.id}",
                "clinic": {"folder": str(out / "clinic"), "login": LOGIN, "password": clinic.password},
            }
            (out / "demo.json").write_text(json.dumps(answer, indent=1), encoding="utf-8")
            tell(answer) if tell else _say(answer, progress)
            if keep:
                progress.say(f"The page is {answer['page']}; the server runs until you press Ctrl-C.")
                clinic.wait()


class Clinic(AbstractContextManager["Clinic"]):
    """A clinic server as a process of its own, with one account and one enrolled device."""

    def __init__(self, service: "Service", folder: Path) -> None:
        self._service = service
        self._folder = folder
        self.password = self._service.accounts.add(LOGIN, "Demo Therapist")
        self._process: subprocess.Popen[str] | None = None
        self.url = ""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        self._service.close()

    def start(self, port: int = 0) -> None:
        """Start the process and wait until it answers; raises DemoStopped."""
        command = [
            sys.executable,
            "-P",
            "-m",
            "steadyreach",
            "serve",
            "--folder",
            str(self._folder),
            "--port",
            str(port),
        ]
        environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
        self._process = subprocess.Popen(  # noqa: S603 (our own program)
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment
        )
        said = []
        for line in self._process.stdout or ():
            said.append(line.strip())
            if line.startswith("Serving at "):
                self.url = line.split()[-1]
                return
        raise DemoStopped(f"the clinic server did not start: {' '.join(said) or 'it said nothing'}")

    def stop(self) -> None:
        """Stop the process; may be called twice."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(SERVER_STARTS_S)
            self._process = None

    def wait(self) -> None:
        """Wait for the process, or for Ctrl-C."""
        try:
            if self._process is not None:
                self._process.wait()
        except KeyboardInterrupt:
            return

    def receive(self, sessions: Path) -> dict[str, Any]:
        """Enrol a device, deliver while the server is down, then up, then again with the ledger lost."""
        from server_sync.client.delivery import deliver
        from server_sync.client.enrolment import enrol
        from server_sync.client.home import LEDGER, home_of
        from server_sync.client.patience import Patience

        home, keys, patient = home_of(sessions), Keys(self._folder.parent / "keys"), Patience(20.0)
        self.start()
        code = self._service.devices.new_code()
        device = enrol(home, self.url, code, "demo headset", visits.SOFTWARE, keys, patient)
        port = int(self.url.rsplit(":", 1)[1])
        self.stop()
        down = deliver(home, device, keys, Patience(0.3))
        self.start(port)
        up = deliver(home, device, keys, patient)
        if not up.complete:
            raise DemoStopped(f"the session could not be delivered: {up.problem or dict(up.set_aside)}")
        (home.clinic / LEDGER).unlink()
        again = deliver(home, device, keys, patient)
        return {
            "while_down": {"waiting": len(down.waiting), "said": down.problem},
            "delivered": len(up.delivered),
            "again_without_ledger": {"delivered": len(again.delivered), "already_there": len(again.already_there)},
        }

    def sessions(self) -> int:
        """How many sessions the server holds."""
        return self._service.archive.count()


def find_recordings() -> list[Path]:
    """Recordings of real people beside the checkout, or where STEADYREACH_DATA says."""
    root = os.environ.get("STEADYREACH_DATA") or ASSETS.parent.parent / "shared" / "data"
    return sorted((Path(root) / "vr_beatsaber").glob("*.bsor"))


def _prepare(out: Path) -> None:
    if out.exists() and any(out.iterdir()) and not (out / "demo.json").is_file():
        raise DemoStopped(f"{out} is not empty and not from a demo; choose another folder with --folder")
    out.mkdir(parents=True, exist_ok=True)
    for name in ("clinic", "keys", "pictures", "sessions", "source"):
        if (out / name).exists():
            (out / name).rename(_aside(out))
    (out / "demo.json").write_text("{}", encoding="utf-8")


def _aside(out: Path) -> Path:
    """Where a former demo's folder goes: nothing is deleted."""
    before = out / "before"
    before.mkdir(exist_ok=True)
    return before / f"{int(time.time())}-{secrets.token_hex(3)}"


def _measured(out: Path, recording: Path | None, progress: Progressing) -> tuple[str, Calibration]:
    chosen = [recording] if recording else find_recordings()
    if chosen:
        path, known = max(((path, _known(path)) for path in chosen), key=lambda found: _highest_deg(found[1]))
        source = f"a person's recording, {path.name}" + _of_how_many(chosen)
    else:
        progress.say("No person's recording was found, so a simulated patient makes one on the spot.")
        holds = visits.resolved(PRESET)
        plan = visits.plan("demo-source", visits.steps_for([], holds), holds, SEED)
        _, folder = visits.play(plan, SimulatedHeadset(seed=SEED), out / "source", _about("source"))
        known, source = _known(folder / "frames.vrec"), "a simulated patient's recording, made on the spot"
    (out / "measured.json").write_bytes(to_json(known))
    return source, known


def _known(path: Path) -> Calibration:
    rows, _ = replay.read_rows(path)
    return imported.measure(rows, _about("").started_at)


def _highest_deg(known: Calibration) -> float:
    return sum(known.limits[f"shoulder_elevation_{side}"].value for side in SIDES)


def _of_how_many(chosen: list[Path]) -> str:
    return f", the one of {len(chosen)} that shows the highest reach" if len(chosen) > 1 else ""


def _session(out: Path, known: Calibration, watchers: tuple[Any, ...]) -> tuple[Session, Path]:
    headset = SimulatedHeadset(patient_like(known), seed=SEED)
    holds = visits.resolved(PRESET)
    plan = visits.plan(PATIENT, visits.steps_for(GAMES, holds), holds, SEED, known)
    about = _about(f"demo-{datetime.now():%Y%m%d-%H%M%S}-{secrets.token_hex(3)}")
    return visits.play(plan, Watched(headset, *watchers), out / "sessions", about)


def _pictures(folder: Path, moments: Moments, progress: Progressing) -> list[Path]:
    """Draw the moments that were kept; none, with a sentence, where there is no OpenGL."""
    try:
        from engine.panda.graphics import Graphics
        from engine.panda.pictures import Photographer, looking_ahead
        from engine.panda.stage import Stage

        graphics = Graphics.offscreen()
    except (HeadsetUnavailable, ImportError) as reason:
        progress.say(f"No pictures: {reason}")
        return []
    folder.mkdir(parents=True, exist_ok=True)
    stage = Stage(graphics, themes.load(), words.load(), visits.CACHE)
    photographer = Photographer(graphics, stage)
    taken = [folder / "1-title.png"]
    photographer.take_title(taken[0])
    for number, (name, (scene, frame)) in enumerate(sorted(moments.kept.items()), 2):
        progress.within("pictures", number / (2 + len(moments.kept)))
        taken.append(folder / f"{number}-{name}.png")
        earlier = frame._replace(time_ns=frame.time_ns - round(1e9 * APPEARS_S))
        stage.show(scene, earlier)
        photographer.take_from(looking_ahead(frame.head), scene, frame, taken[-1])
    graphics.close()
    return taken


def _moment(scene: Scene, frame: Frame) -> tuple[str, float]:
    """Which moment a scene is, and how good a picture it makes: fruit right of the middle, a lamp ahead."""
    done = max((item.done for item in scene.items if isinstance(item, Panel)), default=0)
    for item in scene.items:
        if isinstance(item, Target) and item.state == "wanted" and SETTLED_FILL < item.fill < 1 and done >= 3:
            x, y, z = (place - head for place, head in zip(item.place_m, frame.head.position_m, strict=True))
            yaw_deg, pitch_deg = math.degrees(math.atan2(x, -z)), math.degrees(math.atan2(y, math.hypot(x, z)))
            return "fruit-ladder", -math.hypot(yaw_deg - BEST_YAW_DEG, pitch_deg - BEST_PITCH_DEG)
        if isinstance(item, Lean) and not item.open_ended and SETTLED_FILL < item.fill < 1 and done >= 2:
            return "harbour-lean", math.cos(math.radians(item.direction_deg - 45.0))
        if isinstance(item, Panel) and item.key == "end":
            return "the-end", 0.0
    return "", 0.0


def _measures(known: Calibration) -> dict[str, Any]:
    return {
        "stature_m": known.stature_m.value,
        "arm_m": {side: arm.value for side, arm in known.arm_m.items()},
        "limits_deg": {name: limit.value for name, limit in known.limits.items()},
        "reach_cells": {side: len(cells) for side, cells in known.reach.items()},
        "sway": {name: {"value": m.value, "unit": m.unit, "note": m.note} for name, m in known.sway.items()},
        "quality": msgspec.to_builtins(known.quality),
    }


def _about(id: str) -> About:
    return About(id, datetime.now().astimezone().isoformat(timespec="seconds"), visits.SOFTWARE)


def _trust(measured: dict[str, Any]) -> str:
    """The quality of the recording in one sentence."""
    quality, sway = measured["quality"], measured["sway"]["sway_velocity"]
    dropped = ", ".join(f"{count} for {why}" for why, count in quality["dropped"].items()) or "none"
    said = sway["note"] if sway["value"] is None else f"head sway {sway['value']:.1f} {sway['unit']}"
    return f"{quality['frames']} frames at {quality['rate_hz']:.0f} Hz, dropped: {dropped}; {said}."


def _say(answer: dict[str, Any], progress: Progressing) -> None:
    measured, clinic, said = answer["measured"], answer["clinic"], answer["delivery"]["while_down"]
    arms = ", ".join(f"{side} arm {length:.2f} m" for side, length in measured["arm_m"].items())
    for sentence in (
        f"Measured from {answer['source']}: stature {measured['stature_m']:.2f} m, {arms}.",
        f"How far to trust it: {_trust(measured)}",
        f"Played {answer['trials']} trials, {answer['reached']} reached, in {answer['seconds']:.0f} s of session time.",
        f"While the server was down: {said['waiting']} waiting. Delivered since; the server holds "
        f"{answer['server_sessions']}.",
        f"Report     {answer['report']}",
        *(f"Picture    {path}" for path in answer["pictures"]),
        f"Recording  {answer['recording']}",
        f"Page       steadyreach serve --folder {clinic['folder']}, then log in as {clinic['login']} "
        f"with {clinic['password']}",
    ):
        progress.say(sentence)
