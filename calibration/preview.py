"""What a plan will ask of a person over one session: how far, how often, how long, and what holds it back.

Made of a handful of rehearsals, each with a person drawn from what is believed of this one. Two plans are rehearsed
with the same persons and the same luck, so that a difference between them is the plans' doing.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate

from calibration.checks import problems
from calibration.differences import differences
from calibration.rehearsal import Rehearsal, RehearsedBlock, Tried, envelope_of, followers_of, people, rehearse
from engine.envelope import Envelope
from engine.movements import LEANS, MAIN_LEANS, MOVEMENTS, along_ellipse
from engine.plan import ASSESS, Interlude, Plan, in_order
from engine.previewed import BlockPreview, Course, Preview, SessionPreview, Spread
from engine.records import Calibration, Limit

TRIALS_IN_TIME = 160  # of both plans together: as many as 150 ms allow
FEWEST, MOST = 3, 40
ENDS = ("value", "low", "high")


class PreviewRefused(ValueError):
    """Nothing can be said of what a plan will ask; the message says what is missing or contradicts itself."""


def preview(
    plan: Plan,
    replaced: Plan | None = None,
    seed: int = 0,
    titles: Sequence[str] | None = None,
    sessions: int = 0,
) -> Preview:
    """What a plan will ask, and how that differs from the plan that it replaces; both of one and the same patient.

    The same plans and seed give the same answer; `titles` are those of their presets. `sessions` are rehearsed of each,
    or with 0 as many as follow a slider: more are steadier. Raises PreviewRefused.
    """
    known = _known(plan)
    beliefs = _with_diagonals({name: each.limit() for name, each in followers_of(plan, known).items()})
    plans = [each for each in (plan, replaced) if each is not None]
    count = max(FEWEST, sessions or min(MOST, TRIALS_IN_TIME // max(1, sum(map(_trials, plans)))))
    lapse = plan.adaptation.lapse
    lived = [rehearse(each, known, people(beliefs, count, lapse, seed), seed) for each in plans]
    titles = titles or [each.preset for each in plans]
    said = [
        _session(each, title, known, beliefs, of_plan)
        for each, title, of_plan in zip(plans, titles, lived, strict=True)
    ]
    old = said[1] if replaced else None
    changed = differences(said[0], said[1], *lived) if replaced else ()
    return Preview(patient=plan.patient, seed=seed, sessions=count, new=said[0], old=old, differences=changed)


def _known(plan: Plan) -> Calibration:
    """The calibration of a plan; raises PreviewRefused where it is missing or contradicts itself."""
    known = plan.calibration
    if known is None or not known.limits:
        raise PreviewRefused(f"nothing was measured of {plan.patient} yet: a session measures before it plays")
    for problem in problems(known):
        raise PreviewRefused(f"{plan.patient}: {problem}")
    for movement, limit in known.limits.items():
        if limit.value == 0:
            raise PreviewRefused(f"{plan.patient}: {MOVEMENTS[movement].title} is 0, of which nothing can be asked")
    return known


def _with_diagonals(beliefs: Mapping[str, Limit]) -> dict[str, Limit]:
    """Beliefs of diagonal leans, too: nobody follows one that was not measured, and it is asked for all the same."""
    main = {end: {name: getattr(beliefs[name], end) for name in MAIN_LEANS if name in beliefs} for end in ENDS}
    if any(name not in beliefs for name in MAIN_LEANS):
        return dict(beliefs)
    between = {}
    for name, direction in LEANS.items():
        value, low, high = (along_ellipse(direction, main[end]) for end in ENDS)
        between[name] = Limit(value, low, high, "deg", 0, "between the leans beside it")
    return {**between, **beliefs}


def _trials(plan: Plan) -> int:
    """About how many trials a plan has, to know how many sessions there is time for."""
    played = [
        step.task
        for step in in_order(plan.steps)
        if not isinstance(step, Interlude) and step.kind not in ("calibrate", ASSESS)
    ]
    return sum(getattr(task.p, "targets", 10) for task in played)


def _session(
    plan: Plan, title: str, known: Calibration, beliefs: Mapping[str, Limit], lived: Sequence[Rehearsal]
) -> SessionPreview:
    envelope = envelope_of(plan, known)
    movements = dict.fromkeys(one.request.movement for session in lived for one in session.tried)
    tried = [session.tried for session in lived]
    return SessionPreview(
        preset=plan.preset,
        title=title,
        seconds=_spread(session.seconds for session in lived),
        trials=_spread(map(len, tried)),
        holding_s=_spread(sum(block.holding_s for block in session.blocks) for session in lived),
        rests=round(_spread(session.rests for session in lived).median),
        success=_success(tried) if any(tried) else None,
        codes=_codes(tried),
        movements=tuple(
            _course(movement, [_of(movement, each) for each in tried], beliefs[movement], known, envelope)
            for movement in MOVEMENTS
            if movement in movements
        ),
        blocks=tuple(_block(block) for block in zip(*(session.blocks for session in lived), strict=True)),
    )


def _course(
    movement: str, tried: Sequence[Sequence[Tried]], belief: Limit, known: Calibration, envelope: Envelope
) -> Course:
    cap = envelope.at_most(movement)
    asked = [[one.request.amplitude for one in session] for session in tried if session]
    longest = max(map(len, asked))
    by_trial = [[session[number] for session in asked if number < len(session)] for number in range(longest)]
    last, every = known.limits.get(movement, belief).value, [amplitude for session in asked for amplitude in session]
    return Course(
        movement=movement,
        title=MOVEMENTS[movement].title,
        unit=belief.unit,
        limit=belief,
        at_most=round(cap.value, 3),
        why=cap.why,
        requests=tuple(_spread(column) for column in by_trial if 2 * len(column) >= len(asked)),
        first=_spread(session[0] for session in asked),
        highest=_spread(map(max, asked)),
        trials=_spread(map(len, tried)),
        success=_success(tried),
        misses_in_a_row=_spread(map(_longest_run, tried)),
        beyond_limit=_share(sum(amplitude > last for amplitude in every), len(every)),
        codes=_codes(tried),
    )


def _block(lived: Sequence[RehearsedBlock]) -> BlockPreview:
    tried = [block.tried for block in lived]
    return BlockPreview(
        task=lived[0].task,
        title=lived[0].title,
        kind=lived[0].kind,
        trials=_spread(map(len, tried)),
        seconds=_spread(block.seconds for block in lived),
        holding_s=_spread(block.holding_s for block in lived),
        success=_success(tried) if any(tried) else None,
        barred=next((block.barred for block in lived if block.barred), ""),
    )


def _of(movement: str, tried: Sequence[Tried]) -> list[Tried]:
    return [one for one in tried if one.request.movement == movement]


def _success(tried: Sequence[Sequence[Tried]]) -> Spread:
    """The share that is reached, and how far luck takes it up or down in a session: by chance, not by what came of it.

    What came of a handful of rehearsals says little of one in twenty, but each trial's chance is known.
    """
    shares: defaultdict[float, float] = defaultdict(float)
    sessions = [session for session in tried if session]
    for session in sessions:
        for hits, chance in enumerate(_hits([one.chance for one in session])):
            shares[hits / len(session)] += chance / len(sessions)
    every = [one.chance for session in sessions for one in session]
    low, high = (_reached(shares, share) for share in (0.05, 0.95))
    return Spread(*(round(share, 3) for share in (sum(every) / len(every), low, high)))


def _hits(chances: Sequence[float]) -> list[float]:
    """How likely each number of hits is, from none to all (Poisson binomial)."""
    likely = [1.0]
    for chance in chances:
        likely = [hit * chance + miss * (1 - chance) for hit, miss in zip([0.0, *likely], [*likely, 0.0], strict=True)]
    return likely


def _reached(shares: Mapping[float, float], share: float) -> float:
    """The value up to which lies a share of all, of values with their weights."""
    ordered = sorted(shares)
    below = accumulate(shares[value] for value in ordered)
    return next((value for value, sum_ in zip(ordered, below, strict=True) if sum_ >= share), ordered[-1])


def _codes(tried: Sequence[Sequence[Tried]]) -> dict[str, float]:
    counted = Counter(one.request.code for session in tried for one in session)
    return {code: _share(number, counted.total()) for code, number in counted.most_common()}


def _longest_run(tried: Sequence[Tried]) -> int:
    """The most misses in a row."""
    longest = run = 0
    for one in tried:
        run = 0 if one.reached else run + 1
        longest = max(longest, run)
    return longest


def _spread(values: Iterable[float]) -> Spread:
    ordered = sorted(values)
    return Spread(*(round(_quantile(ordered, share), 3) for share in (0.5, 0.05, 0.95)))


def _quantile(ordered: Sequence[float], share: float) -> float:
    below = int(place := share * (len(ordered) - 1))
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (place - below) * (ordered[above] - ordered[below])


def _share(number: float, of: int) -> float:
    return round(number / of, 3) if of else 0.0
