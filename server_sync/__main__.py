"""The clinic server from a command line: `python -m server_sync serve|account|enrol`."""

from pathlib import Path
from typing import Annotated

import typer

from server_sync.accounts import AccountExists
from server_sync.service import Service
from server_sync.serving import CannotServe, serve

app = typer.Typer(no_args_is_help=True, add_completion=False)
Folder = Annotated[Path, typer.Option(help="where the clinic's database and recordings lie")]
DatabaseUrl = Annotated[str, typer.Option(help="another database, as a SQLAlchemy URL")]


@app.command("serve")
def serve_command(
    folder: Folder,
    host: Annotated[str, typer.Option(help="the address to listen on")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="the port; 0 takes a free one")] = 8765,
    database_url: DatabaseUrl = "",
) -> None:
    """Serve a clinic until interrupted."""
    try:
        serve(folder, host, port, database_url, ready=lambda url: typer.echo(f"Serving at {url}"))
    except CannotServe as reason:
        typer.echo(str(reason), err=True)
        raise typer.Exit(1) from None


@app.command()
def account(folder: Folder, login: str, name: str, database_url: DatabaseUrl = "") -> None:
    """Make a therapist's account and print its password, once."""
    try:
        password = Service(folder, database_url).accounts.add(login, name)
    except AccountExists as reason:
        typer.echo(str(reason), err=True)
        raise typer.Exit(1) from None
    typer.echo(password)


@app.command()
def enrol(folder: Folder, database_url: DatabaseUrl = "") -> None:
    """Print a one-time code for one device, good for 15 minutes."""
    typer.echo(Service(folder, database_url).devices.new_code())


if __name__ == "__main__":
    app()
