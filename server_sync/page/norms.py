"""What a measure may be held against, in words: norms only where they are of the same thing, measured alike."""

from engine.metrics.norms import NORMS
from engine.movements import LEANS
from server_sync.clinic.gist import QUIET_STANDING
from server_sync.clinic.series import Series
from server_sync.page import words
from server_sync.page.language import _


def norm_words(series: Series) -> str:
    """Why a series stands without a norm; of raised arms also what everyday tasks need."""
    kind = series.kind
    if kind.task == QUIET_STANDING:
        return _("No norm for this measure: norms of sway are of a force plate, and a head sways otherwise.")
    if not kind.movement:
        return _("No norm for this measure: it is of this game, and compared with the same person alone.")
    if kind.movement in LEANS:
        return _("No norm for this measure: norms of leans are of a force plate, and this is the angle of the head.")
    needed = NORMS["shoulder_flexion"].daily_deg
    if kind.movement.startswith("shoulder_elevation") and needed is not None:
        return _(
            "No norm for this measure: norms of raised arms are of adults, by goniometer, and not of reaches in play. "
            "Everyday tasks of adults need about %(needed)s.",
            needed=words.quantity(needed, "deg"),
        )
    return _("No norm for this measure: norms of joints are of adults, by goniometer, and not of play.")
