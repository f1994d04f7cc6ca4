"""The patient's computer and the clinic: enrolment, and the delivery of what was played."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from engine.commands import visits
from engine.commands.answer import fail, tell
from engine.commands.play import Json, Sessions

app = typer.Typer()
HOME = visits.HOME
Patience = Annotated[float, typer.Option(min=0, help="seconds to keep trying")]
DatabaseUrl = Annotated[str, typer.Option(help="at the clinic: another database, as a SQLAlchemy URL")]


@app.command()
def enrol(
    folder: Annotated[Path | None, typer.Option(help="at the clinic: the server's folder, to make a code")] = None,
    server: Annotated[str, typer.Option(help="on the patient's computer: the clinic server's address")] = "",
    code: Annotated[str, typer.Option(help="the one-time code from the clinic")] = "",
    name: Annotated[str, typer.Option(help="what the clinic shall call this device")] = "headset",
    patience: Patience = 10.0,
    database_url: DatabaseUrl = "",
) -> None:
    """At the clinic, make a one-time code; on the patient's computer, exchange it for this device's token."""
    from server_sync.client import delivery as client
    from server_sync.clinic.service import Service

    if folder is not None:
        print(Service(folder, database_url).devices.new_code())
        return
    if not (server and code):
        fail("enrol needs --folder at the clinic, or --server and --code on the patient's computer")
    try:
        token = client.enrol(server, code, name, client.Patience(patience))
    except (client.Later, client.Refused) as reason:
        fail(str(reason))
    HOME.mkdir(parents=True, exist_ok=True)
    visits.DEVICE.touch(mode=0o600)
    visits.DEVICE.write_text(json.dumps({"server": server, "token": token}))
    print(f"enrolled at {server}; the token is in {visits.DEVICE}")


@app.command()
def sync(
    folder: Sessions = HOME / "sessions",
    server: Annotated[str, typer.Option(help="the clinic server's address; the enrolled one otherwise")] = "",
    token: Annotated[str, typer.Option(help="this device's token; the enrolled one otherwise")] = "",
    patience: Patience = 30.0,
    as_json: Json = False,
) -> None:
    """Deliver finished sessions to the clinic server; safe to repeat."""
    from server_sync.client import delivery as client

    known: dict[str, str] = json.loads(visits.DEVICE.read_text()) if visits.DEVICE.is_file() else {}
    server, token = server or known.get("server", ""), token or known.get("token", "")
    if not (server and token):
        fail("this device is not enrolled: run steadyreach enrol --server URL --code CODE first")
    result = client.deliver(folder, server, token, client.Patience(patience))
    sentence = (
        f"{len(result.delivered)} delivered, {len(result.already_there)} were there, {len(result.waiting)} waiting"
    )
    tell(result, as_json, sentence)
    for session, reason in result.set_aside.items():
        print(f"{session} was set aside: {reason}", file=sys.stderr)
    if not result.complete:
        fail(result.problem or f"{len(result.set_aside)} sessions need a person")
