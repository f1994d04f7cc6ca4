"""What Blender is needed for: melting shapes into one skin, baking light into point colours, writing glTF."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import bpy  # type: ignore[import-not-found]  # exists only inside Blender
import numpy as np
from mathutils import kdtree  # type: ignore[import-not-found]  # exists only inside Blender

from assets.build.kit import Array, Mesh, colour, make


@dataclass(frozen=True)
class Light:
    """A sun and a sky. `to_sun` in OpenXR axes is the direction the stage must use for moving things too."""

    to_sun: tuple[float, float, float] = (0.0, 1.0, 0.0)
    sun_strength: float = 0.0
    sun: str = "#ffffff"
    zenith: str = "#f9f9f9"
    horizon: str = "#f9f9f9"
    sky_strength: float = 1.0
    gain: float = 1.0
    contrast: float = 1.0


# Moving things carry only the shade in their own folds: a white room without a sun.
WHITE_ROOM = Light(contrast=1.5)


@dataclass(frozen=True)
class Model:
    """What makes the nodes of a model, and the light it stands in: that of its place, or none for what moves."""

    build: Callable[[], dict[str, Mesh]]
    light: Light = WHITE_ROOM
    joints: Mapping[str, tuple[float, float, float]] = field(default_factory=dict)


def prop(name: str, make: Callable[[], Mesh]) -> Model:
    """A model that moves, with one node of its own name."""
    return Model(lambda: {name: make()})


def to_blender(points: Array) -> Array:
    """OpenXR axes to Blender's, which have z up."""
    return np.stack([points[:, 0], -points[:, 2], points[:, 1]], -1)


def from_blender(points: Array) -> Array:
    """Blender's axes to OpenXR's."""
    return np.stack([points[:, 0], points[:, 2], -points[:, 1]], -1)


def as_object(name: str, mesh: Mesh) -> bpy.types.Object:
    """A Blender object with the colours as point attribute `albedo` and a slot for the light."""
    data = bpy.data.meshes.new(name)
    data.from_pydata(to_blender(mesh.points), [], mesh.faces.tolist())
    data.polygons.foreach_set("use_smooth", np.ones(len(mesh.faces), dtype=bool))
    albedo = data.color_attributes.new("albedo", "FLOAT_COLOR", "POINT")
    albedo.data.foreach_set("color", mesh.colours.astype(np.float32).ravel())
    data.color_attributes.new("light", "FLOAT_COLOR", "POINT")
    data.color_attributes.active_color = data.color_attributes["light"]
    data.update()
    thing = bpy.data.objects.new(name, data)
    bpy.context.scene.collection.objects.link(thing)
    return thing


def melted(mesh: Mesh, voxel_m: float, smooth: int = 4, triangles: int = 0) -> Mesh:
    """Overlapping closed shapes as one smooth skin; colours come from the nearest original point."""
    clear()
    thing = as_object("melt", mesh)
    remesh = thing.modifiers.new("remesh", "REMESH")
    remesh.mode, remesh.voxel_size = "VOXEL", voxel_m
    soft = thing.modifiers.new("smooth", "SMOOTH")
    soft.factor, soft.iterations = 0.5, smooth
    if triangles:
        evaluated = thing.evaluated_get(bpy.context.evaluated_depsgraph_get())
        count = sum(len(polygon.vertices) - 2 for polygon in evaluated.data.polygons)
        thing.modifiers.new("decimate", "DECIMATE").ratio = min(1.0, triangles / count)
    result = thing.evaluated_get(bpy.context.evaluated_depsgraph_get()).to_mesh()
    result.calc_loop_triangles()
    points = np.zeros(len(result.vertices) * 3)
    result.vertices.foreach_get("co", points)
    faces = np.array([triangle.vertices[:] for triangle in result.loop_triangles])
    skin = make(from_blender(points.reshape(-1, 3)), faces)
    return Mesh(skin.points, skin.faces, mesh.colours[_nearest(mesh.points, skin.points)])


def _nearest(points: Array, queries: Array) -> list[int]:
    tree = kdtree.KDTree(len(points))
    for index, point in enumerate(points):
        tree.insert(point, index)
    tree.balance()
    return [tree.find(query)[1] for query in queries]


def clear() -> None:
    """An empty Blender scene."""
    bpy.ops.wm.read_factory_settings(use_empty=True)


def save(path: Path, model: Model, samples: int) -> None:
    """Bake the light on all nodes together and write them as a .glb, whole or not at all."""
    nodes, light = model.build(), model.light
    clear()
    _light_up(light, samples)
    material = _matt()
    things = [as_object(name, mesh) for name, mesh in nodes.items()]
    for thing in things:
        thing.data.materials.append(material)
        thing.location = to_blender(np.array([model.joints.get(thing.name, (0.0, 0.0, 0.0))]))[0]
    for thing, mesh in zip(things, nodes.values(), strict=True):
        for other in things:
            # What turns in a joint does not stay where it is, so its shade falls on nothing else.
            other.hide_render = bool(model.joints) and other is not thing
        _bake(thing)
        _finish(thing, mesh, light)
    unfinished = path.with_name("unfinished_" + path.name)
    bpy.ops.export_scene.gltf(
        filepath=str(unfinished),
        export_format="GLB",
        export_materials="NONE",
        export_colors=True,
        export_texcoords=False,
        export_animations=False,
        # Places are drawn with the light baked into them.
        export_normals=not light.sun_strength,
    )
    unfinished.replace(path)
    triangles = sum(len(mesh.faces) for mesh in nodes.values())
    print(f"made {path.name}: {triangles} triangles, {path.stat().st_size / 1e6:.2f} MB")


def _bake(thing: bpy.types.Object) -> None:
    bpy.ops.object.select_all(action="DESELECT")
    thing.select_set(True)
    bpy.context.view_layer.objects.active = thing
    bpy.ops.object.bake(type="DIFFUSE", pass_filter={"DIRECT", "INDIRECT"}, target="VERTEX_COLORS")


def _finish(thing: bpy.types.Object, mesh: Mesh, light: Light) -> None:
    """Albedo times light as the only colours; the light is blurred once along edges against grain."""
    attributes = thing.data.color_attributes
    flat = np.zeros(len(mesh.points) * 4, dtype=np.float32)
    attributes["light"].data.foreach_get("color", flat)
    shine = flat.reshape(-1, 4)[:, :3].astype(float)
    ends = np.concatenate([mesh.faces[:, [0, 1]], mesh.faces[:, [1, 2]], mesh.faces[:, [2, 0]]])
    total, weight = shine * 2.0, np.full(len(shine), 2.0)
    for a, b in ((0, 1), (1, 0)):
        np.add.at(total, ends[:, a], shine[ends[:, b]])
        np.add.at(weight, ends[:, a], 1.0)
    lit = np.clip(mesh.colours[:, :3] * light.gain * (total / weight[:, None]) ** light.contrast, 0, 1)
    attributes.remove(attributes["light"])
    final = np.column_stack([lit, mesh.colours[:, 3]]).astype(np.float32)
    attributes["albedo"].data.foreach_set("color", final.ravel())
    thing.data.materials.clear()


def _light_up(light: Light, samples: int) -> None:
    scene = bpy.context.scene
    scene.render.engine = "CYCLES"
    scene.cycles.device, scene.cycles.samples, scene.cycles.use_denoising = "CPU", samples, False
    scene.cycles.diffuse_bounces = scene.cycles.max_bounces = 3
    scene.world = bpy.data.worlds.new("sky")
    scene.world.use_nodes = True
    nodes, links = scene.world.node_tree.nodes, scene.world.node_tree.links
    background = nodes["Background"]
    background.inputs["Strength"].default_value = light.sky_strength
    where, split = nodes.new("ShaderNodeTexCoord"), nodes.new("ShaderNodeSeparateXYZ")
    gradient = nodes.new("ShaderNodeValToRGB")
    for stop, paint in zip(gradient.color_ramp.elements, (light.horizon, light.zenith), strict=True):
        stop.color = (*colour(paint), 1.0)
    links.new(where.outputs["Generated"], split.inputs[0])
    links.new(split.outputs["Z"], gradient.inputs["Fac"])
    links.new(gradient.outputs["Color"], background.inputs["Color"])
    if light.sun_strength:
        _add_sun(light)


def _add_sun(light: Light) -> None:
    sun = bpy.data.lights.new("sun", "SUN")
    sun.energy, sun.color, sun.angle = light.sun_strength, colour(light.sun), 0.09
    thing = bpy.data.objects.new("sun", sun)
    x, y, z = to_blender(np.array([light.to_sun]))[0]
    thing.rotation_euler = (np.arctan2(np.hypot(x, y), z), 0.0, np.arctan2(x, -y))
    bpy.context.scene.collection.objects.link(thing)


def _matt() -> bpy.types.Material:
    material = bpy.data.materials.new("matt")
    material.use_nodes = True
    nodes = material.node_tree.nodes
    nodes.clear()
    albedo, diffuse = nodes.new("ShaderNodeAttribute"), nodes.new("ShaderNodeBsdfDiffuse")
    output = nodes.new("ShaderNodeOutputMaterial")
    albedo.attribute_name = "albedo"
    material.node_tree.links.new(albedo.outputs["Color"], diffuse.inputs["Color"])
    material.node_tree.links.new(diffuse.outputs["BSDF"], output.inputs["Surface"])
    return material
