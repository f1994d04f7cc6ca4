"""Pictures of a session as it goes on: from the eyes of the person, from their side, or both beside each other."""

import math
from collections.abc import Mapping
from typing import cast

import numpy as np
from numpy.typing import NDArray
from panda3d.core import BitMask32, Camera, GraphicsOutput, LVecBase4f, NodePath, PerspectiveLens

from engine.body import EYE_HEIGHT_OF_STATURE, NECK_IN_HEAD_M, SEATED_EYES_OF_STATURE, neck_m, shoulder_m
from engine.footing import ONE_LEG
from engine.frame import SIDES, Frame, Pose, Quaternion, Vector, from_yaw_pitch, rotate
from engine.panda.axes import to_panda, turn_to_panda
from engine.panda.footing import prints
from engine.panda.graphics import Graphics
from engine.panda.mannequin import BESIDE, BOTH_BESIDE, FEET_AHEAD_M, LIFTED, Foot, Mannequin
from engine.panda.pictures import FAR_M, NEAR_M
from engine.panda.puppet import STATURE_M as FIGURE_M
from engine.panda.stage import Stage
from engine.records import Stance
from engine.scene import Footing, Middle, Rise, Scene, Surround, Walk
from engine.sitting import SITS

EYES, SIDE, BOTH = VIEWS = ("eyes", "side", "both")
EYES_FOV_DEG, EYES_ACROSS_DEG, SIDE_FOV_DEG = 66.0, 82.0, 44.0
EYES_SHARE = 0.625
"""How much of the width of a picture of both is what the eyes see: a person who stands is tall."""
BESIDE_M, BESIDE_YAW_DEG, BESIDE_PITCH_DEG = (2.65, 1.40, 0.85), -72.0, -7.0
"""Where somebody looks on from, while the person in the middle faces -z: from a little behind, to see both arms."""
RESTING_M = (0.04, -0.56, -0.06)
"""From a shoulder to a hand that is not tracked."""
_FOR_EYES, _FOR_SIDE = BitMask32.bit(0), BitMask32.bit(1)

Pixels = NDArray[np.uint8]


class FilmCamera:
    """Takes one picture after the other of a stage, `size` pixels wide and high, in a view of VIEWS."""

    def __init__(
        self, graphics: Graphics, stage: Stage, size: tuple[int, int], view: str = BOTH, samples: int = 4,
        stature_m: float = FIGURE_M, seated: bool = False,
    ) -> None:  # fmt: skip
        """Set up; raises engine.panda.graphics.NoGraphics when the size is refused.

        The person whom the side shows is of a stature; who plays `seated` leans over the seat, which never moves.
        """
        self._graphics, self._stage = graphics, stage
        self._film = graphics.buffer("film", size, samples)
        self._film.set_clear_color(LVecBase4f(0, 0, 0, 1))
        share = {EYES: 1.0, SIDE: 0.0, BOTH: EYES_SHARE}[view]
        self._eyes = _camera(self._film, stage.root, (0.0, share), _FOR_EYES)
        self._side = _camera(self._film, stage.root, (share, 1.0), _FOR_SIDE)
        _see(self._eyes, EYES_FOV_DEG, EYES_ACROSS_DEG)
        _see(self._side, SIDE_FOV_DEG)
        # Samples are averaged no further than the last region goes, so that has to be as large as the film.
        whole = self._film.make_display_region()
        whole.set_sort(1)
        whole.set_camera(NodePath("nothing").attach_new_node(Camera("nobody")))
        self._person = None if view == EYES else _Person(stage, stature_m, seated)
        self._has_eyes = view != SIDE
        for side in SIDES:  # the figure has hands of its own, and a shadow
            for part in ("hand", "floor"):
                stage.root.find(f"**/{part} {side}").hide(_FOR_SIDE)

    def follow(self, scene: Scene, frame: Frame) -> None:
        """Let everything move on without a picture: what appears, comes to rest or fades takes time."""
        self._stage.show(self._seen(scene), frame)

    def picture(self, scene: Scene, frame: Frame, eyes: Pose | None = None) -> Pixels:
        """A picture of this moment: height x width x 3, top row first. `eyes` are those of the head unless given."""
        self._stage.show(self._seen(scene), frame)
        if self._person is not None:
            self._person.be(scene, frame)
        middle, seen = scene.middle, eyes or frame.head
        x, y, z = rotate(from_yaw_pitch(math.radians(middle.facing_deg), 0.0), BESIDE_M)
        turned = from_yaw_pitch(math.radians(middle.facing_deg + BESIDE_YAW_DEG), math.radians(BESIDE_PITCH_DEG))
        _aim(self._side, (middle.x_m + x, y, middle.z_m + z), turned)
        _aim(self._eyes, seen.position_m, seen.orientation)
        self._graphics.engine.render_frame()
        shot = self._film.get_screenshot()
        raw = np.frombuffer(shot.get_ram_image_as("RGB").get_data(), np.uint8)
        return raw.reshape(shot.get_y_size(), shot.get_x_size(), 3)[::-1]

    def _seen(self, scene: Scene) -> Scene:
        """A scene as it is filmed: who looks on from the side alone is not in the dark."""
        if self._has_eyes or not any(isinstance(item, Surround) for item in scene.items):
            return scene
        return scene._replace(items=tuple(item for item in scene.items if not isinstance(item, Surround)))


class _Person:
    """The figure of whoever was recorded, where they were."""

    def __init__(self, stage: Stage, stature_m: float, seated: bool) -> None:
        self._stage, self._stature_m, self._seated, self._place = stage, stature_m, seated, ""
        self._figure = Mannequin()
        self.node: NodePath = self._figure.root
        self.node.reparent_to(stage.root)
        self.node.set_scale(stature_m / FIGURE_M)
        self.node.hide(_FOR_EYES)

    def be(self, scene: Scene, frame: Frame) -> None:
        """Stand, sit, lean and reach as in this frame.

        Nobody is there while the head is lost, or the headset is off: then its place is not that of a head.
        """
        if scene.place != self._place:
            self._place = scene.place
            self._figure.enter(self._stage.theme.places[scene.place])
        if not frame.head.valid or any(isinstance(item, Walk) for item in scene.items):
            self.node.stash()
            return
        self.node.unstash()
        rises = any(isinstance(item, Rise) for item in scene.items)
        seen = _Seen(frame, scene.middle, self._stature_m, self._seated, rises)
        self.node.set_pos(to_panda(seen.floor_m))
        self.node.set_h(-scene.middle.facing_deg)
        self._figure.show(seen, _feet(scene), chair=rises or self._seated or seen.share < SITS)


class _Seen:
    """A body whose head and hands are where a recording has them, seen from `floor_m`, where the figure stands or sits.

    Places are as they would be if the person were as tall as the figure. How far up it is (`share`) is told from the
    height of the eyes; whoever sits down has the seat below them, but one who plays `seated` has it in the middle, and
    one who `rises` behind the middle, where their feet stay.
    """

    active = ""

    def __init__(self, frame: Frame, middle: Middle, stature_m: float, seated: bool, rises: bool) -> None:
        self.facing = from_yaw_pitch(math.radians(middle.facing_deg), 0.0)
        self._frame, self._by = frame, FIGURE_M / stature_m
        low_m, high_m = SEATED_EYES_OF_STATURE * stature_m, EYE_HEIGHT_OF_STATURE * stature_m
        self._stance = Stance((middle.x_m, high_m, middle.z_m), middle.facing_deg)
        neck = neck_m(frame.head.position_m, frame.head.orientation)
        x, y, z = self._eyes_m = _minus(neck, rotate(self.facing, NECK_IN_HEAD_M))
        self.share = min(1.0, max(0.0, (y - low_m) / (high_m - low_m)))
        behind = rotate(self.facing, (0.0, 0.0, FEET_AHEAD_M / self._by))
        seat_x, seat_z = (behind[0], behind[2]) if rises else (x - middle.x_m, z - middle.z_m)
        along = 0.0 if seated else 1 - self.share
        self.floor_m = (middle.x_m + along * seat_x, 0.0, middle.z_m + along * seat_z)

    def eyes(self) -> Vector:
        """Where the eyes would be with the head upright."""
        return self._seen(self._eyes_m)

    def head(self) -> Pose:
        """The head."""
        return Pose(self._seen(self._frame.head.position_m), self._frame.head.orientation)

    def hand(self, side: str) -> Pose:
        """Where a hand is; one that is lost hangs."""
        grip = (self._frame.left if side == "left" else self._frame.right).grip
        if grip.valid:
            return Pose(self._seen(grip.position_m), grip.orientation)
        x, y, z = RESTING_M
        up = rotate(self.facing, (-x if side == "right" else x, -y, -z))
        return Pose(_minus(self.shoulder(side), up))

    def shoulder(self, side: str) -> Vector:
        """Where a shoulder is, which goes with the head."""
        return self._seen(shoulder_m(self._stance, side, self._eyes_m))

    def _seen(self, place_m: Vector) -> Vector:
        x, y, z = _minus(place_m, self.floor_m)
        return (x * self._by, y * self._by, z * self._by)


def _feet(scene: Scene) -> Mapping[str, Foot]:
    """How somebody stands while they are asked to stand so, or beside each other."""
    asked = next((item for item in scene.items if isinstance(item, Footing) and item.state == "wanted"), None)
    if asked is None:
        return BOTH_BESIDE
    if asked.feet == ONE_LEG:
        return {side: BESIDE if asked.on in ("", side) else LIFTED for side in SIDES}
    return {SIDES[hand > 0]: Foot(abs(x), y, z) for hand, (x, y, z), _ in prints(asked.feet, asked.on)}


def _minus(a: Vector, b: Vector) -> Vector:
    return (a[0] - b[0], a[1] - b[1], a[2] - b[2])


def _camera(film: GraphicsOutput, root: NodePath, columns: tuple[float, float], mask: BitMask32) -> NodePath:
    """A camera that fills these columns (shares of the width) of a film; one without columns draws nothing."""
    left, right = columns
    lens = PerspectiveLens()
    lens.set_near_far(NEAR_M, FAR_M)
    camera = Camera("film", lens)
    camera.set_camera_mask(mask)
    eye = root.attach_new_node(camera)
    if right > left:
        lens.set_aspect_ratio((right - left) * film.get_x_size() / film.get_y_size())
        film.make_display_region(left, right, 0, 1).set_camera(eye)
    return eye


def _see(eye: NodePath, fov_deg: float, across_deg: float = 0.0) -> None:
    """Let a camera see this from bottom to top, and more where that were less than `across_deg` from side to side."""
    lens = cast(Camera, eye.node()).get_lens()
    aspect = lens.get_aspect_ratio()
    half = max(math.tan(math.radians(fov_deg / 2)), math.tan(math.radians(across_deg / 2)) / aspect)
    lens.set_fov(2 * math.degrees(math.atan(half * aspect)), 2 * math.degrees(math.atan(half)))


def _aim(eye: NodePath, position_m: Vector, orientation: Quaternion) -> None:
    eye.set_pos_quat(to_panda(position_m), turn_to_panda(orientation))
