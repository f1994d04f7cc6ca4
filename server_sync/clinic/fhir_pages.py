"""One page of what another system searches for: found among the patients that it may know of, and bounded in work."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from server_sync.clinic.fhir_records import QUESTIONNAIRE, Chunk, FhirRecords
from server_sync.clinic.links import Links
from server_sync.fhir.datatypes import plain
from server_sync.fhir.naming import IDS
from server_sync.fhir.search import Search, SearchRefused, fits, parts, plain_of
from server_sync.fhir.visits import questionnaire

MOST_CHUNKS = 100
"""So many sessions are looked through for one page, which may then hold fewer resources than it could."""
MOST_COUNTED = 1000
"""In so many sessions it is counted how many resources there are."""
PATIENT = "Patient"
ALSO_OTHERS = frozenset({PATIENT, "ServiceRequest"})
"""Types with identifiers that are not ours."""


class Page(NamedTuple):
    """What was found, as `plain` has it, whose it is, and where the next page begins ("" for none).

    `total` is how many there are, where that was asked for and nothing else.
    """

    matches: tuple[Mapping[str, Any], ...]
    patients: tuple[str, ...]
    after: str = ""
    total: int | None = None


class FhirPages:
    """The searches of one clinic's facade."""

    def __init__(self, records: FhirRecords, links: Links) -> None:
        """Search these records."""
        self._records, self._links = records, links

    def page(self, system_id: str, wanted: Search) -> Page:
        """What a system finds; raises SearchRefused for what would be too much work."""
        named = self._named(system_id, wanted)
        chunks = self._chunks(system_id, wanted, named)
        return _counted(wanted, chunks, named or ()) if wanted.counted else _scanned(wanted, chunks, named or ())

    def _chunks(self, system_id: str, wanted: Search, named: tuple[str, ...] | None) -> Iterator[Chunk]:
        """What there is to look through, from where the page begins."""
        begin = _place(wanted)
        if wanted.kind == QUESTIONNAIRE:
            return iter((Chunk("", "", (questionnaire(),)),))
        if ids := _ids(wanted):
            return self._known(system_id, wanted, ids, named)
        if named is None and wanted.kind != PATIENT:
            raise SearchRefused("too-costly", f"name the patient of the {wanted.kind}: patient=ID, or _id=ID")
        length = len(self._links.naming.place(""))
        patients = self._links.of(system_id, begin[:length]) if named is None else named
        return self._records.chunks(wanted.kind, patients, system_id, begin)

    def _named(self, system_id: str, wanted: Search) -> tuple[str, ...] | None:
        """The patients that a search names, as far as the system may know of them; None where it names nobody."""
        given = [one.values for one in wanted.criteria if one.name == "patient"]
        if not given:
            return None
        found = [
            {self._links.patient(system_id, f"{PATIENT}/{each.removeprefix(f'{PATIENT}/')}") for each in values}
            for values in given
        ]
        known = (each for each in set.intersection(*found) if each)  # each parameter must hold, by any of its values
        return tuple(sorted(known, key=self._links.naming.place))

    def _known(self, system_id: str, wanted: Search, ids: list[str], named: tuple[str, ...] | None) -> Iterator[Chunk]:
        """What is found by its id, one after the other."""
        place = _place(wanted)
        for number in range(int(place) if place.isdigit() else 0, len(ids)):
            found = self._records.one(wanted.kind, ids[number], system_id)
            there = found is not None and (named is None or found[0] in named)
            yield Chunk(str(number), found[0], (found[1],)) if found and there else Chunk(str(number), "", ())


def _scanned(wanted: Search, chunks: Iterator[Chunk], named: tuple[str, ...]) -> Page:
    """One page; whoever is looked for by an identifier is on the first one, so that no link has to name it."""
    matches, patients = list[Mapping[str, Any]](), dict.fromkeys(named)
    place, _, number = wanted.after.rpartition(".")
    bounded = not wanted.of("identifier")
    for looked, chunk in enumerate(chunks):
        if bounded and looked == MOST_CHUNKS:
            return Page(tuple(matches), tuple(patients), f"{chunk.place}.0")
        begin = int(number) if wanted.after and looked == 0 and chunk.place == place else 0
        for at, one in enumerate(map(plain, chunk.resources[begin:]), begin):
            if fits(one, wanted):
                if bounded and len(matches) == wanted.most:
                    return Page(tuple(matches), tuple(patients), f"{chunk.place}.{at}")
                matches.append(one)
                patients[chunk.patient_id] = None
    return Page(tuple(matches), tuple(patients))


def _counted(wanted: Search, chunks: Iterator[Chunk], named: tuple[str, ...]) -> Page:
    """How many there are in all, which takes looking at each."""
    total, patients = 0, dict.fromkeys(named)
    for looked, chunk in enumerate(chunks):
        if looked == MOST_COUNTED:
            raise SearchRefused("too-costly", f"there are more than {MOST_COUNTED} sessions to count in: ask for pages")
        there = sum(fits(one, wanted) for one in map(plain, chunk.resources))
        total += there
        patients |= {chunk.patient_id: None} if there else {}
    return Page((), tuple(patients), total=total)


def _place(wanted: Search) -> str:
    return wanted.after.rpartition(".")[0]


def _ids(wanted: Search) -> list[str]:
    """The ids of one parameter that names nothing else; an identifier of ours is one, too."""
    for one in wanted.criteria:
        if one.name in ("_id", "identifier"):
            ids = [_id(wanted.kind, one.name, value) for value in one.values]
            if all(ids):
                return list(dict.fromkeys(ids))
    return []


def _id(kind: str, name: str, value: str) -> str:
    """The id that a value stands for, "" for one that may be another system's."""
    if name == "_id":
        return plain_of(value)
    system, *rest = map(plain_of, parts(value, "|"))
    if kind in ALSO_OTHERS:
        return rest[0] if rest and system == IDS else ""
    return rest[0] if rest else system
