"""Our own recordings as Parquet, bit for bit: a file for each table, the header in the metadata of the first."""

import json
from pathlib import Path

import numpy as np

from engine.formats.tables import FLAT, beside
from engine.recording import TABLES, Recorded, RecordingUnreadable

_HEADER = b"steadyreach"


def write(path: Path, recorded: Recorded) -> list[Path]:
    """Write the tables that have rows; returns the files. Floats are split into byte planes, as in the recording."""
    import pyarrow as pa
    from pyarrow import parquet as pq

    files = []
    for name, table in (("frames", recorded.rows), ("devices", recorded.devices), ("joints", recorded.joints)):
        if name != "frames" and not len(table):
            continue
        flat = np.ascontiguousarray(table).view(FLAT[name])
        columns = {column: np.ascontiguousarray(flat[column]) for column in flat.dtype.names or ()}
        described = pa.table(columns).replace_schema_metadata({_HEADER: json.dumps(recorded.header)})
        files.append(path if name == "frames" else beside(path, name))
        pq.write_table(
            described,
            files[-1],
            compression="zstd",
            use_dictionary=False,
            use_byte_stream_split=True,
            write_page_checksum=True,
        )
    return files


def read(path: Path) -> Recorded:
    """Read what `write` wrote; raises RecordingUnreadable."""
    header, rows = _read(path, "frames")
    devices, joints = (
        _read(beside(path, name), name)[1] if beside(path, name).is_file() else np.empty(0, TABLES[name])
        for name in ("devices", "joints")
    )
    return Recorded(json.loads(header), rows, devices, joints)


def _read(path: Path, name: str) -> tuple[bytes, np.ndarray]:
    import pyarrow as pa
    from pyarrow import parquet as pq

    kind = FLAT[name]
    try:
        found = pq.read_table(path, page_checksum_verification=True)
    except (OSError, pa.ArrowException) as reason:
        raise RecordingUnreadable(f"{path} cannot be read as Parquet: {str(reason).splitlines()[0]}") from None
    header = (found.schema.metadata or {}).get(_HEADER)
    if header is None or tuple(found.column_names) != kind.names:
        raise RecordingUnreadable(f"{path} is Parquet, and not the {name} of one of our recordings")
    table = np.empty(found.num_rows, kind)
    for column in found.column_names:
        table[column] = found[column].to_numpy()
    return header, table.view(TABLES[name])
