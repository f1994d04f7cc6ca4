"""A real headset through OpenXR: the only importer of pyopenxr."""
