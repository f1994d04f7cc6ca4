"""What comes and goes as often as it can does not flash: three a second at most (WCAG 2.2, 2.3.1), counted in pictures.

A flash is a pair of opposing changes of relative luminance by 0.1 or more, the darker below 0.8; it is counted in
blocks of five degrees, which is stricter than the quarter of ten degrees that WCAG counts from.
"""

import math
from collections.abc import Callable

import numpy as np
import pytest

from engine import theme, words
from engine.frame import LOST, Frame, Hand, Pose
from engine.panda.ease import FADES_S, STAYS_S, Presence
from engine.scene import Scene

pytest.importorskip("panda3d.core", reason="Panda3D is not installed: pip install steadyreach[panda]")

from engine.panda.film import FilmCamera
from engine.panda.stage import Stage

RATE_HZ, SECONDS, MOST_PER_S = 20, 1.4, 3
SIZE, BLOCK = (96, 60), 6
HAND = Hand(Pose((0.1, 1.5, -0.35)))
LIGHT = np.array([c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in np.arange(256) / 255])


def luminance(picture: np.ndarray) -> np.ndarray:
    """The relative luminance of each block of a picture."""
    each = LIGHT[picture[..., :3]] @ (0.2126, 0.7152, 0.0722)
    high, wide = each.shape
    blocks: np.ndarray = each.reshape(high // BLOCK, BLOCK, wide // BLOCK, BLOCK).mean((1, 3)).ravel()
    return blocks


def changes(values: np.ndarray) -> list[int]:
    """The images in which a luminance has changed by 0.1, each the other way than the one before."""
    found, lowest, highest = list[int](), values[0], values[0]
    way = 0
    for image, value in enumerate(values):
        lowest, highest = min(lowest, value), max(highest, value)
        for to, reached in ((1, value - lowest >= 0.1 and lowest < 0.8), (-1, highest - value >= 0.1 and value < 0.8)):
            if reached and way != to:
                found.append(image)
                way = to
            if reached:
                lowest = highest = value
    return found


def most_flashes_per_s(seen: np.ndarray) -> float:
    """The most flashes within a second in any block, of (images, blocks)."""
    times = [changes(block) for block in seen.T]
    return max((sum(start <= at < start + RATE_HZ for at in each) / 2 for each in times for start in each), default=0)


def seen_of(graphics, models, name: str, hand: Callable[[float], Hand]) -> np.ndarray:
    """What somebody sees of a right hand, as the luminance of blocks in (images, blocks)."""
    stage = Stage(graphics, theme.load(name), words.load(), models)
    camera, seen = FilmCamera(graphics, stage, SIZE, "eyes", 1), []
    for image in range(round(RATE_HZ * SECONDS)):
        now_s = image / RATE_HZ
        frame = Frame(int(1e9 * (1 + now_s)), Pose((0.0, 1.6, 0.0)), Hand(LOST), hand(now_s))
        seen.append(luminance(np.array(camera.picture(Scene("still"), frame))))
    return np.array(seen)


def often(seconds: float) -> bool:
    return math.sin(2 * math.pi * 5 * seconds) > 0


@pytest.mark.parametrize("name", theme.names())
def test_a_hand_that_is_lost_and_found_five_times_a_second_does_not_flash(graphics, models, name):
    seen = seen_of(graphics, models, name, lambda now_s: HAND if often(now_s) else Hand(LOST))
    assert most_flashes_per_s(seen) <= MOST_PER_S


@pytest.mark.parametrize("name", theme.names())
def test_a_hand_that_opens_and_closes_five_times_a_second_does_not_flash(graphics, models, name):
    seen = seen_of(graphics, models, name, lambda now_s: HAND._replace(trigger=float(often(now_s))))
    assert most_flashes_per_s(seen) <= MOST_PER_S


@pytest.mark.parametrize("away_s", [0.02, 0.1, STAYS_S, STAYS_S + 0.02, 0.5])
def test_what_comes_and_goes_however_often_goes_no_more_than_three_times_a_second(away_s):
    presence = Presence()
    values = [presence.follow(float(step % round(100 * away_s + 2) < 2), step / 100) for step in range(500)]
    assert len([step for step, now in enumerate(values[1:]) if now < values[step] == 1]) <= MOST_PER_S * 5


def test_what_is_there_comes_at_once_and_time_that_goes_back_counts_as_none():
    presence = Presence()
    assert [presence.follow(0.0, 9.0), presence.follow(1.0, 5.0)] == [0.0, 0.0]
    assert presence.follow(1.0, 5.0 + FADES_S / 2) == pytest.approx(0.5)
    assert presence.follow(1.0, 6.0) == 1.0


def test_flashes_are_counted():
    images = np.arange(RATE_HZ * 2)
    flashing = np.stack([images % 4 < 2, images % 20 < 10, images * 0], axis=1) * 0.2
    assert most_flashes_per_s(flashing) == pytest.approx(5.0, abs=0.5)
    assert most_flashes_per_s(flashing[:, 1:]) == pytest.approx(1.0, abs=0.5)
    assert most_flashes_per_s(flashing[:, 2:]) == 0
