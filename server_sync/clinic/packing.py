"""Unpacking what came from outside: bounded, because a few packed bytes may claim to be gigabytes."""

import zstandard

_LARGEST_WINDOW_BYTES = 8 * 1024 * 1024


class NotUnpacked(ValueError):
    """What arrived is not packed with zstd, or is larger than allowed; the message says which."""


def unpacked(content: bytes, most_bytes: int) -> bytes:
    """What a zstd frame holds, as far as it is there: whether it is whole, a hash or a decoder must say.

    Raises NotUnpacked, and never takes much more memory than `most_bytes`.
    """
    decompressor = zstandard.ZstdDecompressor(max_window_size=_LARGEST_WINDOW_BYTES)
    try:
        # A frame may declare any size, and is believed before a byte of it is read.
        if 0 < zstandard.frame_content_size(content) <= most_bytes:
            return decompressor.decompress(content)
        with decompressor.stream_reader(content) as stream:
            plain = stream.read(most_bytes + 1)
    except zstandard.ZstdError as reason:
        raise NotUnpacked(f"not packed with zstd: {reason}") from None
    if len(plain) > most_bytes:
        raise NotUnpacked(f"more than {most_bytes} bytes when unpacked, which is the most that is taken")
    return plain
