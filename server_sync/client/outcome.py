"""What came of a delivery."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from server_sync import wire


@dataclass(frozen=True)
class Delivery:
    """What became of each finished session, by id.

    `delivered` are those that the clinic got now, `already_there` those that it had. `waiting` will be tried again;
    `set_aside` gives the reason for each that needs a person (its files are untouched), `lost` for each that was told
    to the clinic now because it is gone. `problem` is one sentence when not all went, or the clinic did not answer, and
    `wait_s` how long the server asked to wait. `prescriptions` are versions by patient, `notes` say what else is worth
    knowing. `sha256` is of each record's JSON, where it was asked for.
    """

    delivered: tuple[str, ...] = ()
    already_there: tuple[str, ...] = ()
    waiting: tuple[str, ...] = ()
    set_aside: Mapping[str, str] = field(default_factory=dict)
    lost: Mapping[str, str] = field(default_factory=dict)
    problem: str = ""
    clock: wire.Clock | None = None
    prescriptions: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    wait_s: float = 0.0
    sha256: Mapping[str, str] = field(default_factory=dict)

    @property
    def complete(self) -> bool:
        """Whether the server holds every finished session, and nothing is the matter."""
        return not (self.waiting or self.set_aside or self.problem)
