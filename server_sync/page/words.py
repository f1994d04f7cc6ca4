"""Numbers, times and names as a therapist reads them: `98° (93–103)`, no digit smaller than the error."""

import math
from datetime import date as calendar_day
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from engine.movements import MOVEMENTS
from engine.records import Limit, Measured, Precaution
from server_sync.clinic.archive import PatientLine
from server_sync.clinic.gist import Left
from server_sync.page.language import _, dated, decimal, spoken
from server_sync.page.translated import key_words, translated

MINUS = "−"
SMALL_ANGLE_DEG = 15.0  # a lean of 7.1° and one of 6.8° are not the same

# Unit in a record: factor, what follows the number, decimals where no error says how many.
_UNITS = {
    "": (1.0, "", 2),
    "deg": (1.0, "°", 0),
    "dps": (1.0, "°/s", 0),
    "deg/s": (1.0, "°/s", 0),
    "m": (100.0, " cm", 0),
    "cm": (1.0, " cm", 0),
    "mm": (1.0, " mm", 0),
    "mm2": (1.0, " mm²", 0),
    "mm²": (1.0, " mm²", 0),
    "cm2": (1.0, " cm²", 1),
    "m/s": (1.0, " m/s", 2),
    "mps": (1.0, " m/s", 2),
    "mm/s": (1.0, " mm/s", 0),
    "s": (1.0, " s", 1),
    "hz": (1.0, " Hz", 1),
    "Hz": (1.0, " Hz", 1),
    "percent": (1.0, " %", 0),
    "%": (1.0, " %", 0),
}


class Reading(NamedTuple):
    """A number in words: the value with its unit, and its 95 % interval ("" when nobody knows it)."""

    value: str
    interval: str = ""

    def __str__(self) -> str:
        return f"{self.value} ({self.interval})" if self.interval else self.value


def shown(value: float, unit: str) -> float:
    """A value in the unit that people see: metres become centimetres."""
    return value * _unit(unit)[0]


def suffix(unit: str) -> str:
    """What follows a number of this unit on an axis."""
    return _unit(unit)[1]


def quantity(value: float, unit: str, error: float | None = None) -> str:
    """A value with its unit; `error` decides how many decimals are worth showing."""
    factor, words, _ = _unit(unit)
    return _number(value * factor, _decimals(unit, value, error)) + words


def stepped(value: float, unit: str, step: float, bare: bool = False) -> str:
    """A value to a step of its unit, such as 0.01 m; `bare` without what follows the number."""
    factor, suffixed, _usual = _unit(unit)
    decimals = max(0, -math.floor(math.log10(step * factor) + 1e-9))
    return _number(value * factor, decimals) + ("" if bare else suffixed)


def span(low: str, high: str, signed: bool) -> str:
    """From a number to another, `93–103`; `signed` where the first is below zero."""
    return _("%(low)s to %(high)s", low=low, high=high) if signed else f"{low}–{high}"


def limit(found: Limit | Left) -> Reading:
    """A limit with its interval; of one that may well lie further out, that it is at least so far."""
    if found.at_least:
        return Reading(_("at least %(value)s", value=quantity(found.value, found.unit)))
    decimals = _decimals(found.unit, found.value, None)
    return Reading(quantity(found.value, found.unit), _interval(found.low, found.high, found.unit, decimals))


def measured(number: Measured) -> Reading:
    """A measure with its interval; `not measured` where there is no value."""
    if number.value is None or math.isnan(number.value):
        return Reading(_("not measured"))
    if number.error is None:
        return Reading(quantity(number.value, number.unit))
    low, high = number.value - number.error, number.value + number.error
    value = quantity(number.value, number.unit, number.error)
    decimals = _decimals(number.unit, number.value, number.error)
    return Reading(value, _interval(low, high, number.unit, decimals))


def setting(value: float | int | str | bool, unit: str) -> str:
    """A parameter's value."""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return translated(value) if isinstance(value, str) else decimal(f"{shown(value, unit):g}") + suffix(unit)


def name(key: str) -> str:
    """The words of a key: `shoulder_elevation_left` is "Left shoulder elevation", `hold_s` is "Hold"."""
    return translated(key_words(key))


def movement(key: str) -> str:
    """The name of a movement, "Leant back right"; the words of its key where another version made it up."""
    return sentence(translated(MOVEMENTS[key].title)) if key in MOVEMENTS else name(key)


def bound(precaution: Precaution) -> str:
    """What is forbidden and until when; a movement without a unit is forbidden as a whole."""
    named, most = movement(precaution.movement), quantity(precaution.at_most, precaution.unit)
    said = {"movement": named, "most": most, "until": date(precaution.until)}
    if precaution.unit and precaution.until:
        return _("%(movement)s at most %(most)s until %(until)s", **said)
    if precaution.unit:
        return _("%(movement)s at most %(most)s", **said)
    if precaution.until:
        return _("%(movement)s: not allowed until %(until)s", **said)
    return _("%(movement)s: not allowed", **said)


def sentence(said: str) -> str:
    """Words with a capital letter at their beginning."""
    return said[:1].upper() + said[1:]


def inside(said: str) -> str:
    """Words as they stand within a sentence; nouns of German keep their capital."""
    return said if spoken() == "de" else said[:1].lower() + said[1:]


def refusal(said: str) -> str:
    """What a form or an address is refused with, as a sentence."""
    whole = sentence(translated(said))
    return whole if whole.endswith((".", "?")) else f"{whole}."


def duration(seconds: float) -> str:
    """Minutes and seconds, `9 min 20 s`."""
    minutes, rest = divmod(round(seconds), 60)
    if not minutes:
        return f"{rest} s"
    return f"{minutes} min {rest} s" if rest else f"{minutes} min"


def clock(seconds: float) -> str:
    """A moment in a session, `4:07`."""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


def day(moment: datetime) -> str:
    """`Friday 20 November 2026`."""
    return dated(moment, "EEEE d MMMM y")


def today(moment: datetime) -> str:
    """`Monday 23 November`."""
    return dated(moment, "EEEE d MMMM")


def short_day(moment: datetime) -> str:
    """`Fri 20 Nov 2026`."""
    return dated(moment, "EEE d MMM y")


def moment(at: datetime, zone: ZoneInfo) -> str:
    """`23 Nov, 09:12` by the clinic's time; of another year with the year."""
    local = at.astimezone(zone)
    pattern = "d MMM" if local.year == datetime.now(zone).year else "d MMM y"
    return f"{dated(local, pattern)}, {local:%H:%M}"


def whole(number: int) -> str:
    """A count, `1,234`."""
    return decimal(f"{number:,}")


def date(iso: str) -> str:
    """A date of a record, `15 Jan 2027`; what is no date stays as it is."""
    try:
        moment = datetime.fromisoformat(iso)
    except ValueError:
        return iso
    return dated(moment, "d MMM y")


def about(patient: PatientLine) -> str:
    """Who a patient is: age, what they are treated for, the clinic's words, and the pseudonym."""
    named = patient.pseudonym if patient.pseudonym != patient.name else ""
    return " · ".join(filter(None, (age(patient.born), patient.condition, patient.about, named)))


def age(born: str, day: calendar_day | None = None) -> str:
    """Years on a day, today if none is said, of who was born on a day, in a month or in a year; "" for not known."""
    if not born:
        return ""
    year, month, of_month = (*map(int, born.split("-")), 1, 1)[:3]
    on = day or datetime.now().astimezone().date()
    return str(on.year - year - ((on.month, on.day) < (month, of_month)))


def initials(full_name: str) -> str:
    """At most two letters for a face."""
    letters = [word[0].upper() for word in full_name.split() if word[0].isalnum()]
    return "".join(letters[:1] + letters[-1:] if len(letters) > 1 else letters)


def short_name(full_name: str) -> str:
    """A name where there is little room: "Maja Bergström" is "Maja B."."""
    first, *rest = full_name.split() or [full_name]
    return f"{first} {rest[-1][0].upper()}." if rest else first


def _unit(unit: str) -> tuple[float, str, int]:
    return _UNITS.get(unit) or (1.0, f" {translated(unit)}", 2)


def _decimals(unit: str, value: float, error: float | None) -> int:
    factor, _, usual = _unit(unit)
    if error and math.isfinite(error):
        return min(3, max(0, -math.floor(math.log10(abs(error) * factor))))
    if not unit and value == round(value):
        return 0  # a count
    return 1 if unit == "deg" and abs(value) < SMALL_ANGLE_DEG else usual


def _number(value: float, decimals: int) -> str:
    text = f"{value:,.{decimals}f}"
    if float(text.replace(",", "")) == 0:
        text = text.lstrip("-")
    return decimal(text).replace("-", MINUS)


def _interval(low: float, high: float, unit: str, decimals: int) -> str:
    factor = _unit(unit)[0]
    return span(_number(low * factor, decimals), _number(high * factor, decimals), low < 0)
