"""Loads models from glTF, and keeps them in Panda3D's own format in a cache folder, which is faster."""

import contextlib
import hashlib
import io
import os
from pathlib import Path

import gltf
from panda3d.core import Filename, Loader, LoaderOptions, NodePath, PandaNode, PandaSystem


class Models:
    """Models by file, each read once; `copy` gives a new node of one."""

    def __init__(self, folder: Path, cache: Path | None) -> None:
        """Read from a folder; without a cache folder every start reads glTF."""
        self._folder, self._cache = folder, cache
        self._read: dict[str, NodePath] = {}

    def copy(self, name: str, parent: NodePath) -> NodePath:
        """A new node of a model under a parent; an empty name gives an empty node."""
        if not name:
            return parent.attach_new_node("nothing")
        if name not in self._read:
            self._read[name] = self._load(self._folder / name)
        return self._read[name].copy_to(parent)

    def _load(self, file: Path) -> NodePath:
        if self._cache is None:
            return _from_gltf(file)
        digest = hashlib.sha256(file.read_bytes()).hexdigest()[:16]
        cached = self._cache / f"{file.stem}-{digest}-{PandaSystem.get_version_string()}.bam"
        if not cached.is_file():
            _keep(_from_gltf(file), cached)
        return NodePath(_load_node(cached))


def _load_node(file: Path) -> PandaNode:
    return Loader.get_global_ptr().load_sync(_filename(file), LoaderOptions(LoaderOptions.LF_no_cache))


def _filename(path: Path) -> Filename:
    return Filename.from_os_specific(str(path))


def _from_gltf(file: Path) -> NodePath:
    # The reader prints a line for each mesh without a material, and ours have none.
    with contextlib.redirect_stdout(io.StringIO()):
        model = NodePath(gltf.load_model(_filename(file)))
    # Medium, because a strong flatten would join the layers of a place, which have fog of their own.
    model.flatten_medium()
    return model


def _keep(model: NodePath, cached: Path) -> None:
    cached.parent.mkdir(parents=True, exist_ok=True)
    part = cached.with_name(f"{cached.name}.{os.getpid()}.bam")
    model.write_bam_file(_filename(part))
    part.replace(cached)
