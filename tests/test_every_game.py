"""Every game, whatever it is: playable at every edge, deterministic, bounded, documented, its measures named."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from random import Random

import msgspec
import pytest
from visits import Kept, calibration, game, patient, play

import games
from engine import bending, stepping, tracing
from engine.envelope import Envelope
from engine.limits import OutsideEnvelope
from engine.movements import PARTS
from engine.parameters import describe
from engine.precautions import BOUNDED
from engine.records import Calibration, Session, TrialRecord, to_json
from engine.scene import (
    Bend,
    Follow,
    Footing,
    Gaze,
    Item,
    Lean,
    Lift,
    Panel,
    Progress,
    Reach,
    Rise,
    Sound,
    Steady,
    Stone,
    Surround,
    Target,
)
from engine.simulated import SimulatedHeadset
from engine.simulated_patient import Patient
from engine.task import Trial
from engine.theme import SOUND_ROLES
from engine.theme import load as load_theme
from engine.words import load as load_words

SHORT = {"targets": 3}
WEAK: dict[str, dict[str, float]] = {
    "night_lighthouse": {"sway_mm": 45.0},
    "flamingo_garden": {"one_leg_s": 3.0},
    "compass_home": {"recall_bias_deg": 20.0},
    "treasure_relay": {"passive_more_deg": 90.0},  # whoever helps leads as far as asked
}
"""What makes somebody weak of whom a game asks for no limit."""
ASKS_OF_LIMITS = {"hand", "lean", "gaze", "lift"}
SHARED = {"compass_home"}
"""The games that ask for a share of a limit, and follow none."""
LIMITED = [name for name in games.names() if ASKS_OF_LIMITS & set(games.load(name).asks) and name not in SHARED]
"""The games that ask for movements whose limits are measured and followed."""
HELPED = {"treasure_relay"}
"""The games in which somebody else decides how far a trial goes; what is nearer than asked for teaches no limit."""
EDGES = [
    (name, parameter["name"], value)
    for name in games.names()
    for parameter in describe(games.load(name).Parameters)
    for value in parameter.get("options") or [parameter.get("low"), parameter.get("high")]
    if value not in (None, parameter["default"])
]
"""What of a game is played nowhere else: whatever is so by default is in every other play of it."""


@pytest.fixture(params=games.names(), scope="module")
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def usual(name: str, tmp_path_factory: pytest.TempPathFactory) -> tuple[Session, Kept]:
    """A game as it is when nobody changes it, played by somebody usual."""
    return play(game(name), tmp_path_factory.mktemp(name))


def in_steps(
    known: Calibration, person: Patient | None = None, seed: int = 0, rate_hz: float = 30.0
) -> SimulatedHeadset:
    """A headset that is slow enough to be quick to play with."""
    return SimulatedHeadset(person or patient(known), seed, rate_hz)


@pytest.mark.long_table
@pytest.mark.parametrize(("name", "parameter", "value"), EDGES, ids=[f"{n}-{p}-{v}" for n, p, v in EDGES])
def test_it_can_be_finished_at_the_edges_of_every_parameter(
    name: str, parameter: str, value: object, tmp_path: Path
) -> None:
    session, _ = play(
        game(name, {"targets": 2, parameter: value}), tmp_path, headset=in_steps(calibration(), rate_hz=20.0)
    )
    assert session.ended_by == "finished", session.events
    assert len(session.blocks[0].trials) == (value if parameter == "targets" else 2)


@pytest.mark.parametrize("edge", ["low", "high"])
@pytest.mark.parametrize(
    ("name", "posture"),
    [(name, posture) for name in games.names() for posture in games.load(name).postures if posture != "standing"],
)
def test_nobody_who_sits_or_lies_is_stuck_where_all_parameters_are_at_an_edge(
    name: str, posture: str, edge: str, tmp_path: Path
) -> None:
    values = {each["name"]: each[edge] for each in describe(games.load(name).Parameters) if edge in each}
    task = game(name, {**values, "targets": 2})
    session, _ = play(task, tmp_path, headset=in_steps(calibration(), rate_hz=20.0), posture=posture)
    assert session.ended_by == "finished", session.events
    assert len(session.blocks[0].trials) == 2, session.blocks[0].notes


def seeded(name: str, folder: Path, seed: int) -> Session:
    return play(game(name, SHORT), folder, headset=in_steps(calibration(), seed=seed), seed=seed)[0]


@pytest.fixture(scope="module")
def third(name: str, tmp_path_factory: pytest.TempPathFactory) -> Session:
    """A game played with the seed 3."""
    return seeded(name, tmp_path_factory.mktemp(name), 3)


def test_the_same_seed_gives_the_same_bytes(name: str, third: Session, tmp_path: Path) -> None:
    assert to_json(seeded(name, tmp_path, 3)) == to_json(third)


def test_another_seed_gives_another_session(name: str, third: Session, tmp_path: Path) -> None:
    assert seeded(name, tmp_path, 4).blocks != third.blocks


def refusal(envelope: Envelope, item: Item) -> str:
    """Why an item may not be shown; "" where it asks for nothing that anybody could not do."""
    if isinstance(item, Target):
        return envelope.refuses_target(item.place_m, item.hand)
    if isinstance(item, Reach):
        return envelope.refuses_path(item.start_m, item.stop_m, item.hand)
    if isinstance(item, Follow):
        return tracing.refuses(envelope, item.points_m, item.hand)
    if isinstance(item, Lean):
        return envelope.refuses_lean(item.direction_deg, item.angle_deg)
    if isinstance(item, Gaze):
        return envelope.refuses_gaze((item.yaw_deg, item.pitch_deg, item.tilt_deg))
    if isinstance(item, Surround):
        return envelope.refuses_conflict if item.held != "room" else ""
    if isinstance(item, Stone | Bend):
        stone = isinstance(item, Stone)
        return stepping.refuses(envelope, item) if stone else bending.refuses(envelope, item.place_m, item.hand)
    if isinstance(item, Lift):
        return envelope.refuses_lift(item.movement, item.angle_deg)
    if isinstance(item, Rise):
        return "" if item.high_m <= envelope.stance.head_m[1] + 0.01 else f"nobody is {item.high_m} m high"
    return ""


@pytest.mark.long_table
@pytest.mark.parametrize("elevation_deg", [40.0, 110.0, 175.0])
def test_nothing_is_ever_shown_outside_the_envelope(name: str, elevation_deg: float, tmp_path: Path) -> None:
    known = calibration(elevation_deg, lean_deg=3.0, of_neck=elevation_deg / 140)
    session, kept = play(game(name), tmp_path, known, in_steps(known, rate_hz=20.0))
    envelope = Envelope(session.calibration or known)
    asking = Target | Reach | Follow | Lean | Gaze | Rise | Lift | Stone | Bend | Footing | Steady | Surround
    asked = {item for scene in kept.scenes for item in scene.items if isinstance(item, asking)}
    assert asked
    assert {refusal(envelope, item) for item in asked} == {""}
    assert not session.events


@pytest.mark.parametrize("name", LIMITED, scope="module", indirect=True)
def test_it_asks_for_less_where_the_preset_says_so(name: str, usual: tuple[Session, Kept], tmp_path: Path) -> None:
    freely, _ = usual
    asked = {trial.request.movement for trial in freely.blocks[0].trials if trial.request}
    caps = {movement: 0.6 * calibration().limits[movement].value for movement in asked}
    session, _ = play(game(name), tmp_path, headset=in_steps(calibration()), caps=caps)
    requests = [trial.request for trial in session.blocks[0].trials if trial.request]
    assert requests
    assert all(request.amplitude <= caps[request.movement] for request in requests)


def why_nothing_is_asked(name: str, envelope: Envelope) -> str:
    """Why a game asks nobody for a movement, whether it says so at once or does something else instead."""
    try:
        trials = list(game(name).trials(envelope, Random(0), []))
    except OutsideEnvelope as reason:
        return str(reason)
    return "" if any(trial.request for trial in trials) else str(trials[0].values["note"])


@pytest.mark.parametrize("name", LIMITED)
def test_it_asks_for_nothing_that_was_not_measured(name: str) -> None:
    unmeasured = msgspec.structs.replace(calibration(), limits={})
    assert "was not measured" in why_nothing_is_asked(name, Envelope(unmeasured))


def asking(trials: Sequence[TrialRecord]) -> list[TrialRecord]:
    """Those of the trials that ask for a limit, where any do: nobody can miss a breath that goes by."""
    return [trial for trial in trials if trial.request] or list(trials)


def test_a_strong_patient_reaches_and_a_weak_one_does_not(name: str, tmp_path: Path) -> None:
    known = calibration()
    played = []
    for strength, rise, more in ((2.0, 1.0, {}), (0.3, 0.4, WEAK.get(name, {}))):
        limits = {movement: strength * found.value for movement, found in known.limits.items()}
        person = replace(patient(known, lapse=0.0), limits_deg=limits, rise=rise, **more)
        session, _ = play(game(name, {"targets": 4}), tmp_path, known, in_steps(known, person, 1))
        played.append(session.blocks[0].trials)
    strong, weak = played
    assert [trial.outcome for trial in strong] == ["reached"] * 4
    assert asking(weak)[0].outcome == "not yet"


def test_misses_make_it_easier(name: str, tmp_path: Path) -> None:
    known = calibration()
    limits = {movement: 0.4 * found.value for movement, found in known.limits.items()}
    person = replace(patient(known), limits_deg=limits, passive_more_deg=90.0)  # whoever helps leads as far as asked
    session, _ = play(game(name, {"targets": 8}), tmp_path, known, in_steps(known, person, 1))
    asked: dict[str, list[float]] = {}
    for trial in session.blocks[0].trials:
        if trial.request:
            asked.setdefault(trial.request.movement, []).append(trial.request.amplitude)
    assert all(amplitudes[-1] < amplitudes[0] for amplitudes in asked.values() if len(amplitudes) > 1)


def test_every_measure_it_gives_is_declared_with_its_unit(name: str, usual: tuple[Session, Kept]) -> None:
    session, _ = usual
    declared = games.load(name).measures
    for trial in session.blocks[0].trials:
        assert set(trial.measures) == set(declared)
        assert all(measured.unit == declared[key].unit for key, measured in trial.measures.items())
        assert all(measured.value is not None or measured.note for measured in trial.measures.values())


def test_a_measure_that_holds_a_quantity_ends_in_its_unit(name: str) -> None:
    endings = {"deg": "_deg", "s": "_s", "m/s": "_mps", "deg/s": "_dps", "m": "_m", "%": "_percent"}
    for key, measure in games.load(name).measures.items():
        assert key.endswith(endings.get(measure.unit, key)), key
        assert measure.title
        assert measure.help


def test_what_came_of_a_trial_is_what_was_measured(name: str, usual: tuple[Session, Kept]) -> None:
    session, _ = usual
    reached = [trial for trial in asking(session.blocks[0].trials) if trial.outcome == "reached"]
    assert reached
    assert bool(reached[0].request) == (name in LIMITED)
    taught = [trial for trial in reached if trial.achieved is not None or name not in HELPED]
    assert taught
    for trial in taught:
        if trial.request:
            assert trial.achieved == pytest.approx(trial.request.amplitude, abs=15)
            assert trial.limit_after


def test_every_word_and_sound_it_uses_exists(name: str, usual: tuple[Session, Kept]) -> None:
    _, kept = usual
    words, sounds = load_words(), load_theme().sounds
    for item in {item for scene in kept.scenes for item in scene.items}:
        if isinstance(item, Panel):
            words.require([item.title, *item.text])
        elif isinstance(item, Sound):
            assert item.name in sounds
            assert item.name in SOUND_ROLES
        assert not isinstance(item, Reach) or "helper" in games.load(name).asks


def test_the_world_shows_what_a_round_has_come_to(usual: tuple[Session, Kept]) -> None:
    _, kept = usual
    shares = [item.share for scene in kept.scenes for item in scene.items if isinstance(item, Progress)]
    assert shares[0] == 0.0
    assert shares == sorted(shares)
    assert shares[-1] <= 1.0


def test_it_says_what_it_is(name: str) -> None:
    kind = games.load(name)
    assert kind.title
    assert kind.trains
    assert kind.version >= 1
    assert kind.place in load_theme().places
    assert all(p["help"] for p in describe(kind.Parameters))


def test_it_says_what_it_moves_and_how_it_asks(name: str) -> None:
    kind = games.load(name)
    assert set(kind.moves_parts) < set(PARTS)
    assert set(kind.asks) <= set(BOUNDED)
    assert kind.asks


@pytest.mark.long_table
@pytest.mark.parametrize("reach", [0.6, 1.4])
@pytest.mark.parametrize("more", [{}, {"hold_s": 3.0, "limit_s": 5.0}])
def test_it_knows_how_long_a_trial_takes(
    name: str, more: dict[str, object], reach: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known, asked = calibration(110.0 * reach, 5.0 * reach, of_neck=reach), []
    task = game(name, {"targets": 6, **more})
    own = task.trials

    def watched(envelope: Envelope, random: Random, done: Sequence[TrialRecord]) -> Iterator[Trial]:
        for trial in own(envelope, random, done):
            asked.append(trial)
            yield trial

    monkeypatch.setattr(task, "trials", watched)
    session, _ = play(task, tmp_path, known, in_steps(known, seed=1))
    block = session.blocks[0]
    seconds = sum(task.trial_s(t, r.outcome == "reached") for t, r in zip(asked, block.trials, strict=True))
    assert seconds == pytest.approx(block.end_s - block.start_s, rel=0.15)


def test_an_unknown_game_is_refused_with_the_list() -> None:
    with pytest.raises(games.UnknownGame, match=r"no game 'golf'; the games are bell_tower"):
        games.load("golf")


SIDED = {
    "fruit_ladder": "arms",
    "mirror_friends": "arms",
    "kite_painter": "arms",
    "block_ferry": "arms",
    "dragon_rowing": "arms",
    "treasure_relay": "arms",
    "harbour_lean": "sides",
    "owl_watch": "sides",
    "calm_tide": "sides",
    "bell_tower": "sides",
}


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("name", SIDED)
def test_it_can_ask_for_one_side_only(name: str, side: str, tmp_path: Path) -> None:
    known = calibration()
    session, _ = play(game(name, {"targets": 4, SIDED[name]: side}), tmp_path, known, in_steps(known, rate_hz=20.0))
    asked = [trial.request.movement for trial in session.blocks[0].trials if trial.request]
    other = "left" if side == "right" else "right"
    assert any(movement.endswith(side) for movement in asked)
    assert not any(movement.endswith(other) for movement in asked)
