"""The clinic's commands: serve, and what is done beside a running server."""

from pathlib import Path
from typing import Annotated

import typer

from engine.commands.answer import fail

app = typer.Typer()
Folder = Annotated[Path, typer.Option(help="the server's folder: database and recordings")]
Database = Annotated[str, typer.Option(help="another database than SQLite in the folder, as a SQLAlchemy URL")]


@app.command()
def serve(
    folder: Folder,
    host: Annotated[str, typer.Option(help="the address to listen on")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="the port; 0 takes a free one")] = 8765,
    database: Database = "",
) -> None:
    """Serve a clinic until interrupted; with no account yet, make the first and print its password once."""
    from server_sync.clinic.service import Service
    from server_sync.web.serving import CannotServe
    from server_sync.web.serving import serve as run_server

    def ready(url: str) -> None:
        service = Service(folder, database)
        if not service.accounts.any():
            password = service.accounts.add("therapist", "Therapist")
            print(f"First account: therapist, password {password} (shown once)", flush=True)
        service.close()
        print(f"Serving at {url}", flush=True)

    try:
        run_server(folder, host, port, database, ready=ready)
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
    from server_sync.clinic.service import Service

    try:
        print(Service(folder, database).accounts.add(login, name))
    except AccountExists as reason:
        fail(str(reason))
