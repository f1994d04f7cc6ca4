"""The camera at the head, and how both eyes come to be drawn through it."""

from contextlib import ExitStack

from panda3d.core import (
    AntialiasAttrib,
    BoundingVolume,
    Camera,
    DisplayRegion,
    Lens,
    LMatrix4f,
    LVecBase4f,
    MatrixLens,
    NodePath,
    PTA_LMatrix4f,
    RenderState,
    ShaderAttrib,
    ShaderInput,
    UnalignedLMatrix4f,
)

from engine.openxr.mask import UNMASKED

_EYES, _OVER_NODES = "eyes", 1
# Clip space of one eye to that half of a picture in which both stand beside each other.
_HALVES = tuple(LMatrix4f(0.5, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, side, 0, 0, 1) for side in (-0.5, 0.5))


def draws_both(root: NodePath) -> bool:
    """Whether all shaders below a root draw both eyes at once: it says so by having a shader input `eyes`."""
    return root.get_shader_input(_EYES).get_value_type() != ShaderInput.M_invalid


class Cameras:
    """One camera and one lens at the head for both eyes; or one for each, should a Panda3D not share what it culls.

    `beside` says that the eyes stand beside each other in one picture and are drawn by the same calls: every vertex
    shader then places its instance 0 by `eyes[0]` and its instance 1 by `eyes[1]`, and keeps to its half.
    """

    def __init__(self, root: NodePath, *, beside: bool, shared: bool, masked: bool, closing: ExitStack) -> None:
        # Panda3D switches multisampling off for whatever does not ask for it.
        state = RenderState.make(AntialiasAttrib.make(AntialiasAttrib.M_multisample))
        if masked:
            state = state.add_attrib(UNMASKED)
        self._eyes = PTA_LMatrix4f([UnalignedLMatrix4f(LMatrix4f.ident_mat())] * 2) if beside else None
        if self._eyes is not None:
            state = state.add_attrib(_twice(self._eyes))
        self._lenses = [MatrixLens() for _ in range(1 if shared or beside else 2)]
        self._cameras = [Camera("head", lens) for lens in self._lenses]
        self._nodes = [root.attach_new_node(camera) for camera in self._cameras]
        for camera, node in zip(self._cameras, self._nodes, strict=True):
            camera.set_initial_state(state)
            closing.callback(node.remove_node)

    def serve(self, regions: list[DisplayRegion]) -> None:
        """Be seen through by a region for each eye, or by one for both."""
        for number, region in enumerate(regions):
            region.camera = self._nodes[number % len(self._nodes)]
            if self._eyes is None:
                region.set_stereo_channel(Lens.SC_right if number else Lens.SC_left)

    def move(self, head: LMatrix4f, bounds: BoundingVolume) -> None:
        """Stand at the head, and cull by these bounds."""
        for camera, node in zip(self._cameras, self._nodes, strict=True):
            node.set_mat(head)
            camera.set_cull_bounds(bounds)

    def see(self, left: LMatrix4f, right: LMatrix4f) -> None:
        """Take what the lens of each eye makes of what is before the camera."""
        if self._eyes is not None:
            for number, eye in enumerate((left, right)):
                self._eyes.set_element(number, eye * _HALVES[number])
        elif len(self._lenses) == 1:
            self._lenses[0].set_left_eye_mat(left)
            self._lenses[0].set_right_eye_mat(right)
        else:
            self._lenses[0].set_user_mat(left)
            self._lenses[1].set_user_mat(right)


def _twice(eyes: PTA_LMatrix4f) -> ShaderAttrib:
    """Two instances of everything, each for an eye, whatever nodes say."""
    attribute = ShaderAttrib.make().set_instance_count(2)
    for given in (ShaderInput(_EYES, eyes, _OVER_NODES), ShaderInput("beside", LVecBase4f(1), _OVER_NODES)):
        attribute = attribute.set_shader_input(given)
    return attribute
