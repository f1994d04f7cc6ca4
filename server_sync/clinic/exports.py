"""Exports: some of the clinic's sessions as files for other programs, whole or not at all.

For the clinic's own use they hold pseudonyms and dates; for research they are made of what server_sync.clinic.research
leaves, of those alone who agreed to that.
"""

import errno
import shutil
import tempfile
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import IO
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from server_sync.clinic.audit import Note
from server_sync.clinic.export_choice import Choice, Choosing, Left, NotExported, Which, Writing, counted
from server_sync.clinic.export_folder import Exported, Filling, Told
from server_sync.clinic.private import make_folder
from server_sync.clinic.service import Service


class Exports:
    """The exports of one clinic."""

    def __init__(self, service: Service, writing: Writing) -> None:
        """Take from there, and write so."""
        self._service, self._writing = service, writing
        self._choosing = Choosing(service, writing)

    def choose(self, which: Which, kind: str, study: str = "") -> Choice:
        """What there is to export; for research if a study is named. Raises Unknown and NotExported."""
        return self._choosing.choose(which, kind, study)

    def write(self, choice: Choice, out: Path, actor: str, told: Told = lambda _, __: None) -> Exported:
        """Write an export into a folder that is not there yet; raises NotExported."""
        if out.exists():
            raise NotExported(f"{out} exists already: name another folder, or move it away")
        if not out.parent.is_dir():
            raise NotExported(f"{out} cannot be written: {out.parent} is no folder")
        self._note(choice, actor)
        if not choice.persons:
            raise NotExported(f"there is nothing to export{_why(choice.left_out)}")
        try:
            with tempfile.TemporaryDirectory(dir=out.parent, prefix=".export-") as scratch:
                folder = Path(scratch) / "export"
                make_folder(folder)
                filling = Filling(self._service, self._writing, self._choosing, choice, folder)
                done = filling.fill(told)
                if not done.rows:
                    raise NotExported(f"there is nothing to export{_why(filling.left.values())}")
                folder.rename(out)
        except OSError as reason:
            there = reason.errno in (errno.ENOTEMPTY, errno.EEXIST)
            why = "it exists already" if there else reason.strerror or reason
            raise NotExported(f"{out} cannot be written: {why}") from None
        except ModuleNotFoundError as missing:
            raise NotExported(f"{missing.name} is not installed here: pip install steadyreach[all]") from None
        return done

    def zipped(self, choice: Choice, actor: str) -> IO[bytes]:
        """The same as a ZIP: a file that nobody else sees, and that is gone when it is closed."""
        with ExitStack() as unless_whole, tempfile.TemporaryDirectory(prefix="steadyreach-") as scratch:
            file = unless_whole.enter_context(tempfile.TemporaryFile())
            folder = Path(scratch) / "export"
            self.write(choice, folder, actor)
            _zip(folder, file)
            file.seek(0)
            unless_whole.pop_all()
        return file

    def _note(self, choice: Choice, actor: str) -> None:
        what = f"{choice.kind} for research {choice.study}" if choice.study else choice.kind
        notes = []
        for person in choice.persons:
            some = f"{len(person.sessions)} sessions" if len(person.sessions) > 1 else next(iter(person.sessions))
            notes.append(Note(actor, "export", person.patient_id, f"{what}: {some}"))
        with self._service.store.writing() as db:
            self._service.audit.extend(db, notes or [Note(actor, "export", thing=f"{what}: nothing")])


def _why(left_out: Iterable[Left]) -> str:
    said = "; ".join(f"{number} × {why}" for why, number in counted(left_out).items())
    return f": {said}" if said else ""


def _zip(folder: Path, file: IO[bytes]) -> None:
    """Move the files of a folder into a ZIP; equal files make equal bytes."""
    with ZipFile(file, "w") as archive:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            part = ZipInfo(path.relative_to(folder).as_posix())
            part.compress_type, part.file_size = ZIP_DEFLATED, path.stat().st_size
            with path.open("rb") as source, archive.open(part, "w") as target:
                shutil.copyfileobj(source, target, 1 << 20)
            path.unlink()
