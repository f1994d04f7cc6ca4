"""How a visit is led for somebody of an age: how long, with which questions, and who has to be there."""

from dataclasses import dataclass

ADULT_FROM_YEARS, TEEN_FROM_YEARS, CHILD_FROM_YEARS, LEAST_YEARS = 18, 13, 8, 4


class AgeRefused(ValueError):
    """Somebody too young to play; the message says from which age on."""


@dataclass(frozen=True)
class Profile:
    """What follows from an age. `most_minutes` of play, breaks included; `scale` is that of questions.

    `adult_near` asks for an adult in the room before anything is played; `chooses` lets the person choose what comes
    first; with `sticker` a visit ends with one, and with `recheck` by standing quietly once more. `theme` and `preset`
    are those of a first visit for which nobody says another.
    """

    title: str
    most_minutes: float
    scale: str = "words"
    adult_near: bool = False
    chooses: bool = False
    sticker: bool = False
    recheck: bool = False
    theme: str = "day"
    preset: str = "standard"


ADULT = Profile("adult", 30.0)
TEEN = Profile("13 to 17 years", 20.0, chooses=True, preset="child-13-17")
CHILD = Profile("8 to 12 years", 9.0, "faces", True, True, True, True, "dragon", "child-8-12")
SMALL_CHILD = Profile("4 to 7 years", 8.0, "faces", True, True, True, True, "dragon", "child-5-7")


def profile_of(age_years: int | None) -> Profile:
    """The profile of an age; an adult's where none is known.

    Minutes and faces are clinical defaults. Makers build headsets for 13 years and up, some for 10 and up; after 20
    minutes one child of 8 to 12 stood less steadily (Leeds 2017, told to the press only), and after 30 none of 4 to 10
    was worse off for long (Tychsen & Foeller 2020, doi 10.1016/j.ajo.2019.08.018): hence an adult beside, and a look at
    balance before a child leaves. Raises AgeRefused under 4 years.
    """
    if age_years is None or age_years >= ADULT_FROM_YEARS:
        return ADULT
    if age_years < LEAST_YEARS:
        raise AgeRefused(f"an age of {age_years} years is too young: people play from {LEAST_YEARS} years on")
    if age_years >= TEEN_FROM_YEARS:
        return TEEN
    return CHILD if age_years >= CHILD_FROM_YEARS else SMALL_CHILD
