"""An R4 server that really runs, its validators, a ledger in a file, and what there is to export."""

import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from random import Random
from threading import Thread
from typing import Any
from uuid import UUID

import fhirkit
import httpx
import msgspec
from filelock import FileLock
from server_fixtures import a_session, recorded

import games
from engine.metrics.head_sway import KEPT
from engine.prescription import Message, Practice, Prescription
from engine.records import Answer, BlockRecord, Limit, Measured, Precaution, Request, Session, TrialRecord
from server_sync.client.patience import Patience
from server_sync.fhir.naming import Naming
from server_sync.fhir.people import Audited, ConsentRecord, Person, of_audit, of_consent, of_person
from server_sync.fhir.prescribed import of_prescriptions
from server_sync.fhir.pushing import Noted
from server_sync.fhir.remote import Remote, Tokens
from server_sync.fhir.resources import Resource
from server_sync.fhir.visits import of_session, questionnaire

SOURCE = Path(__file__).resolve().parent / "fhir_server"
NAMING = Naming(UUID("6f1c6f0e-52a5-4c39-9a43-0d7a2f7f0001"))
PERSON = Person("0123456789abcdef", "p-milo", "Milo Fernández", "2015-04-30")
MOVED = ("shoulder_elevation_left", "shoulder_elevation_right", "lean_back_left", "neck_rotation_right", "")


Said = tuple[int, Mapping[str, str], bytes]
LOST: Said = (0, {}, b"")


class NoFhirServer(Exception):
    """The server cannot run here; the message says why and what would help."""


class FhirServer:
    """A Node process: an R4 server at `url` with an empty store under every base path, and two validators."""

    def __init__(self, process: "subprocess.Popen[str]", http: httpx.Client) -> None:
        """Wait until it listens."""
        self._process, self._http = process, http
        self.url = f"http://127.0.0.1:{self._answer()['port']}"

    def issues(self, resource: Mapping[str, Any]) -> dict[str, list[str]]:
        """What each of the three validators says against a resource."""
        found: dict[str, list[str]] = self._ask({"validate": resource})
        return {**found, "fhirkit": errors_by_fhirkit(json.dumps(resource).encode())}

    def register(self, clients: Mapping[str, Mapping[str, Any]]) -> None:
        """Let clients get tokens with their keys."""
        self._ask({"clients": clients})

    def asked(self) -> list[str]:
        """The addresses that were asked for since the last time."""
        found: list[str] = self._ask({"asked": True})
        return found

    def total(self, base: str, search: str) -> int:
        """How many resources a search finds."""
        found: int = self._http.get(f"{self.url}/{base}/{search}").json()["total"]
        return found

    def remote(self, base: str, tokens: Tokens | None = None) -> Remote:
        """The server under a base path, as `push` sees it."""
        return a_remote(self._http, f"{self.url}/{base}", tokens)

    def _ask(self, question: Mapping[str, Any]) -> Any:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(question) + "\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> Any:
        assert self._process.stdout is not None
        return json.loads(self._process.stdout.readline())


class FileLedger:
    """A ledger in a file that is added to: what it says is there after a crash."""

    def __init__(self, path: Path) -> None:
        """Begin with what is there."""
        self._path = path
        self._known: dict[str, Noted] = {}

    def known(self, path: str) -> Noted | None:
        return self._known.get(path)

    def note(self, path: str, noted: Noted) -> None:
        self._known[path] = noted
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps([path, *noted]) + "\n")

    @contextmanager
    def alone(self) -> Iterator[None]:
        with FileLock(self._path.with_suffix(".lock")):
            for line in self._path.read_text(encoding="utf-8").splitlines() if self._path.exists() else ():
                name, *noted = json.loads(line)
                self._known[name] = Noted(*noted)
            yield


class Between:
    """What stands between us and a server: it passes questions on, unless `say` answers one itself.

    `say` is given method, path and body, and gives an answer (status, headers, body), None to pass the question on, or
    LOST to pass it on and lose the answer.
    """

    def __init__(self, url: str) -> None:
        """Stand before `url`."""
        self.say: Callable[[str, str, bytes], Said | None] = lambda *_: None
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def handle_one(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                said = outer.say(self.command, self.path, body)
                if said is None or said == LOST:
                    names = "Content-Type", "If-Match"
                    told = {name: self.headers[name] for name in names if name in self.headers}
                    answer = outer._http.request(self.command, url + self.path, content=body, headers=told)
                    if said == LOST:
                        self.close_connection = True
                        return
                    said = answer.status_code, {"Content-Type": answer.headers["content-type"]}, answer.content
                self.send_response(said[0])
                for name, value in {**said[1], "Content-Length": str(len(said[2]))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(said[2])

            do_GET = do_PUT = do_POST = handle_one  # noqa: N815 (names of the standard library)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._http = httpx.Client(trust_env=False, timeout=20.0)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> "Between":
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        self._http.close()


@contextmanager
def a_fhir_server() -> Iterator[FhirServer]:
    """The process, ended at the end; raises NoFhirServer."""
    node = shutil.which("node")
    if node is None:
        raise NoFhirServer("Node is not on this machine: install nodejs and npm with your package manager")
    command = [node, str(SOURCE / "server.mjs")]
    process = subprocess.Popen(
        command, cwd=_packages(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8", bufsize=1
    )
    try:
        with httpx.Client(trust_env=False, timeout=20.0) as http:
            yield FhirServer(process, http)
    finally:
        process.terminate()
        process.communicate(timeout=20)


def _packages() -> Path:
    """The folder of the packages that package.json names, installed once and kept outside the repository."""
    wanted = (SOURCE / "package.json").read_bytes()
    cache = Path(os.environ.get("STEADYREACH_CACHE") or Path.home() / ".cache" / "steadyreach") / "fhir-server"
    folder = cache / hashlib.sha256(wanted).hexdigest()[:16]
    if folder.exists():
        return folder
    npm = shutil.which("npm")
    if npm is None:
        raise NoFhirServer("npm is not on this machine: install it with your package manager")
    cache.mkdir(parents=True, exist_ok=True)
    building = Path(tempfile.mkdtemp(prefix=".building-", dir=cache))
    try:
        (building / "package.json").write_bytes(wanted)
        install = [npm, "install", "--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts"]
        done = subprocess.run(install, cwd=building, capture_output=True, text=True, check=False)
        if done.returncode:
            raise NoFhirServer(f"npm cannot install the FHIR server, is the network there? {done.stderr[-400:]}")
        if not folder.exists():  # else another test was faster
            building.rename(folder)
    finally:
        shutil.rmtree(building, ignore_errors=True)
    return folder


def errors_by_fhirkit(content: bytes) -> list[str]:
    """What fhirkit says against a resource."""
    return [f"{issue.path} {issue.message}" for issue in fhirkit.validate(content) if issue.severity == "error"]


class Hurried:
    """Time that passes when somebody waits for it, and at once."""

    def __init__(self) -> None:
        """Begin with none."""
        self.waited: list[float] = []

    def clock(self) -> float:
        return sum(self.waited)

    def sleep(self, seconds: float) -> None:
        self.waited.append(seconds)


def a_remote(
    http: httpx.Client, url: str, tokens: Tokens | None = None, seconds: float = 5.0, time: Hurried | None = None
) -> Remote:
    """A server as `push` sees it; it is waited for at once."""
    time = time or Hurried()
    return Remote(url, http, Patience(seconds, clock=time.clock, sleep=time.sleep), tokens)


def a_played_block(task: str, rng: Random, start_s: float) -> BlockRecord:
    """A game with every measure that it has, some of them without a number."""
    game = games.load(task)
    trials = []
    for number in range(1, 5):
        movement = rng.choice(MOVED)
        side = "left" if movement.endswith("left") else "right" if movement.endswith("right") else ""
        request = Request(movement, 40.0, "deg", "TARGET", "as before") if movement else None
        measures = {
            name: Measured(rng.gauss(10, 4), measure.unit, rng.choice([None, 0.3]))
            if rng.random() < 0.8
            else Measured(None, measure.unit, None, "the hand was not seen")
            for name, measure in game.measures.items()
        }
        at_s = start_s + 8 * number
        trials.append(TrialRecord(number, side, at_s, at_s + 6, "reached", request, 38.0, measures=measures))
    return BlockRecord(task, game.title, game.version, "play", start_s, start_s + 60, trials=tuple(trials))


@cache
def _a_session(seed: int) -> Session:
    return a_session(seed=seed)


def a_visit(seed: int, **changes: object) -> Session:
    """A session of `a_session`, with the measures of every game and limits of every kind by its number."""
    rng = Random(seed)
    base = _a_session(seed % 20)
    assert base.calibration is not None
    played = a_played_block(rng.choice(games.names()), rng, 600.0)
    asked = BlockRecord(
        "pain", "Asked: pain", 1, "question", 750.0, 760.0, parameters={"scale": rng.choice(["words", "faces"])}
    )
    value = rng.uniform(20, 100)
    limit = Limit(
        value, value - 3, value + 3, "deg", 4, "open reaches", best=value, efforts=(value - 2, value, value - 1),
        posture="seated", doubts=("the efforts differ",) if seed % 3 == 0 else (),
    )  # fmt: skip
    found = msgspec.structs.replace(
        base.calibration,
        limits={
            **base.calibration.limits,
            rng.choice(["knee_flexion_right", "neck_flexion", "elbow_extension_left"]): limit,
        },
        sway={name: Measured(rng.uniform(1, 30), kept.unit, 0.4) for name, kept in KEPT.items()},
    )
    told = (Answer("pain", 2), Answer("pain", 4, 755.0), Answer("dizziness", 3.5, 300.0), Answer("stop", 1, 770.0))
    values: dict[str, Any] = {
        "id": f"s-{seed}", "blocks": (*base.blocks[:2], played, asked), "calibration": found, "told": told,
        "seconds": 780.0, "headset": "openxr", "headset_description": "Monado, with a headset",
        "ended_by": rng.choice(["finished", "the person said stop"]),
    }  # fmt: skip
    return recorded(msgspec.structs.replace(base, **{**values, **changes}), b"VREC%d" % seed)


def a_prescription(version: int = 3) -> Prescription:
    """A version with all that a prescription may have."""
    return Prescription(
        patient=PERSON.pseudonym,
        version=version,
        author="Dr Okafor",
        written_at="2026-11-20T09:30:00+01:00",
        valid_until="2027-01-31",
        preset="standard",
        precautions=(
            Precaution("shoulder_elevation_left", 90, "deg", "cuff repair, week 9", "Dr Okafor", "2027-01-15"),
            Precaution("use_of_arm_right", 0, "", "fracture", ""),
        ),
        programme=(
            Practice(games=("fruit_ladder",), days=("mon", "wed"), minutes=10.0, times_a_day=2),
            Practice(games=("harbour_lean", "owl_watch"), minutes=20.0),
        ),
        messages=(Message(text="See you on Thursday.", id="m-1", at="2026-11-20T09:31:00+01:00", by="Dr Okafor"),),
        goal="to hang out the washing",
    )


def to_push() -> tuple[Resource, ...]:
    """The same, of a visit with one game and nothing measured before it: a server in memory searches slowly."""
    return everything(calibration=None, blocks=(a_played_block("harbour_lean", Random(1), 600.0),))


def everything(**changes: object) -> tuple[Resource, ...]:
    """A patient with a live visit, a prescription, consents and a line of the audit."""
    person = PERSON
    consents = (
        ConsentRecord("c-1", person.id, "treatment_recordings", True, "2026-10-01T10:00:00+02:00", "guardian"),
        ConsentRecord("c-2", person.id, "research_motion", False, "2026-10-01T10:00:00+02:00"),
        ConsentRecord(
            "c-3",
            person.id,
            "share",
            True,
            "2026-10-01T10:00:00+02:00",
            withdrawn_at="2026-11-01T08:00:00+01:00",
            recipient="hospital.example",
        ),
    )
    row = Audited("7", "2026-11-20T09:00:00+01:00", "account-4", "session.read", "read", person.id, "s-1")
    return (
        of_person(NAMING, person),
        *of_prescriptions(NAMING, person.id, [a_prescription()]),
        *of_session(NAMING, a_visit(1, **changes), person.id, live=True),
        *(of_consent(NAMING, consent) for consent in consents),
        of_audit(NAMING, row),
        questionnaire(),
    )
