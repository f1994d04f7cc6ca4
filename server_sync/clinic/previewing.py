"""What a plan will ask of a patient, as the server is told by who wires it: it cannot rehearse sessions itself."""

from collections.abc import Callable
from datetime import date

from engine.prescription import Draft
from engine.previewed import Preview
from engine.records import Session


class NotPreviewed(ValueError):
    """Nothing can be said of what a plan will ask; the message says what is missing or does not fit."""


Previewing = Callable[[Session, Draft, Draft | None, date], Preview]
"""What a draft will ask on a day of who left a session, beside what another asks of them; raises NotPreviewed.

A function of a module, which other processes find by name.
"""


def no_preview(done: Session, new: Draft, old: Draft | None, today: date) -> Preview:  # noqa: ARG001
    """Say nothing of any plan."""
    raise NotPreviewed("this server was started without previews")
