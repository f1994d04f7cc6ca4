"""What `models.py` runs inside Blender: builds the named models and writes them to a folder."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from assets.build import hands, harbour, orchard, props
from assets.build.kit import Mesh
from assets.build.studio import WHITE_ROOM, Light, save

Nodes = dict[str, Mesh]
RED, GOLD, GREEN = (
    ("#b3312c", "#df4b38", "#f59a4e"),
    ("#e8962a", "#f6b43f", "#ffe08a"),
    ("#6f9f3f", "#93bf52", "#cfe08a"),
)

PLACES: dict[str, tuple[Callable[[], Nodes], Light]] = {
    "orchard": (orchard.build, orchard.LIGHT),
    "harbour": (harbour.build, harbour.LIGHT),
}
PROPS: dict[str, Callable[[], Mesh]] = {
    "apple": lambda: props.apple(*RED),
    "apple_gold": lambda: props.apple(*GOLD),
    "apple_green": lambda: props.apple(*GREEN),
    "twig": props.twig,
    "vine": props.vine,
    "gull": props.gull,
    "butterfly_wing": props.butterfly_wing,
    "butterfly_body": props.butterfly_body,
    "hand_open": lambda: hands.hand(grab=False, outfit=hands.WARM),
    "hand_grab": lambda: hands.hand(grab=True, outfit=hands.WARM),
    "hand_open_sea": lambda: hands.hand(grab=False, outfit=hands.SEA),
    "hand_grab_sea": lambda: hands.hand(grab=True, outfit=hands.SEA),
}


def build(name: str) -> tuple[Nodes, Light]:
    """The nodes of a model and the light it stands in."""
    if name in PLACES:
        make, light = PLACES[name]
        return make(), light
    nodes = props.buoy() if name == "buoy" else {name: PROPS[name]()}
    return nodes, WHITE_ROOM


def main(folder: Path, samples: int, names: list[str]) -> None:
    """Build the named models, or all."""
    known = [*PROPS, "buoy", *PLACES]
    for name in names or known:
        if name not in known:
            raise SystemExit(f"There is no model named {name!r}; the models are {', '.join(known)}.")
        nodes, light = build(name)
        save(folder / f"{name}.glb", nodes, light, samples)


if __name__ == "__main__":
    folder, samples, *names = sys.argv[sys.argv.index("--") + 1 :]
    main(Path(folder), int(samples), names)
