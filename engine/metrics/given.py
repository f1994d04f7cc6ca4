"""What is given to a measure, taken as numbers; what cannot be of a person is refused in a sentence."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engine.metrics.definition import NotMeasurable

Array = NDArray[np.float64]

LARGEST = 1e5  # no metre or degree of a person, and no rate of a device, is more
LATEST_S = 1e11  # no clock that counts seconds shows more, and one that counts nanoseconds soon does


def numbers(values: ArrayLike, what: str, largest: float = LARGEST) -> Array:
    """Numbers as floats, nan where something was not seen.

    Raises NotMeasurable for what is no real number, and for what is larger than `largest`, as infinity is.
    """
    try:
        plain = np.asarray(values)
        if plain.dtype.kind not in "biufO":
            raise TypeError(plain.dtype)
        array = plain.astype(float, copy=False)
    except (TypeError, ValueError) as error:
        raise NotMeasurable(f"{what}: these are no numbers") from error
    if np.any(np.abs(array) > largest):
        raise NotMeasurable(f"{what}: {np.nanmax(np.abs(array)):.3g} is not finite, or nobody's")
    return array


def tracked(values: ArrayLike, shape: tuple[int | None, ...], what: str) -> Array:
    """Numbers of a shape (None is any length but 0), nan where something was not seen; raises like `numbers`."""
    array = numbers(values, what)
    fits = array.ndim == len(shape) and all(want in (None, n) for n, want in zip(array.shape, shape, strict=True))
    if not fits or not array.size:
        raise NotMeasurable(f"{what}: {array.shape} is not {str(shape).replace('None', 'n')}")
    return array


def number(value: float, what: str, largest: float = LARGEST) -> float:
    """One finite number; raises NotMeasurable when it is none, or larger than `largest`."""
    if not -largest <= value <= largest:
        raise NotMeasurable(f"{what}: {value} is not finite, or nobody's")
    return float(value)


def length_m(value: float, what: str) -> float:
    """One length above zero; raises like `number`."""
    if not number(value, what) > 0:
        raise NotMeasurable(f"{what}: a length has to be above 0 m, not {value}")
    return float(value)


def outward_sign(side: str) -> int:
    """1 for a right limb and -1 for a left one, whose outward is the other way; raises NotMeasurable for neither."""
    if side not in ("left", "right"):
        raise NotMeasurable(f"a side is left or right, not {side!r}")
    return 1 if side == "right" else -1
