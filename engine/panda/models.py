"""Loads models from glTF, and keeps them in Panda3D's own format in a cache folder, which is faster."""

import contextlib
import hashlib
import io
import os
from collections.abc import Iterator
from pathlib import Path

import gltf
from panda3d.core import Filename, NodePath, PandaSystem

from engine.theme import Place

_FORM = 3  # of what is kept: another number whenever this file makes something else of the same model
_DIGEST_BYTES = 32


class Models:
    """Models by file, each read once; `copy` gives a new node of one."""

    def __init__(self, folder: Path, cache: Path | None) -> None:
        """Read from a folder; without a cache folder every start reads glTF."""
        self._folder, self._cache = folder, cache
        self._read: dict[str, NodePath] = {}

    def copy(self, name: str, parent: NodePath) -> NodePath:
        """A new node of a model under a parent; an empty name gives an empty node."""
        return self.read(name).copy_to(parent) if name else parent.attach_new_node("nothing")

    def read(self, name: str) -> NodePath:
        """A model that nothing may be changed in; it is read from disk once."""
        if name not in self._read:
            self._read[name] = self._load(self._folder / name)
        return self._read[name]

    def all(self) -> Iterator[NodePath]:
        """Every model that was read."""
        yield from self._read.values()

    def _load(self, file: Path) -> NodePath:
        if self._cache is None:
            return _from_gltf(file)
        digest = hashlib.sha256(file.read_bytes()).hexdigest()[:16]
        cached = self._cache / f"{file.stem}-{digest}-{_FORM}-{PandaSystem.get_version_string()}.bam"
        model = _load_node(cached)
        if model is None:
            model = _from_gltf(file)
            _keep(model, cached)
        return model


def models_of(place: Place) -> list[str]:
    """The files of all models that a place may show."""
    roles = [getattr(place.roles, name) for name in place.roles.__struct_fields__]
    flyers = [name for flyer in place.flyers for name in (flyer.body, flyer.wing)]
    progress = [place.progress.model] if place.progress else []
    return [name for name in (place.model, *roles, *flyers, *progress) if name]


def _load_node(file: Path) -> NodePath | None:
    """What a file of the cache holds; None where there is none, or one that was cut short or changed."""
    try:
        whole = file.read_bytes()
    except OSError:
        return None
    model, digest = whole[:-_DIGEST_BYTES], whole[-_DIGEST_BYTES:]
    # Panda3D itself would wait for ever for the end of a file that was cut short.
    return NodePath.decode_from_bam_stream(model) if hashlib.sha256(model).digest() == digest else None


def _filename(path: Path) -> Filename:
    return Filename.from_os_specific(str(path))


def _from_gltf(file: Path) -> NodePath:
    # The reader prints a line for each mesh without a material, and ours have none.
    with contextlib.redirect_stdout(io.StringIO()):
        model = NodePath(gltf.load_model(_filename(file)))
    # Medium, because a strong flatten would join the layers of a place, which have fog of their own; and a node with a
    # place of its own turns about it, which flattening would forget.
    if all(node.get_transform().is_identity() for node in model.find_all_matches("**")):
        model.flatten_medium()
    return model


def _keep(model: NodePath, cached: Path) -> None:
    """Write a model as Panda3D reads it, and the digest of that at its end."""
    cached.parent.mkdir(parents=True, exist_ok=True)
    part = cached.with_name(f"{cached.name}.{os.getpid()}")
    data = model.encode_to_bam_stream()
    part.write_bytes(data + hashlib.sha256(data).digest())
    part.replace(cached)
