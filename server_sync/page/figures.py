"""Figures of a body as SVG: how far the arms reach, and where one trial went."""

import math
from collections.abc import Callable, Mapping, Sequence

from markupsafe import Markup, escape

from engine.records import ReachCell
from server_sync.page.language import _

SHOULDER_HALF_WIDTH_CM = 18.0
BIN_DEG = 15.0  # the width of a cell of reach
_RINGS_CM = (20, 40, 60, 80)
_ROLES = {"left": "measured", "right": "other"}

Place = tuple[float, float]


def reach_from_above(reach: Mapping[str, Sequence[ReachCell]]) -> Markup:
    """How far each hand went in each direction, seen from above; ahead is up, one unit is a centimetre."""
    shapes = ""
    for side in _ROLES:
        x = -SHOULDER_HALF_WIDTH_CM if side == "left" else SHOULDER_HALF_WIDTH_CM
        furthest: dict[float, float] = {}
        for cell in reach.get(side, ()):
            out_cm = 100 * cell.radius_m * math.sin(math.radians(cell.elevation_deg))
            furthest[cell.azimuth_deg] = max(furthest.get(cell.azimuth_deg, 0.0), out_cm)
        sectors = [_sector(radius, angle, _up_and_right) for angle, radius in sorted(furthest.items())]
        shapes += f'<g transform="translate({x} 0)">{_in_role(sectors, side)}</g>'
    body = (
        '<ellipse class="body" cx="0" cy="3" rx="25" ry="11"/><circle class="body" cx="0" cy="0" r="11"/>'
        '<rect class="visor" x="-7" y="-14" width="14" height="6" rx="2"/>'
    )
    title = _("Reach in each direction, seen from above")
    return _figure(title, (-95, -90, 190, 112), _rings(above=True) + shapes + body)


def reach_from_side(reach: Mapping[str, Sequence[ReachCell]]) -> Markup:
    """How far each hand went at each height, seen from the side; outwards is to the right, one unit a centimetre."""
    shapes = ""
    for side in _ROLES:
        furthest: dict[float, float] = {}
        for cell in reach.get(side, ()):
            furthest[cell.elevation_deg] = max(furthest.get(cell.elevation_deg, 0.0), 100 * cell.radius_m)
        sectors = [_sector(radius, angle, _hanging) for angle, radius in sorted(furthest.items())]
        shapes += _in_role(sectors, side)
    title = _("Reach at each height, seen from the side")
    return _figure(title, (-50, -90, 150, 214), _rings(above=False) + _standing() + shapes)


def arm_raised(asked_deg: float | None, came_to_deg: float | None, limit_deg: float | None, side: str) -> Markup:
    """One reach seen from the side: the arm where it came to, a ring where it was asked, an arc to the limit."""
    arm_cm = 62.0
    parts = [_standing()]
    if limit_deg is not None:
        parts.append(f'<path class="arc" d="{_arc(arm_cm, limit_deg)}"/>')
    if came_to_deg is not None:
        x, y = _hanging(arm_cm, came_to_deg)
        parts.append(f'<line class="arm" x1="0" y1="0" x2="{x:.1f}" y2="{y:.1f}"/>')
    if asked_deg is not None:
        x, y = _hanging(arm_cm, asked_deg)
        parts.append(f'<circle class="target" cx="{x:.1f}" cy="{y:.1f}" r="7"/>')
    mirrored = f'<g transform="scale(-1 1)">{"".join(parts)}</g>' if side == "left" else "".join(parts)
    left = -88 if side == "left" else -40
    title = _("Left arm from the side") if side == "left" else _("Right arm from the side")
    return _figure(title, (left, -82, 128, 206), mirrored)


def leaned(asked_deg: float | None, came_to_deg: float | None, limit_deg: float | None, to_the_right: bool) -> Markup:
    """One lean: the body at the angle it came to, a ring where the head was asked to be, an arc to the limit."""
    sign = 1 if to_the_right else -1
    tall_cm = 150.0
    parts = ['<line class="floor" x1="-70" x2="70" y1="0" y2="0"/>']
    if limit_deg is not None:
        x, y = _up_and_right(tall_cm, sign * limit_deg)
        parts.append(f'<path class="arc" d="M0 {-tall_cm}A{tall_cm} {tall_cm} 0 0 {int(sign > 0)} {x:.1f} {y:.1f}"/>')
    turned = sign * (came_to_deg or 0.0)
    parts.append(f'<g transform="rotate({turned:.1f})">{_from_the_feet()}</g>')
    if asked_deg is not None:
        x, y = _up_and_right(tall_cm, sign * asked_deg)
        parts.append(f'<circle class="target" cx="{x:.1f}" cy="{y:.1f}" r="15"/>')
    return _figure(_("The lean"), (-75, -175, 150, 182), "".join(parts))


def _sector(radius: float, angle_deg: float, place: Callable[[float, float], Place]) -> tuple[str, str]:
    """A slice of one bin around the origin, and its outer edge, as paths."""
    (x1, y1), (x2, y2) = (place(radius, angle_deg + half) for half in (-BIN_DEG / 2, BIN_DEG / 2))
    sweep = 1 if place is _up_and_right else 0
    edge = f"{x1:.1f} {y1:.1f}A{radius:.1f} {radius:.1f} 0 0 {sweep} {x2:.1f} {y2:.1f}"
    return f"M0 0L{edge}Z", f"M{edge}"


def _in_role(sectors: Sequence[tuple[str, str]], side: str) -> str:
    areas, edges = ("".join(paths) for paths in zip(*sectors, strict=True)) if sectors else ("", "")
    return f'<path class="{_ROLES[side]} area" d="{areas}"/><path class="{_ROLES[side]} edge" d="{edges}"/>'


def _rings(above: bool) -> str:
    """Half rings around the origin: ahead is up when seen from above, to the right when seen from the side."""
    half = "M{0} 0A{1} {1} 0 0 1 {1} 0" if above else "M0 {0}A{1} {1} 0 0 1 0 {1}"
    return "".join(f'<path class="ring" d="{half.format(-radius, radius)}"/>' for radius in _RINGS_CM)


def _standing() -> str:
    """A body seen from its right side, facing right, with its shoulder at the origin."""
    return (
        '<circle class="body" cx="2" cy="-30" r="12"/><rect class="visor" x="4" y="-35" width="11" height="8" rx="2"/>'
        '<rect class="body" x="-11" y="-14" width="21" height="66" rx="10"/>'
        '<rect class="body" x="-8" y="40" width="15" height="78" rx="7"/>'
        '<rect class="body" x="-8" y="112" width="24" height="8" rx="4"/>'
        '<line class="floor" x1="-34" x2="60" y1="121" y2="121"/>'
    )


def _from_the_feet() -> str:
    """The same body with its feet at the origin."""
    return (
        '<circle class="body" cx="0" cy="-150" r="12"/>'
        '<rect class="body" x="-13" y="-134" width="26" height="68" rx="11"/>'
        '<rect class="body" x="-9" y="-78" width="18" height="78" rx="7"/>'
        '<line class="arm" x1="0" y1="-6" x2="0" y2="-136"/>'
    )


def _hanging(length: float, angle_deg: float) -> Place:
    angle = math.radians(angle_deg)
    return length * math.sin(angle), length * math.cos(angle)


def _up_and_right(length: float, angle_deg: float) -> Place:
    angle = math.radians(angle_deg)
    return length * math.sin(angle), -length * math.cos(angle)


def _arc(radius: float, to_deg: float) -> str:
    x, y = _hanging(radius, to_deg)
    return f"M0 {radius:.1f}A{radius} {radius} 0 {int(to_deg > 180)} 0 {x:.1f} {y:.1f}"


def _figure(title: str, box: tuple[int, int, int, int], content: str) -> Markup:
    left, top, width, height = box
    return Markup(  # noqa: S704 - our own words and numbers
        f'<svg class="figure" role="img" viewBox="{left} {top} {width} {height}" aria-label="{escape(title)}">'
        f"<title>{escape(title)}</title>{content}</svg>"
    )
