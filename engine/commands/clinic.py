"""The clinic's commands: serve, and what is done beside a running server."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from engine.commands.answer import fail, tell
from engine.commands.play import Json
from engine.sealing import RECIPIENTS
from engine.session_folder import finished

if TYPE_CHECKING:
    from server_sync.clinic.devices import DeviceLine
    from server_sync.clinic.service import Service

app = typer.Typer()
Folder = Annotated[Path, typer.Option(help="the server's folder: database and recordings")]
Database = Annotated[str, typer.Option(help="another database than SQLite in the folder, as a SQLAlchemy URL")]
Recordings = Annotated[str, typer.Option(help="another place for recordings than the folder, as s3://bucket/prefix")]
KeysUrl = Annotated[str, typer.Option("--keys", help="another database for the keys than in the folder, as a URL")]
Level = StrEnum("Level", ["debug", "info", "warning", "error"])


@app.command()
def serve(
    folder: Folder,
    host: Annotated[str, typer.Option(help="the address to listen on")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="the port; 0 takes a free one")] = 8765,
    database: Database = "",
    recordings: Recordings = "",
    keys: KeysUrl = "",
    workers: Annotated[int, typer.Option(min=1, help="processes that answer; on Windows 1")] = 1,
    log_level: Annotated[Level, typer.Option(help="what is logged; from info on each request")] = Level.warning,
) -> None:
    """Serve a clinic until interrupted; with no account yet, make the first and print its password once."""
    from server_sync.clinic.place import Place
    from server_sync.web.serving import CannotServe, Settings
    from server_sync.web.serving import serve as run_server

    settings = Settings(folder, host, port, Place(database, recordings, keys), workers, log_level.value)

    def ready(url: str) -> None:
        service = settings.service()
        if not service.accounts.any():
            password = service.accounts.add("therapist", "Therapist")
            print(f"First account: therapist, password {password} (shown once)", flush=True)
        service.close()
        print(f"Serving at {url}", flush=True)

    try:
        run_server(settings, ready)
    except CannotServe as reason:
        fail(str(reason))


@app.command()
def account(
    login: Annotated[str, typer.Argument(help="what the therapist types to log in")],
    name: Annotated[str, typer.Argument(help="what others read")],
    folder: Folder,
    database: Database = "",
) -> None:
    """At the clinic, make another therapist's account and print its password, once."""
    from server_sync.clinic.accounts import AccountExists

    try:
        print(opened(folder, database, make=True).accounts.add(login, name))
    except AccountExists as reason:
        fail(str(reason))


@app.command()
def devices(
    folder: Folder,
    revoke: Annotated[str, typer.Option(help="the id of a device that shall deliver no more, at once")] = "",
    database: Database = "",
    as_json: Json = False,
) -> None:
    """At the clinic, list the devices that may deliver, or take one off the list."""
    from server_sync.clinic.devices import UnknownDevice

    service = opened(folder, database)
    try:
        if revoke:
            service.devices.revoke(revoke)
        listed = service.devices.listed()
    except UnknownDevice as reason:
        fail(str(reason))
    finally:
        service.close()
    tell({"devices": [each._asdict() for each in listed]}, as_json, "\n".join(map(_line, listed)) or "No device yet.")


@app.command()
def metrics_token(folder: Folder, database: Database = "") -> None:
    """At the clinic, print the secret that another computer shows to read the server's metrics."""
    print(opened(folder, database).metrics_token())


def opened(folder: Path, database: str = "", recordings: str = "", keys: str = "", make: bool = False) -> "Service":
    """The service of a clinic that there is; where there is none one is made, if asked, but not among sessions."""
    from server_sync.clinic.place import Place, is_clinic
    from server_sync.clinic.service import Service

    if not is_clinic(folder) and not database:
        if finished(folder) or (folder / RECIPIENTS).is_file():
            fail(f"{folder} is a patient's folder of sessions, and not that of a clinic")
        if not make:
            fail(f"{folder} is not the folder of a clinic: steadyreach serve --folder makes one")
    return Service(folder, Place(database, recordings, keys))


def held(folder: Path, database: str = "", recordings: str = "") -> list[dict[str, Any]]:
    """Every session that a clinic holds: id, number, device, hashes, and whether its recording is there."""
    service = opened(folder, database, recordings)
    try:
        return [each._asdict() for each in service.archive.held()]
    finally:
        service.close()


def _line(device: "DeviceLine") -> str:
    seen = f"seen {device.seen_at:%Y-%m-%d %H:%M}" if device.seen_at else "never seen"
    revoked = f", revoked {device.revoked_at:%Y-%m-%d %H:%M}" if device.revoked_at else ""
    whom = ", ".join(device.patients) or "anybody"
    return f"{device.id}  {device.name}, for {whom}, {seen}, sessions up to {device.acked_through}{revoked}"
