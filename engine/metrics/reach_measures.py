"""What is measured of one reach, and what each measure means."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from engine.frame import Vector
from engine.metrics.definition import defined

_ALT_MURPHY = "Alt Murphy 2011, Neurorehabil Neural Repair 25:71"
_SCHWARZ = "as reviewed in Schwarz 2019, Stroke 50:718"
_COMMON = "as commonly used of reaching; this form is ours"
_SPARC = "Balasubramanian 2015, J NeuroEng Rehabil 12:112"
_FROM_SPEED = "of the speed after a zero-lag 10 Hz low-pass (2nd order Butterworth both ways, corrected to -3 dB)"
_BLUNT = "Reaches of under 0.4 s are blunted by the low-pass; gaps of over 0.1 s, which are noted, by a straight line."
_PLACE = "13.5 ± 6.6 mm of a Quest 2 controller 500 mm from the headset (Carnevale 2022, Sensors 22:5511)"
_BENT = "how straight a tracker shows a straight line is unknown"
_SAME = "equal to the authors' own code on the same speeds (1e-9)"


@dataclass(frozen=True)
class Reach:
    """One reach of one hand to one target.

    `onset_s` and `offset_s` are times on the clock of the samples, `start_m` and `end_m` the place of the hand at onset
    and its mean place over 0.1 s from offset; nan where there was none. Errors that are called simulated hold for
    95 % of minimum-jerk reaches of 0.5 to 2 s and 0.2 to 0.7 m, at frame times as recorded and with 0.07 mm of noise as
    recorded controllers have it; in brackets, with 0.3 mm.
    """

    onset_s: float
    offset_s: float
    start_m: Vector
    end_m: Vector
    reaction_s: float = defined(
        "Reaction time",
        "s",
        "How long after the signal the hand set off.",
        formula="onset - cue; onset: the last time with speed below max(5 % of peak, 20 mm/s), backwards from the first"
        f" speed above 10 % of peak, between samples by a straight line; {_FROM_SPEED}",
        source=f"ours; onset by a share of the peak speed, after {_ALT_MURPHY}",
        error="simulated: 6 ms (21 ms); and one frame, 11 ms, in which the signal was not yet seen",
        doubt="Under 0.1 s the start was guessed; not given where the hand was moving at the signal.",
        plus_minus=0.02,
    )
    movement_s: float = defined(
        "Movement time",
        "s",
        "How long the hand took, from setting off to coming to rest.",
        formula="offset - onset; offset: the first time after the last peak with speed below the onset's threshold;"
        " with a radius, the first such time from which the hand stays in the target for 0.1 s",
        source=f"{_ALT_MURPHY}; the thresholds are ours",
        error="simulated: 9 ms (28 ms); by definition the slow ends are left out, 12 % of a minimum-jerk reach",
        doubt="A hand that trembles never rests: its time goes from its slowest moment or to its entering, as noted.",
        plus_minus=0.02,
    )
    arrival_s: float = defined(
        "Time to the target",
        "s",
        "How long after the signal the hand came into the target to stay.",
        formula="first time in the target (distance < radius) for 0.1 s - cue",
        source="ours",
        error=f"simulated: 0.4 ms; the place of the hand is less sure, {_PLACE}, 54 ms (95 %) at 0.5 m/s",
        doubt="Depends on the target's radius: compare only between equal targets.",
        plus_minus=0.054,
    )
    peak_speed_mps: float = defined(
        "Peak hand speed",
        "m/s",
        "The fastest that the hand became on its way.",
        formula=f"largest speed from onset to offset, {_FROM_SPEED}",
        source=_ALT_MURPHY,
        error=f"simulated: 3 mm/s (12 mm/s), 38 mm/s too slow in 0.3 s; and 5.3 % of scale (95 %), from {_PLACE}",
        doubt=_BLUNT,
        plus_minus=0.01,
        share=0.053,
    )
    time_to_peak_s: float = defined(
        "Time to peak speed",
        "s",
        "How long the hand went faster and faster.",
        formula="time of peak speed - onset",
        source=_ALT_MURPHY,
        error="simulated: 34 ms (65 ms), since a peak is flat",
        doubt="With several movement units the highest peak need not be the first.",
        plus_minus=0.04,
    )
    time_to_peak_percent: float = defined(
        "Time to peak speed, share",
        "%",
        "The part of the movement spent getting faster: under 40 means a long careful approach.",
        formula="100 * time to peak speed / movement time",
        source=_ALT_MURPHY,
        error="simulated: 2.4 (4.6)",
        doubt="As of the two times that it is made of.",
        plus_minus=3.0,
    )
    movement_units: float = defined(
        "Movement units",
        "",
        "Of how many pushes the reach was made: 1 is a single smooth one, more are corrections.",
        formula="maxima of speed over 20 mm/s above the minimum before, 0.15 s or more after the last one counted",
        source=_ALT_MURPHY,
        error="simulated: no reach miscounted (with 0.3 mm of noise a third of those over 1 s)",
        doubt="Tremor counts; so does noise of the controller in slow reaches of under 0.2 m/s.",
    )
    path_m: float = defined(
        "Path",
        "m",
        "The length of the way of the hand.",
        formula="sum of distances between samples at 100 Hz after the low-pass, onset to offset",
        source=_SCHWARZ,
        error=f"simulated: 0.8 mm (1.4 mm); and 5.3 % of scale (95 %), from {_PLACE}",
        doubt=_BLUNT,
        plus_minus=0.002,
        share=0.053,
    )
    displacement_m: float = defined(
        "Displacement",
        "m",
        "How far from its start the hand ended, in a straight line.",
        formula="|position at offset - position at onset|",
        source=_COMMON,
        error=f"simulated: 0.8 mm (1.1 mm); and 5.3 % of scale (95 %), from {_PLACE}",
        doubt="The hand that holds a controller is measured, not the wrist.",
        plus_minus=0.002,
        share=0.053,
    )
    path_ratio: float = defined(
        "Path ratio",
        "",
        "Way travelled over straight distance: 1 is straight.",
        formula="path / displacement",
        source=_SCHWARZ,
        error=f"simulated: 0.0002 (0.002); {_BENT}",
        doubt="Displacements under 0.1 m; targets that can only be reached along an arc.",
        plus_minus=0.002,
    )
    deviation_share: float = defined(
        "Largest deviation",
        "of displacement",
        "How far the hand went astray from the straight line, as a part of its length.",
        formula="largest distance from the line through start and end / displacement",
        source=_COMMON,
        error=f"simulated: 0.0003 (0.001); {_BENT}",
        doubt="As of the path ratio.",
        plus_minus=0.001,
    )
    direction_error_deg: float = defined(
        "Initial direction error",
        "deg",
        "How far off the target the hand first went.",
        formula="angle between the lines from start to target and from start to the hand at peak speed",
        source="Coderre 2010, Neurorehabil Neural Repair 24:528, taken at peak speed",
        error="simulated: 0.5 (1.0), of reaches that bow by up to a tenth",
        doubt="Arcs around the shoulder look like an error of direction.",
        plus_minus=1.0,
    )
    overshoot_m: float = defined(
        "Overshoot",
        "m",
        "How far the hand went beyond the target before it rested.",
        formula="largest projection on the line from start to target, less its length; 0 where it stayed before it",
        source=_COMMON,
        error=f"{_PLACE}; simulated: nothing is added",
        doubt="A wide target invites to stop before or behind its middle.",
        plus_minus=0.027,
    )
    endpoint_error_m: float = defined(
        "Endpoint error",
        "m",
        "How far from the middle of the target the hand came to rest.",
        formula="|mean position over 0.1 s from offset - target|",
        source=_COMMON,
        error=f"{_PLACE}; simulated: 0.05 mm (0.2 mm) are added",
        doubt="A wide target asks for no more than its radius.",
        plus_minus=0.027,
    )
    smoothness_sparc: float = defined(
        "Smoothness (SPARC)",
        "",
        "About -1.4 is smooth, more negative is less so.",
        formula="`engine.metrics.smoothness.sparc` of the speed at 100 Hz from onset to offset",
        source=_SPARC,
        error=f"{_SAME}; simulated: 0.12 (0.12), since a side lobe of the spectrum may just pass the floor or not",
        doubt="Reaches of under 0.3 s.",
        plus_minus=0.12,
    )
    smoothness_ldlj: float = defined(
        "Smoothness (LDLJ)",
        "",
        "About -4.6 is smooth, more negative is less so.",
        formula="`engine.metrics.smoothness.ldlj` of the speed at 100 Hz from onset to offset",
        source=_SPARC,
        error=f"{_SAME}; simulated: noise lowers it, by 0.3 in the mean at 0.3 to 0.8 s, 0.6 to 1.2 s, 2.2 to 2 s",
        doubt="Reaches of over 1 s; compare only such as last about as long. Not given below 60 frames a second. Papers"
        " that count the slow ends, too, have 0.5 to 0.9 less: -5.3 is smooth there.",
    )
    why: Mapping[str, str] = field(default_factory=dict)
