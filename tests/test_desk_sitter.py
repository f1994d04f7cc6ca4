"""The body at a desk is as tall as who sits there, and sits where they sit."""

import math

import pytest

pytest.importorskip("panda3d.core", reason="Panda3D is not installed: pip install steadyreach[panda]")

from engine.body import EYE_HEIGHT_OF_STATURE, SEATED_EYES_OF_STATURE
from engine.facing import face_deg
from engine.frame import UPRIGHT, Button
from engine.inputs import NOTHING
from engine.panda.puppet import SEATED_EYE_M, STATURE_M, Puppet

CHILD_M = 1.15
AHEAD = (0.0, 0.0, -1.0)


def lived(puppet: Puppet, ray=None, seconds: float = 1.0):
    for _ in range(round(60 * seconds)):
        puppet.advance(NOTHING, ray, 1 / 60)
    return puppet.frame(1, NOTHING, Button.NONE, focused=True)


def test_a_child_has_the_eyes_and_the_arms_of_a_child():
    frame = lived(Puppet(CHILD_M), (0.6, 0.0, -0.8))
    assert frame.head.position_m[1] == pytest.approx(EYE_HEIGHT_OF_STATURE * CHILD_M, abs=1e-3)
    tall = lived(Puppet(), (0.6, 0.0, -0.8))
    assert math.dist(frame.right.grip.position_m, frame.head.position_m) == pytest.approx(
        CHILD_M / STATURE_M * math.dist(tall.right.grip.position_m, tall.head.position_m), abs=1e-3
    )


def test_who_plays_seated_sits_from_the_first_frame():
    puppet = Puppet(CHILD_M, sits=True)
    heights = [lived(puppet, seconds=0.1).head.position_m[1] for _ in range(5)]
    assert heights == pytest.approx([SEATED_EYES_OF_STATURE * CHILD_M] * 5, abs=1e-3)
    puppet.stand_or_sit()
    assert lived(puppet, seconds=2.0).head.position_m[1] == pytest.approx(EYE_HEIGHT_OF_STATURE * CHILD_M, abs=1e-3)


def test_the_figure_shows_the_same_posture_in_its_own_size():
    puppet = Puppet(CHILD_M, sits=True)
    lived(puppet, AHEAD)
    figure = puppet.of_usual_size()
    assert figure.eyes()[1] == pytest.approx(SEATED_EYE_M)
    assert math.dist(figure.hand("right").position_m, figure.eyes()) == pytest.approx(
        STATURE_M / CHILD_M * math.dist(puppet.hand("right").position_m, puppet.eyes())
    )
    assert (figure.sits, figure.share) == (True, 0.0)


def test_a_face_that_looks_beside_the_picture_is_said_and_not_drawn():
    puppet = Puppet()
    puppet.aside_deg = (12.0, -20.0)
    said = lived(puppet).head
    assert face_deg(said.orientation, UPRIGHT)[:2] == pytest.approx((12.0, -20.0), abs=0.01)
    assert puppet.head().orientation == UPRIGHT
    assert said.position_m == pytest.approx(puppet.head().position_m, abs=1e-6)
