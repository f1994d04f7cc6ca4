"""Photographs of a stage: a scene from a person's eyes, written as PNG."""

import math
import os
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from panda3d.core import Camera, Filename, LVecBase4f, NodePath, PerspectiveLens, PNMImage

from engine.frame import LOST, Frame, Hand, Pose, forward, from_yaw_pitch
from engine.panda.axes import to_panda, turn_to_panda
from engine.panda.budget import Load, load_of
from engine.panda.fonts import Setting
from engine.panda.graphics import Graphics
from engine.panda.stage import Stage
from engine.scene import Scene

NEAR_M, FAR_M = 0.05, 400.0
TITLE, TAGLINE = "Steadyreach", "reach, lean and turn, at your own pace"
TITLE_EYE = Pose((0.6, 1.2, -6.4), from_yaw_pitch(math.radians(-3), math.radians(16)))
TITLE_NS = 10_000_000_000


def looking_ahead(head: Pose) -> Pose:
    """The same eyes turned most of the way back to straight ahead, so that panel and target are both in view."""
    x, y, z = forward(head.orientation)
    return Pose(head.position_m, from_yaw_pitch(0.3 * math.atan2(x, -z), 0.3 * math.asin(y)))


class Photographer:
    """A camera of its own; `fov_deg` is the vertical field of view."""

    def __init__(
        self, graphics: Graphics, stage: Stage, size: tuple[int, int] = (1600, 1000),
        fov_deg: float = 66.0, samples: int = 4,
    ) -> None:  # fmt: skip
        """Set up the camera; raises engine.panda.graphics.NoGraphics when the size is refused."""
        self._graphics, self._stage = graphics, stage
        self.lens = PerspectiveLens()
        self.lens.set_aspect_ratio(size[0] / size[1])
        self.lens.set_min_fov(fov_deg)
        self.lens.set_near_far(NEAR_M, FAR_M)
        self._eye = stage.root.attach_new_node(Camera("photographer", self.lens))
        self._film = graphics.buffer("photograph", size, samples)
        self._film.set_clear_color(LVecBase4f(0, 0, 0, 1))
        self._film.make_display_region().set_camera(self._eye)

    def take(self, scene: Scene, frame: Frame, path: Path) -> None:
        """What the person sees, as a PNG that appears whole or not at all."""
        self.take_from(frame.head, scene, frame, path)

    def take_from(self, eye: Pose, scene: Scene, frame: Frame, path: Path) -> None:
        """What somebody else sees who stands elsewhere."""
        self._draw(eye, scene, frame)
        self._develop(path)

    def take_title(self, path: Path, place: str = "orchard") -> None:
        """The title card: a place without a person in it, and the name of the program over its sky."""
        frame = Frame(TITLE_NS, TITLE_EYE, Hand(LOST), Hand(LOST))
        words = self._title(place)
        try:
            self.take(Scene(place), frame, path)
        finally:
            words.remove_node()

    def pixels(self, scene: Scene, frame: Frame, eye: Pose | None = None) -> NDArray[np.uint8]:
        """What the person (or an `eye` elsewhere) sees: height x width x 3, top row first."""
        self._draw(eye or frame.head, scene, frame)
        shot = self._film.get_screenshot()
        raw = np.frombuffer(shot.get_ram_image_as("RGB").get_data(), np.uint8)
        return raw.reshape(shot.get_y_size(), shot.get_x_size(), 3)[::-1]

    def load(self, scene: Scene, frame: Frame, eye: Pose | None = None) -> Load:
        """What the same picture costs a graphics card, without drawing it."""
        self._aim(eye or frame.head, scene, frame)
        return load_of(self._eye)

    def _aim(self, eye: Pose, scene: Scene, frame: Frame) -> None:
        self._stage.show(scene, frame)
        self._eye.set_pos_quat(to_panda(eye.position_m), turn_to_panda(eye.orientation))

    def _draw(self, eye: Pose, scene: Scene, frame: Frame) -> None:
        self._aim(eye, scene, frame)
        self._graphics.engine.render_frame()

    def _develop(self, path: Path) -> None:
        image = PNMImage()
        self._film.get_screenshot(image)
        image.remove_alpha()
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f".{path.stem}.{os.getpid()}.png")
        if not image.write(Filename.from_os_specific(str(part))):
            part.unlink(missing_ok=True)
            raise OSError(f"the picture {path} could not be written; is there room on the disk?")
        part.replace(path)

    def _title(self, place: str) -> NodePath:
        """The name and what it stands for, hung before the camera; sizes are shares of the picture's height."""
        ink, fonts = self._stage.theme.places[place].ink, self._stage.fonts
        words = self._eye.attach_new_node("title")
        words.set_pos(0, 1, 0)
        words.set_scale(2 * math.tan(math.radians(self.lens.get_min_fov() / 2)))
        for text, font, em, height in ((TITLE, fonts.title, 0.200, 0.285), (TAGLINE, fonts.body, 0.056, 0.180)):
            letters = Setting(font, em, ink.title).lay(text, 10.0)
            node = words.attach_new_node(letters.generate())
            node.set_pos(-letters.get_width() / 2, 0, height)
            node.set_depth_test(False)
            self._stage.look.text(node)
        return words
