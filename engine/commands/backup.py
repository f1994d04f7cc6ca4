"""The commands that copy a clinic, check the copy, and bring it back."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from engine.commands.answer import fail, tell
from engine.commands.archive import Database, Json, Recordings, bar
from engine.commands.clinic import Folder, KeysUrl, opened

if TYPE_CHECKING:
    from server_sync.clinic.keys import Keys

Clinic = Annotated[Path | None, typer.Option("--folder", help="the server's folder: database and recordings")]
New = Annotated[Path, typer.Option("--folder", help="the folder of the server that comes out; it must not be there")]
Code = Annotated[
    str,
    typer.Option(
        help="the recovery code; asked for where neither it nor --keys is said", envvar="STEADYREACH_RECOVERY_CODE"
    ),
]
KeysFolder = Annotated[
    Path | None, typer.Option(help="where the copy of the keys lies, apart from the backup; beside it without this")
]

app = typer.Typer()


@app.command()
def backup(
    out: Annotated[Path | None, typer.Argument(help="a folder for it; what an earlier one copied stays")] = None,
    folder: Clinic = None,
    database: Database = "",
    recordings: Recordings = "",
    keys: KeysUrl = "",
    keys_folder: KeysFolder = None,
    another_code: Annotated[
        bool, typer.Option("--new-code", help="make another recovery code: the one of before is lost, or was seen")
    ] = False,
    check: Annotated[Path | None, typer.Option(help="verify this backup instead of making one")] = None,
    as_json: Json = False,
) -> None:
    """Copy a clinic while it is at work: its database as of one moment, and every recording that sessions name."""
    from engine.commands.visits import SOFTWARE
    from server_sync.clinic import backup as backups
    from server_sync.clinic import backup_state, manifest
    from server_sync.clinic.audit import COMMAND

    if (check is None) == (out is None) or (folder is None) != (out is None):
        fail("say where the copy goes and whose it is, as backup OUT --folder CLINIC, or backup --check BACKUP")
    with _refused():
        if check is not None:
            with bar("files", not as_json) as told:
                found, done = manifest.check(check, told), f"{check} is whole"
        elif out is not None and folder is not None:
            with closing(opened(folder, database, recordings, keys)) as service, _alone(out):
                _show_code(service.keychain, another_code, as_json)
                service.audit.note(COMMAND, "make another recovery code" if another_code else "make a backup")
                clinic = backups.Clinic(folder, service.place)
                with bar("files", not as_json) as told:
                    found = backups.backup(clinic, out, SOFTWARE, told, keys_folder)
                made = backup_state.Made(datetime.fromisoformat(found.made_at), len(found.files), len(found.missing))
                backup_state.note(service.store, made)
            done = f"Copied to {out}"
    size = sum(entry.bytes for entry in found.files.values())
    tell(found, as_json, f"{done}: {len(found.files)} files, {size >> 20} MiB, of {found.made_at}")
    if found.missing:
        some = manifest.some([f"{name} is {why}" for name, why in found.missing.items()])
        fail(f"recordings that sessions name could not be copied: {some}")


@app.command()
def restore(
    copy: Annotated[Path, typer.Argument(metavar="BACKUP", help="the folder of a backup")],
    folder: New,
    database: Database = "",
    recordings: Recordings = "",
    keys: KeysUrl = "",
    keys_folder: KeysFolder = None,
    code: Code = "",
    as_json: Json = False,
) -> None:
    """Bring a clinic back from a backup to where nothing is, and verify it."""
    from server_sync.clinic import restore as restoring
    from server_sync.clinic.backup import Clinic
    from server_sync.clinic.place import Place

    if not code and not keys:
        code = typer.prompt("The recovery code that was shown at the first backup", hide_input=True)
    with _refused(), bar("files", not as_json) as told:
        found = restoring.restore(copy, Clinic(folder, Place(database, recordings, keys)), code, told, keys_folder)
    answer = {"sessions": found.sessions, "recordings": found.recordings, "made_at": found.manifest.made_at}
    answer |= {"suspended": found.suspended, "keyless": found.keyless}
    said = f"{found.sessions} sessions and {found.recordings} recordings are as they were at {found.manifest.made_at}"
    suspended = (
        f"{found.suspended} accounts, devices, other systems and consents are suspended, because they may have been "
        f"ended since: confirm them with steadyreach restored --folder {folder}"
    )
    tell(answer, as_json, f"{said}: steadyreach serve --folder {folder}\n{suspended}")
    if found.keyless:
        typer.echo(
            f"{found.keyless} patients and accounts have no key: the copy of the keys is older than they are, and what "
            "is kept of them cannot be read. If there is a later copy, bring the backup back with that (--keys-folder)",
            err=True,
        )


@app.command()
def restored(
    folder: Folder,
    confirm: Annotated[
        list[str] | None, typer.Option(help="what may be used as before, as 'account 7' or 'device 1234567890abcdef'")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="all that waits: nothing was ended since")] = False,
    database: Database = "",
    keys: KeysUrl = "",
    as_json: Json = False,
) -> None:
    """At the clinic, list what a restore suspended, or confirm that it may be used as before."""
    from server_sync.clinic.suspended import NotWaiting

    with closing(opened(folder, database, keys=keys)) as service:
        names = [each.name for each in service.suspended.waiting()] if everything else confirm or []
        try:
            service.suspended.confirm(names)
        except NotWaiting as reason:
            fail(str(reason))
        waiting = service.suspended.waiting()
    lines = [f"{each.name}  {each.says}" for each in waiting]
    tell([each._asdict() for each in waiting], as_json, "\n".join(lines) or "Nothing waits since a restore.")


def _show_code(keys: "Keys", another: bool, as_json: bool) -> None:
    """Show the recovery code, made the first time or anew; it holds from now on, whatever becomes of the backup."""
    from server_sync.clinic import key_copies

    if code := key_copies.another_code(keys) if another else key_copies.new_code(keys):
        typer.echo(
            f"Recovery code, shown once: {code}\n"
            "Write it on paper and keep it apart: nobody brings this clinic back without it.",
            err=as_json,
        )
    for place in key_copies.write_again(keys)[1] if another else ():
        typer.echo(f"not reached, the code of before opens the copy of the keys in {place}: destroy it", err=True)


@contextmanager
def _refused() -> Iterator[None]:
    from server_sync.clinic.backup import AuditCut, NotTheSame
    from server_sync.clinic.dumps import DatabaseTrouble
    from server_sync.clinic.key_copies import WrongCode
    from server_sync.clinic.manifest import BackupUnusable
    from server_sync.clinic.restore import NotEmpty

    try:
        yield
    except (AuditCut, BackupUnusable, DatabaseTrouble, NotEmpty, NotTheSame, OSError, WrongCode) as reason:
        fail(str(reason))


@contextmanager
def _alone(out: Path) -> Iterator[None]:
    from filelock import FileLock, Timeout

    out.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(out / ".lock", blocking=False):
            yield
    except Timeout:
        fail(f"another backup into {out} is at work")
