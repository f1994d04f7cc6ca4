"""Sentences of Tune about when: when something was written, and when a patient's headset takes it."""

from collections.abc import Sequence
from datetime import datetime

from engine.records import Precaution
from server_sync.clinic.devices import DeviceLine
from server_sync.clinic.stopping import stops
from server_sync.page import words
from server_sync.page.language import _, dated


def moment(iso: str) -> str:
    """When something was written: `9 Nov, 16:52`."""
    at = datetime.fromisoformat(iso)
    return f"{dated(at, 'd MMM')}, {at:%H:%M}"


def chips_of(precautions: Sequence[Precaution]) -> tuple[tuple[str, str], ...]:
    """Precautions for the head of a patient's page; a stop is one, however many it needs."""
    over = stops(precautions)
    stopped = (("bar", _("stopped: nothing is played until somebody lifts it")),) if over else ()
    return (*stopped, *(("bar", _chip(held)) for held in precautions if held not in over))


def _chip(held: Precaution) -> str:
    said = {"movement": words.movement(held.movement), "most": words.quantity(held.at_most, held.unit)}
    if not held.unit:
        return _("not: %(movement)s", **said)
    if not held.until:
        return _("%(movement)s: at most %(most)s until it is lifted", **said)
    return _("%(movement)s: at most %(most)s until %(until)s", until=words.date(held.until), **said)


def headset_words(name: str, devices: Sequence[DeviceLine], pseudonym: str, now: datetime) -> str:
    """When what is saved reaches who plays by it."""
    theirs = [each for each in devices if pseudonym in each.patients and each.revoked_at is None]
    seen = max((each.seen_at for each in theirs if each.seen_at), default=None)
    if not theirs:
        return _("Whichever of the clinic's computers %(name)s plays on takes it when it is next on line.", name=name)
    if seen is None:
        return _("%(name)s's computer takes it at the next start; it was not on line yet.", name=name)
    seen = seen.astimezone(now.tzinfo)
    when = moment(seen.isoformat()) if seen.date() != now.date() else f"{seen:%H:%M}"
    return _("%(name)s's computer takes it at the next start; it was last seen %(when)s.", name=name, when=when)
