"""What the measures of sway mean: their units, formulas, sources and errors, beside the numbers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.metrics.definition import defined

PRIETO = "Prieto 1996, IEEE Trans Biomed Eng 43:956"
QUIJOUX = "Quijoux 2021, Physiol Rep 9:e15067 (PMC8623280)"
SANTOS = "Santos & Duarte 2016, PeerJ 4:e2648"
SCHUBERT = "Schubert & Kirchner 2014, Gait Posture 39:518"

HEAD = "A head is not a centre of pressure: compare with the same person's head sway, never with norms of a plate."
SHORT = "Trials of different length do not compare."
RHYTHM = "Under 30 s the slow part of sway has hardly come round once."

NOISE = "noise of headsets at rest on real sway, both at 5 Hz (120 pairs, 95 %)"
ROBOT = "headsets on a robot, windows of 20 s (the largest of 20)"

_WAY: dict[str, Any] = {
    "formula": "sum of the distances between neighbouring samples, over all of the trial",
    "source": PRIETO,
    "error": f"5 mm a minute from {NOISE} and 1 % from {ROBOT}; 100 to 250 mm a minute when nothing is filtered",
    "doubt": SHORT + " Filtering shortens it: compare only what was filtered alike.",
    "plus_minus": 0.005,
    "share": 0.01,
}
_VELOCITY: dict[str, Any] = {
    "formula": "path length / T, T = n / rate",
    "source": PRIETO + "; equal to the published values of " + SANTOS,
    "error": f"0.08 mm/s from {NOISE} and 1 % from {ROBOT}",
    "doubt": HEAD + " Below 3 mm/s it is the headset's own: at rest it shows up to 1.2 mm/s, unfiltered 4 mm/s."
    " One trial repeats poorly: take the mean of three to five (Ruhe 2010, Gait Posture 32:436, of plates).",
    "plus_minus": 0.00008,
    "share": 0.01,
}
_DISTANCE: dict[str, Any] = {
    "formula": "mean of the distance from the mean place; of one axis mean of |x|",
    "source": PRIETO,
    "error": f"0.03 mm from {NOISE} and 1.4 % from {ROBOT}",
    "doubt": HEAD,
    "plus_minus": 0.00003,
    "share": 0.014,
}
_RMS: dict[str, Any] = {
    "formula": "sqrt(mean(x²)) about the mean, ddof 0; of both axes sqrt(mean(x² + y²))",
    "source": PRIETO,
    "error": f"0.03 mm from {NOISE} and 1.4 % from {ROBOT}",
    "doubt": HEAD + " One step or one look around outweighs a minute of standing.",
    "plus_minus": 0.00003,
    "share": 0.014,
}
_RANGE: dict[str, Any] = {
    "formula": "largest less smallest value; in the plane the largest distance between any two samples",
    "source": PRIETO,
    "error": f"0.4 mm from {NOISE} and 1.4 % from {ROBOT}",
    "doubt": "Two samples decide it, and it grows with time. " + SHORT,
    "plus_minus": 0.0004,
    "share": 0.014,
}
_AREA: dict[str, Any] = {
    "error": f"1.5 % from {NOISE} and 2.4 % from {ROBOT}",
    "doubt": HEAD + " An ellipse is a poor picture of a person who shifts from one place to another.",
    "share": 0.028,
}
_AXIS: dict[str, Any] = {
    "formula": "sqrt(eigenvalue of S, ddof 1, times 2(n-1)(n+1)/(n(n-2)) F), the F of the prediction ellipse",
    "source": SCHUBERT,
    "error": f"0.07 mm from {NOISE} and 1.4 % as RMS",
    "doubt": HEAD,
    "plus_minus": 0.00007,
    "share": 0.014,
}
_MEAN_FREQUENCY: dict[str, Any] = {
    "source": PRIETO,
    "error": f"1.3 % from {NOISE}, 5 % where sway is small: noise lengthens the path",
    "doubt": "It is velocity over distance, not a rhythm that somebody would see.",
    "share": 0.05,
}
_BAND = "power from 0.15 to 5 Hz by Welch's method: Hann, 10 s, half overlapping, linear trends removed, padded to n"
_PERCENTILE: dict[str, Any] = {
    "source": QUIJOUX,
    "error": f"one step of rate / n, 0.017 Hz in 60 s, from {NOISE}",
    "doubt": RHYTHM + " Nothing below 0.15 Hz counts.",
    "plus_minus": 0.017,
}
_CENTROID: dict[str, Any] = {
    "source": QUIJOUX,
    "error": f"0.006 Hz from {NOISE}",
    "doubt": RHYTHM + " Nothing below 0.15 Hz counts.",
    "plus_minus": 0.006,
}
_DISPERSION: dict[str, Any] = {
    "source": QUIJOUX,
    "error": f"0.004 from {NOISE}",
    "doubt": RHYTHM + " Nothing below 0.15 Hz counts.",
    "plus_minus": 0.004,
}
_POWER: dict[str, Any] = {
    "source": QUIJOUX,
    "error": f"2.7 % from {NOISE}, 2.4 % as the area of the ellipse",
    "doubt": RHYTHM + " What is slower than 0.15 Hz is not in it: of 30 trials on a plate, half (32 to 86 %).",
    "share": 0.036,
}
_MEAN_POWER: dict[str, Any] = {
    "source": SANTOS + ", equal to their published values",
    "error": f"0.007 Hz from {NOISE}",
    "doubt": RHYTHM,
    "plus_minus": 0.007,
}


@dataclass(frozen=True)
class Sway:
    """How a point that stands for the body wandered in one trial: lengths in metres, `why` says what is nan."""

    path_m: float = defined("Path length", "m", "How far the point travelled in all.", **_WAY)
    path_ml_m: float = defined("Path length sideways", "m", "How far it travelled to the sides in all.", **_WAY)
    path_ap_m: float = defined("Path length ahead and back", "m", "How far it travelled ahead and back.", **_WAY)
    mean_velocity_mps: float = defined(
        "Mean velocity",
        "m/s",
        "How fast the point moves on average, which tells how busily the person keeps upright.",
        **_VELOCITY,
    )
    mean_velocity_ml_mps: float = defined(
        "Mean velocity sideways", "m/s", "How busily they keep upright to the sides.", **_VELOCITY
    )
    mean_velocity_ap_mps: float = defined(
        "Mean velocity ahead and back", "m/s", "How busily they keep upright ahead and back.", **_VELOCITY
    )
    mean_distance_m: float = defined("Mean distance", "m", "How far from the middle they are on average.", **_DISTANCE)
    mean_distance_ml_m: float = defined(
        "Mean distance sideways", "m", "How far to the sides of the middle they are on average.", **_DISTANCE
    )
    mean_distance_ap_m: float = defined(
        "Mean distance ahead and back",
        "m",
        "How far ahead of the middle or behind it they are on average.",
        **_DISTANCE,
    )
    rms_m: float = defined("RMS", "m", "How large sway is in both axes together.", **_RMS)
    rms_ml_m: float = defined("RMS sideways", "m", "How large sway is to the sides.", **_RMS)
    rms_ap_m: float = defined("RMS ahead and back", "m", "How large sway is ahead and back.", **_RMS)
    range_m: float = defined("Range", "m", "The two places furthest apart.", **_RANGE)
    range_ml_m: float = defined("Range sideways", "m", "From the leftmost to the rightmost place.", **_RANGE)
    range_ap_m: float = defined("Range ahead and back", "m", "From the foremost to the rearmost place.", **_RANGE)
    ellipse_area_m2: float = defined(
        "Area (95 % ellipse)",
        "m²",
        "The area of an ellipse that holds about 95 % of sway.",
        formula="pi sqrt(det S) 2(n-1)(n+1)/(n(n-2)) F(0.95; 2, n-2), S with ddof 1: the prediction ellipse",
        source=SCHUBERT + "; equal to the published values of " + SANTOS,
        **_AREA,
    )
    ellipse_major_m: float = defined("Longer half axis", "m", "Half the length of that ellipse.", **_AXIS)
    ellipse_minor_m: float = defined("Shorter half axis", "m", "Half the width of that ellipse.", **_AXIS)
    principal_direction_deg: float = defined(
        "Main direction",
        "deg",
        "The line along which sway is largest: 0 is ahead and back, positive is turned to the right.",
        formula="atan2(2 cov(x, y), var y - var x) / 2: the first eigenvector of S, from -90 to 90",
        source=QUIJOUX + ", who give its size alone",
        error=f"0.6 deg from {NOISE}, 0.3 deg from {ROBOT}, besides that of the facing it is seen from",
        doubt="Of no meaning where both half axes are about as long.",
        plus_minus=0.7,
    )
    circle_area_m2: float = defined(
        "Area (95 % circle)",
        "m²",
        "The area of a circle that holds about 95 % of sway.",
        formula="pi (mean r + 1.645 SD r)², r the distance from the mean place, SD with ddof 1",
        source=PRIETO,
        **_AREA,
    )
    hull_area_m2: float = defined(
        "Area of the hull",
        "m²",
        "The area of all places that were visited.",
        formula="area of the convex hull of all samples",
        source="Wollseifen 2011, Pharmaceutical Programming 4, doi 10.1179/175709311X13166801334271",
        error=f"1.9 % from {NOISE} and 1.6 % from {ROBOT}",
        doubt="Single samples decide it, and it grows with time. " + SHORT,
        share=0.025,
    )
    area_rate_m2ps: float = defined(
        "Sway area per second",
        "m²/s",
        "The area swept around the middle each second, which unites speed and size.",
        formula="sum |x[i+1] y[i] - x[i] y[i+1]| / 2 / ((n - 1) / rate), about the mean",
        source=PRIETO,
        error=f"1.7 % from {NOISE}, 2.4 % as the area of the ellipse",
        doubt="Filtering lowers it: compare only what was filtered alike.",
        share=0.03,
    )
    mean_frequency_hz: float = defined(
        "Mean frequency",
        "Hz",
        "How many times a second they would circle at the mean distance to travel as far.",
        formula="path length / ((n - 1) / rate) / (2 pi mean distance)",
        **_MEAN_FREQUENCY,
    )
    mean_frequency_ml_hz: float = defined(
        "Mean frequency sideways",
        "Hz",
        "How many times a second a sine of that size would swing to travel as far to the sides.",
        formula="path length of the axis / ((n - 1) / rate) / (4 sqrt(2) mean distance of the axis)",
        **_MEAN_FREQUENCY,
    )
    mean_frequency_ap_hz: float = defined(
        "Mean frequency ahead and back",
        "Hz",
        "How many times a second a sine of that size would swing to travel as far ahead and back.",
        formula="path length of the axis / ((n - 1) / rate) / (4 sqrt(2) mean distance of the axis)",
        **_MEAN_FREQUENCY,
    )
    f50_hz: float = defined(
        "Median frequency (F50)",
        "Hz",
        "Half of the power of sway is slower than this.",
        formula="first frequency with half of the power of both axes together; " + _BAND,
        **_PERCENTILE,
    )
    f50_ml_hz: float = defined(
        "F50 sideways",
        "Hz",
        "Half of the power of sway to the sides is slower than this.",
        formula="as F50, one axis",
        **_PERCENTILE,
    )
    f50_ap_hz: float = defined(
        "F50 ahead and back",
        "Hz",
        "Half of the power of sway ahead and back is slower than this.",
        formula="as F50, one axis",
        **_PERCENTILE,
    )
    f95_hz: float = defined(
        "F95",
        "Hz",
        "95 % of the power of sway is slower than this: many quick small corrections raise it.",
        formula="first frequency with 95 % of the power of both axes together; " + _BAND,
        **_PERCENTILE,
    )
    f95_ml_hz: float = defined(
        "F95 sideways",
        "Hz",
        "95 % of the power of sway to the sides is slower than this.",
        formula="as F95, one axis",
        **_PERCENTILE,
    )
    f95_ap_hz: float = defined(
        "F95 ahead and back",
        "Hz",
        "95 % of the power of sway ahead and back is slower than this.",
        formula="as F95, one axis",
        **_PERCENTILE,
    )
    centroid_frequency_hz: float = defined(
        "Centroid frequency",
        "Hz",
        "Where the power of sway is concentrated.",
        formula="sqrt(m2 / m0), m_k = sum of f^k times power, both axes together; " + _BAND,
        **_CENTROID,
    )
    centroid_frequency_ml_hz: float = defined(
        "Centroid frequency sideways",
        "Hz",
        "Where the power of sway to the sides is concentrated.",
        formula="as centroid, one axis",
        **_CENTROID,
    )
    centroid_frequency_ap_hz: float = defined(
        "Centroid frequency ahead and back",
        "Hz",
        "Where the power of sway ahead and back is concentrated.",
        formula="as centroid, one axis",
        **_CENTROID,
    )
    frequency_dispersion: float = defined(
        "Frequency dispersion",
        "",
        "How widely the rhythms of sway are spread: 0 is one pure rhythm.",
        formula="sqrt(1 - m1² / (m0 m2)), both axes together; " + _BAND,
        **_DISPERSION,
    )
    frequency_dispersion_ml: float = defined(
        "Frequency dispersion sideways",
        "",
        "How widely the rhythms of sway to the sides are spread.",
        formula="as dispersion, one axis",
        **_DISPERSION,
    )
    frequency_dispersion_ap: float = defined(
        "Frequency dispersion ahead and back",
        "",
        "How widely the rhythms of sway ahead and back are spread.",
        formula="as dispersion, one axis",
        **_DISPERSION,
    )
    power_m2: float = defined(
        "Power",
        "m²",
        "How much of the variance of sway lies between 0.15 and 5 Hz.",
        formula="sum of the power densities times rate / n (the source leaves out rate / n); " + _BAND,
        **_POWER,
    )
    power_ml_m2: float = defined(
        "Power sideways",
        "m²",
        "How much of the variance to the sides lies between 0.15 and 5 Hz.",
        formula="as power",
        **_POWER,
    )
    power_ap_m2: float = defined(
        "Power ahead and back",
        "m²",
        "How much of the variance ahead and back lies between 0.15 and 5 Hz.",
        formula="as power",
        **_POWER,
    )
    mean_power_frequency_hz: float = defined(
        "Mean power frequency",
        "Hz",
        "The mean rhythm of sway, of all frequencies.",
        formula="mean of those of both axes, each weighted by its summed power",
        **_MEAN_POWER,
    )
    mean_power_frequency_ml_hz: float = defined(
        "Mean power frequency sideways",
        "Hz",
        "The mean rhythm of sway to the sides, of all frequencies.",
        formula="integral of f P / integral of P (trapezoids); Welch, Hann, n / 2, half overlapping, means removed",
        **_MEAN_POWER,
    )
    mean_power_frequency_ap_hz: float = defined(
        "Mean power frequency ahead and back",
        "Hz",
        "The mean rhythm of sway ahead and back, of all frequencies.",
        formula="integral of f P / integral of P (trapezoids); Welch, Hann, n / 2, half overlapping, means removed",
        **_MEAN_POWER,
    )
    why: Mapping[str, str] = field(default_factory=dict)


_LEAN: dict[str, Any] = {
    "source": "the list of " + PRIETO + " for lean angles: our definition",
    "error": "that of head sway in metres over the height of the head",
    "doubt": "Bending at the hips or the neck looks the same as leaning with the whole body.",
}
_OF_LEAN = ", of atan2(horizontal displacement of the head, its height)"


@dataclass(frozen=True)
class LeanSway:
    """Sway of the head as angles of lean, so that people of different height compare; `why` says what is nan."""

    rms_ml_deg: float = defined(
        "Lean RMS sideways", "deg", "How large sway is to the sides.", formula="RMS" + _OF_LEAN, **_LEAN
    )
    rms_ap_deg: float = defined(
        "Lean RMS ahead and back", "deg", "How large sway is ahead and back.", formula="RMS" + _OF_LEAN, **_LEAN
    )
    range_ml_deg: float = defined(
        "Lean range sideways", "deg", "From the leftmost to the rightmost.", formula="range" + _OF_LEAN, **_LEAN
    )
    range_ap_deg: float = defined(
        "Lean range ahead and back", "deg", "From the foremost to the rearmost.", formula="range" + _OF_LEAN, **_LEAN
    )
    mean_velocity_dps: float = defined(
        "Mean lean velocity", "deg/s", "How busily they keep upright.", formula="path / T" + _OF_LEAN, **_LEAN
    )
    mean_velocity_ml_dps: float = defined(
        "Mean lean velocity sideways",
        "deg/s",
        "How busily they keep upright to the sides.",
        formula="path / T" + _OF_LEAN,
        **_LEAN,
    )
    mean_velocity_ap_dps: float = defined(
        "Mean lean velocity ahead and back",
        "deg/s",
        "How busily they keep upright ahead and back.",
        formula="path / T" + _OF_LEAN,
        **_LEAN,
    )
    ellipse_area_deg2: float = defined(
        "Lean area (95 % ellipse)",
        "deg²",
        "The area of an ellipse that holds about 95 % of sway.",
        formula="prediction ellipse" + _OF_LEAN,
        **_LEAN,
    )
    f95_hz: float = defined("Lean F95", "Hz", "95 % of the power of sway is slower.", formula="F95" + _OF_LEAN, **_LEAN)
    why: Mapping[str, str] = field(default_factory=dict)


_ROMBERG: dict[str, Any] = {
    "source": "Romberg quotient, as commonly used: closed over open (so in Lê & Kapoula 2008, Gait Posture 27:493)",
    "error": "that of both trials; RMS and range of head sway alone repeat only fairly, with an ICC of 0.29 to 0.64 "
    "(Sylcott 2021, JMIR Rehabil Assist Technol 8:e24950)",
    "doubt": "Both trials have to be alike in all but the eyes: surface, feet, length, filter. With the eyes open what "
    "is seen counts, and a near target steadies more than a far one.",
}


@dataclass(frozen=True)
class Romberg:
    """How much more a person sways without sight; `why` says what is nan."""

    velocity_quotient: float = defined(
        "Romberg quotient of velocity",
        "",
        "How many times as busy standing is with the eyes closed: above 1 sight helps.",
        formula="mean velocity with eyes closed / with eyes open",
        **_ROMBERG,
    )
    area_quotient: float = defined(
        "Romberg quotient of area",
        "",
        "How many times as large sway is with the eyes closed.",
        formula="ellipse area with eyes closed / with eyes open",
        **_ROMBERG,
    )
    why: Mapping[str, str] = field(default_factory=dict)
