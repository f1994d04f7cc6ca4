"""Export: a recording or session into the formats of other programs, chosen by the name of the target."""

import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from engine.formats import c3d, files, foxglove, motion_bids, own_csv, parquet
from engine.formats.motion_bids import AlreadyThere
from engine.formats.steady import Unsteady
from engine.formats.tables import Table, beside
from engine.recording import NotArchived, Recorded, write_archive
from engine.records import Session
from engine.session_folder import RECORD, read_session

_WRITERS: Mapping[str, Callable[[Path, Recorded, Session | None], list[Path]]] = {
    "csv": lambda path, recorded, _: own_csv.write(path, recorded),
    "parquet": lambda path, recorded, _: parquet.write(path, recorded),
    "c3d": c3d.write,
    "mcap": foxglove.write,
    "vrec": lambda path, recorded, _: _archive(path, recorded),
}
MOTION_BIDS = "motion-bids"
KINDS = (*_WRITERS, MOTION_BIDS)


class NotExported(ValueError):
    """Nothing was exported; the message says why and what to do."""


def export(source: Path, target: Path, kind: str = "", axes: str = "openxr") -> list[Path]:
    """Write a recording, session folder or replay as the target's suffix says, a folder for Motion-BIDS.

    `kind` is one of KINDS and "" asks the suffix; `axes` are those of other people's files. Returns the files. Nothing
    that exists is overwritten, and a session is added to a dataset that has others. Raises NotExported,
    engine.recording.RecordingUnreadable and engine.records.RecordUnreadable.
    """
    if not target.parent.is_dir():
        raise NotExported(f"{target} cannot be written: {target.parent} is no folder")
    kind = kind or target.suffix.lower().removeprefix(".") or MOTION_BIDS
    if kind not in KINDS:
        raise NotExported(f"{target}: exports are .csv, .parquet, .c3d, .mcap, .vrec, or a folder for {MOTION_BIDS}")
    recorded = files.read(source, axes=axes)
    if isinstance(recorded, Table):
        raise NotExported(f"{source} holds no poses of a head, and only recordings are exported")
    if not len(recorded.rows):
        raise NotExported(f"{source} holds no whole block of frames")
    session = read_session(source) if (source / RECORD).is_file() else None
    try:
        if kind == MOTION_BIDS:
            return motion_bids.write(target, recorded, session, source.stem)
        return _write(target, kind, recorded, session)
    except AlreadyThere as reason:
        raise NotExported(str(reason)) from None
    except Unsteady as reason:
        raise NotExported(f"{source} cannot be exported as {kind}: {reason}") from None
    except NotArchived as reason:
        raise NotExported(f"{source} {reason}") from None
    except OSError as reason:
        raise NotExported(f"{target} cannot be written: {reason.strerror or reason}") from None


def as_file(kind: str, path: Path, recorded: Recorded, session: Session | None) -> list[Path]:
    """Write a recording as one of KINDS that is a file; gives it and those beside it. Raises Unsteady, NotArchived."""
    return _WRITERS[kind](path, recorded, session)


def _archive(path: Path, recorded: Recorded) -> list[Path]:
    write_archive(path, recorded)
    return [path]


def _write(target: Path, kind: str, recorded: Recorded, session: Session | None) -> list[Path]:
    """Write beside the target and rename when complete, so that a file is whole or not there."""
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".export-") as scratch:
        written = as_file(kind, Path(scratch) / target.name, recorded, session)
        places = [target.parent / file.name for file in written]
        others = [beside(target, table) for table in ("devices", "joints")]
        there = [place for place in (*places, *others) if place.exists()]
        if there:
            raise NotExported(f"{there[0]} exists already: name another target or move it away")
        for file, place in zip(written, places, strict=True):
            file.rename(place)
    return places
