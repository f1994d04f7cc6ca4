"""The models that stand for roles in a place, dressed as its theme wants them."""

from panda3d.core import NodePath

from engine.panda import stand_ins
from engine.panda.look import Look
from engine.panda.models import Models
from engine.theme import Place


def dressed(role: str, place: Place, models: Models, look: Look, parent: NodePath) -> NodePath:
    """A new node under a parent of what stands for a role: its model or simple shapes, painted if the place says so."""
    name: str = getattr(place.roles, role)
    node = models.copy(name, parent) if name else stand_ins.make(role, parent)
    for painted, code in place.paint.items():
        whole, _, name_of_part = painted.partition(".")
        if whole == role:
            look.paint(part(node, name_of_part) if name_of_part else node, code)
    return node


def part(model: NodePath, name: str) -> NodePath:
    """The node of a model that moves by itself; one that moves nothing where the model has none of that name."""
    found = model.find(f"**/{name}")
    return model.attach_new_node(name) if found.is_empty() else found
