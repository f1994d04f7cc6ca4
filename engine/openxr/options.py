"""What can be chosen about a headset session; every default is what a patient should get."""

from collections.abc import Sequence
from typing import Annotated, NamedTuple, get_type_hints

import msgspec

from engine.parameters import ParameterError


class Options(NamedTuple):
    """Choices of a session.

    `samples` to a pixel; `scale` of the runtime's recommended width and height; `refresh_hz` the highest refresh rate
    to ask for. `posture` says how the person is placed: seated lifts the floor so that the eyes are at standing
    height, lying turns the room so that who looks at the ceiling looks ahead; `height_m` lifts the person further.
    `depth`, `mask` and `cards` send what the runtime takes of depth images, hidden corners and layers of text;
    `one_cull` culls once for both eyes, `one_draw` draws both by the same calls where the stage's shaders can; `late`
    places the eyes again just before they are drawn. `mirror` opens a window on the desktop. `build_floor` makes the
    floor from the room set-up even where the runtime has one.
    `patience_s` is how long to wait for a headset that went away.
    """

    samples: Annotated[int, msgspec.Meta(ge=0, le=16)] = 4
    scale: Annotated[float, msgspec.Meta(ge=0.25, le=2.0)] = 1.0
    refresh_hz: Annotated[float, msgspec.Meta(gt=0)] = 90.0
    posture: str = "standing"
    height_m: float = 0.0
    depth: bool = True
    mask: bool = True
    cards: bool = True
    one_cull: bool = True
    one_draw: bool = True
    late: bool = True
    mirror: bool = False
    build_floor: bool = False
    patience_s: float = 600.0


def options(posture: str, mirror: bool, said: Sequence[str]) -> Options:
    """The options with NAME=VALUE of the command line laid over the defaults; raises ParameterError."""
    kinds, values = get_type_hints(Options, include_extras=True), {"posture": posture, "mirror": mirror}
    for item in said:
        name, _, value = item.partition("=")
        if name not in kinds or name in ("posture", "mirror"):
            known = ", ".join(field for field in kinds if field not in ("posture", "mirror"))
            raise ParameterError(f"--xr {item}: there is no {name!r} to set; there is {known}")
        try:
            values[name] = msgspec.convert(value, kinds[name], strict=False)
        except msgspec.ValidationError as reason:
            raise ParameterError(f"--xr {item}: {reason}") from None
    return Options(**values)  # type: ignore[arg-type]  # each was converted to its own type
