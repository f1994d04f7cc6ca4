"""The small dragon that keeps children company: it stands, looks ahead along +z, and its head and arms turn."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from assets.build.kit import Array, Mesh, ball, felt, join, lathe, noise, ramp, sheet, smooth_path, solid, tube
from assets.build.land import smoothstep
from assets.build.studio import Model, melted

SCALES = ("#2f9aa0", "#43b8ae", "#63cdb9", "#94e4c8")
CREAM, CREAM_SHADE, WING, WING_TIP, HORN = "#fff0cf", "#f6d8ac", "#f28a6c", "#ffc98a", "#ffe9bd"
PUPIL, IRIS, BLUSH = "#2b2148", "#6a57a8", "#ff9c8e"

# Where the nodes hang together. An arm is as long as it can be read at a distance, and far enough out for a head
# that does not touch it when it is straight up.
NECK_M = (0.0, 0.635, 0.0)
SHOULDER_M = (0.246, 0.530, 0.0)
ARM_M = 0.45


def dragon() -> dict[str, Mesh]:
    """The nodes of the dragon, each about the point that it turns about; `JOINTS` says where those are."""
    arm = _arm()
    return {"body": _body(), "head": head().scaled(1.05), "arm_left": arm, "arm_right": arm.scaled(-1, 1, 1)}


def young_dragon() -> Mesh:
    """One that sits in its nest: in one piece and without wings."""
    arm = _arm(260).turned("z", 12).turned("x", -62).moved(*SHOULDER_M)
    face = head(1100).scaled(1.16).turned("z", -7).moved(*NECK_M)
    return join([_torso(600, sits=True), face, arm, arm.scaled(-1, 1, 1)])


def seated_dragon() -> Mesh:
    """One that rests on a seat at y = 0.06, its feet ahead and its wings out."""
    feet = [ball(1, 2).scaled(0.078, 0.098, 0.10).moved(side * 0.135, 0.15, 0.21).painted(_scales) for side in (-1, 1)]
    toes = [toe.turned("x", -60).moved(0, 0.16, 0.19) for toe in _toes()]
    return join([young_dragon(), *feet, *toes, *_wings()])


JOINTS = {
    "head": NECK_M,
    "arm_left": SHOULDER_M,
    "arm_right": (-SHOULDER_M[0], *SHOULDER_M[1:]),
}
"""The origins of the nodes that turn, from that of the body, which is on the floor between the feet."""


def _body() -> Mesh:
    return join([_torso(), *_toes(), *_spikes_down_the_back(), tail_leaf(), *_wings()])


def _torso(triangles: int = 1600, *, sits: bool = False) -> Mesh:
    belly = ball(1, 4).scaled(0.218, 0.245, 0.190).moved(0, 0.300, 0.0)
    chest = ball(1, 3).scaled(0.196, 0.165, 0.145).moved(0, 0.475, -0.005)
    neck = tube([(0, 0.52, -0.005, 0.115), (0, 0.60, 0.0, 0.098), (0, 0.645, 0.0, 0.088)], sides=20)
    tail = [(0, 0.20, -0.10, 0.120), (-0.06, 0.125, -0.25, 0.088), (-0.19, 0.075, -0.36, 0.064)]
    tail += [(-0.35, 0.075, -0.35, 0.046), (-0.455, 0.125, -0.265, 0.032), (-0.485, 0.215, -0.215, 0.020)]
    sides = []
    for side in (-1.0, 1.0):
        sides.append(ball(0.074, 3).moved(side * (SHOULDER_M[0] - 0.060), SHOULDER_M[1] - 0.014, 0))
        if sits:
            continue
        leg = [(side * 0.105, 0.22, 0.0, 0.112), (side * 0.128, 0.12, 0.012, 0.097), (side * 0.130, 0.05, 0.02, 0.087)]
        sides.append(tube(leg, sides=16))
        sides.append(ball(1, 3).scaled(0.088, 0.052, 0.118).moved(side * 0.132, 0.047, 0.058))
    if not sits:
        sides.append(tube(tail, sides=18, steps=8))
    skin = melted(join([belly, chest, neck, *sides]), 0.012, 5, triangles)
    apron = ball(1, 3).scaled(0.172, 0.230, 0.176).moved(0, 0.318, 0.033)
    return join([skin.painted(_scales), _front_of(apron).painted(_apron)])


def _scales(points: Array) -> Array:
    """Teal, lighter towards the front and above, with a soft mottle."""
    tone = 0.42 + 1.1 * points[:, 2] + 0.35 * (points[:, 1] - 0.3) + 0.28 * (noise(points, 0.16, 3) - 0.5)
    return ramp(SCALES, np.clip(tone, 0, 1))


def _apron(points: Array) -> Array:
    """The cream belly, in broad soft bands."""
    band = 0.5 + 0.5 * np.cos((points[:, 1] - 0.13) / 0.062 * 2 * np.pi)
    return ramp((CREAM, CREAM_SHADE), np.clip(0.75 * band**6 + 0.1, 0, 1))


def _front_of(mesh: Mesh) -> Mesh:
    """Only the faces in front, where a shape comes out of the skin."""
    kept = mesh.points[mesh.faces].mean(axis=1)[:, 2] > 0.05
    used, faces = np.unique(mesh.faces[kept], return_inverse=True)
    return Mesh(mesh.points[used], faces.reshape(-1, 3), mesh.colours[used])


def _toes() -> list[Mesh]:
    toe = ball(1, 0, HORN).scaled(0.017, 0.018, 0.022)
    return [
        toe.moved(side * 0.132 + out, 0.030, 0.168 - 3.2 * out**2)
        for side in (-1.0, 1.0)
        for out in (-0.042, 0.0, 0.042)
    ]


def _spikes_down_the_back() -> list[Mesh]:
    places = [(0, 0.53, -0.125, 62), (0, 0.43, -0.160, 78), (0, 0.32, -0.180, 95), (0, 0.215, -0.205, 88)]
    return [
        _spike(size).turned("x", -tilt).moved(x, y, z)
        for (x, y, z, tilt), size in zip(places, (0.052, 0.062, 0.060, 0.050), strict=True)
    ]


def _spike(high_m: float) -> Mesh:
    """A rounded leaf-shaped plate standing on the origin along y, its broad side to the sides."""
    profile = [(0.0, -0.3), (0.55, -0.25), (0.60, 0.05), (0.46, 0.45), (0.22, 0.85), (0.0, 1.0)]
    plate = lathe(profile, lambda p: ramp((WING, WING_TIP), np.clip(p[:, 1], 0, 1)), 8)
    return plate.scaled(0.30 * high_m, high_m, high_m)


def tail_leaf() -> Mesh:
    """The end of the tail: a heart, flat to the front."""
    turns = np.linspace(0, 2 * np.pi, 25)[:-1]
    x, y = 16 * np.sin(turns) ** 3, 13 * np.cos(turns) - 5 * np.cos(2 * turns) - 2 * np.cos(3 * turns)
    x, y = x - 0.5 * np.cos(turns), y - np.cos(4 * turns)
    rim = np.stack([x, y, np.zeros(24)], -1) / 16
    rows = [rim * share + (0, 0, 0.34 * np.sqrt(1 - share**2)) for share in (1.0, 0.75, 0.0)]
    front = sheet(np.array(rows)[:, ::-1], wrap=True)
    heart = join([front, front.scaled(1, 1, -1)]).painted(
        lambda p: ramp((WING, WING_TIP), np.clip(0.5 - 0.5 * p[:, 1], 0, 1))
    )
    return heart.scaled(0.068, -0.068, 0.068).turned("z", -172).turned("y", 18).moved(-0.492, 0.272, -0.198)


def _wings() -> list[Mesh]:
    """Bat wings half spread behind the shoulders: fingers with cloth between them."""
    root = np.array([0.085, 0.475, -0.115])
    tips = np.array(
        [(0.17, 0.90, -0.30), (0.40, 0.865, -0.33), (0.52, 0.66, -0.31), (0.49, 0.44, -0.27), (0.30, 0.31, -0.2)]
    )
    elbow = np.array([0.16, 0.66, -0.21])
    rows = []
    for share in np.linspace(0, 1, 5):
        row = []
        for a, b in pairwise(tips):
            for t in np.linspace(0, 1, 4, endpoint=False):
                rim = a + (b - a) * t
                scallop = 1 - 0.20 * np.sin(np.pi * t)
                bulge = np.array([0, 0, -0.05]) * np.sin(np.pi * share) * np.sin(np.pi * t)
                start = root + (elbow - root) * (0.9 if a is tips[0] else 0.35)
                row.append(start + (rim - start) * share * scallop + bulge)
        row.append(root + (tips[-1] - root) * share)
        rows.append(row)
    cloth = sheet(np.array(rows)).painted(_wing_paint(root))
    bones = [tube([(*root, 0.030), (*elbow, 0.024), (*tips[0], 0.007)], WING, 7, 4)]
    for tip in tips[1:4]:
        middle = elbow + (tip - elbow) * 0.5 + (0, 0.012, -0.01)
        bones.append(tube([(*(root + (elbow - root) * 0.5), 0.018), (*middle, 0.011), (*tip, 0.005)], WING, 5, 3))
    thumb = lathe([(0.0, -0.02), (0.016, 0.0), (0.010, 0.03), (0.0, 0.055)], HORN, 8).turned("x", -20)
    wing = join([felt(cloth, 0.008), *bones, thumb.moved(*(tips[0] + (0, 0.0, 0)))])
    return [wing, wing.scaled(-1, 1, 1)]


def _wing_paint(root: Array) -> Array:
    return lambda points: ramp(  # type: ignore[return-value]
        (WING, "#f7a071", WING_TIP), np.clip(np.linalg.norm(points - root, axis=1) / 0.46 - 0.15, 0, 1)
    )


def head(triangles: int = 1600) -> Mesh:
    """Skull, cheeks and muzzle in one skin; the rest is laid on. The origin is the joint of the neck."""
    skull = ball(1, 4).scaled(0.178, 0.160, 0.160).moved(0, 0.195, 0.0)
    cheeks = [ball(0.082, 3).moved(side * 0.100, 0.135, 0.050) for side in (-1.0, 1.0)]
    muzzle = ball(1, 4).scaled(*MUZZLE_M).moved(*MUZZLE_AT)
    joint = ball(0.095, 3).moved(0, 0.02, 0)
    skin = melted(join([skull, *cheeks, muzzle, joint]), 0.010, 4, triangles).painted(_face)
    sides = [part.scaled(side, 1, 1) for side in (-1.0, 1.0) for part in (*_eye(), _horn(), _ear(), _nostril())]
    crest = [
        _spike(size).turned("x", tilt).moved(0, y, z)
        for size, tilt, y, z in ((0.055, 12, 0.345, 0.025), (0.062, -18, 0.335, -0.055), (0.056, -50, 0.285, -0.125))
    ]
    return join([skin, *sides, *crest, *_smile()])


MUZZLE_M, MUZZLE_AT = (0.112, 0.078, 0.092), (0.0, 0.118, 0.120)


def _face(points: Array) -> Array:
    """Teal above, a pale muzzle, and a blush on the cheeks."""
    teal = ramp(SCALES, np.clip(0.42 + 1.0 * points[:, 2] + 0.9 * (points[:, 1] - 0.2), 0, 1))
    out = (points - np.array(MUZZLE_AT)) / np.array(MUZZLE_M)
    pale = (1 - smoothstep(1.02, 1.22, np.linalg.norm(out, axis=1)))[:, None] * smoothstep(0.08, 0.14, points[:, 2])[
        :, None
    ]
    rosy = np.linalg.norm((np.abs(points) - (0.128, 0.148, 0.0)) * (1, 1, 0), axis=1)
    rosy = (1 - smoothstep(0.012, 0.052, rosy)) * smoothstep(0.02, 0.08, points[:, 2]) * 0.75
    tinted = teal * (1 - 0.80 * pale) + ramp(("#d6f6e2",), out[:, 0]) * 0.80 * pale
    return tinted * (1 - rosy[:, None]) + ramp((BLUSH,), rosy) * rosy[:, None]


def _eye() -> list[Mesh]:
    """A big dark eye with a violet glow below and two lights, looking ahead and a little up."""

    def iris(points: Array) -> Array:
        low = np.clip(0.15 - points[:, 1], 0, 1)
        return ramp((PUPIL, PUPIL, IRIS), low)

    eye = ball(1, 2).painted(iris).scaled(0.047, 0.062, 0.026)
    lights = [
        ball(1, 1, "#ffffff").scaled(0.0165, 0.0185, 0.008).moved(-0.012, 0.026, 0.0215),
        ball(1, 0, "#f2ecff").scaled(0.0080, 0.0088, 0.005).moved(0.016, -0.024, 0.0205),
    ]
    brow = tube(
        [(-0.034, 0.080, -0.026, 0.005), (0.000, 0.092, -0.027, 0.0100), (0.032, 0.080, -0.036, 0.005)], SCALES[0], 6, 3
    )
    return [join([eye, *lights, brow]).turned("x", -9).turned("y", 27).moved(0.082, 0.222, 0.131)]


def _horn() -> Mesh:
    knots = [
        (0.070, 0.318, -0.02, 0.034),
        (0.092, 0.375, -0.035, 0.026),
        (0.117, 0.425, -0.032, 0.016),
        (0.126, 0.462, -0.012, 0.005),
    ]
    return tube(knots, lambda p: ramp((CREAM_SHADE, HORN, "#fffaf0"), np.clip((p[:, 1] - 0.33) / 0.12, 0, 1)), 8, 3)


def _ear() -> Mesh:
    """A fin swept back, clear of a raised arm."""
    outline = [
        (0.0, -0.045),
        (0.055, -0.052),
        (0.115, -0.030),
        (0.150, 0.022),
        (0.105, 0.040),
        (0.050, 0.048),
        (0.0, 0.040),
    ]
    curve = smooth_path(outline, 2)
    rows = []
    for share, lift in ((1.0, 0.0), (0.86, 0.55), (0.5, 1.0), (0.05, 1.1)):
        inner = np.array([0.045, 0.0])
        flat = inner + (curve - inner) * share
        rows.append(np.stack([flat[:, 0], flat[:, 1], np.full(len(flat), 0.016 * lift)], -1))
    front = sheet(np.array(rows), wrap=True)
    pink = (
        front.scaled(0.72, 0.66, 1.1)
        .moved(0.006, 0.0, 0.0035)
        .painted(lambda p: ramp((WING, WING_TIP), np.clip(p[:, 0] / 0.11, 0, 1)))
    )
    fin = solid(join([front, front.scaled(1, 1, -1)])).painted(
        lambda p: ramp(SCALES[:3], np.clip(1 - p[:, 0] / 0.15, 0, 1))
    )
    return join([fin, pink]).turned("z", 14).turned("y", 56).moved(0.132, 0.232, -0.075)


def _nostril() -> Mesh:
    place = _on_muzzle(0.032, 0.153)
    return ball(1, 0, "#3b8f93").scaled(0.0095, 0.007, 0.006).turned("z", 25).moved(*(place - (0, 0, 0.001)))


def _on_muzzle(x: float, y: float) -> Array:
    """A point in front of the muzzle's ellipsoid, which smoothing draws in a little."""
    a, b, c = MUZZLE_M
    depth = np.sqrt(max(1 - (x / a) ** 2 - ((y - MUZZLE_AT[1]) / b) ** 2, 0.0))
    return np.array([x, y, MUZZLE_AT[2] + 0.985 * c * depth - 0.002])


def _smile() -> list[Mesh]:
    line = [_on_muzzle(x, 0.082 + 0.026 * (abs(x) / 0.062) ** 2.2) for x in np.linspace(-0.066, 0.066, 13)]
    knots = [(*place, 0.0024 + 0.0022 * (1 - abs(k - 6) / 6)) for k, place in enumerate(line)]
    ends = [ball(0.0062, 0, "#2f7f86").moved(*line[k]) for k in (0, -1)]
    return [tube(knots, "#2f7f86", 6, 1), *ends]


def _arm(triangles: int = 600) -> Mesh:
    """A left arm that hangs straight down from the shoulder at the origin, palm to the body."""
    upper = [
        (0, 0.0, 0, 0.060),
        (0, -0.10, 0, 0.063),
        (0, -0.20, 0, 0.058),
        (0, -0.30, 0, 0.055),
        (0, -0.355, 0, 0.053),
    ]
    paw_m = -ARM_M + 0.062
    paw = ball(1, 3).scaled(0.055, 0.068, 0.066).moved(0, paw_m, 0)
    fingers = [
        tube(
            [(0.0, paw_m - 0.02, z * 0.8, 0.026), (-0.004, paw_m - 0.060, z, 0.024), (-0.010, paw_m - 0.078, z, 0.019)],
            sides=10,
        )
        for z in (-0.038, 0.0, 0.038)
    ]
    thumb = tube(
        [
            (-0.012, paw_m + 0.02, 0.035, 0.022),
            (-0.022, paw_m + 0.006, 0.066, 0.019),
            (-0.026, paw_m - 0.012, 0.078, 0.014),
        ],
        sides=10,
    )
    skin = melted(join([tube(upper, sides=18), ball(0.064, 3), paw, *fingers, thumb]), 0.008, 4, triangles)
    skin = skin.painted(lambda p: ramp(SCALES, np.clip(0.50 - 0.9 * p[:, 1] + 0.2 * (noise(p, 0.12, 5) - 0.5), 0, 1)))
    pad = ball(1, 1, CREAM).scaled(0.014, 0.034, 0.034).moved(-0.047, paw_m, 0.0)
    return join([skin, pad])


MODELS = {"dragon": Model(dragon, joints=JOINTS)}
