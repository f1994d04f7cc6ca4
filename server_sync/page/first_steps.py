"""A clinic in its first minutes: three steps to the first session, each ticked as soon as it is done."""

from typing import NamedTuple

from server_sync.page.language import _


class FirstStep(NamedTuple):
    """A step: `act` is `add`, `connect` or `play`; `next` says that it is the first that is not done."""

    act: str
    title: str
    said: str
    done: bool
    next: bool


def first_steps(patients: int, devices: int, pseudonym: str) -> tuple[FirstStep, ...]:
    """The steps of a clinic without a session; `pseudonym` is that of its one patient, "" for none or several."""
    add = _("A name, a year of birth, a condition. A plan is proposed; you change what you like.")
    connect = _("It takes a code from here once, and delivers by itself from then on.")
    play = _(
        "On that computer: steadyreach play --patient %(whom)s. It measures before it plays, and fills these pages.",
        whom=pseudonym or _("PATIENT"),
    )
    return (
        FirstStep("add", _("Add a patient"), add, bool(patients), not patients),
        FirstStep(
            "connect", _("Connect a headset, or a computer"), connect, bool(devices), bool(patients and not devices)
        ),
        FirstStep("play", _("Play the first session"), play, False, bool(patients and devices)),
    )
