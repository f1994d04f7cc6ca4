"""What clinical tests declare, in words for whoever runs them: one of them on a terminal, all of them on a page."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from engine.clinical import Band, ClinicalTest, Noise, Norm
from engine.headset import DESK
from engine.parameters import describe
from engine.records import Measured
from engine.task import Measure

HEAD = """# Assessments

Made by `steadyreach assessments --markdown` from the files in `calibration/battery`; a test holds this page to them.

Clinical tests, each with its protocol, what is measured, how far it can be trusted, and norms only where the same thing
was measured alike. `steadyreach play NAME` runs one, `steadyreach assessments NAME` prints what to do, and a programme
may name them beside games. Results stand in the record of the visit, in its report and on the therapist's page.
Practice does not count. None of them says how likely somebody is to fall: no single test tells that.

Somebody stands by in every test that is done standing. Stop at pain, dizziness, or a step.
"""
POSTURES = {"standing": "standing", "seated": "seated", "lying": "lying"}
SITS_FOR_IT = "; in a visit played standing the person is asked to sit down for it, and to stand up for the next"
AT_DESK = "Mouse and keys show how it goes; what they give says nothing of a person."
UNITS = {"deg": "°", "%": " %", "": ""}
PICTURES = "assessments"


def explain(name: str, test: type[ClinicalTest]) -> str:
    """One test on a terminal."""
    chapters = [f"{test.title} ({name}, version {test.version})", (test.__doc__ or "").strip()]
    for title, lines in _chapters(test):
        chapters.append("\n".join([f"{title}:", *(f"* {line}" for line in lines)]))
    return "\n\n".join(chapters)


def overview(tests: Mapping[str, type[ClinicalTest]], docs: Path) -> str:
    """All tests as one page in Markdown; those with a picture in the folder of documentation show it."""
    lines = [HEAD, "| test | `name` | posture | results | held against norms |", "|---|---|---|---|---|"]
    lines += [_row(name, test) for name, test in tests.items()]
    for name, test in tests.items():
        lines += ["", f"## {test.title}", ""]
        picture = f"{PICTURES}/{name}.webp"
        lines += [f"![{test.title}]({picture})", ""] if (docs / picture).exists() else []
        lines += [(test.__doc__ or "").strip(), ""]
        for title, told in _chapters(test):
            lines += [f"**{title}.**", "", *(f"* {line}" for line in told), ""]
        lines += ["| parameter | usual | from, to |", "|---|---|---|", *_parameters(test)]
    return "\n".join(lines)


def results(name: str, test: type[ClinicalTest], found: Mapping[str, Measured]) -> str:
    """The results of one test on a terminal, each with its error or why there is none, and where to read on."""
    lines = [f"{test.title}:", *(_found(test.results[key], number) for key, number in found.items())]
    return "\n  ".join([*lines, f"what they may be held against: steadyreach assessments {name}"])


def shown(value: float, unit: str) -> str:
    """A value with its unit."""
    return f"{value:g}{UNITS.get(unit, f' {unit}')}"


def norm_lines(test: type[ClinicalTest], norm: Norm) -> Iterator[str]:
    """A table of norms, one line for everybody or for each sex, and where it is from."""
    unit = test.results[norm.result].unit
    yield f"{test.results[norm.result].title}, {norm.says}, by {norm.source}."
    for sex in dict.fromkeys(band.sex for band in norm.bands):
        rows = [_band(band, unit) for band in norm.bands if band.sex == sex]
        yield f"{f'{sex.capitalize()}: ' if sex else ''}{'; '.join(rows)}."
    if norm.alike:
        yield norm.alike


def _found(result: Measure, number: Measured) -> str:
    if number.value is None:
        return f"{result.title}: no result: {number.note}"
    error = f" ± {number.error:g}" if number.error else ""
    note = f" ({number.note})" if number.note else ""
    return f"{result.title}: {shown(number.value, result.unit)}{error}{note}"


def _band(band: Band, unit: str) -> str:
    years = f"{band.from_years}" if band.from_years == band.to_years else f"{band.from_years}–{band.to_years}"
    return f"{years} years {shown(band.value, unit)}"


def _row(name: str, test: type[ClinicalTest]) -> str:
    results = ", ".join(result.title.lower() for result in test.results.values())
    against = "yes" if test.norms else "no: it must not be" if test.not_compared else "no: none is known"
    return f"| {test.title} | `{name}` | {_postures(test)} | {results} | {against} |"


def _postures(test: type[ClinicalTest]) -> str:
    if test.on_chair:
        return POSTURES["seated"]
    return " or ".join(POSTURES[posture] for posture in test.postures)


def _chapters(test: type[ClinicalTest]) -> Iterator[tuple[str, list[str]]]:
    yield "What it takes", [f"Posture: {_postures(test)}{SITS_FOR_IT if test.on_chair else ''}.", *test.equipment]
    yield "Protocol", list(test.protocol)
    yield "Practice", [f"{test.practice}."]
    yield "Results", [_result(key, result) for key, result in test.results.items()]
    yield "Measures of each trial", [_result(key, measure) for key, measure in test.measures.items()]
    yield "When there is no result", list(test.validity)
    yield "At a desk", [f"{test.why_not_on(DESK)}." if test.not_at_desk else AT_DESK]
    noise = [_noise(test.results[one.result], one) for one in test.noise]
    yield "Noise", noise or ["Not known for this test as it is done here: compare with the person's own repetitions."]
    norms = [line for norm in test.norms for line in norm_lines(test, norm)]
    yield "Norms", norms or [f"None. {test.not_compared or 'We know of none that was measured alike.'}"]
    yield "Precautions", [f"Moves or loads: {', '.join(test.moves_parts)}. A precaution on them bounds or bars it."]


def _noise(result: Measure, noise: Noise) -> str:
    return f"{result.title}: a change below {shown(noise.least_change, result.unit)} may be noise ({noise.source})."


def _result(key: str, measure: Measure) -> str:
    source = f" ({measure.source})" if measure.source else ""
    unit = f", {measure.unit}" if measure.unit else ""
    return f"{measure.title} (`{key}`{unit}): {measure.help}{source}"


def _parameters(test: type[ClinicalTest]) -> Iterator[str]:
    for each in describe(test.Parameters):
        unit = each.get("unit", "")
        usual, between = each["default"], ", ".join(each.get("options", ("yes", "no")))
        if "low" in each:
            usual, between = shown(usual, unit), f"{shown(each['low'], '')} to {shown(each['high'], unit)}"
        elif isinstance(usual, bool):
            usual = "yes" if usual else "no"
        yield f"| {each['help']} (`{each['name']}`) | {usual} | {between} |"
