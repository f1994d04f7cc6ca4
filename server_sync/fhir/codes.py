"""What we call things and what others call them, from the table in codes.toml."""

from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Literal, NamedTuple

import msgspec

from server_sync.fhir.datatypes import CodeableConcept, Coding, Quantity
from server_sync.fhir.naming import CODES


class Other(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A code of another system: what it means in our words, how sure that is, and where it was read."""

    system: str
    code: str
    means: str
    certainty: Literal["source", "memory"]
    read: str


class Own(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Something of ours: see codes.toml for what its fields say."""

    words: str
    also: str = ""
    ucum: str = ""
    site: str = ""
    joint: str = ""
    effort: str = ""


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    systems: Mapping[str, str]
    others: Mapping[str, Other]
    units: Mapping[str, str]
    absent: Mapping[str, tuple[str, ...]]
    sites: Mapping[str, Own]
    movements: Mapping[str, Own]
    lengths: Mapping[str, Own]
    sway: Mapping[str, Own]
    answers: Mapping[str, Own]
    games: Mapping[str, Own]
    tests: Mapping[str, Own]
    measures: Mapping[str, Mapping[str, Own]]
    parts: Mapping[str, Own]
    consents: Mapping[str, Own]


class Table(NamedTuple):
    """The table: codes of others by name, and ours by path, which is also the code: `measures.owl_watch.turned_deg`.

    `absent` are what games say where there is no number, by the name of the code for that.
    """

    systems: Mapping[str, str]
    units: Mapping[str, str]
    absent: Mapping[str, tuple[str, ...]]
    others: Mapping[str, Other]
    own: Mapping[str, Own]
    concepts: Mapping[str, CodeableConcept]


@cache
def table() -> Table:
    """The table, read once."""
    content = files("server_sync.fhir").joinpath("codes.toml").read_bytes()
    read = msgspec.toml.decode(content, type=_File)
    kinds = {kind: getattr(read, kind) for kind in ("sites", "movements", "lengths", "sway", "answers", "games")}
    kinds |= {kind: getattr(read, kind) for kind in ("tests", "parts", "consents")}
    kinds |= {f"measures.{task}": measures for task, measures in read.measures.items()}
    own = {f"{kind}.{name}": one for kind, names in kinds.items() for name, one in names.items()}
    concepts = {path: _concept(read, path, one) for path, one in own.items()}
    return Table(read.systems, read.units, read.absent, read.others, own, concepts)


def _concept(read: _File, path: str, own: Own) -> CodeableConcept:
    ours = Coding(system=CODES, code=path, display=own.words)
    others = (_other(read.systems, read.others[own.also]),) if own.also else ()
    return CodeableConcept(coding=(*others, ours), text=own.words)


def _other(systems: Mapping[str, str], found: Other) -> Coding:
    return Coding(system=systems[found.system], code=found.code)


def other(name: str) -> Coding:
    """A code of another system, by its name in the table."""
    return _other(table().systems, table().others[name])


def concept(path: str) -> CodeableConcept:
    """What is meant by a path: our code and those of others, or only words where the table does not have it."""
    found = table().concepts.get(path)
    # A device may be newer or older than this table.
    return found or CodeableConcept(text=path.rpartition(".")[2].replace("_", " ").capitalize())


def task(name: str) -> tuple[CodeableConcept, CodeableConcept]:
    """What doing a game or a clinical test is, and which one it is: a test is no exercise therapy."""
    if f"tests.{name}" in table().own:
        return concept("parts.assessment"), concept(f"tests.{name}")
    return concept("parts.exercise"), concept(f"games.{name}")


def only_ours(path: str) -> CodeableConcept:
    """What is meant by a path, without what others call something that is wider or narrower."""
    meant = concept(path)
    return CodeableConcept(coding=meant.coding[-1:], text=meant.text)


def why_absent(whys: Sequence[str]) -> Coding:
    """Why there is no number: because there is none that could be, or nobody knows it."""
    nothing = bool(whys) and set(whys) <= set(table().absent["not_applicable"])
    return other("not_applicable" if nothing else "unknown")


def quantity(value: float, unit: str, path: str = "") -> Quantity:
    """A value with its unit, in UCUM as far as the table knows it; what is meant says the unit of what has none."""
    found = table().own.get(path)
    ucum = found.ucum if found and found.ucum and not unit else table().units.get(unit, "")
    shown = unit or ("" if ucum == "1" else ucum.strip("{}"))
    system = table().systems["ucum"] if ucum else ""
    return Quantity(value=float(f"{value:.6g}"), unit=shown, system=system, code=ucum)


def site(path: str, side: str = "") -> CodeableConcept | None:
    """Where on the body something is, which may be measured on the `side` of a trial; None where nobody says."""
    found = table().own.get(path)
    if found is None:
        return None
    place = found.site or (f"{side}_{found.joint}" if found.joint and side else "")
    return concept(f"sites.{place}") if place else None


def effort(movement: str) -> str:
    """The path of what one repetition of a movement is, "" where nobody says."""
    found = table().own.get(f"movements.{movement}")
    return f"measures.{found.effort}" if found and found.effort else ""


def named(coding: Coding, kind: str) -> str:
    """Our name of a code of ours of a kind, such as `games`; "" for any other."""
    known = coding.system == CODES and coding.code in table().own
    of, _, name = coding.code.rpartition(".")
    return name if known and of == kind else ""
