"""What handlers tell the audit: who asks, and what they are about to be shown."""

from collections.abc import Iterable
from typing import Any

from litestar import Request

from server_sync.clinic.audit import Note, by_device
from server_sync.clinic.devices import KnownDevice
from server_sync.clinic.letters import Letter


def read(request: Request[Any, Any, Any], action: str, patient_id: str = "", thing: str = "") -> None:
    """Write down that something is read; it is on the disk when this returns, and only then may it be sent."""
    request.app.state.service.audit.note(actor(request), action, patient_id, thing)


def letters(request: Request[Any, Any, Any], shown: Iterable[Letter]) -> None:
    """The same of letters that nobody has said to have read, each of them once."""
    who = actor(request)
    notes = [Note(who, "look at a letter", each.patient_id, each.id) for each in dict.fromkeys(shown)]
    request.app.state.service.audit.note_all(notes)


def actor(request: Request[Any, Any, Any]) -> str:
    """How the audit names who was let in: an account, a device, or another system."""
    user = request.user
    return by_device(user.id) if isinstance(user, KnownDevice) else str(user.actor)
