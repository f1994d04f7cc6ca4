"""Numbered blocks in a file, each closed by a tag, so that every whole one is found again whatever becomes of the file.

The file is `MAGIC`, then blocks. A block is a head of 17 bytes (marker, kind, number, bytes that follow, CRC-32 of
these), and a body that ends with a tag of 16 bytes. Tags bind the SHA-256 of the header, the head and the content, so
that no block stands for another, nor one of another file. The marker is where to go on after damage.
"""

import errno
import hashlib
import os
import struct
import zlib
from collections.abc import Iterator
from contextlib import suppress
from enum import IntEnum
from pathlib import Path
from typing import NamedTuple, Protocol

from engine.sealing import Unopened

MAGIC = b"VREC\x04"
MARKER = b"\xb5REC"
TAG_BYTES = 16
LARGEST_BYTES = 1 << 24
"""The largest body that is believed to be one."""
_HEAD = struct.Struct("<4sBIII")
_OF_HEADER = bytes(hashlib.sha256().digest_size)  # stands for the header's hash where the header itself is bound


class Kind(IntEnum):
    """What a block holds."""

    HEADER = 0
    FRAMES = 1
    EVENTS = 2
    END = 3


class RecordingUnwritten(OSError):
    """The disk refused a block, or took none for too long; the file ends with the block before it."""


class Closing(Protocol):
    """How the blocks of a file are closed: `Tagging` for plain files, engine.sealing.Cipher for sealed ones."""

    def seal(self, number: int, content: bytes, bound: bytes) -> bytes:
        """The body of a block, 16 bytes longer than its content."""
        ...

    def open(self, number: int, content: bytes, bound: bytes) -> bytes:
        """The content of a body; raises Unopened where a bit of it, its number or `bound` is another."""
        ...


class Tagging:
    """Closes a block with 16 bytes of BLAKE2b: of `bound`, the number (8 bytes, big-endian), and the content."""

    def seal(self, number: int, content: bytes, bound: bytes) -> bytes:
        """The content and its tag."""
        return content + _tag(number, content, bound)

    def open(self, number: int, content: bytes, bound: bytes) -> bytes:
        """The content without its tag; raises Unopened."""
        inner = content[:-TAG_BYTES]
        if _tag(number, inner, bound) != content[-TAG_BYTES:]:
            raise Unopened("it is damaged: its tag is that of something else")
        return inner


class Block(NamedTuple):
    """A block that came back whole."""

    number: int
    kind: Kind
    content: bytes


class Found(NamedTuple):
    """What is whole in a file: the blocks behind the header in the order of their numbers, and what is not.

    `stray_bytes` belong to no whole block, `disordered` blocks stand behind a later one or twice.
    """

    blocks: tuple[Block, ...]
    stray_bytes: int
    disordered: int


class BlockFile:
    """A file of blocks that is being written; `sha256` and `bytes` are those of what is in it so far."""

    def __init__(self, path: Path, header: bytes, closing: Closing) -> None:
        """Make the file, and write the header to it; raises OSError, RecordingUnwritten from the first byte on."""
        self.path, self.bytes, self.blocks = path, 0, 0
        self._closing, self._sha256 = closing, hashlib.sha256()
        self._header_hash = hashlib.sha256(header).digest()
        self._header = _block(Block(0, Kind.HEADER, header), _OF_HEADER, Tagging())
        self._file = path.open("wb", buffering=0)
        try:
            self._put(MAGIC + self._header)
        except RecordingUnwritten:
            self._file.close()
            raise

    @property
    def sha256(self) -> str:
        """The hash of all bytes written so far, in hexadecimal."""
        return self._sha256.hexdigest()

    def append(self, kind: Kind, content: bytes) -> None:
        """Add a block; raises RecordingUnwritten, and the file ends with the block before it."""
        self.blocks += 1
        self._put(_block(Block(self.blocks, kind, content), self._header_hash, self._closing))

    def end(self, content: bytes) -> None:
        """Add the header once more, for when the first is damaged, then the last block; raises RecordingUnwritten."""
        self._put(self._header)
        self.append(Kind.END, content)

    def settle(self) -> None:
        """Wait until the disk has all that was written; raises RecordingUnwritten."""
        try:
            os.fsync(self._file.fileno())
        except OSError as reason:
            raise RecordingUnwritten(reason.errno, reason.strerror, str(self.path)) from None

    def close(self, keep_bytes: int | None = None) -> None:
        """Close the file as it is, or with its first bytes alone, as far as the disk cuts it."""
        if keep_bytes is not None and keep_bytes < self.bytes:
            with suppress(OSError):
                self._file.truncate(keep_bytes)
        self._file.close()

    def _put(self, content: bytes) -> None:
        try:
            if self._file.write(content) != len(content):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError as reason:
            self._file.truncate(self.bytes)
            raise RecordingUnwritten(reason.errno, reason.strerror, str(self.path)) from None
        self._sha256.update(content)
        self.bytes += len(content)


class BlockReader:
    """The blocks of the content of a file. `header` is None where none came back, `copied` where it was the copy."""

    def __init__(self, content: bytes) -> None:
        """Look for blocks in `content`; every byte is looked at twice at most."""
        self._content, self._spans = content, list(_spans(content))
        self.header: bytes | None = None
        self.copied = False
        for span in self._spans:
            if self.header is None and span.is_header:
                self.header = self._opened(span, _OF_HEADER, Tagging())
                self.copied = span.start != len(MAGIC)

    def found(self, closing: Closing) -> Found:
        """The blocks behind the header, which there has to be."""
        header_hash = hashlib.sha256(self.header or b"").digest()
        blocks: dict[int, Block] = {}
        disordered, stray_bytes, latest = 0, len(self._content) - len(MAGIC), 0
        for span in self._spans:
            to_header = _OF_HEADER if span.is_header else header_hash
            content = self._opened(span, to_header, Tagging() if span.is_header else closing)
            if content is None or (span.is_header and content != self.header):
                continue
            stray_bytes -= span.end - span.start
            if span.is_header:
                continue
            disordered += span.number <= latest
            latest = max(latest, span.number)
            blocks.setdefault(span.number, Block(span.number, Kind(span.kind), content))
        return Found(tuple(blocks[number] for number in sorted(blocks)), stray_bytes, disordered)

    def _opened(self, span: "_Span", header_hash: bytes, closing: Closing) -> bytes | None:
        if not span.whole:
            return None
        head, body = span.start + _HEAD.size, self._content[span.start + _HEAD.size : span.end]
        try:
            return closing.open(span.number, body, header_hash + self._content[span.start : head])
        except Unopened:
            return None


class _Span(NamedTuple):
    """Where a head says that a block is; it is not `whole` where the next one begins before its end."""

    start: int
    end: int
    kind: int
    number: int
    whole: bool = True

    @property
    def is_header(self) -> bool:
        return self.kind == Kind.HEADER


def _spans(content: bytes) -> Iterator[_Span]:
    earlier, at = None, content.find(MARKER, len(MAGIC))
    while 0 <= at <= len(content) - _HEAD.size:
        _, kind, number, length, check = _HEAD.unpack_from(content, at)
        told = zlib.crc32(content[at : at + _HEAD.size - 4]) == check
        if told and TAG_BYTES <= length <= LARGEST_BYTES and kind in _KINDS:
            if earlier is not None:
                yield earlier._replace(whole=earlier.end <= at)
            earlier = _Span(at, at + _HEAD.size + length, kind, number)
        at = content.find(MARKER, at + 1)
    if earlier is not None:
        yield earlier._replace(whole=earlier.end <= len(content))


def _block(block: Block, header_hash: bytes, closing: Closing) -> bytes:
    head = _HEAD.pack(MARKER, block.kind, block.number, len(block.content) + TAG_BYTES, 0)
    head = head[:-4] + zlib.crc32(head[:-4]).to_bytes(4, "little")
    return head + closing.seal(block.number, block.content, header_hash + head)


def _tag(number: int, content: bytes, bound: bytes) -> bytes:
    hasher = hashlib.blake2b(bound, digest_size=TAG_BYTES)
    hasher.update(number.to_bytes(8, "big"))
    hasher.update(content)
    return hasher.digest()


_KINDS = frozenset(Kind)
