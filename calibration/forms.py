"""How thoroughly to measure: every limit once more in about three minutes, or all of it anew in about ten.

Each form is what it changes of the assessments' parameters, by assessment and name.
"""

from collections.abc import Collection, Mapping

from calibration.due import CHECK, FULL, NOTHING
from calibration.leaning import WAYS
from calibration.reaching import AZIMUTHS_DEG
from calibration.story import DRAGON, PLAIN
from engine import leg, looking
from engine.adaptation import Adaptation
from engine.frame import SIDES
from engine.movements import MAIN_LEANS
from engine.parameters import Value
from engine.records import Calibration

EFFORTS = 3  # in each plane, after practice: the functional reach test averages as many (Duncan et al. 1990)
Form = Mapping[str, Mapping[str, Value]]


def form_of(name: str, adaptation: Adaptation, known: Calibration | None = None, story: str = PLAIN) -> Form:
    """The parameters of the assessments that a form of NOTHING, CHECK or FULL differs in; NOTHING has none of them.

    A check asks for as many open efforts of each limit as the adaptation says, in the directions that are known. A full
    one has practice, then up to three efforts in each plane of an arm and two in each of eight directions of a lean,
    and three stretches of quiet standing. Both ask up to two more times where a limit would stay in doubt. With a story
    for children a full one has one effort in each of four planes, two in each of four directions, and one stretch.
    """
    if name == NOTHING:
        return {}
    if name == CHECK:
        leans = set(known.limits if known is not None else ()) - set(MAIN_LEANS)
        ways = "eight" if leans & set(WAYS["eight"]) else "four"
        once: dict[str, Value] = {
            "repetitions": max(1, adaptation.check_reaches),
            "check": True,
            "more": 2,
            "story": story,
        }
        return {"standing": {}, "open_reach": once, "open_lean": {**once, "ways": ways}}
    if name != FULL:
        raise ValueError(f"there is no form {name!r} of measuring; there are {NOTHING}, {CHECK} and {FULL}")
    planes = len(AZIMUTHS_DEG)
    if story == DRAGON:
        return {
            "standing": {},
            "open_reach": {"repetitions": planes, "story": story},
            "open_lean": {"ways": "four", "repetitions": 2, "story": story},
        }
    return {
        "standing": {"repetitions": 3},
        "open_reach": {"repetitions": planes * min(EFFORTS, adaptation.open_reaches), "practice": planes, "more": 2},
        "open_lean": {"ways": "eight", "repetitions": 2, "practice": 1, "more": 2},
    }


def gaze_form(name: str, adaptation: Adaptation, gazes: Collection[str], story: str = PLAIN) -> Form:
    """As `form_of` for the neck alone, in the ways that these of its movements need: for who will turn their head.

    A check asks for as many open efforts as the adaptation says, a full one for up to three, with a story for two.
    """
    if name == NOTHING or not gazes:
        return {}
    ways = next(ways for ways, movements in looking.WAYS.items() if set(gazes) <= set(movements))
    if name == CHECK:
        once = max(1, adaptation.check_reaches)
        return {"open_gaze": {"ways": ways, "repetitions": once, "check": True, "more": 2, "story": story}}
    if story == DRAGON:
        return {"open_gaze": {"ways": ways, "repetitions": 2, "story": story}}
    return {"open_gaze": {"ways": ways, "repetitions": min(EFFORTS, adaptation.open_reaches), "more": 2}}


def cross_form(name: str, adaptation: Adaptation, crosses: Collection[str]) -> Form:
    """As `gaze_form` for arms that come across the body: at the height of a table and level, once each or twice."""
    if name == NOTHING or not crosses:
        return {}
    sides = [side for side in SIDES if any(movement.endswith(side) for movement in crosses)]
    which: dict[str, Value] = {"sides": "both" if len(sides) > 1 else sides[0], "more": 2}
    if name == CHECK:
        return {"open_cross": {**which, "repetitions": max(2, adaptation.check_reaches), "check": True}}
    return {"open_cross": {**which, "repetitions": 2 * min(2, adaptation.open_reaches)}}


def lift_form(name: str, adaptation: Adaptation, lifts: Collection[str], strapped: str = leg.EACH) -> Form:
    """As `gaze_form` for the legs, by the exercise that these movements are of and what is strapped on for it."""
    if name == NOTHING or not lifts:
        return {}
    stems = {movement.rpartition("_")[0] for movement in lifts}
    sides = [side for side in SIDES if any(movement.endswith(side) for movement in lifts)]
    exercise = next(each for each, stem in leg.LIFTED.items() if stem in stems)
    which: dict[str, Value] = {
        "exercise": exercise,
        "sides": "both" if len(sides) > 1 else sides[0],
        "strapped": strapped,
        "more": 2,
    }
    if name == CHECK:
        return {"open_lift": {**which, "repetitions": max(1, adaptation.check_reaches), "check": True}}
    return {"open_lift": {**which, "repetitions": min(EFFORTS, adaptation.open_reaches)}}
