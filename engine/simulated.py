"""A patient made of numbers, behind the same door as a person: looks at the scene and moves, and is told nothing else.

Movement follows what is known of people: reaction after a delay, hands that travel with minimum jerk (Flash &
Hogan 1985), leaning like an inverted pendulum, sway and tremor as filtered noise, capacity that varies from
try to try around a limit, fatigue and lapses of attention. A seed fixes all of it.
"""

import math
from collections.abc import Iterator

from engine.frame import (
    LOST,
    UPRIGHT,
    Button,
    Frame,
    Hand,
    Pose,
    as_float32,
)
from engine.scene import Option, Panel, Recall, Scene, Walk
from engine.simulated_asked import Asked, asks, fills, part_of
from engine.simulated_attention import counts
from engine.simulated_efforts import SimulatedEfforts
from engine.simulated_finding import finds
from engine.simulated_movement import NOISE_FRAMES
from engine.simulated_patient import Patient
from engine.simulated_walk import HEAD_ON_TABLE_M

READING_S, PRESS_S = 1.2, 0.15
WORDS_ABOVE_DEG = 16.0  # from the options of a question
RISEN_FROM_M = 0.02


class SimulatedHeadset(SimulatedEfforts):
    """A headset worn by a simulated patient; `rate_hz` images a second of its own time, as fast as it is asked."""

    kind = "simulated"

    def __init__(self, patient: Patient | None = None, seed: int = 0, rate_hz: float = 90.0) -> None:
        super().__init__(patient or Patient(), seed, rate_hz)
        self.description = f"simulated patient, seed {seed}"
        self._eyes_m = self._stance.head_m
        self._wanted: object = None
        self._since_s = 0.0
        self._press_from_s = math.inf
        self._gave_up = self._closed = False

    def frames(self) -> Iterator[Frame]:
        """Frames at a steady rate, without end."""
        index = 0
        while not self._closed:
            yield self._frame(index)
            index += 1

    def show(self, scene: Scene) -> None:
        """Look at a scene."""
        self._scene = scene

    def close(self) -> None:
        """Leave."""
        self._closed = True

    def _frame(self, index: int) -> Frame:
        now_s = index * self._step_ns * 1e-9
        self._attend(now_s)
        walk = next((item for item in self._scene.items if isinstance(item, Walk)), None)
        if walk is not None:
            return self._off(walk, index)
        noise, slot = self._noise, index % NOISE_FRAMES
        more = self._unsteadiness.see(self._scene, now_s, self._feet.sways(self._scene))
        sway_x, sway_z = more * noise.sway_x[slot], more * noise.sway_z[slot]
        height = self._height.at(now_s)[0]
        ahead, right, _ = (math.radians(v) for v in self._lean.at(now_s))
        head_x, head_z = height * math.sin(right) + sway_x, sway_z - height * math.sin(ahead)
        head_y = height * math.cos(ahead) * math.cos(right)
        sunk_m = self._stance.head_m[1] - height
        if sunk_m > RISEN_FROM_M:
            head_z -= self._comes_forward_m(height)
        hand_x, hand_z = (0.0, 0.0) if self._bending.free_hands else (head_x, head_z)
        bent_x, bent_y, bent_z = self._bending.head_m(now_s)
        head_x, head_y, head_z = head_x + bent_x, head_y + bent_y, head_z + bent_z
        head_q, (moved_x, moved_y, moved_z) = self._turn_head(now_s)
        step_x, step_y, step_z = self._feet.moved_m(self._scene, now_s)
        head_x, head_y, head_z = head_x + moved_x + step_x, head_y + moved_y + step_y, head_z + moved_z + step_z
        self._eyes_m = (head_x, head_y, head_z)
        squeeze = 0.9 if self._holds() else 0.0
        left = self._hand("left", now_s, slot, hand_x, hand_z, sunk_m)
        right_hand = self._hand("right", now_s, slot + 1000, hand_x, hand_z, sunk_m)
        trigger = 1.0 if 0 <= now_s - self._press_from_s < PRESS_S else 0.0
        v = as_float32(
            (
                head_x,
                head_y,
                head_z,
                *head_q,
                *left,
                *right_hand,
                0.0,
                squeeze,
                trigger,
                squeeze,
            )
        )
        return Frame(
            index * self._step_ns,
            Pose(v[0:3], v[3:7]),  # type: ignore[arg-type] # slices of a tuple lose their length
            Hand(Pose(v[7:10], v[10:14]), v[21], v[22]),  # type: ignore[arg-type]
            Hand(Pose(v[14:17], v[17:21]), v[23], v[24]),  # type: ignore[arg-type]
            devices=self._legs.devices(now_s),
        )

    def _off(self, item: Walk, index: int) -> Frame:
        """A frame without anybody in the headset, which lies on a table; one controller is at the belt."""
        now_s = index * self._step_ns * 1e-9
        head, belt = (*HEAD_ON_TABLE_M, *UPRIGHT), self._walker.at(now_s)
        v = as_float32((*head, *belt, *belt, 0.0, 0.0, 0.0, 0.0))
        hands = [Hand(Pose(v[7:10], v[10:14])), Hand(LOST)]  # type: ignore[arg-type]
        left, right = hands if item.side == "left" else reversed(hands)
        return Frame(index * self._step_ns, Pose(v[0:3], v[3:7]), left, right, Button.AWAY)  # type: ignore[arg-type]

    def _attend(self, now_s: float) -> None:
        self._legs.wear(self._scene.items)
        self._bending.see(self._scene)
        asked = asks(self._scene)
        wanted = tuple((type(item), item.key) for item in asked)
        if wanted != self._wanted:
            self._wanted, self._since_s, self._gave_up = wanted, now_s, False
            self._begin(asked, now_s)
        elif finds(self._scene):
            self._stay(now_s)
        elif asked and not self._gave_up and now_s - self._since_s > self._gives_up_after_s and not fills(asked):
            self._gave_up = True
            self._relax(now_s)

    def _begin(self, asked: tuple[Asked, ...], now_s: float) -> None:
        self._gives_up_after_s = self._picks_from_s = math.inf
        if asked and isinstance(asked[0], Panel):
            self._press_from_s = now_s + READING_S
            return
        if asked and isinstance(asked[0], Option):
            self._pick([item for item in asked if isinstance(item, Option)], now_s)
            return
        self._relax(now_s)
        if not asked:
            return
        if not any(isinstance(item, Recall) for item in asked):
            self._counts, self._remembered_s = counts(self._scene), now_s
        self._tries += 1
        lapse = self._random.random() < self.patient.lapse
        delay_s = max(0.12, self._random.gauss(self.patient.reaction_s, 0.06)) + (0.6 if lapse else 0.0)
        patience_s = 0.0
        self._tries_of.update({part_of(item) for item in asked})
        for item in asked:
            self._left = (1 - self.patient.fatigue) ** self._tries_of[part_of(item)]
            self._gives_up_after_s = 0.0
            self._go_to(item, now_s, delay_s, lapse)
            patience_s = max(patience_s, self._gives_up_after_s)
        self._gives_up_after_s = patience_s

    def _pick(self, options: list[Option], now_s: float) -> None:
        """Look at the words above, and then at the option of one's choice until it is chosen."""
        chosen = next((option for option in options if option.key in self.patient.picks), options[0])
        x, y, z = (p - h for p, h in zip(chosen.place_m, self._eyes_m, strict=True))
        self._gaze_goal = (0.0, math.radians(WORDS_ABOVE_DEG))
        self._picked, self._picks_from_s = (math.atan2(x, -z), math.atan2(y, math.hypot(x, z))), now_s + READING_S
