"""One reach: against closed forms, against reaches whose truth is known, and with all that recordings do to them."""

import csv
import gzip
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import signal
from scipy.spatial.transform import Rotation

from engine.metrics import movement, signals
from engine.metrics.definition import NotMeasurable, definitions
from engine.metrics.reach_measures import Reach
from engine.metrics.reaching import reach

TARGET = np.array([0.1, 0.3, -0.4])
AWAY_M = float(np.linalg.norm(TARGET))
RADIUS_M = 0.05
FIRST_SLOW = 0.0592965  # share of a minimum-jerk movement's time at which 16 t² (1 - t)² is 0.05
UNITLESS = ("reaction_s", "movement_s", "time_to_peak_percent", "path_ratio", "direction_error_deg", "smoothness_sparc")

Hand = tuple[np.ndarray, np.ndarray]


def steps(time_s: np.ndarray, *legs: tuple[float, float, np.ndarray]) -> np.ndarray:
    """Places (n, 3) of a hand that begins at the origin and makes minimum-jerk legs: when, how long, by how much."""
    place = np.zeros((len(time_s), 3))
    for start_s, lasting_s, way_m in legs:
        u = np.clip((time_s - start_s) / lasting_s, 0, 1)
        place += np.outer(10 * u**3 - 15 * u**4 + 6 * u**5, way_m)
    return place


def times(seconds: float, rate_hz: float = 90.0) -> np.ndarray:
    return np.arange(round(seconds * rate_hz)) / rate_hz


def a_reach(lasting_s: float = 0.8, start_s: float = 1.0, rate_hz: float = 90.0) -> Hand:
    time_s = times(start_s + lasting_s + 0.6, rate_hz)
    return steps(time_s, (start_s, lasting_s, TARGET)), time_s


def table(path: Path) -> list[dict[str, str]]:
    content = path.read_bytes()
    text = gzip.decompress(content) if path.suffix == ".gz" else content
    return list(csv.DictReader(text.decode().splitlines()))


def places(rows: list[dict[str, str]], *columns: str) -> np.ndarray:
    return np.array([[float(row[column]) for column in columns] for row in rows])


@pytest.mark.parametrize("lasting_s", [0.5, 0.8, 1.6])
@pytest.mark.parametrize("radius_m", [None, RADIUS_M])
def test_a_minimum_jerk_reach_has_the_times_and_speed_of_its_formula(lasting_s: float, radius_m: float | None) -> None:
    found = reach(*a_reach(lasting_s), TARGET, 0.7, radius_m=radius_m)
    peak_mps = 1.875 * AWAY_M / lasting_s
    assert found.reaction_s == pytest.approx(0.3 + FIRST_SLOW * lasting_s, abs=0.006)
    assert found.movement_s == pytest.approx((1 - 2 * FIRST_SLOW) * lasting_s, abs=0.012)
    assert found.peak_speed_mps == pytest.approx(peak_mps, rel=0.02)
    assert found.time_to_peak_percent == pytest.approx(50, abs=1)


def test_a_straight_reach_that_hits_is_straight_and_hits() -> None:
    found = reach(*a_reach(), TARGET, 0.7, radius_m=RADIUS_M)
    assert found.path_m == pytest.approx(AWAY_M, rel=0.005)
    assert found.displacement_m == pytest.approx(found.path_m)
    assert (found.path_ratio, found.movement_units) == (pytest.approx(1), 1)
    errors = found.deviation_share, found.direction_error_deg, found.overshoot_m, found.endpoint_error_m
    assert errors == pytest.approx((0, 0, 0, 0), abs=2e-4)
    assert not found.why


def test_it_is_as_smooth_as_its_formula_says() -> None:
    found = reach(*a_reach(), TARGET, 0.7)
    assert found.smoothness_sparc == pytest.approx(-1.41, abs=0.05)
    assert found.smoothness_ldlj == pytest.approx(-4.6, abs=0.1)


def test_the_hand_arrives_where_it_enters_the_target() -> None:
    inside = 1 - RADIUS_M / AWAY_M
    u = np.linspace(0, 1, 100001)
    entered = np.interp(inside, 10 * u**3 - 15 * u**4 + 6 * u**5, u)
    found = reach(*a_reach(0.8), TARGET, 0.7, radius_m=RADIUS_M)
    assert found.arrival_s == pytest.approx(0.3 + 0.8 * entered, abs=0.002)


@settings(max_examples=40, deadline=None)
@given(
    lasting_s=st.floats(0.5, 1.2),
    wait_s=st.floats(0.3, 1.0),
    rate_hz=st.sampled_from([72.0, 90.0, 120.0]),
    seed=st.integers(0, 2**31),
)
def test_noise_and_uneven_frames_leave_the_times_within_their_stated_error(
    lasting_s: float, wait_s: float, rate_hz: float, seed: int
) -> None:
    random = np.random.default_rng(seed)
    time_s = times(wait_s + lasting_s + 0.8, rate_hz) + random.uniform(0, 0.4 / rate_hz)
    time_s = np.sort(time_s + random.uniform(-0.3, 0.3, len(time_s)) / rate_hz)
    place = steps(time_s, (wait_s, lasting_s, TARGET)) + random.normal(0, 7e-5, (len(time_s), 3))
    found, kinds = reach(place, time_s, TARGET, 0.1, radius_m=RADIUS_M), definitions(Reach)
    assert abs(found.reaction_s - (wait_s - 0.1 + FIRST_SLOW * lasting_s)) < (kinds["reaction_s"].plus_minus or 0)
    assert abs(found.movement_s - (1 - 2 * FIRST_SLOW) * lasting_s) < (kinds["movement_s"].plus_minus or 0)
    assert found.movement_units == 1


def test_a_bow_is_longer_than_its_chord_and_begins_beside_it() -> None:
    time_s = times(2.4)
    u = steps(time_s, (1.0, 0.8, np.array([1.0, 0, 0])))[:, 0]
    half = 0.2 * np.stack([1 - np.cos(np.pi * u), np.sin(np.pi * u), 0 * u], axis=1)
    found = reach(half, time_s, (0.4, 0, 0), 0.7)
    assert found.path_ratio == pytest.approx(np.pi / 2, rel=0.01)
    assert found.deviation_share == pytest.approx(0.5, rel=0.02)
    assert found.direction_error_deg == pytest.approx(45, abs=1)


@pytest.mark.parametrize("radius_m", [None, RADIUS_M])
def test_a_hand_that_goes_beyond_and_comes_back_is_measured_to_its_last_peak(radius_m: float | None) -> None:
    time_s = times(3.2)
    beyond = 0.2 * TARGET
    place = steps(time_s, (0.8, 0.8, TARGET + beyond), (1.7, 0.5, -beyond))
    found = reach(place, time_s, TARGET, 0.5, radius_m=radius_m)
    assert found.overshoot_m == pytest.approx(0.2 * AWAY_M, abs=0.001)
    assert found.movement_units == 2
    assert found.offset_s == pytest.approx(2.138, abs=0.002)  # at 5 % of the first peak
    assert found.endpoint_error_m == pytest.approx(0, abs=0.001)


def test_with_a_radius_the_way_back_is_no_part_of_the_reach() -> None:
    time_s = times(4.0)
    there = steps(time_s, (0.8, 0.8, TARGET))
    back = there + steps(time_s, (2.4, 0.6, -TARGET))
    assert reach(back, time_s, TARGET, 0.5, radius_m=RADIUS_M) == reach(there, time_s, TARGET, 0.5, radius_m=RADIUS_M)
    assert reach(back, time_s, TARGET, 0.5).movement_units == 2


def test_passing_through_the_target_is_not_reaching_it() -> None:
    time_s = times(2.4)
    found = reach(steps(time_s, (0.8, 0.8, 2 * TARGET)), time_s, TARGET, 0.5, radius_m=0.02)
    assert math.isnan(found.arrival_s)
    assert found.why["arrival_s"] == "the hand did not stay in the target"
    assert found.endpoint_error_m == pytest.approx(AWAY_M, rel=0.01)


def test_a_recording_may_begin_and_end_with_the_movement() -> None:
    place, time_s = a_reach(0.8)
    cut = (time_s >= 1.0) & (time_s <= 1.8)
    for radius_m in (None, RADIUS_M):
        found = reach(place[cut], time_s[cut], TARGET, 1.0, radius_m=radius_m)
        assert found.reaction_s == pytest.approx(FIRST_SLOW * 0.8, abs=0.003)
        assert found.movement_s == pytest.approx((1 - 2 * FIRST_SLOW) * 0.8, abs=0.006)


def test_a_hand_that_trembles_in_the_target_is_timed_to_its_coming() -> None:
    place, time_s = a_reach()
    phase = 2 * np.pi * 5 * time_s[:, None]
    trembling = place + 0.01 * np.hstack([np.sin(phase), np.cos(phase), 0 * phase]) * (time_s[:, None] > 1.5)
    found = reach(trembling, time_s, TARGET, 0.7, radius_m=RADIUS_M)
    assert found.movement_s == pytest.approx(found.arrival_s - found.reaction_s, abs=0.011)
    assert found.why == {"movement_s": "the hand did not rest in the target: until it came into it"}


def test_a_hand_that_moves_at_the_cue_has_no_reaction_but_a_movement() -> None:
    time_s = times(3.4)
    place = steps(time_s, (0.0, 0.8, np.array([0, -0.3, 0.1])), (1.6, 0.8, TARGET))
    found = reach(place - place[-1] + TARGET, time_s, TARGET, 0.4, radius_m=RADIUS_M)
    assert math.isnan(found.reaction_s)
    assert found.why == {"reaction_s": "the hand was moving at the cue"}
    assert found.movement_s == pytest.approx((1 - 2 * FIRST_SLOW) * 0.8, abs=0.012)


def test_a_trembling_hand_at_the_cue_is_at_rest() -> None:
    place, time_s = a_reach()
    trembling = place + np.outer(0.0012 * np.sin(2 * np.pi * 5 * time_s), (0.6, 0.8, 0))
    for cue_s in np.arange(0.5, 0.8, 0.02):
        found = reach(trembling, time_s, TARGET, cue_s, radius_m=RADIUS_M)
        assert found.reaction_s == pytest.approx(1 + FIRST_SLOW * 0.8 - cue_s, abs=0.03)


def test_a_hand_that_does_not_rest_is_timed_from_its_slowest_moment() -> None:
    place, time_s = a_reach()
    drifting = place - np.outer(np.maximum(0, 1.4 - time_s), (0.1, 0, 0))
    found = reach(drifting, time_s, TARGET, 0.7, radius_m=RADIUS_M)
    assert math.isnan(found.reaction_s)
    assert found.why["movement_s"] == "the hand did not rest before the reach: from its slowest moment"
    assert 0.7 <= found.onset_s < 1.1


def test_a_hand_in_the_midst_of_its_movement_has_no_beginning() -> None:
    found = reach(*a_reach(), TARGET, 1.3, radius_m=RADIUS_M)
    assert math.isnan(found.onset_s)
    assert {found.why["reaction_s"], found.why["movement_s"], found.why["path_ratio"]} == {
        "the hand was in the midst of a movement at the cue"
    }
    assert found.peak_speed_mps == pytest.approx(1.875 * AWAY_M / 0.8, rel=0.02)


def test_a_recording_that_ends_in_the_movement_has_no_end_but_a_beginning() -> None:
    place, time_s = a_reach()
    found = reach(place[:130], time_s[:130], TARGET, 0.7)
    assert found.reaction_s == pytest.approx(0.3 + FIRST_SLOW * 0.8, abs=0.006)
    assert math.isnan(found.movement_s)
    assert found.why["movement_s"] == "the hand was still moving at the end"


def test_a_twitch_before_the_reach_is_not_its_beginning() -> None:
    place, time_s = a_reach(1.0)
    twitching = place + steps(time_s, (0.4, 0.2, TARGET / 80), (0.6, 0.2, -TARGET / 80))
    assert reach(twitching, time_s, TARGET, 0.2).reaction_s == pytest.approx(0.8 + FIRST_SLOW, abs=0.006)


def test_a_hand_that_comes_back_has_no_straight_line() -> None:
    time_s = times(3.0)
    found = reach(steps(time_s, (0.8, 0.5, TARGET), (1.3, 0.5, -TARGET)), time_s, TARGET, 0.5)
    assert math.isnan(found.path_ratio)
    assert found.why["path_ratio"] == "start, end or target are less than 1 cm apart"
    assert found.path_m == pytest.approx(2 * AWAY_M, rel=0.02)


def all_missing(found: Reach) -> set[str]:
    """The reasons of a reach of which nothing could be measured."""
    assert all(math.isnan(getattr(found, name)) for name in definitions(Reach))
    assert set(found.why) >= set(definitions(Reach))
    return set(found.why.values())


def test_a_hand_that_rests_makes_no_reach() -> None:
    random = np.random.default_rng(0)
    still = random.normal(0, 2e-4, (180, 3))
    assert all_missing(reach(still, times(2.0), TARGET, 0.5)) == {
        "after the cue the hand went less than 1 cm, or never faster than 20 mm/s"
    }
    assert all_missing(reach(np.ones((180, 3)), times(2.0), (1, 1, 1), 0.5))


def test_a_short_gap_is_bridged_and_said() -> None:
    place, time_s = a_reach()
    whole = reach(place, time_s, TARGET, 0.7, radius_m=RADIUS_M)
    place[(time_s > 1.2) & (time_s < 1.35)] = np.nan
    found = reach(place, time_s, TARGET, 0.7, radius_m=RADIUS_M)
    assert found.movement_s == pytest.approx(whole.movement_s, abs=0.02)
    assert found.path_m == pytest.approx(whole.path_m, rel=0.01)
    assert found.why["path_m"] == "the hand was not seen for 0.16 s, bridged by a straight line"


def test_a_long_gap_is_not_bridged() -> None:
    place, time_s = a_reach(1.6)
    place[(time_s > 1.6) & (time_s < 2.0)] = np.nan
    assert reach(place, time_s, TARGET, 0.7).why["movement_s"] == "the hand was still moving at the end"
    place[(time_s > 0.4) & (time_s < 0.9)] = np.nan
    assert all_missing(reach(place, time_s, TARGET, 0.6)) == {"the hand was not seen at the cue"}


def test_a_gap_after_the_reach_does_not_matter() -> None:
    time_s = times(4.0)
    place = steps(time_s, (0.8, 0.8, TARGET))
    whole = reach(place[time_s < 2.5], time_s[time_s < 2.5], TARGET, 0.5, radius_m=RADIUS_M)
    place[(time_s >= 2.5) & (time_s < 3.5)] = np.nan
    assert reach(place, time_s, TARGET, 0.5, radius_m=RADIUS_M) == whole


def test_too_few_frames_a_second_are_refused_with_the_number() -> None:
    assert all_missing(reach(*a_reach(rate_hz=20.0), TARGET, 0.7)) == {"20 frames a second; 25 are needed"}


def test_jerk_needs_sixty_frames_a_second() -> None:
    found = reach(*a_reach(rate_hz=45.0), TARGET, 0.7)
    assert math.isfinite(found.smoothness_sparc)
    assert math.isnan(found.smoothness_ldlj)
    assert found.why["smoothness_ldlj"] == "45 frames a second; 60 are needed"


def test_of_equal_times_the_first_counts() -> None:
    place, time_s = a_reach()
    twice = np.repeat(np.arange(len(time_s)), 2)
    doubled = place[twice]
    doubled[1::2] += 0.5
    assert reach(doubled, time_s[twice], TARGET, 0.7) == reach(place, time_s, TARGET, 0.7)


GOOD = a_reach()


@pytest.mark.parametrize(
    ("given_", "match"),
    [
        ({"position_m": GOOD[0][:, :2]}, "do not fit"),
        ({"time_s": GOOD[1][:-1]}, "do not fit"),
        ({"time_s": GOOD[1][::-1]}, "must not fall"),
        ({"time_s": np.where(GOOD[1] > 1, np.nan, GOOD[1])}, "finite"),
        ({"position_m": np.where(GOOD[0] > 0.1, np.inf, GOOD[0])}, "finite"),
        ({"target_m": (0, math.nan, 0)}, "three finite numbers"),
        ({"target_m": (0, 1)}, "three finite numbers"),
        ({"cue_s": math.inf}, "cue"),
        ({"radius_m": -1.0}, "radius"),
        ({"rate_hz": 0.0}, "low-pass"),
        ({"cut_off_hz": 90.0}, "low-pass"),
    ],
)
def test_nonsense_is_refused(given_: dict[str, object], match: str) -> None:
    arguments = {"position_m": GOOD[0], "time_s": GOOD[1], "target_m": TARGET, "cue_s": 0.7} | given_
    with pytest.raises(NotMeasurable, match=match):
        reach(**arguments)  # type: ignore[arg-type] # wrong on purpose


def numbers(found: Reach) -> tuple[float, ...]:
    return tuple(getattr(found, name) for name in definitions(Reach))


CURVED = steps(GOOD[1], (1.0, 0.8, TARGET), (1.2, 0.3, np.array([0.02, 0, 0])), (1.4, 0.4, np.array([-0.02, 0, 0.01])))


@settings(max_examples=30, deadline=None)
@given(turn=st.tuples(*[st.floats(-3, 3)] * 3), shift=st.tuples(*[st.floats(-5, 5)] * 3))
def test_where_the_room_begins_and_how_it_is_turned_changes_nothing(
    turn: tuple[float, ...], shift: tuple[float, ...]
) -> None:
    rotation = Rotation.from_rotvec(turn)
    here = reach(CURVED, GOOD[1], TARGET, 0.7, radius_m=RADIUS_M)
    there = reach(rotation.apply(CURVED) + shift, GOOD[1], rotation.apply(TARGET) + shift, 0.7, radius_m=RADIUS_M)
    assert numbers(there) == pytest.approx(numbers(here), rel=1e-6, abs=1e-7)


@settings(max_examples=30, deadline=None)
@given(later_s=st.floats(-1000, 1000))
def test_when_the_clock_began_changes_nothing(later_s: float) -> None:
    here = reach(CURVED, GOOD[1], TARGET, 0.7, radius_m=RADIUS_M)
    later = reach(CURVED, GOOD[1] + later_s, TARGET, 0.7 + later_s, radius_m=RADIUS_M)
    assert numbers(later) == pytest.approx(numbers(here), rel=1e-6, abs=1e-7)


@pytest.mark.parametrize("rate_hz", [72.0, 120.0, 500.0])
def test_the_frame_rate_changes_little(rate_hz: float) -> None:
    here, there = (reach(*a_reach(0.8, 1.0, hz), TARGET, 0.7, radius_m=RADIUS_M) for hz in (90.0, rate_hz))
    for name in UNITLESS:
        assert getattr(there, name) == pytest.approx(getattr(here, name), rel=0.02, abs=0.004)


def test_twice_as_far_is_twice_as_fast_and_as_long() -> None:
    here, there = (reach(k * CURVED, GOOD[1], k * TARGET, 0.7, radius_m=k * RADIUS_M) for k in (1, 2))
    for name, definition in definitions(Reach).items():
        factor = 2 if definition.unit in {"m", "m/s"} else 1
        assert getattr(there, name) == pytest.approx(factor * getattr(here, name), rel=1e-6, abs=1e-9)


def test_movement_units_are_rises_of_20_mm_a_second_and_150_ms_apart() -> None:
    time_s = np.arange(0, 3, 0.01)

    def bumps(*peaks: tuple[float, float]) -> np.ndarray:
        return np.sum([height * np.exp(-(((time_s - at_s) / 0.03) ** 2)) for at_s, height in peaks], axis=0)

    assert movement.units(bumps((0.5, 0.4), (1.0, 0.3), (1.5, 0.019), (2.0, 0.1)), 100.0) == 3
    assert movement.units(bumps((1.0, 0.3), (1.12, 0.3), (1.24, 0.3)), 100.0) == 2
    assert movement.units(np.linspace(0, 1, 50), 100.0) == 0


def test_onset_and_offset_mirror_each_other() -> None:
    speed = np.concatenate([np.zeros(20), 16 * np.linspace(0, 1, 80) ** 2 * np.linspace(1, 0, 80) ** 2, np.zeros(20)])
    first, last = movement.onset(speed, 1.0), movement.offset(speed, 1.0)
    assert first is not None
    assert last is not None
    assert speed[first] < 0.05 <= speed[first + 1]
    assert first + last == len(speed) - 1


def test_a_second_opinion_on_real_movements_is_the_same(data: Path) -> None:
    sections = signal.butter(2, 6, fs=30)
    for row in table(data / "reference" / "dev" / "irds_smoothness_siva82kb.csv"):
        joints = table(data / "irds_rehab" / "movements" / row["file"])
        wrist, spine = (
            places(joints, *(f"{joint}_{axis}" for axis in "xyz")) for joint in ("Wrist" + row["side"], "SpineShoulder")
        )
        place = signal.filtfilt(*sections, wrist - spine, axis=0)
        speed = signals.speed(place, 30.0)
        assert speed.max() == pytest.approx(float(row["own_peak_speed_m_s"]), rel=1e-6)
        assert speed.argmax() / 30 == pytest.approx(float(row["own_time_to_peak_s"]), abs=1e-9)


@settings(max_examples=100, deadline=None)
@given(
    seed=st.integers(0, 2**31),
    frames=st.integers(0, 250),
    size_m=st.sampled_from([0, 1e-4, 1e-3, 1e-2]),
    lost=st.sampled_from([0, 0.05, 0.5, 1]),
    radius_m=st.sampled_from([None, 0.05, 0.3]),
)
def test_any_hand_is_measured_or_a_reason_is_given(
    seed: int, frames: int, size_m: float, lost: float, radius_m: float | None
) -> None:
    random = np.random.default_rng(seed)
    time_s = np.cumsum(random.choice([0, 0.005, 0.011, 0.02, 0.3], frames, p=[0.05, 0.1, 0.6, 0.24, 0.01]))
    place = np.cumsum(random.normal(0, size_m, (frames, 3)), axis=0)
    place[random.random(frames) < lost] = np.nan
    found = reach(place, time_s, random.normal(0, 0.3, 3), random.uniform(-0.5, 3), radius_m=radius_m)
    assert all(math.isfinite(getattr(found, name)) or found.why[name] for name in definitions(Reach))
    lowest = {"movement_s": 1e-9, "path_ratio": 1 - 1e-9, "reaction_s": 0, "overshoot_m": 0, "peak_speed_mps": 0.02}
    assert not [name for name, least in lowest.items() if getattr(found, name) < least]


@pytest.mark.parametrize("name", ["simsaber_sample.csv.gz", "simsaber_gen06.csv.gz"])
def test_whatever_a_person_did_is_measured_or_refused_with_a_reason(data: Path, name: str) -> None:
    rows = table(data / "vr_beatsaber" / name)
    time_s, hand = places(rows, "song_t_s")[:, 0], places(rows, "right_px", "right_py", "right_pz")
    hand[np.all(hand == 0, axis=1)] = np.nan
    for start in range(0, len(rows) - 200, 400):
        part = slice(start, start + 200)
        found = reach(hand[part], time_s[part], hand[start + 150], time_s[start + 20], radius_m=0.1)
        for measure in definitions(Reach):
            assert math.isfinite(getattr(found, measure)) or found.why[measure]
        if math.isfinite(found.path_ratio):
            assert found.path_ratio >= 1
            assert found.movement_s > 0
