"""What presets do, in a therapist's words: one of them explained, and all that are shipped on a page."""

from collections.abc import Iterator, Mapping

import numpy as np

from engine.adaptation import Adaptation
from engine.frame import SIDES
from engine.movements import LEANS, MOVEMENTS
from engine.parameters import describe
from engine.presets import DEFAULT, KINDS, NOW, PLAN, Resolved, names, resolve
from engine.task import Task

SUCCESS = (0.60, 0.65, 0.70, 0.75, 0.80, 0.85, 0.90, 0.95)
SHARE_OF_LIMIT = (0.93, 0.93, 0.92, 0.90, 0.87, 0.84, 0.77, 0.59)
"""What a share of success costs: the median target over the true limit, targets 9 to 40 of 200 simulated people each.

Their limits are 90 +/- 25 degrees with a slope of 6 and a share of lapses of USUAL_LAPSE, the other values are the
defaults of Adaptation. Below 0.70 it is the risk of going beyond the limit that keeps targets where they are.
"""
USUAL_LAPSE = 0.04
SPEED_WORDS: Mapping[str, str] = {"slow": "over weeks", "normal": "over days", "fast": "within sessions"}
CHAPTERS = {"general": "General", "condition": "Conditions", "age": "Ages"}

HEAD = """# Presets

Made by `steadyreach presets --markdown` from the files in `assets/presets`; a test holds this page against them.

A preset is where a therapist begins, and no prescription. The later says more: a game's default, the base preset, the
preset, the patient's plan, the therapist now. A *locked* ceiling can be lowered by those who come later, never raised.
*At* is where most targets are, as a share of the limit: what a share of success costs, in a simulation of 200 people.
"""


def share_of_limit(a: Adaptation) -> float:
    """Where most targets lie, as a share of the limit; who is more often distracted is asked for less."""
    attentive = a.target_success * (1 - USUAL_LAPSE) / (1 - a.lapse)
    return float(np.interp(attentive, SUCCESS, SHARE_OF_LIMIT))


def explain(resolved: Resolved) -> str:
    """What a resolved preset will do, line by line."""
    preset = resolved.preset
    lines = [f"{preset.title} ({resolved.name})", preset.about, ""]
    lines += [f"* {line}" for line in [*_difficulty(resolved.adaptation), *_bounds(resolved), *_changed(resolved)]]
    return "\n".join([*lines, "", f"Caution: {preset.caution.strip()}", f"Source: {preset.source.strip()}"])


def overview(games: Mapping[str, type[Task]]) -> str:
    """All shipped presets as one page in Markdown."""
    every = [resolve(name, games) for name in names()]
    lines = [HEAD]
    for kind in KINDS:
        of_kind = [resolved for resolved in every if resolved.preset.kind == kind]
        lines += [f"## {CHAPTERS[kind]}\n", *_table(of_kind), ""]
        for resolved in of_kind:
            lines += [f"### {resolved.title}\n", *_section(resolved)]
    return "\n".join(lines)


def _difficulty(a: Adaptation) -> Iterator[str]:
    """What the followers of limits and the knobs will do."""
    if a.only_assess:
        yield "Measures only: nothing is adapted, and nothing becomes harder."
        return
    reached, at = _percent(a.target_success), _percent(share_of_limit(a))
    yield f"{reached} of the targets shall be reached, so most of them are at about {at} of the limit."
    yield from _start(a)
    yield (
        f"Nothing is asked more than {a.step_over_best_percent:g} % beyond the best of the last 20 targets, nor more "
        f"than {a.rise_per_session_percent:g} % beyond the session before; the limit is thought to change "
        f"{SPEED_WORDS[a.speed]}."
    )
    missed = "a missed target" if a.misses_before_easier == 1 else f"{a.misses_before_easier} missed targets in a row"
    yield f"The chance that a target lies beyond the limit stays below {_percent(a.over_limit_risk)}."
    yield f"After {missed} an easy one follows ({_percent(a.easier_success)} reached)."
    if a.bonus_zone_percent:
        yield f"A bonus may invite up to {a.bonus_zone_percent:g} % beyond a target."
    blocks = "one block" if a.blocks_in_band == 1 else f"{a.blocks_in_band} blocks"
    yield f"After {blocks} above {_percent(a.success_high)} one thing gets harder: {', then '.join(a.knobs)}."
    yield from _care(a)


def _start(a: Adaptation) -> Iterator[str]:
    if a.warm_up_trials:
        yield f"A session begins with {a.warm_up_trials} easier targets ({_percent(a.warm_up_success)} reached)."
    if a.first_at_most_percent < 100:
        yield f"Its first target is at {a.first_at_most_percent:g} % of the limit at most."


def _care(a: Adaptation) -> Iterator[str]:
    yield f"Pain of {a.pain_hold_nrs} brings targets nearer, pain of {a.pain_stop_nrs} ends the session."
    rests = f", and {a.rest_after_trials} targets do" if a.rest_after_trials else ""
    yield f"Effort of {a.fatigue_rest_omni} (OMNI, 0 to 10) brings a rest{rests}."
    yield (
        f"A limit counts for {a.expires_after_days} days without a check; after {a.full_after_days} days everything is "
        "measured again."
    )


def _bounds(resolved: Resolved) -> Iterator[str]:
    """Movements that share their bounds are named together."""
    together: dict[tuple[str, str], list[str]] = {}
    for name, bounds in resolved.limits.items():
        unit = MOVEMENTS[name].unit.replace("deg", "degrees")
        parts = [f"at least {bounds.floor:g} {unit}"] if bounds.floor_by else []
        if bounds.ceiling_by:
            parts.append(f"at most {bounds.ceiling:g} {unit}" if bounds.ceiling else "never")
        locked = ", locked" if bounds.locked_by else ""
        together.setdefault((" and ".join(parts) + locked, bounds.reason), []).append(name)
    for (how_far, reason), movements in together.items():
        words = ", ".join(_titles(movements))
        yield f"{words[0].upper()}{words[1:]}: {how_far}{f' ({reason})' if reason else ''}."


def _titles(movements: list[str]) -> Iterator[str]:
    """Movements in words: both sides at once, and most of the leans as all but the others."""
    leans = [name for name in movements if name in LEANS]
    if len(leans) > len(LEANS) / 2:
        others = [MOVEMENTS[name].title.removeprefix("leant ") for name in LEANS if name not in leans]
        yield "leant any way" + (f" but {', '.join(others)}" if others else "")
    else:
        yield from (MOVEMENTS[name].title for name in leans)
    for name in movements:
        left, right = (f"{name.rpartition('_')[0]}_{side}" for side in SIDES)
        if name in LEANS or (name == right and left in movements):
            continue
        both = name == left and right in movements
        yield f"{MOVEMENTS[name].title}, and the same to the right" if both else MOVEMENTS[name].title


def _changed(resolved: Resolved) -> Iterator[str]:
    """What the games do differently from their own defaults, and what plan and therapist say."""
    for game, task in resolved.tasks.items():
        said = [
            f"{about['help']}: {resolved.games[game][about['name']]} {about['unit']}".strip()
            for about in describe(task.Parameters)
            if resolved.sources[f"games.{game}.{about['name']}"] != DEFAULT
        ]
        if said:
            yield f"{task.title}. {'; '.join(said)}."
    for source in (PLAN, NOW):
        keys = [key for key, by in resolved.sources.items() if by == source]
        if keys:
            yield f"Said by {source}: {', '.join(keys)}."


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _table(every: list[Resolved]) -> Iterator[str]:
    yield "| preset | reached | at | beyond best | pain: nearer, end | rest after | lean ahead, back | gets harder |"
    yield "|---|---|---|---|---|---|---|---|"
    for resolved in every:
        a, ceilings = resolved.adaptation, resolved.ceilings
        leans = ", ".join(f"{ceilings[name]:g}°" for name in ("lean_forward", "lean_back"))
        rest = str(a.rest_after_trials or "–")
        follows = (
            ("–", "–", "–")
            if a.only_assess
            else (
                _percent(a.target_success),
                _percent(share_of_limit(a)),
                f"{a.step_over_best_percent:g} %",
            )
        )
        pain = f"{a.pain_hold_nrs}, {a.pain_stop_nrs}"
        harder = "–" if a.only_assess else ", ".join(a.knobs)
        yield f"| {' | '.join([f'`{resolved.name}`', *follows, pain, rest, leans, harder])} |"


def _section(resolved: Resolved) -> Iterator[str]:
    preset = resolved.preset
    based = f" Starts from `{preset.base}`." if preset.base else ""
    yield f"`{resolved.name}`: {preset.about}{based}\n"
    yield from (f"* {line}" for line in _bounds(resolved))
    yield f"\n**Caution.** {preset.caution.strip()}\n"
    yield f"**Source.** {preset.source.strip()}\n"
