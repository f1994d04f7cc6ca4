"""The music of each place: slow loops on five notes, hand-written tunes that come back, and much silence between."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import NamedTuple

from assets.build.sound.instruments import (
    Audio,
    Canvas,
    Random,
    Recipe,
    celesta,
    flute,
    harp,
    kalimba,
    marimba,
    pad,
    pluck,
    swell,
)  # fmt: skip

MAJOR, MINOR = (0, 2, 4, 7, 9), (0, 3, 5, 7, 10)  # pentatonic, in semitones
Tune = Sequence[tuple[float, int]]  # beat, and step of the scale: 5 is an octave above 0
Instrument = Callable[[float, Random], Audio]


class Key(NamedTuple):
    """The notes of a piece: where it is at home, and its five notes."""

    home_hz: float
    mode: tuple[int, ...]

    def hz(self, step: int) -> float:
        """The pitch of a step, 0 at home, 5 an octave above it."""
        octave, note = divmod(step, len(self.mode))
        return float(self.home_hz * 2 ** (octave + self.mode[note] / 12))

    def chord(self, semitones: Sequence[int]) -> list[float]:
        """Pitches so many semitones above home."""
        return [self.home_hz * 2 ** (up / 12) for up in semitones]


class Band(NamedTuple):
    """Who plays: the tune, what answers it, and how far the piece is moved, in semitones."""

    lead: Instrument
    answer: Instrument
    moved: int = 0

    def key(self, home_hz: float, mode: tuple[int, ...]) -> Key:
        """A key, moved."""
        return Key(home_hz * 2 ** (self.moved / 12), mode)


Piece = Callable[[Band, Random], Canvas]


def thumb(pitch_hz: float, _random: Random) -> Audio:
    """A soft kalimba."""
    return kalimba(pitch_hz, 2.6, bright=0.3)


def wood(pitch_hz: float, random: Random) -> Audio:
    """A marimba."""
    return marimba(pitch_hz, random)


def string(pitch_hz: float, _random: Random) -> Audio:
    """A harp."""
    return harp(pitch_hz)


def box(pitch_hz: float, _random: Random) -> Audio:
    """A music box."""
    return 0.8 * celesta(pitch_hz)


def wind(pitch_hz: float, random: Random) -> Audio:
    """A wooden flute that holds each note for a while."""
    return 0.5 * flute(pitch_hz, random, 1.9)


def play(canvas: Canvas, random: Random, tune: Tune, key: Key, instrument: Instrument,
         from_s: float, beat_s: float, gain: float, pan: float = 0.0) -> None:  # fmt: skip
    """Play a tune, no two notes quite alike: hands are never early, seldom late, and never as loud twice."""
    for beat, step in tune:
        late_s, loud = abs(random.normal(0, 0.008)), gain * random.uniform(0.8, 1.0)
        canvas.add(instrument(key.hz(step), random), from_s + beat * beat_s + late_s, loud, pan)


def chords(canvas: Canvas, key: Key, progression: Sequence[Sequence[int]], each_s: float, gain: float) -> None:
    """Wide chords, one after the other, each melting into the next."""
    for number, semitones in enumerate(progression):
        sound = pad(key.chord(semitones), 1.35 * each_s, attack_s=0.35 * each_s)
        canvas.add(sound, each_s * number, gain, pan=0.2 * (-1) ** number)


def orchard(band: Band, random: Random) -> Canvas:
    """48 s, a walk under trees: a tune of four bars, its answer, and a bass that ambles."""
    canvas, key, beat_s = Canvas(48, loop=True), band.key(261.63, MAJOR), 1.0
    progression = ((0, 4, 7, 14), (-3, 0, 4, 14), (5, 9, 12, 16), (-5, 0, 2, 9))
    chords(canvas, key, 2 * progression, 6.0, 0.5)
    asks = ((0, 4), (1.5, 5), (2, 7), (4, 6), (5, 5))
    tells = ((0, 7), (1, 6), (2, 5), (3.5, 3), (4, 4))
    rests = ((1, 4), (2, 3), (4, 2))
    for bar, tune in enumerate((asks, tells, asks, rests, asks, tells, tells, rests)):
        lead = band.lead if bar < 4 else band.answer
        play(canvas, random, tune, key, lead, 6.0 * bar, beat_s, 0.22, 0.25 * (-1) ** bar)
    for bar, up in enumerate((0, -3, 5, -5) * 2):
        canvas.add(pluck(key.chord([up - 12])[0], random), 6.0 * bar, 0.5)
        canvas.add(pluck(key.chord([up - 5])[0], random), 6.0 * bar + 3, 0.28)
    canvas.reverberate(random, 0.3, decay_s=2.2)
    return canvas


def harbour(band: Band, random: Random) -> Canvas:
    """48 s, a boat at its mooring: a harp rocks in sixes, and a flute sings from the next boat."""
    canvas, key = Canvas(48, loop=True), band.key(293.66 / 2, MAJOR)
    progression = ((0, 7, 12, 16), (-3, 4, 9, 16), (5, 9, 12, 21), (-5, 2, 7, 14))
    chords(canvas, key, 2 * progression, 6.0, 0.42)
    for bar in range(16):  # three seconds each, as a boat rolls
        up = progression[bar // 2 % 4]
        for number, tone in enumerate((0, 1, 2, 3, 2, 1)):
            pitch_hz = key.chord([up[tone]])[0]
            canvas.add(harp(pitch_hz), 3.0 * bar + 0.5 * number, 0.17 * random.uniform(0.8, 1), -0.3 + 0.12 * tone)
    asks, tells = ((0, 12), (2, 14), (3, 13), (4, 12)), ((0, 11), (2, 12), (4, 10))
    for start_s, tune in ((3, asks), (12, tells), (27, asks), (36, tells)):
        play(canvas, random, tune, key, band.lead, start_s, 1.0, 0.20, 0.35)
    canvas.reverberate(random, 0.35, decay_s=2.6)
    return canvas


def launch(band: Band, random: Random) -> Canvas:
    """51.2 s, a morning with something to look forward to: steps that rise, a fifth that opens, and again."""
    canvas, key, beat_s = Canvas(51.2, loop=True), band.key(349.23 / 2, MAJOR), 0.8
    progression = ((0, 7, 12, 16), (5, 9, 12, 19), (-3, 4, 12, 16), (7, 11, 14, 19))
    chords(canvas, key, 2 * progression, 6.4, 0.45)
    for bar in range(8):
        up = progression[bar % 4]
        rising = (up[0], up[1], up[2], up[3], up[2] + 12, up[1] + 12)
        for number, semitones in enumerate(rising):
            at_s, loud = 6.4 * bar + beat_s * number, 0.15 * (0.7 + 0.06 * number)
            canvas.add(band.answer(key.chord([semitones])[0], random), at_s, loud, -0.4 + 0.14 * number)
        canvas.add(pluck(key.chord([up[0] - 12 if up[0] > 0 else up[0]])[0], random), 6.4 * bar, 0.42)
    opens, climbs, home = ((0, 8), (2, 11), (3, 10)), ((0, 10), (1, 11), (2, 13), (4, 12)), ((0, 13), (2, 11), (4, 10))
    for bar, tune in ((1, opens), (2, climbs), (3, home), (5, opens), (6, climbs), (7, home)):
        play(canvas, random, tune, key, band.lead, 6.4 * bar, beat_s, 0.22, 0.2)
    canvas.reverberate(random, 0.3, decay_s=2.2)
    return canvas


def in_the_wood(band: Band, random: Random) -> Canvas:
    """56 s among old trees: wood on wood, low and far apart, and long silences to listen in."""
    canvas, key = Canvas(56, loop=True), band.key(220.0, MINOR)
    chords(canvas, key, ((0, 7, 15), (-2, 5, 12), (-4, 3, 12), (0, 7, 10)), 14.0, 0.34)
    knocks, echo, path = ((0, 2), (0.75, 4), (1.5, 3)), ((0, 5), (1.5, 3)), ((0, 4), (1, 3), (2.5, 2), (4, 0))
    for start_s, tune, player, pan in (
        (1, knocks, band.answer, -0.5), (5, echo, band.lead, 0.6), (11, path, band.answer, -0.2),
        (21, knocks, band.answer, 0.4), (25.5, echo, band.lead, -0.6), (32, path, band.lead, 0.1),
        (41, ((0, 7), (1, 6), (2, 4)), band.answer, 0.5), (47, path, band.answer, -0.3),
    ):  # fmt: skip
        play(canvas, random, tune, key, player, start_s, 1.1, 0.26, pan)
    for start_s, step in ((0, 0), (7, -1), (14, -1), (28, -2), (35, 0), (42, 0), (49, -3)):
        canvas.add(marimba(key.hz(step) / 2, random, 2.4), start_s, 0.42)
    canvas.reverberate(random, 0.42, decay_s=3.0)
    return canvas


def meadow(band: Band, random: Random) -> Canvas:
    """44.8 s of play: a skipping bass, a tune that hops and turns round to see who follows."""
    canvas, key, beat_s = Canvas(44.8, loop=True), band.key(196.0, MAJOR), 0.7
    progression = ((0, 7, 16), (5, 9, 16), (2, 9, 17), (-5, 7, 14)) * 2
    chords(canvas, key, progression, 5.6, 0.3)
    for bar, (root, fifth, third) in enumerate(progression):
        for beat, up in ((0, root), (2, fifth), (3.5, third - 12), (4, root), (6, fifth)):
            canvas.add(harp(key.chord([up])[0], 1.4), 5.6 * bar + beat * beat_s, 0.24, -0.2)
    hops, turns = (
        ((0, 10), (0.5, 12), (1, 11), (2, 10), (2.5, 8), (3, 9)),
        ((0, 12), (1, 13), (1.5, 12), (2, 10), (4, 8)),
    )
    looks = ((0, 8), (1.5, 9), (2, 10), (5, 10), (5.5, 11))
    for bar, tune in enumerate((hops, looks, turns, (), hops, looks, turns, ((1, 10), (2, 8), (4, 5)))):
        player = band.lead if bar < 4 else band.answer
        play(canvas, random, tune, key, player, 5.6 * bar, beat_s, 0.22, 0.3 * (-1) ** bar)
    canvas.reverberate(random, 0.25, decay_s=1.8)
    return canvas


def shore(band: Band, random: Random) -> Canvas:
    """60 s, six breaths a minute: a chord that fills for four seconds and empties for six, and a drop of light."""
    canvas, key = Canvas(60, loop=True), band.key(261.63 / 2, MAJOR)
    tides = ((0, 7, 12, 16), (-3, 4, 12, 16), (5, 9, 14, 21), (0, 7, 14, 19), (-3, 4, 9, 16), (-5, 2, 12, 14))
    for number, semitones in enumerate(tides):
        canvas.add(swell(key.chord(semitones), 4.0, 6.6), 10.0 * number, 0.7, 0.15 * (-1) ** number)
        canvas.add(swell(key.chord(semitones[:2]), 4.4, 7.0), 10.0 * number, 0.35)
    for start_s, tune in ((4, ((0, 10),)), (14, ((0, 12), (2, 11))), (34, ((0, 11), (2, 9))), (44, ((0, 10),)),
                          (54, ((0, 8), (2, 7)))):  # fmt: skip
        play(canvas, random, tune, key, band.lead, start_s, 1.0, 0.13, 0.3)
    canvas.reverberate(random, 0.45, decay_s=3.4)
    return canvas


def lobby(band: Band, random: Random) -> Canvas:
    """44 s of being welcome: a harp that opens chords upwards, and four notes that say come in."""
    canvas, key, beat_s = Canvas(44, loop=True), band.key(311.13 / 2, MAJOR), 0.9167
    progression = ((0, 7, 16, 19), (-3, 4, 12, 19), (5, 12, 16, 21), (-5, 7, 14, 17))
    chords(canvas, key, 2 * progression, 5.5, 0.45)
    for bar in range(8):
        for number, up in enumerate(progression[bar % 4]):
            canvas.add(harp(key.chord([up])[0]), 5.5 * bar + 0.28 * number, 0.2, -0.3 + 0.2 * number)
    come_in, sit_down = ((0, 9), (1, 10), (2, 12), (3, 10)), ((0, 8), (1, 10), (2, 9), (4, 7))
    for bar, tune in ((0, come_in), (2, sit_down), (4, come_in), (6, ((0, 12), (1, 11), (2, 9), (3, 8)))):
        play(canvas, random, tune, key, band.lead, 5.5 * bar + 2 * beat_s, beat_s, 0.2, 0.15)
    canvas.reverberate(random, 0.3, decay_s=2.2)
    return canvas


def lighthouse(band: Band, random: Random) -> Canvas:
    """60 s of a night watch: a light that comes round every seven and a half seconds, and a lullaby from the quay."""
    canvas, key = Canvas(60, loop=True), band.key(220.0, MAJOR)
    progression = ((0, 7, 12, 16), (-3, 4, 12, 16), (5, 9, 16, 21), (-5, 2, 11, 14))
    for bar, semitones in enumerate(2 * progression):
        canvas.add(swell(key.chord(semitones), 3.4, 4.8), 7.5 * bar, 0.55, 0.5 * (-1) ** bar)
        canvas.add(harp(key.chord(semitones[:1])[0] / 2, 4.0), 7.5 * bar, 0.26)
        for number, up in enumerate(semitones[1:]):
            canvas.add(harp(key.chord([up])[0]), 7.5 * bar + 3.0 + 0.5 * number, 0.13, -0.3 + 0.3 * number)
    asks, tells, sleeps = ((0, 7), (1.5, 8), (2, 9), (4, 7)), ((0, 6), (1.5, 7), (2, 5)), ((0, 7), (2, 6), (4, 5))
    for start_s, tune in ((3.7, asks), (11.2, tells), (26.2, asks), (33.7, sleeps), (48.7, tells)):
        play(canvas, random, tune, key, band.lead, start_s, 0.9, 0.19, 0.2)
    canvas.reverberate(random, 0.42, decay_s=3.0)
    return canvas


def pond(band: Band, random: Random) -> Canvas:
    """50.4 s on one leg: a slow waltz that waits on its second beat, and somebody on the other shore who waits, too."""
    canvas, key, beat_s = Canvas(50.4, loop=True), band.key(246.94, MAJOR), 0.7
    progression = ((0, 7, 16), (-3, 4, 12), (5, 9, 16), (-5, 7, 14)) * 3
    chords(canvas, key, progression, 4.2, 0.3)
    for bar in range(24):
        root, fifth, third = progression[bar // 2]
        for beat, up, gain in ((0, root - 12, 0.24), (2, fifth, 0.13), (2.02, third, 0.11)):
            canvas.add(harp(key.chord([up])[0], 2.0), 2.1 * bar + beat * beat_s, gain, -0.25)
    stands, looks = ((0, 7), (1, 9), (5, 8)), ((0, 10), (1, 9), (2, 8), (3, 7))
    for start_bar, tune, player in (
        (0, stands, band.lead), (4, looks, band.lead), (8, stands, band.answer), (12, looks, band.answer),
        (16, stands, band.lead), (20, ((0, 8), (1, 7), (3, 5)), band.answer),
    ):  # fmt: skip
        play(canvas, random, tune, key, player, 2.1 * start_bar, beat_s, 0.22, 0.3 * (-1) ** start_bar)
    canvas.reverberate(random, 0.3, decay_s=2.2)
    return canvas


# For each place: the piece, who plays it by day and who at dusk. Music stays well under the voice at -20 LUFS.
PIECES = {
    "orchard": (orchard, Band(thumb, wood), Band(box, thumb, -2)),
    "harbour": (harbour, Band(wind, string), Band(box, string, -2)),
    "launch": (launch, Band(thumb, string), Band(box, thumb, -1)),
    "wood": (in_the_wood, Band(thumb, wood), Band(box, wood, 2)),
    "meadow": (meadow, Band(thumb, wood), Band(box, wood, 1)),
    "shore": (shore, Band(thumb, thumb), Band(box, box, -2)),
    "lobby": (lobby, Band(thumb, string), Band(box, string, 2)),
    "lighthouse": (lighthouse, Band(thumb, thumb), Band(box, box, 3)),
    "pond": (pond, Band(wind, thumb), Band(box, string, -2)),
}


def recipes(pieces: Mapping[str, tuple[Piece, Band, Band]]) -> dict[str, Recipe]:
    """Pieces as loops, by who plays them by day and at dusk."""
    return {
        f"music_{place}{when}": Recipe(partial(piece, band), -26, loop=True)
        for place, (piece, day, dusk) in pieces.items()
        for when, band in (("", day), ("_dusk", dusk))
    }


RECIPES = recipes(PIECES)
