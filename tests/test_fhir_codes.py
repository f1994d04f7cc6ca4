"""The table of codes: what is in it holds, and everything that can be measured is in it."""

import importlib
import pkgutil
import re
from functools import cache

import pytest
from conftest import ROOT
from ucumvert import get_ucum_parser

import calibration
import games
from calibration import battery
from engine.clinical import numbers_under
from engine.metrics.head_sway import KEPT
from engine.movements import MOVEMENTS
from engine.questions import RATINGS
from engine.task import Assessment, Task
from games import chair_rocket
from server_sync.fhir import codes
from server_sync.fhir.observations import RATED

DEPRECATED = {"41301-3", "41302-1"}
ROTATED_INWARD = {"41391-4", "41392-2", "41316-1"}
OPEN = {
    "OpenReach": "open_reach",
    "OpenGaze": "open_gaze",
    "OpenLean": "open_lean",
    "OpenLift": "open_lift",
    "OpenCross": "open_cross",
}
OTHERS = codes.table().others
OF_LOINC = {name: other.code for name, other in OTHERS.items() if other.system == "loinc"}
OF_SNOMED = {name: other.code for name, other in OTHERS.items() if other.system == "snomed"}


def luhn(number: str) -> bool:
    """Whether the last digit is the check digit of the others by mod 10, as in every LOINC number."""
    digits = [int(digit) for digit in reversed(number)]
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[1::2]]
    return (sum(digits[::2]) + sum(doubled)) % 10 == 0


def verhoeff(number: str) -> bool:
    """Whether the last digit is the check digit of the others by the dihedral group of a pentagon, as in SNOMED CT."""

    def times(a: int, b: int) -> int:
        turned = (a + b) % 5 if a < 5 else (a - b) % 5
        return turned + 5 * ((a < 5) != (b < 5))

    step = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)
    check = 0
    for place, digit in enumerate(reversed(number)):
        value = int(digit)
        for _ in range(place % 8):
            value = step[value]
        check = times(check, value)
    return check == 0


@cache
def assessments() -> dict[str, type[Assessment]]:
    modules = [
        importlib.import_module(f"calibration.{found.name}") for found in pkgutil.iter_modules(calibration.__path__)
    ]
    return {
        name: value
        for module in modules
        for name, value in vars(module).items()
        if isinstance(value, type) and issubclass(value, Assessment) and value is not Assessment
    }


def tasks() -> dict[str, type[Task]]:
    """Every task that measures something, by its name in the table."""
    open_ones = {OPEN[name]: task for name, task in assessments().items() if task.measures}
    tests = {name: battery.load(name) for name in battery.names()}
    return {**{name: games.load(name) for name in games.names()}, **tests, **open_ones}


@pytest.mark.parametrize("code", OF_LOINC.values(), ids=list(OF_LOINC))
def test_a_loinc_number_has_its_check_digit(code: str) -> None:
    assert luhn(code.replace("-", ""))
    assert not luhn(code.replace("-", "")[:-1] + str((int(code[-1]) + 1) % 10))


@pytest.mark.parametrize("code", OF_SNOMED.values(), ids=list(OF_SNOMED))
def test_a_snomed_number_has_its_check_digit(code: str) -> None:
    assert verhoeff(code)
    assert not verhoeff(code[:-1] + str((int(code[-1]) + 1) % 10))


def test_nothing_deprecated_and_no_inward_rotation_is_in_the_table() -> None:
    assert not (DEPRECATED | ROTATED_INWARD) & {other.code for other in OTHERS.values()}


def test_every_code_of_others_says_where_it_was_read() -> None:
    for name, other in OTHERS.items():
        assert other.read, name
        assert other.means, name
        assert other.system in codes.table().systems, name
        assert other.certainty == "source" or other.system not in ("loinc", "snomed"), name


def test_every_unit_is_of_ucum() -> None:
    parser = get_ucum_parser()
    for unit in {*codes.table().units.values(), *(own.ucum for own in codes.table().own.values() if own.ucum)}:
        parser.parse(unit)
    for wrong in ("mm²", "dps", "degrees", ""):
        with pytest.raises(Exception, match=r".*"):
            parser.parse(wrong)


def test_every_measure_of_every_task_has_a_code_its_title_and_a_unit() -> None:
    assert set(OPEN) == {name for name, task in assessments().items() if task.measures}
    for name, task in tasks().items():
        for key, measure in numbers_under(task).items():
            own = codes.table().own.get(f"measures.{name}.{key}")
            assert own is not None, f"server_sync/fhir/codes.toml has no measures.{name}.{key}"
            assert own.words == measure.title, f"measures.{name}.{key}"
            assert measure.unit in codes.table().units, measure.unit


def test_the_table_holds_no_measure_that_nothing_measures() -> None:
    measured = {f"measures.{name}.{key}" for name, task in tasks().items() for key in numbers_under(task)}
    assert {path for path in codes.table().own if path.startswith("measures.")} == measured


def test_everything_that_calibration_keeps_has_a_code() -> None:
    own = codes.table().own
    assert {path for path in own if path.startswith("movements.")} == {
        f"movements.{name}" for name, movement in MOVEMENTS.items() if movement.unit
    }
    assert {path for path in own if path.startswith("sway.")} == {f"sway.{name}" for name in KEPT}
    for name, movement in MOVEMENTS.items():
        assert not movement.unit or own[f"movements.{name}"].words.lower() == movement.title
        assert movement.unit in codes.table().units
    assert {kept.unit for kept in KEPT.values()} <= set(codes.table().units)


def test_everything_that_is_asked_and_every_game_has_a_code() -> None:
    own = codes.table().own
    assert {path for path in own if path.startswith("answers.")} == {f"answers.{kind}" for kind in RATINGS}
    assert set(RATED) == set(RATINGS)
    assert {path: own[path].words for path in own if path.startswith("games.")} == {
        f"games.{name}": games.load(name).title for name in games.names()
    }
    assert {path: own[path].words for path in own if path.startswith("tests.")} == {
        f"tests.{name}": battery.load(name).title for name in battery.names()
    }


def test_what_the_table_refers_to_is_in_it() -> None:
    own = codes.table().own
    for path, one in own.items():
        assert not one.also or one.also in OTHERS, path
        assert not one.site or f"sites.{one.site}" in own, path
        assert not one.effort or f"measures.{one.effort}" in own, path
        assert not one.joint or {f"sites.left_{one.joint}", f"sites.right_{one.joint}"} <= set(own), path


def test_what_says_that_no_number_could_be_is_said_by_something_that_measures() -> None:
    folders = (ROOT / name for name in ("games", "calibration", "engine/metrics"))
    said = "".join(path.read_text(encoding="utf-8") for folder in folders for path in folder.rglob("*.py"))
    for why in codes.table().absent["not_applicable"]:
        assert f'"{why}"' in said or why == f"told of stand number {chair_rocket.FIVE}", why


def test_a_side_gives_the_site() -> None:
    site = codes.site("measures.fruit_ladder.elevation_deg", "right")
    assert site is not None
    assert site.text == "right shoulder"
    assert site.coding[0].code == OTHERS["shoulder_right"].code
    assert codes.site("measures.fruit_ladder.elevation_deg") is None
    assert codes.site("movements.lean_forward") is None


def test_what_is_not_in_the_table_is_said_in_words_and_gets_no_code() -> None:
    concept = codes.concept("measures.fruit_ladder.wrist_wobble")
    assert (concept.coding, concept.text) == ((), "Wrist wobble")
    strange = codes.quantity(3.0, "furlong")
    assert (strange.unit, strange.system, strange.code) == ("furlong", "", "")


def test_the_codes_in_the_documentation_are_those_of_the_table() -> None:
    said = (ROOT / "docs" / "fhir.md").read_text(encoding="utf-8")
    lines = [line for line in said.splitlines() if line.startswith("|")]
    for system, known in (("LOINC", OF_LOINC), ("SNOMED CT", OF_SNOMED)):
        of_system = [line.rpartition(system)[2] for line in lines if system in line]
        assert set(re.findall(r"\d[\d-]{5,}", " ".join(of_system))) == set(known.values()), system
