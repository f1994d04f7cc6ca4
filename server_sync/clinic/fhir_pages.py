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
PATIENT = "Patient"


class Page(NamedTuple):
    """What was found, as `plain` has it, whose it is, and where the next page begins ("" for none)."""

    matches: tuple[Mapping[str, Any], ...]
    patients: tuple[str, ...]
    after: str = ""


class FhirPages:
    """The searches of one clinic's facade."""

    def __init__(self, records: FhirRecords, links: Links) -> None:
        """Search these records."""
        self._records, self._links = records, links

    def page(self, system_id: str, wanted: Search) -> Page:
        """What a system finds; raises SearchRefused for a search among all patients at once."""
        if wanted.kind == QUESTIONNAIRE:
            only = plain(questionnaire())
            return Page((only,) if fits(only, wanted) else (), ())
        named = self._named(system_id, wanted)
        ids = _ids(wanted)
        if ids:
            return self._known(system_id, wanted, ids, named)
        if named is None and wanted.kind != PATIENT:
            raise SearchRefused("too-costly", f"name the patient of the {wanted.kind}: patient=ID, or _id=ID")
        patients = self._links.of(system_id) if named is None else iter(named)
        return self._scanned(
            wanted, self._records.chunks(wanted.kind, patients, system_id, _place(wanted)), named or ()
        )

    def _named(self, system_id: str, wanted: Search) -> tuple[str, ...] | None:
        """The patients that a search names, as far as the system may know of them; None where it names nobody."""
        values = wanted.of("patient")
        if not values:
            return None
        found = (self._links.patient(system_id, f"{PATIENT}/{each.removeprefix(f'{PATIENT}/')}") for each in values)
        return tuple(dict.fromkeys(each for each in found if each))

    def _known(self, system_id: str, wanted: Search, ids: list[str], named: tuple[str, ...] | None) -> Page:
        """What is found by its id."""
        found = [self._records.one(wanted.kind, each, system_id) for each in dict.fromkeys(ids[: wanted.most])]
        held = [(whose, plain(one)) for whose, one in filter(None, found) if named is None or whose in named]
        matches = [(whose, one) for whose, one in held if fits(one, wanted)]
        return Page(tuple(one for _, one in matches), tuple(dict.fromkeys(whose for whose, _ in matches)))

    def _scanned(self, wanted: Search, chunks: Iterator[Chunk], named: tuple[str, ...]) -> Page:
        matches, patients = list[Mapping[str, Any]](), dict.fromkeys(named)
        begin = int(wanted.after.rpartition(".")[2]) if wanted.after else 0
        for looked, chunk in enumerate(chunks):
            if looked == MOST_CHUNKS:
                return Page(tuple(matches), tuple(patients), f"{chunk.place}.0")
            for number, one in enumerate(map(plain, chunk.resources[begin:]), begin):
                if fits(one, wanted):
                    if len(matches) == wanted.most:
                        return Page(tuple(matches), tuple(patients), f"{chunk.place}.{number}")
                    matches.append(one)
                    patients[chunk.patient_id] = None
            begin = 0
        return Page(tuple(matches), tuple(patients))


def _place(wanted: Search) -> str:
    return wanted.after.rpartition(".")[0]


def _ids(wanted: Search) -> list[str]:
    """The ids that a search names; an identifier of ours is one, too."""
    found = [plain_of(each) for each in wanted.of("_id")]
    for each in wanted.of("identifier"):
        system, *value = map(plain_of, parts(each, "|"))
        found += value if system == IDS else []
    return found
