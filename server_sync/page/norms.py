"""What a measure may be held against, in words: norms only where they are of the same thing, measured alike."""

from collections.abc import Sequence

from engine.clinical import Band, ClinicalTest, Norm
from engine.metrics.norms import NORMS
from engine.movements import LEANS
from server_sync.clinic.gist import QUIET_STANDING
from server_sync.clinic.known_tasks import tasks
from server_sync.clinic.series import Series
from server_sync.page import words
from server_sync.page.language import _
from server_sync.page.translated import translated


def held_against(task: str, version: int, result: str = "") -> tuple[str, ...]:
    """Norms of a clinical test in sentences, of one result or of all; or why there are none. Nothing of a game."""
    test = tasks().get(task)
    if test is None or not issubclass(test, ClinicalTest) or test.version != version:
        return ()
    found = [norm for norm in test.norms if result in ("", norm.result)]
    if found:
        return tuple(_sentence(test, norm) for norm in found)
    why = translated(test.not_compared) or _("none is known that was measured alike")
    return (_("No norm for this test: %(why)s", why=why),)


def _sentence(test: type[ClinicalTest], norm: Norm) -> str:
    """A table of norms in one line: `Five stands, slower than this ...: 60–69 years 11.4 s; ... (Bohannon 2006)`."""
    measure = test.results[norm.result]
    blanks = {"result": translated(measure.title), "says": translated(norm.says), "source": translated(norm.source)}
    table = _("%(result)s, %(says)s: %(rows)s (%(source)s).", rows=_rows(norm.bands, measure.unit), **blanks)
    return f"{table} {translated(norm.alike)}".strip()


def _rows(bands: Sequence[Band], unit: str) -> str:
    rows = []
    for sex in dict.fromkeys(band.sex for band in bands):
        ages = [
            _("%(ages)s years %(value)s", ages=_ages(band), value=words.setting(band.value, unit))
            for band in bands
            if band.sex == sex
        ]
        whom = {"men": _("men: "), "women": _("women: ")}.get(sex, "")
        rows.append(whom + ", ".join(ages))
    return "; ".join(rows)


def norm_words(series: Series) -> str:
    """Why a series stands without a norm; of raised arms also what everyday tasks need."""
    kind = series.kind
    if kind.task == QUIET_STANDING:
        return _("No norm for this measure: norms of sway are of a force plate, and a head sways otherwise.")
    if told := held_against(kind.task, kind.version, kind.measure):
        return " ".join(told)
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


def _ages(band: Band) -> str:
    return f"{band.from_years}" if band.from_years == band.to_years else f"{band.from_years}–{band.to_years}"
