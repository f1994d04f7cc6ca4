"""What others may search for, and whether a resource is what they ask for (https://hl7.org/fhir/R4/search.html)."""

import re
from calendar import monthrange
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, NamedTuple

USUAL_COUNT, MOST_COUNT = 50, 200
FORMAT, SUMMARY, COUNT = "_format", "_summary", "count"
AFTER = "_after"
"""Where a page begins: of the links that we write, and nobody else's to know."""


class Parameter(NamedTuple):
    """A parameter of searches, and the fields of a resource that it is about; none where it is told by other means.

    A field in another one has a dot: `meta.lastUpdated`.
    """

    type: Literal["token", "date", "reference", "uri"]
    fields: tuple[str, ...] = ()


_ID, _IDENTIFIER, _CODE = (
    Parameter("token", ("id",)),
    Parameter("token", ("identifier",)),
    Parameter("token", ("code",)),
)
_OF_PATIENT = {"_id": _ID, "identifier": _IDENTIFIER, "patient": Parameter("reference")}


def _date(*fields: str) -> Parameter:
    return Parameter("date", fields)


_UPDATED = {"_lastUpdated": _date("meta.lastUpdated")}
"""Of types of which it is written down when they changed last."""
SEARCHES: Mapping[str, Mapping[str, Parameter]] = {
    "AuditEvent": {"_id": _ID, "patient": Parameter("reference"), "date": _date("recorded"), **_UPDATED},
    "CarePlan": {**_OF_PATIENT, "date": _date("period")},
    "Communication": {**_OF_PATIENT, "sent": _date("sent")},
    "Consent": {**_OF_PATIENT, "date": _date("dateTime"), **_UPDATED},
    "Device": _OF_PATIENT,
    "DiagnosticReport": {**_OF_PATIENT, "code": _CODE, "date": _date("effectivePeriod"), **_UPDATED},
    "DocumentReference": {**_OF_PATIENT, "date": _date("date"), **_UPDATED},
    "Encounter": {**_OF_PATIENT, "date": _date("period"), **_UPDATED},
    "Goal": {**_OF_PATIENT, "start-date": _date("startDate")},
    "Observation": {
        **_OF_PATIENT,
        "category": Parameter("token", ("category",)),
        "code": _CODE,
        "date": _date("effectiveDateTime", "effectivePeriod"),
        **_UPDATED,
    },
    "Patient": {"_id": _ID, "identifier": _IDENTIFIER},
    "Procedure": {**_OF_PATIENT, "code": _CODE, "date": _date("performedPeriod"), **_UPDATED},
    "Provenance": {"_id": _ID, "patient": Parameter("reference"), "recorded": _date("recorded"), **_UPDATED},
    "Questionnaire": {"_id": _ID, "url": Parameter("uri", ("url",))},
    "QuestionnaireResponse": {**_OF_PATIENT, "authored": _date("authored"), **_UPDATED},
    "ServiceRequest": {**_OF_PATIENT, "authored": _date("authoredOn"), "code": _CODE},
}
"""The types of resources that are served, and what each is found by."""
JSON_FORMATS = ("json", "application/json", "application/fhir+json")
_MOMENT = re.compile(r"(eq|ne|gt|lt|ge|le|sa|eb|ap)?(\d{4})(?:-(\d\d)(?:-(\d\d)(T.+)?)?)?", re.ASCII)
_TIME = re.compile(r"T\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d)?", re.ASCII)
_CURSOR = re.compile(r"[0-9a-f-]{0,40}\.\d{1,9}", re.ASCII)


class SearchRefused(ValueError):
    """A search that is not answered: the message says why, `code` is FHIR's type of the issue."""

    def __init__(self, code: str, why: str) -> None:
        """Keep both."""
        super().__init__(why)
        self.code = code


class Criterion(NamedTuple):
    """One parameter that was given; any of its values will do."""

    name: str
    parameter: Parameter
    values: tuple[str, ...]


class Search(NamedTuple):
    """What is searched for; all of `criteria` must hold. `most` are on a page, `ignored` are unknown parameters.

    `counted` asks how many there are, and for none of them.
    """

    kind: str
    criteria: tuple[Criterion, ...]
    most: int
    after: str
    ignored: tuple[str, ...]
    counted: bool

    def of(self, name: str) -> tuple[str, ...]:
        """The values of a parameter, where it was given."""
        return tuple(value for one in self.criteria if one.name == name for value in one.values)


Range = tuple[datetime, datetime]


def search(kind: str, given: Sequence[tuple[str, str]], strict: bool, base: str = "") -> Search:
    """What somebody asks for; `strict` refuses what is not known, and is not to be ignored. Raises SearchRefused.

    `base` is the address at which they ask, by which they may refer to what is there. In which `_format` it is told
    does not matter here.
    """
    known, criteria, ignored = SEARCHES[kind], list[Criterion](), list[str]()
    most, after, counted = USUAL_COUNT, "", False
    for name, value in given:
        if not value or name == FORMAT:
            continue
        if name == "_count":
            most = _count(value)
        elif name == AFTER:
            after = _after(value)
        elif name == SUMMARY and value in (COUNT, "false"):
            counted = value == COUNT
        elif name in known:
            criteria.append(Criterion(name, known[name], _checked(known[name], value, base)))
        elif name.partition(":")[0] in known:
            raise SearchRefused("not-supported", f"{_short(name)}: no modifier is known here")
        elif strict:
            raise SearchRefused("not-supported", f"{_short(name)} is none of {', '.join(sorted(known))}")
        else:
            ignored.append(name)
    _check_ids(criteria)
    left_out = tuple(dict.fromkeys(map(_short, ignored)))
    return Search(kind, tuple(criteria), most, after, left_out, counted or not most)


def fits(resource: Mapping[str, Any], wanted: Search) -> bool:
    """Whether a resource, as `plain` has it, is what is searched for, as far as it says so itself."""
    return all(_is(resource, one) for one in wanted.criteria if one.parameter.fields)


def parts(text: str, mark: str) -> list[str]:
    r"""What a mark of searches parts, where it is not escaped as `\,` or `\|`."""
    return re.split(rf"(?<!\\){re.escape(mark)}", text)


def plain_of(text: str) -> str:
    """A part of a value without its escapes."""
    return re.sub(r"\\([,|$\\])", r"\1", text)


def _is(resource: Mapping[str, Any], one: Criterion) -> bool:
    there = [found for field in one.parameter.fields for found in _several(_field(resource, field))]
    if one.parameter.type == "token":
        return any(_is_token(each, value) for each in there for value in one.values)
    if one.parameter.type == "date":
        return any(_is_when(each, value) for each in there for value in one.values)
    return any(each == plain_of(value) for each in there for value in one.values)


def _field(resource: Mapping[str, Any], path: str) -> Any:
    first, _, rest = path.partition(".")
    return _field(resource.get(first, {}), rest) if rest else resource.get(first)


def _is_token(there: Any, value: str) -> bool:
    system, *code = map(plain_of, parts(value, "|"))
    wanted = code[0] if code else system
    return any((not wanted or named == wanted) and (not code or said == system) for said, named in _tokens(there))


def _tokens(there: Any) -> Iterator[tuple[str, str]]:
    """Systems and codes of an id, an identifier, or a concept."""
    if isinstance(there, str):
        yield "", there
    elif "coding" in there:
        yield from ((coding.get("system", ""), coding.get("code", "")) for coding in there["coding"])
    elif "value" in there:
        yield there.get("system", ""), there["value"]


def _is_when(there: Any, value: str) -> bool:
    prefix, wanted = _ranged(value)
    begins, ends = _lasting(there)
    if wanted[0].tzinfo is None:  # a day without a zone is that of the record
        begins, ends = begins.replace(tzinfo=None), ends.replace(tzinfo=None)
    else:
        begins, ends = (each if each.tzinfo else each.replace(tzinfo=UTC) for each in (begins, ends))
    within = wanted[0] <= begins and ends <= wanted[1]
    return {
        "eq": within,
        "ne": not within,
        "gt": ends > wanted[1],
        "lt": begins < wanted[0],
        "ge": within or ends > wanted[1],
        "le": within or begins < wanted[0],
        "sa": begins >= wanted[1],
        "eb": ends <= wanted[0],
        "ap": begins < wanted[1] and wanted[0] < ends,
    }[prefix]


def _lasting(there: Any) -> Range:
    """From when until when something in a resource lasts; what has no end, for ever."""
    if isinstance(there, str):
        return _ranged(there)[1]
    first = _ranged(there["start"])[1][0] if "start" in there else datetime.min
    last = _ranged(there["end"])[1][1] if "end" in there else datetime.max
    return first, last


def _ranged(value: str) -> tuple[str, Range]:
    """A prefix, and the time that a moment stands for: a year, a month, a day, a minute, a second or less."""
    match = _MOMENT.fullmatch(value.replace(" ", "+"))  # a plus that was not escaped
    if match is None or (match[5] and not _TIME.fullmatch(match[5])):
        raise SearchRefused("invalid", f"{_short(value)!r} is no date: write it as 2026-11-20, or ge2026-11")
    try:
        return match[1] or "eq", _range(match)
    except (ValueError, OverflowError):
        raise SearchRefused("invalid", f"there is no date {_short(value)!r}") from None


def _range(match: re.Match[str]) -> Range:
    year, month, day = (int(part) if part else 0 for part in match.group(2, 3, 4))
    if match[5]:
        begins = datetime.fromisoformat(match[0][len(match[1] or "") :])
        seconds = _TIME.sub(r"\1", match[5])
        lasts_s = 10.0 ** -max(0, len(seconds) - len(":00.")) if seconds else 60.0
        return begins, begins + timedelta(seconds=lasts_s)
    begins = datetime(year, month or 1, day or 1)
    days = 1 if day else monthrange(year, month)[1] if month else (365 + (monthrange(year, 2)[1] == 29))
    return begins, begins + timedelta(days=days) if datetime.max - begins > timedelta(days=days) else datetime.max


def _check_ids(criteria: Sequence[Criterion]) -> None:
    ids = sum(len(one.values) for one in criteria if one.name in ("_id", "identifier"))
    if ids > MOST_COUNT:
        raise SearchRefused("too-costly", f"_id and identifier have {MOST_COUNT} values at most, and these are {ids}")


def _checked(parameter: Parameter, value: str, base: str) -> tuple[str, ...]:
    values = tuple(part for part in parts(value, ",") if part)
    if parameter.type == "reference" and base:
        return tuple(part.removeprefix(f"{base}/") for part in values)
    if parameter.type == "date":
        for one in values:
            _ranged(one)
    return values


def _count(value: str) -> int:
    if not (value.isascii() and value.isdigit()):
        raise SearchRefused("invalid", f"_count must be 0 to {MOST_COUNT}, and is {_short(value)!r}")
    return min(int(value[:9]), MOST_COUNT)


def _after(value: str) -> str:
    if not _CURSOR.fullmatch(value):
        raise SearchRefused("invalid", f"{AFTER} is for the links of a page: follow them as they are")
    return value


def _several(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _short(text: str) -> str:
    return text[:60]
