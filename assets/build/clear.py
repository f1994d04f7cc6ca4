"""The places of the theme of clear shapes: a dark floor with rings to stand on, and quiet grey landmarks far behind.

Nothing here is as light as what matters: the lightest edge has less than a third of the contrast of a target.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from assets.build import launch_site as site
from assets.build.boat_houses import houses, pagoda
from assets.build.cafe import FOUNTAIN
from assets.build.cafe_things import PAINTS as CAFE
from assets.build.cafe_things import awning, counter, fountain
from assets.build.footbridge import footbridge
from assets.build.garden import harvest
from assets.build.headland import headland
from assets.build.kit import Array, Mesh, ball, banded, join, lathe, ramp, tube
from assets.build.land import hill, meadow
from assets.build.launch import HUT, PAD, TANKS, TOWER
from assets.build.launch_looks import MORNING
from assets.build.lighthouse import ON_ROCK_M, lighthouse, rock, tower
from assets.build.lighthouse import cottage as cottage_of_the_keeper
from assets.build.meadow_looks import DAY
from assets.build.mountain_lake import ISLET
from assets.build.open_air import arch, deck
from assets.build.point import LIGHTHOUSE
from assets.build.pond_looks import MORNING as MORNING_POND
from assets.build.raft import raft
from assets.build.shore_looks import DAY as SHORE
from assets.build.studio import Light, Model
from assets.build.town import cottage
from assets.build.village import CHURCH, church
from assets.build.windmill import windmill
from assets.build.windy_hill import MILL, festoon
from assets.build.wood_land import BRANCH

LIGHT = Light(
    to_sun=(-0.45, 0.70, 0.55),
    sun_strength=2.6,
    sun="#ffffff",
    zenith="#c8d4e4",
    horizon="#8fa0b4",
    sky_strength=0.55,
    gain=0.95,
)
SLATE = ("#141c26", "#212d3b", "#2f4056", "#3f536d")
FLOOR, LINE, MAT = ("#222d3a", "#2b3848"), "#394b62", "#2d3b4d"
HILLS = (("#18212d", "#1f2a38"), ("#131b25", "#19232f"))
RINGS_M = (1.2, 2.4, 4.0, 6.5, 10.0, 15.0)
# x, z, turn about y, width, height.
HOMES = tuple(
    (-22.0 + 3.6 * k, -27.0 - 0.5 * k, 12.0 - k, 1.0 + 0.08 * (k % 2), 1.0 + 0.16 * (k * 2 % 3)) for k in range(6)
)
POINT_SIZE = 0.55
OVER_FLOOR_M = 0.012
CROWNS = ((0.0, 0.0, 0.0, 1.0), (0.62, -0.28, 0.25, 0.72), (-0.58, -0.22, -0.2, 0.68), (0.1, 0.55, 0.0, 0.66))


def slate(mesh: Mesh) -> Mesh:
    """A thing of the day in four shades of grey, by how bright it is."""
    bright = np.clip(mesh.colours[:, :3] @ (0.25, 0.6, 0.15), 0, 1) ** 0.45
    return mesh.painted(ramp(SLATE, np.clip((bright - 0.25) / 0.7, 0, 1))).swaying(0.0)


def floor() -> list[Mesh]:
    """The floor, with a mat under the feet and a thin ring every few steps, so that depth can be seen."""
    ground = meadow(lambda places: np.zeros(len(places)), _tone, fine=0.36)
    mat = banded([([(0.66, 0.004), (0.60, 0.006)], LINE), ([(0.60, 0.006), (0.0, 0.006)], MAT)], 48)
    wide = [(radius, 0.008 + 0.010 * radius) for radius in RINGS_M]
    rings = [lathe([(r + w, 0.003), (r, 0.003)], LINE, 72) for r, w in wide]
    return [ground, mat, *rings]


def _tone(points: Array) -> Array:
    return ramp(FLOOR, np.clip(np.hypot(points[:, 0], points[:, 2]) / 60, 0, 1))


def tree(x: float, z: float, high_m: float, seed: int) -> Mesh:
    """A round tree of a few balls on a tapered stem."""
    wide = 0.27 * high_m
    stem = tube([(0, -0.1, 0, 0.055 * high_m), (0, 0.5 * high_m, 0, 0.035 * high_m)], SLATE[1], 9, 3)
    crown = join([ball(wide * size, 2).moved(wide * a, 0.70 * high_m + wide * b, wide * c) for a, b, c, size in CROWNS])
    shade = crown.painted(lambda p: ramp(SLATE[1:3], np.clip((p[:, 1] / high_m - 0.45) / 0.5, 0, 1)))
    return join([stem, shade]).turned("y", 67.0 * seed).moved(x, 0, z)


def grove(spots: Sequence[tuple[float, float, float]]) -> list[Mesh]:
    """Trees at (x, z, height)."""
    return [tree(*spot, k) for k, spot in enumerate(spots)]


def trunk(x: float, z: float, radius_m: float) -> Mesh:
    """A tall bare trunk that goes up out of sight."""
    knots = [
        (0, -0.1, 0, 1.7 * radius_m),
        (0, 0.5, 0, 1.1 * radius_m),
        (0, 4.0, 0, radius_m),
        (0.3, 11, 0, 0.8 * radius_m),
        (0.4, 24, 0, 0.6 * radius_m),
    ]
    return tube(knots, lambda p: ramp(SLATE[:3], np.clip(0.9 - p[:, 1] / 9, 0, 1)), 14, 4).moved(x, 0, z)


def lobby() -> list[Mesh]:
    """A gate of two posts and a beam, and far behind it what there is to visit."""
    gate = [tube([(x, 0, -3.4, 0.11), (x, 2.9, -3.4, 0.09)], SLATE[2], 12, 3) for x in (-2.3, 2.3)]
    beam = tube([(-2.9, 2.95, -3.4, 0.10), (0, 3.02, -3.4, 0.11), (2.9, 2.95, -3.4, 0.10)], SLATE[2], 12, 4)
    mill, light = slate(windmill()).moved(-9.0, 0, -34.0), slate(lighthouse()).moved(0.0, 0.1, -14.0)
    return [*gate, beam, mill, light, *grove(((-4.6, -18, 3.2), (-13, -27, 4.0), (2.5, -26, 3.6), (4.6, -30, 4.2)))]


def still() -> list[Mesh]:
    """Almost nothing."""
    return grove(((-9.0, -22.0, 3.6), (-11.5, -25.0, 4.4), (12.0, -26.0, 4.0)))


def orchard() -> list[Mesh]:
    """A windmill among round trees; beside the patient the basket that fills."""
    spots = ((-7.5, -13, 3.2), (-10.5, -18, 3.8), (-4.2, -21, 3.6), (9.5, -16, 3.6), (13, -20, 4.2), (11, -28, 4.6))
    return [slate(windmill()).moved(3.6, 0, -27.0), slate(harvest()), *grove(spots)]


def harbour() -> list[Mesh]:
    """A lighthouse, and a row of houses by the water."""
    homes = [
        slate(cottage("#fbe6b8", "#c98f58")).scaled(wide, high, 1).turned("y", turn).moved(x, -0.5, z)
        for x, z, turn, wide, high in HOMES
    ]
    return [slate(lighthouse()), *homes]


def launch() -> list[Mesh]:
    """The pad with its tower, tanks and hut."""
    paints = MORNING.paints
    tanks = [site.tank(paints, radius_m, paints.frame).moved(x, 0, z) for x, z, radius_m in TANKS]
    pad, hut = site.pad(paints).moved(PAD[0], 0, PAD[1]), site.hut(paints).turned("y", -30).moved(HUT[0], 0, HUT[1])
    tower = site.tower(paints).moved(TOWER[0], site.PAD_TOP_M - 0.02, TOWER[1])
    return [slate(join([pad, tower, hut, *tanks])), *grove(((-8.0, -15.0, 3.8), (-10.5, -19.0, 4.4)))]


def wood() -> list[Mesh]:
    """Tall trunks with a clearing between them, and the branch on which owlets gather."""
    near = ((-4.6, -6.5, 0.42), (-7.6, -9.0, 0.46), (6.6, -5.2, 0.48), (8.6, -9.5, 0.44), (-3.4, -12.5, 0.36))
    far = ((4.9, -14.0, 0.36), (-9.5, -16.0, 0.40), (-1.9, -19.0, 0.36), (9.8, -18.0, 0.4), (2.6, -23.0, 0.4))
    return [*(trunk(*spot) for spot in (*near, *far)), tube(BRANCH, SLATE[2], 9, 5)]


def stage() -> list[Mesh]:
    """The round stage under its arch, with trees on both sides."""
    spots = ((-6.5, -9, 3.8), (7.4, -9, 4.0), (-9.5, -14, 4.4), (10.5, -14, 4.4), (-4.0, -19, 3.8), (5.2, -20, 4.0))
    return [slate(deck(DAY.paints)), slate(arch(DAY.paints)), *grove(spots)]


def shore() -> list[Mesh]:
    """The headland with its arch of rock."""
    return [slate(part) for part in headland(SHORE)]


def point() -> list[Mesh]:
    """A lighthouse with room for its lamp on a rock, and houses across the bay."""
    light = slate(join([rock(), join([tower(glass=False), cottage_of_the_keeper()]).moved(0, ON_ROCK_M, 0)]))
    homes = [
        slate(cottage("#fbe6b8", "#c98f58")).scaled(wide, high, 1).turned("y", turn).moved(x - 3.0, -0.5, z - 9.0)
        for x, z, turn, wide, high in HOMES
    ]
    return [light.scaled(POINT_SIZE).moved(LIGHTHOUSE[0], 0, LIGHTHOUSE[1]), *homes]


def hill_top() -> list[Mesh]:
    """Poles with cords for flags, and far behind them a church and a windmill."""
    x, z, turn = CHURCH
    mill = slate(windmill()).turned("y", -24).moved(MILL[0], 0, MILL[1])
    tower = slate(church()).turned("y", turn).moved(x, -0.1, z)
    return [*(slate(part) for part in festoon()), mill, tower, *grove(((-9.0, -20.0, 3.4), (11.0, -26.0, 4.0)))]


def lake() -> list[Mesh]:
    """Boat houses, a pagoda, and the ferry with its carved dragon ahead."""
    tower = pagoda(3, "#4f7f86").moved(ISLET[0], 0.1, ISLET[1])
    ferry = join(raft(("#a5703f", "#c8935a", "#e2b67e"), "#7d4c2f", "#e2694a", "#f0dfb8", "#4a3428")).moved(
        0, OVER_FLOOR_M, 0
    )
    return [*(slate(thing) for thing in (*houses(-0.4), tower, ferry)), *grove(((3.0, -30.0, 3.6), (20.0, -24.0, 4.0)))]


def pond() -> list[Mesh]:
    """The far bridge between round trees, and clumps of reed beside a round deck."""
    stems = [
        tube(
            [
                (x + 0.16 * np.sin(2.4 * k), 0, z + 0.2 * np.cos(2.4 * k), 0.022),
                (x + 0.2 * np.sin(2.4 * k), 1.1 + 0.07 * k, z, 0.008),
            ],
            SLATE[2],
            6,
            2,
        )
        for x, z in ((-3.6, -3.4), (-6.4, -7.4), (5.8, -4.8), (7.2, -9.0))
        for k in range(7)
    ]
    deck = banded([([(2.45, 0.0), (2.45, 0.012)], LINE), ([(2.45, 0.012), (2.36, 0.012)], LINE)], 72)
    bridge = slate(footbridge(MORNING_POND.boards)).turned("y", 90).scaled(1.9).moved(2.6, 0, -19.0)
    spots = ((-7.5, -15, 3.8), (-10.5, -20, 4.2), (-3.6, -24, 3.8), (8.2, -19, 4.0), (11.5, -23, 4.4), (6.0, -26, 3.8))
    return [deck, bridge, *stems, *grove(spots)]


def cafe() -> list[Mesh]:
    """The counter, the awning and the fountain."""
    water = fountain(CAFE, "#8fd0cc").moved(FOUNTAIN[0], 0, FOUNTAIN[1])
    parts = [counter(CAFE), *awning(CAFE, 2.62, -2.85), water]
    return [*(slate(part) for part in parts), *grove(((-6.4, -12.0, 3.6), (7.4, -12.6, 3.8)))]


def _place(things: Callable[[], list[Mesh]]) -> Model:
    """A place with these things between its floor and its hills."""

    def build() -> dict[str, Mesh]:
        sizes = ((70, 7.0, 34, 71), (110, 15.0, 55, 72))
        hills = [hill(*row[:3], *paints, row[3]) for row, paints in zip(sizes, HILLS, strict=True)]
        return {"mid": join([*floor(), *things()]), "far": join(hills)}

    return Model(build, LIGHT)


MODELS = {
    f"clear_{name}": _place(things)
    for name, things in (
        ("lobby", lobby), ("still", still), ("orchard", orchard), ("harbour", harbour), ("launch", launch),
        ("wood", wood), ("meadow", stage), ("shore", shore), ("lighthouse", point), ("hill", hill_top),
        ("lake", lake), ("pond", pond), ("cafe", cafe),
    )
}  # fmt: skip
