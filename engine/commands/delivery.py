"""The patient's computer and the clinic: enrolment, and the delivery of what was played."""

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from engine.commands import recovery, visits
from engine.commands.answer import fail, tell
from engine.commands.play import Json, Sessions
from engine.keys import Keys, KeysUnkept

if TYPE_CHECKING:
    from server_sync.client.home import Home
    from server_sync.client.outcome import Delivery
    from server_sync.client.uploads import Watcher

app = typer.Typer()
HOME = visits.HOME
PATIENCE_S = 30.0
DEVICE_NAME = "headset"
Patience = Annotated[float, typer.Option(min=0, help="seconds to keep trying each thing")]


@app.command()
def enrol(
    code: Annotated[str, typer.Argument(help="on the patient's computer: the one-time code from the clinic")] = "",
    server: Annotated[str, typer.Option(help="on the patient's computer: the clinic server's address")] = "",
    folder: Annotated[
        Path | None,
        typer.Option(help="on the patient's computer: its sessions; at the clinic, to make a code: the server's"),
    ] = None,
    patient: Annotated[list[str] | None, typer.Option(help="at the clinic: a pseudonym that the device is for")] = None,
    name: Annotated[
        str,
        typer.Option(help="on the patient's computer: what the clinic shall call it; headset where nothing is said"),
    ] = "",
    patience: Patience = PATIENCE_S,
    insecure_http: Annotated[
        bool, typer.Option("--insecure-http", help="allow an address without TLS that is not this computer's")
    ] = False,
    database: Annotated[str, typer.Option(help="at the clinic: another database, as a SQLAlchemy URL")] = "",
) -> None:
    """At the clinic, make a one-time code; on the patient's computer, exchange it for a place at the clinic."""
    if folder is not None and not code and not server:
        if name:
            fail("--name is said on the patient's computer, with the code")
        _make_code(folder, patient or (), database)
        return
    if patient:
        fail("--patient is said at the clinic, where the code is made: it knows whom it is for")
    folder = folder or HOME / "sessions"
    if not (code and server):
        fail("enrol needs CODE and --server on the patient's computer, or --folder alone at the clinic to make a code")
    from server_sync.client import enrolment
    from server_sync.client import patience as patiently
    from server_sync.client.home import home_of

    keys, bound = Keys(), patiently.Patience(patience)
    try:
        device = enrolment.enrol(
            home_of(folder),
            server,
            code,
            name or DEVICE_NAME,
            visits.SOFTWARE,
            keys,
            bound,
            insecure_http=insecure_http,
        )
    except (patiently.Later, patiently.Refused, KeysUnkept) as reason:
        fail(str(reason))
    except OSError as reason:
        fail(f"{folder} cannot be enrolled: {reason.strerror or reason}; nothing was changed")
    typer.echo(
        f"enrolled at {device.server} as {device.name}; what is played in {folder} is sealed from now on, for the "
        f"clinic and for this computer, whose keys are in {keys.where()}"
    )


@app.command()
def sync(
    folder: Sessions = HOME / "sessions",
    once: Annotated[bool, typer.Option("--once", help="try once through, and leave the rest for later")] = False,
    keep: Annotated[bool, typer.Option("--keep", help="go on watching for new sessions until interrupted")] = False,
    status: Annotated[bool, typer.Option("--status", help="say how delivery stands, and ask nobody")] = False,
    retry: Annotated[bool, typer.Option("--retry", help="offer once more what was set aside")] = False,
    gently: Annotated[bool, typer.Option("--gently", help="at the lowest priority, as beside a game")] = False,
    budget_gb: Annotated[float | None, typer.Option(min=0, help="room for recordings here, kept; 20 at first")] = None,
    patience: Patience = PATIENCE_S,
    as_json: Json = False,
) -> None:
    """Deliver finished sessions to the clinic, however long it takes; safe to repeat."""
    from server_sync.client import status as statuses
    from server_sync.client.home import NotEnrolled, home_of
    from server_sync.client.turns import Busy

    home = home_of(folder)
    if gently and hasattr(os, "nice"):
        os.nice(19)
    if status:
        _tell(home, statuses.standing(home), as_json, statuses.in_words(home, Keys()))
        return
    try:
        if budget_gb is not None:
            _keep_budget(home, budget_gb)
        done = _delivered(home, once, keep, retry, patience, as_json)
    except NotEnrolled as reason:
        statuses.write_problem(home, str(reason))
        if as_json:
            _tell(home, statuses.standing(home, str(reason)), True, "")
        fail(str(reason))
    except Busy as reason:
        done = statuses.standing(home, str(reason))
        if not once:
            _tell(home, done, as_json, str(reason))
            return
    _tell(home, done, as_json, _in_short(done))
    _complain(done)


def _tell(home: "Home", done: "Delivery", as_json: bool, words: str) -> None:
    """Tell how it stands; programs are told the hashes, too, to compare with those of the clinic."""
    from server_sync.client.status import hashed

    tell(hashed(home, done, Keys()) if as_json else done, as_json, words)


def _make_code(folder: Path, patients: Sequence[str], database: str) -> None:
    from engine.commands.clinic import opened, refuse_alike

    with closing(opened(folder, database)) as service:
        refuse_alike(service, patients)
        try:
            typer.echo(service.devices.new_code(patients))
        except ValueError as reason:
            fail(str(reason))


def _delivered(home: "Home", once: bool, keep: bool, retry: bool, patience_s: float, quiet: bool) -> "Delivery":
    """What came of delivering; raises NotEnrolled and Busy."""
    from server_sync.client import outbox, turns
    from server_sync.client import status as statuses
    from server_sync.client.delivery import deliver
    from server_sync.client.home import device_of
    from server_sync.client.outcome import Delivery
    from server_sync.client.patience import Patience as Patient

    keys, patience = Keys(), Patient(patience_s)
    device_of(home)
    if retry:
        outbox.forget_set_aside(home)

    def step(done: Delivery) -> None:
        statuses.write(home, done)

    with _progress(quiet) as watch:

        def deliver_once() -> Delivery:
            for folder in dict.fromkeys((home.client, home.sessions)):
                recovery.recover(folder)
            done = deliver(home, device_of(home), keys, patience, step=step, watch=watch)
            step(done)
            return done

        if once:
            return turns.one(home, patience_s, deliver_once)
        return turns.until_delivered(home, patience, deliver_once, step, keep)


def _keep_budget(home: "Home", budget_gb: float) -> None:
    from msgspec.structs import replace

    from server_sync.client.enrolment import keep_device
    from server_sync.client.home import device_of

    try:
        keep_device(home, replace(device_of(home), budget_gb=budget_gb))
    except OSError as reason:
        fail(f"the budget cannot be kept: {reason.strerror}")


@contextmanager
def _progress(quiet: bool) -> Iterator["Watcher"]:
    """How far recordings are, as a bar on a terminal; nothing for programs."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=console, transient=True, disable=quiet or not console.is_terminal) as bar:
        task = bar.add_task("", visible=False)

        def watch(session: str, sent: int, length: int) -> None:
            bar.update(task, description=session, completed=sent, total=length, visible=sent < length)

        yield watch


def _in_short(done: "Delivery") -> str:
    return f"{len(done.delivered)} delivered, {len(done.already_there)} already delivered, {len(done.waiting)} waiting"


def _complain(done: "Delivery") -> None:
    for note in done.notes:
        print(note, file=sys.stderr)
    for session, reason in done.set_aside.items():
        print(f"{session} was set aside: {reason}", file=sys.stderr)
    for session, reason in done.lost.items():
        print(f"{session} is lost, and the clinic knows: {reason}", file=sys.stderr)
    if not done.complete:
        fail(done.problem or f"{len(done.set_aside)} sessions need a person")
