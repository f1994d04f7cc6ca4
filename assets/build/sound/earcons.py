"""The signals: what answers a movement, what calls, and what marks the parts of a session."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from assets.build.sound.instruments import (
    A4,
    C4,
    C5,
    D5,
    E4,
    E5,
    G4,
    G5,
    Audio,
    Canvas,
    Random,
    Recipe,
    bell,
    celesta,
    glide,
    kalimba,
    marimba,
    noise,
    pad,
    seconds,
    soften,
    swell,
    whoosh,
)  # fmt: skip

Note = tuple[float, float, Audio]  # second, gain, sound
Player = Callable[[float], Audio]
C6 = 2 * C5


def earcon(length_s: float, notes: Sequence[Note], room: float) -> Callable[[Random], Canvas]:
    """A short signal of notes in a room; `room` is the share of it that echoes."""

    def make(random: Random) -> Canvas:
        canvas = Canvas(length_s)
        for at_s, gain, sound in notes:
            canvas.add(sound, at_s, gain)
        canvas.reverberate(random, room, decay_s=1.1)
        canvas.samples *= np.clip((length_s - seconds(length_s)) / 0.25, 0, 1)[:, None]
        return canvas

    return make


def wooden(pitch_hz: float) -> Audio:
    """A marimba that is struck in the same way each time."""
    return marimba(pitch_hz, np.random.default_rng(5))


def one_by_one(player: Player, pitches_hz: Sequence[float], apart_s: float, from_s: float = 0.0) -> list[Note]:
    """Notes one after the other, the last a little louder."""
    last = len(pitches_hz) - 1
    return [
        (from_s + apart_s * number, 1.0 if number == last else 0.85, player(pitch_hz))
        for number, pitch_hz in enumerate(pitches_hz)
    ]


def hoot(pitch_hz: float, length_s: float) -> Audio:
    """One call of an owl: a hollow note that sinks a little, with the air around it that tells where it comes from."""
    voice = glide([(0.0, 0.93 * pitch_hz), (0.25 * length_s, pitch_hz), (length_s, 0.9 * pitch_hz)], (1.0, 0.3, 0.12))
    air = noise(np.random.default_rng(7), len(voice), 700, 1500)
    return soften(voice + 0.05 * air * np.abs(voice), 0.05)


def owl() -> list[Note]:
    """One long call, a rest, a short call and a long one."""
    return [(0, 1, hoot(430, 0.55)), (0.95, 0.75, hoot(420, 0.28)), (1.28, 1, hoot(430, 0.7))]


def fire(random: Random) -> Audio:
    """A rocket that takes its time: air that rises for two seconds and leaves upwards."""
    return whoosh(random, [(0.0, 190, 0.0), (0.9, 260, 0.5), (2.2, 700, 1.0), (3.4, 1500, 0.35), (4.2, 1900, 0.0)])


def launch(player: Player) -> list[Note]:
    """What is heard when a rocket climbs."""
    hum = glide([(0.0, 98.0), (1.2, 131.0), (3.2, 262.0), (4.2, 330.0)], (1.0, 0.5, 0.25, 0.1))
    return [
        (0, 0.16, fire(np.random.default_rng(11))),
        (0, 0.30, hum),
        *((at_s, 0.4 * gain, sound) for at_s, gain, sound in one_by_one(player, (C5, E5, G5, C6), 0.16, 2.3)),
    ]


def breath(pitches_hz: tuple[float, float], hz: tuple[float, float], rise_s: float, fall_s: float) -> list[Note]:
    """The beginning of a breath: two soft notes and air that moves with them."""
    length_s = rise_s + fall_s
    air = whoosh(np.random.default_rng(13), [(0, hz[0], 0), (rise_s, sum(hz) / 2, 1), (length_s, hz[1], 0)])
    first, second = pitches_hz
    return [
        (0, 0.10, air),
        (0, 0.8, swell((first, 2 * first), rise_s, fall_s)),
        (0.7, 0.9, swell((second, 2 * second), rise_s, fall_s)),
    ]


def stuck(player: Player) -> list[Note]:
    """A sticker that is pressed on: a soft pop, and two bright notes."""
    pop = glide([(0.0, 280.0), (0.05, 420.0), (0.10, 620.0)], (1.0, 0.2))
    return [(0, 0.7, pop), *one_by_one(player, (G5, C6), 0.12, 0.14)]


def cheer(player: Player) -> list[Note]:
    """A small company that is glad: a run upwards, and a chord that stays for a moment."""
    run = one_by_one(player, (G4, C5, E5, G5), 0.09)
    return [
        *run,
        *((0.42, 0.6, player(pitch_hz)) for pitch_hz in (C5, E5, C6)),
        (0.3, 0.5, pad((C4, G4, E5), 2.2, 0.3)),
    ]


def signals(player: Player, struck: Player) -> dict[str, Recipe]:
    """The signals that sound otherwise in another theme: `player` plays the short ones, `struck` the glad ones."""
    return {
        "appear": Recipe(earcon(1.6, [(0, 0.6, player(D5)), (0.09, 0.8, player(G5))], 0.35), -21),
        "hold": Recipe(earcon(1.6, [(0, 1, player(G4)), (0.12, 0.5, player(D5))], 0.25), -20),
        "reached": Recipe(earcon(2.6, one_by_one(struck, (C5, E5, G5), 0.11), 0.3), -18),
        "confirm": Recipe(earcon(1.6, one_by_one(player, (C5, G5), 0.10), 0.25), -18),
        "pick": Recipe(earcon(1.2, [(0, 0.7, wooden(C5)), (0.05, 0.8, player(E5))], 0.25), -20),
        "finish": Recipe(
            earcon(5.0, [(0, 0.9, pad((C4, G4, E5), 4.6, 0.8)),
                         *one_by_one(struck, (C4, E4, G4, C5, E5, G5), 0.14)], 0.35), -18
        ),
        "launch": Recipe(earcon(4.6, launch(player), 0.3), -21),
        "cheer": Recipe(earcon(3.0, cheer(struck), 0.3), -19),
        "sticker": Recipe(earcon(2.2, stuck(player), 0.3), -19),
    }  # fmt: skip


def plucked(pitch_hz: float) -> Audio:
    """A kalimba."""
    return kalimba(pitch_hz, 1.6)


def boxed(pitch_hz: float) -> Audio:
    """A music box, no higher than can be heard well by everybody."""
    return celesta(pitch_hz, 2.0)


def footstep() -> list[Note]:
    """A soft sole on a board: a low knock and the air beside it."""
    random = np.random.default_rng(17)
    time_s = seconds(0.22)
    sole = noise(random, len(time_s), 120, 700) * np.exp(-time_s / 0.035)
    board = glide([(0.0, 190.0), (0.03, 150.0), (0.22, 118.0)], (1.0, 0.25)) * np.exp(-time_s / 0.06)
    return [(0, 0.5, soften(sole, 0.006)), (0.004, 1.0, soften(board, 0.003)), (0.01, 0.22, wooden(C4))]


def clinked(pitch: float = 1.0) -> Audio:
    """China that is put down on wood: a knock, and two high partials that are soon gone."""
    time_s = seconds(0.5)
    ring = np.exp(-time_s / 0.09) * (
        np.sin(2 * np.pi * 1240 * pitch * time_s) + 0.4 * np.sin(2 * np.pi * 1985 * pitch * time_s)
    )
    knock = np.exp(-time_s / 0.025) * np.sin(2 * np.pi * 310 * time_s)
    return soften(0.5 * ring + 0.9 * knock, 0.003)


def stroke() -> list[Note]:
    """An oar that is drawn through water: it dips in, pulls, and drips."""
    random = np.random.default_rng(19)
    pull = whoosh(random, [(0.0, 260, 0.0), (0.10, 700, 0.8), (0.45, 480, 1.0), (1.1, 260, 0.0)])
    dip = glide([(0.0, 210.0), (0.05, 300.0), (0.13, 520.0)], (1.0, 0.2))
    drops = [
        (1.0 + 0.11 * k, 0.25, glide([(0.0, hz), (0.05, 1.3 * hz)], (1.0,)))
        for k, hz in enumerate((720.0, 910.0, 640.0, 830.0))
    ]
    return [(0, 0.5, pull), (0.02, 0.5, dip), *drops]


# The speaker plays a signal at equal power, so straight ahead it is heard 3 dB below these.
RECIPES = {
    **signals(plucked, wooden),
    **{f"{name}_dusk": recipe for name, recipe in signals(boxed, boxed).items()},
    "not_yet": Recipe(earcon(2.0, [(0, 1, kalimba(E4, 1.8, 0.2)), (0.02, 0.4, kalimba(A4))], 0.35), -20),
    "pause": Recipe(earcon(2.4, [(0, 1, kalimba(A4, 1.6, 0.3)), (0.28, 0.9, kalimba(E4))], 0.35), -20),
    "rest": Recipe(earcon(5.0, [(0, 1.2, pad((C4, G4, E5), 4.6)), *one_by_one(wooden, (G4, E4, C4), 0.5)], 0.35), -20),
    "call": Recipe(
        earcon(2.6, [(0, 1, hoot(430, 0.55)), (0.95, 0.75, hoot(420, 0.28)), (1.28, 1, hoot(430, 0.7))], 0.2), -20
    ),
    "home": Recipe(earcon(3.6, [(0, 0.9, bell(E4)), (0.34, 1, bell(C4))], 0.3), -19),
    "step": Recipe(earcon(0.9, footstep(), 0.2), -21),
    "bell": Recipe(earcon(3.8, [(0, 1, bell(G4)), (0.62, 0.45, bell(G4))], 0.35), -18),
    "stroke": Recipe(earcon(1.9, stroke(), 0.25), -22),
    "clink": Recipe(earcon(1.1, [(0, 1, clinked()), (0.015, 0.35, wooden(E4))], 0.2), -22),
    "breathe_in": Recipe(earcon(3.6, breath((C4, G4), (260, 900), 1.5, 1.2), 0.3), -23),
    "breathe_out": Recipe(earcon(4.2, breath((G4, C4), (900, 240), 1.2, 2.0), 0.3), -23),
}
