"""The patients of the demo clinic: a dozen invented people, of whom some need a look first."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import msgspec

from engine.body import ARM_OF_STATURE, EYE_HEIGHT_OF_STATURE, SEATED_EYES_OF_STATURE, shoulder_by_stature
from engine.commands.clinic_demo.characters import Character, Moment, Relative, Spent, Told, Version, Wrote
from engine.frame import SIDES, Button
from engine.prescription import Draft, Practice
from engine.programme import DAYS, Goal, HandsOn, Pause
from engine.records import Precaution
from engine.simulated_patient import Patient

SHORT_CALM = {"calm_tide": {"targets": 1}}
LEFT_ARM, RIGHT_ARM = ({"fruit_ladder": {"arms": side, "targets": 20}} for side in SIDES)
FOR_AND_BACK = {"harbour_lean": {"ways": "forward and back", "targets": 16}}
ALL_LEANS, TURNS = {"harbour_lean": {"targets": 16}}, {"owl_watch": {"ways": "turns", "targets": 16}}
MON_WED_FRI, TUE_THU_SAT = ("mon", "wed", "fri"), ("tue", "thu", "sat")
WORKDAYS = ("mon", "tue", "wed", "thu", "fri")
FOUR_DAYS = ("mon", "tue", "thu", "sat")
HURTS = frozenset({"pain", "pain 3"})
"""What is chosen by somebody who opens the menu, says that it hurts, and that it is a 6 of 10."""
TIRED, STOPS = frozenset({"fatigue"}), frozenset({"stop"})
BOTH_ARMS = tuple(f"shoulder_elevation_{side}" for side in SIDES)


def cast(today: date) -> tuple[Character, ...]:
    """Everybody, as they are on a day."""
    people = (
        *(_rosa(today), _milo(), _henrik(today), _dorothea(today)),
        *(_tomasz(today), _elif(today), _amara(today), _peter(today)),
        *(_jun(today), _ines(), _sam(), _noor(today)),
    )
    return tuple(_begun(person, today) for person in people)


def _rosa(today: date) -> Character:
    lift = Precaution(
        "shoulder_elevation_left", 120.0, "deg", "no active lift above 120 degrees: the surgeon", "Dr Okafor",
        (today + timedelta(days=11)).isoformat(),
    )  # fmt: skip
    more = {
        "goals": (Goal(words="Hang the washing without using a stool.", movement="shoulder_elevation_left", needs=120),
                  Goal(words="Sleep on my left side.")),
        "precautions": (lift,),
        "hands_on": _here(today, "10:30", "Posterior glide III, 3 times 60 s; active flexion before a mirror"),
    }  # fmt: skip
    return Character(
        "p-0417", "Rosa Lindqvist", "left rotator cuff repair, week 9", date(1968, 3, 14), 9,
        (
            Version(49, "maja", _draft("shoulder-surgery", LEFT_ARM, FOUR_DAYS, 4, **more),
                    "Week 2 after the repair: active movement is allowed up to the level of the shoulder."),
            Version(28, "maja", _draft("frozen-shoulder", LEFT_ARM, FOUR_DAYS, 5,
                                       limits={"shoulder_elevation_left": {"ceiling": 110.0}}, **more),
                    "Week 5: the surgeon agrees to active range under 120 degrees."),
        ),
        _tall(1.66, shoulder_elevation_right=158.0),
        {"shoulder_elevation_left": ((49, 72), (28, 88), (14, 96), (0, 99))},
        pain=((49, 3), (14, 2), (0, 2)),
        moments={1: (Moment(110.0, Button.MENU, HURTS),)},
        told=(Told(28, "maja", "Week 5: your surgeon agrees to more. Fruit may hang a little higher from today."),),
        letters=(
            Wrote(30, "rosa", "May I already lift a cup from the upper shelf with the left arm?", "maja"),
            Wrote(2, "rosa", "Woke up twice from the shoulder. Should I still play?"),
        ),
        spent=(
            Spent(28, "maja", 12, "call", "The surgeon's new bound, and what it means at home"),
            Spent(6, "maja", 8, "review"), Spent(3, "maja", 14, "call", "Sleep, and how to lie on the side"),
        ),
        relatives=(Relative("rosa", "Rosa Lindqvist"),),
    )  # fmt: skip


def _milo() -> Character:
    goals = {"goals": (Goal(words="Catch the dragon with both hands."),)}
    games = {"fruit_ladder": {"arms": "left"}, "mirror_friends": {}}
    tired = (Moment(150.0, Button.MENU, TIRED), Moment(200.0, Button.MENU, STOPS))
    return Character(
        "p-0523", "Milo Adeyemi-Brandt", "left hemiplegia", date(2017, 5, 30), 16,
        (
            Version(56, "maja", _draft("cerebral-palsy", games, FOUR_DAYS, 6, **goals)),
            Version(17, "jonas", _draft("child-8-12", games, FOUR_DAYS, 6, **goals),
                    "He finds it too easy, says his mother: longer rounds, as for others of his age."),
        ),
        _tall(1.34, shoulder_elevation_right=150.0, lean_forward=5.5, lean_left=3.6),
        {
            "shoulder_elevation_left": ((56, 84), (18, 96), (0, 92)),
            "lapse": ((56, 0.05), (18, 0.05), (12, 0.16), (0, 0.2)),
            "fatigue": ((56, 0.001), (18, 0.001), (10, 0.006), (0, 0.008)),
        },
        effort=((56, 4), (14, 5), (4, 8), (0, 8)),
        missed=frozenset({9, 20, 21}),
        moments={1: tired, 2: tired},
        told=(Told(24, "maja", "Nineteen stars this week, Milo. The dragon has seen it."),),
        letters=(
            Wrote(26, "funmi", "He did all of it by himself on Tuesday. May his sister watch?", "maja"),
            Wrote(1, "funmi", "He asks for the dragon again, but was so tired on both days."),
        ),
        relatives=(Relative("funmi", "Funmi Adeyemi", "mother"),),
    )  # fmt: skip


def _henrik(today: date) -> Character:
    turning = Precaution("neck_extension", 30.0, "deg", "dizzy when looking up", "Maja Bergström")
    away = Pause(since=(today - timedelta(days=27)).isoformat(), until=(today - timedelta(days=25)).isoformat(),
                 reason="at his daughter's")  # fmt: skip
    plan = _draft("fall-risk", FOR_AND_BACK, WORKDAYS, 5, precautions=(turning,), pauses=(away,),
                  goals=(Goal(words="Walk to the boathouse alone."),))  # fmt: skip
    return Character(
        "p-0388", "Henrik Sørås", "three falls this year", date(1955, 1, 9), 11,
        (Version(42, "maja", plan, "Three falls since spring, none with an injury: leans first, at a rail."),),
        _tall(1.78, lean_right=4.6, lean_left=4.8, lean_back=2.6),
        {"lean_forward": ((42, 5.6), (15, 6.2), (13, 3.7), (0, 3.2)), "sway_mm": ((42, 7.0), (10, 7.0), (0, 9.0))},
        missed=frozenset({2, 3, 4, 12}),
        letters=(Wrote(19, "henrik", "The quay at the harbour is very good. More boats please.", "jonas"),),
        spent=(Spent(18, "jonas", 6, "message"), Spent(9, "maja", 22, "video", "At home: rugs, the step, the lamp")),
        relatives=(Relative("henrik", "Henrik Sørås"),),
    )  # fmt: skip


def _dorothea(today: date) -> Character:
    until = (today + timedelta(days=1)).isoformat()
    seated = Precaution("standing", 0.0, "", "seated only after the hip fracture, until the X-ray", "Dr Okafor", until)
    plan = _draft("hip-replacement", {"fruit_ladder": {"targets": 20}}, MON_WED_FRI, 5, precautions=(seated,),
                  goals=(Goal(words="Sit at the table with my grandchildren, and reach the potatoes."),))  # fmt: skip
    return Character(
        "p-0612", "Dorothea van den Berghe-Achterberg", "hip fracture, week 6", date(1943, 7, 2), 14,
        (Version(35, "maja", plan),),
        _seated(1.58),
        dict.fromkeys(BOTH_ARMS, ((35, 104), (0, 110))),
        pain=((35, 3), (0, 2)), posture="seated", missed=frozenset({6}),
    )  # fmt: skip


def _tomasz(today: date) -> Character:
    more = {
        "goals": (Goal(words="Put my own coat on.", movement="shoulder_elevation_right", needs=100),),
        "hands_on": _here(today, "09:00", "Shoulder blade glides, then the arm guided overhead, 2 times 10"),
    }
    return Character(
        "p-0291", "Tomasz Wiśniewski", "stroke, month 5", date(1960, 2, 21), 9,
        (
            Version(63, "maja", _draft("stroke-mild-arm", RIGHT_ARM, MON_WED_FRI, 5, **more)),
            Version(21, "maja", _draft("stroke-mild-arm", RIGHT_ARM, FOUR_DAYS, 5,
                                       limits={"shoulder_elevation_right": {"ceiling": 115.0}}, **more),
                    "He asks for more. Nothing hurts, and the shoulder blade turns along to 115 degrees."),
        ),
        _tall(1.74, shoulder_elevation_left=146.0),
        {"shoulder_elevation_right": ((63, 78), (0, 92)), "hand_speed_mps": ((63, 0.4), (0, 0.6))},
        pain=((0, 1),), missed=frozenset({7}),
        told=(Told(21, "maja", "Four days a week from now on: you said that you would like more."),),
        relatives=(Relative("tomasz", "Tomasz Wiśniewski"),),
    )  # fmt: skip


def _elif(today: date) -> Character:
    plan = _draft("frozen-shoulder", RIGHT_ARM, TUE_THU_SAT, 5,
                  goals=(Goal(words="Sleep on my right side."),),
                  hands_on=_here(today, "09:45", "Inferior glide II, 3 times 30 s"))  # fmt: skip
    return Character(
        "p-0455", "Elif Kaya", "frozen shoulder", date(1981, 9, 17), 10,
        (Version(49, "jonas", plan),),
        _tall(1.63, shoulder_elevation_left=160.0, shoulder_elevation_right=88.0),
        pain=((0, 3),),
    )  # fmt: skip


def _amara(today: date) -> Character:
    plan = _draft("vestibular", TURNS, MON_WED_FRI, 5,
                  goals=(Goal(words="Cross the street without stopping first."),),
                  hands_on=_here(today, "11:15", "Walking with head turns, ten steps each, with a rail"))  # fmt: skip
    return Character(
        "p-0634", "Amara Okonkwo", "vestibular neuritis", date(1992, 4, 5), 11,
        (Version(35, "maja", plan),),
        _tall(1.70),
        {
            "sway_mm": ((35, 9.0), (14, 4.5), (0, 3.5)),
            "neck_speed_dps": ((35, 45.0), (0, 80.0)),
            **{f"neck_rotation_{side}": ((35, 42), (0, 57)) for side in SIDES},
        },
    )  # fmt: skip


def _peter(today: date) -> Character:
    plan = _draft("balance", ALL_LEANS, WORKDAYS, 5, goals=(Goal(words="Turn in the kitchen."),),
                  hands_on=_here(today, "13:00", "Large steps to a beat, and turns in four steps"))  # fmt: skip
    return Character(
        "p-0346", "Peter Quayle", "Parkinson's disease", date(1964, 6, 30), 13,
        (Version(35, "jonas", plan),),
        _tall(1.80, lean_forward=5.2, tremor_mm=3.5, hand_speed_mps=0.5, reaction_s=0.5),
        pain=((0, 1),), missed=frozenset({15}),
    )  # fmt: skip


def _jun(today: date) -> Character:
    plan = _draft(
        "child-8-12",
        {"fruit_ladder": {"targets": 14}},
        _days_of(today, 3, 6),
        8,
        goals=(Goal(words="Throw a ball far."),),
    )
    return Character(
        "p-0671", "Jun Park", "juvenile arthritis", date(2014, 1, 11), 15,
        (Version(6, "jonas", plan),),
        _tall(1.49, shoulder_elevation_left=118.0, shoulder_elevation_right=126.0),
        pain=((0, 2),),
    )  # fmt: skip


def _ines() -> Character:
    plan = _draft("low-back-pain", FOR_AND_BACK, TUE_THU_SAT, 5,
                  goals=(Goal(words="Lift the little one out of the bath."),))  # fmt: skip
    return Character(
        "p-0502", "Ines Carvalho", "low back pain", date(1975, 8, 8), 18,
        (Version(42, "maja", plan),),
        _tall(1.68),
        {"lean_forward": ((42, 3.9), (0, 6.2))},
        pain=((42, 4), (20, 2), (0, 2)),
    )  # fmt: skip


def _sam() -> Character:
    mirror = Goal(words="Look over my shoulder when I drive.", movement="neck_rotation_left", needs=60)
    plan = _draft("neck-pain", TURNS, (), 5, goals=(mirror,))
    return Character(
        "p-0588", "Sam Whitfield", "whiplash", date(1997, 11, 19), 19,
        (Version(28, "jonas", plan),),
        _tall(1.76),
        {f"neck_rotation_{side}": ((28, 48), (0, 55)) for side in SIDES},
        pain=((28, 3), (0, 3)), missed=frozenset({8, 12, 13, 14, 18, 20, 22, 24, 26}), silent_days=3,
    )  # fmt: skip


def _noor(today: date) -> Character:
    plan = _draft("ankle-sprain", ALL_LEANS, _days_of(today, 1, 3, 5), 5,
                  goals=(Goal(words="Run for the bus."),))  # fmt: skip
    return Character(
        "p-0560", "Noor Haddad", "ankle sprain", date(1988, 2, 3), 17,
        (Version(29, "jonas", plan),),
        _tall(1.65, lean_right=4.4),
        pain=((29, 2), (0, 0)),
    )  # fmt: skip


def _begun(person: Character, today: date) -> Character:
    """Somebody whose programme starts on the day on which they came."""
    starts_on = (today - timedelta(days=person.begins)).isoformat()
    versions = (
        each._replace(draft=msgspec.structs.replace(each.draft, starts_on=starts_on)) for each in person.versions
    )
    return replace(person, versions=tuple(versions))


def _here(today: date, at: str, technique: str) -> tuple[HandsOn, ...]:
    """What is done by hand at the clinic, on this day of each week."""
    return (HandsOn(technique=technique, days=_days_of(today, 0), place="clinic", at=at, minutes=20),)  # type: ignore[arg-type]


def _draft(preset: str, play: Any, days: Sequence[str], minutes: float, limits: Any = None, **more: Any) -> Draft:
    """A prescription of the games that `play` has parameters of, on these days of the week."""
    plan = {"games": {**SHORT_CALM, **play}, **({"limits": limits} if limits else {})}
    practice = Practice(games=tuple(play), days=tuple(days), minutes=minutes)  # type: ignore[arg-type]
    return Draft(preset=preset, plan=plan, programme=(practice,), **more)


def _days_of(today: date, *days_ago: int) -> tuple[str, ...]:
    """The days of the week that it was so many days ago."""
    return tuple(DAYS[(today - timedelta(days=ago)).weekday()] for ago in days_ago)


def _tall(stature_m: float, **more: float) -> Patient:
    """Somebody of a stature who stands; `more` are their limits, or other numbers of a simulated patient."""
    own = {name: more.pop(name) for name in tuple(more) if name in Patient.__dataclass_fields__}
    arms = dict.fromkeys(SIDES, ARM_OF_STATURE * stature_m)
    return Patient(EYE_HEIGHT_OF_STATURE * stature_m, arms, limits_deg=more, **own)  # type: ignore[arg-type]


def _seated(stature_m: float) -> Patient:
    """Somebody of a stature who sits."""
    shoulders = {side: shoulder_by_stature(stature_m, side) for side in SIDES}
    arms = dict.fromkeys(SIDES, ARM_OF_STATURE * stature_m)
    return Patient(SEATED_EYES_OF_STATURE * stature_m, arms, shoulders)
