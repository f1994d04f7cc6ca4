"""Delivery of finished sessions to a clinic: recordings first, then their sessions in batches.

Nothing is marked as sent before the receipt for the very same bytes was read, and nothing is deleted. What a network or
a server does is never raised: it is in the answer, and the next round goes on from there.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import msgspec
from msgspec.structs import replace

from engine.keys import KeyMissing, Keys
from server_sync import wire
from server_sync.client import enrolment, prescriptions
from server_sync.client.accounted import counts, holds
from server_sync.client.budget import make_room
from server_sync.client.exchange import TOO_FAR_APART, UNKNOWN_DEVICE, Exchange
from server_sync.client.groups import groups
from server_sync.client.home import LEDGER, Device, Home, gather, unsealable
from server_sync.client.outbox import (
    DELIVERED,
    GONE,
    LOST,
    SET_ASIDE,
    Finished,
    Ledger,
    Outgoing,
    Unready,
    Unsendable,
    check,
    load,
    survey,
)
from server_sync.client.outcome import Delivery
from server_sync.client.patience import LONGEST_PAUSE_S, Later, Patience, Refused
from server_sync.client.uploads import Uploads, Watcher

OF_ALL = {0, UNKNOWN_DEVICE, TOO_FAR_APART, 429, 503, 507}
"""Answers that the next session would get as well; others may be about this one alone."""
MOST_PASSED_OVER = 3
EARLY = timedelta(days=7)
NOT_THEIRS = (
    "it is of a patient whom this computer is not for; it stays here until the clinic enrols the computer for them "
    "(steadyreach enrol --patient)"
)

Step = Callable[[Delivery], None]


def deliver(
    home: Home,
    device: Device,
    keys: Keys,
    patience: Patience,
    transport: httpx.BaseTransport | None = None,
    step: Step = lambda _: None,
    watch: Watcher = lambda *_: None,
) -> Delivery:
    """Bring every finished session to the clinic, once through; one caller at a time for each folder.

    `step` is told how it stands after each step, `watch` how far a recording is. Raises enrolment.NotEnrolled where the
    device's secrets are not to be had.
    """
    credentials = enrolment.credentials_of(home, device, keys)
    with Exchange(device.server, patience, credentials, transport) as exchange:
        return _Round(home, device, keys, exchange, step, watch).run()


class _Round:
    """One delivery, and what came of it so far."""

    def __init__(self, home: Home, device: Device, keys: Keys, exchange: Exchange, step: Step, watch: Watcher) -> None:
        self._home, self._device, self._keys, self._exchange, self._step = home, device, keys, exchange, step
        self._ledger = Ledger(home.clinic / LEDGER, device.server, device.device)
        self._uploads = Uploads(exchange, watch)
        self._misplaced, self._unsealable = gather(home), unsealable(home)
        self._found, self._gone = survey(home)
        self._by_id = {each.id: each for each in self._found}
        self._state = wire.State(device="")
        self._delivered: list[str] = []
        self._there: set[str] = set()
        self._set_aside: dict[str, str] = {}
        self._lost: dict[str, str] = {}
        self._troubles: dict[str, str] = {}
        self._damaged: list[wire.Lost] = []
        self._prescribed: Mapping[str, int] = {}
        self._notes: tuple[str, ...] = ()
        self._stopped, self._wait_s, self._passed_over = "", 0.0, 0

    def run(self) -> Delivery:
        """All of it."""
        try:
            self._state = self._exchange.ask("GET", wire.STATE, wire.State)
            self._renew_token()
            self._pull()
            self._bring(self._unsettled())
            self._tell_lost()
        except Later as reason:
            self._stopped = str(reason)
            self._wait_s = LONGEST_PAUSE_S if reason.status in (UNKNOWN_DEVICE, TOO_FAR_APART) else reason.wait_s
        except (Refused, KeyMissing) as reason:
            self._stopped = str(reason)
        self._make_room()
        return self.result()

    def result(self) -> Delivery:
        """How it stands."""
        for each in self._found:
            entry = self._ledger.known(each.id, each.stamp)
            if entry and entry.state == SET_ASIDE:
                self._set_aside.setdefault(each.id, entry.reason)
        aside = dict.fromkeys(self._misplaced, "it lies beside the folder of sessions, and could not be moved there")
        waiting = [each.id for each in self._found if not self._is_there(each) and each.id not in self._set_aside]
        now = {*self._delivered}
        troubles = [self._troubles[session] for session in waiting if session in self._troubles]
        return Delivery(
            delivered=tuple(self._delivered),
            already_there=tuple(each.id for each in self._found if self._is_there(each) and each.id not in now),
            waiting=tuple(waiting),
            set_aside={**self._set_aside, **aside},
            lost=dict(self._lost),
            problem=next(filter(None, (self._stopped, *troubles, self._unsealable)), ""),
            clock=self._exchange.clocks.best(),
            prescriptions=self._prescribed,
            notes=tuple(note for note in (self._ledger.problem, *self._notes) if note not in ("", self._unsealable)),
            wait_s=self._wait_s,
        )

    def _is_there(self, each: Finished) -> bool:
        if each.id in self._there:
            return True
        entry = self._ledger.known(each.id, each.stamp)
        return bool(entry and entry.state == DELIVERED and (not self._state.device or self._counted(each)))

    def _counted(self, each: Finished) -> bool:
        """Whether the server's word agrees that it has a session; it has no word on one without a number."""
        return holds(self._state, each.number)

    def _still_refused(self, each: Finished) -> bool:
        """Whether the server knows that it refused a session, or was not told its number."""
        return not each.number or counts(self._state, each.number)

    def _unsettled(self) -> Iterator[Finished]:
        """What is to be offered, in order: the ledger is a hint, the server's state counts."""
        for each in self._found:
            entry = self._ledger.known(each.id, each.stamp)
            if entry and entry.state == DELIVERED and self._counted(each):
                self._there.add(each.id)
            elif not (entry and entry.state == SET_ASIDE and self._still_refused(each)):
                yield each

    def _bring(self, found: Iterable[Finished]) -> None:
        """Send sessions in groups, each after its recordings."""
        for group in groups(filter(None, map(self._ready, found))):
            lacking = self._post(group)
            brought = [outgoing for outgoing in lacking if self._recording_brought(outgoing)]
            if brought:
                self._post(brought)

    def _ready(self, each: Finished) -> Outgoing | None:
        """A session whose recording is at the clinic, as far as is known; None where it cannot go now."""
        try:
            outgoing = load(each, self._keys)
        except Unsendable as reason:
            self._put_aside(each, str(reason))
            return None
        except Unready as reason:
            self._troubles[each.id] = str(reason)
            return None
        if self._state.patients and outgoing.patient not in self._state.patients:
            self._put_aside(each, NOT_THEIRS)  # before its recording shows somebody to a clinic that is not theirs
            return None
        likely = self._ledger.about(each.id, each.stamp) or (each.number and counts(self._state, each.number))
        return outgoing if likely or outgoing.recording is None or self._recording_brought(outgoing) else None

    def _recording_brought(self, outgoing: Outgoing) -> bool:
        """Whether the recording of a session is at the clinic now."""
        each = self._finished(outgoing.item)
        if outgoing.recording is None:
            self._put_aside(each, f"its recording is not on this computer any more, and not at {self._device.server}")
            return False
        try:
            check(outgoing.recording, outgoing.item.recording_sha256)
            self._uploads.bring(outgoing.recording, outgoing.item.recording_sha256)
        except Unsendable as reason:
            self._put_aside(each, str(reason))
            return False
        except OSError as reason:
            self._troubles[each.id] = f"{outgoing.recording} cannot be read: {reason.strerror or reason}"
            return False
        except Later as failure:
            self._pass_over([each.id], failure)
            return False
        self._passed_over = 0
        return True

    def _post(self, group: Sequence[Outgoing]) -> list[Outgoing]:
        """Offer sessions; gives back those whose recordings the server lacks."""
        batch = wire.Batch(items=tuple(each.item for each in group), clock=self._exchange.clocks.best())
        try:
            answer = self._exchange.ask("POST", wire.SESSIONS, wire.Receipts, msgspec.msgpack.encode(batch))
        except Later as failure:
            if len(group) > 1 and failure.status not in OF_ALL:  # find the one that it is about
                middle = len(group) // 2
                return [*self._post(group[:middle]), *self._post(group[middle:])]
            self._pass_over([each.item.id for each in group], failure)
            return []
        self._passed_over, self._state = 0, replace(answer.state, unheld=self._state.unheld)
        said = {(receipt.id, receipt.sha256): receipt for receipt in answer.receipts}
        lacking = [each for each in group if self._take(each.item, said.get((each.item.id, each.item.sha256)))]
        self._step(self.result())
        return lacking

    def _take(self, item: wire.Item, receipt: wire.Receipt | None) -> bool:
        """Write down what became of an item; True where its recording is missing."""
        each, about = self._finished(item), {"sha256": item.sha256, "at": self._clinic_time().isoformat()}
        if receipt is None:
            self._troubles[each.id] = f"{self._device.server} gave a receipt for something else than session {item.id}"
        elif receipt.state in (wire.CREATED, wire.HELD):
            self._ledger.write(DELIVERED, each, recording=item.recording_sha256, **about)
            self._there.add(each.id)
            self._delivered += [each.id] if receipt.state == wire.CREATED else []
        elif receipt.state == wire.REFUSED:
            self._ledger.write(SET_ASIDE, each, reason=receipt.detail, **about)
            self._set_aside[each.id] = receipt.detail
        else:
            self._troubles[each.id] = receipt.detail or f"session {item.id}: {receipt.state}"
        return receipt is not None and receipt.state == wire.NO_RECORDING

    def _tell_lost(self) -> None:
        """Tell the clinic what it will never get, once, so that it waits for nothing."""
        gone = [wire.Lost(number=number, id=_name(session), reason=GONE) for number, session in self._gone.items()]
        told = [each for each in (*self._damaged, *gone) if each.number and not counts(self._state, each.number)]
        for some in (told[start : start + wire.MOST_ITEMS] for start in range(0, len(told), wire.MOST_ITEMS)):
            batch = wire.Batch(lost=tuple(some), clock=self._exchange.clocks.best())
            answer = self._exchange.ask("POST", wire.SESSIONS, wire.Receipts, msgspec.msgpack.encode(batch))
            self._state = replace(answer.state, unheld=self._state.unheld)
            for each in some:
                if each in gone:
                    self._lost[each.id] = each.reason
                    self._ledger.write(LOST, Finished(each.number, each.id, self._home.sessions, ""), reason=GONE)

    def _put_aside(self, each: Finished, reason: str) -> None:
        """Set aside what cannot be sent as it is; it is looked at anew each time."""
        self._set_aside[each.id] = reason
        self._damaged.append(wire.Lost(number=each.number, id=_name(each.id), reason=f"it cannot be sent: {reason}"))

    def _pass_over(self, sessions: Iterable[str], failure: Later) -> None:
        """Go on with the next sessions, unless it is not about these alone; raises the failure."""
        self._passed_over += 1
        if failure.status in OF_ALL or self._passed_over >= MOST_PASSED_OVER:
            raise failure
        self._troubles.update(dict.fromkeys(sessions, str(failure)))

    def _pull(self) -> None:
        """Fetch what is prescribed, before long recordings go; a server that does not know of it holds up nothing."""
        try:
            pulled = prescriptions.pull(self._exchange, self._home, self._state.patients, self._keys)
        except Later as failure:
            if failure.status in OF_ALL:
                raise
            pulled = prescriptions.Pulled({}, (f"what is prescribed cannot be fetched now: {failure}",))
        self._prescribed, self._notes = pulled.versions, pulled.notes

    def _renew_token(self) -> None:
        """Ask for a new token before the present one ends; without an answer it is asked for again next time."""
        until = _moment(self._state.token_until)
        if until is not None and self._clinic_time() > until - EARLY:
            enrolment.renew_token(self._home, self._device, self._keys, self._exchange)

    def _make_room(self) -> None:
        """Keep to the budget; only what the server said in this delivery to hold may go."""
        removed = make_room(self._home, self._device, self._there, self._clinic_time(), self._at_clinic)
        if removed:
            self._notes += (f"{len(removed)} recordings that the clinic has were removed here to make room",)

    def _at_clinic(self, recording: Path, sha256: str) -> bool:
        """Have a recording at the clinic, which is asked whether it has it, and gets it where it has lost it."""
        try:
            self._uploads.bring(recording, sha256)
        except (Later, Refused, OSError):
            return False
        return True

    def _clinic_time(self) -> datetime:
        """What the clinic's clock shows now, as far as is known."""
        clock = self._exchange.clocks.best()
        return datetime.now(UTC) + timedelta(seconds=clock.offset_s if clock else 0.0)

    def _finished(self, item: wire.Item) -> Finished:
        return self._by_id[item.id]


def _name(session: str) -> str:
    """An id as the wire takes it."""
    return session if wire.NAME.fullmatch(session) else "unnamed"


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
