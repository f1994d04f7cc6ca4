"""Two people who tuned the same version: both beside each other, and a form with mine on top of theirs."""

from collections.abc import Mapping
from typing import NamedTuple

from msgspec.structs import replace

from engine.prescription import Draft
from server_sync.clinic.previewing import NotPreviewed
from server_sync.page import words
from server_sync.page.asking import usual
from server_sync.page.language import _
from server_sync.page.translated import translated
from server_sync.page.tune_form import Leaves, described, leaves, merged, plain, resolved, value_of, wished, written
from server_sync.page.tune_sheet import Ask, Case, draft_of
from server_sync.page.tune_words import moment
from server_sync.page.tuning import full_title, shown_value, with_unit


class Conflict(NamedTuple):
    """Rows of title, mine and theirs; `data` is the form that says mine on top of what holds now."""

    by: str
    at: str
    rows: tuple[tuple[str, str, str], ...]
    in_force: str
    data: Mapping[str, str]


def conflict(case: Case, data: Mapping[str, str], ask: Ask) -> Conflict:
    """What somebody else saved since `data` was filled in, beside what it says."""
    theirs = case.versions[-1].prescription
    seen = next((draft_of(each) for each in case.versions if each.sha256 == data.get("if_match")), Draft())
    wish = wished(data, seen)
    preset, plan = merged(seen, case.saved, wish)
    mine = replace(case.saved, preset=preset, plan=plan)
    old, typed = resolved(theirs.preset, theirs.plan), _typed(preset, leaves(plan), leaves(case.saved.plan))
    rows = [(full_title(key), with_unit(text, described()[key]), shown_value(old, key)) for key, text in typed.items()]
    if preset != theirs.preset:
        rows.insert(0, (_("Preset"), translated(plain(preset).title), translated(old.title)))
    rows.append((_("Why"), data.get("why", "") or "–", theirs.why or "–"))
    target, in_force = _usual_target(ask, mine, case.saved)
    kept = {name: data[name] for name in ("why", "movement", *wish.problems) if name in data}
    held = _("Until you choose, what %(name)s saved is in force.", name=theirs.author)
    return Conflict(
        theirs.author,
        moment(theirs.written_at),
        (*rows, *target),
        " ".join(filter(None, (held, in_force))),
        {**typed, **kept, "preset": preset},
    )


def _typed(preset: str, mine: Leaves, theirs: Leaves) -> dict[str, str]:
    """What I say and they do not, as it stands in its field; where I took a value back it is the preset's."""
    differs = [key for key in described() if mine.get(key) != theirs.get(key)]
    return {key: written(mine.get(key, value_of(plain(preset), key)), described()[key]) for key in differs}


def _usual_target(ask: Ask, mine: Draft, theirs: Draft) -> tuple[list[tuple[str, str, str]], str]:
    """The usual target of each movement by both, where they differ, and which of them asks for less."""
    try:
        found = ask(mine, theirs)
    except NotPreviewed:
        return [], ""
    before = {course.movement: course for course in found.old.movements} if found.old else {}
    rows, less = list[tuple[str, str, str]](), list[bool]()
    for course in found.new.movements:
        if (other := before.get(course.movement)) is None:
            continue
        values = usual(course), usual(other)
        mine_shown, theirs_shown = (words.quantity(value, course.unit) for value in values)
        if mine_shown != theirs_shown:
            said = _("Usual target, %(movement)s", movement=words.movement(course.movement).lower())
            rows.append((said, mine_shown, theirs_shown))
            less.append(values[0] < values[1])
    if not less or len({*less}) > 1:
        return rows, ""
    return rows, _("Yours asks for less.") if less[0] else _("Yours asks for more.")
