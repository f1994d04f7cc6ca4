"""A network that breaks things on purpose: a proxy which spoils some of the connections that go through it."""

import asyncio
import random
import socket
import struct
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from threading import Thread
from types import TracebackType

FAULTS = ("refused", "request cut", "answer cut", "answer lost", "delayed", "request flipped", "answer flipped")
_PIECE_BYTES = 16 * 1024
_FURTHEST_BYTES = 200_000
_DELAY_S = 0.8


@dataclass(frozen=True)
class _Fate:
    """What happens to one connection: the fault ("" for none), and after how many bytes of the way it is on."""

    fault: str
    after_bytes: int = 0
    delay_s: float = 0.0


class FaultyProxy:
    """Listens on a port of this computer and passes on to another one, which may come and go; a context manager.

    Of all connections `share` meet one of FAULTS, after a random number of bytes; `seed` fixes which, `met` counts.
    """

    def __init__(self, target_port: int, share: float, seed: int) -> None:
        self.share, self.met = share, Counter[str]()
        self._target_port, self._random = target_port, random.Random(seed)
        self._open = set[asyncio.StreamWriter]()
        self._loop = asyncio.new_event_loop()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self._thread = Thread(target=self._run, daemon=True)

    def __enter__(self) -> "FaultyProxy":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.set_exception_handler(lambda *_: None)  # a connection that breaks is what we are here for
        server = self._loop.run_until_complete(asyncio.start_server(self._meet, sock=self._listening))
        self._loop.run_forever()
        server.close()
        self._loop.run_until_complete(self._end())
        self._loop.close()

    async def _end(self) -> None:
        """Break what is still connected, and let everything come to its end."""
        for writer in self._open:
            writer.transport.abort()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _fate(self) -> _Fate:
        if self._random.random() >= self.share:
            return _Fate("")
        fault = self._random.choice(FAULTS)
        after = int(_FURTHEST_BYTES ** self._random.random())  # most messages are short: near bytes are hit more often
        return _Fate(fault, after, self._random.uniform(0.05, _DELAY_S))

    async def _meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        fate = self._fate()
        self.met[fate.fault or "none"] += 1
        if fate.fault == "delayed":
            await asyncio.sleep(fate.delay_s)
        try:
            if fate.fault == "refused":
                raise ConnectionResetError
            there, back = await asyncio.open_connection("127.0.0.1", self._target_port)
        except OSError:
            _reset(writer)
            return
        self._open |= {writer, back}

        def stop() -> None:
            _reset(writer)
            _reset(back)

        up = _spoiled(fate, "request") if "request" in fate.fault else _whole
        down = _spoiled(fate, "answer") if "answer" in fate.fault else _whole
        await asyncio.gather(_pass(reader, back, up, stop), _pass(there, writer, down, stop))
        writer.close()
        back.close()
        self._open -= {writer, back}


Spoil = Callable[[bytes], bytes | None]


def _whole(piece: bytes) -> bytes:
    return piece


def _spoiled(fate: _Fate, way: str) -> Spoil:
    """What becomes of each piece on one way: itself, a spoiled one, or None where the connection breaks."""
    passed = 0

    def spoil(piece: bytes) -> bytes | None:
        nonlocal passed
        if fate.fault == f"{way} lost":
            return None
        at, passed = fate.after_bytes - passed, passed + len(piece)
        if not 0 <= at < len(piece):
            return piece
        if fate.fault == f"{way} cut":
            return None
        return piece[:at] + bytes([piece[at] ^ 1 << at % 8]) + piece[at + 1 :]

    return spoil


async def _pass(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, spoil: Spoil, stop: Callable[[], None]
) -> None:
    try:
        while piece := await reader.read(_PIECE_BYTES):
            passed = spoil(piece)
            if passed is None:
                stop()
                return
            writer.write(passed)
            await writer.drain()
        writer.write_eof()
    except OSError:
        stop()


def _reset(writer: asyncio.StreamWriter) -> None:
    """Break a connection as a lost network does, without the goodbye of a closed one."""
    found: socket.socket | None = writer.get_extra_info("socket")
    if found is not None and not writer.is_closing():
        found.setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)
        )
    writer.close()
