"""A sealed recording written once more, open: for the person whose it is, who has none of the keys."""

from pathlib import Path
from typing import Any

import msgspec

from engine.sealing import PrivateKeys, Unopened, cipher_of
from engine.vrec import contents
from engine.vrec.blocks import MAGIC, BlockFile, BlockReader, Kind, Tagging


def write_unsealed(path: Path, content: bytes, keys: PrivateKeys) -> None:
    """Write what is in a recording, block for block, so that whoever has the file can read it.

    One that is not sealed is written as it is. Raises engine.sealing.Unopened where no key opens it, or its header is
    gone, and BlockDamaged where that is no header.
    """
    reader = BlockReader(content) if content.startswith(MAGIC) else None
    if reader is None:
        path.write_bytes(content)
        return
    if reader.header is None:
        raise Unopened("it is damaged: none of the copies of its header came back whole")
    header = contents.unpacked(reader.header, dict[str, Any])
    if "sealed" not in header:
        path.write_bytes(content)
        return
    cipher = cipher_of(header["sealed"], keys)
    about = contents.unpacked(cipher.open(0, header["about"], b""), dict[str, Any])
    opened = {name: value for name, value in header.items() if name not in ("sealed", "about")} | about
    file = BlockFile(path, msgspec.msgpack.encode(opened), Tagging())
    try:
        for block in reader.found(cipher).blocks:
            if block.kind == Kind.END:
                file.end(block.content)
            else:
                file.append(block.kind, block.content)
    finally:
        file.close()
