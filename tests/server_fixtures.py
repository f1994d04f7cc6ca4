"""Made-up sessions, clinics and server processes for the tests of delivery, server, page and report."""

import atexit
import math
import os
import random
import shutil
import subprocess
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache, cached_property
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NoReturn

import msgspec
import pytest
import zstandard
from argon2 import PasswordHasher
from commands import Begun, begun
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from sqlalchemy import make_url

from engine.records import (
    Answer,
    BlockRecord,
    Calibration,
    Event,
    Limit,
    Measured,
    Precaution,
    Quality,
    ReachCell,
    Recording,
    Request,
    Session,
    Stance,
    Trace,
    TrialRecord,
    to_json,
)
from server_sync import wire
from server_sync.clinic import passwords
from server_sync.clinic.keys import Keys
from server_sync.clinic.patients import Person
from server_sync.clinic.place import DATABASE, KEYS, Place, sqlite_url
from server_sync.clinic.service import Service, utc_now
from server_sync.clinic.store import Store

ROOT = Path(__file__).resolve().parent.parent
QUICK_TO_HASH = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
LEANS = ("lean_forward", "lean_right", "lean_back", "lean_left")
QUALITY = Quality(
    frames=46080,
    seconds=640.0,
    rate_hz=72.0,
    head_seen_percent=100.0,
    left_seen_percent=99.2,
    right_seen_percent=93.4,
    longest_gap_s=0.31,
    dropped={"time went backwards": 3},
    notes=("The right hand was out of the cameras' sight in trials 24 and 25",),
)


def a_limit(value: float, half: float, unit: str = "deg", n: int = 6) -> Limit:
    return Limit(
        value=value, low=value - half, high=value + half, unit=unit, n=n, method="open reaches, median of the best"
    )


def a_trial(number: int, movement: str, limit: float, half: float, rng: random.Random) -> TrialRecord:
    """One trial that aims a little below the limit and comes to the limit with some noise."""
    asked = limit * rng.uniform(0.82, 0.97)
    achieved = min(asked * 1.02, limit + rng.gauss(0, limit * 0.08))
    reached = achieved >= asked
    seconds = rng.uniform(2.5, 4.0)
    t_s = tuple(round(seconds * step / 60, 3) for step in range(61))
    angle = tuple(round(achieved * abs(math.sin(math.pi * t / seconds)) ** 1.5, 2) for t in t_s)
    lean = tuple(round(3 + 2 * math.sin(2 * t), 2) if not 20 < i < 24 else None for i, t in enumerate(t_s))
    return TrialRecord(
        number=number,
        side="left" if movement.endswith("left") else "right",
        start_s=20.0 + number * 6,
        end_s=20.0 + number * 6 + seconds,
        outcome="reached" if reached else "not yet",
        request=Request(
            movement=movement,
            amplitude=asked,
            unit="deg",
            code="TARGET",
            reason=f"{asked:.0f}° aims at 75 in 100; the limit today is about {limit:.0f}°",
        ),
        achieved=achieved,
        limit_after=a_limit(limit, half),
        measures={
            "hand_path_ratio": Measured(value=1.31, unit="", error=0.04),
            "movement_time_s": Measured(value=seconds, unit="s", error=0.02),
            "peak_speed_mps": Measured(value=0.86, unit="m/s", error=0.03),
            "smoothness_sparc": Measured(value=-1.72, unit="", error=None),
        },
        traces=(
            Trace(title="Shoulder elevation", unit="deg", t_s=t_s, values=angle),
            Trace(title="Trunk lean", unit="deg", t_s=t_s, values=lean),
        ),
    )


def a_calibration() -> Calibration:
    """Standing height, arms, limits, a reach of both hands and quiet sway."""
    cells = {
        side: tuple(
            ReachCell(
                azimuth_deg=azimuth,
                elevation_deg=elevation,
                radius_m=0.62 - 0.0009 * abs(azimuth - inwards) - 0.0006 * abs(elevation - 80),
                n=40,
            )
            for azimuth in range(-90, 91, 15)
            for elevation in range(15, 136, 15)
        )
        for side, inwards in (("left", -30), ("right", 30))
    }
    limits = {movement: a_limit(value, 1.2) for movement, value in zip(LEANS, (9.4, 7.1, 4.2, 6.8), strict=True)}
    return Calibration(
        measured_at="2026-11-20T16:42:00+01:00",
        stance=Stance(head_m=(0.0, 1.58, 0.0), facing_deg=0.0),
        stature_m=a_limit(1.70, 0.02, "m"),
        arm_m={"left": a_limit(0.61, 0.02, "m"), "right": a_limit(0.62, 0.02, "m")},
        limits={"shoulder_elevation_left": a_limit(90.0, 5.0), **limits},
        reach=cells,
        sway={
            "path_mm": Measured(value=212.0, unit="mm", error=14.0),
            "mean_speed": Measured(value=7.1, unit="mm/s", error=0.5),
            "area_95": Measured(value=None, unit="mm2", note="the quiet stretch was shorter than 20 s"),
        },
        quality=QUALITY,
    )


def a_session(session_id: str = "s-1", patient: str = "p-milo", seed: int = 1, **changes: object) -> Session:
    """A whole visit: calibration, Fruit Ladder with 22 trials, a rest, Harbour Lean with 12, and an end."""
    rng = random.Random(seed)
    fruit = [a_trial(number, "shoulder_elevation_left", 90 - number * 0.25, 5.0, rng) for number in range(1, 23)]
    lean = [a_trial(number, LEANS[number % 4], (9.4, 7.1, 4.2, 6.8)[number % 4], 1.1, rng) for number in range(1, 13)]
    measures = {"median_path_ratio": Measured(value=1.28, unit="", error=0.05)}
    played = [
        BlockRecord(
            task="fruit_ladder", title="Fruit Ladder", version=3, kind="play", start_s=40.0, end_s=250.0,
            parameters={"targets": 22, "hold_s": 1.0, "theme": "orchard", "seated": False},
            preset="Child, gentle", trials=tuple(fruit), measures=measures,
            notes=("Eased after two misses in trial 17.",),
        ),
        BlockRecord(task="rest", title="A little rest", version=1, kind="rest", start_s=250.0, end_s=280.0),
        BlockRecord(
            task="harbour_lean", title="Harbour Lean", version=3, kind="play", start_s=280.0, end_s=540.0,
            parameters={"targets": 12, "hold_s": 2.0}, trials=tuple(lean), measures=measures,
            change="hold: time to stay at the buoy, 1.5 s → 2 s, because 11 of 12 were reached",
        ),
    ]  # fmt: skip
    values: dict[str, object] = {
        "id": session_id,
        "patient": patient,
        "started_at": "2026-11-20T16:42:00+01:00",
        "seconds": 560.0,
        "headset": "simulated",
        "headset_description": "simulated patient",
        "software": "steadyreach 0.1.0",
        "seed": seed,
        "preset": "Child, gentle",
        "ended_by": "finished",
        "calibration": a_calibration(),
        "precautions": (
            Precaution(
                movement="shoulder_elevation_left", at_most=100.0, unit="deg", reason="cuff repair, week 9",
                by="Dr Okafor", until="2027-01-15",
            ),
        ),
        "blocks": (
            BlockRecord(task="stance", title="Stand tall", version=1, kind="calibrate", start_s=4.0, end_s=38.0),
            *played,
        ),
        "events": (
            Event(at_s=121.0, name="paused", detail="the headset is off or a system menu is open"),
            Event(at_s=126.5, name="resumed"),
        ),
        "caps": {"shoulder_elevation_left": 95.0, "lean_forward": 20.0},
        "told": (Answer("pain", 0), Answer("fatigue", 4, 121.0)),
        "quality": QUALITY,
    }  # fmt: skip
    return Session(**{**values, **changes})  # type: ignore[arg-type]


def recorded(session: Session, frames: bytes) -> Session:
    """A session that names its recording."""
    named = Recording(file="frames.vrec", sha256=wire.sha256(frames), bytes=len(frames), frames=46080)
    return msgspec.structs.replace(session, recording=named)


def write_folder(sessions: Path, session: Session, frames: bytes = b"VREC" + bytes(600_000)) -> Session:
    """Put a finished session folder where a device would; gives back the session with its recording named."""
    folder = sessions / session.id
    folder.mkdir(parents=True)
    (folder / "frames.vrec").write_bytes(frames)
    whole = recorded(session, frames)
    (folder / "session.json").write_bytes(to_json(whole))
    return whole


@dataclass(frozen=True)
class Clinic:
    """A server process: its folder, its address, and the process."""

    folder: Path
    url: str
    process: Begun


@contextmanager
def a_clinic(folder: Path, port: int = 0, database: str = "", arguments: Sequence[str] = ()) -> Iterator[Clinic]:
    """A real server process on a free port, ended at the end."""
    words = ["serve", "--folder", folder, "--port", port, *(["--database", database] if database else []), *arguments]
    with answering(begun(words, ROOT), folder) as clinic:
        yield clinic


@contextmanager
def answering(process: Begun, folder: Path) -> Iterator[Clinic]:
    """A server that was begun, as soon as it answers, ended at the end."""
    try:
        yield Clinic(folder, process.line("Serving at http").split()[-1], process)
    finally:
        process.terminate()
        process.said(timeout_s=20)


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def move(self, **by: float) -> None:
        self.now += timedelta(**by)


@contextmanager
def a_service(folder: Path, database: str = "", now: Callable[[], datetime] = utc_now) -> Iterator[Service]:
    """The service on a folder, as a command beside the server opens it; what it hashes costs little meanwhile."""
    if database in ("", sqlite_url(folder / DATABASE)) and not (folder / DATABASE).exists():
        shutil.copytree(_empty_clinic(), folder, dirs_exist_ok=True)
    with pytest.MonkeyPatch.context() as changed:
        changed.setattr(passwords, "_HASHER", QUICK_TO_HASH)
        service = Service(folder, Place(database), now=now)
        try:
            yield service
        finally:
            service.close()


@cache
def _empty_clinic() -> Path:
    """A clinic's folder in which nothing happened yet: a copy of it is there sooner than tables are made."""
    made = TemporaryDirectory(prefix="steadyreach-")
    atexit.register(made.cleanup)
    Service(Path(made.name) / "clinic").close()
    return Path(made.name) / "clinic"


def name_person(service: Service, pseudonym: str, name: str, about: str = "") -> None:
    """Give a pseudonym the clinic's own words: a name, and one line such as age and condition."""
    service.patients.add(Person(pseudonym=pseudonym, name=name, about=about))


class SignedDevice:
    """A device that speaks to a server as the wire has it, by hand: each request is signed and names its digest."""

    def __init__(self, client: Any) -> None:
        """Make its keys; `client` is an HTTP client whose addresses begin at the server."""
        self.client, self.token, self.id = client, "", ""
        self._signing, self._sealing = Ed25519PrivateKey.generate(), X25519PrivateKey.generate()

    def enrolment(self, code: str, name: str = "headset") -> wire.Enrolment:
        """What it sends to be enrolled."""
        keys = (key.public_key().public_bytes_raw() for key in (self._signing, self._sealing))
        signing_key, sealing_key = keys
        return wire.Enrolment(
            code=code, device=name, software="steadyreach 0.2.0", signing_key=signing_key, sealing_key=sealing_key
        )

    def enrol(self, service: Service, patients: Sequence[str] = ()) -> "SignedDevice":
        """Have it enrolled, beside the web."""
        enrolled = service.devices.enrol(self.enrolment(service.devices.new_code(patients)))
        self.token, self.id = enrolled.token, enrolled.device
        return self

    def headers(self, method: str, address: str, body: bytes, given: Mapping[str, str]) -> dict[str, str]:
        """The headers of a request; those given win, after the signature."""
        said = {wire.DIGEST: wire.content_digest(body), wire.VERSION: str(wire.PROTOCOL), **given}
        signature = self._signing.sign(wire.to_sign(method, address, said))
        return {
            wire.SIGNATURE: b64encode(signature).decode(), "Authorization": f"Bearer {self.token}", **said,
        }  # fmt: skip

    def ask(self, method: str, address: str, body: bytes = b"", **headers: str) -> Any:
        """Send a request and give back the answer; a header is named with underscores."""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.request(method, address, content=body, headers=self.headers(method, address, body, given))

    def deliver(self, *items: wire.Item, **others: Any) -> wire.Receipts:
        """Send sessions."""
        body = msgspec.msgpack.encode(wire.Batch(items=items, **others))
        return msgspec.msgpack.decode(self.ask("POST", wire.SESSIONS, body).content, type=wire.Receipts)

    def upload(self, recording: bytes) -> str:
        """Bring a recording in one piece; gives back its hash."""
        sha256 = wire.sha256(recording)
        digest = f"sha-256=:{b64encode(bytes.fromhex(sha256)).decode()}:"
        self.ask("POST", wire.UPLOADS, recording, Upload_Length=str(len(recording)), Repr_Digest=digest)
        return sha256


def an_item(session: Session, number: int = 1) -> wire.Item:
    """A session as a device sends it."""
    content = to_json(session)
    return wire.Item(
        id=session.id,
        number=number,
        sha256=wire.sha256(content),
        content=zstandard.compress(content),
        recording_sha256=session.recording.sha256 if session.recording else "",
    )


def required(part: str) -> bool:
    """Whether an optional part of the tests must be there (STEADYREACH_REQUIRE, comma-separated)."""
    return part in os.environ.get("STEADYREACH_REQUIRE", "").split(",")


def missing(part: str, why: str) -> NoReturn:
    """Skip a test that lacks an optional part, or fail where the part is required."""
    if required(part):
        pytest.fail(f"{part} is required by STEADYREACH_REQUIRE, but {why}")
    pytest.skip(why)


class Postgres:
    """A PostgreSQL that runs; it listens in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._numbers = folder, count()

    def new_database(self, like: str = "template0") -> str:
        """The URL of a new database: an empty one, or a copy of another."""
        from psycopg import connect

        name = f"clinic_{next(self._numbers)}"
        with connect(host=str(self._folder), user="clinic", dbname="postgres", autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {like}")
        return f"postgresql+psycopg://clinic@/{name}?host={self._folder}"

    def new_clinic(self) -> str:
        """The URL of a new database with the tables of a clinic and no row: a copy is there sooner than they are."""
        return self.new_database(self._tables)

    @cached_property
    def _tables(self) -> str:
        url = self.new_database()
        with TemporaryDirectory(prefix="steadyreach-") as name, closing(Keys(sqlite_url(Path(name) / KEYS))) as keys:
            Store(url, keys).close()
        return str(make_url(url).database)


@contextmanager
def a_postgres() -> Iterator[Postgres]:
    """A PostgreSQL of our own, for a while. Skips where there is none."""
    binaries = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not binaries or find_spec("psycopg") is None:
        missing("postgres", "there is no PostgreSQL under /usr/lib/postgresql, or no psycopg")
    here = binaries[-1].parent
    with TemporaryDirectory(prefix="steadyreach-") as name:
        folder, user = Path(name), list[str]()
        if os.geteuid() == 0:  # PostgreSQL refuses to run as root
            user = ["runuser", "-u", "postgres", "--"]
            shutil.chown(folder, "postgres")
        control = [*user, here / "pg_ctl", "-D", folder / "data", "-w"]
        options = f"-c listen_addresses= -c unix_socket_directories={folder} -c fsync=off"

        def run(*arguments: object) -> None:
            subprocess.run([str(argument) for argument in arguments], cwd=folder, check=True, capture_output=True)

        run(*user, here / "initdb", "-D", folder / "data", "-A", "trust", "-U", "clinic", "-N")
        subprocess.run(
            [*map(str, control), "-l", str(folder / "log"), "-o", options, "start"],
            cwd=folder, check=True, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            yield Postgres(folder)
        finally:
            run(*control, "-m", "immediate", "stop")
