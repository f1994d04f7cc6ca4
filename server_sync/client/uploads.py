"""A recording on its way to the clinic, in pieces, resumed wherever the server says that it has come to.

The semantics are those of draft-ietf-httpbis-resumable-upload: only the server's word on the offset counts.
"""

import base64
import time
from collections.abc import Callable
from pathlib import Path

from server_sync import wire
from server_sync.client.exchange import DONE, Answer, Exchange
from server_sync.client.patience import Later

QUICK_S, SLOW_S = 0.5, 2.0
MOST_BEGINNINGS = 3
MOST_MISMATCHES = 20
MISMATCH = 409
YES, NO = "?1", "?0"
COMPLETED = "completed-upload"
NOT_THERE = frozenset({404, 410})

Watcher = Callable[[str, int, int], None]
"""Is told a recording's name, how many of its bytes the clinic has, and how many there are."""


class Uploads:
    """What one delivery brings; pieces grow while they go quickly, and shrink while they do not."""

    def __init__(
        self, exchange: Exchange, watch: Watcher = lambda *_: None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Bring to this server; `watch` is told how far it is."""
        self._exchange, self._watch, self._clock = exchange, watch, clock
        self._piece_bytes = wire.SMALLEST_PIECE_BYTES

    def bring(self, recording: Path, sha256: str) -> None:
        """Bring a recording, or what is missing of it; raises Later, and OSError where it cannot be read."""
        length = recording.stat().st_size
        for _ in range(MOST_BEGINNINGS):
            offset = self._begun(sha256, length)
            if offset is None or self._sent_from(offset, recording, sha256, length):
                return
        raise Later(f"{self._exchange.server} did not get {recording.name} whole; it is sent again later")

    def _begun(self, sha256: str, length: int) -> int | None:
        """Where to go on; None where the server has it all."""
        address = f"{wire.UPLOADS}/{sha256}"
        known = self._exchange.send("HEAD", address, expected=DONE | NOT_THERE)
        if known.status in DONE:
            return self._place(known, length)
        digest = base64.b64encode(bytes.fromhex(sha256)).decode()
        announced = {wire.UPLOAD_LENGTH: str(length), wire.UPLOAD_COMPLETE: NO, wire.REPR_DIGEST: f"sha-256=:{digest}:"}
        made = self._exchange.send("POST", wire.UPLOADS, headers=announced)
        return self._place(made, length)

    def _sent_from(self, offset: int, recording: Path, sha256: str, length: int) -> bool:
        """Whether all pieces went from here on; False where the server wants it from the beginning."""
        place: int | None = offset
        mismatches = 0
        with recording.open("rb") as file:
            while place is not None:
                self._watch(recording.parent.name, place, length)
                file.seek(place)
                piece = file.read(self._piece_bytes)
                if not piece and place < length:
                    raise OSError(None, "it became shorter while it was sent", str(recording))
                answer = self._send_piece(f"{wire.UPLOADS}/{sha256}", piece, place, length)
                if answer.status in NOT_THERE:
                    return False
                mismatches += answer.status == MISMATCH
                if mismatches > MOST_MISMATCHES:
                    return False
                over = answer.status not in DONE and answer.problem.code == COMPLETED
                place = None if over else self._place(answer, length, place + len(piece))
        self._watch(recording.parent.name, length, length)
        return True

    def _send_piece(self, address: str, piece: bytes, offset: int, length: int) -> Answer:
        headers = {
            "Content-Type": wire.PARTIAL_UPLOAD,
            wire.UPLOAD_OFFSET: str(offset),
            wire.UPLOAD_LENGTH: str(length),
            wire.UPLOAD_COMPLETE: YES if offset + len(piece) == length else NO,
        }
        begun_s = self._clock()
        answer = self._exchange.send("PATCH", address, piece, headers, {*DONE, *NOT_THERE, MISMATCH, COMPLETED})
        took_s = self._clock() - begun_s
        if took_s < QUICK_S:
            self._piece_bytes = min(wire.LARGEST_PIECE_BYTES, self._piece_bytes * 2)
        elif took_s > SLOW_S:
            self._piece_bytes = max(wire.SMALLEST_PIECE_BYTES, self._piece_bytes // 2)
        return answer

    def _place(self, answer: Answer, length: int, otherwise: int = 0) -> int | None:
        """Where an answer says that the next piece begins, None for nowhere; raises Later where that is no place."""
        said = answer.headers.get(wire.UPLOAD_OFFSET, str(otherwise))
        if answer.headers.get(wire.UPLOAD_COMPLETE) == YES:
            return None
        if not (said.isascii() and said.isdigit() and int(said) <= length):
            raise Later(f"{self._exchange.server} says that it has {said!r} of {length} bytes; it is asked again later")
        return int(said)
