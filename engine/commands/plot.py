"""What of a file is drawn: its sway, its ranges and its reaches, as `engine.commands.drawing` and `dials` draw them."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from calibration.height import STANDING
from engine.commands.dials import Arm, Dial, range_picture
from engine.commands.drawing import Profile, Ray, reach_picture, styled, sway_picture, write
from engine.commands.measure import Part, measure
from engine.commands.person import Person, load
from engine.commands.sway_track import sway_track
from engine.formats.tables import Table
from engine.frame import SIDES
from engine.metrics import reach_space, signals
from engine.metrics.balance import RATE_HZ
from engine.metrics.definition import NotMeasurable
from engine.metrics.norms import NORMS
from engine.metrics.reach_measures import Reach
from engine.metrics.reaches import CUT_OFF_HZ, reaches
from engine.metrics.reaching import reach
from engine.motion import Array

FORMATS = ("png", "svg", "pdf")
LEAST_IN_RAY, LEAST_SEEN = 10, 20
MOST_POINTS, LONGEST = 6, 60
AROUND_S = 0.15
_Arms = tuple[tuple[str, str, int], ...]
DIALS: Mapping[str, tuple[tuple[str, bool, _Arms], ...]] = {
    # joint: (seen from, whether its zero hangs, (measure, words, 1 anticlockwise or -1 clockwise)...)
    "neck": (
        ("from the right", False, (("flexion_deg", "flexion", -1), ("extension_deg", "extension", 1))),
        ("from behind", False, (("left_lateral_deg", "left", 1), ("right_lateral_deg", "right", -1))),
        ("from above", False, (("left_rotation_deg", "left", 1), ("right_rotation_deg", "right", -1))),
    ),
    "trunk": (
        ("from the right", False, (("forward_deg", "forward", -1), ("backward_deg", "back", 1))),
        ("from behind", False, (("left_deg", "left", 1), ("right_deg", "right", -1))),
    ),
    "shoulder": (("from behind", True, (("elevation_deg", "raised", 1),)),),
    "elbow": (("", True, (("flexion_deg", "bent", 1),)),),
}
NORMAL = {"shoulder_elevation": NORMS["shoulder_flexion"].normal_deg}


def plot(path: Path, folder: Path, kinds: Sequence[str], suffix: str = "png", **how: Any) -> list[Path]:
    """Draw a file into a folder, one picture of each kind that it holds; returns the pictures.

    Raises NotMeasurable when it holds none of them, and RecordingUnreadable.
    """
    source, name = load(path, **how), path.resolve().name
    stem = Path(name.removesuffix(".gz")).stem if path.is_file() else name
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    with styled():
        for kind, figure in pictures(source, kinds, name):
            written.append(folder / f"{stem}-{kind}.{suffix}")
            write(figure, written[-1])
    return written


def pictures(source: Person | Table, kinds: Sequence[str], name: str) -> Iterator[tuple[str, Figure]]:
    """A picture of each kind of measure that a file holds; raises NotMeasurable, with the reasons, for none."""
    refused = []
    for kind in kinds:
        try:
            yield kind, _PICTURES[kind](source, name)
        except NotMeasurable as reason:
            refused.append(str(reason).removeprefix(f"{name}: "))
    if len(refused) == len(kinds):
        raise NotMeasurable(f"nothing to draw in {name}: {'; '.join(refused)}")


def _sway_of(source: Person | Table, name: str) -> Figure:
    track, plate = sway_track(source), isinstance(source, Table)
    return sway_picture(track.ml_m, track.ap_m, track.rate_hz, f"{track.about} ({_short(name)})", with_errors=not plate)


def _short(name: str) -> str:
    """A file's name, without its middle where it is longer than a picture is wide."""
    return name if len(name) <= LONGEST else f"{name[: LONGEST // 2]}…{name[-LONGEST // 2 :]}"


def _ranges_of(source: Person | Table, name: str) -> Figure:
    parts = measure(Path(name), source, ("rom",)).rom
    joints = list(DIALS)
    order = sorted(parts, key=lambda part: [joints.index(j) for j in joints if part.startswith(j)])
    dials = [dial for part in order if parts[part].measures for dial in _dials(part, parts[part])]
    if not dials:
        raise NotMeasurable("nothing turned that was seen")
    return range_picture(dials, _short(name))


def _dials(part: str, found: Part) -> Iterator[Dial]:
    joint, _, side = part.partition("_")
    if joint not in DIALS:
        if "flexion_extension_deg" not in found.measures:
            return  # fingers are a table of numbers
        joint, side = "neck", ""
    title = f"{side.capitalize()} {joint}" if side else joint.capitalize()
    for view, hangs, arms in DIALS[joint]:
        turned = [_arm(found, joint, name, words, -turn if side == "left" else turn) for name, words, turn in arms]
        yield Dial(title, view, hangs, turned)


def _arm(found: Part, joint: str, name: str, words: str, sense: int) -> Arm:
    one, movement = found.measures[name], f"{joint}_{name.removesuffix('_deg')}"
    normal = NORMAL.get(movement) or (NORMS[movement].normal_deg if movement in NORMS else None)
    return Arm(words, math.nan if one.value is None else one.value, sense, one.error or 0.0, normal)


def _reaches_of(source: Person | Table, name: str) -> Figure:
    if isinstance(source, Table):
        return _reaches_of_table(source, name)
    stars, profiles = {}, []
    for side in SIDES:
        if side in source.shoulders_m or source.height.posture == STANDING:
            points = reach_space.reach_points_m(source.motion, source.stance, side, source.shoulders_m.get(side))
            stars[f"{side} hand"] = _rays(points)
        whole = [one for one in reaches(source.motion, side) if one.whole]
        profiles += [_profile(f"{side} hand", part.time_s, part.hand_m(side), one) for part, one in whole]
    if not profiles and not any(stars.values()):
        raise NotMeasurable("no hand was seen to reach")
    return reach_picture(stars, profiles, _short(name))


def _reaches_of_table(table: Table, name: str) -> Figure:
    seen = {who: np.isfinite(place).all(axis=1) for who, place in table.points_m.items()}
    profiles = [
        _only(who, table.time_s[seen[who]], place[seen[who]])
        for who, place in table.points_m.items()
        if seen[who].sum() >= LEAST_SEEN
    ]
    if not profiles:
        raise NotMeasurable("there are no places, or none was seen")
    fastest = sorted(profiles, key=lambda profile: -profile.speed_mps.max())[:MOST_POINTS]
    others = f", the {MOST_POINTS} fastest of {len(profiles)} points" if len(profiles) > MOST_POINTS else ""
    return reach_picture({}, fastest, _short(name) + others)


def _rays(points_m: Array) -> list[Ray]:
    """The 95th percentile of the level distance in each of eight directions in which the hand was seen."""
    right, _, ahead = points_m.T
    away_m, sector = np.hypot(right, ahead), np.round(np.degrees(np.arctan2(right, ahead)) / 45) % 8
    seen = [(number, away_m[sector == number]) for number in range(8)]
    return [Ray(45.0 * number, float(np.percentile(ways, 95))) for number, ways in seen if len(ways) >= LEAST_IN_RAY]


def _only(name: str, time_s: Array, place_m: Array) -> Profile:
    return _profile(name, time_s, place_m, reach(place_m, time_s, place_m[-1], float(time_s[0])))


def _profile(name: str, time_s: Array, place_m: Array, one: Reach) -> Profile:
    steady_s, steady_m = signals.uniform(time_s, place_m, RATE_HZ)
    speed_mps = signals.speed(signals.low_passed(steady_m, RATE_HZ, CUT_OFF_HZ), RATE_HZ)
    begin_s = one.onset_s if math.isfinite(one.onset_s) else float(steady_s[0])
    end_s = one.offset_s if math.isfinite(one.offset_s) else float(steady_s[-1])
    shown = (steady_s >= begin_s - AROUND_S) & (steady_s <= end_s + AROUND_S)
    return Profile(name, steady_s[shown] - begin_s, speed_mps[shown], end_s - begin_s)


_PICTURES: Mapping[str, Callable[[Person | Table, str], Figure]] = {
    "sway": _sway_of,
    "rom": _ranges_of,
    "reach": _reaches_of,
}
