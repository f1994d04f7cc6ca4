"""One session as a single HTML file that needs nothing else: to keep, to print, to put in the notes."""

import os
from collections.abc import Sequence
from pathlib import Path

from engine.records import Session
from server_sync.page.render import data_uri, inline_style, render
from server_sync.page.sheet import sheet

_KINDS = {".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg"}


def report(session: Session, pictures: Sequence[Path] = (), name: str = "", about: str = "") -> str:
    """The report as HTML; `name` and `about` are the clinic's words for the patient, else the pseudonym."""
    shown = [(data_uri(picture, _KINDS[picture.suffix.lower()]), _caption(picture)) for picture in pictures]
    return render(
        "report.html",
        sheet=sheet(session),
        name=name or session.patient,
        about=about,
        pictures=shown,
        style=inline_style(),
        standalone=True,
    )


def write_report(session: Session, path: Path, pictures: Sequence[Path] = ()) -> None:
    """Write the report of a session; the file is whole or absent at every moment."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    unfinished.write_text(report(session, pictures), encoding="utf-8")
    unfinished.replace(path)


def _caption(picture: Path) -> str:
    """The words of a file's name, without the number that orders it: `2-in_the_orchard.png` is "In the orchard"."""
    return picture.stem.replace("_", " ").replace("-", " ").lstrip("0123456789 ").capitalize()
