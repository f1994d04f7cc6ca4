"""The demo clinic as it comes about: day by day, by the real engine, client and server, on a clock of its own."""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import ExitStack, suppress
from datetime import date, datetime, time, timedelta
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import msgspec
from msgspec.structs import replace

from engine.commands import visits
from engine.commands.clinic_demo import CLINIC
from engine.commands.clinic_demo.characters import Character, Spent, Version, Wrote
from engine.commands.clinic_demo.living import Computer, Occasion, age_on, begin, live
from engine.keys import Keys
from engine.prescription import Message
from engine.sealing import write_whole
from server_sync.client.delivery import deliver
from server_sync.client.enrolment import enrol, keep_device
from server_sync.client.home import Home, device_of, home_of
from server_sync.client.patience import Patience
from server_sync.clinic.account_rules import SELF
from server_sync.clinic.audit import by_account
from server_sync.clinic.minutes import TALKING, Contact
from server_sync.clinic.patients import Person
from server_sync.clinic.prescriptions import NothingPrescribed
from server_sync.clinic.roles import ADMIN, AUDITOR, GUARDIAN, PATIENT, RESEARCHER, THERAPIST
from server_sync.clinic.service import Service
from server_sync.web.app import make_app
from server_sync.web.reach import CannotServe
from server_sync.web.serving import beside

COMPUTERS, KEYS, MARK = "computers", "keys", "demo.json"
STAFF = {
    "maja": ("Maja Bergström", THERAPIST),
    "jonas": ("Jonas Weiss", THERAPIST),
    "ana": ("Ana Ruiz", ADMIN),
    "tove": ("Tove Lind", AUDITOR),
    "kofi": ("Kofi Mensah", RESEARCHER),
}
"""Who works at the clinic, by their logins: their names and what they are."""
LOGIN = "maja"
MORNING, EVENING = time(7, 0), time(20, 0)
AFTER_A_VISIT = timedelta(minutes=20)
SUNDAY = 6
SEED = 9


class Demo(msgspec.Struct, frozen=True):
    """What a folder says that holds a demo clinic: the password of all its accounts, for which day, and if it is whole.

    It is written in the open: nobody in this clinic is real.
    """

    password: str
    day: str
    whole: bool = False


class Clock:
    """What time it is at the clinic while its past is made."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        """The moment."""
        return self.now

    def go_on(self, day: date, at: time) -> None:
        """It is this time of a day from now on, in the zone of this computer; never earlier than it was."""
        self.now = max(self.now, datetime.combine(day, at).astimezone())


def demo_in(folder: Path) -> Demo | None:
    """The demo clinic of a folder that is whole; None where one can be made. Raises CannotServe."""
    mark = folder / MARK
    if not mark.is_file():
        if folder.is_dir() and any(folder.iterdir()):
            raise CannotServe(f"{folder} is not empty and holds no demo clinic: name another with --folder")
        return None
    demo = msgspec.json.decode(mark.read_bytes(), type=Demo)
    if not demo.whole:
        raise CannotServe(f"the demo clinic in {folder} was not made to its end: remove the folder, or name another")
    return demo


def keep_demo(folder: Path, demo: Demo) -> None:
    """Write down that a folder holds a demo clinic."""
    folder.mkdir(parents=True, exist_ok=True)
    write_whole(folder / MARK, msgspec.json.encode(demo), folder / f"{MARK}.new", mode=0o600)


def make(
    folder: Path,
    people: Sequence[Character],
    password: str,
    today: date,
    seed: int = SEED,
    tell: Callable[[str], object] = lambda _: None,
    stopped: Callable[[], bool] = lambda: False,
) -> None:
    """Make the past of a clinic up to a day, in `folder`/clinic; `tell` is told how far it is, week by week.

    The same people, seed and day give the same sessions. It ends early, between two visits, once it is `stopped`.
    """
    first = today - timedelta(days=max(person.begins for person in people))
    clock = Clock(datetime.combine(first, MORNING).astimezone())
    with ExitStack() as stack:
        service = Service(folder / CLINIC, now=clock)
        stack.callback(service.close)
        begun = partial(begin, (folder / KEYS).absolute())
        workers = ProcessPoolExecutor(os.cpu_count(), get_context("spawn"), begun)
        stack.callback(workers.shutdown, cancel_futures=True)
        url = stack.enter_context(beside(make_app(service)))
        making = _Making(folder, service, clock, workers, url, today, seed)
        making.open(password)
        for day in (first + timedelta(days=number) for number in range((today - first).days)):
            for person in people:
                making.morning(person, day, password)
            for _ in making.visits(people, day):
                if stopped():
                    return
            for person in people:
                making.evening(person, day)
            if day.weekday() == SUNDAY or day + timedelta(days=1) == today:
                tell(f"{day:%d %b}: {len(service.patients.kept())} patients, {service.archive.count()} sessions")


class _Making(NamedTuple):
    """What is needed while the clinic is made."""

    folder: Path
    service: Service
    clock: Clock
    workers: ProcessPoolExecutor
    url: str
    today: date
    seed: int

    def open(self, password: str) -> None:
        """Have everybody who works there come."""
        for login, (name, role) in STAFF.items():
            self.service.accounts.add(login, name, role, password)

    def morning(self, person: Character, day: date, password: str) -> None:
        """Admit somebody whose first day it is; write what is prescribed and said to them, and bring it to them."""
        self.clock.go_on(day, MORNING)
        ago = (self.today - day).days
        if ago == person.begins:
            self._admit(person, password)
        written = [version for version in person.versions if version.days_ago == ago]
        for version in written:
            self._prescribe(person, version)
        told = [each for each in person.told if each.days_ago == ago]
        for each in told:
            self.service.prescriptions.tell(person.pseudonym, Message(text=each.text), *self._signed(each.by))
        if (written or told) and ago > person.silent_days:
            self._deliver(person)

    def visits(self, people: Sequence[Character], day: date) -> Iterator[None]:
        """Have everybody play who plays on a day, and deliver it, the first one first."""
        playing = list[tuple[Character, "Future[Path]"]]()
        for person in sorted(people, key=lambda each: each.hour):
            moments = person.visits(self.today).get(day)
            if moments is not None:
                occasion = self._occasion(person, day, moments)
                playing.append((person, self.workers.submit(live, self._computer(person), occasion)))
        for person, visit in playing:
            visit.result()
            self.clock.now = max(self.clock.now, _at(day, person.hour) + AFTER_A_VISIT)
            if (self.today - day).days > person.silent_days:
                self._deliver(person)
            yield

    def evening(self, person: Character, day: date) -> None:
        """Have letters written, and some of them read, and time noted that was spent."""
        self.clock.go_on(day, EVENING)
        for spent in person.spent:
            if self.today - timedelta(days=spent.days_ago) == day:
                self._note(person, spent)
        for letter in person.letters:
            if self.today - timedelta(days=letter.days_ago) == day:
                self._write(person, letter)

    def _occasion(self, person: Character, day: date, moments: Any) -> Occasion:
        seed = Random(f"{self.seed} {person.pseudonym} {day}").randrange(1 << 31)
        truth = person.truth((self.today - day).days, Random(seed))
        age = age_on(person.born, day)
        return Occasion(person.pseudonym, age, person.posture, truth, moments, _at(day, person.hour), seed)

    def _admit(self, person: Character, password: str) -> None:
        service, pseudonym = self.service, person.pseudonym
        whose = {service.accounts.named(version.by).id for version in person.versions}
        about = {"name": person.name, "born": person.born.isoformat(), "condition": person.condition}
        patient_id = service.patients.add(Person(pseudonym=pseudonym, **about, therapists=tuple(sorted(whose))))
        for each in person.relatives:
            role = PATIENT if each.relation == SELF else GUARDIAN
            service.accounts.add(each.login, each.name, role, password, {patient_id: each.relation})
        home, computer = self._home(person), self._computer(person)
        computer.sessions.mkdir(parents=True)
        code = service.devices.new_code((pseudonym,), self._signed(LOGIN)[1])
        device = enrol(home, self.url, code, f"headset of {person.name}", visits.SOFTWARE, self._keys, Patience())
        # A computer's clock cannot be set back here; it would hold what ends before it was enrolled for ended.
        keep_device(home, replace(device, enrolled_at=self.clock().isoformat(timespec="seconds")))

    def _prescribe(self, person: Character, version: Version) -> None:
        prescriptions, (author, by) = self.service.prescriptions, self._signed(version.by)
        draft, seen = version.draft, ""
        with suppress(NothingPrescribed):
            last = prescriptions.current(person.pseudonym)
            draft, seen = replace(draft, messages=last.prescription.messages), last.sha256
        prescriptions.save(person.pseudonym, draft, author, seen, by, why=version.why)

    def _write(self, person: Character, letter: Wrote) -> None:
        patient_id = self.service.patients.id_of(person.pseudonym)
        writer = self.service.accounts.named(letter.by).id
        kept = self.service.letters.write(patient_id, writer, letter.text)
        if letter.read_by:
            self.service.conversations.read(patient_id, [kept.id], self.service.accounts.named(letter.read_by).id)

    def _note(self, person: Character, spent: Spent) -> None:
        seconds, realtime = 60 * spent.minutes, spent.kind in TALKING
        at = self.clock() - timedelta(seconds=seconds)
        contact = Contact(at, seconds, spent.kind, realtime, spent.by, spent.note)
        self.service.contacts.add(self.service.patients.id_of(person.pseudonym), contact, self._signed(spent.by)[1])

    def _deliver(self, person: Character) -> None:
        home = self._home(person)
        done = deliver(home, device_of(home), self._keys, Patience())
        if not done.complete:
            raise RuntimeError(f"the visit of {person.name} could not be delivered: {done}")

    def _signed(self, login: str) -> tuple[str, str]:
        """The name of somebody who works there, and who they are in the audit."""
        return STAFF[login][0], by_account(self.service.accounts.named(login).id)

    def _computer(self, person: Character) -> Computer:
        return Computer(self.folder.absolute() / COMPUTERS / person.pseudonym)

    def _home(self, person: Character) -> Home:
        return home_of(self._computer(person).sessions)

    @property
    def _keys(self) -> Keys:
        return Keys(self.folder / KEYS)


def _at(day: date, hour: int) -> datetime:
    return datetime.combine(day, time(hour, 10)).astimezone()
