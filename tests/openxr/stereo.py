"""Takes pictures of games that are played through a real runtime, as both eyes are handed to it, side by side.

`python tests/openxr/stereo.py FOLDER [GAME...]` writes FOLDER/openxr-GAME.png. A simulated patient plays, whose head
and hands are Monado's remote control; everything else is the product. It runs where `inside.py` runs.
"""

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.openxr import inside, root  # a script finds its own folder, not the repository

GAMES = ("fruit_ladder", "harbour_lean")
FOLDER, CHOSEN = "STEADYREACH_STEREO_FOLDER", "STEADYREACH_STEREO_GAMES"
INSIDE_FOLDER = "stereo"
PATIENT_HZ = 90.0
SCALE = 3.0
"""How many times as wide and high the eyes are as Monado's remote control has them, which is 320 x 240."""
GAP, GOOD = 8, 0.8

if "STEADYREACH_INSIDE_OPENXR" in os.environ:
    from panda3d.core import Filename, PNMImage, Texture

    import games
    from calibration.adaptation import Followers
    from engine import theme, words
    from engine.commands import visits
    from engine.frame import Button, Frame, Hand
    from engine.openxr.headset import OpenXRHeadset
    from engine.openxr.options import Options
    from engine.panda.graphics import Graphics
    from engine.panda.stage import Stage
    from engine.plan import About, Plan, Step
    from engine.records import Calibration
    from engine.scene import Lean, Scene, Target
    from engine.simulated import SimulatedHeadset
    from tests.openxr.pixels import Pictures
    from tests.openxr.remote import RemoteHand, RemoteHmd, RemoteView

    # As wide for their height as the pictures, and as far apart as eyes.
    VIEWS = tuple(RemoteView((-0.93, 0.93, 0.788, -0.788), (aside_m, 0.0, 0.0)) for aside_m in (-0.032, 0.032))
    ABOUT = About("stereo", "2026-01-01T10:00:00+00:00", "steadyreach test")

    class Remote:
        """A headset whose remote control a simulated patient holds, until the pictures in `best` cannot become better.

        The patient lives as fast as the headset does, however long a frame takes.
        """

        kind = "openxr"

        def __init__(self, headset: OpenXRHeadset, remote: RemoteHmd, pictures: Pictures) -> None:
            self.description, self._headset, self._remote = headset.description, headset, remote
            self._patient, self._pictures = SimulatedHeadset(seed=3, rate_hz=PATIENT_HZ), pictures
            self.best: tuple[np.ndarray, np.ndarray] | None = None
            self._worth = self._now = 0.0

        def frames(self) -> Iterator[Frame]:
            """What the runtime says; the patient has moved meanwhile."""
            lives, begun_ns, lived = self._patient.frames(), 0, 0
            for frame in self._headset.frames():
                begun_ns = begun_ns or frame.time_ns
                while lived / PATIENT_HZ <= (frame.time_ns - begun_ns) * 1e-9:
                    moved, lived = next(lives), lived + 1
                self._remote.move(
                    head_m=moved.head.position_m, head_turn=moved.head.orientation,
                    left=_held(moved.left), right=_held(moved.right),
                )  # fmt: skip
                done = self._now < self._worth > GOOD
                yield frame._replace(buttons=Button.STOP) if done else frame

        def show(self, scene: Scene) -> None:
            """Show it to the runtime and to the patient, and keep the pictures if they are better than before."""
            self._headset.show(scene)
            self._patient.show(scene)
            self._now = max((_worth(item) for item in scene.items), default=0.0) if scene.trial else 0.0
            if self._now > self._worth:
                self._worth, self.best = self._now, self._pictures.both()

        def close(self) -> None:
            """Leave."""
            self._headset.close()

    def _held(hand: Hand) -> RemoteHand:
        return RemoteHand(hand.grip.position_m, hand.grip.orientation, hand.trigger, hand.squeeze)

    def _worth(item: object) -> float:
        """Half held, and to the right, where no panel is."""
        if isinstance(item, Target) and item.hand == "right" and item.fill:
            return 1 - abs(item.fill - 0.5)
        if isinstance(item, Lean) and 45 <= item.direction_deg <= 135 and item.fill and not item.open_ended:
            return 1 - abs(item.fill - 0.5)
        return 0.0

    def _stage(graphics: Graphics) -> Stage:
        return Stage(graphics, theme.load(), words.load())

    def _round(name: str, known: Calibration) -> Plan:
        game = games.load(name)
        return Plan(
            "patient", (Step(name, game(game.Parameters(targets=8)), "play"),), Followers(), 3, calibration=known
        )

    def _write(path: Path, left: np.ndarray, right: np.ndarray) -> None:
        beside = np.full((len(left), GAP, 4), 255, np.uint8)
        both = np.concatenate([left, beside, right], axis=1)
        texture = Texture()
        texture.setup_2d_texture(both.shape[1], both.shape[0], Texture.T_unsigned_byte, Texture.F_rgb)
        texture.set_ram_image_as(np.ascontiguousarray(both[::-1, :, :3]).tobytes(), "RGB")
        image = PNMImage()
        assert texture.store(image)
        assert image.write(Filename.from_os_specific(str(path)))

    @pytest.mark.parametrize("name", os.environ.get(CHOSEN, " ".join(GAMES)).split())
    def test_a_game_is_played_for_its_picture(
        name: str, remote: RemoteHmd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        steps = visits.steps_for([], visits.resolved())
        before = visits.plan("patient", steps, visits.resolved(), 3)
        done, _ = visits.play(before, SimulatedHeadset(seed=3), tmp_path / "before", ABOUT)
        assert done.calibration is not None
        remote.move(views=VIEWS)
        pictures = Pictures(monkeypatch)
        # Nothing is left out of the picture, and words are in it, not in layers of their own.
        headset = OpenXRHeadset(_stage, Options(scale=SCALE, cards=False, mask=False))
        person = Remote(headset, remote, pictures)
        visits.play(_round(name, done.calibration), person, tmp_path / "sessions", ABOUT)
        assert person.best is not None
        _write(Path(os.environ[FOLDER]) / f"openxr-{name.replace('_', '-')}.png", *person.best)


def main(folder: Path, chosen: list[str]) -> int:
    """Take the pictures and bring them to a folder; gives the exit code of `inside.py`."""
    kept = folder if inside.own_monado() else root.ensure() / INSIDE_FOLDER
    kept.mkdir(parents=True, exist_ok=True)
    os.environ[FOLDER] = str(folder) if inside.own_monado() else f"/{INSIDE_FOLDER}"
    os.environ[CHOSEN] = " ".join(chosen or GAMES)
    code = inside.run(["-q", "tests/openxr/stereo.py"])
    if kept != folder:
        folder.mkdir(parents=True, exist_ok=True)
        for picture in kept.glob("*.png"):
            shutil.move(picture, folder / picture.name)
        kept.rmdir()
    return code


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
