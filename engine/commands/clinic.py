"""The clinic's commands: serve, and what is done beside a running server."""

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from engine.commands.answer import fail, tell
from engine.commands.clinic_demo import CLINIC
from engine.commands.play import Json
from engine.sealing import RECIPIENTS
from engine.session_folder import finished
from server_sync.clinic.roles import ROLES, THERAPIST

if TYPE_CHECKING:
    from server_sync.clinic.accounts import AccountLine
    from server_sync.clinic.devices import DeviceLine
    from server_sync.clinic.service import Service
    from server_sync.web.serving import Settings

app = typer.Typer()
Folder = Annotated[Path, typer.Option(help="the server's folder: database and recordings")]
Database = Annotated[str, typer.Option(help="another database than SQLite in the folder, as a SQLAlchemy URL")]
Recordings = Annotated[str, typer.Option(help="another place for recordings than the folder, as s3://bucket/prefix")]
KeysUrl = Annotated[str, typer.Option("--keys", help="another database for the keys than in the folder, as a URL")]
DEMO_FOLDER = Path("demo-clinic")
Level = StrEnum("Level", ["debug", "info", "warning", "error"])


@app.command()
def serve(
    folder: Annotated[Path | None, typer.Option(help="the server's folder: database and recordings")] = None,
    host: Annotated[str, typer.Option(help="the address to listen on")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="the port; 0 takes a free one")] = 8765,
    database: Database = "",
    recordings: Recordings = "",
    keys: KeysUrl = "",
    workers: Annotated[int, typer.Option(min=1, help="processes that answer; on Windows 1")] = 1,
    log_level: Annotated[Level, typer.Option(help="what is logged; from info on each request")] = Level.warning,
    certificate: Annotated[Path | None, typer.Option(help="for TLS: the certificate and its chain (PEM)")] = None,
    private_key: Annotated[Path | None, typer.Option(help="for TLS: the certificate's key (PEM)")] = None,
    behind_proxy: Annotated[bool, typer.Option("--behind-proxy", help="a relay before this server ends TLS")] = False,
    proxy: Annotated[list[str] | None, typer.Option(help="the address of that relay; several are allowed")] = None,
    demo: Annotated[bool, typer.Option("--demo", help="serve an invented clinic with months of visits")] = False,
) -> None:
    """Serve a clinic until interrupted; with no account yet, make the first and print its password once."""
    from engine.commands.exporting import WRITING
    from engine.commands.previewing import of_drafts
    from server_sync.clinic.place import Place
    from server_sync.web.reach import CannotServe, Reach
    from server_sync.web.serving import Settings
    from server_sync.web.serving import serve as run_server

    if proxy and not behind_proxy:
        fail("--proxy names the relay that --behind-proxy speaks of: say both")
    reach = Reach(certificate, private_key, behind_proxy, tuple(proxy or Reach.proxies))
    place = Place(database, recordings, keys)
    if folder is None and not demo:
        raise typer.BadParameter("say where the clinic's data lies, or --demo", param_hint="--folder")
    if demo and place != Place():
        fail("a demo clinic lies in its folder alone: leave --database, --recordings and --keys out")
    where = folder or DEMO_FOLDER
    at = where / CLINIC if demo else where
    settings = Settings(at, host, port, place, workers, log_level.value, reach, WRITING, of_drafts)
    try:
        with _shown(where) if demo else nullcontext(partial(_ready, settings)) as ready:
            run_server(settings, ready)
    except CannotServe as reason:
        fail(str(reason))


@app.command()
def account(
    folder: Folder,
    login: Annotated[str, typer.Argument(help="what they type to log in")] = "",
    name: Annotated[str, typer.Argument(help="what others read; names a new account")] = "",
    role: Annotated[str, typer.Option(help=f"what they are: {', '.join(ROLES)}")] = THERAPIST,
    patient: Annotated[
        list[str] | None, typer.Option(help="the pseudonym of a patient, or of a guardian's child")
    ] = None,
    relation: Annotated[str, typer.Option(help="how a guardian is related")] = "parent",
    invite: Annotated[bool, typer.Option("--invite", help="print a one-time code instead of a password")] = False,
    disable: Annotated[bool, typer.Option("--disable", help="let them in no more; logins end at once")] = False,
    enable: Annotated[bool, typer.Option("--enable", help="let them in again")] = False,
    reset_password: Annotated[
        bool, typer.Option("--reset-password", help="void it, and print a one-time code")
    ] = False,
    reset_second_factor: Annotated[
        bool, typer.Option("--reset-second-factor", help="void it and the password, and print a one-time code")
    ] = False,
    listing: Annotated[bool, typer.Option("--list", help="list all accounts")] = False,
    database: Database = "",
    keys: KeysUrl = "",
    as_json: Json = False,
) -> None:
    """At the clinic, make an account and print its password or invitation, once; or change one that there is."""
    from server_sync.clinic.account_rules import AccountRefused, related
    from server_sync.clinic.accounts import UnknownAccount
    from server_sync.clinic.audit import COMMAND
    from server_sync.clinic.patients import Unknown

    changes = {
        "--disable": disable, "--enable": enable, "--reset-password": reset_password,
        "--reset-second-factor": reset_second_factor, "--list": listing,
    }  # fmt: skip
    asked = [change for change, wanted in changes.items() if wanted]
    if len(asked) > 1:
        fail(f"{' and '.join(asked)} are two things: say one of them")
    if name and not login:
        fail("a new account needs a LOGIN: what they type to log in")
    if len(asked) + bool(name) != 1 or (not login and not listing):
        fail(f"say LOGIN and NAME for a new account, LOGIN and one of {', '.join(changes)[:-8]}, or --list")
    service = opened(folder, database, keys=keys)
    try:
        if name:
            wards = related(service.patients, patient or (), role, relation)
            _made(service, login, name, role, wards, invite, as_json)
        elif listing:
            service.audit.note(COMMAND, "list accounts")
            accounts = service.accounts.listed()
            lines = "\n".join(map(_account_line, accounts)) or "No account yet."
            tell({"accounts": [each._asdict() for each in accounts]}, as_json, lines)
        else:
            _changed(service, service.accounts.named(login), asked[0], as_json)
    except Unknown as reason:
        fail(f"{reason}: enrol a computer or prescribe for them first")
    except (AccountRefused, UnknownAccount) as reason:
        fail(str(reason))
    finally:
        service.close()


@app.command()
def devices(
    folder: Folder,
    revoke: Annotated[str, typer.Option(help="the id of a device that shall deliver no more, at once")] = "",
    database: Database = "",
    as_json: Json = False,
) -> None:
    """At the clinic, list the devices that may deliver, or take one off the list."""
    from server_sync.clinic.audit import COMMAND
    from server_sync.clinic.devices import UnknownDevice

    service = opened(folder, database)
    try:
        if revoke:
            service.devices.revoke(revoke)
        service.audit.note(COMMAND, "list devices")
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


def opened(folder: Path, database: str = "", recordings: str = "", keys: str = "") -> "Service":
    """The service of a clinic that there is: none but `serve` makes one."""
    from server_sync.clinic.place import Place, is_clinic
    from server_sync.clinic.service import CannotOpen, Service

    if not is_clinic(folder) and not database:
        if finished(folder) or (folder / RECIPIENTS).is_file():
            fail(f"{folder} is a patient's folder of sessions, and not that of a clinic")
        fail(f"{folder} is not the folder of a clinic: steadyreach serve --folder makes one")
    try:
        return Service(folder, Place(database, recordings, keys))
    except CannotOpen as reason:
        fail(str(reason))


def refuse_alike(service: "Service", pseudonyms: Iterable[str]) -> None:
    """Leave with a sentence where somebody new would be told from a patient by the case of letters alone."""
    known = [person.pseudonym for person in service.patients.people().values()]
    like = {pseudonym.casefold(): pseudonym for pseudonym in known}
    for pseudonym in set(pseudonyms) - set(known):
        if other := like.get(pseudonym.casefold()):
            fail(f"{pseudonym!r} and the patient {other!r} differ in capital letters alone: choose another pseudonym")


def held(folder: Path, database: str = "", recordings: str = "") -> list[dict[str, Any]]:
    """Every session that a clinic holds: id, number, device, hashes, and whether its recording is there."""
    from server_sync.clinic.audit import COMMAND

    service = opened(folder, database, recordings)
    try:
        service.audit.note(COMMAND, "list sessions")
        return [each._asdict() for each in service.archive.held()]
    finally:
        service.close()


def _shown(folder: Path) -> AbstractContextManager[Callable[[str], None]]:
    from engine.commands.clinic_demo.showing import shown  # games and their assessments take a while to import

    return shown(folder)


def _ready(settings: "Settings", url: str) -> None:
    """Say where a clinic is served; where it has no account yet, make the first."""
    service = settings.service()
    if not service.accounts.any():
        password = service.accounts.add("therapist", "Therapist")
        print(f"First account: therapist, password {password} (shown once)", flush=True)
    service.close()
    print(f"Serving at {url}", flush=True)


def _made(
    service: "Service", login: str, name: str, role: str, wards: Mapping[str, str], invite: bool, as_json: bool
) -> None:
    if invite:
        account_id, secret = service.invitations.new(login, name, role, wards)
    else:
        secret = service.accounts.add(login, name, role, wards=wards)
        account_id = service.accounts.named(login).id
    login = service.accounts.of(account_id).login
    said = _invitation(login, secret) if invite else secret
    tell({"id": account_id, "login": login, "code" if invite else "password": secret}, as_json, said)


def _invitation(login: str, code: str) -> str:
    """A one-time code, with whose it is, how long it is good, and what is done with it."""
    from server_sync.clinic.invitations import VALID

    return (
        f"{code}\nThe code of {login}, good once and for {VALID.days} days: a password is chosen with it at /invitation"
    )


def _changed(service: "Service", account: "AccountLine", change: str, as_json: bool) -> None:
    code = ""
    if change == "--disable":
        service.accounts.disable(account.id)
    elif change == "--enable":
        service.accounts.enable(account.id)
    elif change == "--reset-password":
        code = service.invitations.invite(account.id)
    else:
        code = service.second_factors.reset(account.id)
    changed = service.accounts.of(account.id)
    tell(
        {**changed._asdict(), **({"code": code} if code else {})},
        as_json,
        _invitation(changed.login, code) if code else _account_line(changed),
    )


def _account_line(account: "AccountLine") -> str:
    disabled = f", disabled {account.disabled_at:%Y-%m-%d %H:%M}" if account.disabled_at else ""
    invited, second_factor = ", invited" * account.invited, ", second factor" * account.second_factor
    return f"{account.login}  {account.name}, {account.role}{second_factor}{invited}{disabled}"


def _line(device: "DeviceLine") -> str:
    seen = f"seen {device.seen_at:%Y-%m-%d %H:%M}" if device.seen_at else "never seen"
    revoked = f", revoked {device.revoked_at:%Y-%m-%d %H:%M}" if device.revoked_at else ""
    whom = ", ".join(device.patients) or "anybody"
    return f"{device.id}  {device.name}, for {whom}, {seen}, sessions up to {device.acked_through}{revoked}"
